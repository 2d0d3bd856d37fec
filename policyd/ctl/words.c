/*
 * Words: each is left as it is, put in quotes, or written in the shell's escapes.
 */
#include "ctl/words.h"

#include <string.h>

typedef enum {
    QUOTING_NONE,
    QUOTING_PLAIN,   /* '...' */
    QUOTING_ESCAPED, /* $'...' */
} Quoting;

static Quoting find_quoting(Text value) {
    Quoting quoting = QUOTING_NONE;
    for (size_t i = 0; i < value.length; i++) {
        char byte = value.data[i];
        if (!g_ascii_isprint(byte)) {
            return QUOTING_ESCAPED;
        }
        if (!g_ascii_isalnum(byte) && !strchr("@%+=:,./_-", byte)) {
            quoting = QUOTING_PLAIN;
        }
    }
    return quoting;
}

static void append_byte(GString *out, char byte, Quoting quoting) {
    if (quoting == QUOTING_PLAIN && byte == '\'') {
        g_string_append(out, "'\\''");
    } else if (quoting == QUOTING_ESCAPED && (byte == '\'' || byte == '\\')) {
        g_string_append_printf(out, "\\%c", byte);
    } else if (g_ascii_isprint(byte)) {
        g_string_append_c(out, byte);
    } else {
        g_string_append_printf(out, "\\x%02x", (guint)(guchar)byte);
    }
}

static void append_word(GString *out, const char *name, Text value) {
    static const char *const before[] = {"", "'", "$'"};
    Quoting quoting = find_quoting(value);
    g_string_append_printf(out, "%s%s%s=", out->len > 0 ? " " : "", before[quoting], name);
    for (size_t i = 0; i < value.length; i++) {
        append_byte(out, value.data[i], quoting);
    }
    g_string_append(out, quoting == QUOTING_NONE ? "" : "'");
}

char *words_from_request(const Request *request) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        Text value = request->values[i];
        if (text_find(value, '\0') >= 0) {
            return NULL;
        }
        if (value.length > 0) {
            append_word(out, attribute_info((Attribute)i)->name, value);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
