/*
 * Postconf: a parameter of this machine's Postfix, as `postconf -hx PARAMETER` prints it.
 */
#ifndef POLICYD_POSTCONF_H
#define POLICYD_POSTCONF_H

#include <glib.h>

/* Runs postconf, from the PATH or else /usr/sbin, for at most LIMIT_POSTCONF_SECONDS. Answers the
 * value without its last newline, to be freed; it may be empty. NULL and an error if there is no
 * such parameter or no Postfix, or if it fails. */
char *postconf_run(const char *parameter, GError **error);

#endif
