/*
 * Lexer: as in main.cf, a statement starts in the first column and white space continues it;
 * comment and blank lines don't end it. What can't be read is reported, and the lexer goes on with
 * the next statement, so that each of a file's statements is looked at.
 */
#include "rules/lexer.h"

#include <string.h>

#include "rules/source.h"

typedef struct {
    const Source *source;
    Diagnostics *diagnostics;
    GArray *tokens;
    size_t at;
} Lexer;

static char peek(const Lexer *lexer, size_t ahead) {
    Text text = lexer->source->text;
    return lexer->at + ahead < text.length ? text.data[lexer->at + ahead] : '\0';
}

static gboolean at_end(const Lexer *lexer) {
    return lexer->at >= lexer->source->text.length;
}

static gboolean is_first_column(const Lexer *lexer, size_t offset) {
    return offset == 0 || lexer->source->text.data[offset - 1] == '\n';
}

static gboolean is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n';
}

/* Behind white space or at a line's start, where alone `#` begins a comment. */
static gboolean is_behind_space(const Lexer *lexer, size_t offset) {
    return offset == 0 || is_space(lexer->source->text.data[offset - 1]);
}

static gboolean is_word_byte(char byte) {
    return byte != '\0' && !is_space(byte) && !strchr(",(){}\"=<>!", byte);
}

static void skip_line(Lexer *lexer) {
    while (!at_end(lexer) && peek(lexer, 0) != '\n') {
        lexer->at++;
    }
}

static void skip_space_and_comments(Lexer *lexer) {
    while (!at_end(lexer)) {
        if (peek(lexer, 0) == '#' && is_behind_space(lexer, lexer->at)) {
            skip_line(lexer);
        } else if (is_space(peek(lexer, 0))) {
            lexer->at++;
        } else {
            return;
        }
    }
}

static void skip_statement(Lexer *lexer) {
    do {
        skip_line(lexer);
        lexer->at++;
        while (!at_end(lexer) && peek(lexer, 0) == '#') {
            skip_line(lexer);
            lexer->at++;
        }
    } while (!at_end(lexer) && is_space(peek(lexer, 0)));
}

static void add(Lexer *lexer, TokenKind kind, size_t start, char *text) {
    Token token = {
        .kind = kind,
        .starts_statement = is_first_column(lexer, start),
        .text = text,
        .span = source_span(lexer->source, start, lexer->at - start),
    };
    g_array_append_val(lexer->tokens, token);
}

static void break_off(Lexer *lexer, size_t start, size_t offset, size_t length,
                      const char *message) {
    diagnostics_add(lexer->diagnostics, source_span(lexer->source, offset, length), "%s", message);
    lexer->at = MAX(lexer->at, start + 1);
    add(lexer, TOKEN_BROKEN, start, g_strdup(""));
    skip_statement(lexer);
}

static char *slice(const Lexer *lexer, size_t start) {
    return g_strndup(lexer->source->text.data + start, lexer->at - start);
}

static void read_word(Lexer *lexer) {
    size_t start = lexer->at;
    while (!at_end(lexer) && is_word_byte(peek(lexer, 0))) {
        lexer->at++;
    }
    add(lexer, TOKEN_WORD, start, slice(lexer, start));
}

static void read_sign(Lexer *lexer) {
    size_t start = lexer->at;
    gboolean two = peek(lexer, 1) == '=' && strchr("=!<>", peek(lexer, 0));
    lexer->at += two ? 2 : 1;
    g_autofree char *text = slice(lexer, start);
    if (strcmp(text, "!") == 0) {
        break_off(lexer, start, start, 1, "unexpected '!'; 'not' negates");
        return;
    }
    add(lexer, TOKEN_SIGN, start, g_steal_pointer(&text));
}

