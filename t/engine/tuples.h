/*
 * Tuples: requests made of a few values for each attribute that a rule file asks: its own
 * constants, their neighbours, and what it does not speak of. All of them, or if they are too many,
 * as many random ones.
 */
#ifndef TUPLES_H
#define TUPLES_H

#include "protocol/request.h"
#include "rules/ruleset.h"

typedef struct Tuples Tuples;

/* At most `maximum` requests. */
Tuples *tuples_new(const Ruleset *ruleset, guint maximum, guint32 seed);
void tuples_free(Tuples *tuples);

/* TRUE if the file has regexes, or compares attributes: then there may be requests that no tuple is
 * like. */
gboolean tuples_may_miss(const Ruleset *ruleset);

/* FALSE after the last one. The request borrows from the tuples. */
gboolean tuples_next(Tuples *tuples, Request *out);

#endif
