/*
 * Units of lib/analysis/prove: whole rule files to verdicts, what their witnesses are like, and
 * what is said of them.
 */
#include "analysis/prove.h"

#include <string.h>

#include "unit/rules.h"

#define HEAD                                                \
    "networks trusted = 127.0.0.0/8, ::1, 192.168.0.0/16\n" \
    "domains local = example.com, .example.org\n"
#define BODY                                                      \
    "permit if client_address in trusted\n"                       \
    "reject \"5.7.11 Encryption required to log in and relay\"\n" \
    "        if authenticated and not encrypted\n"                \
    "permit if authenticated\n"                                   \
    "dunno if recipient in local\n"                               \
    "reject \"5.7.1 Relay access denied\"\n"
#define NEVER "never permit if not encrypted and not client_address in trusted\n"

/* The verdicts in the order of prove(): P, R, Q, U are PROVED, REFUTED, POSSIBLE, NOT DECIDED. The
 * first two are of the standing assertion: no stranger is an insider, no outsider is permitted. */
static const struct {
    const char *name;
    const char *rules;
    const char *verdicts;
    const char *witness; /* in the first witness; NULL where there is none */
    const char *said;    /* in what is said of the first that is not PROVED; NULL where all are */
} rows[] = {
    {"the example of the design", HEAD BODY NEVER, "PPP", NULL, NULL},
    {"the last domain alone", HEAD "permit if recipient.domain in local\n" BODY NEVER, "PRR",
     "@example.com\n", "write 'recipient in local'"},
    {"a client's own word", HEAD "permit if helo_name == \"friend\"\n" BODY, "PR",
     "helo_name=friend\n", "breaks"},
    {"everybody, if it is small",
     HEAD "permit if client_address in { 0.0.0.0/0 } and size < 10M\n" BODY, "PR",
     "size=", "breaks"},
    {"insider: whoever has a recipient", HEAD "condition insider = recipient\n" BODY, "RR",
     "recipient=", "a stranger is an insider"},
    {"insider: any certificate",
     HEAD "condition insider = authenticated or ccert_fingerprint\n" BODY, "RR",
     "ccert_fingerprint=", "a listed certificate fingerprint"},
    {"insider: everybody but some",
     HEAD "condition insider = not client_address in { 192.0.2.0/24 }\n" BODY, "RR", "",
     "a stranger is an insider"},
    {"insider: a listed certificate",
     HEAD "condition insider = authenticated or client_address in trusted or ccert_fingerprint in "
          "{ \"aa:bb\" }\n" BODY "permit if insider\ndunno\n",
     "PP", NULL, NULL},
    {"insider: a listed context",
     "condition insider = policy_context == \"submission\"\n"
     "permit if insider\nreject\n",
     "PP", NULL, NULL},
    {"insider: a domain of the sender",
     "condition insider = sender.domain == \"example.com\"\npermit if insider\nreject\n", "RP",
     "sender=", "a stranger is an insider"},
    {"insider: a host name that a regex takes",
     "condition insider = client_name matches /^mail/\npermit if insider\nreject\n", "RP",
     "client_name=", "a stranger is an insider"},
    {"insider: everybody, as a network",
     "condition insider = client_address in { 0.0.0.0/0 }\npermit if insider\nreject\n", "RP",
     "client_address=", "a stranger is an insider"},
    {"insider: a half of the net",
     "condition insider = client_address in { 2000::/15 }\npermit if insider\nreject\n", "RP",
     "client_address=2", "a stranger is an insider"},
    {"insider: a network as wide as can be",
     "condition insider = client_address in { 10.0.0.0/8, 2001::/16 }\npermit if insider\n"
     "reject\n",
     "PP", NULL, NULL},
    {"insider: a tenth of the net, in pieces",
     "condition insider = client_address in { 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, "
     "5.0.0.0/8,\n"
     " 6.0.0.0/8, 7.0.0.0/8, 8.0.0.0/8, 9.0.0.0/8, 10.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8,\n"
     " 13.0.0.0/8, 14.0.0.0/8, 15.0.0.0/8, 16.0.0.0/8 }\npermit if insider\nreject\n",
     "RP", "client_address=", "a stranger is an insider"},
    {"insider: top-level domains",
     "condition insider = client_name in { .com, .org }\npermit if insider\nreject\n", "RP",
     "client_name=", "a stranger is an insider"},
    {"insider: a network of a broad one",
     HEAD "reject if client_address in { 0.0.0.0/0 } and size > 10M\npermit if insider\nreject\n",
     "PP", NULL, NULL},
    {"a rule before takes a part of what a way through holds",
     "reject if not recipient in { a.example, b.example }\n"
     "dunno if recipient in { user@, postmaster@c.example }\n"
     "permit if sasl_method in { \"ANONYMOUS\" }\n"
     "       and (recipient == \"postmaster@c.example\" or encryption_keysize >= 1)\n"
     "reject\n",
     "PR", "sasl_method=ANONYMOUS", "breaks"},
    {"a login without a method", "permit if sasl_username\nreject\n", "PR",
     "sasl_method=anonymous\n", "write 'authenticated'"},
    {"no list of local domains", "permit if recipient.domain == \"example.com\"\nreject\n", "PR",
     "recipient=", "no 'domains local'"},
    {"nothing permitted", "dunno\n", "PP", NULL, NULL},
    {"everything permitted", "permit\n", "PR", "client_address=", "breaks"},
    {"shadowed by a reject",
     HEAD "reject if helo_name in { .com, friend.example }\n"
          "permit if helo_name == \"friend.example\"\n" BODY,
     "PP", NULL, NULL},
    {"shadowed by two rejects",
     "reject if size > 10\nreject if size < 20\n"
     "permit if size >= 0\nreject\n",
     "PP", NULL, NULL},
    {"nearly shadowed",
     "reject if size > 10\nreject if size < 10\n"
     "permit if size >= 0\nreject\n",
     "PR", "size=10\n", "breaks"},
    {"the null sender, absent", "permit if not sender and not routed\nreject\n", "PR",
     "recipient=", "breaks"},

    /* What an action may lead to. */
    {"restrict that may permit", "restrict \"permit_mynetworks, reject\"\n", "PR", "", "breaks"},
    {"restrict that permits what is ours", "restrict \"permit_auth_destination, reject\"\n", "PP",
     NULL, NULL},
    {"restrict that rejects", "restrict \"reject_unauth_destination\"\n", "PP", NULL, NULL},
    {"discard relays nothing", "discard\n", "PP", NULL, NULL},
    {"restrict counts as permit in never",
     "accept open relay\nrestrict \"permit_mynetworks\"\nnever permit if sender\n", "R",
     "sender=", "never permit if sender"},
    {"restrict may not be all that always wants",
     "accept open relay\nrestrict \"permit_mynetworks, reject\"\nalways reject if sender\n", "R",
     "sender=", "always reject if sender"},

    /* The file's own assertions. */
    {"never, and it is not",
     "accept open relay\nreject if size > 10\npermit\n"
     "never permit if size > 10\n",
     "P", NULL, NULL},
    {"never, and it is",
     "accept open relay\nreject if size > 10\npermit\n"
     "never permit if size >= 10\n",
     "R", "size=10\n", "f:3: error: REFUTED"},
    {"always, and it is",
     "accept open relay\nreject if size > 10\npermit\n"
     "always reject if size > 10\n",
     "P", NULL, NULL},
    {"always, and it is not",
     "accept open relay\nreject if size > 10\npermit\n"
     "always reject if size > 9\n",
     "R", "size=10\n", "asserted at f:4"},
    {"always one of two",
     "accept open relay\nreject if size > 10\ndunno\n"
     "always reject, dunno if size > 9\n",
     "P", NULL, NULL},
    {"of nothing at all", "accept open relay\npermit\nnever permit if size < 0\n", "P", NULL, NULL},
    {"an open relay that is accepted", "accept open relay\npermit\n", "", NULL, NULL},
    {"each of several",
     "accept open relay\nreject if size > 10\npermit\nnever permit if size > 10\n"
     "never reject if size > 10\nalways permit if not size\n",
     "PRP", "size=", "never reject if size > 10"},

    /* With what Postfix documents. */
    {"never at a state where it is not set",
     "accept open relay\npermit if protocol_state == \"RCPT\" and recipient_count > 1\nreject\n"
     "never permit if recipient_count > 1\n",
     "P", NULL, NULL},
    {"a state where it is",
     "accept open relay\npermit if protocol_state == \"DATA\" and recipient_count > 1\nreject\n"
     "never permit if recipient_count > 1\n",
     "R", "protocol_state=DATA\n", "breaks"},
    {"in plaintext there is no key",
     "accept open relay\npermit if encryption_keysize >= 128\nreject\n"
     "never permit if not encrypted\n",
     "P", NULL, NULL},
    {"EHLO may come with a recipient",
     "accept open relay\npermit if protocol_state == \"EHLO\" and recipient\nreject\n"
     "never permit if protocol_state == \"EHLO\"\n",
     "R", "protocol_state=EHLO\n", "breaks"},

    /* Regexes and comparisons are free: what is PROVED is so for any of them. */
    {"behind any regex",
     "reject if helo_name matches /.*/\nreject if not helo_name matches /.*/\n"
     "permit\n",
     "PP", NULL, NULL},
    {"behind a regex that takes all",
     "reject if helo_name matches /.*/\nreject if not helo_name\n"
     "permit\n",
     "PQ", NULL, "may break"},
    {"a regex and the same",
     "permit if helo_name matches /a/ and not helo_name matches /a/\n"
     "reject\n",
     "PP", NULL, NULL},
    {"a regex with a sample", "permit if helo_name matches /^mx[0-9]{2}\\.example$/\nreject\n",
     "PR", "helo_name=mx", "breaks"},
    {"a regex of a domain",
     HEAD "permit if recipient.domain matches /^mx[0-9]\\.example$/\nreject\n", "PR",
     "@mx1.example\n", "breaks"},
    {"a regex of a local part", HEAD "permit if recipient.local matches /^list-/\nreject\n", "PR",
     "recipient=list-", "breaks"},
    {"a regex of a host name in a domain",
     HEAD "permit if client_name matches /^mx/ and client_name in { .example.net }\nreject\n", "PR",
     "client_name=mx", "breaks"},
    {"two regexes that exclude each other",
     "permit if helo_name matches /^a/ and helo_name matches /^b/\nreject\n", "PQ", NULL,
     "no text was found for: helo_name matches /^a/ and helo_name matches /^b/"},
    {"two attributes that are made equal", "permit if sender == recipient\nreject\n", "PR",
     "recipient=", "breaks"},
    {"two domains that are made equal", "permit if sender.domain == recipient.domain\nreject\n",
     "PR", "recipient=", "breaks"},
    {"two local parts that are made equal", "permit if sender.local == recipient.local\nreject\n",
     "PR", "recipient=", "breaks"},
    {"a name that is made a domain", "permit if helo_name == recipient.domain\nreject\n", "PR",
     "recipient=", "breaks"},
    {"a login's own address", "permit if authenticated and sasl_username == sender\nreject\n", "PP",
     NULL, NULL},

    /* Classes that hang together, which were got wrong once. */
    {"one text in two letter cases",
     "accept open relay\npermit if sender == \"Bob\" and sender == \"bob\"\ndunno\n"
     "never permit if sender == \"bob\"\n",
     "R", "sender=", "breaks"},
    {"a listed mailbox with routing, and its neighbour",
     "accept open relay\npermit if recipient.local == \"u%x\" and recipient.domain in { d.com, "
     "e.com }\nreject if recipient in { d.com }\ndunno\n"
     "never permit if recipient.domain in { d.com, e.com } and not recipient in { u%x@d.com }\n",
     "R", "recipient=u%x@e.com\n", "breaks"},
    {"a listed mailbox with routing, and one without",
     "accept open relay\npermit if recipient.local in { \"u\", \"u%x\" }\ndunno\n"
     "never permit if recipient.domain == \"d.com\" and not recipient in { u%x@d.com }\n",
     "R", "recipient=u@d.com\n", "breaks"},
};

