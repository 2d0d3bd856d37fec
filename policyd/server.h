/*
 * Server: the main thread's loop. It takes connections and hands each to the worker with the
 * fewest, until SIGTERM or SIGINT.
 */
#ifndef POLICYD_SERVER_H
#define POLICYD_SERVER_H

#include "postconf_helper.h"
#include "rules/ruleset.h"
#include "settings.h"

typedef struct Server Server;

/*
 * Starts the workers, with a reference of the ruleset; `listeners` holds Listeners, `sinks`
 * AuditSinks, the helper reads postconf for reloads, and all three and the settings outlive the
 * server. Raises the limit of open files as far as settings->max_connections needs;
 * where that is not allowed, fewer connections are, and the log says so. NULL and an error if it
 * can't work at all.
 */
Server *server_new(const Settings *settings, Ruleset *ruleset, PostconfHelper *helper,
                   GPtrArray *listeners, const GPtrArray *sinks, GError **error);

/* Lets clients connect, and serves the control socket; where the settings don't name one and the
 * usual one can't be, the log says so and it goes on without. */
gboolean server_listen(Server *server, GError **error);

/* Serves until SIGTERM or SIGINT ends it, reloads at SIGHUP, and answers what has arrived whole by
 * the end. The listeners are
 * closed and their sockets removed when it returns. */
void server_run(Server *server);

void server_free(Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)

#endif
