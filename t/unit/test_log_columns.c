/*
 * Units of policyd/ctl/log_columns and log_json: how a line looks, whatever bytes it holds.
 */
#include "ctl/log/columns.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "ctl/ctl_limit.h"
#include "ctl/log/json.h"
#include "unit/random.h"

#define HEAD "time=\"2026-11-22T17:31:41.123+01:00\" decision="
#define TAIL " rule=\"/etc/policyd/relay.rules:14\" ruleset=\"0a1b2c3d\" us=\"7\""
#define SHOWN "2026-11-22 17:31:41  "
#define RULE "  relay.rules:14  "

/* Reads a line; its text is put into `out`, and borrowed. */
static AuditLine read_line(const char *text, char **out) {
    AuditLine line;
    *out = g_strdup(text);
    ck_assert_msg(audit_line_read(*out, strlen(*out), &line) <= AUDIT_LINE_CUT, "%s", text);
    return line;
}

static const struct {
    const char *name;
    const char *line;
    gboolean colour;
    const char *shown;
    const char *json; /* behind the fields that all have */
} lines[] = {
    {"nothing", HEAD "\"OK\"" TAIL "\n", FALSE,
     SHOWN "OK    " RULE "-                -       -                     -\n", "\"us\":7}\n"},
    {"all",
     HEAD "\"REJECT 5.7.1 no\"" TAIL
          " protocol_state=\"RCPT\" client_address=\"203.0.113.9\" sender=\"s@example.com\" "
          "recipient=\"u@example.net\" sasl_username=\"alice\"\n",
     FALSE,
     SHOWN "REJECT" RULE
           "203.0.113.9      alice   s@example.com         u@example.net         5.7.1 no\n",
     "\"us\":7,\"protocol_state\":\"RCPT\",\"client_address\":\"203.0.113.9\","
     "\"sender\":\"s@example.com\",\"recipient\":\"u@example.net\",\"sasl_username\":\"alice\"}\n"},
    {"the null sender", HEAD "\"OK\"" TAIL " protocol_state=\"RCPT\"\n", FALSE,
     SHOWN "OK    " RULE "-                -       <>                    -\n",
     "\"us\":7,\"protocol_state\":\"RCPT\"}\n"},
    {"a dry run", HEAD "\"DUNNO\"" TAIL " dry_run=\"yes\"\n", FALSE,
     SHOWN "DUNNO " RULE "-                -       -                     -                     "
           "(dry run)\n",
     "\"us\":7,\"dry_run\":true}\n"},
    {"a dry run with a text", HEAD "\"550 no\"" TAIL " dry_run=\"yes\"\n", FALSE,
     SHOWN "550   " RULE "-                -       -                     -                     "
           "no (dry run)\n",
     "\"us\":7,\"dry_run\":true}\n"},
    {"restrictions", HEAD "\"permit_mynetworks, reject\"" TAIL "\n", FALSE,
     SHOWN "permit_mynetworks relay.rules:14  -                -       -                     -     "
           "                reject\n",
     "\"us\":7}\n"},
    {"green", HEAD "\"OK\"" TAIL "\n", TRUE,
     SHOWN "\033[32mOK\033[0m    " RULE "-                -       -                     -\n",
     "\"us\":7}\n"},
    {"red", HEAD "\"REJECT\"" TAIL "\n", TRUE,
     SHOWN "\033[31mREJECT\033[0m" RULE "-                -       -                     -\n",
     "\"us\":7}\n"},
    {"red by a number", HEAD "\"550 no\"" TAIL "\n", TRUE,
     SHOWN "\033[31m550\033[0m   " RULE
           "-                -       -                     -                     no\n",
     "\"us\":7}\n"},
    {"yellow", HEAD "\"DEFER\"" TAIL "\n", TRUE,
     SHOWN "\033[33mDEFER\033[0m " RULE "-                -       -                     -\n",
     "\"us\":7}\n"},
    {"yellow by another action", HEAD "\"HOLD\"" TAIL "\n", TRUE,
     SHOWN "\033[33mHOLD\033[0m  " RULE "-                -       -                     -\n",
     "\"us\":7}\n"},
    {"no colour of its own", HEAD "\"DUNNO\"" TAIL "\n", TRUE,
     SHOWN "DUNNO " RULE "-                -       -                     -\n", "\"us\":7}\n"},
    {"the others", HEAD "\"PREPEND\"" TAIL "\n", TRUE,
     SHOWN "\033[36mPREPEND\033[0m" RULE "-                -       -                     -\n",
     "\"us\":7}\n"},
    {"no action", HEAD "\"250 ok\"" TAIL "\n", TRUE,
     SHOWN "\033[35m250\033[0m   " RULE
           "-                -       -                     -                     ok\n",
     "\"us\":7}\n"},
    {"what a terminal would obey",
     HEAD "\"OK\"" TAIL " helo_name=\"x\" sender=\"\\x1b[31m\\x22\\x5c\\x00\" "
          "sasl_username=\"\\xc2\\x9b\\x7f\\xf0\\x9f\\x98\\x80\\xff\"\n",
     FALSE,
     SHOWN "OK    " RULE "-                \\xc2\\x9b\\x7f\\xf0\\x9f\\x98\\x80\\xff "
           "\\x1b[31m\\x22\\x5c\\x00  -\n",
     "\"us\":7,\"helo_name\":\"x\",\"sender\":\"\\u001b[31m\\\"\\\\\\ufffd\","
     "\"sasl_username\":\"\\u009b\\u007f\\ud83d\\ude00\\ufffd\"}\n"},
    {"a repeated attribute", HEAD "\"OK\"" TAIL " size=\"1\" odd=\"repeated request,size\"\n",
     FALSE, SHOWN "OK    " RULE "-                -       -                     -\n",
     "\"us\":7,\"size\":\"1\",\"repeated\":[\"request\",\"size\"]}\n"},
};

