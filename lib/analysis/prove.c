/*
 * Prove: a goal has a region of requests, and actions that no rule may take there. First each rule
 * that could break it is looked at alone: mostly its condition and the region have nothing in
 * common, and no other rule needs to be known. Only else a Sieve is asked whether a request of the
 * region comes to it.
 */
#include "analysis/prove.h"

#include "analysis/axiom.h"
#include "analysis/sieve.h"
#include "protocol/request.h"
#include "rules/match.h"

/* Requests that are looked for in what a rule takes of a region, before it counts as possible only.
 */
#define WITNESSES_MAX 24

/* Rules between two words on how far it is. */
#define TELL_STEP 64

#define SET(action) ((ActionSet)1 << ACTION_##action)

/* What Postfix goes on after. */
#define GOES_ON                                                                           \
    (SET(DUNNO) | SET(DEFER_IF_REJECT) | SET(HOLD) | SET(WARN) | SET(INFO) | SET(PREPEND) \
     | SET(REDIRECT) | SET(BCC) | SET(FILTER))

typedef struct {
    const Ruleset *ruleset;
    const AnalysisHost *host;
    Space *space;
    Sieve *sieve; /* NULL while only some rules are looked at */
    Matcher *matcher;
} Prover;

const char *verdict_word(Verdict verdict) {
    static const char *const words[] = {
        [VERDICT_PROVED] = "PROVED",
        [VERDICT_REFUTED] = "REFUTED",
        [VERDICT_POSSIBLE] = "POSSIBLE",
        [VERDICT_UNDECIDED] = "NOT DECIDED",
    };
    return words[verdict];
}

static void proof_free(gpointer data) {
    Proof *proof = data;
    g_free(proof->witness);
    g_free(proof->obstacles);
    g_clear_pointer(&proof->axioms, g_ptr_array_unref);
    g_free(proof);
}

/* The rule does in the region what it may not. */
static gboolean breaks(const Proof *proof, const Rule *rule) {
    switch (proof->kind) {
    case PROOF_STRANGER:
        return FALSE;
    case PROOF_RELAY:
        return (rule->outcomes & SET(PERMIT)) != 0;
    case PROOF_LEFT:
        return (rule->outcomes & GOES_ON) != 0;
    case PROOF_ASSERTION:
        break;
    }
    const Assertion *assertion = proof->assertion;
    g_assert(assertion);
    return assertion->kind == ASSERTION_NEVER ? (rule->outcomes & assertion->actions) != 0
                                              : (rule->outcomes & ~assertion->actions) != 0;
}

static Bdd outside(const Prover *prover) {
    const Landmarks *landmarks = ruleset_landmarks(prover->ruleset);
    BddTable *table = space_table(prover->space);
    Bdd out = bdd_not(table, space_condition(prover->space, landmarks->insider));
    return landmarks->local
               ? bdd_without(table, out, space_condition(prover->space, landmarks->local))
               : out;
}

/* Where the goal speaks, of the requests given. */
static Bdd find_region(const Prover *prover, const Proof *proof, Bdd of) {
    const Landmarks *landmarks = ruleset_landmarks(prover->ruleset);
    BddTable *table = space_table(prover->space);
    Bdd region;
    switch (proof->kind) {
    case PROOF_STRANGER:
        region = bdd_and(table, space_stranger(prover->space),
                         space_condition(prover->space, landmarks->insider));
        region =
            bdd_without(table, region, space_condition(prover->space, landmarks->authenticated));
        break;
    case PROOF_ASSERTION:
        region = space_condition(prover->space, proof->assertion->condition);
        break;
    default:
        region = outside(prover);
        break;
    }
    return bdd_and(table, region, of);
}

