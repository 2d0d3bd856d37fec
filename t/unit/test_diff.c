/*
 * Units of lib/analysis/diff, divergence, alignment and describe: a case is what stands in two rule
 * files, and what is told of them.
 */
#include "analysis/diff.h"

#include <string.h>

#include "analysis/alignment.h"
#include "unit/rules.h"

static Ruleset *compile(const char *name, const char *rules) {
    static const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text(name, text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", rules, diagnostics_format(diagnostics));
    }
    return ruleset;
}

static void tell_changes(GString *out, const DiffChanges *changes, const char *kind) {
    static const char *const names[] = {"old", "new"};
    for (guint i = 0; i < changes->classes->len; i++) {
        const DiffClass *class = g_ptr_array_index(changes->classes, i);
        g_autofree char *text = class->claims ? describe_text(class->claims, names) : NULL;
        g_string_append_printf(out, "%s%s %u -> %u%s: %s%s\n", kind, class->witness ? "" : "?",
                               class->rules[0]->line, class->rules[1]->line,
                               class->unmatched ? " unmatched" : "", text ? text : "some requests",
                               class->obstacles && class->obstacles[0] ? " (obstacles)" : "");
    }
    g_string_append(out, changes->more ? "more\n" : "");
}

/* The caller frees it. */
static char *tell(const char *before, const char *after, guint classes, guint32 budget) {
    static const char *const verdicts[] = {"equal\n", "", "possible\n", "not decided\n"};
    const AnalysisHost host = {.budget = budget};
    g_autoptr(Ruleset) old_ruleset = compile("old", before);
    g_autoptr(Ruleset) new_ruleset = compile("new", after);
    g_autoptr(Diff) found = diff(old_ruleset, new_ruleset, classes, &host);
    GString *out = g_string_new(verdicts[found->verdict]);
    for (guint i = 0; found->axioms && i < found->axioms->len; i++) {
        g_string_append_printf(out, "as %s\n", (const char *)g_ptr_array_index(found->axioms, i));
    }
    ck_assert(found->undecided == (found->verdict == DIFF_UNDECIDED));
    tell_changes(out, &found->actions, "action");
    tell_changes(out, &found->texts, "text");
    return g_string_free(out, FALSE);
}

#define LISTS "networks trusted = 192.0.2.0/24\ndomains local = example.com\n"

