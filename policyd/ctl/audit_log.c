/*
 * AuditLog: what is left of a block when its last whole line is given moves to the buffer's start,
 * and the next block is read behind it. Fails where reading does.
 */
#include "ctl/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl_limit.h"

struct AuditLog {
    const char *path; /* as messages have it */
    int fd;
    guint64 line;
    size_t start;      /* what is not given yet: from here */
    size_t end;        /* to here */
    gboolean skipping; /* what comes is the rest of a line that was too long */
    char buffer[LIMIT_LOG_BLOCK];
};

static void fail(GError **error, const char *path) {
    int number = errno;
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number), "cannot read '%s': %s",
                path, g_strerror(number));
}

AuditLog *audit_log_open(const char *path, GError **error) {
    gboolean standard = g_str_equal(path, "-");
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fail(error, path);
        return NULL;
    }
    AuditLog *log = g_malloc(sizeof *log);
    log->path = standard ? "standard input" : path;
    log->fd = fd;
    log->line = 0;
    log->start = 0;
    log->end = 0;
    log->skipping = FALSE;
    return log;
}

void audit_log_free(AuditLog *log) {
    if (log) {
        if (log->fd != STDIN_FILENO) {
            close(log->fd);
        }
        g_free(log);
    }
}

/* Answers the bytes that were read behind `end`: 0 at the end, below on an error. */
static ssize_t read_block(AuditLog *log) {
    ssize_t got;
    memmove(log->buffer, log->buffer + log->start, log->end - log->start);
    log->end -= log->start;
    log->start = 0;
    do {
        got = read(log->fd, log->buffer + log->end, sizeof log->buffer - log->end);
    } while (got < 0 && errno == EINTR);
    log->end += (size_t)MAX(got, 0);
    return got;
}

/* Gives the next `length` bytes. */
static char *give(AuditLog *log, size_t length) {
    char *line = log->buffer + log->start;
    log->start += length;
    return line;
}

/* Bytes to the next newline and with it, or 0; *looked need not be looked at. */
static size_t find_line(const AuditLog *log, size_t *looked) {
    const char *from = log->buffer + log->start;
    size_t length = log->end - log->start;
    const char *newline = memchr(from + *looked, '\n', length - *looked);
    *looked = length;
    return newline ? (size_t)(newline - from) + 1 : 0;
}

/* The next piece of the log: a line, or as much of one as there is room for. 0 at the end. */
static ssize_t next_piece(AuditLog *log) {
    size_t looked = 0;
    for (;;) {
        size_t length = find_line(log, &looked);
        if (length > 0 || looked == sizeof log->buffer) {
            return (ssize_t)(length > 0 ? length : looked);
        }
        ssize_t got = read_block(log);
        if (got <= 0) {
            return got < 0 ? got : (ssize_t)looked;
        }
    }
}

char *audit_log_next(AuditLog *log, size_t *length, GError **error) {
    for (;;) {
        ssize_t got = next_piece(log);
        if (got <= 0) {
            if (got < 0) {
                fail(error, log->path);
            }
            return NULL;
        }
        gboolean rest = log->skipping;
        char *line = give(log, (size_t)got);
        log->skipping = line[got - 1] != '\n';
        if (!rest) {
            log->line++;
            *length = (size_t)got;
            return line;
        }
    }
}

guint64 audit_log_line(const AuditLog *log) {
    return log->line;
}
