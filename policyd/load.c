/*
 * Load: compile_file() and a clock. Fails as it does.
 */
#include "load.h"

#include "log.h"

typedef struct {
    const char *path;
    gint64 quiet_until; /* monotonic */
} Progress;

/* CompileProgress */
static void tell(const char *source, guint64 items, gpointer data) {
    Progress *progress = data;
    gint64 now = g_get_monotonic_time();
    if (now >= progress->quiet_until) {
        log_info("loading %s: %" G_GUINT64_FORMAT " items of %s are read", progress->path, items,
                 source);
        progress->quiet_until = now + G_USEC_PER_SEC;
    }
}

Ruleset *load_ruleset(const char *path, PostconfHelper *helper, Diagnostics *diagnostics) {
    gint64 start = g_get_monotonic_time();
    Progress progress = {path, start + G_USEC_PER_SEC};
    const CompileHost host = {
        .read_postconf = postconf_helper_read,
        .postconf = helper,
        .tell = tell,
        .told = &progress,
    };
    Ruleset *ruleset = compile_file(path, &host, diagnostics);
    gint64 took = g_get_monotonic_time() - start;
    if (ruleset && took > G_USEC_PER_SEC) {
        log_info("loading %s took %.1f seconds", path, (double)took / G_USEC_PER_SEC);
    }
    return ruleset;
}
