/*
 * Units of lib/rules/compile: which tests a type has, and the limits. The texts of all errors, with
 * their places, are in t/rules; list files and postconf in test_compile_source.c.
 */
#include "rules/compile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

#include "limit.h"
#include "unit/rules.h"

/* One operand of each class, and its parts. */
static const char *const operands[] = {
    "sasl_username", "sender.local", "client_address",   "size",
    "sender",        "client_name",  "recipient.domain", "protocol_state"};

#define LISTS                        \
    "networks nets = ::1\n"          \
    "domains doms = a.example\n"     \
    "addresses adds = u@a.example\n" \
    "strings strs = \"a\"\n"

/* A test behind an operand, and an `x` for each operand that has it, in the order of `operands`:
 * a login, a local part, an address, a number, a mailbox, a host, a domain, an enumeration. */
static const struct {
    const char *test;
    const char *operands;
} tests[] = {
    {"", "x x x x x x x x"},
    {"in nets", ". . x . . . . ."},
    {"in doms", ". . . . x x x ."},
    {"in adds", ". . . . x . . ."},
    {"in strs", "x x . . . . . x"},
    {"not in nets", ". . x . . . . ."},
    {"not in doms", ". . . . x x x ."},
    {"not in adds", ". . . . x . . ."},
    {"not in strs", "x x . . . . . x"},
    {"in { 192.0.2.1 }", ". . x . . . . ."},
    {"in { \"192.0.2.0/24\" }", "x x x . . . . ."},
    {"in { a.example }", ". . . . x x x ."},
    {"in { .a.example }", ". . . . x x x ."},
    {"in { [192.0.2.1] }", ". . . . x x x ."},
    {"in { u@a.example }", ". . . . x . . ."},
    {"in { u@ }", ". . . . x . . ."},
    {"in { \"RCPT\" }", "x x . . x x x x"},
    {"in { \"any text\" }", "x x . . . . . ."},
    {"in { u@, a.example, doms }", ". . . . x . . ."},
    {"in { 5 }", ". . . . . . . ."},
    {"== \"192.0.2.1\"", "x x x . x . . ."},
    {"== \"192.0.2.0/24\"", "x x . . x . . ."},
    {"== \"a.example\"", "x x . . x x x ."},
    {"== \".a.example\"", "x x . . x . . ."},
    {"== \"[192.0.2.1]\"", "x x . . x x x ."},
    {"== \"u@a.example\"", "x x . . x . . ."},
    {"== \"u@\"", "x x . . . . . ."},
    {"== \"RCPT\"", "x x . . x x x x"},
    {"!= \"RCPT\"", "x x . . x x x x"},
    {"== \"\"", ". . . . . . . ."},
    {"!= \"\"", ". . . . . . . ."},
    {"== 5", ". . . x . . . ."},
    {"!= 5", ". . . x . . . ."},
    {"< 5", ". . . x . . . ."},
    {"<= 5k", ". . . x . . . ."},
    {"> 5M", ". . . x . . . ."},
    {">= 5G", ". . . x . . . ."},
    {"== \"5\"", "x x . . x . . ."},
    {"< \"5\"", ". . . . . . . ."},
    {"matches /a/", "x x . . x x x ."},
    {"matches /a/i", "x x . . x x x ."},
    {"== sasl_username", "x x . . x . . ."},
    {"== recipient.local", "x x . . . . . ."},
    {"== server_address", ". . x . . . . ."},
    {"== recipient_count", ". . . x . . . ."},
    {"== recipient", "x . . . x . . ."},
    {"== helo_name", ". . . . . x x ."},
    {"== sender.domain", ". . . . . x x ."},
    {"== protocol_name", ". . . . . . . ."},
    {"!= sasl_sender", "x . . . x . . ."},
    {"< recipient_count", ". . . . . . . ."},
    {"== nets", ". . . . . . . ."},
    {"== authenticated", ". . . . . . . ."},
};

START_TEST(test_class) {
    for (size_t i = 0; i < G_N_ELEMENTS(operands); i++) {
        g_autofree char *text =
            g_strdup_printf(LISTS "permit if %s %s\ndunno\n", operands[i], tests[_i].test);
        g_autofree char *faults = rules_faults(text);
        gboolean has = tests[_i].operands[2 * i] == 'x';
        ck_assert_msg((faults[0] == '\0') == has, "%s %s: %s", operands[i], tests[_i].test, faults);
        ck_assert_msg(has || g_str_has_prefix(faults, "5:"), "%s", faults);
    }
}
END_TEST

