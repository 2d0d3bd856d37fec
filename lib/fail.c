/*
 * Fail: g_set_error() with an answer.
 */
#include "fail.h"

gboolean fail_with(GError **error, GQuark domain, gint code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error) {
        *error = g_error_new_valist(domain, code, format, arguments);
    }
    va_end(arguments);
    return FALSE;
}
