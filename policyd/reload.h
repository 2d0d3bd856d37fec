/*
 * Reload: reads the rule file and its lists anew, in a thread of its own, one at a time. Who asks
 * while one runs is answered by the next, as what it reads may be older than the question.
 */
#ifndef POLICYD_RELOAD_H
#define POLICYD_RELOAD_H

#include "deployment.h"
#include "load.h"
#include "settings.h"

/* What came of a reload. */
typedef struct {
    LoadStatus status;
    Deployment *deployment; /* LOAD_GOOD: to be followed by the one in service; else NULL */
    guint added;            /* LOAD_GOOD: rules that the one in service lacks */
    guint gone;             /* and those that only it has */
    char *trouble;          /* else: what is wrong, in lines */
    gint64 time;            /* when it ended: of g_get_real_time() */
} ReloadResult;

typedef struct Reloader Reloader;

/* The deployment in service, borrowed: called by the main thread. */
typedef Deployment *(*ReloadCurrent)(gpointer data);

/* Called by the main thread; it may take the deployment out of the result. */
typedef void (*ReloadDone)(ReloadResult *result, const char *summary, gpointer data);

typedef struct {
    const Settings *settings;
    PostconfHelper *helper;
    const GPtrArray *sinks; /* of AuditSink: each reload looks whether they were rotated away */
    ReloadCurrent current;
    ReloadDone done;
    gpointer data; /* handed to both */
} ReloadHost;

/* All of the host is borrowed. The main thread's, as is all of it but ReloadAnswer. */
Reloader *reloader_new(const ReloadHost *host);

/* Waits for the end of one that runs, whose proof is cut short; its result is dropped, and who asks
 * is told that it failed. */
void reloader_free(Reloader *reloader);

/* Told, by the main thread, what came of a reload that began after it was asked for. */
typedef void (*ReloadAnswer)(const ReloadResult *result, const char *summary, gpointer data);

/* Asks for one; `answer` may be NULL. */
void reloader_ask(Reloader *reloader, ReloadAnswer answer, gpointer data);

#endif
