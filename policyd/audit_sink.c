/*
 * AuditSink: who writes, and the count of what was lost. The count has a lock of its own, taken
 * only while lines are being lost.
 */
#include "audit_sink.h"

#include <gio/gio.h>
#include <pthread.h>
#include <string.h>

#include "audit.h"
#include "audit_file.h"
#include "fail.h"
#include "journal_client.h"
#include "line_writer.h"
#include "log.h"
#include "server_limit.h"
#include "syslog_client.h"

#define FILE_PREFIX "file:"

G_STATIC_ASSERT(AUDIT_TIME_START + AUDIT_TIME_LENGTH <= sizeof(LineHead));

typedef struct {
    gint active;    /* atomic: something was lost and nobody has said yet that it is over */
    guint64 lines;  /* since it began */
    guint64 total;  /* since the sink was opened */
    gint64 last_at; /* monotonic */
    char first[AUDIT_TIME_LENGTH + 1];
    char last[AUDIT_TIME_LENGTH + 1];
} Loss;

/* All NULL: standard error. */
struct AuditSink {
    char *spec;
    AuditFile *file;
    SyslogClient *syslog;
    JournalClient *journal;
    pthread_mutex_t lock; /* of `loss` */
    Loss loss;
};

gboolean audit_sink_check(const char *spec, GError **error) {
    gboolean file = g_str_has_prefix(spec, FILE_PREFIX) && spec[strlen(FILE_PREFIX)] != '\0';
    if (file || g_str_equal(spec, "syslog") || g_str_equal(spec, "journal")
        || g_str_equal(spec, "stderr")) {
        return TRUE;
    }
    return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                     "'%s' is none of file:PATH, syslog, journal, stderr, none", spec);
}

static gboolean open_target(AuditSink *sink, GError **error) {
    if (g_str_has_prefix(sink->spec, FILE_PREFIX)) {
        sink->file = audit_file_open(sink->spec + strlen(FILE_PREFIX), error);
        return sink->file != NULL;
    }
    if (g_str_equal(sink->spec, "syslog")) {
        sink->syslog = syslog_client_new(SYSLOG_PATH);
    } else if (g_str_equal(sink->spec, "journal")) {
        sink->journal = journal_client_new(JOURNAL_PATH);
    }
    return TRUE;
}

AuditSink *audit_sink_open(const char *spec, GError **error) {
    AuditSink *sink = g_new0(AuditSink, 1);
    sink->spec = g_strdup(spec);
    pthread_mutex_init(&sink->lock, NULL);
    if (!open_target(sink, error)) {
        audit_sink_free(sink);
        return NULL;
    }
    return sink;
}

static void copy_time(char out[AUDIT_TIME_LENGTH + 1], const LineHead *line) {
    memcpy(out, line->text + AUDIT_TIME_START, AUDIT_TIME_LENGTH);
    out[AUDIT_TIME_LENGTH] = '\0';
}

static void note_loss(AuditSink *sink, const LineLoss *lost, gint64 now) {
    Loss *loss = &sink->loss;
    pthread_mutex_lock(&sink->lock);
    if (!loss->active) {
        log_error("audit %s: %s; decisions go on, their lines are lost until it can be written",
                  sink->spec, g_strerror(lost->error));
        copy_time(loss->first, &lost->first);
        loss->lines = 0;
        g_atomic_int_set(&loss->active, TRUE);
    }
    copy_time(loss->last, &lost->last);
    loss->lines += lost->lines;
    loss->total += lost->lines;
    loss->last_at = now;
    pthread_mutex_unlock(&sink->lock);
}

static void report_loss(AuditSink *sink, const char *what) {
    const Loss *loss = &sink->loss;
    log_warning("audit %s: %s; %" G_GUINT64_FORMAT " lines were lost, the first of %s, the last of "
                "%s",
                sink->spec, what, loss->lines, loss->first, loss->last);
    g_atomic_int_set(&sink->loss.active, FALSE);
}

static void note_success(AuditSink *sink, gint64 now) {
    pthread_mutex_lock(&sink->lock);
    if (sink->loss.active && now - sink->loss.last_at >= LIMIT_LOSS_QUIET * G_USEC_PER_SEC) {
        report_loss(sink, "written again");
    }
    pthread_mutex_unlock(&sink->lock);
}

void audit_sink_write(AuditSink *sink, const char *lines, size_t length, gint64 now) {
    LineLoss lost = {0};
    if (sink->file) {
        audit_file_write(sink->file, lines, length, now, &lost);
    } else if (sink->syslog) {
        syslog_client_send(sink->syslog, lines, length, now, &lost);
    } else if (sink->journal) {
        journal_client_send(sink->journal, lines, length, now, &lost);
    } else {
        line_writer_write(log_stderr(), lines, length, &lost);
    }
    if (lost.lines > 0) {
        note_loss(sink, &lost, now);
    } else if (g_atomic_int_get(&sink->loss.active)) {
        note_success(sink, now);
    }
}

void audit_sink_reopen(AuditSink *sink) {
    LineLoss lost = {0};
    if (sink->file) {
        audit_file_reopen(sink->file, &lost);
    }
    if (lost.lines > 0) {
        note_loss(sink, &lost, g_get_monotonic_time());
    }
}

guint64 audit_sink_lost(AuditSink *sink) {
    pthread_mutex_lock(&sink->lock);
    guint64 total = sink->loss.total;
    pthread_mutex_unlock(&sink->lock);
    return total;
}

void audit_sink_free(AuditSink *sink) {
    if (!sink) {
        return;
    }
    if (!audit_file_free(sink->file)) {
        log_error("audit %s: its last line could not be written to the end", sink->spec);
    }
    if (sink->loss.active) {
        report_loss(sink, "closed");
    }
    syslog_client_free(sink->syslog);
    journal_client_free(sink->journal);
    pthread_mutex_destroy(&sink->lock);
    g_free(sink->spec);
    g_free(sink);
}
