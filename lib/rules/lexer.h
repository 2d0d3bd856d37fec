/*
 * Lexer: a rule file's words, strings, regexes and signs, with their places.
 */
#ifndef POLICY_LEXER_H
#define POLICY_LEXER_H

#include "rules/diagnostic.h"

typedef enum {
    TOKEN_WORD,   /* a keyword, name, number, network, domain, mailbox: what stands unquoted */
    TOKEN_STRING, /* `text` is without quotes and escapes */
    TOKEN_REGEX,  /* `text` is the pattern between the slashes */
    TOKEN_SIGN,   /* , ( ) { } = == != < <= > >= */
    TOKEN_BROKEN, /* reported already; the rest of its statement is left out */
    TOKEN_END,    /* behind the last */
} TokenKind;

typedef struct {
    TokenKind kind;
    gboolean starts_statement; /* it stands in the first column */
    gboolean caseless;         /* a regex with `i` behind it */
    char *text;                /* NUL at its end; holds none before */
    Span span;
} Token;

/* All tokens of a source that source_check() found in order; free with g_array_unref(). */
GArray *lexer_read(const Source *source, Diagnostics *diagnostics);

/* The statement that begins at an offset of a good source, as it is written but in one line:
 * without comments, and with one blank for what white space there is between its words. The caller
 * frees it. */
char *lexer_statement(const Source *source, size_t offset);

#endif
