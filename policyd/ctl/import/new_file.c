/*
 * NewFile: written under another name beside it, then renamed; or linked, which fails where there
 * is a file, so that nothing is lost that came there meanwhile.
 */
#include "ctl/import/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gboolean fail(const char *path, GError **error) {
    int number = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number), "'%s': %s%s", path,
                g_strerror(number), number == EEXIST ? "; --force replaces it" : "");
    return FALSE;
}

static gboolean write_all(int fd, const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t wrote = write(fd, text, left);
        if (wrote < 0 && errno != EINTR) {
            return FALSE;
        }
        if (wrote > 0) {
            text += wrote;
            left -= (size_t)wrote;
        }
    }
    return fsync(fd) == 0;
}

static gboolean put_in_place(const char *from, const char *path, gboolean force) {
    if (force) {
        return g_rename(from, path) == 0;
    }
    return link(from, path) == 0;
}

gboolean new_file_write(const char *path, const char *text, gboolean force, GError **error) {
    g_autofree char *other = g_strconcat(path, ".XXXXXX", NULL);
    if (!force && g_file_test(path, G_FILE_TEST_EXISTS)) {
        errno = EEXIST;
        return fail(path, error);
    }
    int fd = g_mkstemp_full(other, O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0) {
        return fail(path, error);
    }
    gboolean wrote = write_all(fd, text);
    wrote = close(fd) == 0 && wrote && put_in_place(other, path, force);
    gboolean done = wrote || fail(path, error);
    unlink(other);
    return done;
}