static const char letters[] = {
    [VERDICT_PROVED] = 'P',
    [VERDICT_REFUTED] = 'R',
    [VERDICT_POSSIBLE] = 'Q',
    [VERDICT_UNDECIDED] = 'U',
};

static Ruleset *compile(const char *rules) {
    static const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", rules, diagnostics_format(diagnostics));
    }
    return ruleset;
}

static GPtrArray *prove_within(const Ruleset *ruleset, gboolean all, guint32 budget) {
    const AnalysisHost host = {.budget = budget};
    return prove(ruleset, all, &host);
}

static char *spell(const GPtrArray *proofs) {
    GString *verdicts = g_string_new(NULL);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        g_string_append_c(verdicts, letters[proof->verdict]);
    }
    return g_string_free(verdicts, FALSE);
}

static const Proof *find_first(const GPtrArray *proofs, gboolean witnessed) {
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        if (witnessed ? proof->witness != NULL : proof->verdict != VERDICT_PROVED) {
            return proof;
        }
    }
    return NULL;
}

/* A witness is a request, and the rule that is blamed decides it. */
static void check_replay(const Ruleset *ruleset, const Proof *proof) {
    g_autoptr(Matcher) matcher = matcher_new();
    g_autofree char *block = g_strconcat(proof->witness, "\n", NULL);
    Request request;
    ck_assert_int_eq(request_parse(text_from_string(block), &request), REQUEST_OK);
    const Rule *rule = match(matcher, ruleset, &request);
    ck_assert(proof->kind == PROOF_STRANGER || rule == proof->rule);
}

