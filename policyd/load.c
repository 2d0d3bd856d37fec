/*
 * Load: compile_file(), prove() and a clock. Fails as the first does, or where the second finds
 * something that is not PROVED.
 */
#include "load.h"

#include <gio/gio.h>

#include "analysis/prove.h"
#include "fail.h"
#include "log.h"
#include "rules/compile.h"

typedef struct {
    const char *path;
    gint64 quiet_until; /* monotonic */
} Progress;

/* TRUE once a second, after the first. */
static gboolean is_due(Progress *progress) {
    gint64 now = g_get_monotonic_time();
    if (now < progress->quiet_until) {
        return FALSE;
    }
    progress->quiet_until = now + G_USEC_PER_SEC;
    return TRUE;
}

/* CompileProgress */
static void tell_reading(const char *source, guint64 items, gpointer data) {
    Progress *progress = data;
    if (is_due(progress)) {
        log_info("loading %s: %" G_GUINT64_FORMAT " items of %s are read", progress->path, items,
                 source);
    }
}

/* Of AnalysisHost */
static void tell_proving(const char *what, guint done, guint all, gpointer data) {
    Progress *progress = data;
    if (is_due(progress)) {
        log_info("loading %s: %s rule %u of %u", progress->path, what, done, all);
    }
}

typedef struct {
    PostconfHelper *helper;
    const volatile gint *stop; /* or NULL */
} Asking;

/* PostconfReader. Each may take LIMIT_POSTCONF_SECONDS, and who stops waits for one at the most. */
static char *read_postconf(const char *parameter, gpointer data, GError **error) {
    const Asking *asking = data;
    if (asking->stop && *asking->stop != 0) {
        fail_with(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "policyd is stopping");
        return NULL;
    }
    return postconf_helper_read(parameter, asking->helper, error);
}

static Ruleset *compile(const char *path, Asking *asking, Progress *progress, char **trouble) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const CompileHost host = {
        .read_postconf = read_postconf,
        .postconf = asking,
        .tell = tell_reading,
        .told = progress,
    };
    Ruleset *ruleset = compile_file(path, &host, diagnostics);
    if (!ruleset) {
        *trouble = diagnostics_format(diagnostics);
    }
    return ruleset;
}

/* NULL if all holds, else what doesn't; the caller frees it. */
static char *find_unproved(const char *path, const Ruleset *ruleset, const AnalysisHost *host) {
    g_autoptr(GPtrArray) proofs = prove(ruleset, FALSE, host);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        if (proof->verdict != VERDICT_PROVED) {
            g_autofree char *told = proof_explain(proof, ruleset, path);
            g_string_append(text, told);
        }
    }
    return prove_holds(proofs) ? NULL : g_string_free(g_steal_pointer(&text), FALSE);
}

LoadStatus load_ruleset(const char *path, PostconfHelper *helper, guint32 budget,
                        const volatile gint *stop, Ruleset **ruleset, char **trouble) {
    gint64 start = g_get_monotonic_time();
    Progress progress = {path, start + G_USEC_PER_SEC};
    Asking asking = {helper, stop};
    const AnalysisHost host = {budget, stop, tell_proving, &progress};
    g_autoptr(Ruleset) loaded = compile(path, &asking, &progress, trouble);
    if (!loaded) {
        return LOAD_FAILED;
    }
    char *unproved = find_unproved(path, loaded, &host);
    if (unproved) {
        *trouble = unproved;
        return LOAD_UNPROVED;
    }
    gint64 took = g_get_monotonic_time() - start;
    if (took > G_USEC_PER_SEC) {
        log_info("loading %s took %.1f seconds", path, (double)took / G_USEC_PER_SEC);
    }
    *ruleset = g_steal_pointer(&loaded);
    return LOAD_GOOD;
}
