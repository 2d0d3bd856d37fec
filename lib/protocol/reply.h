/*
 * Reply: what an action's text may be, and the bytes that answer a request: `action=...\n\n`.
 *
 * Postfix takes much for a permit (an empty action, digits without text) or for a server error (a
 * word that it doesn't know), so a reply is checked when it is made, at load, and what Postfix
 * would read as something else can't be made. Sources: attr_scan_plain.c, check_table_result().
 */
#ifndef POLICY_REPLY_H
#define POLICY_REPLY_H

#include "protocol/action.h"
#include "protocol/text.h"

typedef enum {
    REPLY_ERROR_CODE, /* the reply code is wrong for the action */
    REPLY_ERROR_TEXT, /* the text or argument is */
} ReplyError;

#define REPLY_ERROR (reply_error_quark())
GQuark reply_error_quark(void);

/* Code 0: none was given. A text with NULL data: none was given. */
typedef struct {
    Action action;
    guint code;
    Text text;
} Reply;

/*
 * The reply without its framing, as Postfix takes it and the audit line shows it: `REJECT 5.7.1
 * Relay access denied`. The caller frees it. NULL and an error in the REPLY_ERROR domain if
 * Postfix would not take it.
 */
char *reply_decision(const Reply *reply, GError **error);

/* `action=DECISION\n\n`; the caller frees it. */
char *reply_frame(const char *decision);

/* What Postfix may make of a `restrict` with this text. */
ActionSet reply_restrict_outcomes(Text text);

#endif
