/*
 * Diff: which requests two rule files decide otherwise, as a few classes in the files' own words.
 *
 * Equal holds for all requests, with regexes and comparisons of attributes taken as free. A class
 * comes with a request that match() was seen to decide by both files as the class says; one for
 * which none was found is only possible.
 *
 * Where the decisions on all requests that Postfix can send are equal (axiom.h), others don't
 * count: nobody but a person at policyctl(1) can make them. That this was used is told.
 */
#ifndef POLICY_DIFF_H
#define POLICY_DIFF_H

#include "analysis/describe.h"

typedef enum {
    DIFF_EQUAL,
    DIFF_CHANGED,
    DIFF_POSSIBLE,  /* it might have changed, but no request was found that shows it */
    DIFF_UNDECIDED, /* the budget of nodes didn't suffice, or the analysis was stopped */
} DiffVerdict;

/* A class of requests. */
typedef struct {
    const Rule *rules[2]; /* what decides the witness, or might decide the class: old and new */
    GPtrArray *claims;    /* what the class is, see describe(); NULL if that was not decided */
    gboolean unmatched;   /* of that, only what no rule above these two matches */
    char *witness;        /* lines of an attribute block; NULL if it is only possible */
    char *obstacles;      /* of one that is: the regexes that no text was found for */
} DiffClass;

/* Changes of one kind. */
typedef struct {
    GPtrArray *classes; /* of DiffClass, by old and new decision, in the order of the rules */
    gboolean more;      /* there are other such changes */
} DiffChanges;

typedef struct {
    DiffVerdict verdict;
    DiffChanges actions; /* another action, or another argument of one that needs it */
    DiffChanges texts;   /* only another text or code of the same action */
    gboolean undecided;  /* there may be more of either */
    GPtrArray *axioms;   /* EQUAL: texts of those without which it isn't; else NULL */
} Diff;

/* Classes of each kind. */
#define DIFF_CLASSES_DEFAULT 10
#define DIFF_CLASSES_MAX 1000

/* Both have detail, and are not shared with another thread yet: diff() joins them. The Diff borrows
 * from them. */
Diff *diff(Ruleset *old_ruleset, Ruleset *new_ruleset, guint classes, const AnalysisHost *host);
void diff_free(Diff *diff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diff, diff_free)

#endif