static void read_string(Lexer *lexer) {
    size_t start = lexer->at++;
    g_autoptr(GString) text = g_string_new(NULL);
    while (!at_end(lexer) && peek(lexer, 0) != '\n' && peek(lexer, 0) != '"') {
        if (peek(lexer, 0) == '\\') {
            char escaped = peek(lexer, 1);
            if (escaped != '"' && escaped != '\\') {
                break_off(lexer, start, lexer->at, 2,
                          "a string has the escapes \\\" and \\\\ only");
                return;
            }
            lexer->at++;
        }
        g_string_append_c(text, peek(lexer, 0));
        lexer->at++;
    }
    if (peek(lexer, 0) != '"') {
        break_off(lexer, start, start, lexer->at - start,
                  "the string has no closing '\"' on its line");
        return;
    }
    lexer->at++;
    add(lexer, TOKEN_STRING, start, g_strdup(text->str));
}

/* Reads to the closing slash; FALSE if the line ends before. `\/` stays as it is: PCRE2 reads it as
 * a slash, and places in the pattern stay places in the file. */
static gboolean read_pattern(Lexer *lexer, GString *pattern) {
    while (!at_end(lexer) && peek(lexer, 0) != '\n' && peek(lexer, 0) != '/') {
        if (peek(lexer, 0) == '\\' && peek(lexer, 1) != '\n' && peek(lexer, 1) != '\0') {
            g_string_append_c(pattern, '\\');
            lexer->at++;
        }
        g_string_append_c(pattern, peek(lexer, 0));
        lexer->at++;
    }
    return peek(lexer, 0) == '/';
}

static void read_regex(Lexer *lexer) {
    size_t start = lexer->at++;
    g_autoptr(GString) pattern = g_string_new(NULL);
    if (!read_pattern(lexer, pattern)) {
        break_off(lexer, start, start, lexer->at - start,
                  "the regex has no closing '/' on its line");
        return;
    }
    lexer->at++;
    gboolean caseless = peek(lexer, 0) == 'i';
    lexer->at += caseless ? 1 : 0;
    if (is_word_byte(peek(lexer, 0))) {
        break_off(lexer, start, lexer->at, 1,
                  "unexpected text behind the regex; its only flag is 'i', and '\\/' is a slash");
        return;
    }
    add(lexer, TOKEN_REGEX, start, g_strdup(pattern->str));
    g_array_index(lexer->tokens, Token, lexer->tokens->len - 1).caseless = caseless;
}

static void read_token(Lexer *lexer) {
    char byte = peek(lexer, 0);
    if (byte == '"') {
        read_string(lexer);
    } else if (byte == '/') {
        read_regex(lexer);
    } else if (byte == '#') {
        break_off(lexer, lexer->at, lexer->at, 1,
                  "'#' starts a comment only behind white space, and no word");
    } else if (is_word_byte(byte)) {
        read_word(lexer);
    } else {
        read_sign(lexer);
    }
}

static void clear_token(gpointer data) {
    g_free(((Token *)data)->text);
}

static GArray *new_tokens(void) {
    GArray *tokens = g_array_new(FALSE, FALSE, sizeof(Token));
    g_array_set_clear_func(tokens, clear_token);
    return tokens;
}

GArray *lexer_read(const Source *source, Diagnostics *diagnostics) {
    GArray *tokens = new_tokens();
    Lexer lexer = {source, diagnostics, tokens, 0};
    for (skip_space_and_comments(&lexer); !at_end(&lexer); skip_space_and_comments(&lexer)) {
        read_token(&lexer);
    }
    lexer.at = source->text.length;
    add(&lexer, TOKEN_END, source->text.length, g_strdup(""));
    g_array_index(tokens, Token, tokens->len - 1).starts_statement = TRUE;
    return tokens;
}

char *lexer_statement(const Source *source, size_t offset) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GArray) tokens = new_tokens();
    Lexer lexer = {source, diagnostics, tokens, offset};
    GString *text = g_string_new(NULL);
    size_t end = offset;
    while (!at_end(&lexer) && (lexer.at == offset || !is_first_column(&lexer, lexer.at))) {
        size_t start = lexer.at;
        read_token(&lexer);
        g_string_append(text, start > end ? " " : "");
        g_string_append_len(text, source->text.data + start, (gssize)(lexer.at - start));
        end = lexer.at;
        skip_space_and_comments(&lexer);
    }
    return g_string_free(text, FALSE);
}
