/*
 * Server: accepting. When the limit of connections is reached or accepting fails, as descriptors or
 * memory run out, it pauses: its sources are taken out of the loop and put back after
 * LIMIT_ACCEPT_PAUSE milliseconds, so that waiting clients cost nothing. The log says so once,
 * until all that waited have been taken.
 */
#include "server.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "listener.h"
#include "log.h"
#include "reload.h"
#include "server_limit.h"
#include "status.h"
#include "systemd.h"
#include "worker.h"

struct Server {
    const Settings *settings;
    const GPtrArray *sinks;
    Deployment *deployment; /* in service */
    Reloader *reloader;
    Control *control; /* or NULL */
    Status status;    /* what of it changes with reloads and connections */
    gint64 start;     /* monotonic */
    GPtrArray *listeners;
    GPtrArray *workers;
    GMainLoop *loop;
    GArray *accepting; /* source ids, one a listener; empty while paused */
    guint resuming;    /* source id, or 0 */
    guint signals[3];  /* source ids */
    guint next_worker;
    guint max_connections;
    gboolean told; /* that accepting pauses */
};

typedef enum {
    ACCEPT_TAKEN,
    ACCEPT_EMPTY,   /* no one is waiting */
    ACCEPT_SKIPPED, /* that client is gone */
    ACCEPT_STUCK,   /* no one can be taken now */
} AcceptStatus;

static void pause_accepting(Server *server, const char *why);

static guint count_connections(const Server *server) {
    guint count = 0;
    for (guint i = 0; i < server->workers->len; i++) {
        count += worker_connections(g_ptr_array_index(server->workers, i));
    }
    return count;
}

/* The one with the fewest connections; of equals the one behind the last. */
static Worker *choose_worker(Server *server) {
    guint count = server->workers->len;
    guint best = server->next_worker % count;
    guint fewest = G_MAXUINT;
    for (guint i = 0; i < count; i++) {
        guint index = (server->next_worker + i) % count;
        guint connections = worker_connections(g_ptr_array_index(server->workers, index));
        if (connections < fewest) {
            fewest = connections;
            best = index;
        }
    }
    server->next_worker = best + 1;
    return g_ptr_array_index(server->workers, best);
}

/* accept(2): the client that was first in line is gone, or it was only interrupted. After any other
 * error the same client may still be first in line: where a security module forbids it, say. */
static gboolean is_over(int error) {
    static const int known[] = {ECONNABORTED, EHOSTDOWN,   EHOSTUNREACH, EINTR,      ENETDOWN,
                                ENETUNREACH,  ENOPROTOOPT, ENONET,       EOPNOTSUPP, EPROTO};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (error == known[i]) {
            return TRUE;
        }
    }
    return FALSE;
}

static AcceptStatus accept_one(Server *server, int listening) {
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && worker_add(choose_worker(server), fd)) {
        server->status.accepted++;
        return ACCEPT_TAKEN;
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (error == EAGAIN) {
        return ACCEPT_EMPTY;
    }
    if (is_over(error)) {
        return ACCEPT_SKIPPED;
    }
    pause_accepting(server, g_strerror(error));
    return ACCEPT_STUCK;
}

/* GUnixFDSourceFunc */
static gboolean accept_ready(gint fd, GIOCondition condition, gpointer data) {
    Server *server = data;
    (void)condition;
    for (guint i = 0; i < LIMIT_ACCEPTS; i++) {
        if (count_connections(server) >= server->max_connections) {
            /* The first time round someone is known to be waiting. */
            if (i == 0) {
                pause_accepting(server, "the most connections allowed are open");
            }
            return i > 0;
        }
        AcceptStatus status = accept_one(server, fd);
        if (status == ACCEPT_STUCK) {
            return G_SOURCE_REMOVE;
        }
        if (status == ACCEPT_EMPTY) {
            server->told = FALSE;
            return G_SOURCE_CONTINUE;
        }
    }
    return G_SOURCE_CONTINUE;
}

static void remove_sources(Server *server) {
    for (guint i = 0; i < server->accepting->len; i++) {
        g_source_remove(g_array_index(server->accepting, guint, i));
    }
    g_array_set_size(server->accepting, 0);
}

static void start_accepting(Server *server) {
    for (guint i = 0; i < server->listeners->len; i++) {
        int fd = listener_fd(g_ptr_array_index(server->listeners, i));
        guint source = g_unix_fd_add(fd, G_IO_IN, accept_ready, server);
        g_array_append_val(server->accepting, source);
    }
}

/* GSourceFunc */
static gboolean resume_accepting(gpointer data) {
    Server *server = data;
    server->resuming = 0;
    start_accepting(server);
    return G_SOURCE_REMOVE;
}

