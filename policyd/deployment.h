/*
 * Deployment: a ruleset in service, and how often each of its rules decided. Workers hold
 * references and count their own hits; all else is the main thread's, but reading. Hits outlive a
 * reload in the rules whose text is the same.
 */
#ifndef POLICYD_DEPLOYMENT_H
#define POLICYD_DEPLOYMENT_H

#include "counters.h"
#include "rules/ruleset.h"

typedef struct Deployment Deployment;

/* Takes the ruleset; for so many workers. */
Deployment *deployment_new(Ruleset *ruleset, guint workers);

Deployment *deployment_ref(Deployment *deployment);

/* The last one frees, in a thread of its own, as that takes a while for long lists. Any thread. */
void deployment_unref(Deployment *deployment);

const Ruleset *deployment_ruleset(const Deployment *deployment);

/* By rule, of one worker, numbered from 0: only its thread adds. */
Counter *deployment_hits(Deployment *deployment, guint worker);

/* How many rules of a deployment that is to come are not in the present one, by their text, and the
 * other way round. Any thread, before deployment_follow(). */
void deployment_compare(const Deployment *deployment, Deployment *next, guint *added, guint *gone);

/* The second comes after the first, with which it was compared; once for each. The main thread
 * alone, as the next two. */
void deployment_follow(Deployment *deployment, Deployment *next);

/* A worker has left this deployment, which has a next one: its hits go on to that, and a reference
 * is given back. */
void deployment_leave(Deployment *deployment, guint worker);

/* How often the rule decided, since the daemon's start or since its text is as it is. Any thread.
 */
guint64 deployment_rule_hits(const Deployment *deployment, guint rule);

#endif
