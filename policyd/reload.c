/*
 * Reload: the thread has a low priority, so that workers don't wait for it where processors are
 * few, and hands its result to the main thread's loop.
 */
#include "reload.h"

#include <sys/resource.h>
#include <unistd.h>

#include "audit_sink.h"
#include "log.h"
#include "systemd.h"

/* Of the thread, as nice(1) has it. */
#define NICENESS 10

typedef struct {
    ReloadAnswer answer;
    gpointer data;
} Asker;

struct Reloader {
    ReloadHost host;
    GThread *thread;  /* NULL: none runs */
    GArray *asking;   /* of Asker: for the one that runs */
    GArray *waiting;  /* of Asker: for the next */
    gboolean again;   /* there is to be a next */
    gint stopping;    /* atomic */
    guint finished;   /* source id, or 0 */
    Deployment *from; /* what the one that runs is compared with */
    ReloadResult result;
};

static void start(Reloader *reloader);

static void clear_result(ReloadResult *result) {
    g_clear_pointer(&result->deployment, deployment_unref);
    g_clear_pointer(&result->trouble, g_free);
}

Reloader *reloader_new(const ReloadHost *host) {
    Reloader *reloader = g_new0(Reloader, 1);
    reloader->host = *host;
    reloader->asking = g_array_new(FALSE, FALSE, sizeof(Asker));
    reloader->waiting = g_array_new(FALSE, FALSE, sizeof(Asker));
    return reloader;
}

static void join(Reloader *reloader) {
    g_clear_pointer(&reloader->thread, g_thread_join);
    g_clear_pointer(&reloader->from, deployment_unref);
    reloader->finished = 0;
}

static void refuse(const GArray *askers) {
    static const ReloadResult stopping = {.status = LOAD_FAILED};
    for (guint i = 0; i < askers->len; i++) {
        const Asker *asker = &g_array_index(askers, Asker, i);
        asker->answer(&stopping, "policyd is stopping", asker->data);
    }
}

void reloader_free(Reloader *reloader) {
    if (!reloader) {
        return;
    }
    g_atomic_int_set(&reloader->stopping, TRUE);
    if (reloader->thread) {
        g_thread_join(g_steal_pointer(&reloader->thread));
    }
    g_clear_handle_id(&reloader->finished, g_source_remove);
    g_clear_pointer(&reloader->from, deployment_unref);
    refuse(reloader->asking);
    refuse(reloader->waiting);
    clear_result(&reloader->result);
    g_array_unref(reloader->asking);
    g_array_unref(reloader->waiting);
    g_free(reloader);
}

/* What changed, in a line; the caller frees it. */
static char *summarise(const Reloader *reloader, const ReloadResult *result) {
    const char *path = reloader->host.settings->rules;
    if (result->status != LOAD_GOOD) {
        return g_strdup_printf("%s is not loaded; the rules in service stay", path);
    }
    const Ruleset *before = deployment_ruleset(reloader->from);
    const Ruleset *after = deployment_ruleset(result->deployment);
    if (g_str_equal(ruleset_hash(before), ruleset_hash(after))) {
        return g_strdup_printf("%s is loaded: ruleset %s, nothing changed", path,
                               ruleset_hash(after));
    }
    return g_strdup_printf("%s is loaded: ruleset %s instead of %s, %u rules, %u of them new, %u "
                           "gone",
                           path, ruleset_hash(after), ruleset_hash(before),
                           ruleset_rule_count(after), result->added, result->gone);
}

static void log_result(const ReloadResult *result, const char *summary) {
    if (result->status == LOAD_GOOD) {
        log_info("%s", summary);
        return;
    }
    g_auto(GStrv) lines = g_strsplit(result->trouble, "\n", -1);
    log_error("%s", summary);
    for (char **line = lines; *line; line++) {
        if (**line) { /* the rule file's may be empty, in the middle */
            log_error("%s", *line);
        }
    }
}

/* GSourceFunc, in the main thread */
static gboolean finish(gpointer data) {
    Reloader *reloader = data;
    ReloadResult result = reloader->result;
    g_autofree char *summary = summarise(reloader, &result);
    reloader->result = (ReloadResult){.status = LOAD_GOOD};
    join(reloader);
    log_result(&result, summary);
    reloader->host.done(&result, summary, reloader->host.data);
    for (guint i = 0; i < reloader->asking->len; i++) {
        const Asker *asker = &g_array_index(reloader->asking, Asker, i);
        asker->answer(&result, summary, asker->data);
    }
    g_array_set_size(reloader->asking, 0);
    clear_result(&result);
    if (reloader->again) {
        start(reloader);
    }
    return G_SOURCE_REMOVE;
}

/* New connections, however many come, don't keep it waiting: they have the same priority. */
static void finish_later(Reloader *reloader) {
    reloader->finished = g_idle_add_full(G_PRIORITY_DEFAULT, finish, reloader, NULL);
}

/* GThreadFunc */
static gpointer run(gpointer data) {
    Reloader *reloader = data;
    const Settings *settings = reloader->host.settings;
    ReloadResult *result = &reloader->result;
    Ruleset *ruleset = NULL;
    for (guint i = 0; i < reloader->host.sinks->len; i++) {
        audit_sink_reopen(g_ptr_array_index(reloader->host.sinks, i));
    }
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    result->status = load_ruleset(settings->rules, reloader->host.helper, settings->proof_budget,
                                  &reloader->stopping, &ruleset, &result->trouble);
    if (ruleset) {
        result->deployment = deployment_new(ruleset, settings->workers);
        deployment_compare(reloader->from, result->deployment, &result->added, &result->gone);
    }
    result->time = g_get_real_time();
    finish_later(reloader);
    return NULL;
}

static void start(Reloader *reloader) {
    GArray *asking = reloader->asking;
    g_autoptr(GError) error = NULL;
    g_array_set_size(asking, 0);
    reloader->asking = reloader->waiting;
    reloader->waiting = asking;
    reloader->again = FALSE;
    systemd_tell_reloading();
    reloader->from = deployment_ref(reloader->host.current(reloader->host.data));
    reloader->thread = g_thread_try_new("reload", run, reloader, &error);
    if (!reloader->thread) {
        reloader->result = (ReloadResult){
            .status = LOAD_FAILED,
            .trouble = g_strdup_printf("cannot start a thread: %s\n", error->message),
            .time = g_get_real_time(),
        };
        finish_later(reloader);
    }
}

void reloader_ask(Reloader *reloader, ReloadAnswer answer, gpointer data) {
    Asker asker = {answer, data};
    if (answer) {
        g_array_append_val(reloader->waiting, asker);
    }
    reloader->again = TRUE;
    if (!reloader->from) { /* none runs */
        start(reloader);
    }
}