/* Each attribute is known, and four have parts. */
START_TEST(test_attribute) {
    static const char *const forms[] = {"permit if %s\ndunno\n", "permit if %s.domain\ndunno\n",
                                        "permit if %s.local\ndunno\n"};
    const char *name = attribute_info((Attribute)_i)->name;
    gboolean parts = attribute_info((Attribute)_i)->type == ATTRIBUTE_TYPE_MAILBOX
                     || strcmp(name, "sasl_username") == 0;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_auto(GStrv) around = g_strsplit(forms[i], "%s", 2);
        g_autofree char *text = g_strconcat(around[0], name, around[1], NULL);
        g_autofree char *faults = rules_faults(text);
        ck_assert_msg((faults[0] == '\0') == (i == 0 || parts), "%s: %s", text, faults);
    }
}
END_TEST

/* Rules, and what is reported of them; for what takes a program to write. */
static void assert_faults(const GString *rules, const char *expected) {
    g_autofree char *faults = rules_faults(rules->str);
    ck_assert_msg(g_str_equal(faults, expected), "%.200s: %.2000s", rules->str, faults);
}

/* Conditions that each negate the one before: the last is `levels` deep. */
static GString *nest_conditions(guint levels) {
    GString *rules = g_string_new("condition c1 = size\n");
    for (guint i = 2; i <= levels; i++) {
        g_string_append_printf(rules, "condition c%u = not c%u\n", i, i - 1);
    }
    return rules;
}

#define TOO_DEEP "the condition is nested over 250 deep, the conditions that it names included"

/* Of those that are too deep the first is reported, and not what uses it. */
START_TEST(test_depth) {
    g_autoptr(GString) fits = nest_conditions(LIMIT_DEPTH);
    g_string_append_printf(fits, "permit if c%d\ndunno\n", LIMIT_DEPTH);
    assert_faults(fits, "");
    g_autoptr(GString) deep = nest_conditions(LIMIT_DEPTH + 3);
    g_string_append_printf(deep, "permit if c%d or c%d\ndunno\n", LIMIT_DEPTH + 3, LIMIT_DEPTH);
    assert_faults(deep, "251:18: " TOO_DEEP);
}
END_TEST

/* A negated test, and the braces of a mailbox, are a level too. */
START_TEST(test_depth_of_tests) {
    static const char *const ends[] = {"client_name not in { a.example }\n",
                                       "sender in { u@, a.example }\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(GString) rules = g_string_new("dunno if ");
        for (guint level = 0; level < LIMIT_DEPTH - 2; level++) {
            g_string_append(rules, "not ");
        }
        g_string_append_printf(rules, "%sdunno\n", ends[i]);
        assert_faults(rules, "");
        g_string_insert(rules, (gssize)strlen("dunno if "), "not ");
        assert_faults(rules, "1:10: " TOO_DEEP);
    }
}
END_TEST

/* A text of the reply, a domain, a label. */
static const struct {
    const char *before;
    guint length;
    const char *after;
    const char *faults;
} lengths[] = {
    {"reject \"", LIMIT_REPLY_TEXT, "\"\n", ""},
    {"reject \"", LIMIT_REPLY_TEXT + 1, "\"\n",
     "1:8: the text is 401 bytes long; at most 400 are sent to a client"},
    {"reject \"5.7.1 ", LIMIT_REPLY_TEXT - 6, "\"\n", ""},
    {"reject \"5.7.1 ", LIMIT_REPLY_TEXT - 5, "\"\n",
     "1:8: the text is 401 bytes long; at most 400 are sent to a client"},
    {"prepend \"X: ", LIMIT_REPLY_TEXT - 3, "\"\ndunno\n", ""},
    {"prepend \"X: ", LIMIT_REPLY_TEXT - 2, "\"\ndunno\n",
     "1:9: the text is 401 bytes long; at most 400 are sent to a client"},
    {"domains a = x.", LIMIT_LABEL, "\ndunno\n", ""},
    {"permit if size\nreject \"", 1, "\" if sender == \"a\"\ndunno\n", ""},
};

START_TEST(test_length) {
    g_autofree char *fill = g_strnfill(lengths[_i].length, 'x');
    g_autoptr(GString) rules = g_string_new(lengths[_i].before);
    g_string_append_printf(rules, "%s%s", fill, lengths[_i].after);
    assert_faults(rules, lengths[_i].faults);
}
END_TEST

/* Domains of labels as long as they may be. */
START_TEST(test_domain_length) {
    g_autofree char *label = g_strnfill(LIMIT_LABEL, 'x');
    g_autofree char *fits = g_strdup_printf("%s.%s.%s.%s", label, label, label, label);
    ck_assert_uint_eq(strlen(fits), LIMIT_DOMAIN);
    g_autoptr(GString) good = g_string_new(NULL);
    g_string_printf(good, "domains a = %s, .%s\naddresses b = u@%s\ndunno\n", fits, fits, fits);
    assert_faults(good, "");
    g_autoptr(GString) bad = g_string_new(NULL);
    g_string_printf(bad, "domains a = %sx, .%sx\ndunno\n", label, fits + 2);
    g_autofree char *faults =
        g_strdup_printf("1:13: unknown list '%sx'; an item without '.', ':' or '@' is quoted\n"
                        "1:79: domain '.%sx' has a label longer than 63 bytes",
                        label, fits + 2);
    assert_faults(bad, faults);
    g_string_printf(bad, "domains a = y.%s\ndunno\n", fits);
    g_free(faults);
    faults = g_strdup_printf("1:13: domain 'y.%s' is longer than 255 bytes", fits);
    assert_faults(bad, faults);
}
END_TEST

