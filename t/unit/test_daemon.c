/*
 * Units of policyd/ctl/daemon: the lines of a status, as they should be, of a later policyd, and
 * hostile; and what comes of a daemon that answers otherwise.
 */
#include "ctl/daemon.h"

#include <string.h>

#include "unit/server.h"

static void add_counts(GString *out, char kind, const GArray *counts) {
    for (guint i = 0; i < counts->len; i++) {
        const DaemonCount *count = &g_array_index(counts, DaemonCount, i);
        g_string_append_printf(out, "%c[%s|%" G_GUINT64_FORMAT "]", kind, count->name,
                               count->number);
    }
}

static void add_rows(GString *out, char kind, const GArray *rows) {
    for (guint i = 0; i < rows->len; i++) {
        const DaemonRow *row = &g_array_index(rows, DaemonRow, i);
        g_string_append_printf(out, "%c[%s|%s|%" G_GUINT64_FORMAT "]", kind, row->where,
                               row->action ? row->action : "", row->number);
    }
}

/* All that was read, in a form of its own; the values by name. */
static char *show(const DaemonStatus *status) {
    GString *out = g_string_new(NULL);
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(status->values), (GCompareFunc)(void (*)(void))g_strcmp0);
    for (const GList *at = names; at; at = at->next) {
        g_string_append_printf(out, "v[%s|%s]", (const char *)at->data,
                               daemon_status_text(status, at->data));
    }
    for (guint i = 0; i < status->listen->len; i++) {
        g_string_append_printf(out, "s[%s]", (const char *)g_ptr_array_index(status->listen, i));
    }
    add_counts(out, 'd', status->decisions);
    add_counts(out, 'l', status->latencies);
    add_rows(out, 'a', status->audit);
    add_rows(out, 'r', status->rules);
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name;
    const char *text;
    const char *want;
} texts[] = {
    {"nothing", "", ""},
    {"newlines", "\n\n\n", ""},
    {"a value", "version 1.0\n", "v[version|1.0]"},
    {"without its newline", "version 1.0", "v[version|1.0]"},
    {"with spaces", "rules /a b/c  d\n", "v[rules|/a b/c  d]"},
    {"an empty value", "rules \n", "v[rules|]"},
    {"the last one counts", "workers 1\nworkers 2\n", "v[workers|2]"},
    {"a name alone", "version\n", ""},
    {"a later one", "moons 3\n", "v[moons|3]"},
    {"sockets", "listen unix:/a b,mode=0660\nlisten inet:[::1]:2\n",
     "s[unix:/a b,mode=0660]s[inet:[::1]:2]"},
    {"a socket nowhere", "listen\n", ""},
    {"decisions", "decisions permit 3\ndecisions reject 0\n", "d[permit|3]d[reject|0]"},
    {"the most", "decisions permit 18446744073709551615\n", "d[permit|18446744073709551615]"},
    {"one past the most", "decisions permit 18446744073709551616\n", ""},
    {"far past the most", "decisions permit 99999999999999999999999999999999\n", ""},
    {"less than none", "decisions permit -1\n", ""},
    {"no number", "decisions permit many\n", ""},
    {"a number and more", "decisions permit 3x\n", ""},
    {"a word too many", "decisions permit 3 4\n", ""},
    {"words too few", "decisions permit\ndecisions \ndecisions\n", ""},
    {"two spaces", "decisions  3\n", ""},
    {"latencies", "latency 1 5\nlatency more 6\n", "l[1|5]l[more|6]"},
    {"a latency without a number", "latency 1\nlatency 1 \n", ""},
    {"audit", "audit 7 file:/var/log/a b\n", "a[file:/var/log/a b||7]"},
    {"audit without a number", "audit file:/a\naudit  file:/a\naudit x file:/a\n", ""},
    {"audit nowhere", "audit 7\n", ""},
    {"rule", "rule 7 permit a b.rules:1\n", "r[a b.rules:1|permit|7]"},
    {"rule without a place", "rule 7 permit\n", ""},
    {"rule without a number", "rule x permit a:1\nrule  permit a:1\nrule\n", ""},
    {"percent signs", "rule 7 permit %s%n:1\n", "r[%s%n:1|permit|7]"},
    {"bytes", "rules \x01\xff\x80\n", "v[rules|\x01\xff\x80]"},
    {"one bad line", "workers 1\nrule x y z\nrule 1 dunno a:1\n", "v[workers|1]r[a:1|dunno|1]"},
};

START_TEST(test_parse) {
    g_autoptr(DaemonStatus) status = daemon_status_parse(texts[_i].text);
    g_autofree char *got = show(status);
    UNIT_ASSERT_TEXT(texts[_i].name, text_from_string(got), text_from_string(texts[_i].want));
}
END_TEST