/* The same, of one request, which match() has just decided. */
static gboolean is_in_region(const Prover *prover, const Proof *proof, const Request *request) {
    const Landmarks *landmarks = ruleset_landmarks(prover->ruleset);
    Matcher *matcher = prover->matcher;
    const Ruleset *ruleset = prover->ruleset;
    switch (proof->kind) {
    case PROOF_STRANGER:
        return match_is_true(matcher, ruleset, request, landmarks->insider)
               && !match_is_true(matcher, ruleset, request, landmarks->authenticated);
    case PROOF_ASSERTION:
        return match_is_true(matcher, ruleset, request, proof->assertion->condition);
    default:
        return !match_is_true(matcher, ruleset, request, landmarks->insider)
               && !(landmarks->local && match_is_true(matcher, ruleset, request, landmarks->local));
    }
}

/* Asks the engine itself; *taker is the rule that decides the witness. */
static gboolean replay(const Prover *prover, Proof *proof, const char *witness,
                       const Rule **taker) {
    g_autofree char *block = g_strconcat(witness, "\n", NULL);
    Request request;
    if (request_parse(text_from_string(block), &request) != REQUEST_OK) {
        return FALSE;
    }
    const Rule *rule = *taker = match(prover->matcher, prover->ruleset, &request);
    if ((proof->kind != PROOF_STRANGER && !breaks(proof, rule))
        || !is_in_region(prover, proof, &request)) {
        return FALSE;
    }
    proof->rule = proof->kind == PROOF_STRANGER ? NULL : rule;
    return TRUE;
}

/*
 * Looks for a request in what breaks the goal; by this rule, if it is one. Where a rule before it
 * takes one, it takes the others that it matches too. What remains is that it may be so, unless the
 * budget ended the search.
 */
static gboolean refute(const Prover *prover, Proof *proof, Bdd hit, const Rule *suspect) {
    BddTable *table = space_table(prover->space);
    for (guint i = 0; i < WITNESSES_MAX && hit != BDD_FALSE && hit != BDD_UNDECIDED;) {
        Bdd tried;
        Bdd before = hit;
        const Rule *taker = NULL;
        g_autofree char *witness = space_witness(prover->space, hit, &tried);
        if (witness && replay(prover, proof, witness, &taker)) {
            proof->verdict = VERDICT_REFUTED;
            proof->witness = g_steal_pointer(&witness);
            return TRUE;
        }
        if (taker && suspect && taker < suspect) {
            hit = bdd_without(table, hit, space_condition(prover->space, taker->condition));
        }
        if (hit == before) {
            proof->obstacles = proof->obstacles ? proof->obstacles : space_obstacles(prover->space);
            hit = bdd_without(table, hit, tried);
            i++;
        }
    }
    proof->verdict = hit == BDD_UNDECIDED ? VERDICT_UNDECIDED : VERDICT_POSSIBLE;
    return FALSE;
}

static void tell(const Prover *prover, guint done) {
    if (prover->host->tell && done % TELL_STEP == 0) {
        prover->host->tell("proving", done, ruleset_rule_count(prover->ruleset),
                           prover->host->data);
    }
}

/* What comes to the rule of a region, FALSE if that is nothing. */
static Bdd find_hit(const Prover *prover, Bdd region, guint rule) {
    BddTable *table = space_table(prover->space);
    Bdd condition = space_condition(prover->space, ruleset_rule(prover->ruleset, rule)->condition);
    if (bdd_meets(table, region, condition) == BDD_MEETS_NO) {
        return BDD_FALSE;
    }
    SieveSearch search = {bdd_and(table, region, condition), rule, rule + 1};
    guint found = sieve_find(prover->sieve, &search);
    return found == SIEVE_UNDECIDED ? BDD_UNDECIDED
           : found == SIEVE_NONE    ? BDD_FALSE
                                    : search.region;
}

