/*
 * Note: texts in an array. Nothing fails.
 */
#include "ctl/import/note.h"

void note_add(GPtrArray *notes, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *escaped = g_strescape(text, "\"\\");
    if (!g_ptr_array_find_with_equal_func(notes, escaped, g_str_equal, NULL)) {
        g_ptr_array_add(notes, g_steal_pointer(&escaped));
    }
}
