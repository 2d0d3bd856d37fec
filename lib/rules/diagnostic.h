/*
 * Diagnostic: what is wrong in a rule file or in a list that it reads, with its place; or a
 * warning: what is likely a mistake. Collected, never printed here; all of a file's come together,
 * in the order of the rule file.
 */
#ifndef POLICY_DIAGNOSTIC_H
#define POLICY_DIAGNOSTIC_H

#include "protocol/text.h"

/* Where text comes from: a file, or the value of a postconf parameter. Borrows its text. */
typedef struct {
    char *name; /* as diagnostics show it: a path, or "postconf mynetworks" */
    Text text;
} Source;

/* Bytes of a source, by offset. */
typedef struct {
    const Source *source;
    size_t offset;
    size_t length;
} Span;

typedef struct {
    const char *kind; /* of a warning: one word for programs, as "unused"; NULL: an error */
    char *file;
    guint line;    /* from 1; 0 where the trouble is with the file as a whole */
    guint column;  /* from 1, in characters; 0 where only the line is known */
    char *message; /* lower case, no full stop */
    char *excerpt; /* the source line, cut to LIMIT_EXCERPT characters; NULL if column is 0 */
    guint caret;   /* characters of the excerpt before the caret */
    guint width;   /* characters under the caret and its tail, at least 1 */
    size_t anchor; /* offset in the rule file that diagnostics are sorted by */
} Diagnostic;

typedef struct Diagnostics Diagnostics;

Diagnostics *diagnostics_new(void);
void diagnostics_free(Diagnostics *diagnostics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diagnostics, diagnostics_free)

/* Adds one at a span. Those of a list file or a postconf value sort to where the rule file names
 * it: diagnostics_set_anchor() says so before the source is read. */
void diagnostics_add(Diagnostics *diagnostics, Span span, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Adds one about a file as a whole. */
void diagnostics_add_file(Diagnostics *diagnostics, const char *file, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The same for a warning. `kind` is borrowed for as long as the diagnostics live. */
void diagnostics_warn(Diagnostics *diagnostics, const char *kind, Span span, const char *format,
                      ...) G_GNUC_PRINTF(4, 5);

/* Adds a warning at a line of a text that was freed. It sorts by diagnostics_set_anchor(). */
void diagnostics_warn_place(Diagnostics *diagnostics, const char *kind, const char *file,
                            guint line, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* While `outer` has a source, spans of other sources sort to it; a Span of zeros ends that. Called
 * before a source other than the rule file is read, and before it is freed. */
void diagnostics_set_anchor(Diagnostics *diagnostics, Span outer);

/* Sorts by place in the rule file; called once, when the file is done. */
void diagnostics_sort(Diagnostics *diagnostics);

/* How many were added, errors and warnings; of these, diagnostics_get() has the first
 * LIMIT_DIAGNOSTICS. */
guint diagnostics_count(const Diagnostics *diagnostics);
const Diagnostic *diagnostics_get(const Diagnostics *diagnostics, guint index);

/* TRUE where one more would only be counted: its text needs no effort. */
gboolean diagnostics_is_full(const Diagnostics *diagnostics);

/* `file:line:column: error: message`, the source line and the caret, each ending in a newline; or
 * `warning`, and without what isn't known; the caller frees it. */
char *diagnostic_format(const Diagnostic *diagnostic);

/* All of them, and last lines that count those beyond the limit. */
char *diagnostics_format(const Diagnostics *diagnostics);

#endif