/* Each rule that breaks the goal, until a request shows it. */
static void try_suspects(const Prover *prover, Proof *proof, Bdd region) {
    BddTable *table = space_table(prover->space);
    const Rule *possible = NULL;
    for (guint i = 0; i < ruleset_rule_count(prover->ruleset); i++) {
        const Rule *rule = ruleset_rule(prover->ruleset, i);
        tell(prover, i);
        Bdd hit = breaks(proof, rule) ? find_hit(prover, region, i) : BDD_FALSE;
        if (hit == BDD_FALSE) {
            continue;
        }
        hit = bdd_and(table, hit, space_universe(prover->space, FALSE));
        if (refute(prover, proof, hit, rule) || proof->verdict == VERDICT_UNDECIDED) {
            return;
        }
        possible = possible ? possible : rule;
    }
    proof->verdict = possible ? VERDICT_POSSIBLE : VERDICT_PROVED;
    proof->rule = possible;
}

/* Of the requests that these axioms allow. */
static void decide(const Prover *prover, Proof *proof, guint axioms) {
    Bdd region = find_region(prover, proof, space_universe_with(prover->space, axioms));
    g_clear_pointer(&proof->obstacles, g_free);
    if (region == BDD_FALSE) {
        proof->verdict = VERDICT_PROVED;
    } else if (region == BDD_UNDECIDED) {
        proof->verdict = VERDICT_UNDECIDED;
    } else if (proof->kind == PROOF_STRANGER) {
        refute(prover, proof, region, NULL);
    } else {
        try_suspects(prover, proof, find_region(prover, proof, space_bound(prover->space, axioms)));
    }
}

static gboolean is_proved_with(const Prover *prover, const Proof *proof, guint axioms) {
    Proof again = {.kind = proof->kind, .assertion = proof->assertion};
    decide(prover, &again, axioms);
    g_free(again.witness);
    g_free(again.obstacles);
    return again.verdict == VERDICT_PROVED;
}

/* Those without which it can't be proved, one after the other dropped. */
static void keep_axioms(const Prover *prover, Proof *proof) {
    guint needed = G_MAXUINT;
    proof->axioms = g_ptr_array_new();
    for (guint i = 0; axiom_table()[i].text; i++) {
        guint fewer = needed & ~(1u << i);
        if (is_proved_with(prover, proof, fewer)) {
            needed = fewer;
        } else {
            g_ptr_array_add(proof->axioms, (gpointer)(guintptr)axiom_table()[i].text);
        }
    }
}

/* First of all requests, then of those that Postfix can send. */
static void decide_with_axioms(const Prover *prover, Proof *proof) {
    Bdd universe = space_universe(prover->space, FALSE);
    Bdd narrower = space_universe(prover->space, TRUE);
    decide(prover, proof, 0);
    if (proof->verdict == VERDICT_PROVED || narrower == universe) {
        return;
    }
    Proof again = {.kind = proof->kind, .assertion = proof->assertion};
    decide(prover, &again, G_MAXUINT);
    g_free(proof->witness);
    g_free(proof->obstacles);
    *proof = again;
    if (proof->verdict == VERDICT_PROVED) {
        keep_axioms(prover, proof);
    }
}

/* TRUE if no rule that could break the goal has anything of its region. */
static gboolean is_clear(const Prover *prover, const Proof *proof) {
    BddTable *table = space_table(prover->space);
    Bdd region = find_region(prover, proof, space_universe(prover->space, FALSE));
    if (region == BDD_UNDECIDED || proof->kind == PROOF_STRANGER) {
        return region == BDD_FALSE;
    }
    for (guint i = 0; i < ruleset_rule_count(prover->ruleset); i++) {
        const Rule *rule = ruleset_rule(prover->ruleset, i);
        tell(prover, i);
        if (breaks(proof, rule)
            && bdd_meets(table, region, space_condition(prover->space, rule->condition))
                   != BDD_MEETS_NO) {
            return FALSE;
        }
    }
    return TRUE;
}

static void add_root(GPtrArray *roots, const Expression *expression) {
    if (expression) {
        g_ptr_array_add(roots, (gpointer)(guintptr)expression);
    }
}

