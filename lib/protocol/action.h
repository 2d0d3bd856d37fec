/*
 * Action: what a rule may answer, and what Postfix takes for it (access(5), and
 * check_table_result() in src/smtpd/smtpd_check.c, where the two differ).
 */
#ifndef POLICY_ACTION_H
#define POLICY_ACTION_H

#include "protocol/text.h"

typedef enum {
    ACTION_PERMIT,
    ACTION_DUNNO,
    ACTION_REJECT,
    ACTION_DEFER,
    ACTION_DEFER_IF_PERMIT,
    ACTION_DEFER_IF_REJECT,
    ACTION_HOLD,
    ACTION_DISCARD,
    ACTION_WARN,
    ACTION_INFO,
    ACTION_PREPEND,
    ACTION_REDIRECT,
    ACTION_BCC,
    ACTION_FILTER,
    ACTION_RESTRICT,
    ACTION_COUNT
} Action;

/* A set of actions: bit `1 << action`. */
typedef guint32 ActionSet;

typedef enum {
    ACTION_TEXT_NONE,     /* takes no text */
    ACTION_TEXT_OPTIONAL, /* a text for the client or the log */
    ACTION_TEXT_REQUIRED, /* an argument, without which Postfix would ignore the action */
} ActionText;

typedef struct {
    const char *name; /* in a rule */
    const char *word; /* in a reply */
    ActionText text;
    char class;    /* first digit of its reply and enhanced status codes, or 0 if it has none */
    gboolean code; /* may be given a reply code of its own: `reject 550 "text"` */
} ActionInfo;

const ActionInfo *action_info(Action action);

/* FALSE, and *out untouched, if there is no such action. */
gboolean action_find(Text name, Action *out);

typedef struct {
    const char *name;
    ActionSet outcomes; /* what Postfix may make of it, beside going on: permits, where that may
                           relay; rejects; defers, as each lookup that fails for a while does */
} RestrictionInfo;

/* Postfix's own restrictions that need neither a table nor a service, ending in a NULL name. */
const RestrictionInfo *action_restrictions(void);

/* NULL if it is none of them; `name` is in lower case. */
const RestrictionInfo *action_find_restriction(Text name);

#endif
