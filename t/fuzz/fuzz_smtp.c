/*
 * Fuzz target smtp: what a hostile server says to policyctl relay-test. As bytes that come in any
 * pieces: the replies are those of a model, and what is shown of them is short and printable. As
 * the answers of a session, with the whole of relay-test as the client: it says nothing but what a
 * try takes, gives its password to nobody else, and each row is what the server answered.
 *
 * Input: a byte of choices, the length of the pieces, then what the server says: a part that each
 * connection begins with, a byte 0x01, and a part that is said over and over.
 */
#include <gio/gunixsocketaddress.h>
#include <string.h>

#include "ctl/relay_test/relay_limit.h"
#include "ctl/relay_test/run.h"
#include "ctl/relay_test/target.h"
#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/peer.h"
#include "fuzz/smtp_server.h"

#define TIMEOUT 15
#define BYTEWISE 1024 /* longer ones aren't read a byte at a time */

enum { SESSION = 1, LOGIN = 2, HERE = 4, DOMAIN = 8 };

/* Replies. */

/* Bytes of a message: an answer, each byte of it escaped, and words around it. */
#define MESSAGE_SIZE (4 * LIMIT_RELAY_ANSWER + 100)

static void check_text(const char *shown, size_t limit) {
    FUZZ_ASSERT(fuzz_is_printable(text_from_string(shown)), "%s", shown);
    FUZZ_ASSERT(strlen(shown) <= limit, "%s", shown);
}

static void check_shown(const char *shown) {
    check_text(shown, LIMIT_RELAY_ANSWER + 3);
}

static void check_reply(const RelayReply *reply) {
    g_autofree char *shown = relay_reply_show(reply);
    guint subject = 0;
    guint detail = 0;
    check_shown(shown);
    FUZZ_ASSERT(reply->code >= 200 && reply->code <= 599, "%u", reply->code);
    FUZZ_ASSERT(reply->text->len < LIMIT_RELAY_REPLY, "%zu bytes", reply->text->len);
    RelayClass class = relay_class(reply);
    gboolean has_status = relay_reply_status(reply, &subject, &detail);
    FUZZ_ASSERT(subject <= 999 && detail <= 999, "%s", shown);
    FUZZ_ASSERT(class != RELAY_CLASS_DOMAIN || has_status, "%s", shown);
    FUZZ_ASSERT((class == RELAY_CLASS_ACCEPTED) == (reply->code / 100 == 2), "%s", shown);
    gboolean auth = relay_reply_offers(reply, "AUTH", NULL);
    FUZZ_ASSERT(auth || !relay_reply_offers(reply, "AUTH", "PLAIN"), "%s", shown);
    FUZZ_ASSERT(!auth || memchr(reply->text->str, '\n', reply->text->len), "%s", shown);
}

static void check_error(GError *error) {
    g_autofree char *clean = relay_reply_clean(error->message);
    check_text(clean, MESSAGE_SIZE);
    FUZZ_ASSERT(g_str_equal(clean, error->message), "%s", error->message);
    g_error_free(error);
}

/* All of the replies, as lines, and how the last ended. */
static char *read_model(Text text) {
    GString *out = g_string_new(NULL);
    int status;
    do {
        g_autoptr(GString) found = NULL;
        size_t length = 0;
        guint code;
        status = smtp_server_model(text, &length, &code, &found);
        if (status == RELAY_REPLY_WHOLE) {
            g_autofree char *shown = g_uri_escape_bytes((guint8 *)found->str, found->len, NULL);
            g_string_append_printf(out, "%u %s\n", code, shown);
        }
        text = text_make(text.data + length, text.length - length);
    } while (status == RELAY_REPLY_WHOLE);
    g_string_append_printf(out, "%d", status);
    return g_string_free(out, FALSE);
}

/* The same by relay_reply_take(), of what comes piece by piece. */
static char *read_pieces(Text text, size_t piece) {
    g_autoptr(GString) received = g_string_new(NULL);
    g_auto(RelayReply) reply = {0};
    GString *out = g_string_new(NULL);
    GError *error = NULL;
    RelayReplyStatus status;
    relay_reply_init(&reply);
    while ((status = relay_reply_take(&reply, received, &error)) != RELAY_REPLY_WRONG) {
        if (status == RELAY_REPLY_WHOLE) {
            g_autofree char *shown =
                g_uri_escape_bytes((guint8 *)reply.text->str, reply.text->len, NULL);
            g_string_append_printf(out, "%u %s\n", reply.code, shown);
            check_reply(&reply);
        } else if (text.length == 0) {
            break;
        } else {
            size_t length = MIN(piece, text.length);
            g_string_append_len(received, text.data, (gssize)length);
            text = text_make(text.data + length, text.length - length);
        }
    }
    FUZZ_ASSERT((error != NULL) == (status == RELAY_REPLY_WRONG), "an error, or none");
    if (error) {
        check_error(error);
    }
    g_string_append_printf(out, "%d", (int)status);
    return g_string_free(out, FALSE);
}

static void read_replies(Text text, size_t piece) {
    const size_t pieces[] = {MAX(text.length, 1), MAX(piece, 1), 1};
    size_t count = text.length <= BYTEWISE ? 3 : 1;
    g_autofree char *wanted = read_model(text);
    for (size_t i = 0; i < count; i++) {
        g_autofree char *got = read_pieces(text, pieces[i]);
        FUZZ_ASSERT(g_str_equal(got, wanted), "in pieces of %zu:\n%s\nnot\n%s", pieces[i], got,
                    wanted);
    }
}

/* Sessions. */