static void pause_accepting(Server *server, const char *why) {
    if (!server->told) {
        log_warning("no new connections for now, with %u open: %s; those that wait are taken when "
                    "there is room",
                    count_connections(server), why);
        server->told = TRUE;
    }
    remove_sources(server);
    server->resuming = g_timeout_add(LIMIT_ACCEPT_PAUSE, resume_accepting, server);
}

/* Raises the limit of open files to what is needed and answers how many connections fit. */
static gboolean reserve_descriptors(guint *connections, guint others, GError **error) {
    struct rlimit limit;
    rlim_t needed = (rlim_t)*connections + others;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot read the limit of open files: %s",
                    g_strerror(errno));
        return FALSE;
    }
    if (limit.rlim_cur < needed && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = MIN(needed, limit.rlim_max);
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            getrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    if (limit.rlim_cur <= others) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "the limit of open files is %lu; at least %u are needed",
                    (gulong)limit.rlim_cur, others + 1);
        return FALSE;
    }
    if (limit.rlim_cur < needed) {
        guint fit = (guint)limit.rlim_cur - others;
        log_warning("the limit of open files, %lu, allows %u connections, not %u",
                    (gulong)limit.rlim_cur, fit, *connections);
        *connections = fit;
    }
    return TRUE;
}

/* What a worker leaves behind. */
typedef struct {
    Deployment *deployment;
    guint worker;
} Leaving;

/* GSourceFunc, in the main thread */
static gboolean take_leave(gpointer data) {
    const Leaving *leaving = data;
    deployment_leave(leaving->deployment, leaving->worker);
    return G_SOURCE_REMOVE;
}

/* WorkerLeft, in the worker's thread */
static void note_leaving(Deployment *deployment, guint worker, gpointer data) {
    Leaving *leaving = g_new(Leaving, 1);
    (void)data;
    *leaving = (Leaving){deployment, worker};
    g_idle_add_full(G_PRIORITY_DEFAULT, take_leave, leaving, g_free);
}

static gboolean start_workers(Server *server, GError **error) {
    const Settings *settings = server->settings;
    WorkerSettings shared = {
        .deployment = server->deployment,
        .left = note_leaving,
        .sinks = server->sinks,
        .request_timeout = settings->request_timeout,
        .dry_run = settings->dry_run,
    };
    for (guint i = 0; i < settings->workers; i++) {
        Worker *worker = worker_new(&shared, i, error);
        if (!worker) {
            return FALSE;
        }
        g_ptr_array_add(server->workers, worker);
    }
    return TRUE;
}

/* ReloadCurrent */
static Deployment *get_deployment(gpointer data) {
    const Server *server = data;
    return server->deployment;
}

/* The workers take the new rules between two batches; the old ones go when the last has left. */
static void deploy(Server *server, Deployment *deployment) {
    deployment_follow(server->deployment, deployment);
    deployment_unref(server->deployment);
    server->deployment = deployment;
    server->status.loaded = g_get_real_time();
    for (guint i = 0; i < server->workers->len; i++) {
        worker_offer(g_ptr_array_index(server->workers, i), deployment);
    }
}

static void tell_ready(const Server *server) {
    const Ruleset *ruleset = deployment_ruleset(server->deployment);
    gboolean failed = server->status.reload_status != LOAD_GOOD;
    g_autofree char *text = g_strdup_printf(
        "%u rules, ruleset %s, %u workers%s%s", ruleset_rule_count(ruleset), ruleset_hash(ruleset),
        server->workers->len, server->settings->dry_run ? "; dry run" : "",
        failed ? "; the last reload failed, and the rules before it serve" : "");
    systemd_tell_ready(text);
}

/* ReloadDone */
static void note_reload(ReloadResult *result, const char *summary, gpointer data) {
    Server *server = data;
    Status *status = &server->status;
    g_free(status->reload_text);
    status->reload_text = g_strdup(summary);
    status->reload_status = result->status;
    status->reloaded = result->time;
    if (result->status == LOAD_GOOD) {
        status->reloads++;
        deploy(server, g_steal_pointer(&result->deployment));
    } else {
        status->reloads_failed++;
    }
    tell_ready(server);
}

static char **list_addresses(const GPtrArray *listeners) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (guint i = 0; i < listeners->len; i++) {
        g_strv_builder_add(builder, listener_text(g_ptr_array_index(listeners, i)));
    }
    return g_strv_builder_end(builder);
}

