/*
 * Audit: the line that a decision leaves behind.
 *
 *   time="2026-11-22T17:31:41.123+01:00" decision="DUNNO" rule="relay.rules:14"
 *   ruleset="0a1b2c3d" us="7" protocol_state="RCPT" ... recipient="user@example.com" ...
 *
 * Fields `key="value"`, a space between them, a newline at the end. Keys: time (RFC 3339 with
 * milliseconds and the local offset), decision (as the rules have it), rule (file:line), ruleset
 * (its short hash), us (microseconds since the batch was woken), dry_run (only there as "yes": the
 * client was told DUNNO), then every non-empty attribute but `request` in the attribute table's
 * order, as it was sent; then, where they apply, odd="repeated NAME,NAME" (attributes that were
 * sent again) and truncated="NAME,NAME" (values cut to LIMIT_AUDIT_VALUE bytes). In a value `"`,
 * `\` and all bytes outside 0x20-0x7e are written \xHH, so no request can forge a field or a line.
 */
#ifndef POLICYD_AUDIT_H
#define POLICYD_AUDIT_H

#include "protocol/request.h"
#include "rules/ruleset.h"

/* Where a line's time stands, and its bytes. */
#define AUDIT_TIME_START (sizeof "time=\"" - 1)
#define AUDIT_TIME_LENGTH 29

/* The time as a line shows it; the part above milliseconds is made once a second. */
typedef struct {
    gint64 second;
    char text[AUDIT_TIME_LENGTH + 1]; /* empty until set */
} AuditClock;

/* Microseconds since 1970. */
void audit_clock_set(AuditClock *clock, gint64 real_time);

typedef struct {
    const char *time; /* AuditClock's text */
    const Rule *rule;
    const char *ruleset;
    guint64 us;
    gboolean dry_run;
    const Request *request;
} AuditEntry;

/* Writes the line into `out`, which holds LIMIT_AUDIT_LINE bytes, and answers its length. */
size_t audit_format(const AuditEntry *entry, char *out);

#endif
