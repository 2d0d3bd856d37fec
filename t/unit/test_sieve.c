/*
 * Units of lib/analysis/sieve: which rules the requests of a rule's condition come to, against
 * whole regions from which all that earlier rules match is subtracted; rules that are ignored; what
 * the searched region loses; too small a budget.
 */
#include "analysis/sieve.h"

#include "unit/rules.h"

#define LISTS                                          \
    "accept open relay\n"                              \
    "networks trusted = 127.0.0.0/8, 192.168.0.0/16\n" \
    "domains local = example.com, .example.org\n"      \
    "addresses heads = postmaster@, root@example.com\n"

static const struct {
    const char *name;
    const char *rules;
} rows[] = {
    {"one", "reject\n"},
    {"behind one without a condition", "reject\npermit if size\ndunno\n"},
    {"an absent value is taken",
     "reject if not helo_name\npermit if sender in heads\npermit if helo_name in { .a.example }\n"
     "reject if helo_name not in { .a.example }\npermit\n"},
    {"two together",
     "permit if client_address in { 192.168.0.0/17 }\n"
     "permit if client_address in { 192.168.128.0/17 }\n"
     "dunno if sender in heads\nreject if client_address in { 192.168.0.0/16 }\npermit\n"},
    {"a mailbox, its domain and its local part",
     "permit if sender.domain == \"example.com\" and size\nreject if sender in { root@example.com "
     "}\n"
     "dunno if sender.local == \"root\" and sender.domain in local\n"
     "reject if sender in heads and not size\npermit if sender == \"root@example.com\"\ndunno\n"},
    {"a recipient that is routed",
     "reject if recipient in { .example.org }\npermit if routed and client_address in trusted\n"
     "dunno if recipient.domain in local\nreject if recipient in local\npermit if recipient\n"
     "reject if not routed\npermit\n"},
    {"nothing that can occur", "permit if size < 5 and size > 10\nreject if authenticated\n"
                               "permit if sasl_username and not sasl_method\ndunno\n"},
    {"regexes and comparisons are free",
     "permit if helo_name matches /.*/\nreject if helo_name matches /x/\n"
     "dunno if helo_name == client_name and not client_name\nreject if helo_name == client_name\n"
     "permit if helo_name != client_name\nreject\n"},
    {"many that take one after the other",
     "reject if size < 10\nreject if size < 20 and sender\nreject if size < 20 and not sender\n"
     "reject if size < 30 and encrypted\nreject if size < 30 and not encrypted and recipient\n"
     "permit if size < 30\npermit if size < 31\nreject\n"},
};

/* One row's file. */
typedef struct {
    Ruleset *ruleset;
    Space *space;
    Sieve *sieve;
    guint count;
} Fixture;

static Fixture set_up(const char *text, guint32 budget) {
    const AnalysisHost host = {.budget = budget};
    g_autofree char *rules = g_strconcat(LISTS, text, NULL);
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    Fixture fixture = {.ruleset = rules_good(rules)};
    fixture.count = ruleset_rule_count(fixture.ruleset);
    for (guint i = 0; i < fixture.count; i++) {
        const Expression *condition = ruleset_rule(fixture.ruleset, i)->condition;
        if (condition) {
            g_ptr_array_add(roots, (gpointer)(guintptr)condition);
        }
    }
    fixture.space = space_new(fixture.ruleset, roots, &host);
    fixture.sieve = sieve_new(fixture.space, fixture.ruleset);
    return fixture;
}

static void tear_down(Fixture *fixture) {
    sieve_free(fixture->sieve);
    space_free(fixture->space);
    ruleset_unref(fixture->ruleset);
}

static Bdd condition_of(const Fixture *fixture, guint rule) {
    return space_condition(fixture->space, ruleset_rule(fixture->ruleset, rule)->condition);
}

/* What of the condition of `source` comes to the rule, if `ignored` isn't there. */
static Bdd find_whole(const Fixture *fixture, guint source, guint rule, guint ignored) {
    BddTable *table = space_table(fixture->space);
    Bdd whole = bdd_and(table, space_universe(fixture->space, FALSE), condition_of(fixture, rule));
    whole = bdd_and(table, whole, condition_of(fixture, source));
    for (guint i = 0; i < rule; i++) {
        whole = i == ignored ? whole : bdd_without(table, whole, condition_of(fixture, i));
    }
    return whole;
}

