/*
 * Progress: a line on standard error, written over by a thread of its own, as one step of an
 * analysis may take long. Nothing is shown where that is no terminal, or there can be no thread.
 */
#include "ctl/progress.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define QUIET_TIME (2 * G_USEC_PER_SEC)
#define SHOW_INTERVAL (G_USEC_PER_SEC / 10)

G_STATIC_ASSERT(sizeof(gint) == sizeof(sig_atomic_t));

static volatile gint interrupted;
static AnalysisHost host;
static struct sigaction before;

/* What is shown: the lock is for what both threads touch while there are two. */
static struct {
    GThread *thread; /* NULL: nothing is shown */
    GMutex lock;
    GCond ended;
    gboolean end;
    gboolean shown;
    gint64 began;
    const char *what; /* a literal */
    guint done;
    guint all; /* 0: nothing was told yet */
} view;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static void tell(const char *what, guint done, guint all, gpointer data) {
    (void)data;
    g_mutex_lock(&view.lock);
    view.what = what;
    view.done = done;
    view.all = all;
    g_mutex_unlock(&view.lock);
}

static void show(void) {
    gint64 seconds = (g_get_monotonic_time() - view.began) / G_USEC_PER_SEC;
    if (view.all > 0) {
        fprintf(stderr, "\r%s: %u of %u, %" G_GINT64_FORMAT " s\033[K", view.what, view.done,
                view.all, seconds);
    } else {
        fprintf(stderr, "\rpreparing, %" G_GINT64_FORMAT " s\033[K", seconds);
    }
    view.shown = TRUE;
}

/* GThreadFunc */
static gpointer show_on(gpointer data) {
    gint64 next = view.began + QUIET_TIME;
    g_mutex_lock(&view.lock);
    while (!view.end) {
        if (!g_cond_wait_until(&view.ended, &view.lock, next)) {
            show();
            next = g_get_monotonic_time() + SHOW_INTERVAL;
        }
    }
    g_mutex_unlock(&view.lock);
    return data;
}

/* Signals are for the thread that works. */
static GThread *start(void) {
    sigset_t all;
    sigset_t mask;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    GThread *thread = g_thread_try_new("progress", show_on, NULL, NULL);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return thread;
}

const AnalysisHost *progress_begin(guint32 budget) {
    /* SA_RESETHAND: a second one ends the program. */
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    interrupted = 0;
    host = (AnalysisHost){.budget = budget, .stop = &interrupted, .tell = tell};
    sigaction(SIGINT, NULL, &before);
    if (before.sa_handler != SIG_IGN) { /* as nohup and `&` in a script have it */
        sigaction(SIGINT, &action, NULL);
    }
    view.end = FALSE;
    view.shown = FALSE;
    view.all = 0;
    view.began = g_get_monotonic_time();
    view.thread = isatty(STDERR_FILENO) ? start() : NULL;
    return &host;
}

guint32 progress_budget(gint64 nodes) {
    return (guint32)CLAMP(nodes, 0, (gint64)G_MAXUINT32);
}

gboolean progress_end(void) {
    if (view.thread) {
        g_mutex_lock(&view.lock);
        view.end = TRUE;
        g_cond_signal(&view.ended);
        g_mutex_unlock(&view.lock);
        g_thread_join(view.thread);
    }
    sigaction(SIGINT, &before, NULL);
    if (view.shown) {
        fputs("\r\033[K", stderr);
    }
    return interrupted != 0;
}
