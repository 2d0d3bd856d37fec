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
    LineHead begun; /* of the line that `rest` ends */
    GString *rest;
};

static LineHead make_head(const char *line, size_t length) {
    LineHead head = {{0}};
    memccpy(head.text, line, '\n', MIN(length, sizeof head.text));
    return head;
}

static void add_lines(LineLoss *loss, guint64 lines, const LineHead *first, const LineHead *last,
                      int error) {
    if (loss->lines == 0) {
        loss->first = *first;
    }
    loss->last = *last;
    loss->lines += lines;
    loss->error = error;
}

void line_loss_add(LineLoss *loss, const char *data, size_t length, int error) {
    const char *end = data + length;
    const char *last = data;
    guint64 lines = 0;
    for (const char *at = data; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        last = at;
        lines++;
        at = newline ? newline + 1 : end;
    }
    if (lines > 0) {
        LineHead heads[2] = {make_head(data, length), make_head(last, (size_t)(end - last))};
        add_lines(loss, lines, &heads[0], &heads[1], error);
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

/* One write. Answers how many bytes it took; 0 leaves errno. */
static size_t write_some(const LineWriter *writer, const char *data, size_t length) {
    ssize_t written;
    if (!writer->waits) {
        if (!is_writable(writer->fd)) {
            errno = EAGAIN;
            return 0;
        }
        length = MIN(length, PIPE_BUF);
    }
    do {
        written = write(writer->fd, data, length);
    } while (written < 0 && errno == EINTR);
    return written > 0 ? (size_t)written : 0;
}

/* A descriptor's position is where its last write ended, with O_APPEND too. */
static gboolean was_truncated(const LineWriter *writer) {
    struct stat status;
    return writer->waits && fstat(writer->fd, &status) == 0
           && status.st_size < lseek(writer->fd, 0, SEEK_CUR);
}

static void lose_rest(LineWriter *writer, LineLoss *loss, int error) {
    g_string_truncate(writer->rest, 0);
    add_lines(loss, 1, &writer->begun, &writer->begun, error);
}

/* FALSE with errno if there is still a rest. */
static gboolean write_rest(LineWriter *writer, LineLoss *loss) {
    GString *rest = writer->rest;
    while (rest->len > 0) {
        if (was_truncated(writer)) {
            lose_rest(writer, loss, ESTALE);
            return TRUE;
        }
        size_t done = write_some(writer, rest->str, rest->len);
        if (done == 0) {
            return FALSE;
        }
        g_string_erase(rest, 0, (gssize)done);
    }
    return TRUE;
}

/* Where the first `done` bytes end within a line, keeps its rest. Answers its length. */
static size_t keep_rest(LineWriter *writer, const char *data, size_t length, size_t done) {
    if (data[done - 1] == '\n') {
        return 0;
    }
    const char *line = memrchr(data, '\n', done);
    const char *newline = memchr(data + done, '\n', length - done);
    size_t rest = newline ? (size_t)(newline + 1 - (data + done)) : length - done;
    line = line ? line + 1 : data;
    writer->begun = make_head(line, (size_t)(data + done + rest - line));
    g_string_append_len(writer->rest, data + done, (gssize)rest);
    return rest;
}

void line_writer_write(LineWriter *writer, const char *data, size_t length, LineLoss *loss) {
    pthread_mutex_lock(&writer->lock);
    while (write_rest(writer, loss) && length > 0) {
        size_t done = write_some(writer, data, length);
        if (done == 0) {
            break;
        }
        done += keep_rest(writer, data, length, done);
        data += done;
        length -= done;
    }
    line_loss_add(loss, data, length, errno);
    pthread_mutex_unlock(&writer->lock);
}

static void end_rest(LineWriter *writer, LineLoss *loss) {
    if (!write_rest(writer, loss)) {
        lose_rest(writer, loss, errno);
        (void)write_some(writer, "\n", 1);
    }
}

int line_writer_move(LineWriter *writer, int fd, LineLoss *loss) {
    pthread_mutex_lock(&writer->lock);
    end_rest(writer, loss);
    int old = writer->fd;
    writer->fd = fd;
    pthread_mutex_unlock(&writer->lock);
    return old;
}

gboolean line_writer_free(LineWriter *writer) {
    LineLoss loss = {0};
    if (!writer) {
        return TRUE;
    }
    end_rest(writer, &loss);
    g_string_free(writer->rest, TRUE);
    pthread_mutex_destroy(&writer->lock);
    g_free(writer);
    return loss.lines == 0;
}
