/*
 * Walk: the oracle of the engine: each rule in turn, each test by the lists themselves, nothing
 * classified, indexed or remembered. Slow and plain; it shares with lib/rules/match.c the request
 * and the lists, but none of the engine.
 */
#ifndef WALK_H
#define WALK_H

#include "protocol/request.h"
#include "rules/ruleset.h"

typedef struct Walker Walker;

Walker *walker_new(void);
void walker_free(Walker *walker);

/* Whether an expression is true of a request. */
gboolean walk_is_true(Walker *walker, const Expression *expression, const Request *request);

const Rule *walk(Walker *walker, const Ruleset *ruleset, const Request *request);

#endif
