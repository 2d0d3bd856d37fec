/*
 * SyslogClient: one lock over the socket. Fails by counting lost lines. A line that is too long for
 * a datagram is lost alone; any other error loses what is left of the call's lines.
 */
#include "syslog_client.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server_limit.h"

/* LOG_MAIL | LOG_INFO */
#define PRIORITY "<22>"

struct SyslogClient {
    pthread_mutex_t lock;
    struct sockaddr_un address;
    int fd;          /* -1: not connected */
    gint64 retry_at; /* monotonic */
    time_t second;   /* of the header */
    char header[64];
    struct iovec header_part;
    struct iovec parts[LIMIT_SYSLOG_MESSAGES][2];
    struct mmsghdr messages[LIMIT_SYSLOG_MESSAGES];
};

SyslogClient *syslog_client_new(const char *path) {
    SyslogClient *client = g_new0(SyslogClient, 1);
    pthread_mutex_init(&client->lock, NULL);
    client->address.sun_family = AF_UNIX;
    g_strlcpy(client->address.sun_path, path, sizeof client->address.sun_path);
    client->fd = -1;
    for (size_t i = 0; i < LIMIT_SYSLOG_MESSAGES; i++) {
        client->messages[i].msg_hdr.msg_iov = client->parts[i];
        client->messages[i].msg_hdr.msg_iovlen = 2;
    }
    return client;
}

static void disconnect(SyslogClient *client) {
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
}

void syslog_client_free(SyslogClient *client) {
    if (client) {
        disconnect(client);
        pthread_mutex_destroy(&client->lock);
        g_free(client);
    }
}

/* FALSE with errno if syslog is away, or was not long ago. */
static gboolean ensure_connected(SyslogClient *client, gint64 now) {
    if (client->fd >= 0) {
        return TRUE;
    }
    if (now < client->retry_at) {
        errno = ENOTCONN;
        return FALSE;
    }
    client->retry_at = now + LIMIT_SYSLOG_RETRY * G_USEC_PER_SEC;
    client->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd >= 0
        && connect(client->fd, (const struct sockaddr *)&client->address, sizeof client->address)
               == 0) {
        return TRUE;
    }
    int error = errno;
    disconnect(client);
    errno = error;
    return FALSE;
}

static void set_header(SyslogClient *client) {
    struct tm local;
    char date[32];
    time_t second = time(NULL);
    if (client->header_part.iov_len > 0 && second == client->second) {
        return;
    }
    localtime_r(&second, &local);
    strftime(date, sizeof date, "%b %e %H:%M:%S", &local);
    int length = g_snprintf(client->header, sizeof client->header,
                            PRIORITY "%s policyd[%d]: ", date, (int)getpid());
    client->header_part = (struct iovec){client->header, (size_t)length};
    client->second = second;
}

/* sendmmsg() does not write to what it sends, but struct iovec knows no const. */
static struct iovec make_part(const char *data, size_t length) {
    return (struct iovec){(void *)(guintptr)data, length};
}

/* Lines from `at` on become messages; *out_end is where the next ones start. */
static guint fill(SyslogClient *client, const char *at, const char *end, const char **out_end) {
    guint count = 0;
    while (at < end && count < LIMIT_SYSLOG_MESSAGES) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        client->parts[count][0] = client->header_part;
        client->parts[count][1] = make_part(at, (size_t)(line_end - at));
        count++;
        at = newline ? newline + 1 : end;
    }
    *out_end = at;
    return count;
}

/* Answers how many went out; fewer than `count` leave errno. Syslog may have been started anew
 * since the last call, so a broken connection is replaced once. */
static guint send_messages(SyslogClient *client, guint count, gint64 now, LineLoss *loss) {
    guint done = 0;
    while (done < count) {
        int sent = sendmmsg(client->fd, client->messages + done, count - done, MSG_NOSIGNAL);
        if (sent > 0) {
            done += (guint)sent;
        } else if (errno == EMSGSIZE) {
            const struct iovec *line = &client->parts[done++][1];
            line_loss_add(loss, line->iov_base, line->iov_len, EMSGSIZE);
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            break;
        } else if (errno != EINTR) {
            disconnect(client);
            if (!ensure_connected(client, now)) {
                break;
            }
        }
    }
    return done;
}

static void send_lines(SyslogClient *client, const char *data, size_t length, gint64 now,
                       LineLoss *loss) {
    const char *end = data + length;
    const char *next;
    while (data < end) {
        guint count = fill(client, data, end, &next);
        guint done = send_messages(client, count, now, loss);
        if (done < count) {
            const char *left = client->parts[done][1].iov_base;
            line_loss_add(loss, left, (size_t)(end - left), errno);
            return;
        }
        data = next;
    }
}

void syslog_client_send(SyslogClient *client, const char *data, size_t length, gint64 now,
                        LineLoss *loss) {
    pthread_mutex_lock(&client->lock);
    if (ensure_connected(client, now)) {
        set_header(client);
        send_lines(client, data, length, now, loss);
    } else {
        line_loss_add(loss, data, length, errno);
    }
    pthread_mutex_unlock(&client->lock);
}
