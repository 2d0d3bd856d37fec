/*
 * Reach: which rules are said to be out of reach, to change nothing, to be got round, and why.
 */
#include <string.h>

#include "analysis/reach.h"
#include "unit/rules.h"

#define LISTS                                          \
    "networks trusted = 127.0.0.0/8, 192.168.0.0/16\n" \
    "domains local = example.com, .example.org\n"      \
    "addresses heads = postmaster@, root@example.com\n"

/* The kind, the line and the message of each warning, one on a line. */
static char *find_warnings(const char *text, guint32 budget, gboolean verbose) {
    const CompileHost detailed = {.detail = TRUE};
    const AnalysisHost host = {.budget = budget};
    g_autoptr(Diagnostics) errors = diagnostics_new();
    g_autoptr(Diagnostics) warnings = diagnostics_new();
    g_autoptr(GString) found = g_string_new(NULL);
    g_autofree char *rules = g_strconcat(LISTS, text, NULL);
    g_autoptr(Ruleset) ruleset = compile_text("f", text_from_string(rules), &detailed, errors);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", rules, diagnostics_format(errors));
    }
    reach_lint(ruleset, verbose, &host, warnings);
    diagnostics_sort(warnings);
    for (guint i = 0; i < diagnostics_count(warnings); i++) {
        const Diagnostic *warning = diagnostics_get(warnings, i);
        g_string_append_printf(found, "%s%s %u: %s", i > 0 ? "\n" : "", warning->kind,
                               warning->line, warning->message);
    }
    return g_string_free(g_steal_pointer(&found), FALSE);
}

#define NEVER(line, by)                                     \
    "unreachable " line ": this rule is never reached: " by \
    " all that it matches; move it up, or take it out"
#define EMPTY(line) \
    "unreachable " line ": this rule never matches: no request has all that it asks for"
#define ALIKE(line)                                                                         \
    "redundant " line ": this rule changes nothing: the rules below it decide all that it " \
    "matches alike; take it out"
#define ROUND(line, permits, others)                                                        \
    "escaped " line ": whom line " permits " permits gets round this rule" others           \
    " with a recipient like 'user%blocked@local', which Postfix routes on; put 'reject if " \
    "routed' above it"
#define PART(line, by) "shadowed " line ": " by " a part of what this rule matches otherwise"

