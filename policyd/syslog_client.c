/*
 * SyslogClient: a LineSocket under a lock, and the header, which is made once a second. Fails by
 * counting lost lines.
 */
#include "syslog_client.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "line_socket.h"

/* LOG_MAIL | LOG_INFO */
#define PRIORITY "<22>"

struct SyslogClient {
    pthread_mutex_t lock;
    LineSocket *socket;
    time_t second; /* of the header */
    char header[64];
    size_t header_length;
};

/* LineSocketFormat */
static size_t format(gconstpointer data, const char *line, size_t length, struct iovec *parts) {
    const SyslogClient *client = data;
    parts[0] = line_socket_part(client->header, client->header_length);
    parts[1] = line_socket_part(line, length);
    return 2;
}

SyslogClient *syslog_client_new(const char *path) {
    SyslogClient *client = g_new0(SyslogClient, 1);
    pthread_mutex_init(&client->lock, NULL);
    client->socket = line_socket_new(path, format, client);
    return client;
}

void syslog_client_free(SyslogClient *client) {
    if (client) {
        line_socket_free(client->socket);
        pthread_mutex_destroy(&client->lock);
        g_free(client);
    }
}

static void set_header(SyslogClient *client) {
    struct tm local;
    char date[32];
    time_t second = time(NULL);
    if (client->header_length > 0 && second == client->second) {
        return;
    }
    localtime_r(&second, &local);
    strftime(date, sizeof date, "%b %e %H:%M:%S", &local);
    client->header_length = (size_t)g_snprintf(client->header, sizeof client->header,
                                               PRIORITY "%s policyd[%d]: ", date, (int)getpid());
    client->second = second;
}

void syslog_client_send(SyslogClient *client, const char *data, size_t length, gint64 now,
                        LineLoss *loss) {
    pthread_mutex_lock(&client->lock);
    set_header(client);
    line_socket_send(client->socket, data, length, now, loss);
    pthread_mutex_unlock(&client->lock);
}
