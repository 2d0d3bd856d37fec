/*
 * SmtpServer: one reply for one line, up to the first line that isn't continued; if there is none
 * left, or it asks for TLS, it closes.
 */
#include "fuzz/smtp_server.h"

#include <string.h>
#include <sys/socket.h>

#include "ctl/relay_test/relay_limit.h"
#include "ctl/relay_test/reply.h"
#include "fuzz/fuzz.h"
#include "fuzz/peer.h"

/* More than any line of relay-test's may have: an AUTH with the longest login and password. */
#define LINE_SIZE 4096

static GRegex *get_pattern(void) {
    static GRegex *pattern;
    if (!pattern) {
        pattern = g_regex_new("\\A([2-5][0-9][0-9])(?:([ -])(.*))?\\z",
                              G_REGEX_RAW | G_REGEX_DOTALL, 0, NULL);
    }
    return pattern;
}

/* Takes a line, without its end, for one of the reply. FALSE if it is none; *last if it ends it. */
static gboolean add_line(Text line, guint *code, GString *text, gboolean *last) {
    g_autoptr(GMatchInfo) info = NULL;
    int from;
    int to;
    if (!g_regex_match_full(get_pattern(), line.data, (gssize)line.length, 0, 0, &info, NULL)) {
        return FALSE;
    }
    guint own = (guint)g_ascii_strtoull(line.data, NULL, 10);
    if (*code != 0 && own != *code) {
        return FALSE;
    }
    g_string_append(text, *code != 0 ? "\n" : "");
    *code = own;
    *last = line.length == 3 || line.data[3] == ' ';
    if (g_match_info_fetch_pos(info, 3, &from, &to) && from >= 0) {
        g_string_append_len(text, line.data + from, to - from);
    }
    return TRUE;
}

int smtp_server_model(Text received, size_t *length, guint *code, GString **text) {
    g_autoptr(GString) found = g_string_new(NULL);
    gboolean last = FALSE;
    guint own = 0;
    size_t at = 0;
    while (!last) {
        Text rest = text_make(received.data + at, received.length - at);
        ssize_t end = text_find(rest, '\n');
        size_t after = end < 0 ? received.length : at + (size_t)end + 1;
        if (after > LIMIT_RELAY_REPLY || (end < 0 && after == LIMIT_RELAY_REPLY)) {
            return RELAY_REPLY_WRONG;
        }
        if (end < 0) {
            return RELAY_REPLY_PART;
        }
        Text line = text_make(rest.data, (size_t)end);
        line.length -= line.length > 0 && line.data[line.length - 1] == '\r';
        if (!add_line(line, &own, found, &last)) {
            return RELAY_REPLY_WRONG;
        }
        at = after;
    }
    *length = at;
    *code = own;
    *text = g_steal_pointer(&found);
    return RELAY_REPLY_WHOLE;
}

/* Moves a line, its end included, or what there is, from `text` to `out`; TRUE if it has an end. */
static gboolean take_line(Text text, size_t *at, GString *out) {
    Text rest = text_make(text.data + *at, text.length - *at);
    ssize_t end = text_find(rest, '\n');
    size_t length = end < 0 ? rest.length : (size_t)end + 1;
    g_string_append_len(out, rest.data, (gssize)length);
    *at += length;
    return end >= 0;
}

/* The next line of the opening or the cycle; FALSE if both are at an end. */
static gboolean next_line(SmtpServer *server, size_t *opening, GString *out) {
    if (*opening < server->opening.length && take_line(server->opening, opening, out)) {
        return TRUE;
    }
    gboolean whole = FALSE;
    for (guint i = 0; !whole && i < 2; i++) {
        server->at = server->at < server->cycle.length ? server->at : 0;
        whole = take_line(server->cycle, &server->at, out);
    }
    return whole;
}

/* The next reply, or what stands for one. FALSE if its end is lacking. */
static gboolean next_reply(SmtpServer *server, size_t *opening, GString *reply) {
    gboolean more = TRUE;
    g_string_truncate(reply, 0);
    while (more && reply->len <= LIMIT_RELAY_REPLY) {
        size_t start = reply->len;
        if (!next_line(server, opening, reply)) {
            return FALSE;
        }
        more = reply->len - start > 4 && reply->str[start + 3] == '-';
    }
    return TRUE;
}

/* What a client may say. */
static void check_line(const SmtpServer *server, const char *line) {
    static const char *const verbs[] = {"EHLO ",    "HELO ", "MAIL FROM:<", "MAIL FROM:postmaster@",
                                        "RCPT TO:", "RSET",  "QUIT",        "STARTTLS"};
    gboolean known = FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        known = known || g_str_has_prefix(line, verbs[i]);
    }
    FUZZ_ASSERT(fuzz_is_printable(text_from_string(line)), "%s", line);
    FUZZ_ASSERT(known || server->login, "%s", line);
    FUZZ_ASSERT(g_ascii_strncasecmp(line, "DATA", 4) != 0, "%s", line);
}

static guint find_code(const GString *reply) {
    g_autoptr(GString) text = NULL;
    size_t length;
    guint code = 0;
    smtp_server_model(text_make(reply->str, reply->len), &length, &code, &text);
    return code;
}

/* Keeps account of what was asked, and what is about to be answered. */
static void note(SmtpServer *server, const char *line, const GString *reply) {
    gboolean rcpt = g_str_has_prefix(line, "RCPT TO:");
    if (rcpt || g_str_has_prefix(line, "MAIL FROM:")) {
        g_free(server->recipient);
        server->recipient = rcpt ? g_strdup(line + strlen("RCPT TO:")) : NULL;
        server->code = find_code(reply);
    }
}

/* A line of the client's, without its end; FALSE if there is none. */
static gboolean receive_line(int fd, char *line) {
    size_t length = 0;
    while (length < LINE_SIZE) {
        ssize_t got = recv(fd, line + length, LINE_SIZE - length, 0);
        if (got <= 0) {
            return FALSE;
        }
        length += (size_t)got;
        if (length >= 2 && memcmp(line + length - 2, "\r\n", 2) == 0) {
            line[length - 2] = '\0';
            return TRUE;
        }
    }
    FUZZ_ASSERT(length < LINE_SIZE, "a line of %zu bytes", length);
    return FALSE;
}

/* FALSE if that was the last. */
static gboolean say(SmtpServer *server, int fd, const char *asked, size_t *opening) {
    g_autoptr(GString) reply = g_string_new(NULL);
    gboolean whole = next_reply(server, opening, reply);
    note(server, asked, reply);
    return peer_send(fd, text_make(reply->str, reply->len), server->piece) && whole
           && !(g_str_equal(asked, "STARTTLS") && find_code(reply) / 100 == 2);
}

void smtp_server_serve(int fd, gpointer data) {
    SmtpServer *server = data;
    char line[LINE_SIZE];
    size_t opening = 0;
    gboolean going = say(server, fd, "", &opening);
    server->clients++;
    while (going && receive_line(fd, line)) {
        check_line(server, line);
        going = say(server, fd, line, &opening);
    }
}

void smtp_server_clear(SmtpServer *server) {
    g_free(server->recipient);
}
