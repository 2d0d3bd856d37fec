/*
 * AuditSink: a LineWriter or a SyslogClient, and the count of what they lost. The count has a lock
 * of its own, taken only while lines are being lost.
 */
#include "audit_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "line_writer.h"
#include "log.h"
#include "server_limit.h"
#include "syslog_client.h"

#define FILE_PREFIX "file:"
#define FILE_MODE 0640

typedef struct {
    gint active;    /* atomic: something was lost and nobody has said yet that it is over */
    guint64 lines;  /* since it began */
    guint64 total;  /* since the sink was opened */
    gint64 last_at; /* monotonic */
    char first[AUDIT_TIME_LENGTH + 1];
    char last[AUDIT_TIME_LENGTH + 1];
} Loss;

struct AuditSink {
    char *spec;
    int fd;               /* -1, or the file's */
    LineWriter *writer;   /* a file's own, or the log's */
    SyslogClient *syslog; /* or NULL */
    pthread_mutex_t lock; /* of `loss` */
    Loss loss;
};

static gboolean fail(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean fail(GError **error, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error) {
        *error =
            g_error_new_valist(G_IO_ERROR, (gint)g_io_error_from_errno(code), format, arguments);
    }
    va_end(arguments);
    return FALSE;
}

gboolean audit_sink_check(const char *spec, GError **error) {
    gboolean file = g_str_has_prefix(spec, FILE_PREFIX) && spec[strlen(FILE_PREFIX)] != '\0';
    if (file || g_str_equal(spec, "syslog") || g_str_equal(spec, "stderr")) {
        return TRUE;
    }
    return fail(error, EINVAL, "'%s' is none of file:PATH, syslog, stderr, none", spec);
}

/* kill -9 tears the last line: the next one must not be glued to it. */
static gboolean end_last_line(int fd, const char *path, GError **error) {
    struct stat status;
    char last = '\n';
    if (fstat(fd, &status) != 0) {
        return fail(error, errno, "cannot look at '%s': %s", path, g_strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(error, EINVAL, "'%s' is not a regular file", path);
    }
    if (status.st_size > 0 && pread(fd, &last, 1, status.st_size - 1) != 1) {
        return fail(error, errno, "cannot read the end of '%s': %s", path, g_strerror(errno));
    }
    if (last != '\n' && write(fd, "\n", 1) != 1) {
        return fail(error, errno, "cannot write to '%s': %s", path, g_strerror(errno));
    }
    return TRUE;
}

static gboolean open_file(AuditSink *sink, const char *path, GError **error) {
    sink->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    if (sink->fd < 0) {
        return fail(error, errno, "cannot open '%s': %s", path, g_strerror(errno));
    }
    if (!end_last_line(sink->fd, path, error)) {
        return FALSE;
    }
    sink->writer = line_writer_new(sink->fd);
    return TRUE;
}

static gboolean open_target(AuditSink *sink, GError **error) {
    if (g_str_has_prefix(sink->spec, FILE_PREFIX)) {
        return open_file(sink, sink->spec + strlen(FILE_PREFIX), error);
    }
    if (g_str_equal(sink->spec, "syslog")) {
        sink->syslog = syslog_client_new(SYSLOG_PATH);
    } else {
        sink->writer = log_stderr();
    }
    return TRUE;
}

AuditSink *audit_sink_open(const char *spec, GError **error) {
    AuditSink *sink = g_new0(AuditSink, 1);
    sink->spec = g_strdup(spec);
    sink->fd = -1;
    pthread_mutex_init(&sink->lock, NULL);
    if (!open_target(sink, error)) {
        audit_sink_free(sink);
        return NULL;
    }
    return sink;
}

static void copy_time(char out[AUDIT_TIME_LENGTH + 1], const char *line) {
    memcpy(out, line + AUDIT_TIME_START, AUDIT_TIME_LENGTH);
    out[AUDIT_TIME_LENGTH] = '\0';
}

static void note_loss(AuditSink *sink, const LineLoss *lost, gint64 now) {
    Loss *loss = &sink->loss;
    pthread_mutex_lock(&sink->lock);
    if (!loss->active) {
        log_error("audit %s: %s; decisions go on, their lines are lost until it can be written",
                  sink->spec, g_strerror(lost->error));
        copy_time(loss->first, lost->first);
        loss->lines = 0;
        g_atomic_int_set(&loss->active, TRUE);
    }
    copy_time(loss->last, lost->last);
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
    if (sink->syslog) {
        syslog_client_send(sink->syslog, lines, length, now, &lost);
    } else {
        line_writer_write(sink->writer, lines, length, &lost);
    }
    if (lost.lines > 0) {
        note_loss(sink, &lost, now);
    } else if (g_atomic_int_get(&sink->loss.active)) {
        note_success(sink, now);
    }
}

guint64 audit_sink_lost(AuditSink *sink) {
    pthread_mutex_lock(&sink->lock);
    guint64 total = sink->loss.total;
    pthread_mutex_unlock(&sink->lock);
    return total;
}

static void close_file(AuditSink *sink) {
    if (sink->fd < 0) {
        return;
    }
    if (!line_writer_free(sink->writer)) {
        log_error("audit %s: its last line could not be written to the end", sink->spec);
    }
    close(sink->fd);
}

void audit_sink_free(AuditSink *sink) {
    if (!sink) {
        return;
    }
    close_file(sink);
    if (sink->loss.active) {
        report_loss(sink, "closed");
    }
    syslog_client_free(sink->syslog);
    pthread_mutex_destroy(&sink->lock);
    g_free(sink->spec);
    g_free(sink);
}
