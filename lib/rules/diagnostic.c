/*
 * Diagnostic: an array with a bound. A place is found by counting lines, from where the last one
 * of the same source was found: a list of a million wrong items is still read in one pass.
 */
#include "rules/diagnostic.h"

#include "limit.h"

struct Diagnostics {
    GPtrArray *list;
    guint count;
    Span outer;
    struct {
        const Source *source;
        size_t offset; /* where a line starts */
        guint line;    /* its number */
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

/* The line that holds the span's start, less its newline. */
static Text find_line(Diagnostics *diagnostics, Span span, guint *number) {
    Text text = span.source->text;
    if (diagnostics->last.source != span.source || diagnostics->last.offset > span.offset) {
        diagnostics->last.source = span.source;
        diagnostics->last.offset = 0;
        diagnostics->last.line = 1;
    }
    for (size_t i = diagnostics->last.offset; i < span.offset; i++) {
        if (text.data[i] == '\n') {
            diagnostics->last.offset = i + 1;
            diagnostics->last.line++;
        }
    }
    *number = diagnostics->last.line;
    Text rest =
        text_make(text.data + diagnostics->last.offset, text.length - diagnostics->last.offset);
    ssize_t end = text_find(rest, '\n');
    return text_make(rest.data, end < 0 ? rest.length : (size_t)end);
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

static guint count_characters(const char *data, size_t length) {
    g_autofree char *valid = g_utf8_make_valid(data, (gssize)length);
    return (guint)g_utf8_strlen(valid, -1);
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
    Text line = find_line(diagnostics, span, &diagnostic->line);
    size_t before = (size_t)(span.source->text.data + span.offset - line.data);
    size_t under = MIN(span.length, line.length - MIN(line.length, before));
    diagnostic->file = g_strdup(span.source->name);
    diagnostic->caret = count_characters(line.data, before);
    diagnostic->column = diagnostic->caret + 1;
    diagnostic->excerpt = cut_excerpt(make_printable(line), &diagnostic->caret);
    guint room = (guint)g_utf8_strlen(diagnostic->excerpt, -1) - diagnostic->caret;
    diagnostic->width = under ? count_characters(line.data + before, under) : 1;
    diagnostic->width = MAX(MIN(diagnostic->width, room), 1);
    diagnostic->anchor = span.offset;
    return diagnostic;
}

void diagnostics_add(Diagnostics *diagnostics, Span span, const char *format, ...) {
    va_list arguments;
    if (diagnostics->count++ >= LIMIT_DIAGNOSTICS) {
        return;
    }
    Diagnostic *diagnostic = make_at(diagnostics, span);
    const Source *outer = diagnostics->outer.source;
    if (outer && outer != span.source) {
        diagnostic->anchor = diagnostics->outer.offset;
    }
    va_start(arguments, format);
    diagnostic->message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(diagnostics->list, diagnostic);
}

void diagnostics_add_file(Diagnostics *diagnostics, const char *file, const char *format, ...) {
    va_list arguments;
    Diagnostic *diagnostic = g_new0(Diagnostic, 1);
    diagnostics->count++;
    va_start(arguments, format);
    diagnostic->message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    diagnostic->file = g_strdup(file);
    g_ptr_array_add(diagnostics->list, diagnostic);
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

static void append_repeated(GString *out, char byte, guint count) {
    for (guint i = 0; i < count; i++) {
        g_string_append_c(out, byte);
    }
}

char *diagnostic_format(const Diagnostic *diagnostic) {
    GString *out = g_string_new(diagnostic->file);
    if (diagnostic->line > 0) {
        g_string_append_printf(out, ":%u:%u", diagnostic->line, diagnostic->column);
    }
    g_string_append_printf(out, ": error: %s\n", diagnostic->message);
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
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < diagnostics->list->len; i++) {
        g_autofree char *text = diagnostic_format(diagnostics_get(diagnostics, i));
        g_string_append(out, text);
    }
    if (diagnostics->count > diagnostics->list->len) {
        guint more = diagnostics->count - diagnostics->list->len;
        g_string_append_printf(out, "and %u more error%s\n", more, more == 1 ? "" : "s");
    }
    return g_string_free(out, FALSE);
}
