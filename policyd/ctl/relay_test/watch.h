/*
 * RelayWatch: a time after which whatever waits for the server is cancelled. A limit for each wait
 * would not do: a server may send a byte now and then.
 */
#ifndef POLICYD_CTL_RELAY_TEST_WATCH_H
#define POLICYD_CTL_RELAY_TEST_WATCH_H

#include <gio/gio.h>

typedef struct RelayWatch RelayWatch;

/* Starts to count. NULL and an error if there can be no thread. */
RelayWatch *relay_watch_new(guint seconds, GError **error);
void relay_watch_free(RelayWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayWatch, relay_watch_free)

/* For the calls of GIO; the watch owns it. */
GCancellable *relay_watch_cancellable(RelayWatch *watch);

#endif
