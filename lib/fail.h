/*
 * Fail: the end of a check that has found something wrong.
 */
#ifndef POLICY_FAIL_H
#define POLICY_FAIL_H

#include <glib.h>

/* Sets the error, unless it is NULL, and answers FALSE. */
gboolean fail_with(GError **error, GQuark domain, gint code, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

#endif
