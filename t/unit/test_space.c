/*
 * Units of lib/analysis/space: which pairs of conditions can be true together, in the universe of
 * all values, and that a pair which can has a witness of which both are true; axioms; witnesses;
 * too small a budget.
 */
#include "analysis/space.h"

#include <string.h>

#include "unit/rules.h"

#define LOCAL "domains local = d.com, .s.com, [192.0.2.1]\n"

/* Whether both conditions can be true of one request. */
static const struct {
    const char *definitions;
    const char *a;
    const char *b;
    gboolean together;
} pairs[] = {
    /* The recipient, its domain, its local part and what Postfix would ask. */
    {LOCAL, "recipient in local", "routed", FALSE},
    {LOCAL, "recipient in local", "not recipient", FALSE},
    {LOCAL, "recipient in local", "not recipient.domain", FALSE},
    {LOCAL, "recipient in local", "not recipient.local", TRUE},
    {LOCAL, "recipient in local", "recipient.domain not in local", FALSE},
    {LOCAL, "recipient.domain in local", "recipient not in local", TRUE},
    {LOCAL, "recipient.domain in local", "recipient not in local and not routed", FALSE},
    {LOCAL, "recipient.domain in local and routed", "recipient", TRUE},
    {LOCAL, "routed", "not recipient.domain", TRUE},
    {LOCAL, "routed", "not recipient", FALSE},
    {LOCAL, "recipient", "not recipient.domain and not recipient.local", TRUE}, /* @ */
    {LOCAL, "recipient and not recipient.domain", "not routed", TRUE},          /* user */
    {LOCAL, "recipient and not recipient.domain", "routed", TRUE},              /* user@ */
    {LOCAL, "recipient.domain", "not recipient", FALSE},
    {LOCAL, "recipient in local", "recipient.domain == \"d.com\"", TRUE},
    {LOCAL, "recipient in local", "recipient.domain == \"x.s.com\"", TRUE},
    {LOCAL, "recipient in local", "recipient.domain == \"s.com\"", FALSE},
    {LOCAL, "recipient in local", "recipient.domain == \"[192.0.2.1]\"", TRUE},
    {LOCAL, "recipient in local", "recipient.domain == \"[192.0.2.2]\"", FALSE},
    {LOCAL, "recipient.local == \"u%x\"", "recipient in local", FALSE},
    {LOCAL, "recipient.local == \"u%x\"", "not routed", FALSE},
    {LOCAL, "recipient.local == \"u\"", "recipient.domain in local and routed", FALSE},
    {"", "recipient.domain in { .com }", "recipient in { d.com }", TRUE},
    {"", "recipient.domain in { .com }", "recipient in { d.org }", FALSE},
    {"", "recipient in { .d.com }", "recipient in { d.com }", FALSE},
    {"", "recipient in { .d.com }", "recipient in { w.d.com }", TRUE},

    /* Mailboxes. */
    {"", "sender in { a@b.example }", "sender.domain == \"c.example\"", FALSE},
    {"", "sender in { a@b.example }", "sender.domain == \"B.Example\"", TRUE},
    {"", "sender in { a@b.example }", "sender.local == \"x\"", FALSE},
    {"", "sender in { a@b.example }", "sender.local == \"A\"", TRUE},
    {"", "sender == \"a@b.example\"", "sender == \"A@B.EXAMPLE\"", TRUE},
    {"", "sender == \"a@b.example\"", "sender == \"a@c.example\"", FALSE},
    {"", "sender.local == \"Bob\"", "sender in { bob@ }", TRUE},
    {"", "sender.local == \"Bob\"", "sender.local == \"bob\"", FALSE},
    {"", "sender.local == \"Bob\"", "sender in { bobby@ }", FALSE},
    {"", "sender in { bob@ }", "not sender.domain", TRUE}, /* bob@ */
    {"", "sender in { bob@ }", "sender == \"bob\"", FALSE},
    {"", "sender == \"bob\"", "sender == \"Bob\"", TRUE},
    {"", "sender == \"bob\"", "sender == \"rob\"", FALSE},
    {"", "sender == \"bob\"", "sender.local == \"bob\"", TRUE},
    {"", "sender == \"bob\"", "sender.local == \"rob\"", FALSE},
    {"", "sender == \"bob\"", "sender.domain", FALSE},
    {"", "sender in { a@b.com }", "not sender in { a@ }", FALSE},
    {"", "sender in { a@ } and sender.domain == \"b.com\"", "not sender in { a@b.com }", FALSE},
    {"", "sender in { a@ } and sender.domain in { b.com, c.com }", "not sender in { a@b.com }",
     TRUE},
    {"", "sender.local in { \"a\", \"b\" } and sender.domain == \"d.com\"",
     "not sender in { a@d.com, b@d.com }", FALSE},
    {"", "sender.local in { \"a\", \"b\" } and sender.domain == \"d.com\"",
     "not sender in { a@d.com, c@d.com }", TRUE},
    {"", "recipient.local == \"a%x\" and recipient.domain in { d.com, e.com }",
     "not recipient in { a%x@d.com } and not recipient in { d.com }", TRUE},
    {"", "recipient.local in { \"u\", \"u%x\" } and recipient.domain == \"d.com\"",
     "not recipient in { u%x@d.com }", TRUE},
    {"", "sender.local == \"postMaster\"", "sender in { postmaster@d.com }", TRUE},
    {"", "sender in { a@[192.0.2.1] }", "sender.domain == \"[192.0.2.1]\"", TRUE},
    {"", "sender.domain == \"[192.0.2.1]\" and sender.local == \"a\"",
     "not sender in { a@[192.0.2.1] }", FALSE},
    {"", "sender.domain == \"[IPv6:2001:db8::1]\" and sender.local == \"a\"",
     "not sender in { a@[IPv6:2001:db8::1] }", TRUE}, /* written in another way */

    /* Logins. */
    {"", "sasl_username == \"u@d.com\"", "sasl_username.domain == \"d.com\"", TRUE},
    {"", "sasl_username == \"u@d.com\"", "sasl_username.domain == \"e.com\"", FALSE},
    {"", "sasl_username == \"u@D.com.\"", "sasl_username.domain == \"d.com\"", TRUE},
    {"", "sasl_username == \"u@d.com\"", "sasl_username.local == \"u\"", TRUE},
    {"", "sasl_username == \"u@d.com\"", "sasl_username.local == \"U\"", FALSE},
    {"", "sasl_username == \"u\"", "sasl_username.domain", FALSE},
    {"", "sasl_username == \"u\"", "sasl_username.local == \"u\"", TRUE},
    {"", "sasl_username == \"u\"", "not sasl_username.local", FALSE},
    {"", "sasl_username.local == \"u\" and not sasl_username.domain", "sasl_username != \"u\"",
     TRUE},
    {"", "sasl_username == \"@d.com\"", "sasl_username.local", FALSE},
    {"", "sasl_username.domain == \"d.com\" and not sasl_username.local",
     "sasl_username != \"@d.com\"", TRUE}, /* @D.com */
    {"", "sasl_username == \"u@\"", "sasl_username.domain", FALSE},
    {"", "authenticated", "sasl_method in { \"anonymous\", \"Anonymous\" }", FALSE},
    {"", "authenticated", "sasl_method == \"PLAIN\"", TRUE},
    {"", "authenticated", "sasl_method not in { \"PLAIN\", \"LOGIN\", \"x\", \"other\" }", TRUE},
    {"", "authenticated", "not sasl_username", FALSE},
    {"", "sasl_username and not authenticated", "sasl_method", TRUE},

    /* Host names. */
    {"", "helo_name == \"a.com\"", "helo_name == \"A.COM\"", TRUE},
    {"", "helo_name == \"a.com\"", "helo_name in { .com }", TRUE},
    {"", "helo_name == \"a.com\"", "helo_name in { .a.com }", FALSE},
    {"", "helo_name == \"com.org\"", "helo_name in { .com }", FALSE},
    {"", "helo_name == \"[192.0.2.1]\"", "helo_name == \"[192.0.2.2]\"", FALSE},
    {"", "helo_name == \"[192.0.2.1]\"", "not helo_name", FALSE},
    {"", "client_name", "not client_name in { .com, .example, .test, .invalid }", TRUE},

    /* Addresses and numbers. */
    {"", "client_address in { 192.0.2.0/24 }", "client_address == \"192.0.2.255\"", TRUE},
    {"", "client_address in { 192.0.2.0/24 }", "client_address == \"192.0.3.0\"", FALSE},
    {"", "client_address in { 192.0.2.0/24 }", "client_address == \"192.0.1.255\"", FALSE},
    {"", "client_address in { 0.0.0.0/0 }", "client_address in { ::/0 }", FALSE},
    {"", "client_address", "not client_address in { 0.0.0.0/0, ::/0 }", FALSE},
    {"", "client_address", "not client_address in { 0.0.0.0/0 }", TRUE},
    {"", "client_address == \"255.255.255.255\"", "client_address in { 255.0.0.0/8 }", TRUE},
    {"", "size < 10", "size > 9", FALSE},
    {"", "size <= 10", "size > 9", TRUE},
    {"", "size < 0", "size", FALSE},
    {"", "size == 18446744073709551615", "size > 18446744073709551614", TRUE},
    {"", "size > 18446744073709551615", "not sender", FALSE},
    {"", "not size", "size == 0", TRUE},
    {"", "not size", "not size >= 0", TRUE},
    {"", "size == 10k", "size == 10240", TRUE},

    /* Enumerations: whatever Postfix sends, and nothing else. */
    {"", "protocol_state == \"RCPT\"", "protocol_state == \"DATA\"", FALSE},
    {"", "protocol_name", "protocol_name not in { \"SMTP\", \"ESMTP\" }", FALSE},
    {"", "protocol_name", "protocol_name != \"SMTP\"", TRUE},
    {"",
     "protocol_state not in { \"CONNECT\", \"EHLO\", \"HELO\", \"MAIL\", \"RCPT\", \"DATA\", "
     "\"END-OF-MESSAGE\", \"VRFY\" }",
     "protocol_state", TRUE},
    {"",
     "protocol_state not in { \"CONNECT\", \"EHLO\", \"HELO\", \"MAIL\", \"RCPT\", \"DATA\", "
     "\"END-OF-MESSAGE\", \"VRFY\", \"ETRN\" }",
     "protocol_state", FALSE},

    /* Strings are exact; what is absent matches nothing. */
    {"", "policy_context == \"a\"", "policy_context == \"A\"", FALSE},
    {"", "policy_context", "policy_context not in { \"x\", \"other\", \"another\" }", TRUE},
    {"", "not policy_context", "policy_context matches /a/", FALSE},
    {"", "sender.domain matches /d/", "not sender", FALSE},
    {"", "sender.local matches /d/", "not sender.local", FALSE},
    {"", "sender == recipient", "not recipient", FALSE},
    {"", "sender == recipient", "not sender", FALSE},
    {"", "sender == recipient", "recipient == sender and sender", TRUE},
    {"", "sender == recipient", "recipient != sender", FALSE},
    {"", "helo_name matches /^a/", "helo_name matches /^a/i", TRUE},
    {"", "sasl_sender == \"a+b@d.com\"", "sasl_sender.domain == \"d.com\"", TRUE},
};

