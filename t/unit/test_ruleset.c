/*
 * Units of lib/rules/ruleset: what a compiled file says of itself.
 */
#include "rules/ruleset.h"

#include <glib/gstdio.h>
#include <string.h>

#include "unit/rules.h"

#define OUTCOME(action) ((ActionSet)1 << ACTION_##action)
#define RESTRICTS (OUTCOME(RESTRICT) | OUTCOME(REJECT) | OUTCOME(DEFER))

static const struct {
    const char *rule;
    Action action;
    ActionSet outcomes;
    const char *decision;
} actions[] = {
    {"permit", ACTION_PERMIT, OUTCOME(PERMIT), "OK"},
    {"dunno", ACTION_DUNNO, OUTCOME(DUNNO), "DUNNO"},
    {"reject", ACTION_REJECT, OUTCOME(REJECT), "REJECT"},
    {"reject \"5.7.1 No\"", ACTION_REJECT, OUTCOME(REJECT), "REJECT 5.7.1 No"},
    {"reject \"5.7.1\"", ACTION_REJECT, OUTCOME(REJECT), "REJECT 5.7.1"},
    {"reject 550 \"No\"", ACTION_REJECT, OUTCOME(REJECT), "550 No"},
    {"reject 500 \"5.7.1 No\"", ACTION_REJECT, OUTCOME(REJECT), "500 5.7.1 No"},
    {"reject 599 \"No\"", ACTION_REJECT, OUTCOME(REJECT), "599 No"},
    {"reject \"a \\\"b\\\" \\\\\"", ACTION_REJECT, OUTCOME(REJECT), "REJECT a \"b\" \\"},
    {"reject \"55 is no code\"", ACTION_REJECT, OUTCOME(REJECT), "REJECT 55 is no code"},
    {"defer", ACTION_DEFER, OUTCOME(DEFER), "DEFER"},
    {"defer \"4.7.1 Later\"", ACTION_DEFER, OUTCOME(DEFER), "DEFER 4.7.1 Later"},
    {"defer 400 \"Later\"", ACTION_DEFER, OUTCOME(DEFER), "400 Later"},
    {"defer 499 \"Later\"", ACTION_DEFER, OUTCOME(DEFER), "499 Later"},
    {"defer_if_permit", ACTION_DEFER_IF_PERMIT, OUTCOME(DEFER_IF_PERMIT), "DEFER_IF_PERMIT"},
    {"defer_if_permit \"x\"", ACTION_DEFER_IF_PERMIT, OUTCOME(DEFER_IF_PERMIT),
     "DEFER_IF_PERMIT x"},
    {"defer_if_reject \"x\"", ACTION_DEFER_IF_REJECT, OUTCOME(DEFER_IF_REJECT),
     "DEFER_IF_REJECT x"},
    {"hold", ACTION_HOLD, OUTCOME(HOLD), "HOLD"},
    {"hold \"x\"", ACTION_HOLD, OUTCOME(HOLD), "HOLD x"},
    {"discard \"x\"", ACTION_DISCARD, OUTCOME(DISCARD), "DISCARD x"},
    {"warn", ACTION_WARN, OUTCOME(WARN), "WARN"},
    {"info \"4.7.1 x\"", ACTION_INFO, OUTCOME(INFO), "INFO 4.7.1 x"},
    {"prepend \"X-A: b: c\"", ACTION_PREPEND, OUTCOME(PREPEND), "PREPEND X-A: b: c"},
    {"redirect \"u@a.example\"", ACTION_REDIRECT, OUTCOME(REDIRECT), "REDIRECT u@a.example"},
    {"bcc \"u+x@a\"", ACTION_BCC, OUTCOME(BCC), "BCC u+x@a"},
    {"filter \"smtp:[::1]:25\"", ACTION_FILTER, OUTCOME(FILTER), "FILTER smtp:[::1]:25"},
    {"restrict \"reject_unauth_destination\"", ACTION_RESTRICT, RESTRICTS,
     "reject_unauth_destination"},
    {"restrict \"reject_unlisted_sender ,, reject\"", ACTION_RESTRICT, RESTRICTS,
     "reject_unlisted_sender, reject"},
    {"restrict \"reject_unlisted_sender reject\"", ACTION_RESTRICT, RESTRICTS,
     "reject_unlisted_sender, reject"},
    {"restrict \"permit_auth_destination, reject\"", ACTION_RESTRICT, RESTRICTS,
     "permit_auth_destination, reject"},
    {"restrict \"permit_mynetworks, reject\"", ACTION_RESTRICT, RESTRICTS | OUTCOME(PERMIT),
     "permit_mynetworks, reject"},
    {"restrict \"reject_unlisted_sender, permit\"", ACTION_RESTRICT, RESTRICTS | OUTCOME(PERMIT),
     "reject_unlisted_sender, permit"},
};

