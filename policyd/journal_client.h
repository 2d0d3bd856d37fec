/*
 * JournalClient: audit lines to systemd's journal, by its native protocol, one entry a line
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/):
 *
 *   MESSAGE             the line
 *   PRIORITY            6, info
 *   SYSLOG_FACILITY     2, mail
 *   SYSLOG_IDENTIFIER   policyd
 *   POLICYD_DECISION    the values of the line's decision and rule, as they stand there
 *   POLICYD_RULE
 *
 * It never waits: what doesn't fit is lost. When the journal is away it tries again, at most once a
 * second. Any thread may send.
 */
#ifndef POLICYD_JOURNAL_CLIENT_H
#define POLICYD_JOURNAL_CLIENT_H

#include "line_writer.h"

#define JOURNAL_PATH "/run/systemd/journal/socket"

typedef struct JournalClient JournalClient;

/* `path` is the journal's socket; it need not be there yet. */
JournalClient *journal_client_new(const char *path);
void journal_client_free(JournalClient *client);

/* Sends the lines in `data`, which audit_format() wrote. What is lost is added to *loss. `now` is
 * the monotonic time in microseconds. */
void journal_client_send(JournalClient *client, const char *data, size_t length, gint64 now,
                         LineLoss *loss);

#endif
