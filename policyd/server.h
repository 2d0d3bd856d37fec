/*
 * Server: the main thread's loop. It takes connections and hands each to the worker with the
 * fewest, until SIGTERM or SIGINT.
 */
#ifndef POLICYD_SERVER_H
#define POLICYD_SERVER_H

#include "rules/ruleset.h"
#include "settings.h"

typedef struct Server Server;

/*
 * Starts the workers; `listeners` holds Listeners, `sinks` AuditSinks, and both and the settings
 * outlive the server. Raises the limit of open files as far as settings->max_connections needs;
 * where that is not allowed, fewer connections are, and the log says so. NULL and an error if it
 * can't work at all.
 */
Server *server_new(const Settings *settings, Ruleset *ruleset, GPtrArray *listeners,
                   const GPtrArray *sinks, GError **error);

/* Lets clients connect. */
gboolean server_listen(Server *server, GError **error);

/* Serves until a signal ends it, and answers what has arrived whole by then. The listeners are
 * closed and their sockets removed when it returns. */
void server_run(Server *server);

void server_free(Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)

#endif