START_TEST(test_many) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++) {
        g_string_append_printf(text, "rule %u permit a:%u\n", i, i);
    }
    g_autoptr(DaemonStatus) status = daemon_status_parse(text->str);
    ck_assert_uint_eq(status->rules->len, 100000);
    ck_assert_uint_eq(g_array_index(status->rules, DaemonRow, 99999).number, 99999);
}
END_TEST

START_TEST(test_missing) {
    g_autoptr(DaemonStatus) status = daemon_status_parse("workers many\n");
    ck_assert_str_eq(daemon_status_text(status, "version"), "");
    ck_assert_uint_eq(daemon_status_number(status, "uptime"), 0);
    ck_assert_uint_eq(daemon_status_number(status, "workers"), 0);
    ck_assert_uint_eq(daemon_status_decisions(status), 0);
    daemon_status_free(NULL);
}
END_TEST

START_TEST(test_sum) {
    g_autoptr(DaemonStatus) status = daemon_status_parse("decisions a 3\ndecisions b 4\n");
    ck_assert_uint_eq(daemon_status_decisions(status), 7);
}
END_TEST

/* What a daemon sends before it closes, and the exit status and text; -1: an error. */
static const struct {
    const char *name;
    Text sent;
    int status;
    const char *text;
} replies[] = {
    {"good", BYTES("0 3\nab\n"), 0, "ab\n"},
    {"no text", BYTES("1 0\n"), 1, ""},
    {"trouble", BYTES("2 2\nno"), 2, "no"},
    {"what a terminal would obey", BYTES("2 8\na\x1b[2J\xc2\x9b\r"), 2, "a?[2J???"},
    {"nothing", BYTES(""), -1, NULL},
    {"half a head", BYTES("0 "), -1, NULL},
    {"a head without its newline", BYTES("0 0"), -1, NULL},
    {"an empty line", BYTES("\n"), -1, NULL},
    {"no length", BYTES("0\nab"), -1, NULL},
    {"an empty length", BYTES("0 \n"), -1, NULL},
    {"no status", BYTES("x 2\nab"), -1, NULL},
    {"too little", BYTES("0 4\nab\n"), -1, NULL},
    {"too much", BYTES("0 2\nab\n"), -1, NULL},
    {"a NUL", BYTES("0 3\na\0b"), -1, NULL},
    {"a NUL in the head", BYTES("0\0 2\nab"), -1, NULL},
    {"a length past the most", BYTES("0 99999999999999999999999\nab"), -1, NULL},
    {"another server", BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), -1, NULL},
};

START_TEST(test_ask) {
    const char *name = replies[_i].name;
    g_autoptr(GError) error = NULL;
    UnitServer server = {.sent = replies[_i].sent};
    g_autofree char *where = unit_server_start_unix(&server);
    int status = -1;
    g_autofree char *text = daemon_ask(where, "status", &status, &error);
    unit_server_end_unix(&server, where, "status\n");
    ck_assert_msg((text == NULL) == (error != NULL), "%s: an error and a text, or neither", name);
    ck_assert_msg((text == NULL) == (replies[_i].text == NULL), "%s: got %s", name,
                  text ? text : error->message);
    if (text) {
        ck_assert_str_eq(text, replies[_i].text);
        ck_assert_int_eq(status, replies[_i].status);
    }
}
END_TEST

/* What a daemon says that has no status to give is the error. */
START_TEST(test_status) {
    g_autoptr(GError) error = NULL;
    UnitServer server = {.sent = replies[_i].sent};
    g_autofree char *where = unit_server_start_unix(&server);
    g_autoptr(DaemonStatus) status = daemon_status(where, &error);
    unit_server_end_unix(&server, where, "status\n");
    ck_assert_int_eq(status != NULL, replies[_i].status == 0);
    ck_assert_int_eq(error != NULL, replies[_i].status != 0);
    if (replies[_i].status > 0) {
        ck_assert_str_eq(error->message, replies[_i].text);
    }
}
END_TEST

static const char *const wrong[] = {
    "", "unix", "/run/policyd", "inet:localhost:1", "unix:", "unix:/nonexistent/policyd"};

START_TEST(test_wrong_place) {
    g_autoptr(GError) error = NULL;
    int status;
    ck_assert_ptr_null(daemon_ask(wrong[_i], "status", &status, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error->message, wrong[_i]) != NULL, "%s", error->message);
    ck_assert_ptr_null(daemon_status(wrong[_i], NULL));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("daemon");
    TCase *tcase = tcase_create("plain");
    UNIT_ADD_TABLE(suite, test_parse, texts);
    UNIT_ADD_TABLE(suite, test_ask, replies);
    UNIT_ADD_TABLE(suite, test_status, replies);
    UNIT_ADD_TABLE(suite, test_wrong_place, wrong);
    tcase_add_test(tcase, test_many);
    tcase_add_test(tcase, test_missing);
    tcase_add_test(tcase, test_sum);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