typedef struct {
    const SmtpServer *server;
    const GPtrArray *tries;
    RelayStage stage;
    gboolean begun;
    guint done; /* of the tries, in this stage */
    gboolean missing[RELAY_STAGES];
    guint results[RELAY_STAGES];
    gboolean done_all[RELAY_STAGES];
} Account;

/* RelayReporter */
static void begin(const RelayNames *names, const GPtrArray *tries, gpointer data) {
    Account *account = data;
    account->tries = tries;
    account->begun = TRUE;
    for (const char *const *place = names->places; *place; place++) {
        FUZZ_ASSERT(relay_target_is_domain(*place), "%s", *place);
    }
}

/* The forms come in their order, behind those of the senders. */
static void check_order(Account *account, const RelayResult *result) {
    if (account->stage != result->stage) {
        account->stage = result->stage;
        account->done = 0;
    }
    account->results[result->stage]++;
    gboolean expected = account->done < account->tries->len
                        && g_ptr_array_index(account->tries, account->done) == result->try;
    FUZZ_ASSERT(expected || account->done == 0, "not form %u", account->done);
    account->done += expected ? 1 : 0;
    account->done_all[result->stage] = account->done == account->tries->len;
}

/* RelayReporter */
static void result(const RelayResult *result, gpointer data) {
    Account *account = data;
    const SmtpServer *server = account->server;
    gboolean permitted = result->verdict == RELAY_VERDICT_PERMITTED;
    gboolean relays = permitted || result->verdict == RELAY_VERDICT_RELAYS;
    FUZZ_ASSERT(account->begun && !account->missing[result->stage], "a result too many");
    check_order(account, result);
    check_text(result->answer, result->code == 0 ? MESSAGE_SIZE : LIMIT_RELAY_ANSWER + 3);
    FUZZ_ASSERT(result->code == 0 || result->code == server->code, "%u was answered, %u is told",
                server->code, result->code);
    FUZZ_ASSERT((result->code == 0) == (result->class == RELAY_CLASS_NONE), "%s", result->answer);
    FUZZ_ASSERT(!relays || result->code / 100 == 2, "%s", result->answer);
    FUZZ_ASSERT(!permitted || result->stage == RELAY_STAGE_LOGIN, "%s", result->answer);
    FUZZ_ASSERT(result->code / 100 != 2
                    || g_strcmp0(server->recipient, result->try->recipient) == 0,
                "%s was asked, %s is told", server->recipient, result->try->recipient);
}

/* RelayReporter */
static void missing(RelayStage stage, const char *why, gboolean trouble, gpointer data) {
    Account *account = data;
    (void)trouble;
    check_text(why, MESSAGE_SIZE);
    FUZZ_ASSERT(!account->missing[stage], "missing twice");
    account->missing[stage] = TRUE;
}

static void check_stages(const Account *account, gboolean login) {
    for (RelayStage stage = 0; stage < RELAY_STAGES; stage++) {
        if (stage == RELAY_STAGE_LOGIN && !login) {
            FUZZ_ASSERT(account->results[stage] == 0, "a login");
        } else {
            FUZZ_ASSERT(account->missing[stage] || account->done_all[stage], "stage %d: %u results",
                        (int)stage, account->results[stage]);
        }
    }
}

/* Without its modules, which the leak detection can't bear, GLib has no TLS: what comes behind an
 * answer to STARTTLS isn't tried. */
static void leave_modules(void) {
    g_setenv("GIO_MODULE_DIR", "/nonexistent", TRUE);
}

static void run_session(SmtpServer *server, guint choices) {
    static const char *const domains[] = {"local.example", NULL};
    Account account = {.server = server, .stage = RELAY_STAGES};
    const RelayReporter reporter = {begin, result, missing, &account};
    gboolean login = (choices & LOGIN) != 0;
    server->login = login && choices & HERE;
    g_autoptr(GSocketAddress) address =
        g_unix_socket_address_new(peer_begin(smtp_server_serve, server));
    g_autoptr(GInetAddress) own = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    const RelaySettings settings = {
        .access = {.endpoint = {.server = address, .timeout = TIMEOUT},
                   .host = "127.0.0.1",
                   .helo = "client.example",
                   .here = (choices & HERE) != 0,
                   .login = login ? "user" : NULL,
                   .password = login ? "secret" : NULL},
        .address = own,
        .remote = "relaytest.example",
        .mailbox = "postmaster",
        .domains = choices & DOMAIN ? domains : NULL,
    };
    GError *error = NULL;
    gboolean ran = relay_run(&settings, &reporter, &error);
    peer_end();
    FUZZ_ASSERT(ran == account.begun && ran == (error == NULL), "begun, or an error");
    FUZZ_ASSERT(server->clients <= LIMIT_RELAY_CONNECTIONS, "%u connections", server->clients);
    if (error) {
        check_error(error);
    } else {
        check_stages(&account, login);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Bytes bytes = bytes_make(data, size);
    guint choices = bytes_take(&bytes);
    SmtpServer server = {.piece = bytes_take(&bytes)};
    leave_modules();
    Text rest = bytes_rest(&bytes);
    g_autofree char *copy = fuzz_copy(rest);
    Text text = text_make(copy, rest.length);
    read_replies(text, server.piece);
    if (choices & SESSION) {
        ssize_t mark = text_find(text, '\x01');
        size_t opening = mark < 0 ? 0 : (size_t)mark;
        size_t cycle = mark < 0 ? 0 : opening + 1;
        server.opening = text_make(text.data, opening);
        server.cycle = text_make(text.data + cycle, text.length - cycle);
        run_session(&server, choices);
    }
    smtp_server_clear(&server);
    return 0;
}