static const struct {
    const char *name;
    const char *before;
    const char *after;
    const char *told;
} rows[] = {
    {"nothing", "reject", "reject", "equal\n"},
    {"comments and layout", "reject if sender\ndunno", "# x\nreject\n  if sender # y\n\ndunno",
     "equal\n"},
    {"names of a list and a condition",
     "networks a = 192.0.2.0/24\ncondition c = client_address in a\nreject if c\ndunno",
     "networks b = 192.0.2.0/24\nreject if client_address in b\ndunno", "equal\n"},
    {"order of what has nothing in common",
     "reject \"a\" if size == 1\nreject \"b\" if size == 2\ndunno",
     "reject \"b\" if size == 2\nreject \"a\" if size == 1\ndunno", "equal\n"},
    {"a list's item that another covers",
     "reject if client_address in { 192.0.2.0/24, 192.0.2.1 }\ndunno",
     "reject if client_address in { 192.0.2.0/24 }\ndunno", "equal\n"},
    {"an unreachable rule", "reject\n", "reject\n", "equal\n"},
    {"a rule split in two", "reject if sender or helo_name\ndunno",
     "reject if helo_name\nreject if sender\ndunno", "equal\n"},
    {"on what Postfix can send",
     "reject if recipient_count > 1 and protocol_state == \"RCPT\"\ndunno", "dunno",
     "equal\nas recipient_count is 0 but at DATA and END-OF-MESSAGE\n"},

    {"everything", "reject", "dunno", "action 1 -> 1: any request\n"},
    {"a text", "reject \"a\"", "reject \"b\"", "text 1 -> 1: any request\n"},
    {"a code", "reject 550 \"a\"", "reject 554 \"a\"", "text 1 -> 1: any request\n"},
    {"an argument", "redirect \"a@example.com\"", "redirect \"b@example.com\"",
     "action 1 -> 1: any request\n"},
    {"a restriction", "restrict \"reject_unauth_destination\"", "restrict \"reject\"",
     "action 1 -> 1: any request\n"},
    {"an action and a text", "reject \"a\" if sender\nreject \"a\"",
     "reject \"b\" if sender\ndunno",
     "action 2 -> 2: not sender, any recipient\ntext 1 -> 1: sender, any recipient\n"},
    {"the issue's example", LISTS "permit if client_address in trusted\nreject \"r\"",
     LISTS "permit if client_address in trusted and encrypted\nreject \"r\"",
     "action 3 -> 4: client_address in trusted and not encrypted, any recipient\n"},
    {"an item dropped",
     "networks a = 192.0.2.0/24, 198.51.100.1\nreject if client_address in a\ndunno",
     "networks a = 192.0.2.0/24\nreject if client_address in a\ndunno",
     "action 2 -> 3: client_address in a (old) and not client_address in a (new), any "
     "recipient\n"},
    {"a condition's new meaning", "condition c = sender\nreject if c and size > 1\ndunno",
     "condition c = helo_name\nreject if c and size > 1\ndunno",
     "action 2 -> 3: c (old) and size > 1 and not c (new), any recipient\n"
     "action 3 -> 2: c (new) and size > 1 and not c (old), any recipient\n"},
    {"a recipient", "reject if recipient in { example.com }\ndunno", "dunno",
     "action 1 -> 1: recipient in { example.com }\n"},
    {"swapped", "reject if sender\ndefer if helo_name\ndunno",
     "defer if helo_name\nreject if sender\ndunno",
     "action 1 -> 1: sender and helo_name, any recipient\n"},
    {"a name before its parts", "condition c = sender and helo_name\nreject if c\ndunno",
     "condition c = sender and helo_name\ndunno", "action 2 -> 2: c, any recipient\n"},
    {"a list that the other file only has",
     "networks a = 192.0.2.0/24\nreject if client_address in a\ndunno",
     "networks a = 192.0.2.0/24\ndunno", "action 2 -> 2: client_address in a, any recipient\n"},
    {"a list that the other file has for something else",
     "networks a = 192.0.2.0/24\nreject if client_address in a\ndunno",
     "networks a = 192.0.3.0/24\ndunno",
     "action 2 -> 2: client_address in a (old), any recipient\n"},
    {"a named list before braces",
     "networks a = 192.0.2.0/24\nreject if client_address in { 192.0.2.0/24 }\n"
     "defer if client_address in a and size > 1\ndunno",
     "networks a = 192.0.2.0/24\ndefer if client_address in a and size > 1\ndunno",
     "action 2 -> 2: client_address in a and size > 1, any recipient\n"
     "action 2 -> 3: client_address in a and not size > 1, any recipient\n"},
    {"regexes that go together",
     "reject if helo_name matches /^a/\ndefer if helo_name matches /x$/\ndunno",
     "defer if helo_name matches /x$/\nreject if helo_name matches /^a/\ndunno",
     "action 1 -> 1: helo_name matches /^a/ and helo_name matches /x$/, any recipient\n"},
    {"regexes that don't",
     "reject if helo_name matches /^a/\ndefer if helo_name matches /^b/\ndunno",
     "defer if helo_name matches /^b/\nreject if helo_name matches /^a/\ndunno",
     "possible\naction? 1 -> 1: helo_name matches /^a/ and helo_name matches /^b/, any recipient "
     "(obstacles)\n"},
};

START_TEST(test_tell) {
    g_autofree char *told = tell(rows[_i].before, rows[_i].after, 10, ANALYSIS_BUDGET_DEFAULT);
    ck_assert_msg(strcmp(told, rows[_i].told) == 0, "%s: got\n%s\nnot\n%s", rows[_i].name, told,
                  rows[_i].told);
}
END_TEST