START_TEST(test_columns) {
    g_autofree char *text = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    LogColumns columns;
    AuditLine line = read_line(lines[_i].line, &text);
    log_columns_init(&columns, lines[_i].colour);
    log_columns_write(&columns, &line, out);
    UNIT_ASSERT_TEXT(lines[_i].name, text_make(out->str, out->len),
                     text_from_string(lines[_i].shown));
}
END_TEST

START_TEST(test_json) {
    g_autofree char *text = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    AuditLine line = read_line(lines[_i].line, &text);
    log_json_write(&line, out);
    const char *rest = strstr(out->str, "\"us\"");
    ck_assert_ptr_nonnull(rest);
    ck_assert_str_eq(rest, lines[_i].json);
    ck_assert(
        g_str_has_prefix(out->str, "{\"time\":\"2026-11-22T17:31:41.123+01:00\",\"decision\":"));
}
END_TEST

/* A column grows with what it held, and stays so. */
START_TEST(test_grows) {
    static const char *const logins[] = {"x", "a-longer-login", "x",
                                         "a-login-that-is-far-too-long"};
    static const size_t starts[] = {8, 16, 16, 29};
    LogColumns columns;
    log_columns_init(&columns, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(logins); i++) {
        g_autofree char *written =
            g_strdup_printf(HEAD "\"OK\"" TAIL " sender=\"s@b\" sasl_username=\"%s\"\n", logins[i]);
        g_autofree char *text = NULL;
        g_autoptr(GString) out = g_string_new(NULL);
        AuditLine line = read_line(written, &text);
        log_columns_write(&columns, &line, out);
        ck_assert_uint_eq((size_t)(strstr(out->str, "s@b") - strstr(out->str, logins[i])),
                          starts[i]);
    }
}
END_TEST

/* As much as is shown of a value, and one byte more; escapes are never cut in two. */
static const struct {
    size_t plain;
    size_t escaped;
    gboolean cut;
} values[] = {
    {LIMIT_LOG_VALUE, 0, FALSE},     {LIMIT_LOG_VALUE + 1, 0, TRUE},
    {0, LIMIT_LOG_VALUE / 4, FALSE}, {0, LIMIT_LOG_VALUE / 4 + 1, TRUE},
    {1, LIMIT_LOG_VALUE / 4, TRUE},  {LIMIT_LOG_VALUE - 4, 1, FALSE},
};

START_TEST(test_escape) {
    g_autoptr(GString) value = g_string_new(NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = 0; i < values[_i].plain + values[_i].escaped; i++) {
        g_string_append_c(value, i < values[_i].plain ? 'x' : '\n');
    }
    log_columns_escape(text_make(value->str, value->len), out);
    ck_assert_int_eq(g_str_has_suffix(out->str, "..."), values[_i].cut);
    size_t shown = out->len - (values[_i].cut ? 3 : 0);
    ck_assert_uint_le(shown, LIMIT_LOG_VALUE);
    ck_assert_uint_gt(shown, LIMIT_LOG_VALUE - 4);
    ck_assert_uint_eq((shown - values[_i].plain % (LIMIT_LOG_VALUE + 1)) % 4, 0);
}
END_TEST

static void check_printable(const GString *line) {
    gboolean printable = TRUE;
    for (size_t i = 0; i + 1 < line->len; i++) {
        printable = printable && g_ascii_isprint(line->str[i]);
    }
    ck_assert_msg(printable, "%s", line->str);
}

/* Whatever a line holds, what is written is printable ASCII, and the JSON is read by another. */
START_TEST(test_random) {
    Random random = random_start();
    for (guint i = 0; i < 5000; i++) {
        char bytes[40];
        AuditLine line = {.time = TEXT_LITERAL("2026-11-22T17:31:41.123+01:00"),
                          .decision = TEXT_LITERAL("OK"),
                          .rule = TEXT_LITERAL("f:1"),
                          .ruleset = TEXT_LITERAL("0a1b2c3d")};
        LogColumns columns;
        g_autoptr(GString) shown = g_string_new(NULL);
        g_autoptr(GString) json = g_string_new(NULL);
        g_autoptr(JsonParser) parser = json_parser_new();
        for (guint j = 0; j < sizeof bytes; j++) {
            bytes[j] = (char)random_below(&random, 256);
        }
        line.request.values[ATTRIBUTE_RECIPIENT] = text_make(bytes, sizeof bytes);
        log_columns_init(&columns, FALSE);
        log_columns_write(&columns, &line, shown);
        log_json_write(&line, json);
        check_printable(shown);
        check_printable(json);
        ck_assert(json_parser_load_from_data(parser, json->str, (gssize)json->len, NULL));
        g_autofree char *valid = g_utf8_make_valid(bytes, sizeof bytes);
        JsonObject *object = json_node_get_object(json_parser_get_root(parser));
        RANDOM_ASSERT(&random,
                      g_str_equal(json_object_get_string_member(object, "recipient"), valid), "%s",
                      json->str);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_columns");
    UNIT_ADD_TABLE(suite, test_columns, lines);
    UNIT_ADD_TABLE(suite, test_json, lines);
    unit_add(suite, "test_grows", test_grows, 1);
    UNIT_ADD_TABLE(suite, test_escape, values);
    unit_add(suite, "test_random", test_random, 1);
    return unit_run(suite);
}
