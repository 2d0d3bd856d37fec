/*
 * Daemon: GLib's sockets, blocking. Lines that can't be read are left out.
 */
#include "ctl/daemon.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>

#include "control_default.h"
#include "ctl/verb.h"
#include "fail.h"
#include "protocol/text.h"

static GSocketConnection *connect_to(const char *where, GError **error) {
    GError *trouble = NULL;
    if (!g_str_has_prefix(where, "unix:")) {
        fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is not unix:PATH", where);
        return NULL;
    }
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(where + strlen("unix:"));
    GSocketConnection *connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, &trouble);
    if (!connection) {
        fail_with(error, trouble->domain, trouble->code,
                  "cannot reach policyd at '%s': %s; --control names its socket", where,
                  trouble->message);
        g_error_free(trouble);
    }
    return connection;
}

/* All that comes, ended by a NUL, or NULL. */
static char *read_all(GSocketConnection *connection, GError **error) {
    g_autoptr(GOutputStream) text = g_memory_output_stream_new_resizable();
    GInputStream *input = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    if (g_output_stream_splice(text, input, 0, NULL, error) < 0
        || !g_output_stream_write_all(text, "", 1, NULL, NULL, error)
        || !g_output_stream_close(text, NULL, error)) {
        return NULL;
    }
    return g_memory_output_stream_steal_data(G_MEMORY_OUTPUT_STREAM(text));
}

/* Takes the first line of a reply apart. NULL if it isn't whole, else the text behind it. */
static const char *read_head(const char *reply, int *status) {
    const char *text = strchr(reply, '\n');
    guint64 length;
    if (!text || !g_ascii_isdigit(reply[0]) || reply[1] != ' '
        || !text_parse_number(text_make(reply + 2, (size_t)(text - reply - 2)), &length)
        || length != strlen(text + 1)) {
        return NULL;
    }
    *status = g_ascii_digit_value(reply[0]);
    return text + 1;
}

char *daemon_ask(const char *where, const char *command, int *status, GError **error) {
    where = where ? where : CONTROL_DEFAULT;
    g_autoptr(GSocketConnection) connection = connect_to(where, error);
    g_autofree char *line = g_strconcat(command, "\n", NULL);
    if (!connection
        || !g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), line,
                                      strlen(line), NULL, NULL, error)) {
        return NULL;
    }
    g_autofree char *reply = read_all(connection, error);
    if (!reply) {
        return NULL;
    }
    const char *text = read_head(reply, status);
    if (!text) {
        fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                  "'%s' closed the connection without a whole answer", where);
        return NULL;
    }
    char *clean = g_strdup(text);
    verb_clean(clean);
    return clean;
}

static void clear_count(gpointer data) {
    g_free(((DaemonCount *)data)->name);
}

static void clear_row(gpointer data) {
    g_free(((DaemonRow *)data)->where);
    g_free(((DaemonRow *)data)->action);
}

static GArray *new_array(guint size, GDestroyNotify clear) {
    GArray *array = g_array_new(FALSE, FALSE, size);
    g_array_set_clear_func(array, clear);
    return array;
}

static gboolean read_number(const char *text, guint64 *out) {
    return text && text_parse_number(text_from_string(text), out);
}

static void add_count(GArray *counts, char **words) {
    DaemonCount count = {NULL, 0};
    if (g_strv_length(words) == 3 && words[1][0] != '\0' && read_number(words[2], &count.number)) {
        count.name = g_strdup(words[1]);
        g_array_append_val(counts, count);
    }
}

static void parse_line(DaemonStatus *status, const char *line) {
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    g_auto(GStrv) halves = g_strsplit(line, " ", 2);
    g_auto(GStrv) thirds = g_strsplit(line, " ", 3);
    DaemonRow row = {NULL, NULL, 0};
    if (g_strv_length(halves) < 2) {
        return;
    }
    if (g_str_equal(words[0], "listen")) {
        g_ptr_array_add(status->listen, g_strdup(halves[1]));
    } else if (g_str_equal(words[0], "decisions")) {
        add_count(status->decisions, words);
    } else if (g_str_equal(words[0], "latency")) {
        add_count(status->latencies, words);
    } else if (g_str_equal(words[0], "audit")) {
        if (read_number(thirds[1], &row.number) && thirds[2]) {
            row.where = g_strdup(thirds[2]);
            g_array_append_val(status->audit, row);
        }
    } else if (g_str_equal(words[0], "rule")) {
        if (read_number(words[1], &row.number) && g_strv_length(words) == 4) {
            row.action = g_strdup(words[2]);
            row.where = g_strdup(words[3]);
            g_array_append_val(status->rules, row);
        }
    } else {
        g_hash_table_insert(status->values, g_strdup(halves[0]), g_strdup(halves[1]));
    }
}

DaemonStatus *daemon_status_parse(const char *text) {
    DaemonStatus *status = g_new0(DaemonStatus, 1);
    const char *end = text + strlen(text);
    status->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    status->listen = g_ptr_array_new_with_free_func(g_free);
    status->decisions = new_array(sizeof(DaemonCount), clear_count);
    status->latencies = new_array(sizeof(DaemonCount), clear_count);
    status->audit = new_array(sizeof(DaemonRow), clear_row);
    status->rules = new_array(sizeof(DaemonRow), clear_row);
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        g_autofree char *line = g_strndup(text, (gsize)(stop - text));
        parse_line(status, line);
        text = stop + 1;
    }
    return status;
}

DaemonStatus *daemon_status(const char *where, GError **error) {
    int exit_status;
    g_autofree char *text = daemon_ask(where, "status", &exit_status, error);
    if (text && exit_status != 0) {
        fail_with(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", g_strchomp(text));
        return NULL;
    }
    return text ? daemon_status_parse(text) : NULL;
}

void daemon_status_free(DaemonStatus *status) {
    if (status) {
        g_hash_table_unref(status->values);
        g_ptr_array_unref(status->listen);
        g_array_unref(status->decisions);
        g_array_unref(status->latencies);
        g_array_unref(status->audit);
        g_array_unref(status->rules);
        g_free(status);
    }
}

const char *daemon_status_text(const DaemonStatus *status, const char *name) {
    const char *text = g_hash_table_lookup(status->values, name);
    return text ? text : "";
}

guint64 daemon_status_number(const DaemonStatus *status, const char *name) {
    guint64 number = 0;
    read_number(daemon_status_text(status, name), &number);
    return number;
}

guint64 daemon_status_decisions(const DaemonStatus *status) {
    guint64 sum = 0;
    for (guint i = 0; i < status->decisions->len; i++) {
        sum += g_array_index(status->decisions, DaemonCount, i).number;
    }
    return sum;
}

guint64 daemon_status_written(const DaemonStatus *status, const DaemonRow *row) {
    guint64 decisions = daemon_status_decisions(status);
    return decisions - MIN(decisions, row->number);
}
