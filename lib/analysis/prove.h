/*
 * Prove: what a rule file must keep, decided for every request there is. The standing assertion
 * says that the file is no open relay, and the file's own say what else is never or always so.
 *
 * A proof holds for all requests, with regexes and comparisons of attributes taken as free. A
 * refutation comes with a request that match() was seen to answer so.
 */
#ifndef POLICY_PROVE_H
#define POLICY_PROVE_H

#include "analysis/space.h"

typedef enum {
    PROOF_STRANGER,  /* no stranger is an insider: the standing assertion is not hollow */
    PROOF_RELAY,     /* never permit if not insider and not recipient in local */
    PROOF_ASSERTION, /* one of the file's */
    PROOF_LEFT, /* nothing that must hold: no outsider's mail to elsewhere is left to Postfix */
} ProofKind;

typedef enum {
    VERDICT_PROVED,
    VERDICT_REFUTED,   /* a request shows it */
    VERDICT_POSSIBLE,  /* it might be so, but no request was found that shows it */
    VERDICT_UNDECIDED, /* the budget of nodes didn't suffice, or the analysis was stopped */
} Verdict;

typedef struct {
    ProofKind kind;
    const Assertion *assertion; /* of PROOF_ASSERTION, else NULL */
    Verdict verdict;
    const Rule *rule;  /* REFUTED and POSSIBLE: what breaks it; NULL for PROOF_STRANGER */
    char *witness;     /* REFUTED: lines of an attribute block */
    char *obstacles;   /* POSSIBLE: the regexes that no text was found for */
    GPtrArray *axioms; /* PROVED: texts of the axioms that it needs; NULL: none */
} Proof;

/* "PROVED", and so on. */
const char *verdict_word(Verdict verdict);

/* Proves what must hold, and with `all` PROOF_LEFT too. An array of Proof, which borrow from the
 * ruleset; the caller frees it with g_ptr_array_unref(). A file that accepts an open relay has only
 * its own assertions. */
GPtrArray *prove(const Ruleset *ruleset, gboolean all, const AnalysisHost *host);

/* TRUE if all that must hold is PROVED, so the ruleset may be loaded. */
gboolean prove_holds(const GPtrArray *proofs);

/* What is proved, in words: the file's own where the ruleset has detail. The caller frees it. */
char *proof_claim(const Proof *proof, const Ruleset *ruleset);

/* Why it is not PROVED and what to do, in a few lines, with the witness; `path` is what the rule
 * file is called in a command. The caller frees it. */
char *proof_explain(const Proof *proof, const Ruleset *ruleset, const char *path);

#endif
