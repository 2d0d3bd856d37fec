/*
 * RelayReply: lines are taken apart where they stand. Lines with different codes, which RFC 5321
 * forbids, are no reply: what they mean can't be known.
 */
#include "ctl/relay_test/reply.h"

#include <gio/gio.h>
#include <string.h>

#include "ctl/relay_test/relay_limit.h"
#include "fail.h"
#include "protocol/text.h"

#define CUT "..."

void relay_reply_init(RelayReply *reply) {
    reply->code = 0;
    reply->text = g_string_new(NULL);
}

void relay_reply_clear(RelayReply *reply) {
    if (reply->text) {
        g_string_free(reply->text, TRUE);
        reply->text = NULL;
    }
}

/* The code of a line without its end; 0 if it is no line of a reply. */
static guint read_code(Text line) {
    guint code = 0;
    if (line.length < 3 || (line.length > 3 && line.data[3] != ' ' && line.data[3] != '-')) {
        return 0;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!g_ascii_isdigit(line.data[i])) {
            return 0;
        }
        code = code * 10 + (guint)g_ascii_digit_value(line.data[i]);
    }
    return code >= 200 && code <= 599 ? code : 0;
}

static gboolean is_last(Text line) {
    return line.length == 3 || line.data[3] == ' ';
}

static Text strip_end(const char *data, size_t length) {
    return text_make(data, length > 0 && data[length - 1] == '\r' ? length - 1 : length);
}

static RelayReplyStatus refuse_line(Text line, GError **error) {
    g_autoptr(GString) shown = g_string_new(NULL);
    relay_reply_escape(line.data, MIN(line.length, LIMIT_RELAY_ANSWER), shown);
    fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "'%s' is no SMTP reply", shown->str);
    return RELAY_REPLY_WRONG;
}

static RelayReplyStatus refuse_length(GError **error) {
    fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the reply is longer than %d bytes",
              LIMIT_RELAY_REPLY);
    return RELAY_REPLY_WRONG;
}

/* Appends a line to the text. FALSE if it is none of this reply. */
static gboolean add_line(RelayReply *reply, Text line) {
    guint code = read_code(line);
    if (code == 0 || (reply->code != 0 && reply->code != code)) {
        return FALSE;
    }
    if (reply->code != 0) {
        g_string_append_c(reply->text, '\n');
    }
    reply->code = code;
    if (line.length > 4) {
        g_string_append_len(reply->text, line.data + 4, (gssize)line.length - 4);
    }
    return TRUE;
}

static void move_reply(RelayReply *to, RelayReply *from) {
    relay_reply_clear(to);
    to->code = from->code;
    to->text = g_steal_pointer(&from->text);
}

RelayReplyStatus relay_reply_take(RelayReply *reply, GString *received, GError **error) {
    g_auto(RelayReply) found = {0};
    size_t start = 0;
    const char *end;
    relay_reply_init(&found);
    while ((end = memchr(received->str + start, '\n', received->len - start))) {
        Text line = strip_end(received->str + start, (size_t)(end - received->str) - start);
        start = (size_t)(end - received->str) + 1;
        if (start > LIMIT_RELAY_REPLY) {
            return refuse_length(error);
        }
        if (!add_line(&found, line)) {
            return refuse_line(line, error);
        }
        if (is_last(line)) {
            g_string_erase(received, 0, (gssize)start);
            move_reply(reply, &found);
            return RELAY_REPLY_WHOLE;
        }
    }
    return received->len >= LIMIT_RELAY_REPLY ? refuse_length(error) : RELAY_REPLY_PART;
}

/* One to three digits, and moves past them. */
static gboolean read_part(const char **at, guint *out) {
    guint length = 0;
    guint number = 0;
    while (length < 3 && g_ascii_isdigit((*at)[length])) {
        number = number * 10 + (guint)g_ascii_digit_value((*at)[length]);
        length++;
    }
    *at += length;
    *out = number;
    return length > 0;
}

gboolean relay_reply_status(const RelayReply *reply, guint *subject, guint *detail) {
    const char *at = reply->text->str;
    guint first;
    guint second;
    if (reply->code == 0 || *at != (char)('0' + reply->code / 100) || at[1] != '.') {
        return FALSE;
    }
    at += 2;
    if (!read_part(&at, &first) || *at++ != '.' || !read_part(&at, &second)
        || (*at != '\0' && *at != ' ')) {
        return FALSE;
    }
    *subject = first;
    *detail = second;
    return TRUE;
}

gboolean relay_reply_offers(const RelayReply *reply, const char *word, const char *argument) {
    g_auto(GStrv) lines = g_strsplit(reply->text->str, "\n", -1);
    for (char **line = lines; *line && line[1]; line++) {
        g_auto(GStrv) words = g_strsplit_set(line[1], " =\t", -1);
        if (!words[0] || g_ascii_strcasecmp(words[0], word) != 0) {
            continue;
        }
        for (char **at = words + 1; argument && *at; at++) {
            if (g_ascii_strcasecmp(*at, argument) == 0) {
                return TRUE;
            }
        }
        if (!argument) {
            return TRUE;
        }
    }
    return FALSE;
}

void relay_reply_escape(const char *bytes, size_t length, GString *out) {
    for (size_t i = 0; i < length; i++) {
        if (g_ascii_isprint(bytes[i]) && bytes[i] != '\\') {
            g_string_append_c(out, bytes[i]);
        } else {
            g_string_append_printf(out, "\\x%02x", (guint)(guchar)bytes[i]);
        }
    }
}

char *relay_reply_clean(const char *message) {
    GString *clean = g_string_new(NULL);
    for (const char *at = message; *at; at++) {
        if (*at == '\\') {
            g_string_append_c(clean, *at);
        } else {
            relay_reply_escape(at, 1, clean);
        }
    }
    return g_string_free(clean, FALSE);
}

char *relay_reply_show(const RelayReply *reply) {
    GString *shown = g_string_new(NULL);
    g_string_append_printf(shown, "%u", reply->code);
    g_string_append(shown, reply->text->len > 0 ? " " : "");
    for (size_t i = 0; i < reply->text->len; i++) {
        size_t before = shown->len;
        if (reply->text->str[i] == '\n') {
            g_string_append_c(shown, ' ');
        } else {
            relay_reply_escape(reply->text->str + i, 1, shown);
        }
        if (shown->len > LIMIT_RELAY_ANSWER) {
            g_string_truncate(shown, before);
            g_string_append(shown, CUT);
            break;
        }
    }
    return g_string_free(shown, FALSE);
}
