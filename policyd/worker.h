/*
 * Worker: a thread that answers its connections, one epoll loop with a ruleset that all workers
 * share. A turn of the loop is a batch: what is readable is read and decided, then the audit lines
 * of all decisions are handed to the kernel, then the replies are sent.
 */
#ifndef POLICYD_WORKER_H
#define POLICYD_WORKER_H

#include "deployment.h"

/* Called by a worker's thread when it has left a deployment, the reference to which it hands over.
 */
typedef void (*WorkerLeft)(Deployment *deployment, guint worker, gpointer data);

typedef struct {
    Deployment *deployment; /* each worker takes a reference */
    WorkerLeft left;
    gpointer data;          /* handed to it */
    const GPtrArray *sinks; /* of AuditSink; outlives the workers */
    guint request_timeout;  /* seconds */
    gboolean dry_run;
} WorkerSettings;

typedef struct Worker Worker;

/* Starts the thread of the worker of this number, from 0. NULL and an error if there are no
 * descriptors for it. */
Worker *worker_new(const WorkerSettings *settings, guint number, GError **error);

/* Has the worker take these rules, of which it takes a reference, at its next turn, and wakes it.
 */
void worker_offer(Worker *worker, Deployment *deployment);

const Counters *worker_counters(const Worker *worker);

/* Gives the worker a connected socket, which does not block; called by one thread only. FALSE with
 * errno if the kernel has no room for it: then the socket is still the caller's. */
gboolean worker_add(Worker *worker, int fd);

/* Connections now. */
guint worker_connections(Worker *worker);

/* Asks the worker to answer the requests that have arrived whole and to end. After that nothing
 * is added. */
void worker_stop(Worker *worker);

/* Waits for its end, which worker_stop() asked for, and frees it. */
void worker_free(Worker *worker);

#endif
