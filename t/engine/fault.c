/*
 * Fault: on standard output, as what the tests say else.
 */
#include "engine/fault.h"

#include <stdio.h>

gboolean fault(const char *rules, const Request *request, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    printf("%s\n\n%s\n", text, rules);
    for (guint i = 0; request && i < ATTRIBUTE_COUNT; i++) {
        if (request->values[i].length > 0) {
            printf("%s=%.*s\n", attribute_info((Attribute)i)->name, (int)request->values[i].length,
                   request->values[i].data);
        }
    }
    return FALSE;
}
