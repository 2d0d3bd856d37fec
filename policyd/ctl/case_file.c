/*
 * CaseFile: line by line. The first error of a line ends it, and of a case that is wrong the
 * attribute lines below it are passed over: they would only be told to be no cases.
 */
#include "ctl/case_file.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "limit.h"
#include "protocol/attribute.h"
#include "protocol/reply.h"
#include "rules/nearest.h"

typedef struct {
    const Source *source;
    Diagnostics *diagnostics;
    size_t at;  /* in the line that is being read */
    size_t end; /* where its newline is, or the source's end */
    guint line; /* its number, from 1 */
} Reader;

/* A case that is being read. */
typedef struct {
    Case *expected;
    guint64 seen; /* a bit for each attribute that was given */
} Draft;

void case_free(Case *expected) {
    if (expected) {
        g_free(expected->decision);
        g_free(expected->place);
        if (expected->block) {
            g_string_free(expected->block, TRUE);
        }
        g_free(expected);
    }
}

static void free_case(gpointer data) {
    case_free(data);
}

GPtrArray *case_file_new(void) {
    return g_ptr_array_new_with_free_func(free_case);
}

static char peek(const Reader *reader) {
    return reader->at < reader->end ? reader->source->text.data[reader->at] : '\n';
}

static gboolean is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static gboolean at_end(const Reader *reader) {
    return reader->at == reader->end;
}

static Text slice(const Reader *reader, size_t start) {
    return text_make(reader->source->text.data + start, reader->at - start);
}

static void set_end(Reader *reader) {
    Text rest =
        text_make(reader->source->text.data + reader->at, reader->source->text.length - reader->at);
    ssize_t newline = text_find(rest, '\n');
    reader->end = reader->at + (newline < 0 ? rest.length : (size_t)newline);
}

/* Goes to the start of the next line; FALSE if there is none. */
static gboolean next_line(Reader *reader) {
    if (reader->end + 1 >= reader->source->text.length) {
        return FALSE;
    }
    reader->at = reader->end + 1;
    reader->line++;
    set_end(reader);
    return TRUE;
}

static void skip_blanks(Reader *reader) {
    while (is_blank(peek(reader))) {
        reader->at++;
    }
}

static void skip_to(Reader *reader, const char *ends) {
    while (!at_end(reader) && !strchr(ends, peek(reader))) {
        reader->at++;
    }
}

/* TRUE where a line of a block seems to stand: a name, and `=`. */
static gboolean at_attribute(const Reader *reader) {
    size_t at = reader->at;
    const char *data = reader->source->text.data;
    while (at < reader->end && (g_ascii_islower(data[at]) || data[at] == '_')) {
        at++;
    }
    return at > reader->at && at < reader->end && data[at] == '=';
}

static gboolean report(const Reader *reader, size_t start, const char *message) {
    size_t length = MAX(reader->at, start + 1) - start;
    diagnostics_add(reader->diagnostics, source_span(reader->source, start, length), "%s", message);
    return FALSE;
}

/* What stands between the quotes of a string; `hex` is whether it has \xHH. */
typedef struct {
    GString *text;
    gboolean hex;
} String;

static gboolean read_hex(Reader *reader, String *string) {
    Text digits = text_make(reader->source->text.data + reader->at, reader->end - reader->at);
    if (digits.length < 2 || !g_ascii_isxdigit(digits.data[0])
        || !g_ascii_isxdigit(digits.data[1])) {
        return FALSE;
    }
    int byte = g_ascii_xdigit_value(digits.data[0]) * 16 + g_ascii_xdigit_value(digits.data[1]);
    g_string_append_c(string->text, (char)byte);
    reader->at += 2;
    return TRUE;
}

static gboolean read_escape(Reader *reader, String *string) {
    size_t start = reader->at++;
    char kind = peek(reader);
    reader->at += at_end(reader) ? 0 : 1;
    if (kind == '"' || kind == '\\') {
        g_string_append_c(string->text, kind);
        return TRUE;
    }
    if (string->hex && kind == 'x' && read_hex(reader, string)) {
        return TRUE;
    }
    return report(reader, start,
                  string->hex ? "a value has the escapes \\\", \\\\ and \\xHH only"
                              : "a text has the escapes \\\" and \\\\ only");
}