/* Rules that reject these sizes. */
static char *reject_sizes(guint count, const char *last) {
    GString *rules = g_string_new(NULL);
    for (guint i = 0; i < count; i++) {
        g_string_append_printf(rules, "reject \"n%u\" if size == %u\n", i, i + 1);
    }
    g_string_append_printf(rules, "%s\n", last);
    return g_string_free(rules, FALSE);
}

/* What the end of such a file changes. */
static char *tell_ends(guint count, const char *before, const char *after) {
    g_autofree char *old_rules = reject_sizes(count, before);
    g_autofree char *new_rules = reject_sizes(count, after);
    return tell(old_rules, new_rules, 10, ANALYSIS_BUDGET_DEFAULT);
}

static guint count_lines(const char *text, const char *start) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint count = 0;
    for (char **line = lines; *line; line++) {
        count += g_str_has_prefix(*line, start) ? 1 : 0;
    }
    return count;
}

/* Of each kind there are so many, and one more is only said to be there. */
START_TEST(test_limits) {
    g_autofree char *before = reject_sizes(10, "reject");
    g_autofree char *after = reject_sizes(0, "dunno");
    g_autofree char *whole = tell(before, after, 11, ANALYSIS_BUDGET_DEFAULT);
    g_autofree char *cut = tell(before, after, 10, ANALYSIS_BUDGET_DEFAULT);
    ck_assert_uint_eq(count_lines(whole, "action"), 11);
    ck_assert_uint_eq(count_lines(whole, "more"), 0);
    ck_assert_uint_eq(count_lines(cut, "action"), 10);
    ck_assert_uint_eq(count_lines(cut, "more"), 1);
}
END_TEST

/* With 8 conditions all are named, with 9 only the rule's own. */
START_TEST(test_unmatched) {
    g_autofree char *told = tell_ends(8, "dunno", "defer");
    g_autofree char *short_told = tell_ends(9, "dunno", "defer");
    ck_assert_str_eq(told, "action 9 -> 9: not size == 1 and not size == 2 and not size == 3 and "
                           "not size == 4 and not size == 5 and not size == 6 and not size == 7 "
                           "and not size == 8, any recipient\n");
    ck_assert_str_eq(short_told, "action 10 -> 10 unmatched: any request\n");
}
END_TEST

/* Behind 32 rules only the rule's own conditions are told, but if they are enough alone. */
START_TEST(test_far) {
    g_autofree char *told = tell_ends(33, "defer if sender\ndunno", "dunno");
    g_autofree char *alone_told = tell_ends(33, "defer if size == 99\ndunno", "dunno");
    ck_assert_str_eq(told, "action 34 -> 34 unmatched: sender, any recipient\n");
    ck_assert_str_eq(alone_told, "action 34 -> 34: size == 99, any recipient\n");
}
END_TEST

/* A rule with as many conditions as a text shows, and one more. */
START_TEST(test_claims_shown) {
    static const char *const names[] = {"old", "new"};
    for (guint count = DESCRIBE_CLAIMS_MAX; count <= DESCRIBE_CLAIMS_MAX + 2; count++) {
        g_autoptr(GPtrArray) claims = g_ptr_array_new_with_free_func(g_free);
        Expression expression = {.kind = EXPRESSION_TEST};
        for (guint i = 0; i < count; i++) {
            const Claim claim = {
                .expression = &expression, .text = (char *)(guintptr) "x", .holds = TRUE};
            g_ptr_array_add(claims, g_memdup2(&claim, sizeof claim));
        }
        g_autofree char *text = describe_text(claims, names);
        guint more = count - DESCRIBE_CLAIMS_MAX;
        const char *ends[] = {"x and x, any recipient", "x and 1 more condition, any recipient",
                              "x and 2 more conditions, any recipient"};
        ck_assert_msg(g_str_has_suffix(text, ends[more]), "%s", text);
    }
}
END_TEST

