/*
 * RelayDialogue: GLib's sockets and TLS, blocking. Each wait is bounded by what is left of the time
 * for the reply. Errors end the dialogue.
 */
#include "ctl/relay_test/dialogue.h"

#include <stdio.h>
#include <string.h>

#include "ctl/relay_test/relay_limit.h"
#include "fail.h"

struct RelayDialogue {
    const RelayEndpoint *endpoint;
    GSocketConnection *connection;
    GIOStream *tls;    /* over the connection; NULL: none */
    GString *received; /* and not yet read */
};

static void trace(const RelayDialogue *dialogue, const char *mark, const char *bytes,
                  size_t length) {
    if (dialogue->endpoint->trace) {
        g_autoptr(GString) shown = g_string_new(NULL);
        relay_reply_escape(bytes, length, shown);
        fprintf(stderr, "%s %s\n", mark, shown->str);
    }
}

static void trace_reply(const RelayDialogue *dialogue, const RelayReply *reply) {
    g_auto(GStrv) lines = g_strsplit(reply->text->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *whole = g_strdup_printf("%u%s%s", reply->code, line[1] ? "-" : " ", *line);
        trace(dialogue, "<", whole, strlen(whole));
    }
}

RelayDialogue *relay_dialogue_open(const RelayEndpoint *endpoint, GError **error) {
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_timeout(client, endpoint->timeout);
    g_socket_client_set_local_address(client, endpoint->source);
    GSocketConnection *connection = g_socket_client_connect(
        client, G_SOCKET_CONNECTABLE(endpoint->server), endpoint->cancellable, error);
    if (!connection) {
        return NULL;
    }
    RelayDialogue *dialogue = g_new0(RelayDialogue, 1);
    dialogue->endpoint = endpoint;
    dialogue->connection = connection;
    dialogue->received = g_string_new(NULL);
    return dialogue;
}

void relay_dialogue_free(RelayDialogue *dialogue) {
    if (dialogue) {
        g_clear_object(&dialogue->tls);
        g_object_unref(dialogue->connection);
        g_string_free(dialogue->received, TRUE);
        g_free(dialogue);
    }
}

static GIOStream *stream_of(const RelayDialogue *dialogue) {
    return dialogue->tls ? dialogue->tls : G_IO_STREAM(dialogue->connection);
}

static gboolean fail_time(const RelayDialogue *dialogue, GError **error) {
    return fail_with(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no reply within %u s",
                     dialogue->endpoint->timeout);
}

/* Bounds the next wait, in whole seconds, as GSocket has it. */
static gboolean arm(const RelayDialogue *dialogue, gint64 deadline, GError **error) {
    gint64 left = deadline - g_get_monotonic_time();
    if (left <= 0) {
        return fail_time(dialogue, error);
    }
    g_socket_set_timeout(g_socket_connection_get_socket(dialogue->connection),
                         (guint)((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC));
    return TRUE;
}

static gboolean receive(RelayDialogue *dialogue, gint64 deadline, GError **error) {
    GError *trouble = NULL;
    char bytes[4096];
    if (!arm(dialogue, deadline, error)) {
        return FALSE;
    }
    gssize count = g_input_stream_read(g_io_stream_get_input_stream(stream_of(dialogue)), bytes,
                                       sizeof bytes, dialogue->endpoint->cancellable, &trouble);
    if (count > 0) {
        g_string_append_len(dialogue->received, bytes, count);
        return TRUE;
    }
    if (count == 0) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                         "the server closed the connection");
    }
    if (g_error_matches(trouble, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
        g_error_free(trouble);
        return fail_time(dialogue, error);
    }
    g_propagate_error(error, trouble);
    return FALSE;
}

gboolean relay_dialogue_read(RelayDialogue *dialogue, RelayReply *reply, GError **error) {
    gint64 deadline = g_get_monotonic_time() + (gint64)dialogue->endpoint->timeout * G_USEC_PER_SEC;
    RelayReplyStatus status;
    while ((status = relay_reply_take(reply, dialogue->received, error)) == RELAY_REPLY_PART) {
        if (!receive(dialogue, deadline, error)) {
            return FALSE;
        }
    }
    if (status == RELAY_REPLY_WHOLE) {
        trace_reply(dialogue, reply);
    }
    return status == RELAY_REPLY_WHOLE;
}

static gboolean send_line(RelayDialogue *dialogue, const char *line, GError **error) {
    g_autofree char *bytes = g_strconcat(line, "\r\n", NULL);
    gint64 deadline = g_get_monotonic_time() + (gint64)dialogue->endpoint->timeout * G_USEC_PER_SEC;
    return arm(dialogue, deadline, error)
           && g_output_stream_write_all(g_io_stream_get_output_stream(stream_of(dialogue)), bytes,
                                        strlen(bytes), NULL, dialogue->endpoint->cancellable,
                                        error);
}

gboolean relay_dialogue_ask(RelayDialogue *dialogue, const char *line, RelayReply *reply,
                            GError **error) {
    trace(dialogue, ">", line, strlen(line));
    return send_line(dialogue, line, error) && relay_dialogue_read(dialogue, reply, error);
}

gboolean relay_dialogue_ask_secret(RelayDialogue *dialogue, const char *line, RelayReply *reply,
                                   GError **error) {
    static const char hidden[] = "(not shown)";
    trace(dialogue, ">", hidden, sizeof hidden - 1);
    return send_line(dialogue, line, error) && relay_dialogue_read(dialogue, reply, error);
}

/* The signal `accept-certificate`, of a certificate that is not valid. */
static gboolean accept_any(GTlsConnection *connection, GTlsCertificate *certificate,
                           GTlsCertificateFlags faults, gpointer data) {
    (void)connection;
    (void)certificate;
    (void)faults;
    (void)data;
    return TRUE;
}

/* GLib resumes sessions, without a look at the certificate, by address and name. One that was not
 * verified has no name, so that none that is to be verified resumes it. */
gboolean relay_dialogue_secure(RelayDialogue *dialogue, const char *host, GError **error) {
    g_autoptr(GSocketConnectable) identity = host ? g_network_address_new(host, 0) : NULL;
    GTlsConnection *tls;
    if (dialogue->received->len > 0) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                         "the server went on in the clear after its answer to STARTTLS");
    }
    dialogue->tls = g_tls_client_connection_new(G_IO_STREAM(dialogue->connection), identity, error);
    if (!dialogue->tls) {
        return FALSE;
    }
    tls = G_TLS_CONNECTION(dialogue->tls);
    /* Whoever closes without close_notify has said all that counts. */
    g_tls_connection_set_require_close_notify(tls, FALSE);
    if (!host) {
        g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_any), NULL);
    }
    if (!g_tls_connection_handshake(tls, dialogue->endpoint->cancellable, error)) {
        return FALSE;
    }
    trace(dialogue, "-", "TLS", 3);
    return TRUE;
}

gboolean relay_dialogue_has_tls(void) {
    return g_tls_backend_supports_tls(g_tls_backend_get_default());
}

GInetAddress *relay_dialogue_source(RelayDialogue *dialogue, GError **error) {
    g_autoptr(GSocketAddress) address =
        g_socket_connection_get_local_address(dialogue->connection, error);
    return address ? g_object_ref(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)))
                   : NULL;
}