/* The goals' expressions, and the conditions of the rules: of those that could break one, or of
 * all.
 */
static GPtrArray *find_roots(const Ruleset *ruleset, const GPtrArray *proofs, gboolean all) {
    const Landmarks *landmarks = ruleset_landmarks(ruleset);
    GPtrArray *roots = g_ptr_array_new();
    add_root(roots, landmarks->insider);
    add_root(roots, landmarks->authenticated);
    add_root(roots, landmarks->local);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        add_root(roots, proof->assertion ? proof->assertion->condition : NULL);
    }
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        gboolean wanted = all;
        for (guint j = 0; j < proofs->len && !wanted; j++) {
            wanted = breaks(g_ptr_array_index(proofs, j), rule);
        }
        add_root(roots, wanted ? rule->condition : NULL);
    }
    return roots;
}

static void add_goal(GPtrArray *proofs, ProofKind kind, const Assertion *assertion) {
    Proof *proof = g_new0(Proof, 1);
    proof->kind = kind;
    proof->assertion = assertion;
    proof->verdict = VERDICT_UNDECIDED;
    g_ptr_array_add(proofs, proof);
}

static GPtrArray *find_goals(const Ruleset *ruleset, gboolean all) {
    GPtrArray *proofs = g_ptr_array_new_with_free_func(proof_free);
    if (!ruleset_accepts_open_relay(ruleset)) {
        add_goal(proofs, PROOF_STRANGER, NULL);
        add_goal(proofs, PROOF_RELAY, NULL);
    }
    for (guint i = 0; i < ruleset_assertion_count(ruleset); i++) {
        add_goal(proofs, PROOF_ASSERTION, ruleset_assertion(ruleset, i));
    }
    if (all) {
        add_goal(proofs, PROOF_LEFT, NULL);
    }
    return proofs;
}

/* Settles the goals for which no rule needs to be known but those that could break it; TRUE if that
 * were all. */
static gboolean prove_alone(Prover *prover, const GPtrArray *proofs) {
    g_autoptr(GPtrArray) roots = find_roots(prover->ruleset, proofs, FALSE);
    gboolean all = TRUE;
    prover->space = space_new(prover->ruleset, roots, prover->host);
    for (guint i = 0; i < proofs->len; i++) {
        Proof *proof = g_ptr_array_index(proofs, i);
        proof->verdict = is_clear(prover, proof) ? VERDICT_PROVED : VERDICT_UNDECIDED;
        all = all && proof->verdict == VERDICT_PROVED;
    }
    g_clear_pointer(&prover->space, space_free);
    return all;
}

static void prove_rest(Prover *prover, const GPtrArray *proofs) {
    g_autoptr(GPtrArray) roots = find_roots(prover->ruleset, proofs, TRUE);
    prover->space = space_new(prover->ruleset, roots, prover->host);
    prover->sieve = sieve_new(prover->space, prover->ruleset);
    for (guint i = 0; i < proofs->len; i++) {
        Proof *proof = g_ptr_array_index(proofs, i);
        if (proof->verdict != VERDICT_PROVED) {
            decide_with_axioms(prover, proof);
        }
    }
    g_clear_pointer(&prover->sieve, sieve_free);
    g_clear_pointer(&prover->space, space_free);
}

GPtrArray *prove(const Ruleset *ruleset, gboolean all, const AnalysisHost *host) {
    g_autoptr(Matcher) matcher = matcher_new();
    Prover prover = {.ruleset = ruleset, .host = host, .matcher = matcher};
    GPtrArray *proofs = find_goals(ruleset, all);
    if (!prove_alone(&prover, proofs)) {
        prove_rest(&prover, proofs);
    }
    return proofs;
}

gboolean prove_holds(const GPtrArray *proofs) {
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        if (proof->kind != PROOF_LEFT && proof->verdict != VERDICT_PROVED) {
            return FALSE;
        }
    }
    return TRUE;
}
