/*
 * xtext: see the header. What needs no quoting stands for itself, as Postfix reads it.
 */
#include "protocol/xtext.h"

gboolean xtext_decode(Text text, char *scratch, Text *out) {
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (byte == '+') {
            int high = i + 2 < text.length ? g_ascii_xdigit_value(text.data[i + 1]) : -1;
            int low = high >= 0 ? g_ascii_xdigit_value(text.data[i + 2]) : -1;
            if (low < 0) {
                return FALSE;
            }
            byte = (char)(high * 16 + low);
            i += 2;
        }
        scratch[length++] = byte;
    }
    *out = text_make(scratch, length);
    return TRUE;
}

char *xtext_encode(Text text) {
    GString *encoded = g_string_sized_new(text.length);
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (g_ascii_isgraph(byte) && byte != '+' && byte != '=') {
            g_string_append_c(encoded, byte);
        } else {
            g_string_append_printf(encoded, "+%02X", (guint)(guchar)byte);
        }
    }
    return g_string_free(encoded, FALSE);
}
