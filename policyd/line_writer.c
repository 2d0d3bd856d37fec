/*
 * LineWriter: one lock a descriptor, held over the whole write. Fails by counting lost lines;
 * says nothing, since the log is written through it too.
 */
#include "line_writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct LineWriter {
    pthread_mutex_t lock; /* not GMutex: ThreadSanitizer knows only this one */
    int fd;
    gboolean waits;
    GString *rest; /* of a line that was begun */
};

void line_loss_add(LineLoss *loss, const char *data, size_t length, int error) {
    const char *end = data + length;
    for (const char *at = data; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        loss->first = loss->first ? loss->first : at;
        loss->last = at;
        loss->lines++;
        at = newline ? newline + 1 : end;
    }
    if (length > 0) {
        loss->error = error;
    }
}

LineWriter *line_writer_new(int fd) {
    struct stat status;
    LineWriter *writer = g_new0(LineWriter, 1);
    pthread_mutex_init(&writer->lock, NULL);
    writer->fd = fd;
    writer->waits = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    writer->rest = g_string_new(NULL);
    return writer;
}

/* A pipe that poll() calls writable takes PIPE_BUF bytes at once (pipe(7)). */
static gboolean is_writable(int fd) {
    struct pollfd ask = {.fd = fd, .events = POLLOUT};
    return poll(&ask, 1, 0) == 1;
}

static ssize_t write_some(const LineWriter *writer, const char *data, size_t length) {
    ssize_t written;
    if (!writer->waits) {
        if (!is_writable(writer->fd)) {
            errno = EAGAIN;
            return -1;
        }
        length = MIN(length, PIPE_BUF);
    }
    do {
        written = write(writer->fd, data, length);
    } while (written < 0 && errno == EINTR);
    return written;
}

/* Answers how many bytes were written; fewer than `length` leave errno. */
static size_t write_all(const LineWriter *writer, const char *data, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t written = write_some(writer, data + done, length - done);
        if (written <= 0) {
            break;
        }
        done += (size_t)written;
    }
    return done;
}

static gboolean write_rest(LineWriter *writer) {
    GString *rest = writer->rest;
    if (rest->len > 0) {
        g_string_erase(rest, 0, (gssize)write_all(writer, rest->str, rest->len));
    }
    return rest->len == 0;
}

/* How many bytes from `at` on belong to a line that was begun before it. */
static size_t find_rest(const char *data, size_t length, size_t at) {
    if (at == 0 || data[at - 1] == '\n') {
        return 0;
    }
    const char *newline = memchr(data + at, '\n', length - at);
    return newline ? (size_t)(newline + 1 - (data + at)) : length - at;
}

void line_writer_write(LineWriter *writer, const char *data, size_t length, LineLoss *loss) {
    pthread_mutex_lock(&writer->lock);
    size_t done = write_rest(writer) ? write_all(writer, data, length) : 0;
    if (done < length) {
        int error = errno;
        size_t rest = find_rest(data, length, done);
        g_string_append_len(writer->rest, data + done, (gssize)rest);
        done += rest;
        line_loss_add(loss, data + done, length - done, error);
    }
    pthread_mutex_unlock(&writer->lock);
}

gboolean line_writer_free(LineWriter *writer) {
    if (!writer) {
        return TRUE;
    }
    gboolean whole = write_rest(writer) || (write_all(writer, "\n", 1), FALSE);
    g_string_free(writer->rest, TRUE);
    pthread_mutex_destroy(&writer->lock);
    g_free(writer);
    return whole;
}
