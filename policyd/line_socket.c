/*
 * LineSocket: sendmmsg() of many lines. Fails by counting lost lines. A line that is too long for
 * a datagram is lost alone; any other error loses what is left of the call's lines.
 */
#include "line_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/text.h"
#include "server_limit.h"

struct LineSocket {
    struct sockaddr_un address;
    LineSocketFormat format;
    gconstpointer data;
    int fd;          /* -1: not connected */
    gint64 retry_at; /* monotonic */
    Text lines[LIMIT_DATAGRAMS];
    struct iovec parts[LIMIT_DATAGRAMS][LINE_SOCKET_PARTS];
    struct mmsghdr messages[LIMIT_DATAGRAMS];
};

LineSocket *line_socket_new(const char *path, LineSocketFormat format, gconstpointer data) {
    LineSocket *line_socket = g_new0(LineSocket, 1);
    line_socket->address.sun_family = AF_UNIX;
    g_strlcpy(line_socket->address.sun_path, path, sizeof line_socket->address.sun_path);
    line_socket->format = format;
    line_socket->data = data;
    line_socket->fd = -1;
    for (size_t i = 0; i < LIMIT_DATAGRAMS; i++) {
        line_socket->messages[i].msg_hdr.msg_iov = line_socket->parts[i];
    }
    return line_socket;
}

static void disconnect(LineSocket *line_socket) {
    if (line_socket->fd >= 0) {
        close(line_socket->fd);
        line_socket->fd = -1;
    }
}

void line_socket_free(LineSocket *line_socket) {
    if (line_socket) {
        disconnect(line_socket);
        g_free(line_socket);
    }
}

/* FALSE with errno if nobody listens, or did not long ago. */
static gboolean ensure_connected(LineSocket *line_socket, gint64 now) {
    const struct sockaddr_un *address = &line_socket->address;
    if (line_socket->fd >= 0) {
        return TRUE;
    }
    if (now < line_socket->retry_at) {
        errno = ENOTCONN;
        return FALSE;
    }
    line_socket->retry_at = now + LIMIT_RECONNECT * G_USEC_PER_SEC;
    line_socket->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line_socket->fd >= 0
        && connect(line_socket->fd, (const struct sockaddr *)address, sizeof *address) == 0) {
        return TRUE;
    }
    int error = errno;
    disconnect(line_socket);
    errno = error;
    return FALSE;
}

/* Lines from `at` on become messages; *out_end is where the next ones start. */
static guint fill(LineSocket *line_socket, const char *at, const char *end, const char **out_end) {
    guint count = 0;
    while (at < end && count < LIMIT_DATAGRAMS) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        Text line = text_make(at, (size_t)((newline ? newline : end) - at));
        line_socket->lines[count] = line;
        line_socket->messages[count].msg_hdr.msg_iovlen = line_socket->format(
            line_socket->data, line.data, line.length, line_socket->parts[count]);
        count++;
        at = newline ? newline + 1 : end;
    }
    *out_end = at;
    return count;
}

/* Answers how many went out; fewer than `count` leave errno. The listener may have been started
 * anew since the last call, so a broken connection is replaced once. */
static guint send_messages(LineSocket *line_socket, guint count, gint64 now, LineLoss *loss) {
    guint done = 0;
    while (done < count) {
        int sent =
            sendmmsg(line_socket->fd, line_socket->messages + done, count - done, MSG_NOSIGNAL);
        if (sent > 0) {
            done += (guint)sent;
        } else if (errno == EMSGSIZE) {
            Text line = line_socket->lines[done++];
            line_loss_add(loss, line.data, line.length, EMSGSIZE);
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            break;
        } else if (errno != EINTR) {
            disconnect(line_socket);
            if (!ensure_connected(line_socket, now)) {
                break;
            }
        }
    }
    return done;
}

void line_socket_send(LineSocket *line_socket, const char *data, size_t length, gint64 now,
                      LineLoss *loss) {
    const char *end = data + length;
    const char *next;
    if (!ensure_connected(line_socket, now)) {
        line_loss_add(loss, data, length, errno);
        return;
    }
    while (data < end) {
        guint count = fill(line_socket, data, end, &next);
        guint done = send_messages(line_socket, count, now, loss);
        if (done < count) {
            const char *left = line_socket->lines[done].data;
            line_loss_add(loss, left, (size_t)(end - left), errno);
            return;
        }
        data = next;
    }
}
