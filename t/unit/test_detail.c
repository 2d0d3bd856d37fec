/*
 * Detail: what a ruleset keeps for people, and that it keeps it only where it is asked to.
 */
#include <stdio.h>
#include <string.h>

#include "unit/rules.h"

static Ruleset *compile(const char *text, gboolean detail) {
    const CompileHost host = {.detail = detail};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(text), &host, diagnostics);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", text, diagnostics_format(diagnostics));
    }
    return ruleset;
}

static const struct {
    const char *condition;
    const char *text;
} texts[] = {
    {"client_address in trusted", "client_address in trusted"},
    {"client_address not in trusted", "client_address in trusted"},
    {"client_address in { 10.0.0.0/8, trusted }", "client_address in { 10.0.0.0/8, trusted }"},
    {"sasl_username in { \"a\\\"b\" }", "sasl_username in { \"a\\\"b\" }"},
    {"sender in { example.com }", "sender in { example.com }"},
    {"size < 10M", "size < 10M"},
    {"size != 7", "size == 7"},
    {"helo_name == \"a\"", "helo_name == \"a\""},
    {"helo_name != client_name", "helo_name == client_name"},
    {"helo_name matches /a\\/b/i", "helo_name matches /a\\/b/i"},
    {"not sender", "sender"},
    {"authenticated", "authenticated"},
    {"not encrypted", "encrypted"},
    {"office", "office"},
    {"alone", "client_address in trusted"},
    {"size or stress", NULL},
};

static const Expression *strip_not(const Expression *expression) {
    return expression->kind == EXPRESSION_NOT ? expression->parts[0] : expression;
}

START_TEST(test_text) {
    g_autofree char *text =
        g_strdup_printf("networks trusted = 10.0.0.0/8\n"
                        "condition office = client_address in trusted and size\n"
                        "condition alone = client_address in trusted\n"
                        "permit if %s\ndunno\n",
                        texts[_i].condition);
    g_autoptr(Ruleset) ruleset = compile(text, TRUE);
    const Expression *condition = strip_not(ruleset_rule(ruleset, 0)->condition);
    ck_assert_msg(g_strcmp0(condition->text, texts[_i].text) == 0, "%s: %s", texts[_i].condition,
                  condition->text);
}
END_TEST

START_TEST(test_mixed_braces) {
    g_autoptr(Ruleset) ruleset =
        compile("permit if sender in { a.example, b@c.example, \"localhost\" }\ndunno\n", TRUE);
    const Expression *condition = ruleset_rule(ruleset, 0)->condition;
    ck_assert_int_eq(condition->kind, EXPRESSION_OR);
    ck_assert_str_eq(condition->parts[0]->text, "sender in { b@c.example }");
    ck_assert_str_eq(condition->parts[1]->text, "sender in { a.example, \"localhost\" }");
}
END_TEST

static const char definitions[] = "networks a = 10.0.0.0/8,\n"
                                  "   192.0.2.0/24\n"
                                  "networks b = a, 198.51.100.7\n"
                                  "networks c = ::1\n"
                                  "networks local_nets = ::2\n"
                                  "condition d = client_address in b\n"
                                  "condition e = d and size\n"
                                  "permit if client_address in local_nets\n"
                                  "dunno\n";

START_TEST(test_definitions) {
    static const struct {
        const char *name;
        gboolean used;
        guint line;
    } wanted[] = {{"a", TRUE, 1},          {"b", TRUE, 3}, {"c", FALSE, 4},
                  {"local_nets", TRUE, 5}, {"d", TRUE, 6}, {"e", FALSE, 7}};
    g_autoptr(Ruleset) ruleset = compile(definitions, TRUE);
    const Source *source = ruleset_source(ruleset);
    ck_assert_uint_eq(ruleset_definition_count(ruleset), G_N_ELEMENTS(wanted));
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const Definition *definition = ruleset_definition(ruleset, i);
        ck_assert_str_eq(definition->name, wanted[i].name);
        ck_assert_int_eq(definition->used, wanted[i].used);
        ck_assert_uint_eq(definition->line, wanted[i].line);
        ck_assert_int_eq(
            memcmp(source->text.data + definition->offset, definition->name, definition->length),
            0);
    }
}
END_TEST

START_TEST(test_entries) {
    static const ListEntry wanted[] = {{{"10.0.0.0/8", 10}, "f", 1},
                                       {{"192.0.2.0/24", 12}, "f", 2},
                                       {{"198.51.100.7", 12}, "f", 3}};
    g_autoptr(Ruleset) ruleset = compile(definitions, TRUE);
    const List *list = ruleset_list(ruleset, "b");
    ck_assert_uint_eq(list_entry_count(list), G_N_ELEMENTS(wanted));
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        ListEntry entry = list_entry(list, i);
        UNIT_ASSERT_TEXT("entry", entry.item, wanted[i].item);
        ck_assert_str_eq(entry.source, wanted[i].source);
        ck_assert_uint_eq(entry.line, wanted[i].line);
    }
}
END_TEST

START_TEST(test_file_entries) {
    g_autofree char *folder = g_dir_make_tmp("detail-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "list", NULL);
    g_file_set_contents(path, "# a comment\n10.0.0.1 10.0.0.2\n\n\t10.0.0.3 # more\n", -1, NULL);
    g_autofree char *text =
        g_strdup_printf("networks a = file \"%s\"\npermit if client_address in a\ndunno\n", path);
    g_autoptr(Ruleset) ruleset = compile(text, TRUE);
    const List *list = ruleset_list(ruleset, "a");
    static const guint lines[] = {2, 2, 4};
    ck_assert_uint_eq(list_entry_count(list), G_N_ELEMENTS(lines));
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        ck_assert_uint_eq(list_entry(list, i).line, lines[i]);
        ck_assert_str_eq(list_entry(list, i).source, path);
    }
    remove(path);
    remove(folder);
}
END_TEST

