/*
 * Text: borrowed bytes, a pointer and a length. It owns nothing, need not end in NUL and may hold
 * any byte. Case folding is of ASCII letters only, whatever the locale, as Postfix's lowercase().
 */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <glib.h>
#include <sys/types.h>

typedef struct {
    const char *data;
    size_t length;
} Text;

#define TEXT_LITERAL(s) ((Text){(s), sizeof(s) - 1})

static inline Text text_make(const char *data, size_t length) {
    return (Text){data, length};
}

static inline char text_fold_byte(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Borrows a string that ends in NUL; NULL is the empty text. */
Text text_from_string(const char *string);

gboolean text_equal(Text a, Text b);
gboolean text_equal_folded(Text a, Text b);

/* Copies with ASCII letters folded; `out` holds text.length bytes. */
void text_fold(Text text, char *out);

/* Offset of the first or last `byte`, or -1. */
ssize_t text_find(Text text, char byte);
ssize_t text_find_last(Text text, char byte);

/* Decimal digits only, at least one, at most 2^64 - 1; else FALSE and *out untouched. */
gboolean text_parse_number(Text text, guint64 *out);

#endif
