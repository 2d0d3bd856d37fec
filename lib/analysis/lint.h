/*
 * Lint: what in a good rule file is likely a mistake, as far as it shows without working out what
 * the rules mean together. A false alarm is worse than silence.
 */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "rules/diagnostic.h"
#include "rules/ruleset.h"

/* The kinds of the warnings. */
#define LINT_UNUSED "unused"   /* a definition that nothing uses */
#define LINT_COVERED "covered" /* entries of a list that others of it cover */
#define LINT_WIDE "wide"       /* a network that is hardly meant */
#define LINT_SLOW "slow"       /* rules that are looked at for each request */
#define LINT_EMPTY "empty"     /* a test of what is empty in the state that is asked for */

/* Adds the warnings about a ruleset that was compiled with `detail`; of the covered entries of one
 * list a few and their number, or, if `verbose`, each. They borrow nothing from the ruleset;
 * diagnostics_sort() is the caller's. */
void lint_text(const Ruleset *ruleset, gboolean verbose, Diagnostics *warnings);

#endif
