/*
 * Goals: random rule files with something to prove: assertions, and an `insider` of their own.
 */
#ifndef GOALS_H
#define GOALS_H

#include "engine/generator.h"

/* A rule file that compiles, of so many rules; owned by the caller. Requests are drawn from the
 * constants of the generator's last file. */
char *goals_rules(Generator *generator, GRand *random, guint count);

#endif
