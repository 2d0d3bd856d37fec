/*
 * AuditFile: a LineWriter and the path's inode. Looking costs one stat() a second, by whichever
 * thread writes first in it; the others go on writing meanwhile. O_APPEND leaves no hole in a file
 * that is truncated under it.
 */
#include "audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "log.h"

#define FILE_MODE 0640

struct AuditFile {
    char *path;
    LineWriter *writer;
    gint looked;          /* atomic: the monotonic second of the last look */
    gint removed;         /* atomic: the open file has no name, and there is no new one */
    pthread_mutex_t lock; /* of what follows */
    int fd;
    dev_t device;
    ino_t inode;
    gboolean told; /* that there is no new one */
};

/* The error takes the text of errno. */
static gboolean fail(const char *what, const char *path, GError **error) {
    int code = errno;
    return fail_with(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "cannot %s '%s': %s",
                     what, path, g_strerror(code));
}

/* kill -9 tears the last line: the next one must not be glued to it. */
static gboolean end_last_line(int fd, const char *path, off_t size, GError **error) {
    char last = '\n';
    if (size > 0 && pread(fd, &last, 1, size - 1) != 1) {
        return fail("read the end of", path, error);
    }
    return last == '\n' || write(fd, "\n", 1) == 1 || fail("write to", path, error);
}

static gboolean prepare(int fd, const char *path, struct stat *status, GError **error) {
    if (fstat(fd, status) != 0) {
        return fail("look at", path, error);
    }
    if (!S_ISREG(status->st_mode)) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                         "'%s' is not a regular file", path);
    }
    return end_last_line(fd, path, status->st_size, error);
}

/* Answers the descriptor, or -1. */
static int open_path(const char *path, struct stat *status, GError **error) {
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    if (fd < 0) {
        fail("open", path, error);
        return -1;
    }
    if (!prepare(fd, path, status, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void set_file(AuditFile *file, int fd, const struct stat *status) {
    file->fd = fd;
    file->device = status->st_dev;
    file->inode = status->st_ino;
}

AuditFile *audit_file_open(const char *path, GError **error) {
    struct stat status;
    int fd = open_path(path, &status, error);
    if (fd < 0) {
        return NULL;
    }
    AuditFile *file = g_new0(AuditFile, 1);
    file->path = g_strdup(path);
    file->writer = line_writer_new(fd);
    pthread_mutex_init(&file->lock, NULL);
    set_file(file, fd, &status);
    return file;
}

gboolean audit_file_free(AuditFile *file) {
    if (!file) {
        return TRUE;
    }
    gboolean whole = line_writer_free(file->writer);
    close(file->fd);
    pthread_mutex_destroy(&file->lock);
    g_free(file->path);
    g_free(file);
    return whole;
}

/* Its inode can't have been given to another file: it is open. */
static gboolean is_current(const AuditFile *file) {
    struct stat status;
    return stat(file->path, &status) == 0 && status.st_dev == file->device
           && status.st_ino == file->inode;
}

static gboolean has_name(int fd) {
    struct stat status;
    return fstat(fd, &status) != 0 || status.st_nlink > 0;
}

static void stay(AuditFile *file, const char *why) {
    gboolean removed = !has_name(file->fd);
    if (!file->told) {
        log_error("audit file:%s was %s, and there is no new one: %s%s", file->path,
                  removed ? "removed" : "moved away", why,
                  removed ? "" : "; lines still go to the old one");
        file->told = TRUE;
    }
    g_atomic_int_set(&file->removed, removed);
}

static void go_on(AuditFile *file) {
    file->told = FALSE;
    g_atomic_int_set(&file->removed, FALSE);
}

static void open_anew(AuditFile *file, LineLoss *loss) {
    g_autoptr(GError) error = NULL;
    struct stat status;
    int fd = open_path(file->path, &status, &error);
    if (fd < 0) {
        stay(file, error->message);
        return;
    }
    close(line_writer_move(file->writer, fd, loss));
    set_file(file, fd, &status);
    go_on(file);
    log_info("audit file:%s opened anew, as the old one was moved away", file->path);
}

void audit_file_reopen(AuditFile *file, LineLoss *loss) {
    pthread_mutex_lock(&file->lock);
    if (is_current(file)) {
        go_on(file);
    } else {
        open_anew(file, loss);
    }
    pthread_mutex_unlock(&file->lock);
}

/* TRUE for one thread in each second. */
static gboolean is_due(AuditFile *file, gint64 now) {
    gint second = (gint)(now / G_USEC_PER_SEC);
    gint looked = g_atomic_int_get(&file->looked);
    return second > looked && g_atomic_int_compare_and_exchange(&file->looked, looked, second);
}

void audit_file_write(AuditFile *file, const char *lines, size_t length, gint64 now,
                      LineLoss *loss) {
    if (is_due(file, now)) {
        audit_file_reopen(file, loss);
    }
    if (g_atomic_int_get(&file->removed)) {
        line_loss_add(loss, lines, length, ENOENT);
    } else {
        line_writer_write(file->writer, lines, length, loss);
    }
}
