/*
 * Daemon: what policyctl asks a running policyd on its control socket (control.h), and its status
 * taken apart (status.h).
 */
#ifndef POLICYD_CTL_DAEMON_H
#define POLICYD_CTL_DAEMON_H

#include <glib.h>

/* Sends a command to unix:PATH, NULL for the usual one, and waits for the answer however long it
 * takes. NULL and an error of G_IO_ERROR if there is none; else the text, to be freed, for a
 * terminal too (verb_clean()), and the exit status that policyd gave. */
char *daemon_ask(const char *where, const char *command, int *status, GError **error);

typedef struct {
    char *name; /* an action; or of a latency its upper limit in microseconds, or "more" */
    guint64 number;
} DaemonCount;

typedef struct {
    char *where; /* of the audit; of a rule its place */
    char *action;
    guint64 number; /* of lines lost; of hits */
} DaemonRow;

typedef struct {
    GHashTable *values; /* of char * to char *: the lines NAME VALUE */
    GPtrArray *listen;  /* of char *: where clients connect, as --listen has it */
    GArray *decisions;  /* of DaemonCount */
    GArray *latencies;  /* of DaemonCount */
    GArray *audit;      /* of DaemonRow */
    GArray *rules;      /* of DaemonRow */
} DaemonStatus;

/* Asks for the status. NULL and an error. */
DaemonStatus *daemon_status(const char *where, GError **error);

/* Takes the lines apart; unknown ones are left out, as a later policyd may have more. */
DaemonStatus *daemon_status_parse(const char *text);
void daemon_status_free(DaemonStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonStatus, daemon_status_free)

/* Empty, and 0, where there is no such line. */
const char *daemon_status_text(const DaemonStatus *status, const char *name);
guint64 daemon_status_number(const DaemonStatus *status, const char *name);

/* Sum of the decisions. */
guint64 daemon_status_decisions(const DaemonStatus *status);

/* Of a row of `audit`, the lines written: each decision has one, but for those that were lost. */
guint64 daemon_status_written(const DaemonStatus *status, const DaemonRow *row);

#endif
