/*
 * Status: what the daemon is and has done, at one moment, and as lines of text:
 *
 *   NAME VALUE              up to the end of the line
 *   listen ADDRESS          where clients connect, one line each, as --listen has it
 *   decisions ACTION NUMBER
 *   latency MICROSECONDS NUMBER    that took at most so long and longer than the row before; the
 * last row says `more` audit LOST WHERE rule HITS ACTION PLACE
 *
 * `\`, and bytes outside 0x20-0x7e, are \xHH.
 */
#ifndef POLICYD_STATUS_H
#define POLICYD_STATUS_H

#include "deployment.h"
#include "load.h"
#include "settings.h"

typedef struct {
    const Settings *settings;
    const GPtrArray *sinks; /* of AuditSink */
    Deployment *deployment;
    Counters counters; /* of all workers */
    gint64 started;    /* times are of g_get_real_time(); this one, and */
    gint64 loaded;     /* when the rules in service came, */
    gint64 reloaded;   /* when the last reload ended, 0: there was none, */
    gint64 now;
    gint64 uptime; /* microseconds */
    char **listen; /* where clients connect, ending in NULL */
    LoadStatus reload_status;
    char *reload_text; /* what came of it, in a line; NULL: there was none */
    guint64 reloads;   /* that loaded */
    guint64 reloads_failed;
    guint64 accepted; /* connections, since the start */
    guint connections;
    guint max_connections;
} Status;

/* Frees what it refers to, and it. */
void status_free(Status *status);

/* The caller frees it. */
GString *status_format(const Status *status);

#endif
