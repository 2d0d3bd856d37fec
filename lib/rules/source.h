/*
 * Source: reading a file whole, for a rule file or a list file.
 */
#ifndef POLICY_SOURCE_H
#define POLICY_SOURCE_H

#include "rules/diagnostic.h"

/* Reads a regular file of at most `limit` bytes; NULL and an error in G_FILE_ERROR if it can't be
 * opened, is no regular file, or is larger. `name` is what diagnostics call it. */
Source *source_read(const char *path, const char *name, size_t limit, GError **error);

/* Copies a text. */
Source *source_new(const char *name, Text text);
void source_free(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)

static inline Span source_span(const Source *source, size_t offset, size_t length) {
    return (Span){source, offset, length};
}

/*
 * Reports what can stand in no source: NUL and other control characters, carriage returns, a byte
 * order mark, bytes that are not UTF-8; the first of them only. FALSE if it reported.
 */
gboolean source_check(const Source *source, Diagnostics *diagnostics);

#endif