START_TEST(test_rows) {
    g_autoptr(Ruleset) ruleset = compile(rows[_i].rules);
    g_autoptr(GPtrArray) proofs = prove_within(ruleset, FALSE, ANALYSIS_BUDGET_DEFAULT);
    g_autofree char *verdicts = spell(proofs);
    const Proof *witnessed = find_first(proofs, TRUE);
    const Proof *unproved = find_first(proofs, FALSE);
    ck_assert_msg(g_str_equal(verdicts, rows[_i].verdicts), "%s: %s", rows[_i].name, verdicts);
    ck_assert_msg((witnessed != NULL) == (rows[_i].witness != NULL), "%s", rows[_i].name);
    ck_assert_msg((unproved != NULL) == (rows[_i].said != NULL), "%s", rows[_i].name);
    ck_assert_int_eq(prove_holds(proofs), unproved == NULL);
    if (witnessed) {
        ck_assert_msg(strstr(witnessed->witness, rows[_i].witness) != NULL, "%s: %s", rows[_i].name,
                      witnessed->witness);
        check_replay(ruleset, witnessed);
    }
    if (unproved) {
        g_autofree char *said = proof_explain(unproved, ruleset, "f");
        ck_assert_msg(strstr(said, rows[_i].said) != NULL, "%s: %s", rows[_i].name, said);
        ck_assert_msg(!unproved->witness || strstr(said, "request=smtpd_access_policy\n") != NULL,
                      "%s: %s", rows[_i].name, said);
    }
}
END_TEST

