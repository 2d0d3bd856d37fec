/*
 * Control: GLib accepts; each connection is served in a thread of its own, which has the main
 * thread do what is asked, waits for that, and writes the answer. So a slow client and a long
 * answer keep nobody else waiting. While LIMIT_CONTROL_CLIENTS are served, more wait.
 */
#include "control.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>

#include "listener.h"
#include "server_limit.h"

struct Control {
    ControlHost host;
    ListenerAddress *address;
    Listener *listener;
    GSocketService *service;
    GCancellable *stopping;
    guint active; /* clients that are served */
};

typedef struct {
    Control *control;
    GSocketConnection *connection;
} ControlClient;

/* One command, from its connection's thread to the main thread and back. */
typedef struct {
    Control *control;
    const char *command;
    GMutex lock;
    GCond changed;
    gboolean done;
    Status *status; /* of `status` */
    int exit_status;
    char *text;
} Errand;

static void finish_errand(Errand *errand) {
    g_mutex_lock(&errand->lock);
    errand->done = TRUE;
    g_cond_signal(&errand->changed);
    g_mutex_unlock(&errand->lock);
}

/* ReloadAnswer */
static void answer_reload(const ReloadResult *result, const char *summary, gpointer data) {
    Errand *errand = data;
    errand->exit_status = (int)result->status;
    errand->text = g_strdup_printf("%s%s\n", result->trouble ? result->trouble : "", summary);
    finish_errand(errand);
}

/* GSourceFunc, in the main thread */
static gboolean run_errand(gpointer data) {
    Errand *errand = data;
    const ControlHost *host = &errand->control->host;
    if (g_cancellable_is_cancelled(errand->control->stopping)) {
        errand->exit_status = LOAD_FAILED;
        errand->text = g_strdup("policyd is stopping\n");
        finish_errand(errand);
    } else if (g_str_equal(errand->command, "reload")) {
        reloader_ask(host->reloader, answer_reload, errand);
    } else {
        errand->status = host->status(host->data);
        finish_errand(errand);
    }
    return G_SOURCE_REMOVE;
}

/* Not by g_main_context_invoke(), which would run it here while the main thread is between two
 * turns of its loop. */
static void have_done(Errand *errand) {
    g_mutex_init(&errand->lock);
    g_cond_init(&errand->changed);
    g_idle_add_full(G_PRIORITY_DEFAULT, run_errand, errand, NULL);
    g_mutex_lock(&errand->lock);
    while (!errand->done) {
        g_cond_wait(&errand->changed, &errand->lock);
    }
    g_mutex_unlock(&errand->lock);
    g_mutex_clear(&errand->lock);
    g_cond_clear(&errand->changed);
}

static gboolean is_known(const char *command) {
    static const char *const known[] = {"reload", "status", NULL};
    return g_strv_contains(known, command);
}

/* The line that the client sends, without its newline; NULL if none comes. */
static char *read_command(GSocketConnection *connection, GCancellable *stopping) {
    char line[LIMIT_CONTROL_COMMAND];
    gsize length = 0;
    GInputStream *input = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    while (length < sizeof line) {
        gssize got =
            g_input_stream_read(input, line + length, sizeof line - length, stopping, NULL);
        if (got <= 0) {
            return NULL;
        }
        length += (gsize)got;
        const char *end = memchr(line, '\n', length);
        if (end) {
            gsize whole = (gsize)(end - line);
            return memchr(line, '\0', whole) ? NULL : g_strndup(line, whole);
        }
    }
    return NULL;
}

static void reply(GSocketConnection *connection, int status, const char *text) {
    GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_autofree char *whole = g_strdup_printf("%d %zu\n%s", status, strlen(text), text);
    g_output_stream_write_all(output, whole, strlen(whole), NULL, NULL, NULL);
    g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
}

static void serve(Control *control, GSocketConnection *connection) {
    g_socket_set_timeout(g_socket_connection_get_socket(connection), LIMIT_CONTROL_SECONDS);
    g_autofree char *command = read_command(connection, control->stopping);
    if (!command || !is_known(command)) {
        reply(connection, LOAD_FAILED, "unknown command\n");
        return;
    }
    Errand errand = {.control = control, .command = command};
    have_done(&errand);
    if (errand.status) {
        GString *text = status_format(errand.status);
        reply(connection, 0, text->str);
        g_string_free(text, TRUE);
        status_free(errand.status);
    } else {
        reply(connection, errand.exit_status, errand.text);
        g_free(errand.text);
    }
}

static void free_client(ControlClient *client) {
    g_object_unref(client->connection);
    g_free(client);
}

/* GSourceFunc, in the main thread */
static gboolean finish_client(gpointer data) {
    ControlClient *client = data;
    Control *control = client->control;
    control->active--;
    free_client(client);
    if (!g_cancellable_is_cancelled(control->stopping)) {
        g_socket_service_start(control->service);
    }
    return G_SOURCE_REMOVE;
}

/* GThreadFunc */
static gpointer run_client(gpointer data) {
    ControlClient *client = data;
    serve(client->control, client->connection);
    g_idle_add_full(G_PRIORITY_DEFAULT, finish_client, client, NULL);
    return NULL;
}

/* The service's "incoming" */
static gboolean take_client(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer data) {
    Control *control = data;
    ControlClient *client = g_new(ControlClient, 1);
    (void)source;
    *client = (ControlClient){control, g_object_ref(connection)};
    GThread *thread = g_thread_try_new("control", run_client, client, NULL);
    if (!thread) {
        free_client(client);
        return TRUE;
    }
    g_thread_unref(thread);
    control->active++;
    if (control->active == LIMIT_CONTROL_CLIENTS) {
        g_socket_service_stop(service);
    }
    return TRUE;
}

/* GLib closes a descriptor that it is given, so it gets one of its own. */
static gboolean add_socket(Control *control, GError **error) {
    int fd = fcntl(listener_fd(control->listener), F_DUPFD_CLOEXEC, 0);
    g_autoptr(GSocket) socket = fd < 0 ? NULL : g_socket_new_from_fd(fd, error);
    return socket
           && g_socket_listener_add_socket(G_SOCKET_LISTENER(control->service), socket, NULL,
                                           error);
}

Control *control_new(const char *path, const ControlHost *host, GError **error) {
    Control *control = g_new0(Control, 1);
    g_autofree char *text = g_strdup_printf("unix:%s,mode=0600", path);
    control->host = *host;
    control->address = listener_address_parse(text, error);
    control->listener = control->address ? listener_bind(control->address, error) : NULL;
    control->service = g_socket_service_new();
    control->stopping = g_cancellable_new();
    if (!control->listener || !listener_listen(control->listener, error)
        || !add_socket(control, error)) {
        control_free(control);
        return NULL;
    }
    g_signal_connect(control->service, "incoming", G_CALLBACK(take_client), control);
    g_socket_service_start(control->service);
    return control;
}

void control_stop(Control *control) {
    g_cancellable_cancel(control->stopping);
    g_socket_service_stop(control->service);
}

void control_free(Control *control) {
    if (!control) {
        return;
    }
    control_stop(control);
    while (control->active > 0) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_signal_handlers_disconnect_by_data(control->service, control);
    g_object_unref(control->service);
    g_object_unref(control->stopping);
    listener_free(control->listener);
    listener_address_free(control->address);
    g_free(control);
}