/* The first rule is in line 4. */
static const struct {
    const char *name;
    const char *rules;
    const char *warnings;
} rows[] = {
    {"nothing to say", "permit if client_address in trusted\nreject\n", ""},
    {"the last rule may be out of reach",
     "permit if authenticated\nreject if not authenticated\nreject\n", ALIKE("5")},
    {"one is before it",
     "permit if client_address in trusted\nreject if client_address in { 192.168.1.0/24 "
     "}\nreject\n",
     NEVER("5", "line 4 matches")},
    {"behind one without a condition", "reject\npermit if authenticated\nreject\n",
     NEVER("5", "line 4 matches") "\n" NEVER("6", "line 4 matches")},
    {"two together, and exactly those two",
     "reject if size > 10M\npermit if client_address in { 192.168.0.0/17 }\n"
     "reject if sender in { a@b.example }\n"
     "permit if client_address in { 192.168.128.0/17 }\n"
     "reject if client_address in { 192.168.3.0/24, 192.168.200.0/24 }\nreject\n",
     NEVER("8", "lines 5 and 7 match")},
    {"one that suffices before two that do too",
     "permit if client_address in { 192.168.0.0/17 }\n"
     "permit if client_address in { 192.168.128.0/17 }\n"
     "permit if client_address in trusted\n"
     "reject if client_address in { 192.168.3.0/24, 192.168.200.0/24 }\nreject\n",
     ALIKE("4") "\n" ALIKE("5") "\n" NEVER("7", "line 6 matches")},
    {"three together, and none that isn't needed",
     "permit if client_address in { 192.168.0.0/17 }\n"
     "permit if client_address in { 192.168.128.0/18 }\n"
     "permit if client_address in { 192.168.0.0/18 }\n"
     "permit if client_address in { 192.168.192.0/18 }\n"
     "reject if client_address in { 192.168.0.0/16 } and size\nreject\n",
     NEVER("6", "line 4 matches") "\n" NEVER("8", "lines 4, 5 and 7 match")},
    {"more together than are named",
     "permit if client_address in { 192.168.0.0/19 }\n"
     "permit if client_address in { 192.168.32.0/19 }\n"
     "permit if client_address in { 192.168.64.0/19 }\n"
     "permit if client_address in { 192.168.96.0/19 }\n"
     "permit if client_address in { 192.168.128.0/19 }\n"
     "permit if client_address in { 192.168.160.0/19 }\n"
     "permit if client_address in { 192.168.192.0/19 }\n"
     "permit if client_address in { 192.168.224.0/19 }\n"
     "reject if client_address in { 192.168.0.0/16 } and size\nreject\n",
     NEVER("12", "lines 4, 5, 6, 7, 8, 9 and 2 more match")},
    {"values that can't be", "reject if size < 5 and size > 10\nreject if sender\nreject\n",
     EMPTY("4") "\n" ALIKE("5")},
    {"a domain, and one under it",
     "permit if recipient.domain in { .example.org }\n"
     "reject if recipient.domain in { mail.example.org }\n"
     "reject if recipient.domain in { example.org }\npermit\n",
     NEVER("5", "line 4 matches") "\n" ROUND("6", "7", "")},
    {"not routed and not there",
     "permit if recipient in local\nreject if routed and recipient in local\npermit\n",
     ALIKE("4") "\n" EMPTY("5")},
    {"a mailbox and its local part",
     "permit if sender in heads\nreject if sender in { postmaster@example.net }\n"
     "reject if sender in { root@example.net }\npermit\n",
     NEVER("5", "line 4 matches")},
    {"the same regex", "permit if helo_name matches /x/\nreject if helo_name matches /x/\npermit\n",
     NEVER("5", "line 4 matches")},
    {"another regex may be another, whatever it says",
     "permit if helo_name matches /.*/\nreject if helo_name matches /x/\nreject\n", ALIKE("5")},
    {"a regex of everything doesn't match what is absent",
     "permit if helo_name matches /.*/\nreject if not helo_name\ndunno\n", ""},
    {"a regex in another case",
     "permit if helo_name matches /x/\n"
     "reject if helo_name matches /x/i\ndunno\n",
     ""},
    {"redundant by the rest",
     "reject if sender in heads\ndunno if size > 1M\n"
     "permit if authenticated\nreject\n",
     ""},
    {"redundant with a rule between that has none of it",
     "reject if not sasl_username\npermit if authenticated\nreject\n", ALIKE("4")},
    {"another text is another decision", "reject \"a\" if size\nreject \"b\"\n", ""},
    {"a block list that is got round",
     "reject if recipient in { blocked@example.com }\npermit if client_address in trusted\n"
     "reject\n",
     ROUND("4", "5", "")},
    {"and three",
     "reject if recipient in { blocked@example.com }\n"
     "reject if recipient in { .example.org }\n"
     "defer if size and recipient in heads\n"
     "permit if client_address in trusted\nreject\n",
     ROUND("4", "7", " and 2 others")},
    {"routed is rejected before",
     "reject if routed\nreject if recipient in { blocked@example.com }\n"
     "permit if client_address in trusted\nreject\n",
     ""},
    {"nobody is permitted",
     "reject if recipient in { blocked@example.com }\n"
     "dunno if client_address in trusted\nreject\n",
     ""},
    {"a refusal of what is not listed",
     "reject if not recipient in local\npermit if client_address in trusted\nreject\n", ""},
};

START_TEST(test_warnings) {
    g_autofree char *found = find_warnings(rows[_i].rules, ANALYSIS_BUDGET_DEFAULT, FALSE);
    ck_assert_msg(g_str_equal(found, rows[_i].warnings), "%s:\n%s", rows[_i].name, found);
}
END_TEST

START_TEST(test_verbose) {
    g_autofree char *found = find_warnings("reject if size > 10M\n"
                                           "permit if client_address in trusted\n"
                                           "permit if sender in heads\n"
                                           "reject\n",
                                           ANALYSIS_BUDGET_DEFAULT, TRUE);
    ck_assert_str_eq(found, PART("5", "line 4 decides") "\n" PART("6", "line 4 decides"));
}
END_TEST

START_TEST(test_budget) {
    g_autofree char *found = find_warnings(rows[4].rules, 10, TRUE);
    ck_assert_msg(g_str_has_prefix(found, "undecided 1: which rules are reached was not decided"),
                  "%s", found);
    ck_assert_ptr_null(strchr(found, '\n'));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("reach");
    TCase *single = tcase_create("single");
    UNIT_ADD_TABLE(suite, test_warnings, rows);
    tcase_add_test(single, test_verbose);
    tcase_add_test(single, test_budget);
    suite_add_tcase(suite, single);
    return unit_run(suite);
}