/* Too small a budget decides nothing, or rarely what is right. */
START_TEST(test_budget) {
    static const guint32 budgets[] = {0, 1, 2, 5, 10, 20, 50, 100, 200, 500};
    g_autoptr(Ruleset) ruleset = compile(rows[_i].rules);
    for (guint i = 0; i < G_N_ELEMENTS(budgets); i++) {
        g_autoptr(GPtrArray) proofs = prove_within(ruleset, FALSE, budgets[i]);
        g_autofree char *verdicts = spell(proofs);
        for (guint j = 0; j < proofs->len; j++) {
            ck_assert_msg(verdicts[j] == 'U' || verdicts[j] == rows[_i].verdicts[j],
                          "%s: %u nodes: %s", rows[_i].name, budgets[i], verdicts);
        }
    }
}
END_TEST

START_TEST(test_undecided) {
    g_autoptr(Ruleset) ruleset = compile(HEAD BODY NEVER);
    g_autoptr(GPtrArray) proofs = prove_within(ruleset, TRUE, 10);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        g_autofree char *said = proof_explain(proof, ruleset, "f");
        ck_assert_int_eq(proof->verdict, VERDICT_UNDECIDED);
        ck_assert_ptr_nonnull(strstr(said, "NOT DECIDED"));
    }
    ck_assert(!prove_holds(proofs));
}
END_TEST