typedef struct {
    Ruleset *ruleset;
    Space *space;
    Bdd a;
    Bdd b;
} Pair;

/* A file of two rules, with these conditions. */
static Pair pair_make(const char *definitions, const char *a, const char *b, guint32 budget) {
    const AnalysisHost host = {.budget = budget};
    g_autofree char *text = g_strdup_printf(
        "accept open relay\n%sreject if %s\nreject if %s\ndunno\n", definitions, a, b);
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    Pair pair = {.ruleset = rules_good(text)};
    for (guint i = 0; i < 2; i++) {
        const Expression *condition = ruleset_rule(pair.ruleset, i)->condition;
        g_ptr_array_add(roots, (gpointer)(guintptr)condition);
    }
    pair.space = space_new(pair.ruleset, roots, &host);
    pair.a = space_condition(pair.space, g_ptr_array_index(roots, 0));
    pair.b = space_condition(pair.space, g_ptr_array_index(roots, 1));
    return pair;
}

static void pair_clear(Pair *pair) {
    space_free(pair->space);
    ruleset_unref(pair->ruleset);
}

static void check_request(const Pair *pair, Bdd region, const char *lines) {
    g_autoptr(Matcher) matcher = matcher_new();
    g_autofree char *block = g_strconcat(lines, "\n", NULL);
    Request request;
    ck_assert_int_eq(request_parse(text_from_string(block), &request), REQUEST_OK);
    match(matcher, pair->ruleset, &request);
    for (guint i = 0; i < 2; i++) {
        const Expression *condition = ruleset_rule(pair->ruleset, i)->condition;
        ck_assert_msg(match_is_true(matcher, pair->ruleset, &request, condition),
                      "rule %u is false of\n%s", i, lines);
    }
    ck_assert_msg(space_contains(pair->space, region, matcher, &request), "not contained:\n%s",
                  lines);
}