static gboolean read_string(Reader *reader, String *string) {
    size_t start = reader->at++;
    while (!at_end(reader) && peek(reader) != '"') {
        if (peek(reader) != '\\') {
            g_string_append_c(string->text, peek(reader));
            reader->at++;
        } else if (!read_escape(reader, string)) {
            return FALSE;
        }
    }
    if (at_end(reader)) {
        return report(reader, start, "no closing '\"' on the line");
    }
    reader->at++;
    return at_end(reader) || is_blank(peek(reader))
           || report(reader, reader->at, "unexpected text behind the closing '\"'");
}

static gboolean report_action(const Reader *reader, size_t start) {
    const char *known[ACTION_COUNT + 1] = {NULL};
    Text word = slice(reader, start);
    Span span = source_span(reader->source, start, MAX(word.length, 1));
    if (text_find(word, '=') >= 0) {
        return report(reader, start,
                      "a case begins with the action that is expected, as in 'permit "
                      "client_address=192.0.2.1'");
    }
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        known[i] = action_info((Action)i)->name;
    }
    const char *nearest = nearest_find(word, known);
    if (nearest) {
        diagnostics_add(reader->diagnostics, span, "unknown action '%.*s'; did you mean '%s'?",
                        (int)word.length, word.data, nearest);
    } else {
        diagnostics_add(reader->diagnostics, span, "unknown action '%.*s'", (int)word.length,
                        word.data);
    }
    return FALSE;
}

static gboolean read_action(Reader *reader, Action *out) {
    size_t start = reader->at;
    if (is_blank(peek(reader))) {
        return report(reader, start, "a case begins in the first column");
    }
    skip_to(reader, " \t\"");
    return action_find(slice(reader, start), out) || report_action(reader, start);
}

#define CODE_LENGTH 3

static gboolean read_code(Reader *reader, guint *out) {
    size_t start = reader->at;
    guint64 code = 0;
    if (!g_ascii_isdigit(peek(reader))) {
        return TRUE;
    }
    skip_to(reader, " \t\"");
    Text digits = slice(reader, start);
    if (digits.length != CODE_LENGTH || !text_parse_number(digits, &code)) {
        return report(reader, start, "a reply code has three digits");
    }
    *out = (guint)code;
    return TRUE;
}

/* What a rule would begin with. */
static gboolean read_expectation(Reader *reader, Case *expected) {
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Reply reply = {.text = text_make(NULL, 0)};
    size_t start = reader->at;
    if (!read_action(reader, &reply.action)) {
        return FALSE;
    }
    skip_blanks(reader);
    size_t code = reader->at;
    if (!read_code(reader, &reply.code)) {
        return FALSE;
    }
    skip_blanks(reader);
    if (peek(reader) == '"') {
        start = reader->at;
        if (!read_string(reader, &(String){text, FALSE})) {
            return FALSE;
        }
        reply.text = text_make(text->str, text->len);
    }
    expected->action = reply.action;
    if (reply.code || reply.text.data) {
        expected->decision = reply_decision(&reply, &error);
    }
    if (error && error->code == REPLY_ERROR_CODE) {
        diagnostics_add(reader->diagnostics, source_span(reader->source, code, CODE_LENGTH), "%s",
                        error->message);
        return FALSE;
    }
    return !error || report(reader, start, error->message);
}

static gboolean report_name(const Reader *reader, Text name, size_t start) {
    const char *known[ATTRIBUTE_COUNT + 1] = {NULL};
    Span span = source_span(reader->source, start, name.length);
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        known[i] = attribute_info((Attribute)i)->name;
    }
    const char *nearest = nearest_find(name, known);
    if (nearest) {
        diagnostics_add(reader->diagnostics, span, "unknown attribute '%.*s'; did you mean '%s'?",
                        (int)name.length, name.data, nearest);
    } else {
        diagnostics_add(reader->diagnostics, span,
                        "unknown attribute '%.*s'; policyd.rules(5) lists them", (int)name.length,
                        name.data);
    }
    return FALSE;
}

/* `start` is where its name is. */
static gboolean add_attribute(const Reader *reader, Draft *draft, size_t start, Text name,
                              Text value) {
    Attribute attribute;
    if (!attribute_find(name, &attribute)) {
        return report_name(reader, name, start);
    }
    guint64 bit = G_GUINT64_CONSTANT(1) << attribute;
    if (draft->seen & bit) {
        return report(reader, start, "the attribute is given twice");
    }
    if (text_find(value, '\n') >= 0) {
        return report(reader, start, "the value holds a newline");
    }
    if (attribute == ATTRIBUTE_REQUEST && !text_equal(value, TEXT_LITERAL("smtpd_access_policy"))) {
        return report(reader, start, "a request of Postfix has 'request=smtpd_access_policy'");
    }
    draft->seen |= bit;
    GString *block = draft->expected->block;
    g_string_append_len(block, name.data, (gssize)name.length);
    g_string_append_c(block, '=');
    g_string_append_len(block, value.data, (gssize)value.length);
    g_string_append_c(block, '\n');
    return TRUE;
}

