/*
 * Nearest: the known word that a typo was meant to be.
 */
#ifndef POLICY_NEAREST_H
#define POLICY_NEAREST_H

#include "protocol/text.h"

/* The word of `known`, which ends in NULL, that is at most a third of its letters away from `word`
 * (a letter put in, left out, changed, or swapped with its neighbour; its case
 * counts for nothing); NULL if none is. */
const char *nearest_find(Text word, const char *const *known);

#endif
