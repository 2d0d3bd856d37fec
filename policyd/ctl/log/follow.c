/*
 * LogFollow: reads at an offset, and with it again the last bytes before it: one system call tells
 * whether the file was truncated. Fails where reading does.
 */
#include "ctl/log/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ctl/ctl_limit.h"
#include "fail.h"

/* No two places of a log are alike in so many bytes: they hold a time. */
#define TAIL 1024

struct LogFollow {
    const char *path;
    int trouble;
    int fd;            /* what is read; -1 until there is a file */
    int next;          /* what is to be read then, or -1 */
    gboolean ended;    /* nobody writes to `fd` any more */
    gint64 offset;     /* in the file: what was read of it */
    size_t start;      /* what is not given yet: from here */
    size_t end;        /* to here */
    size_t looked;     /* bytes behind `start` without a newline */
    gboolean flushing; /* what is not given yet is all there is of its line */
    gboolean skipping; /* what comes is the rest of a line that was too long */
    size_t tail_length;
    char tail[TAIL]; /* of what was read, as it was */
    char buffer[LIMIT_LOG_BLOCK];
};

static gboolean fail(GError **error, const char *path, int number) {
    if (number == ESPIPE) {
        return fail_with(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                         "cannot follow '%s': it is not a regular file", path);
    }
    return fail_with(error, G_FILE_ERROR, (int)g_file_error_from_errno(number),
                     "cannot read '%s': %s", path, g_strerror(number));
}

/* -1 and errno if it can't be opened or is no regular file. */
static int open_file(const char *path, int flags) {
    struct stat status = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        return fd;
    }
    close(fd);
    errno = S_ISDIR(status.st_mode) ? EISDIR : ESPIPE;
    return -1;
}

LogFollow *log_follow_open(const char *path, GError **error) {
    int fd = open_file(path, 0);
    if (fd < 0 && errno != ENOENT) {
        fail(error, path, errno);
        return NULL;
    }
    LogFollow *follow = g_new0(LogFollow, 1);
    follow->path = path;
    follow->trouble = fd < 0 ? ENOENT : 0;
    follow->fd = fd;
    follow->next = -1;
    return follow;
}