static gboolean is_odd(guint rule, gpointer data) {
    return rule % 2 == 1 && data == NULL;
}

/* The first rule from `first` on, of the odd ones or of all, that the source comes to. */
static guint find_plainly(const Fixture *fixture, guint source, guint first, guint ignored,
                          gboolean odd) {
    for (guint i = first; i < fixture->count; i++) {
        if ((!odd || i % 2 == 1) && find_whole(fixture, source, i, ignored) != BDD_FALSE) {
            return i;
        }
    }
    return SIEVE_NONE;
}

static void check_search(const Fixture *fixture, guint source, guint first, gboolean odd) {
    g_autofree gboolean *ignored = g_new0(gboolean, fixture->count);
    ignored[source] = first > source;
    SieveSearch search = {
        .region = condition_of(fixture, source),
        .first = first,
        .end = fixture->count,
        .wants = odd ? is_odd : NULL,
        .ignored = ignored,
    };
    guint guessed = sieve_guess(fixture->sieve, &search);
    guint found = sieve_find(fixture->sieve, &search);
    guint without = ignored[source] ? source : SIEVE_NONE;
    ck_assert_uint_eq(found, find_plainly(fixture, source, first, without, odd));
    ck_assert(guessed == SIEVE_NONE
              || (guessed >= first && (!odd || guessed % 2 == 1)
                  && find_whole(fixture, source, guessed, without) != BDD_FALSE));
}

START_TEST(test_rows) {
    Fixture fixture = set_up(rows[_i].rules, ANALYSIS_BUDGET_DEFAULT);
    for (guint source = 0; source < fixture.count; source++) {
        for (guint first = 0; first <= fixture.count; first++) {
            check_search(&fixture, source, first, FALSE);
            check_search(&fixture, source, first, TRUE);
        }
    }
    tear_down(&fixture);
}
END_TEST

/* All that comes to the rule stays in the region, and what takes the rest is named. */
START_TEST(test_region) {
    Fixture fixture = set_up(rows[3].rules, ANALYSIS_BUDGET_DEFAULT);
    g_autoptr(GArray) takers = g_array_new(FALSE, FALSE, sizeof(guint));
    BddTable *table = space_table(fixture.space);
    SieveSearch search = {condition_of(&fixture, 2), 2, 3};
    ck_assert_uint_eq(sieve_find(fixture.sieve, &search), 2);
    Bdd whole = find_whole(&fixture, 2, 2, SIEVE_NONE);
    ck_assert_uint_eq(bdd_without(table, whole, search.region), BDD_FALSE);
    search = (SieveSearch){.region = condition_of(&fixture, 3), .first = 3, .end = 4};
    search.takers = takers;
    ck_assert_uint_eq(sieve_find(fixture.sieve, &search), SIEVE_NONE);
    ck_assert_uint_eq(takers->len, 2);
    ck_assert_uint_eq(g_array_index(takers, guint, 0) + g_array_index(takers, guint, 1), 1);
    tear_down(&fixture);
}
END_TEST

/* Never a wrong answer, and none at all of a space that has no nodes. */
START_TEST(test_budget) {
    static const guint32 budgets[] = {0, 1, 10, 50, 100, 200, 400};
    Fixture whole = set_up(rows[_i].rules, ANALYSIS_BUDGET_DEFAULT);
    for (guint i = 0; i < G_N_ELEMENTS(budgets); i++) {
        Fixture fixture = set_up(rows[_i].rules, budgets[i]);
        for (guint rule = 0; rule < fixture.count; rule++) {
            SieveSearch search = {condition_of(&fixture, rule), rule, rule + 1};
            guint found = sieve_find(fixture.sieve, &search);
            ck_assert(found == SIEVE_UNDECIDED
                      || found
                             == (find_whole(&whole, rule, rule, SIEVE_NONE) == BDD_FALSE
                                     ? SIEVE_NONE
                                     : rule));
            ck_assert(budgets[i] > 0 || fixture.count == 1 || found == SIEVE_UNDECIDED);
        }
        tear_down(&fixture);
    }
    tear_down(&whole);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sieve");
    TCase *single = tcase_create("single");
    UNIT_ADD_TABLE(suite, test_rows, rows);
    UNIT_ADD_TABLE(suite, test_budget, rows);
    tcase_add_test(single, test_region);
    suite_add_tcase(suite, single);
    return unit_run(suite);
}