START_TEST(test_no_detail) {
    g_autoptr(Ruleset) ruleset = compile(definitions, FALSE);
    ck_assert_ptr_null(ruleset_source(ruleset));
    ck_assert_uint_eq(ruleset_definition_count(ruleset), 0);
    ck_assert_uint_eq(list_entry_count(ruleset_list(ruleset, "b")), 0);
    ck_assert_ptr_null(ruleset_rule(ruleset, 0)->condition->text);
    ck_assert_ptr_null(ruleset_landmarks(ruleset)->encrypted);
}
END_TEST

#define LISTS(trusted, local) "networks trusted = " trusted "\ndomains local = " local "\ndunno\n"
#define WIDE(item)                                                                            \
    "1:20: " item " in 'trusted': whoever is in a network wider than /8 (IPv6: /16) may not " \
    "relay; list your own networks, or say 'accept open relay'"

/* As many addresses as fifteen, and as one more, in pieces that may overlap. */
#define FIFTEEN                                                                                 \
    "1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, 5.0.0.0/8, 5.1.0.0/16, 6.0.0.0/8, 7.0.0.0/8, " \
    "8.0.0.0/8, 9.0.0.0/8, 10.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8, 13.0.0.0/8, 14.0.0.0/8, 15.0.0.0/8"
#define VAST(place)                                                                              \
    place ": 'trusted' holds as many addresses as 16 networks of /8 (IPv6: /16): whoever is in " \
          "them may not relay; list your own networks, or say 'accept open relay'"

static const struct {
    const char *rules;
    const char *faults;
} broad[] = {
    {LISTS(FIFTEEN, "example.com"), ""},
    {LISTS(FIFTEEN ", 15.0.0.0/9, 20.0.0.0/9, 20.128.0.0/10, 20.192.0.0/11", "example.com"), ""},
    {LISTS(FIFTEEN ", 20.0.0.0/9, 20.128.0.0/9", "example.com"), VAST("1:20")},
    {LISTS("2000::/16, 2001::/16, 2002::/16, 2003::/16, 2004::/16, 2005::/16, 2006::/16, "
           "2007::/16, 2008::/16, 2009::/16, 200a::/16, 200b::/16, 200c::/16, 200d::/16, "
           "200e::/16, 200f::/17, 200f:8000::/18",
           "example.com"),
     ""},
    {LISTS("2000::/16, 2001::/16, 2002::/16, 2003::/16, 2004::/16, 2005::/16, 2006::/16, "
           "2007::/16, 2008::/16, 2009::/16, 200a::/16, 200b::/16, 200c::/16, 200d::/16, "
           "200e::/16, 200f::/17, 200f:8000::/17",
           "example.com"),
     VAST("1:20")},
    {"networks all = " FIFTEEN ", 16.0.0.0/8\nnetworks trusted = ::1, all\ndunno\n", VAST("2:20")},
    {"networks all = " FIFTEEN ", 16.0.0.0/8\ndunno if client_address in all\ndunno\n", ""},
    {LISTS(FIFTEEN ", 16.0.0.0/8", "example.com") "accept open relay\n", ""},
    {LISTS("10.0.0.0/8", "example.com"), ""},
    {LISTS("10.0.0.0/7", "example.com"), WIDE("10.0.0.0/7")},
    {LISTS("0.0.0.0/0", "example.com"), WIDE("0.0.0.0/0")},
    {LISTS("2001::/16", "example.com"), ""},
    {LISTS("2000::/15", "example.com"), WIDE("2000::/15")},
    {LISTS("::ffff:10.0.0.0/104", "example.com"), ""},
    {LISTS("::ffff:10.0.0.0/103", "example.com"), WIDE("::ffff:10.0.0.0/103")},
    {LISTS("::1", "\"com\""), ""},
    {LISTS("::1", ".co.example"), ""},
    {LISTS("::1", ".com"),
     "2:17: .com in 'local': nobody's mail server is the one for a whole top-level domain; list "
     "your own domains, or say 'accept open relay'"},
    {"networks all = 0.0.0.0/0\nnetworks trusted = ::1, all, 10.0.0.0/8\ndunno\n",
     "2:25: all in 'trusted': whoever is in a network wider than /8 (IPv6: /16) may not relay; "
     "list your own networks, or say 'accept open relay'"},
    {"networks all = 0.0.0.0/0\ndunno if client_address in all\ndunno\n", ""},
    {LISTS("0.0.0.0/0", ".com") "accept open relay\n", ""},
};

START_TEST(test_broad) {
    g_autofree char *faults = rules_faults(broad[_i].rules);
    ck_assert_str_eq(faults, broad[_i].faults);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("detail");
    TCase *single = tcase_create("single");
    UNIT_ADD_TABLE(suite, test_text, texts);
    UNIT_ADD_TABLE(suite, test_broad, broad);
    tcase_add_test(single, test_mixed_braces);
    tcase_add_test(single, test_definitions);
    tcase_add_test(single, test_entries);
    tcase_add_test(single, test_file_entries);
    tcase_add_test(single, test_no_detail);
    suite_add_tcase(suite, single);
    return unit_run(suite);
}