START_TEST(test_pairs) {
    Pair pair = pair_make(pairs[_i].definitions, pairs[_i].a, pairs[_i].b, 100000);
    BddTable *table = space_table(pair.space);
    Bdd both = bdd_and(table, pair.a, pair.b);
    Bdd region = bdd_and(table, both, space_universe(pair.space, FALSE));
    ck_assert_msg((region != BDD_FALSE) == pairs[_i].together, "%s; %s", pairs[_i].a, pairs[_i].b);
    ck_assert_uint_ne(region, BDD_UNDECIDED);
    if (region != BDD_FALSE) {
        Bdd tried;
        g_autofree char *lines = space_witness(pair.space, region, &tried);
        ck_assert_msg(lines != NULL, "no witness: %s; %s", pairs[_i].a, pairs[_i].b);
        ck_assert_uint_ne(tried, BDD_FALSE);
        ck_assert_uint_eq(bdd_without(table, tried, region), BDD_FALSE);
        check_request(&pair, region, lines);
    }
    pair_clear(&pair);
}
END_TEST

/* Whether both can be true of a request that Postfix sends. */
static const struct {
    const char *a;
    const char *b;
    gboolean sent;
} axioms[] = {
    {"protocol_state == \"RCPT\"", "recipient_count > 0", FALSE},
    {"protocol_state == \"RCPT\"", "recipient_count == 0", TRUE},
    {"protocol_state == \"DATA\"", "recipient_count > 1", TRUE},
    {"protocol_state == \"RCPT\"", "not recipient", FALSE},
    {"protocol_state == \"VRFY\"", "not recipient", FALSE},
    {"protocol_state in { \"RCPT\", \"MAIL\" }", "recipient", TRUE},
    {"protocol_state == \"MAIL\"", "recipient", FALSE},
    {"protocol_state == \"CONNECT\"", "recipient.domain", FALSE},
    {"protocol_state == \"ETRN\"", "recipient", FALSE},
    {"protocol_state == \"EHLO\"", "recipient", TRUE},
    {"protocol_state == \"HELO\"", "not recipient", TRUE},
    {"protocol_state == \"DATA\"", "recipient", TRUE},
    {"protocol_state == \"DATA\"", "recipient and recipient_count > 1", FALSE},
    {"protocol_state == \"END-OF-MESSAGE\"", "recipient and recipient_count == 1", TRUE},
    {"not protocol_state", "recipient and recipient_count > 1", TRUE},
    {"encrypted", "encryption_keysize > 0", TRUE},
    {"not encrypted", "encryption_keysize > 0", FALSE},
    {"not encrypted", "encryption_cipher", FALSE},
    {"sasl_username", "not sasl_method", FALSE},
    {"sasl_username.local == \"u\"", "not sasl_method", FALSE},
    {"sasl_sender", "not sasl_username", TRUE},
};

