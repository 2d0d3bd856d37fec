/*
 * RelayPassword: the password of a login, from a file or from the terminal; never from an argument,
 * which every user of the machine may see.
 */
#ifndef POLICYD_CTL_RELAY_TEST_PASSWORD_H
#define POLICYD_CTL_RELAY_TEST_PASSWORD_H

#include <glib.h>

/* The first line of a file, to be freed; NULL and an error if it can't be read, is empty or longer
 * than LIMIT_RELAY_PASSWORD, or holds control characters. */
char *relay_password_read(const char *path, GError **error);

/* Asks for it on the terminal, without echo. NULL and an error as well if there is no terminal, or
 * if it was interrupted. */
char *relay_password_ask(const char *login, GError **error);

#endif