/* All are counted, and the first are kept. */
START_TEST(test_many_faults) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GString) rules = g_string_new(NULL);
    for (guint i = 0; i < LIMIT_DIAGNOSTICS + 1; i++) {
        g_string_append(rules, "permit if sizf\n");
    }
    g_string_append(rules, "dunno\n");
    ck_assert_ptr_null(compile_text("f", text_make(rules->str, rules->len), NULL, diagnostics));
    ck_assert_uint_eq(diagnostics_count(diagnostics), LIMIT_DIAGNOSTICS + 1);
    ck_assert_uint_eq(diagnostics_get(diagnostics, LIMIT_DIAGNOSTICS - 1)->line, LIMIT_DIAGNOSTICS);
}
END_TEST

/* A file of this size, of newlines and then `dunno`; what is reported of it. */
static char *compile_size(size_t size) {
    g_autofree char *folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "rules", NULL);
    g_autofree char *bytes = g_malloc(size);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    memset(bytes, '\n', size);
    memcpy(bytes + size - 5, "dunno", 5);
    ck_assert(g_file_set_contents(path, bytes, (gssize)size, NULL));
    g_autoptr(Ruleset) ruleset = compile_file(path, NULL, diagnostics);
    ck_assert_int_eq(ruleset != NULL, diagnostics_count(diagnostics) == 0);
    g_unlink(path);
    g_rmdir(folder);
    return rules_report(diagnostics, path);
}

START_TEST(test_file_size) {
    g_autofree char *fits = compile_size(LIMIT_RULE_FILE);
    ck_assert_str_eq(fits, "");
    g_autofree char *too_large = compile_size((size_t)LIMIT_RULE_FILE + 1);
    ck_assert_str_eq(too_large, "0:0: cannot read: it is over 16 MiB long");
}
END_TEST

/* Names that are there already are found in time that doesn't grow with the square. */
START_TEST(test_many_names) {
    enum { MANY = 10000 };
    g_autoptr(GString) rules = g_string_new(NULL);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    for (guint i = 0; i < MANY; i++) {
        g_string_append(rules, "networks a = ::1\nnetworks b = ::1\n");
    }
    g_string_append(rules, "dunno\n");
    clock_t start = clock(); /* of the processor: it knows no load */
    ck_assert_ptr_null(compile_text("f", text_make(rules->str, rules->len), NULL, diagnostics));
    ck_assert_uint_eq(diagnostics_count(diagnostics), 2 * MANY - 2);
    ck_assert_str_eq(diagnostics_get(diagnostics, 0)->message, "'a' is defined already in line 1");
    ck_assert_int_lt(clock() - start, 30 * CLOCKS_PER_SEC);
}
END_TEST

/* Longer than check's own 4 seconds: a sanitizer goes through each byte. */
static void add_slow(Suite *suite, const char *name, const TTest *test) {
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
}

/* Else a value's class would list the test of each rule that asks for it. */
START_TEST(test_shared_braces) {
    g_autoptr(Ruleset) ruleset = rules_good("networks a = ::1\n"
                                            "reject if protocol_state == \"RCPT\"\n"
                                            "reject if protocol_state in { \"RCPT\" }\n"
                                            "reject if protocol_state == \"DATA\"\n"
                                            "reject if sasl_method == \"RCPT\"\n"
                                            "reject if client_address in { a }\n"
                                            "reject if client_address in { a, ::1 }\n"
                                            "reject\n");
    const List *lists[6];
    for (guint i = 0; i < 6; i++) {
        lists[i] = ruleset_rule(ruleset, i)->condition->test.list;
    }
    ck_assert_ptr_eq(lists[0], lists[1]);
    ck_assert_ptr_ne(lists[0], lists[2]);
    ck_assert_ptr_eq(lists[0], lists[3]);
    ck_assert_ptr_ne(lists[4], lists[5]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("compile");
    UNIT_ADD_TABLE(suite, test_class, tests);
    unit_add(suite, "test_attribute", test_attribute, ATTRIBUTE_COUNT);
    unit_add(suite, "test_shared_braces", test_shared_braces, 1);
    unit_add(suite, "test_depth", test_depth, 1);
    unit_add(suite, "test_depth_of_tests", test_depth_of_tests, 1);
    UNIT_ADD_TABLE(suite, test_length, lengths);
    unit_add(suite, "test_domain_length", test_domain_length, 1);
    unit_add(suite, "test_many_faults", test_many_faults, 1);
    add_slow(suite, "test_file_size", test_file_size);
    unit_add(suite, "test_many_names", test_many_names, 1);
    return unit_run(suite);
}
