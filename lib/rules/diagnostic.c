/*
 * Diagnostic: an array with a bound. A place is found by counting lines and columns from where the
 * last one of the same source was found, and of its line no more is looked at than is shown: a
 * list of a million wrong items is still read in one pass, even if they stand on one line.
 */
#include "rules/diagnostic.h"

#include "limit.h"

struct Diagnostics {
    GPtrArray *list;
    guint count;
    guint dropped[2]; /* errors and warnings beyond the limit */
    Span outer;
    struct {
        const Source *source;
        size_t start;  /* where a line starts */
        guint line;    /* its number */
        size_t offset; /* of a character in it */
        guint column;  /* how many are before that */
    } last;
};

static void diagnostic_free(gpointer data) {
    Diagnostic *diagnostic = data;
    g_free(diagnostic->file);
    g_free(diagnostic->message);
    g_free(diagnostic->excerpt);
    g_free(diagnostic);
}

Diagnostics *diagnostics_new(void) {
    Diagnostics *diagnostics = g_new0(Diagnostics, 1);
    diagnostics->list = g_ptr_array_new_with_free_func(diagnostic_free);
    return diagnostics;
}

void diagnostics_free(Diagnostics *diagnostics) {
    if (diagnostics) {
        g_ptr_array_unref(diagnostics->list);
        g_free(diagnostics);
    }
}

static guint count_characters(const char *data, size_t length) {
    g_autofree char *valid = g_utf8_make_valid(data, (gssize)length);
    return (guint)g_utf8_strlen(valid, -1);
}

/* Moves `last` to the span's start. */
static void find_place(Diagnostics *diagnostics, Span span) {
    const char *data = span.source->text.data;
    if (diagnostics->last.source != span.source || diagnostics->last.offset > span.offset) {
        diagnostics->last.source = span.source;
        diagnostics->last.start = 0;
        diagnostics->last.line = 1;
        diagnostics->last.offset = 0;
        diagnostics->last.column = 0;
    }
    for (size_t i = diagnostics->last.offset; i < span.offset; i++) {
        if (data[i] == '\n') {
            diagnostics->last.start = i + 1;
            diagnostics->last.line++;
            diagnostics->last.offset = i + 1;
            diagnostics->last.column = 0;
        }
    }
    size_t from = diagnostics->last.offset;
    diagnostics->last.column += count_characters(data + from, span.offset - from);
    diagnostics->last.offset = span.offset;
}

/* The line of the span's start, less its newline. */
static Text find_line(const Diagnostics *diagnostics, Span span) {
    size_t start = diagnostics->last.start;
    Text rest =
        text_make(span.source->text.data + span.offset, span.source->text.length - span.offset);
    ssize_t end = text_find(rest, '\n');
    size_t length = span.offset - start + (end < 0 ? rest.length : (size_t)end);
    return text_make(span.source->text.data + start, length);
}

static gboolean is_inside_character(char byte) {
    return ((guchar)byte & 0xc0) == 0x80;
}

/* The part of a line that an excerpt around `*at` may need; *at becomes an offset in it. */
static Text cut_line(Text line, size_t *at) {
    const size_t reach = 4 * LIMIT_EXCERPT; /* bytes of as many characters */
    size_t start = *at > reach ? *at - reach : 0;
    size_t end = MIN(line.length, *at + reach);
    while (start < *at && is_inside_character(line.data[start])) {
        start++;
    }
    while (end < line.length && is_inside_character(line.data[end])) {
        end++;
    }
    *at -= start;
    return text_make(line.data + start, end - start);
}

/* A line as a terminal can show it: UTF-8, tabs as one space, no control characters. */
static char *make_printable(Text line) {
    g_autofree char *valid = g_utf8_make_valid(line.data, (gssize)line.length);
    GString *out = g_string_new(NULL);
    for (char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (g_unichar_iscntrl(character)) {
            character = character == '\t' ? ' ' : 0xfffd;
        }
        g_string_append_unichar(out, character);
    }
    return g_string_free(out, FALSE);
}

/* Cuts a long line to a window around the caret. */
static char *cut_excerpt(char *line, guint *caret) {
    glong length = g_utf8_strlen(line, -1);
    if (length <= LIMIT_EXCERPT) {
        return line;
    }
    glong start = CLAMP((glong)*caret - LIMIT_EXCERPT / 2, 0, length - LIMIT_EXCERPT);
    char *window = g_utf8_substring(line, start, start + LIMIT_EXCERPT);
    *caret -= (guint)start;
    g_free(line);
    return window;
}

static Diagnostic *make_at(Diagnostics *diagnostics, Span span) {
    Diagnostic *diagnostic = g_new0(Diagnostic, 1);
    find_place(diagnostics, span);
    Text line = find_line(diagnostics, span);
    size_t before = span.offset - diagnostics->last.start;
    line = cut_line(line, &before);
    size_t under = MIN(span.length, line.length - before);
    diagnostic->file = g_strdup(span.source->name);
    diagnostic->line = diagnostics->last.line;
    diagnostic->column = diagnostics->last.column + 1;
    diagnostic->caret = count_characters(line.data, before);
    diagnostic->excerpt = cut_excerpt(make_printable(line), &diagnostic->caret);
    guint room = (guint)g_utf8_strlen(diagnostic->excerpt, -1) - diagnostic->caret;
    diagnostic->width = under ? count_characters(line.data + before, under) : 1;
    diagnostic->width = MAX(MIN(diagnostic->width, room), 1);
    diagnostic->anchor = span.offset;
    return diagnostic;
}