START_TEST(test_axioms) {
    Pair pair = pair_make("", axioms[_i].a, axioms[_i].b, 100000);
    BddTable *table = space_table(pair.space);
    Bdd both = bdd_and(table, pair.a, pair.b);
    ck_assert_msg(bdd_meets(table, both, space_universe(pair.space, FALSE)) == BDD_MEETS_YES,
                  "%s; %s: without axioms", axioms[_i].a, axioms[_i].b);
    BddMeets meets = bdd_meets(table, both, space_universe(pair.space, TRUE));
    ck_assert_msg((meets == BDD_MEETS_YES) == axioms[_i].sent, "%s; %s", axioms[_i].a,
                  axioms[_i].b);
    pair_clear(&pair);
}
END_TEST

/* Another request of the region, while there is one. */
START_TEST(test_tried) {
    Pair pair = pair_make("", "recipient in { a@d.com, .e.com } or size > 7", "recipient", 100000);
    Bdd region = bdd_and(space_table(pair.space), bdd_and(space_table(pair.space), pair.a, pair.b),
                         space_universe(pair.space, FALSE));
    guint count = 0;
    for (; region != BDD_FALSE; count++) {
        Bdd tried;
        g_autofree char *lines = space_witness(pair.space, region, &tried);
        ck_assert(lines != NULL);
        ck_assert_uint_lt(count, 64);
        check_request(&pair, region, lines);
        region = bdd_without(space_table(pair.space), region, tried);
    }
    ck_assert_uint_ge(count, 3);
    pair_clear(&pair);
}
END_TEST

