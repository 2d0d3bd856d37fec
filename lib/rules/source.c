/*
 * Source: opened without blocking on a FIFO, checked to be a regular file, read to its end.
 */
#include "rules/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean fail(GError **error, int number) {
    g_set_error_literal(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
                        g_strerror(number));
    return FALSE;
}

static gboolean fail_too_large(size_t limit, GError **error) {
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "it is over %zu MiB long",
                limit / 1024 / 1024);
    return FALSE;
}

/* Reads until the end or one byte past the limit: the file may grow meanwhile. */
static gboolean read_all(int fd, size_t limit, GByteArray *bytes, GError **error) {
    char buffer[65536];
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno != EINTR) {
            return fail(error, errno);
        }
        if (got == 0) {
            return TRUE;
        }
        if (got > 0 && bytes->len + (size_t)got > limit) {
            return fail_too_large(limit, error);
        }
        if (got > 0) {
            g_byte_array_append(bytes, (const guint8 *)buffer, (guint)got);
        }
    }
}

static gboolean read_regular(int fd, size_t limit, GByteArray *bytes, GError **error) {
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return fail(error, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "it is not a regular file");
        return FALSE;
    }
    if ((guint64)status.st_size > limit) { /* before it takes that much memory */
        return fail_too_large(limit, error);
    }
    return read_all(fd, limit, bytes, error);
}

/* An empty file has no bytes, but a place that a diagnostic may point at. */
static Source *take(const char *name, char *data, size_t length) {
    Source *source = g_new(Source, 1);
    source->name = g_strdup(name);
    source->text = text_make(data ? data : g_strdup(""), length);
    return source;
}

Source *source_read(const char *path, const char *name, size_t limit, GError **error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        fail(error, errno);
        return NULL;
    }
    GByteArray *bytes = g_byte_array_new();
    gboolean read = read_regular(fd, limit, bytes, error);
    close(fd);
    if (!read) {
        g_byte_array_unref(bytes);
        return NULL;
    }
    size_t length = bytes->len;
    return take(name, (char *)g_byte_array_free(bytes, FALSE), length);
}

Source *source_new(const char *name, Text text) {
    return take(name, g_memdup2(text.data, text.length), text.length);
}

void source_free(Source *source) {
    if (source) {
        g_free(source->name);
        g_free((gpointer)(guintptr)source->text.data);
        g_free(source);
    }
}

static gboolean report(const Source *source, size_t offset, const char *message,
                       Diagnostics *diagnostics) {
    diagnostics_add(diagnostics, source_span(source, offset, 1), "%s", message);
    return FALSE;
}

/* C0 and DEL but newlines and tabs; and C1, U+0080 to U+009F, which terminals obey too. */
static gboolean is_control(Text text, size_t at) {
    char byte = text.data[at];
    if (byte == '\xc2' && at + 1 < text.length) {
        return (guchar)text.data[at + 1] >= 0x80 && (guchar)text.data[at + 1] < 0xa0;
    }
    return g_ascii_iscntrl(byte) && byte != '\n' && byte != '\t';
}

gboolean source_check(const Source *source, Diagnostics *diagnostics) {
    Text text = source->text;
    const char *invalid = NULL;
    if (text.length >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        return report(source, 0, "a byte order mark; save the file as UTF-8 without one",
                      diagnostics);
    }
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (byte == '\r') {
            return report(source, i, "a carriage return; save the file with Unix line ends",
                          diagnostics);
        }
        if (is_control(text, i)) {
            return report(source, i, byte == '\0' ? "a NUL byte" : "a control character",
                          diagnostics);
        }
    }
    if (text.length > 0 && !g_utf8_validate_len(text.data, text.length, &invalid)) {
        return report(source, (size_t)(invalid - text.data), "a byte that is not UTF-8",
                      diagnostics);
    }
    return TRUE;
}
