/*
 * Same: whether two rulesets mean the same, part by part. Both were compiled with detail.
 */
#ifndef FUZZ_SAME_H
#define FUZZ_SAME_H

#include "rules/ruleset.h"

gboolean same_lists(const List *a, const List *b);

/* Of two tests, by what they ask. */
gboolean same_tests(const Test *a, const Test *b);

/* The same rules, assertions and expressions in the same order. */
gboolean same_rulesets(const Ruleset *a, const Ruleset *b);

#endif