static gboolean read_bare(Reader *reader, GString *value) {
    size_t start = reader->at;
    skip_to(reader, " \t\"");
    if (peek(reader) == '"') {
        return report(reader, reader->at, "a '\"' in a value; put the whole value in quotes");
    }
    g_string_append_len(value, slice(reader, start).data, (gssize)(reader->at - start));
    return TRUE;
}

static gboolean read_word(Reader *reader, Draft *draft) {
    g_autoptr(GString) value = g_string_new(NULL);
    size_t start = reader->at;
    skip_to(reader, " \t=");
    Text name = slice(reader, start);
    if (peek(reader) != '=' || name.length == 0) {
        return report(reader, start, "this is not NAME=VALUE");
    }
    reader->at++;
    if (peek(reader) == '"' ? !read_string(reader, &(String){value, TRUE})
                            : !read_bare(reader, value)) {
        return FALSE;
    }
    return add_attribute(reader, draft, start, name, text_make(value->str, value->len));
}

static gboolean read_words(Reader *reader, Draft *draft) {
    for (; !at_end(reader); skip_blanks(reader)) {
        if (!read_word(reader, draft)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean read_block_line(Reader *reader, Draft *draft) {
    size_t start = reader->at;
    skip_to(reader, "=");
    Text name = slice(reader, start);
    if (at_end(reader) || name.length == 0) {
        return report(reader, start, "this is not NAME=VALUE; an empty line ends a block");
    }
    size_t value = ++reader->at;
    reader->at = reader->end;
    return add_attribute(reader, draft, start, name, slice(reader, value));
}

static gboolean read_block(Reader *reader, Draft *draft, size_t head) {
    gboolean good = TRUE;
    gboolean empty = TRUE;
    while (next_line(reader) && !at_end(reader)) {
        empty = FALSE;
        good = read_block_line(reader, draft) && good;
    }
    return empty ? report(reader, head,
                          "no request; NAME=VALUE words stand behind the action, or an attribute "
                          "block below it")
                 : good;
}

/* FALSE if it is wrong, which is reported. */
static gboolean read_case(Reader *reader, GPtrArray *cases) {
    g_autoptr(Case) expected = g_new0(Case, 1);
    Draft draft = {.expected = expected};
    size_t head = reader->at;
    expected->place = g_strdup_printf("%s:%u", reader->source->name, reader->line);
    expected->block = g_string_new(NULL);
    if (!read_expectation(reader, expected)) {
        return FALSE;
    }
    skip_blanks(reader);
    if (at_end(reader) ? !read_block(reader, &draft, head) : !read_words(reader, &draft)) {
        return FALSE;
    }
    if (!(draft.seen & (G_GUINT64_CONSTANT(1) << ATTRIBUTE_REQUEST))) {
        g_string_prepend(expected->block, "request=smtpd_access_policy\n");
    }
    g_string_append_c(expected->block, '\n');
    if (expected->block->len > LIMIT_BLOCK) {
        return report(reader, head, "the request is longer than 65536 bytes");
    }
    g_ptr_array_add(cases, g_steal_pointer(&expected));
    return TRUE;
}

void case_file_read_source(const Source *source, GPtrArray *cases, Diagnostics *diagnostics) {
    Reader reader = {.source = source, .diagnostics = diagnostics, .line = 1};
    gboolean wrong = FALSE;
    if (!source_check(source, diagnostics)) {
        return;
    }
    set_end(&reader);
    do {
        size_t start = reader.at;
        skip_blanks(&reader);
        if (at_end(&reader)) {
            wrong = FALSE;
        } else if (peek(&reader) != '#' && !(wrong && at_attribute(&reader))) {
            reader.at = start;
            wrong = !read_case(&reader, cases);
        }
    } while (next_line(&reader));
}

void case_file_read(const char *path, GPtrArray *cases, Diagnostics *diagnostics) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_read(path, path, LIMIT_CASE_FILE, &error);
    if (!source) {
        diagnostics_add_file(diagnostics, path, "cannot read: %s", error->message);
        return;
    }
    case_file_read_source(source, cases, diagnostics);
    /* The next file's source may stand where this one did. */
    diagnostics_set_anchor(diagnostics, (Span){0});
}