START_TEST(test_action) {
    g_autofree char *text = g_strdup_printf("# a comment\n\n%s if size\ndunno\n", actions[_i].rule);
    g_autoptr(Ruleset) ruleset = rules_good(text);
    const Rule *rule = ruleset_rule(ruleset, 0);
    g_autofree char *reply = g_strdup_printf("action=%s\n\n", actions[_i].decision);
    ck_assert_uint_eq(ruleset_rule_count(ruleset), 2);
    ck_assert_int_eq(rule->action, actions[_i].action);
    ck_assert_uint_eq(rule->outcomes, actions[_i].outcomes);
    ck_assert_str_eq(rule->decision, actions[_i].decision);
    ck_assert_str_eq(rule->reply, reply);
    ck_assert_uint_eq(rule->reply_length, strlen(reply));
    ck_assert_ptr_nonnull(rule->condition);
    ck_assert_uint_eq(rule->line, 3);
    ck_assert_str_eq(rule->place, "f:3");
}
END_TEST

/* A rule's line is that of its first word. */
START_TEST(test_lines) {
    static const guint lines[] = {2, 4, 8, 9};
    g_autoptr(Ruleset) ruleset = rules_good("domains a = b.example\n"
                                            "permit if size\n"
                                            "condition c = size\n"
                                            "reject\n"
                                            "  \"text\"\n"
                                            "\n"
                                            "  if c\n"
                                            "reject if c\n"
                                            "dunno");
    ck_assert_uint_eq(ruleset_rule_count(ruleset), G_N_ELEMENTS(lines));
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *place = g_strdup_printf("f:%u", lines[i]);
        ck_assert_uint_eq(ruleset_rule(ruleset, i)->line, lines[i]);
        ck_assert_str_eq(ruleset_rule(ruleset, i)->place, place);
    }
    ck_assert_ptr_null(ruleset_rule(ruleset, 3)->condition);
}
END_TEST

START_TEST(test_assertions) {
    g_autoptr(Ruleset) ruleset = rules_good("dunno\n"
                                            "never permit if size\n"
                                            "always reject, defer,\n  reject if not size\n");
    ck_assert_uint_eq(ruleset_assertion_count(ruleset), 2);
    const Assertion *never = ruleset_assertion(ruleset, 0);
    const Assertion *always = ruleset_assertion(ruleset, 1);
    ck_assert_int_eq(never->kind, ASSERTION_NEVER);
    ck_assert_uint_eq(never->actions, OUTCOME(PERMIT));
    ck_assert_ptr_nonnull(never->condition);
    ck_assert_str_eq(never->place, "f:2");
    ck_assert_int_eq(always->kind, ASSERTION_ALWAYS);
    ck_assert_uint_eq(always->actions, OUTCOME(REJECT) | OUTCOME(DEFER));
    ck_assert_str_eq(always->place, "f:3");
    ck_assert(!ruleset_accepts_open_relay(ruleset));
    g_autoptr(Ruleset) open = rules_good("accept open relay\ndunno");
    ck_assert(ruleset_accepts_open_relay(open));
    ck_assert_uint_eq(ruleset_assertion_count(open), 0);
}
END_TEST

START_TEST(test_lists) {
    g_autoptr(Ruleset) ruleset = rules_good("networks trusted = ::1\n"
                                            "domains local = a.example\n"
                                            "permit if client_address in { ::2 }\n"
                                            "permit if sender == \"a@b\"\n"
                                            "dunno\n");
    ck_assert_uint_eq(ruleset_named_list_count(ruleset), 2);
    ck_assert_int_eq(list_kind(ruleset_list(ruleset, "trusted")), LIST_NETWORKS);
    ck_assert_int_eq(list_kind(ruleset_list(ruleset, "local")), LIST_DOMAINS);
    ck_assert_ptr_null(ruleset_list(ruleset, "other"));
    ck_assert_ptr_nonnull(ruleset_landmarks(ruleset)->insider);
    g_autoptr(Ruleset) bare = rules_good("dunno");
    ck_assert_uint_eq(ruleset_named_list_count(bare), 0);
    ck_assert_ptr_null(ruleset_list(bare, "trusted"));
    ck_assert_ptr_nonnull(ruleset_landmarks(bare)->insider);
    ck_assert_uint_eq(ruleset_rule_count(bare), 1);
    ck_assert_uint_eq(ruleset_assertion_count(bare), 0);
}
END_TEST

