/*
 * Postconf: what Postfix's own program tells of its parameters.
 */
#ifndef POLICYD_POSTCONF_H
#define POLICYD_POSTCONF_H

#include <glib.h>

/* Runs postconf with these arguments, NULL at their end, from the PATH or else /usr/sbin, for at
 * most LIMIT_POSTCONF_SECONDS. Answers what it prints, to be freed; it may be empty. NULL and an
 * error if there is no Postfix, if it fails or prints more than LIMIT_POSTCONF_VALUE bytes. */
char *postconf_print(const char *const *arguments, GError **error);

/* A parameter of this machine's Postfix, as `postconf -hx PARAMETER` prints it, without the last
 * newline, to be freed. NULL and an error, of there being no such parameter too. */
char *postconf_run(const char *parameter, GError **error);

#endif
