/*
 * Overlaps: random rule files whose rules take requests from each other: their tests are of two
 * kinds, nested, halves of a whole, each with and without `not`. Statements are broken over lines.
 */
#ifndef OVERLAPS_H
#define OVERLAPS_H

#include "engine/generator.h"

/* A rule file as generator_rules() writes them, of so many rules and a last one; owned by the
 * caller. */
char *overlaps_rules(Generator *generator, guint rules);

/* The same, of rules most of which ask for one value of many, so that many are reached. */
char *overlaps_narrow_rules(Generator *generator, guint rules);

/* The same file with line breaks and comments before some words; owned by the caller. */
char *overlaps_break_lines(Generator *generator, const char *rules);

#endif
