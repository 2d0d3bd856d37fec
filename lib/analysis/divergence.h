/*
 * Divergence: where two rule files part: requests that one rule of each decides, and otherwise.
 */
#ifndef POLICY_DIVERGENCE_H
#define POLICY_DIVERGENCE_H

#include "analysis/space.h"

typedef struct {
    guint rules[2]; /* by file; their decisions have different texts */
    Bdd region;     /* all that these two decide; not empty */
} Divergence;

/* An array of Divergence, by the rules of the first file and then of the second; those that are not
 * there are none. The conditions of both files are among the roots of the space. NULL if the budget
 * does not suffice. */
GArray *divergence_find(Space *space, const Ruleset *const rulesets[2], const AnalysisHost *host);

#endif