/* Of ControlHost */
static Status *find_status(gpointer data) {
    const Server *server = data;
    Status *status = g_new(Status, 1);
    *status = server->status;
    status->settings = server->settings;
    status->sinks = server->sinks;
    status->listen = list_addresses(server->listeners);
    status->deployment = deployment_ref(server->deployment);
    status->reload_text = g_strdup(server->status.reload_text);
    status->now = g_get_real_time();
    status->uptime = g_get_monotonic_time() - server->start;
    status->connections = count_connections(server);
    status->max_connections = server->max_connections;
    for (guint i = 0; i < server->workers->len; i++) {
        counters_join(&status->counters, worker_counters(g_ptr_array_index(server->workers, i)));
    }
    return status;
}

Server *server_new(const Settings *settings, Ruleset *ruleset, PostconfHelper *helper,
                   GPtrArray *listeners, const GPtrArray *sinks, GError **error) {
    g_autoptr(Server) server = g_new0(Server, 1);
    guint others = LIMIT_RESERVED_DESCRIPTORS + 2 * settings->workers + listeners->len + sinks->len;
    const ReloadHost host = {settings, helper, sinks, get_deployment, note_reload, server};
    server->settings = settings;
    server->sinks = sinks;
    server->deployment = deployment_new(ruleset_ref(ruleset), settings->workers);
    server->reloader = reloader_new(&host);
    server->start = g_get_monotonic_time();
    server->status.started = g_get_real_time();
    server->status.loaded = server->status.started;
    server->listeners = listeners;
    server->workers = g_ptr_array_new_with_free_func((GDestroyNotify)worker_free);
    server->loop = g_main_loop_new(NULL, FALSE);
    server->accepting = g_array_new(FALSE, FALSE, sizeof(guint));
    server->max_connections = settings->max_connections;
    if (!reserve_descriptors(&server->max_connections, others, error)
        || !start_workers(server, error)) {
        return NULL;
    }
    return g_steal_pointer(&server);
}

/* GSourceFunc */
static gboolean stop(gpointer data) {
    Server *server = data;
    g_main_loop_quit(server->loop);
    return G_SOURCE_CONTINUE;
}

/* No worker is given a connection from here on. */
static void stop_accepting(Server *server) {
    remove_sources(server);
    g_clear_handle_id(&server->resuming, g_source_remove);
    g_ptr_array_set_size(server->listeners, 0);
}

static void stop_workers(Server *server) {
    g_ptr_array_foreach(server->workers, (GFunc)(void (*)(void))worker_stop, NULL);
    g_ptr_array_set_size(server->workers, 0);
}

/* GSourceFunc. A signal may come while the daemon stops, when there is no reloader. */
static gboolean reload(gpointer data) {
    Server *server = data;
    if (server->reloader) {
        reloader_ask(server->reloader, NULL, NULL);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean start_control(Server *server, GError **error) {
    const ControlHost host = {server->reloader, find_status, server};
    g_autoptr(GError) trouble = NULL;
    if (!server->settings->control) {
        return TRUE;
    }
    server->control = control_new(server->settings->control, &host, &trouble);
    if (server->control) {
        return TRUE;
    }
    if (server->settings->control_default) {
        log_info("no control socket: %s", trouble->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&trouble));
    return FALSE;
}

/* SIGHUP may have been held back while the daemon started. */
static void take_signals(Server *server) {
    sigset_t held;
    server->signals[0] = g_unix_signal_add(SIGTERM, stop, server);
    server->signals[1] = g_unix_signal_add(SIGINT, stop, server);
    server->signals[2] = g_unix_signal_add(SIGHUP, reload, server);
    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &held, NULL);
}

/* Signals and control first: who could connect may expect a clean stop, and to be told. */
gboolean server_listen(Server *server, GError **error) {
    take_signals(server);
    if (!start_control(server, error)) {
        return FALSE;
    }
    for (guint i = 0; i < server->listeners->len; i++) {
        if (!listener_listen(g_ptr_array_index(server->listeners, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

void server_run(Server *server) {
    start_accepting(server);
    tell_ready(server);
    guint watch = systemd_watch();
    g_main_loop_run(server->loop);
    systemd_tell_stopping();
    g_clear_handle_id(&watch, g_source_remove);
    stop_accepting(server);
    stop_workers(server);
}

/* Workers that have gone may have left rules behind. */
static void take_leaves(void) {
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

void server_free(Server *server) {
    if (!server) {
        return;
    }
    stop_accepting(server);
    if (server->control) {
        control_stop(server->control);
    }
    g_clear_pointer(&server->reloader, reloader_free);
    g_clear_pointer(&server->control, control_free);
    stop_workers(server);
    take_leaves();
    for (size_t i = 0; i < G_N_ELEMENTS(server->signals); i++) {
        g_clear_handle_id(&server->signals[i], g_source_remove);
    }
    deployment_unref(server->deployment);
    g_free(server->status.reload_text);
    g_array_unref(server->accepting);
    g_ptr_array_unref(server->workers);
    g_main_loop_unref(server->loop);
    g_free(server);
}
