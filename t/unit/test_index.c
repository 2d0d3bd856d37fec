/*
 * Units of lib/rules/index: which conditions have a cover, where they are posted, and that a rule
 * without one is looked at always. That no rule is missed is for the differential test.
 */
#include "rules/index.h"

#include "rules/compile.h"
#include "rules/match.h"
#include "unit/unit.h"

static const struct {
    const char *condition;
    gboolean covered;
} covers[] = {
    {"client_address in { 192.0.2.0/24 }", TRUE},
    {"client_address not in { 192.0.2.0/24 }", FALSE},
    {"sender in { example.com, user@example.org }", TRUE},
    {"sender.domain == \"example.com\"", TRUE},
    {"sender != \"user@example.com\"", FALSE},
    {"size > 10M", TRUE},
    {"sender", TRUE},
    {"not sender", FALSE},
    {"encrypted", TRUE},
    {"authenticated", TRUE},
    {"routed", FALSE},
    {"sender matches /a/", FALSE},
    {"sender == recipient", FALSE},
    {"sender matches /a/ and helo_name == \"a\"", TRUE},
    {"sender matches /a/ or helo_name == \"a\"", FALSE},
    {"not client_name and (sender == \"a@b.c\" or sender == \"b@b.c\")", TRUE},
    {"not (client_name and sender)", FALSE},
};

static Ruleset *compile(const char *rules) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("unit.rules", text_from_string(rules), NULL, diagnostics);
    ck_assert_msg(ruleset != NULL, "does not compile: %s", rules);
    return ruleset;
}

START_TEST(test_cover) {
    g_autofree char *rules = g_strdup_printf("reject if %s\ndunno\n", covers[_i].condition);
    g_autoptr(Ruleset) ruleset = compile(rules);
    const guint32 *always = index_postings_always(ruleset_index(ruleset));
    ck_assert_msg((always[0] == 1) == covers[_i].covered, "%s", covers[_i].condition);
    ck_assert_uint_eq(always[covers[_i].covered ? 1 : 2], INDEX_END);
}
END_TEST

/* Finds the facet of a one-test file. */
static guint find_facet(const Index *index, Attribute attribute, Facet facet) {
    for (guint i = 0; i < index_facet_count(index); i++) {
        const Classifier *classifier = index_classifier(index, i);
        if (classifier_operand(classifier).attribute == attribute
            && classifier_facet(classifier) == facet) {
            return i;
        }
    }
    ck_abort_msg("no such facet");
    return 0;
}

START_TEST(test_postings) {
    g_autoptr(Ruleset) ruleset = compile("permit if client_address in { 192.0.2.0/24 }\n"
                                         "reject if client_address in { 192.0.2.7, 198.51.100.1 }\n"
                                         "reject if client_address and not sender\n"
                                         "dunno\n");
    static const struct {
        const char *block;
        guint32 rules[3];
    } rows[] = {
        {"client_address=192.0.2.7\n\n", {0, 1, INDEX_END}},
        {"client_address=192.0.2.8\n\n", {0, INDEX_END}},
        {"client_address=198.51.100.1\n\n", {1, INDEX_END}},
        {"client_address=203.0.113.9\n\n", {INDEX_END}},
    };
    const Index *index = ruleset_index(ruleset);
    guint facet = find_facet(index, ATTRIBUTE_CLIENT_ADDRESS, FACET_ADDRESS);
    ck_assert_uint_eq(index_postings_present(index, facet)[0], 2);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Request request;
        request_parse(text_from_string(rows[i].block), &request);
        Atom atom = classifier_find(index_classifier(index, facet), &request, NULL);
        const guint32 *postings = index_postings(index, facet, atom);
        for (guint j = 0; j == 0 || postings[j - 1] != INDEX_END; j++) {
            ck_assert_msg(postings[j] == rows[i].rules[j], "row %u", i);
        }
    }
}
END_TEST