START_TEST(test_stopped) {
    static const volatile gint stop = 1;
    const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT, .stop = &stop};
    GString *rules = g_string_new("accept open relay\n");
    for (guint i = 0; i < 400; i++) {
        g_string_append_printf(rules, "reject if size == %u and client_port != %u\n", 7 * i, 3 * i);
    }
    g_string_append(rules, "permit\nnever permit if size > 10 and client_port > 10\n");
    g_autofree char *text = g_string_free(rules, FALSE);
    g_autoptr(Ruleset) ruleset = compile(text);
    g_autoptr(GPtrArray) proofs = prove(ruleset, FALSE, &host);
    ck_assert_int_eq(((const Proof *)g_ptr_array_index(proofs, 0))->verdict, VERDICT_UNDECIDED);
}
END_TEST

/* What an outsider's mail to elsewhere meets in Postfix is told, and stops nothing. */
static const struct {
    const char *rules;
    Verdict verdict;
} left[] = {
    {HEAD BODY, VERDICT_PROVED},
    {HEAD "dunno\n", VERDICT_REFUTED},
    {HEAD "redirect \"a@example.com\"\n", VERDICT_REFUTED},
    {HEAD "reject if not recipient in local\ndunno\n", VERDICT_PROVED},
    {HEAD "defer\n", VERDICT_PROVED},
};

START_TEST(test_left) {
    g_autoptr(Ruleset) ruleset = compile(left[_i].rules);
    g_autoptr(GPtrArray) proofs = prove_within(ruleset, TRUE, ANALYSIS_BUDGET_DEFAULT);
    const Proof *proof = g_ptr_array_index(proofs, proofs->len - 1);
    ck_assert_int_eq(proof->kind, PROOF_LEFT);
    ck_assert_int_eq(proof->verdict, left[_i].verdict);
    ck_assert(prove_holds(proofs));
}
END_TEST

/* An axiom is named where it was needed, and only there. */
START_TEST(test_axioms) {
    static const char *const rules[] = {
        "permit if encryption_keysize >= 128\nreject\nnever permit if not encrypted\n",
        "permit if encrypted\nreject if encryption_keysize > 0\nreject\n"
        "never permit if not encrypted\n",
    };
    g_autofree char *text = g_strconcat("accept open relay\n", rules[_i], NULL);
    g_autoptr(Ruleset) ruleset = compile(text);
    g_autoptr(GPtrArray) proofs = prove_within(ruleset, FALSE, ANALYSIS_BUDGET_DEFAULT);
    const Proof *proof = g_ptr_array_index(proofs, 0);
    ck_assert_int_eq(proof->verdict, VERDICT_PROVED);
    ck_assert_int_eq(proof->axioms != NULL, _i == 0);
    if (proof->axioms) {
        ck_assert_ptr_nonnull(strstr(g_ptr_array_index(proof->axioms, 0), "encryption_keysize"));
    }
}
END_TEST

START_TEST(test_claim) {
    g_autoptr(Ruleset) ruleset = compile(HEAD BODY "never permit,\n   reject if size  > 10\n"
                                                   "never permit # why\n if (sender == \"a  b@c\"\n"
                                                   "   and (not recipient or size))\n");
    static const char *const claims[] = {
        "no stranger is an insider", "never permit if not insider and not recipient in local",
        "never permit, reject if size > 10",
        "never permit if (sender == \"a  b@c\" and (not recipient or size))"};
    g_autoptr(GPtrArray) proofs = prove_within(ruleset, FALSE, ANALYSIS_BUDGET_DEFAULT);
    ck_assert_uint_eq(proofs->len, G_N_ELEMENTS(claims));
    for (guint i = 0; i < proofs->len; i++) {
        g_autofree char *claim = proof_claim(g_ptr_array_index(proofs, i), ruleset);
        ck_assert_str_eq(claim, claims[i]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("prove");
    UNIT_ADD_TABLE(suite, test_rows, rows);
    UNIT_ADD_TABLE(suite, test_budget, rows);
    UNIT_ADD_TABLE(suite, test_left, left);
    TCase *tcase = tcase_create("prove");
    tcase_add_test(tcase, test_undecided);
    tcase_add_test(tcase, test_stopped);
    tcase_add_loop_test(tcase, test_axioms, 0, 2);
    tcase_add_test(tcase, test_claim);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
