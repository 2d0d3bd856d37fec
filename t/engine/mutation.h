/*
 * Mutation: small changes of a rule file of generator.h, as a person might make them.
 */
#ifndef MUTATION_H
#define MUTATION_H

#include "engine/generator.h"

/* The lists and conditions first, then the rules, so that these can be moved; the same file else.
 * The caller frees it. */
char *mutation_sort(const char *rules);

/* A sorted file with one change: two rules swapped, an item dropped, a test negated, an action
 * changed, a rule written twice or left out. Now and then nothing changes. The caller frees it. */
char *mutation_make(Generator *generator, const char *rules);

#endif
