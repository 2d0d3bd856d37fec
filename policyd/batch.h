/*
 * Batch: what one turn of a worker's loop has decided: audit lines that wait to be written, and the
 * replies that wait for that. Its rules must stay until its replies are taken: it borrows them.
 *
 * The audit promise is kept by the order of use: batch_log() first, then batch_take() until it
 * answers NULL.
 */
#ifndef POLICYD_BATCH_H
#define POLICYD_BATCH_H

#include "connection.h"
#include "protocol/request.h"
#include "rules/ruleset.h"

typedef struct Batch Batch;

/* `sinks` holds AuditSinks, outlives the batch, and may be empty: then no lines are made. */
Batch *batch_new(const GPtrArray *sinks, gboolean dry_run);
void batch_free(Batch *batch);

/* Says that the worker was woken, at this monotonic time in microseconds. */
void batch_start(Batch *batch, gint64 now);

/* Adds a decision. batch_is_full() was FALSE. */
void batch_add(Batch *batch, Connection *connection, const Ruleset *ruleset, const Rule *rule,
               const Request *request);

/* TRUE if it must be flushed before the next decision: replies to one connection add up to at most
 * LIMIT_OUTPUT. */
gboolean batch_is_full(const Batch *batch);

/* Hands the audit lines to every sink, and answers how many decisions are to be taken. */
guint batch_log(Batch *batch);

/* Takes the next connection with all the replies that were added for it in a row; they are valid
 * until the next call. NULL when there are none left. */
Connection *batch_take(Batch *batch, Text *replies);

#endif
