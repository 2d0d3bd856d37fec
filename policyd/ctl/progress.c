/*
 * Progress: a line on standard error, written over. Nothing is shown where that is no terminal.
 */
#include "ctl/progress.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define QUIET_TIME (2 * G_USEC_PER_SEC)
#define SHOW_INTERVAL (G_USEC_PER_SEC / 10)

static volatile gint interrupted;
static gint64 show_after;
static gboolean shown;
static AnalysisHost host;
static struct sigaction before;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static void tell(const char *what, guint done, guint all, gpointer data) {
    gint64 now = g_get_monotonic_time();
    (void)data;
    if (now >= show_after && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%s: %u of %u rules\033[K", what, done, all);
        fflush(stderr);
        show_after = now + SHOW_INTERVAL;
        shown = TRUE;
    }
}

const AnalysisHost *progress_begin(guint32 budget) {
    /* SA_RESETHAND: a second one ends the program. */
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    interrupted = 0;
    shown = FALSE;
    show_after = g_get_monotonic_time() + QUIET_TIME;
    host = (AnalysisHost){.budget = budget, .stop = &interrupted, .tell = tell};
    sigaction(SIGINT, &action, &before);
    return &host;
}

guint32 progress_budget(gint64 nodes) {
    return (guint32)CLAMP(nodes, 0, (gint64)G_MAXUINT32);
}

gboolean progress_end(void) {
    sigaction(SIGINT, &before, NULL);
    if (shown) {
        fputs("\r\033[K", stderr);
    }
    return interrupted != 0;
}
