/*
 * Breach: whether one request shows that something does not hold that was to be proved, by the
 * walk.
 */
#ifndef BREACH_H
#define BREACH_H

#include "analysis/prove.h"
#include "engine/walk.h"

/* Both borrowed. */
typedef struct {
    Walker *walker;
    const Ruleset *ruleset;
} Breach;

/* The request, decided by the rule, is one that the goal says there is none of. A stranger is one
 * to what `insider` lists, at least. */
gboolean breach_shows(const Breach *breach, const Proof *proof, const Rule *rule,
                      const Request *request);

/* The request is a stranger's to all that the file lists. */
gboolean breach_is_stranger(const Breach *breach, const Request *request);

/* Postfix could send it: axiom.h. */
gboolean breach_can_be_sent(const Request *request);

#endif
