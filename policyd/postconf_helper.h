/*
 * PostconfHelper: a process that runs postconf for the daemon. It is forked before the daemon has
 * threads, sockets or a new user, so that lists can be read from Postfix for as long as the daemon
 * lives, and it ends with it, however that ends.
 */
#ifndef POLICYD_POSTCONF_HELPER_H
#define POLICYD_POSTCONF_HELPER_H

#include "rules/compile.h"

typedef struct PostconfHelper PostconfHelper;

/* Forks. The helper drops its privileges as the daemon does, for this user or NULL: main.cf
 * is for all to read, as sendmail(1) is run by all. NULL and an error if it can't be forked. */
PostconfHelper *postconf_helper_new(const char *user, GError **error);

/* Ends the helper and waits for it. */
void postconf_helper_free(PostconfHelper *helper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PostconfHelper, postconf_helper_free)

/* A PostconfReader; `data` is a PostconfHelper. For one thread at a time. */
char *postconf_helper_read(const char *parameter, gpointer data, GError **error);

#endif