START_TEST(test_references) {
    Ruleset *ruleset = rules_good("dunno");
    Ruleset *second = ruleset_ref(ruleset);
    ck_assert_ptr_eq(ruleset, second);
    ruleset_unref(ruleset);
    ck_assert_str_eq(ruleset_rule(second, 0)->decision, "DUNNO");
    ruleset_unref(second);
    ruleset_unref(NULL);
}
END_TEST

/* What a ruleset is made of: the rule file, two list files and two postconf values. */
typedef struct {
    const char *name;
    const char *rules;
    const char *first;
    const char *second;
    const char *value;
    const char *parents;
} Version;

#define RULES                                                                                 \
    "domains a = file \"a\", file \"b\"\ndomains b = postconf relay_domains\ndunno if size\n" \
    "dunno\n"

/* Each differs from the first in what is read. */
static const Version versions[] = {
    {"the first", RULES, "x.example y.example", "z.example", "r.example", "mynetworks"},
    {"a comment in the rules", RULES "#\n", "x.example y.example", "z.example", "r.example",
     "mynetworks"},
    {"a list", RULES, "x.example y.example ", "z.example", "r.example", "mynetworks"},
    {"from one list to the next", RULES, "x.example", " y.example z.example", "r.example",
     "mynetworks"},
    {"postconf's value", RULES, "x.example y.example", "z.example", "r.example,", "mynetworks"},
    {"a domain in it", RULES, "x.example y.example", "z.example", "s.example", "mynetworks"},
    {"what is under the domains of it", RULES, "x.example y.example", "z.example", "r.example",
     "relay_domains"},
};

static char *read_version(const char *parameter, gpointer data, GError **error) {
    const Version *version = data;
    (void)error;
    return g_strdup(g_str_equal(parameter, "relay_domains") ? version->value : version->parents);
}

static Ruleset *compile_version(const char *folder, const Version *version) {
    const CompileHost postconf = {read_version, (gpointer)(guintptr)version};
    const char *const files[][2] = {
        {"a", version->first}, {"b", version->second}, {"rules", version->rules}};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *path = g_build_filename(folder, "rules", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_build_filename(folder, files[i][0], NULL);
        ck_assert(g_file_set_contents(file, files[i][1], -1, NULL));
    }
    Ruleset *ruleset = compile_file(path, &postconf, diagnostics);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_build_filename(folder, files[i][0], NULL);
        g_unlink(file);
    }
    ck_assert_msg(ruleset != NULL, "%s", version->name);
    return ruleset;
}

START_TEST(test_hash) {
    g_autofree char *folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    g_autoptr(Ruleset) ruleset = compile_version(folder, &versions[_i]);
    ck_assert_uint_eq(strlen(ruleset_hash(ruleset)), RULESET_HASH_LENGTH);
    for (int i = 0; i < (int)G_N_ELEMENTS(versions); i++) {
        g_autoptr(Ruleset) other = compile_version(folder, &versions[i]);
        gboolean same = g_str_equal(ruleset_hash(ruleset), ruleset_hash(other));
        ck_assert_msg(same == (i == _i), "%s, %s", versions[_i].name, versions[i].name);
    }
    g_rmdir(folder);
}
END_TEST

START_TEST(test_files) {
    g_autofree char *folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    g_autoptr(Ruleset) ruleset = compile_version(folder, &versions[0]);
    const char *const *files = ruleset_files(ruleset);
    static const char *const names[] = {"rules", "a", "b"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        ck_assert_str_eq(files[i], path);
    }
    ck_assert_ptr_null(files[G_N_ELEMENTS(names)]);
    g_rmdir(folder);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ruleset");
    UNIT_ADD_TABLE(suite, test_action, actions);
    unit_add(suite, "test_lines", test_lines, 1);
    unit_add(suite, "test_assertions", test_assertions, 1);
    unit_add(suite, "test_lists", test_lists, 1);
    unit_add(suite, "test_references", test_references, 1);
    UNIT_ADD_TABLE(suite, test_hash, versions);
    unit_add(suite, "test_files", test_files, 1);
    return unit_run(suite);
}
