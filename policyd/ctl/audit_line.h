/*
 * AuditLine: a line of the audit log, read back: the inverse of audit_format(), and as strict. What
 * policyd would not have written, down to an escape that was not needed, is no audit line: who can
 * write into a log of many programs can't pass text off as a decision.
 */
#ifndef POLICYD_CTL_AUDIT_LINE_H
#define POLICYD_CTL_AUDIT_LINE_H

#include "protocol/request.h"

typedef enum {
    AUDIT_LINE_WHOLE,
    AUDIT_LINE_CUT,  /* a value was cut when it was logged: the request is not all there */
    AUDIT_LINE_TORN, /* it begins as an audit line and then ends, in a field or without newline */
    AUDIT_LINE_FOREIGN, /* no audit line */
} AuditLineStatus;

typedef struct {
    Text time; /* AUDIT_TIME_LENGTH bytes */
    Text decision;
    Text rule;
    Text ruleset; /* RULESET_HASH_LENGTH bytes */
    guint64 us;
    gboolean dry_run;
    Request request; /* an attribute that was sent empty is one that was not sent */
    guint64 cut;     /* a bit for each attribute whose value was cut */
} AuditLine;

/*
 * Reads a line, given with its newline, if it has one. The audit line may stand behind the first
 * `: ` of it, as behind `Nov 22 10:00:00 mx policyd[123]: `. Escapes are undone in place, so the
 * bytes are changed whatever the answer; *out borrows them, and is to be used on AUDIT_LINE_WHOLE
 * and AUDIT_LINE_CUT only.
 *
 * A line that was torn just behind a field, and ended by a newline later, can't be told from a
 * whole one.
 */
AuditLineStatus audit_line_read(char *line, size_t length, AuditLine *out);

#endif
