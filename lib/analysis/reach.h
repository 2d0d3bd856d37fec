/*
 * Reach: which requests come to each rule, and what that says against the file: rules that none
 * comes to, rules that change nothing, block lists that a recipient gets round.
 *
 * It is worked out for all requests, with regexes and comparisons of attributes taken as free: a
 * rule that is called unreachable or redundant is so.
 */
#ifndef POLICY_REACH_H
#define POLICY_REACH_H

#include "analysis/space.h"
#include "rules/diagnostic.h"

/* The kinds of the warnings. */
#define REACH_UNREACHABLE "unreachable"
#define REACH_REDUNDANT "redundant"
#define REACH_SHADOWED "shadowed"   /* earlier rules take a part of what it matches */
#define REACH_ESCAPED "escaped"     /* a routed form of a recipient gets round it */
#define REACH_UNDECIDED "undecided" /* the budget did not suffice */

/* Adds the warnings about a ruleset that was compiled with detail; REACH_SHADOWED only if
 * `verbose`. They borrow nothing from the ruleset. */
void reach_lint(const Ruleset *ruleset, gboolean verbose, const AnalysisHost *host,
                Diagnostics *warnings);

#endif
