/*
 * Text: comparing, searching and folding of borrowed bytes. Nothing here allocates or fails, but
 * text_parse_number(), which answers FALSE on anything that is not a number.
 */
#include "protocol/text.h"

#include <string.h>
#include <sys/types.h>

#include "protocol/word.h"

Text text_from_string(const char *string) {
    return string ? text_make(string, strlen(string)) : text_make("", 0);
}

gboolean text_equal(Text a, Text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static Text skip_word(Text text) {
    return text_make(text.data + WORD_SIZE, text.length - WORD_SIZE);
}

gboolean text_equal_folded(Text a, Text b) {
    if (a.length != b.length) {
        return FALSE;
    }
    for (; a.length >= WORD_SIZE; a = skip_word(a), b = skip_word(b)) {
        if (word_fold(word_load(a.data)) != word_fold(word_load(b.data))) {
            return FALSE;
        }
    }
    return word_fold(word_load_some(a.data, a.length))
           == word_fold(word_load_some(b.data, a.length));
}

void text_fold(Text text, char *out) {
    for (size_t i = 0; i < text.length; i++) {
        out[i] = text_fold_byte(text.data[i]);
    }
}

ssize_t text_find(Text text, char byte) {
    const char *found = text.length > 0 ? memchr(text.data, byte, text.length) : NULL;
    return found ? found - text.data : -1;
}

ssize_t text_find_last(Text text, char byte) {
    const char *found = text.length > 0 ? memrchr(text.data, byte, text.length) : NULL;
    return found ? found - text.data : -1;
}

gboolean text_parse_number(Text text, guint64 *out) {
    guint64 value = 0;
    if (text.length == 0) {
        return FALSE;
    }
    for (size_t i = 0; i < text.length; i++) {
        guint64 digit = (guint64)(guchar)text.data[i] - '0';
        if (digit > 9 || value > (G_MAXUINT64 - digit) / 10) {
            return FALSE;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return TRUE;
}