/* TRUE if it is only counted: the limit is reached. */
static gboolean drop(Diagnostics *diagnostics, gboolean warning) {
    gboolean full = diagnostics_is_full(diagnostics);
    diagnostics->count++;
    if (full) {
        diagnostics->dropped[warning]++;
    }
    return full;
}

static void G_GNUC_PRINTF(4, 0) add(Diagnostics *diagnostics, Diagnostic *diagnostic,
                                    const char *kind, const char *format, va_list arguments) {
    diagnostic->kind = kind;
    diagnostic->message = g_strdup_vprintf(format, arguments);
    g_ptr_array_add(diagnostics->list, diagnostic);
}

static Diagnostic *make_anchored(Diagnostics *diagnostics, Span span) {
    Diagnostic *diagnostic = make_at(diagnostics, span);
    const Source *outer = diagnostics->outer.source;
    if (outer && outer != span.source) {
        diagnostic->anchor = diagnostics->outer.offset;
    }
    return diagnostic;
}

void diagnostics_add(Diagnostics *diagnostics, Span span, const char *format, ...) {
    if (!drop(diagnostics, FALSE)) {
        va_list arguments;
        va_start(arguments, format);
        add(diagnostics, make_anchored(diagnostics, span), NULL, format, arguments);
        va_end(arguments);
    }
}

void diagnostics_warn(Diagnostics *diagnostics, const char *kind, Span span, const char *format,
                      ...) {
    if (!drop(diagnostics, TRUE)) {
        va_list arguments;
        va_start(arguments, format);
        add(diagnostics, make_anchored(diagnostics, span), kind, format, arguments);
        va_end(arguments);
    }
}

static Diagnostic *make_in_file(const Diagnostics *diagnostics, const char *file, guint line) {
    Diagnostic *diagnostic = g_new0(Diagnostic, 1);
    diagnostic->file = g_strdup(file);
    diagnostic->line = line;
    diagnostic->anchor = diagnostics->outer.source ? diagnostics->outer.offset : 0;
    return diagnostic;
}

void diagnostics_add_file(Diagnostics *diagnostics, const char *file, const char *format, ...) {
    if (!drop(diagnostics, FALSE)) {
        va_list arguments;
        va_start(arguments, format);
        add(diagnostics, make_in_file(diagnostics, file, 0), NULL, format, arguments);
        va_end(arguments);
    }
}

void diagnostics_warn_place(Diagnostics *diagnostics, const char *kind, const char *file,
                            guint line, const char *format, ...) {
    if (!drop(diagnostics, TRUE)) {
        va_list arguments;
        va_start(arguments, format);
        add(diagnostics, make_in_file(diagnostics, file, line), kind, format, arguments);
        va_end(arguments);
    }
}

void diagnostics_set_anchor(Diagnostics *diagnostics, Span outer) {
    diagnostics->outer = outer;
    diagnostics->last.source = NULL;
}

static gint compare_anchors(gconstpointer a, gconstpointer b) {
    const Diagnostic *left = *(Diagnostic *const *)a;
    const Diagnostic *right = *(Diagnostic *const *)b;
    return (left->anchor > right->anchor) - (left->anchor < right->anchor);
}

void diagnostics_sort(Diagnostics *diagnostics) {
    /* GLib's sort is a stable merge sort: those of one anchor keep their order. */
    g_ptr_array_sort(diagnostics->list, compare_anchors);
}

guint diagnostics_count(const Diagnostics *diagnostics) {
    return diagnostics->count;
}

const Diagnostic *diagnostics_get(const Diagnostics *diagnostics, guint index) {
    return g_ptr_array_index(diagnostics->list, index);
}

gboolean diagnostics_is_full(const Diagnostics *diagnostics) {
    return diagnostics->count >= LIMIT_DIAGNOSTICS;
}

static void append_repeated(GString *out, char byte, guint count) {
    for (guint i = 0; i < count; i++) {
        g_string_append_c(out, byte);
    }
}

char *diagnostic_format(const Diagnostic *diagnostic) {
    GString *out = g_string_new(diagnostic->file);
    if (diagnostic->line > 0) {
        g_string_append_printf(out, ":%u", diagnostic->line);
    }
    if (diagnostic->column > 0) {
        g_string_append_printf(out, ":%u", diagnostic->column);
    }
    g_string_append_printf(out, ": %s: %s\n", diagnostic->kind ? "warning" : "error",
                           diagnostic->message);
    if (diagnostic->excerpt) {
        g_string_append_printf(out, "%s\n", diagnostic->excerpt);
        append_repeated(out, ' ', diagnostic->caret);
        g_string_append_c(out, '^');
        append_repeated(out, '~', diagnostic->width - 1);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

char *diagnostics_format(const Diagnostics *diagnostics) {
    static const char *const nouns[] = {"error", "warning"};
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < diagnostics->list->len; i++) {
        g_autofree char *text = diagnostic_format(diagnostics_get(diagnostics, i));
        g_string_append(out, text);
    }
    for (guint i = 0; i < G_N_ELEMENTS(nouns); i++) {
        guint more = diagnostics->dropped[i];
        if (more > 0) {
            g_string_append_printf(out, "and %u more %s%s\n", more, nouns[i], more == 1 ? "" : "s");
        }
    }
    return g_string_free(out, FALSE);
}
