/*
 * policyd: the daemon's start. What needs root comes first, then the change of user, then what the
 * new user must be able to do by itself. Exit status: 0 stopped by a signal, 1 it could not start,
 * 2 usage, or a rule file that can't be loaded.
 */
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit_sink.h"
#include "listener.h"
#include "load.h"
#include "log.h"
#include "postconf_helper.h"
#include "privileges.h"
#include "rules/compile.h"
#include "sandbox.h"
#include "server.h"
#include "server_limit.h"
#include "settings.h"
#include "systemd.h"

typedef enum {
    EXIT_STOPPED = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
} ExitStatus;

/* What the program holds, released in this order from the end. */
typedef struct {
    Settings *settings;
    PostconfHelper *helper;
    GPtrArray *listeners;
    Ruleset *ruleset;
    GPtrArray *sinks;
    Server *server;
} Daemon;

/* Else a socket could become standard error, and be written to as that. */
static void open_standard_streams(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

/* GLib converts what strerror(3) says. For that libc may read tables and load code at the first
 * time, and the sandbox allows neither. */
static void prepare_messages(void) {
    g_free(g_locale_to_utf8("", -1, NULL, NULL, NULL));
}

/* Writes past a limit or to a client that is gone shall fail, not kill. */
static void ignore_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* Those that systemd hands over. */
static gboolean adopt_listeners(Daemon *daemon, GError **error) {
    g_autoptr(GArray) sockets = systemd_take_sockets(error);
    for (guint i = 0; sockets && i < sockets->len; i++) {
        Listener *listener = listener_adopt(g_array_index(sockets, int, i), error);
        if (!listener) {
            return FALSE;
        }
        g_ptr_array_add(daemon->listeners, listener);
    }
    return sockets != NULL;
}

/* A reload that is asked for while the daemon starts comes after: the server takes the signal. */
static void hold_reloads(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static gboolean bind_listeners(Daemon *daemon, GError **error) {
    GPtrArray *addresses = daemon->settings->listen;
    for (guint i = 0; i < addresses->len; i++) {
        Listener *listener = listener_bind(g_ptr_array_index(addresses, i), error);
        if (!listener) {
            return FALSE;
        }
        g_ptr_array_add(daemon->listeners, listener);
    }
    return TRUE;
}

/* Prints what is wrong, as policyctl check does. */
static gboolean load_rules(Daemon *daemon) {
    g_autofree char *trouble = NULL;
    LoadStatus status =
        load_ruleset(daemon->settings->rules, daemon->helper, daemon->settings->proof_budget, NULL,
                     &daemon->ruleset, &trouble);
    if (status != LOAD_GOOD) {
        fputs(trouble, stderr);
    }
    return status == LOAD_GOOD;
}

static gboolean open_sinks(Daemon *daemon, GError **error) {
    const GPtrArray *specs = daemon->settings->audit;
    daemon->sinks = g_ptr_array_new_with_free_func((GDestroyNotify)audit_sink_free);
    for (guint i = 0; i < specs->len; i++) {
        AuditSink *sink = audit_sink_open(g_ptr_array_index(specs, i), error);
        if (!sink) {
            return FALSE;
        }
        g_ptr_array_add(daemon->sinks, sink);
    }
    return TRUE;
}

static gboolean start_server(Daemon *daemon, GError **error) {
    daemon->server = server_new(daemon->settings, daemon->ruleset, daemon->helper,
                                daemon->listeners, daemon->sinks, error);
    return daemon->server != NULL;
}

/* Who is out of memory later can only end, so a limit that is too low is told before clients come.
 */
static gboolean check_memory(GError **error) {
    g_autofree char *spare = g_try_malloc(LIMIT_SPARE_MEMORY);
    if (!spare) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "not enough memory to serve: %u MiB are needed besides what the rules take",
                    (guint)LIMIT_SPARE_MEMORY >> 20);
    }
    return spare != NULL;
}

static void announce(const Daemon *daemon) {
    const Settings *settings = daemon->settings;
    if (geteuid() == 0) {
        log_warning("running as root; give --user NAME to drop to another user");
    }
    g_autoptr(GString) sockets = g_string_new(NULL);
    for (guint i = 0; i < daemon->listeners->len; i++) {
        g_string_append_printf(sockets, "%s%s", i > 0 ? " " : "",
                               listener_text(g_ptr_array_index(daemon->listeners, i)));
    }
    log_info("version " POLICYD_VERSION "; rules %s, ruleset %s, %u rules; listening on %s; %u "
             "workers%s",
             settings->rules, ruleset_hash(daemon->ruleset), ruleset_rule_count(daemon->ruleset),
             sockets->str, settings->workers, settings->dry_run ? "; dry run" : "");
}

static ExitStatus serve(Daemon *daemon, GError **error) {
    daemon->helper = postconf_helper_new(daemon->settings->user, error);
    daemon->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)listener_free);
    ignore_signals();
    hold_reloads();
    if (!daemon->helper || !adopt_listeners(daemon, error) || !bind_listeners(daemon, error)
        || !privileges_drop(daemon->settings->user, error)) {
        return EXIT_FAILED;
    }
    if (!load_rules(daemon)) {
        return EXIT_USAGE;
    }
    if (!open_sinks(daemon, error) || !start_server(daemon, error) || !check_memory(error)
        || !server_listen(daemon->server, error) || !sandbox_enter(daemon->settings, error)) {
        return EXIT_FAILED;
    }
    announce(daemon);
    server_run(daemon->server);
    return EXIT_STOPPED;
}

static void daemon_clear(Daemon *daemon) {
    server_free(daemon->server);
    g_clear_pointer(&daemon->sinks, g_ptr_array_unref);
    g_clear_pointer(&daemon->ruleset, ruleset_unref);
    g_clear_pointer(&daemon->listeners, g_ptr_array_unref);
    postconf_helper_free(daemon->helper);
    settings_free(daemon->settings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Daemon, daemon_clear)

int main(int argc, char **argv) {
    g_auto(Daemon) daemon = {0};
    g_autoptr(GError) error = NULL;
    (void)argc;
    open_standard_streams();
    log_stderr();
    prepare_messages();
    daemon.settings = settings_parse(argv, &error);
    if (!daemon.settings) {
        log_error("%s", error->message);
        return EXIT_USAGE;
    }
    if (daemon.settings->print) {
        fputs(daemon.settings->print, stdout);
        return EXIT_STOPPED;
    }
    ExitStatus status = serve(&daemon, &error);
    if (error) {
        log_error("%s", error->message);
    }
    return (int)status;
}
