/*
 * Connection: its socket and its two buffers. Fails by status; says nothing.
 */
#include "connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/address.h"
#include "server_limit.h"

Connection *connection_new(int fd) {
    Connection *connection = g_new0(Connection, 1);
    connection->fd = fd;
    return connection;
}

static void release_input(Connection *connection, BufferPool *pool) {
    buffer_pool_put(pool, g_steal_pointer(&connection->input), connection->input_size);
    connection->input_length = 0;
    connection->input_scanned = 0;
}

static void release_output(Connection *connection, BufferPool *pool) {
    buffer_pool_put(pool, g_steal_pointer(&connection->output), connection->output_size);
    connection->output_length = 0;
    connection->output_sent = 0;
}

void connection_free(Connection *connection, BufferPool *pool) {
    if (connection) {
        release_input(connection, pool);
        release_output(connection, pool);
        close(connection->fd);
        g_free(connection);
    }
}

/* A small buffer that is full makes room for a whole block. */
static void grow_input(Connection *connection, BufferPool *pool) {
    if (connection->input_length == buffer_capacity(connection->input_size)) {
        char *larger = buffer_pool_get(pool, BUFFER_LARGE);
        memcpy(larger, connection->input, connection->input_length);
        buffer_pool_put(pool, connection->input, connection->input_size);
        connection->input = larger;
        connection->input_size = BUFFER_LARGE;
    }
}

ReceiveStatus connection_receive(Connection *connection, BufferPool *pool, char *scratch,
                                 Text *data, gboolean *more) {
    char *start = scratch;
    size_t held = connection->input_length;
    size_t wanted = LIMIT_RECEIVE;
    ssize_t got;
    if (connection->input) {
        grow_input(connection, pool);
        start = connection->input;
        wanted = MIN(wanted, buffer_capacity(connection->input_size) - held);
    }
    do {
        got = recv(connection->fd, start + held, wanted, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == EAGAIN ? RECEIVE_NOTHING : RECEIVE_FAILED;
    }
    if (got == 0) {
        return RECEIVE_END;
    }
    *data = text_make(start, held + (size_t)got);
    *more = (size_t)got == wanted;
    return RECEIVE_DATA;
}

void connection_keep(Connection *connection, BufferPool *pool, Text rest, size_t scanned) {
    if (rest.length == 0) {
        release_input(connection, pool);
        return;
    }
    if (!connection->input) {
        connection->input_size = (guint8)buffer_size_for(rest.length);
        connection->input = buffer_pool_get(pool, connection->input_size);
    }
    if (rest.data != connection->input) {
        memmove(connection->input, rest.data, rest.length);
    }
    connection->input_length = (guint32)rest.length;
    connection->input_scanned = (guint32)scanned;
}

/* Answers how many bytes went out; fewer than all of them leave errno. */
static size_t send_bytes(int fd, Text data) {
    size_t done = 0;
    while (done < data.length) {
        ssize_t sent = send(fd, data.data + done, data.length - done, MSG_NOSIGNAL);
        if (sent >= 0) {
            done += (size_t)sent;
        } else if (errno != EINTR) {
            break;
        }
    }
    return done;
}

SendStatus connection_send(Connection *connection, BufferPool *pool, Text replies) {
    size_t sent = send_bytes(connection->fd, replies);
    size_t rest = replies.length - sent;
    if (rest == 0) {
        return SEND_DONE;
    }
    if (errno != EAGAIN) {
        return SEND_FAILED;
    }
    connection->output_size = (guint8)buffer_size_for(rest);
    connection->output = buffer_pool_get(pool, connection->output_size);
    memcpy(connection->output, replies.data + sent, rest);
    connection->output_length = (guint32)rest;
    return SEND_BLOCKED;
}

SendStatus connection_drain(Connection *connection, BufferPool *pool) {
    size_t left = connection->output_length - connection->output_sent;
    Text rest = text_make(connection->output + connection->output_sent, left);
    size_t sent = send_bytes(connection->fd, rest);
    if (sent < left) {
        connection->output_sent += (guint32)sent;
        return errno == EAGAIN ? SEND_BLOCKED : SEND_FAILED;
    }
    release_output(connection, pool);
    return SEND_DONE;
}

static char *describe_unix(int fd) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        return g_strdup("client unknown");
    }
    return g_strdup_printf("client pid %d uid %u", (int)peer.pid, (guint)peer.uid);
}

typedef union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_storage storage;
} SocketName;

static char *describe_inet(const SocketName *peer) {
    gboolean ipv4 = peer->any.sa_family == AF_INET;
    Address address = {.family = ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6};
    char text[ADDRESS_TEXT_SIZE];
    if (ipv4) {
        memcpy(address.bytes, &peer->ipv4.sin_addr, sizeof peer->ipv4.sin_addr);
    } else {
        memcpy(address.bytes, &peer->ipv6.sin6_addr, sizeof peer->ipv6.sin6_addr);
    }
    address_print(&address, text);
    return g_strdup_printf("client %s port %u", text,
                           ntohs(ipv4 ? peer->ipv4.sin_port : peer->ipv6.sin6_port));
}

char *connection_describe(const Connection *connection) {
    SocketName peer = {.storage = {0}};
    socklen_t length = sizeof peer;
    if (getpeername(connection->fd, &peer.any, &length) != 0) {
        return g_strdup("client gone");
    }
    return peer.any.sa_family == AF_UNIX ? describe_unix(connection->fd) : describe_inet(&peer);
}
