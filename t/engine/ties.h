/*
 * Ties: random rule files whose tests all speak of one attribute, whole and of its parts, with few
 * constants in several letter cases: what one test says there often settles another.
 */
#ifndef TIES_H
#define TIES_H

#include <glib.h>

/* A rule file as generator_rules() writes them; owned by the caller. */
char *ties_rules(GRand *random, guint rules);

#endif