START_TEST(test_firsts) {
    g_autoptr(Ruleset) ruleset = compile("reject if size > 1\n"
                                         "reject if sender in { a@b.example } and size\n"
                                         "dunno if not helo_name\n"
                                         "reject if client_name in { b.example } and helo_name\n"
                                         "permit if client_address in { 192.0.2.7 } and size\n"
                                         "dunno\n");
    static const struct {
        Attribute attribute;
        Facet facet;
        guint32 rule;
    } rows[] = {
        {ATTRIBUTE_SIZE, FACET_NUMBER, 0},
        {ATTRIBUTE_SENDER, FACET_MAILBOX, 1},
        {ATTRIBUTE_CLIENT_NAME, FACET_DOMAIN, 3},
        {ATTRIBUTE_CLIENT_ADDRESS, FACET_ADDRESS, 4},
    };
    const Index *index = ruleset_index(ruleset);
    const IndexFirst *firsts = index_firsts(index);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        ck_assert_uint_eq(firsts[i].rule, rows[i].rule);
        ck_assert_uint_eq(firsts[i].facet, find_facet(index, rows[i].attribute, rows[i].facet));
    }
    ck_assert_uint_eq(firsts[G_N_ELEMENTS(rows)].rule, INDEX_END);
}
END_TEST

/* So many hosts, each asked for by a rule, and the network that holds them: its cover has an atom
 * for each of them and one for the rest. */
static gboolean is_posted(guint hosts) {
    g_autoptr(GString) rules = g_string_new(NULL);
    for (guint i = 0; i < hosts; i++) {
        g_string_append_printf(rules, "reject if client_address == \"10.0.%u.%u\"\n", i / 256,
                               i % 256);
    }
    g_string_append(rules, "permit if client_address in { 10.0.0.0/8 }\ndunno\n");
    g_autoptr(Ruleset) ruleset = compile(rules->str);
    return index_postings_always(ruleset_index(ruleset))[0] == hosts + 1;
}

START_TEST(test_cover_limit) {
    ck_assert(is_posted(255));
    ck_assert(!is_posted(256));
}
END_TEST

/* Thresholds beyond the limit have no atom, and their outcomes are remembered. */
static guint count_compared(guint thresholds) {
    g_autoptr(GString) rules = g_string_new(NULL);
    for (guint i = 1; i <= thresholds; i++) {
        g_string_append_printf(rules, "reject if size > %u\nreject if size > %u\n", i, i);
    }
    g_string_append(rules, "dunno\n");
    g_autoptr(Ruleset) ruleset = compile(rules->str);
    return index_memo_count(ruleset_index(ruleset));
}

START_TEST(test_threshold_limit) {
    guint none = count_compared(0);
    ck_assert_uint_eq(count_compared(1024), none);
    ck_assert_uint_gt(count_compared(1025), none);
}
END_TEST

/* More thresholds than the index keeps signatures for: the others are compared, and all count. */
START_TEST(test_many_thresholds) {
    enum { MANY = 3000 };
    g_autoptr(GString) rules = g_string_new(NULL);
    g_autoptr(Matcher) matcher = matcher_new();
    for (guint i = MANY; i > 0; i--) {
        g_string_append_printf(rules, "reject \"over %u\" if size > %u\n", i, i);
    }
    g_string_append(rules, "reject \"some\" if size\ndunno\n");
    g_autoptr(Ruleset) ruleset = compile(rules->str);
    for (guint size = 0; size <= MANY + 1; size++) {
        Request request;
        g_autofree char *want = size > 1 ? g_strdup_printf("REJECT over %u", size - 1)
                                         : g_strdup(size > 0 ? "REJECT some" : "DUNNO");
        g_autofree char *block = g_strdup_printf("request=smtpd_access_policy\nsize=%u\n\n", size);
        ck_assert_int_eq(request_parse(text_from_string(block), &request), REQUEST_OK);
        ck_assert_str_eq(match(matcher, ruleset, &request)->decision, want);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("index");
    UNIT_ADD_TABLE(suite, test_cover, covers);
    TCase *tcase = tcase_create("postings");
    tcase_add_test(tcase, test_postings);
    tcase_add_test(tcase, test_firsts);
    tcase_add_test(tcase, test_cover_limit);
    tcase_add_test(tcase, test_threshold_limit);
    tcase_add_test(tcase, test_many_thresholds);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