static void close_file(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void log_follow_free(LogFollow *follow) {
    if (follow) {
        close_file(&follow->fd);
        close_file(&follow->next);
        g_free(follow);
    }
}

int log_follow_trouble(const LogFollow *follow) {
    return follow->trouble;
}

/* A line, as much of one as there is room for, or what is left of the last. */
static gboolean take_piece(LogFollow *follow, char **piece, size_t *length) {
    char *from = follow->buffer + follow->start;
    size_t have = follow->end - follow->start;
    const char *newline = memchr(from + follow->looked, '\n', have - follow->looked);
    follow->looked = have;
    if (!newline && have < sizeof follow->buffer && (have == 0 || !follow->flushing)) {
        follow->skipping = follow->skipping && !follow->flushing;
        follow->flushing = FALSE;
        return FALSE;
    }
    *piece = from;
    *length = newline ? (size_t)(newline - from) + 1 : have;
    follow->start += *length;
    follow->looked = 0;
    return TRUE;
}

static gboolean take_line(LogFollow *follow, char **line, size_t *length) {
    while (take_piece(follow, line, length)) {
        gboolean rest = follow->skipping;
        follow->skipping = (*line)[*length - 1] != '\n' && !follow->flushing;
        if (!rest) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Keeps the last bytes of what was read; the buffer's are given away, to be written to. */
static void keep_tail(LogFollow *follow, const char *bytes, size_t length) {
    size_t new = MIN(length, TAIL);
    size_t old = MIN(follow->tail_length, TAIL - new);
    memmove(follow->tail, follow->tail + follow->tail_length - old, old);
    memcpy(follow->tail + old, bytes + length - new, new);
    follow->tail_length = old + new;
}

/* Reads the tail again into `tail`, and what is behind it into the rest of the buffer. */
static ssize_t read_behind_tail(LogFollow *follow, char tail[TAIL]) {
    const struct iovec parts[] = {
        {tail, follow->tail_length},
        {follow->buffer + follow->end, sizeof follow->buffer - follow->end},
    };
    ssize_t got;
    do {
        got = preadv(follow->fd, parts, G_N_ELEMENTS(parts),
                     follow->offset - (gint64)follow->tail_length);
    } while (got < 0 && errno == EINTR);
    return got;
}

typedef enum {
    READ_SOME,
    READ_END,
    READ_TRUNCATED,
    READ_FAILED,
} ReadStatus;

static ReadStatus read_some(LogFollow *follow) {
    char tail[TAIL];
    if (follow->fd < 0) {
        return READ_END;
    }
    memmove(follow->buffer, follow->buffer + follow->start, follow->end - follow->start);
    follow->end -= follow->start;
    follow->start = 0;
    ssize_t got = read_behind_tail(follow, tail);
    if (got < 0) {
        return READ_FAILED;
    }
    if ((size_t)got < follow->tail_length || memcmp(tail, follow->tail, follow->tail_length) != 0) {
        return READ_TRUNCATED;
    }
    size_t length = (size_t)got - follow->tail_length;
    if (length == 0) {
        return READ_END;
    }
    keep_tail(follow, follow->buffer + follow->end, length);
    follow->end += length;
    follow->offset += (gint64)length;
    return READ_SOME;
}

/* From the start of what `fd` is now; what is left of the last line has no end. */
static void restart(LogFollow *follow) {
    follow->offset = 0;
    follow->tail_length = 0;
    follow->flushing = TRUE;
}

static void go_to_next(LogFollow *follow) {
    close_file(&follow->fd);
    follow->fd = follow->next;
    follow->next = -1;
    follow->ended = FALSE;
    restart(follow);
}

/* TRUE if the file begins as what was read; then *size is its. */
static gboolean is_copy(const LogFollow *follow, int fd, gint64 *size) {
    struct stat status;
    char tail[TAIL];
    size_t length = follow->tail_length;
    ssize_t got = pread(fd, tail, length, follow->offset - (gint64)length);
    if (got != (ssize_t)length || memcmp(tail, follow->tail, length) != 0
        || fstat(fd, &status) != 0) {
        return FALSE;
    }
    *size = status.st_size;
    return TRUE;
}

/* A descriptor of the longest copy beside the log, or -1. */
static int find_copy(const LogFollow *follow) {
    g_autofree char *folder = g_path_get_dirname(follow->path);
    g_autofree char *base = g_path_get_basename(follow->path);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    gint64 longest = -1;
    int best = -1;
    for (const char *name; entries && (name = g_dir_read_name(entries));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gint64 size;
        if (!g_str_has_prefix(name, base) || g_str_equal(name, base)) {
            continue;
        }
        int fd = open_file(path, O_NOFOLLOW);
        if (fd >= 0 && is_copy(follow, fd, &size) && size > longest) {
            close_file(&best);
            best = fd;
            longest = size;
        } else {
            close_file(&fd);
        }
    }
    return best;
}

/* After a truncation the copy is read in place of the file, and then the file anew. FALSE if lines
 * may be missing. */
static gboolean go_to_copy(LogFollow *follow) {
    if (follow->ended) {
        go_to_next(follow);
        return FALSE;
    }
    int copy = find_copy(follow);
    if (copy < 0) {
        restart(follow);
        return FALSE;
    }
    if (follow->next < 0) {
        follow->next = follow->fd;
    } else {
        close(follow->fd);
    }
    follow->fd = copy;
    follow->ended = TRUE;
    return TRUE;
}

static gboolean is_same(int fd, const struct stat *status) {
    struct stat own;
    return fd >= 0 && fstat(fd, &own) == 0 && own.st_dev == status->st_dev
           && own.st_ino == status->st_ino;
}

/* Looks what has the log's path now. A third file there means that the next one was rotated away
 * too, and comes to be read first. */
static void look_at_path(LogFollow *follow) {
    struct stat status;
    if (stat(follow->path, &status) != 0) {
        follow->trouble = errno;
        return;
    }
    follow->trouble = 0;
    if (is_same(follow->fd, &status)) {
        return;
    }
    if (follow->next < 0) {
        follow->next = open_file(follow->path, 0);
        follow->trouble = follow->next < 0 ? errno : 0;
    }
    if (follow->next >= 0) {
        follow->ended = follow->fd < 0 || status.st_size > 0 || !is_same(follow->next, &status);
    }
}

/* At the end of a file. FALSE if there is nothing to do but to wait. */
static gboolean go_on(LogFollow *follow) {
    if (follow->ended) {
        go_to_next(follow);
        return TRUE;
    }
    look_at_path(follow);
    return follow->ended;
}

LogFollowStatus log_follow_next(LogFollow *follow, char **line, size_t *length, GError **error) {
    while (!take_line(follow, line, length)) {
        switch (read_some(follow)) {
        case READ_SOME:
            break;
        case READ_END:
            if (!go_on(follow)) {
                return LOG_FOLLOW_WAIT;
            }
            break;
        case READ_TRUNCATED:
            if (!go_to_copy(follow)) {
                return LOG_FOLLOW_TRUNCATED;
            }
            break;
        case READ_FAILED:
            fail(error, follow->path, errno);
            return LOG_FOLLOW_FAILED;
        }
    }
    return LOG_FOLLOW_LINE;
}
