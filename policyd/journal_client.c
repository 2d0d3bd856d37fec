/*
 * JournalClient: a LineSocket under a lock. Not libsystemd's sd_journal_sendv(): that waits for
 * room in the journal's queue, and makes a file of what is too long for a datagram. No value has a
 * newline or a NUL, so every field is of the form NAME=VALUE. Fails by counting lost lines.
 */
#include "journal_client.h"

#include <pthread.h>
#include <string.h>

#include "audit.h"
#include "line_socket.h"

/* LOG_INFO and LOG_MAIL */
#define FIRST_FIELDS "PRIORITY=6\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=policyd\nMESSAGE="

#define PART(literal) line_socket_part((literal), sizeof(literal) - 1)

struct JournalClient {
    pthread_mutex_t lock;
    LineSocket *socket;
};

/* The value behind `key`, or nothing. The key's own `"` can stand in no value. */
static Text find_value(Text line, const char *key) {
    const char *at = memmem(line.data, line.length, key, strlen(key));
    if (!at) {
        return TEXT_LITERAL("");
    }
    at += strlen(key);
    const char *end = memchr(at, '"', (size_t)(line.data + line.length - at));
    return end ? text_make(at, (size_t)(end - at)) : TEXT_LITERAL("");
}

/* LineSocketFormat */
static size_t format(gconstpointer data, const char *line, size_t length, struct iovec *parts) {
    Text decision = find_value(text_make(line, length), " decision=\"");
    Text rule = find_value(text_make(line, length), " rule=\"");
    (void)data;
    parts[0] = PART(FIRST_FIELDS);
    parts[1] = line_socket_part(line, length);
    parts[2] = PART("\nPOLICYD_DECISION=");
    parts[3] = line_socket_part(decision.data, decision.length);
    parts[4] = PART("\nPOLICYD_RULE=");
    parts[5] = line_socket_part(rule.data, rule.length);
    parts[6] = PART("\n");
    return 7;
}

JournalClient *journal_client_new(const char *path) {
    JournalClient *client = g_new0(JournalClient, 1);
    pthread_mutex_init(&client->lock, NULL);
    client->socket = line_socket_new(path, format, client);
    return client;
}

void journal_client_free(JournalClient *client) {
    if (client) {
        line_socket_free(client->socket);
        pthread_mutex_destroy(&client->lock);
        g_free(client);
    }
}

void journal_client_send(JournalClient *client, const char *data, size_t length, gint64 now,
                         LineLoss *loss) {
    pthread_mutex_lock(&client->lock);
    line_socket_send(client->socket, data, length, now, loss);
    pthread_mutex_unlock(&client->lock);
}
