/*
 * Units of policyd/ctl/exchange: what a server sends and what becomes of it, and the places that
 * are none. The time limit is not waited for.
 */
#include "ctl/exchange.h"

#include "limit.h"
#include "unit/server.h"

static const Text block = BYTES("request=smtpd_access_policy\n\n");

/* What a server sends before it closes, the action, or what the error says besides where. */
static const struct {
    const char *name;
    Text sent;
    const char *action;
    const char *error;
} replies[] = {
    {"an action", BYTES("action=OK\n\n"), "OK", NULL},
    {"with a text", BYTES("action=REJECT 5.7.1 no = no\n\n"), "REJECT 5.7.1 no = no", NULL},
    {"what a terminal would obey", BYTES("action=a\x1b[2J\xc2\x9b\n\n"), "a?[2J??", NULL},
    {"without a word", BYTES("action=\n\n"), "", NULL},
    {"other attributes", BYTES("version=1\naction=DUNNO\nx=y\n\n"), "DUNNO", NULL},
    {"the first counts", BYTES("action=OK\naction=REJECT\n\n"), "OK", NULL},
    {"more behind it", BYTES("action=OK\n\naction=REJECT\n\n"), "OK", NULL},
    {"no action", BYTES("reaction=OK\n\n"), NULL, "the reply of '%s' has no action"},
    {"an empty reply", BYTES("\n"), NULL, "the reply of '%s' has no action"},
    {"nothing", BYTES(""), NULL, "'%s' closed the connection without a reply; its log says why"},
    {"half a reply", BYTES("action=OK\n"), NULL,
     "'%s' closed the connection without a reply; its log says why"},
};

static char *ask_unix(Text sent, char **where, GError **error) {
    UnitServer server = {.sent = sent};
    *where = unit_server_start_unix(&server);
    char *action = exchange_ask(*where, block, error);
    unit_server_end_unix(&server, *where, block.data);
    return action;
}

START_TEST(test_reply) {
    g_autofree char *where = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *action = ask_unix(replies[_i].sent, &where, &error);
    ck_assert_pstr_eq(action, replies[_i].action);
    g_auto(GStrv) parts = g_strsplit(replies[_i].error ? replies[_i].error : "", "%s", -1);
    g_autofree char *want = replies[_i].error ? g_strjoinv(where, parts) : NULL;
    ck_assert_pstr_eq(error ? error->message : NULL, want);
}
END_TEST

START_TEST(test_endless) {
    g_autofree char *where = NULL;
    g_autofree char *sent = g_strnfill(2 * LIMIT_BLOCK, 'a');
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ask_unix(text_make(sent, 2 * LIMIT_BLOCK), &where, &error));
    ck_assert_msg(g_str_has_suffix(error->message, "has no end"), "%s", error->message);
}
END_TEST

/* GThreadFunc: closes with the request unread. */
static gpointer hang_up(gpointer listener) {
    g_autoptr(GSocketConnection) connection = g_socket_listener_accept(listener, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(connection);
    g_usleep(G_USEC_PER_SEC / 5);
    return NULL;
}

/* Row 0 hangs up; row 1 never accepts, which is waited for. */
START_TEST(test_no_reply) {
    g_autofree char *folder = g_dir_make_tmp("policyd-unit-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    g_autofree char *where = g_strconcat("unix:", path, NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    g_autoptr(GError) error = NULL;
    ck_assert(g_socket_listener_add_address(listener, address, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL));
    GThread *thread = _i == 0 ? g_thread_new("server", hang_up, listener) : NULL;
    ck_assert_ptr_null(exchange_ask(where, block, &error));
    if (thread) {
        g_thread_join(thread);
    }
    g_unlink(path);
    g_rmdir(folder);
    g_autofree char *late = g_strdup_printf("it took over %d seconds", EXCHANGE_TIMEOUT);
    g_autofree char *want = g_strdup_printf("no reply from '%s': %s", where,
                                            _i == 0 ? "Connection reset by peer" : late);
    ck_assert_str_eq(error->message, want);
}
END_TEST

static const struct {
    const char *host; /* as listened at */
    const char *where;
} hosts[] = {
    {"127.0.0.1", "inet:127.0.0.1"}, {"127.0.0.1", "inet:localhost"}, {"::1", "inet:[::1]"}};

static gboolean is_here(GSocketAddress *address) {
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    return g_socket_listener_add_address(listener, address, G_SOCKET_TYPE_STREAM,
                                         G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL);
}

/* The machine may have no IPv6. */
START_TEST(test_inet) {
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string(hosts[_i].host, 0);
    if (!is_here(address)) {
        return;
    }
    UnitServer server = {.sent = BYTES("action=OK\n\n")};
    g_autoptr(GSocketAddress) bound = unit_server_start(&server, address);
    g_autoptr(GError) error = NULL;
    g_autofree char *where = g_strdup_printf(
        "%s:%u", hosts[_i].where, g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    g_autofree char *action = exchange_ask(where, block, &error);
    unit_server_end(&server, block.data);
    ck_assert_msg(action != NULL, "%s: %s", hosts[_i].where, error ? error->message : "");
    ck_assert_str_eq(action, "OK");
}
END_TEST

#define LONG_PATH                                                                              \
    "unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *where;
    const char *error; /* how it begins */
} wrong[] = {
    {"", "'' is not a socket; write unix:PATH or inet:HOST:PORT"},
    {"/run/policyd", "'/run/policyd' is not a socket; write unix:PATH or inet:HOST:PORT"},
    {"unix:/nonexistent/policyd", "cannot reach 'unix:/nonexistent/policyd': No such file"},
    {LONG_PATH, "socket path '/aaaaa"},
    {"inet:localhost", "'inet:localhost' is not inet:HOST:PORT, with a port from 1 to 65535"},
    {"inet::25", "'inet::25' is not inet:HOST:PORT"},
    {"inet:localhost:", "'inet:localhost:' is not inet:HOST:PORT"},
    {"inet:localhost:0", "'inet:localhost:0' is not inet:HOST:PORT"},
    {"inet:localhost:smtp", "'inet:localhost:smtp' is not inet:HOST:PORT"},
    {"inet:localhost:65536", "'inet:localhost:65536' is not inet:HOST:PORT"},
    {"inet:127.0.0.1:1", "cannot reach 'inet:127.0.0.1:1': Connection refused"},
    {"inet:[::1]:1", "cannot reach 'inet:[::1]:1': "},
    {"inet:[127.0.0.1:1", "cannot reach 'inet:[127.0.0.1:1': "},
};

START_TEST(test_wrong_place) {
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(exchange_ask(wrong[_i].where, block, &error));
    ck_assert_msg(g_str_has_prefix(error->message, wrong[_i].error), "%s", error->message);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("exchange");
    TCase *tcase = tcase_create("plain");
    UNIT_ADD_TABLE(suite, test_reply, replies);
    UNIT_ADD_TABLE(suite, test_inet, hosts);
    UNIT_ADD_TABLE(suite, test_wrong_place, wrong);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_no_reply, 0, 2);
    tcase_add_test(tcase, test_endless);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