START_TEST(test_obstacles) {
    Pair pair = pair_make("", "helo_name matches /^a/ and not helo_name matches /b$/i",
                          "helo_name matches /^(?=c)a/", 100000);
    Bdd tried;
    Bdd region = bdd_and(space_table(pair.space), bdd_and(space_table(pair.space), pair.a, pair.b),
                         space_universe(pair.space, FALSE));
    g_autofree char *lines = space_witness(pair.space, region, &tried);
    g_autofree char *obstacles = space_obstacles(pair.space);
    ck_assert_ptr_null(lines);
    ck_assert_msg(strstr(obstacles, "helo_name matches /^a/") != NULL, "%s", obstacles);
    ck_assert_msg(strstr(obstacles, "not helo_name matches /b$/i") != NULL, "%s", obstacles);
    pair_clear(&pair);
}
END_TEST

START_TEST(test_budget) {
    Pair pair = pair_make("", "recipient in { a@d.com, .e.com } or size > 7", "recipient", 3);
    ck_assert_uint_eq(pair.a, BDD_UNDECIDED);
    ck_assert_uint_eq(space_universe(pair.space, TRUE), BDD_UNDECIDED);
    pair_clear(&pair);
}
END_TEST

/* A named condition that is undecided is looked at once, however many name it. */
START_TEST(test_shared) {
    GString *definitions = g_string_new("condition c0 = size > 10 or sender in { a@b.com }\n");
    for (guint i = 1; i < 60; i++) {
        g_string_append_printf(definitions, "condition c%u = c%u or (c%u and sender)\n", i, i - 1,
                               i - 1);
    }
    g_autofree char *text = g_string_free(definitions, FALSE);
    Pair pair = pair_make(text, "c59", "c58", 3);
    ck_assert_uint_eq(pair.a, BDD_UNDECIDED);
    pair_clear(&pair);
}
END_TEST

/* All variables that a table can have, and some more: 16 regexes are 16 variables. */
START_TEST(test_too_large) {
    static const guint counts[] = {BDD_VARIABLES_MAX - 1, BDD_VARIABLES_MAX};
    GString *condition = g_string_new("helo_name matches /a0/");
    for (guint i = 1; i < counts[_i]; i++) {
        g_string_append_printf(condition, "%s helo_name matches /a%u/",
                               i % 64 == 0 ? "\n or" : " or", i);
    }
    g_autofree char *text = g_string_free(condition, FALSE);
    Pair pair = pair_make("", text, "helo_name", ANALYSIS_BUDGET_DEFAULT);
    ck_assert_int_eq(pair.a == BDD_UNDECIDED, _i == 1);
    ck_assert_int_eq(space_universe(pair.space, FALSE) == BDD_UNDECIDED, _i == 1);
    pair_clear(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("space");
    UNIT_ADD_TABLE(suite, test_pairs, pairs);
    UNIT_ADD_TABLE(suite, test_axioms, axioms);
    TCase *tcase = tcase_create("space");
    tcase_add_test(tcase, test_tried);
    tcase_add_test(tcase, test_obstacles);
    tcase_add_test(tcase, test_budget);
    tcase_add_test(tcase, test_shared);
    tcase_add_loop_test(tcase, test_too_large, 0, 2);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
