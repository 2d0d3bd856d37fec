/*
 * Batch: two fixed buffers, filled and emptied in turn. Nothing fails.
 */
#include "batch.h"

#include <string.h>

#include "audit.h"
#include "audit_sink.h"
#include "server_limit.h"

typedef struct {
    Connection *connection;
    Text text;
} QueuedReply;

struct Batch {
    const GPtrArray *sinks;
    gboolean dry_run;
    gint64 woken; /* monotonic */
    AuditClock clock;
    char *audit; /* LIMIT_BATCH_AUDIT bytes and room for one more line */
    size_t audit_length;
    guint count;
    guint taken;
    size_t row; /* bytes of replies to the last connection in a row */
    QueuedReply replies[LIMIT_BATCH_REPLIES];
    char joined[LIMIT_OUTPUT];
};

Batch *batch_new(const GPtrArray *sinks, gboolean dry_run) {
    Batch *batch = g_new0(Batch, 1);
    batch->sinks = sinks;
    batch->dry_run = dry_run;
    batch->audit = sinks->len > 0 ? g_malloc(LIMIT_BATCH_AUDIT + LIMIT_AUDIT_LINE) : NULL;
    return batch;
}

void batch_free(Batch *batch) {
    if (batch) {
        g_free(batch->audit);
        g_free(batch);
    }
}

void batch_start(Batch *batch, gint64 now) {
    batch->woken = now;
    if (batch->sinks->len > 0) {
        audit_clock_set(&batch->clock, g_get_real_time());
    }
}

static void add_line(Batch *batch, const Ruleset *ruleset, const Rule *rule,
                     const Request *request) {
    AuditEntry entry = {
        .time = batch->clock.text,
        .rule = rule,
        .ruleset = ruleset_hash(ruleset),
        .us = (guint64)(g_get_monotonic_time() - batch->woken),
        .dry_run = batch->dry_run,
        .request = request,
    };
    batch->audit_length += audit_format(&entry, batch->audit + batch->audit_length);
}

void batch_add(Batch *batch, Connection *connection, const Ruleset *ruleset, const Rule *rule,
               const Request *request) {
    Text text = batch->dry_run ? TEXT_LITERAL("action=DUNNO\n\n")
                               : text_make(rule->reply, rule->reply_length);
    gboolean same = batch->count > 0 && batch->replies[batch->count - 1].connection == connection;
    g_assert(text.length <= LIMIT_REPLY);
    batch->row = text.length + (same ? batch->row : 0);
    batch->replies[batch->count++] = (QueuedReply){connection, text};
    if (batch->audit) {
        add_line(batch, ruleset, rule, request);
    }
}

gboolean batch_is_full(const Batch *batch) {
    return batch->count == LIMIT_BATCH_REPLIES || batch->audit_length >= LIMIT_BATCH_AUDIT
           || batch->row > LIMIT_OUTPUT - LIMIT_REPLY;
}

guint batch_log(Batch *batch) {
    for (guint i = 0; batch->audit_length > 0 && i < batch->sinks->len; i++) {
        audit_sink_write(g_ptr_array_index(batch->sinks, i), batch->audit, batch->audit_length,
                         batch->woken);
    }
    batch->audit_length = 0;
    return batch->count;
}

/* Most clients have one reply, which is sent from where it stands. */
static Text join_row(Batch *batch) {
    const QueuedReply *first = &batch->replies[batch->taken++];
    size_t length = first->text.length;
    if (batch->taken == batch->count
        || batch->replies[batch->taken].connection != first->connection) {
        return first->text;
    }
    memcpy(batch->joined, first->text.data, length);
    while (batch->taken < batch->count
           && batch->replies[batch->taken].connection == first->connection) {
        Text text = batch->replies[batch->taken++].text;
        memcpy(batch->joined + length, text.data, text.length);
        length += text.length;
    }
    return text_make(batch->joined, length);
}

Connection *batch_take(Batch *batch, Text *replies) {
    if (batch->taken == batch->count) {
        batch->count = 0;
        batch->taken = 0;
        batch->row = 0;
        return NULL;
    }
    Connection *connection = batch->replies[batch->taken].connection;
    *replies = join_row(batch);
    return connection;
}