/* A small budget never gives a wrong word, and a stopped comparison is not decided. */
START_TEST(test_budget) {
    static const char before[] = "permit if client_address in { 192.0.2.0/24 } and sender\nreject";
    static const char after[] = "permit if client_address in { 192.0.2.0/24 }\nreject";
    gboolean decided = FALSE;
    for (guint32 budget = 0; budget < 400; budget++) {
        const AnalysisHost host = {.budget = budget};
        g_autoptr(Ruleset) old_ruleset = compile("old", before);
        g_autoptr(Ruleset) new_ruleset = compile("new", after);
        g_autoptr(Diff) found = diff(old_ruleset, new_ruleset, 10, &host);
        ck_assert_int_ne(found->verdict, DIFF_EQUAL);
        ck_assert_int_ne(found->verdict, DIFF_POSSIBLE);
        ck_assert(budget > 10 || found->verdict == DIFF_UNDECIDED);
        ck_assert(found->verdict == DIFF_CHANGED || found->undecided);
        decided = !found->undecided;
    }
    ck_assert(decided);
}
END_TEST

START_TEST(test_stopped) {
    const volatile gint stop = 1;
    const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT, .stop = &stop};
    g_autofree char *rules = reject_sizes(2000, "dunno if sender and helo_name\nreject");
    g_autofree char *other = reject_sizes(2000, "reject");
    g_autoptr(Ruleset) before = compile("old", rules);
    g_autoptr(Ruleset) after = compile("new", other);
    g_autoptr(Diff) found = diff(before, after, 10, &host);
    ck_assert_int_eq(found->verdict, DIFF_UNDECIDED);
}
END_TEST

static const struct {
    const char *a;
    const char *b;
    const char *marks; /* of a, then of b: `x` is in common */
} alignments[] = {
    {"", "", "|"},
    {"a", "", ".|"},
    {"abc", "abc", "xxx|xxx"},
    {"abc", "axc", "x.x|x.x"},
    {"abcde", "bcdea", ".xxxx|xxxx."},
    {"abc", "cba", "..x|x.."},
    {"aab", "ab", "x.x|xx"},
    {"ab", "aab", "xx|x.x"},
    {"xaybz", "paqbr", ".x.x.|.x.x."},
    {"badc", "abcd", ".x.x|x.x."},
    {"abcdefgh", "dabhcgef", "xxx.xx..|.xx.x.xx"},
};

static void show(GString *out, const gboolean *aligned, guint count) {
    for (guint i = 0; i < count; i++) {
        g_string_append_c(out, aligned[i] ? 'x' : '.');
    }
}

static AlignmentSide make_side(const char *letters) {
    guint count = (guint)strlen(letters);
    guint64 *keys = g_new(guint64, count + 1);
    for (guint i = 0; i < count; i++) {
        keys[i] = (guint64)letters[i];
    }
    return (AlignmentSide){keys, count, g_new0(gboolean, count + 1)};
}

static void clear_side(AlignmentSide *side) {
    g_free((gpointer)(guintptr)side->keys);
    g_free(side->aligned);
}

START_TEST(test_align) {
    AlignmentSide a = make_side(alignments[_i].a);
    AlignmentSide b = make_side(alignments[_i].b);
    g_autoptr(GString) marks = g_string_new(NULL);
    alignment_find(&a, &b);
    show(marks, a.aligned, a.count);
    g_string_append_c(marks, '|');
    show(marks, b.aligned, b.count);
    ck_assert_msg(strcmp(marks->str, alignments[_i].marks) == 0, "%s, %s: got %s, not %s",
                  alignments[_i].a, alignments[_i].b, marks->str, alignments[_i].marks);
    clear_side(&a);
    clear_side(&b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("diff");
    UNIT_ADD_TABLE(suite, test_tell, rows);
    UNIT_ADD_TABLE(suite, test_align, alignments);
    TCase *tcase = tcase_create("limits");
    tcase_add_test(tcase, test_limits);
    tcase_add_test(tcase, test_unmatched);
    tcase_add_test(tcase, test_far);
    tcase_add_test(tcase, test_claims_shown);
    tcase_add_test(tcase, test_budget);
    tcase_add_test(tcase, test_stopped);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
