/*
 * PostconfHelper: a process that runs postconf for the daemon. It is forked before the daemon has
 * threads, sockets or a new user, so that lists can be read from Postfix for as long as the daemon
 * lives, and it ends with it, however that ends.
 */
#ifndef POLICYD_POSTCONF_HELPER_H
#define POLICYD_POSTCONF_HELPER_H

#include "rules/compile.h"

typedef struct PostconfHelper PostconfHelper;

/* Forks. NULL and an error if that fails. */
PostconfHelper *postconf_helper_new(GError **error);

/* Ends the helper and waits for it. */
void postconf_helper_free(PostconfHelper *helper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PostconfHelper, postconf_helper_free)

/* A PostconfReader; `data` is a PostconfHelper. For one thread at a time. */
char *postconf_helper_read(const char *parameter, gpointer data, GError **error);

#endif
