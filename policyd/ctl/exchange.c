/*
 * Exchange: blocking calls, each bounded by what is left of the time. Errors are of G_IO_ERROR.
 */
#include "ctl/exchange.h"

#include <errno.h>
#include <gio/gio.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/verb.h"
#include "fail.h"
#include "limit.h"
#include "protocol/frame.h"

typedef struct {
    const char *where;
    int fd;          /* -1 until connected */
    gint64 deadline; /* of g_get_monotonic_time() */
} Exchange;

#define FAIL(error, code, ...) fail_with((error), G_IO_ERROR, (code), __VA_ARGS__)

static gboolean fail_call(GError **error, const Exchange *exchange, const char *what) {
    int code = errno;
    if (code == EAGAIN || code == EINPROGRESS || code == ETIMEDOUT) {
        return FAIL(error, G_IO_ERROR_TIMED_OUT, "%s '%s': it took over %d seconds", what,
                    exchange->where, EXCHANGE_TIMEOUT);
    }
    return FAIL(error, (int)g_io_error_from_errno(code), "%s '%s': %s", what, exchange->where,
                g_strerror(code));
}

/* Bounds the next call on the socket; FALSE with errno set if the time is up. */
static gboolean arm(const Exchange *exchange, int fd, int option) {
    gint64 left = exchange->deadline - g_get_monotonic_time();
    if (left <= 0) {
        errno = ETIMEDOUT;
        return FALSE;
    }
    struct timeval limit = {.tv_sec = left / G_USEC_PER_SEC, .tv_usec = left % G_USEC_PER_SEC};
    return setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit) == 0;
}

static gboolean connect_address(Exchange *exchange, const struct sockaddr *address,
                                socklen_t length) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return FALSE;
    }
    if (!arm(exchange, fd, SO_SNDTIMEO) || connect(fd, address, length) != 0) {
        int code = errno;
        close(fd);
        errno = code;
        return FALSE;
    }
    exchange->fd = fd;
    return TRUE;
}

static gboolean connect_unix(Exchange *exchange, const char *path, GError **error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return FAIL(error, G_IO_ERROR_FILENAME_TOO_LONG,
                    "socket path '%s' is longer than %zu bytes", path, sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path, strlen(path));
    return connect_address(exchange, (const struct sockaddr *)&address, sizeof address)
           || fail_call(error, exchange, "cannot reach");
}

static gboolean connect_host(Exchange *exchange, const char *host, const char *port,
                             GError **error) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0) {
        return FAIL(error, G_IO_ERROR_HOST_NOT_FOUND, "cannot reach '%s': %s", exchange->where,
                    gai_strerror(code));
    }
    gboolean connected = FALSE;
    for (const struct addrinfo *at = found; at && !connected; at = at->ai_next) {
        connected = connect_address(exchange, at->ai_addr, at->ai_addrlen);
    }
    connected = connected || fail_call(error, exchange, "cannot reach");
    freeaddrinfo(found);
    return connected;
}

/* getaddrinfo() takes 65537 for 1. */
static gboolean is_port(const char *text) {
    guint64 port;
    return text_parse_number(text_from_string(text), &port) && port >= 1 && port <= 65535;
}

/* HOST:PORT, an IPv6 address in brackets, as in main.cf. */
static gboolean connect_inet(Exchange *exchange, const char *text, GError **error) {
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (length == 0 || !is_port(colon + 1)) {
        return FAIL(error, G_IO_ERROR_INVALID_ARGUMENT,
                    "'%s' is not inet:HOST:PORT, with a port from 1 to 65535", exchange->where);
    }
    if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    g_autofree char *host = g_strndup(text, length);
    return connect_host(exchange, host, colon + 1, error);
}

static gboolean connect_where(Exchange *exchange, GError **error) {
    const char *where = exchange->where;
    if (g_str_has_prefix(where, "unix:")) {
        return connect_unix(exchange, where + strlen("unix:"), error);
    }
    if (g_str_has_prefix(where, "inet:")) {
        return connect_inet(exchange, where + strlen("inet:"), error);
    }
    return FAIL(error, G_IO_ERROR_INVALID_ARGUMENT,
                "'%s' is not a socket; write unix:PATH or inet:HOST:PORT", where);
}

static gboolean send_block(const Exchange *exchange, Text block, GError **error) {
    while (block.length > 0) {
        ssize_t sent = arm(exchange, exchange->fd, SO_SNDTIMEO)
                           ? send(exchange->fd, block.data, block.length, MSG_NOSIGNAL)
                           : -1;
        if (sent < 0) {
            return fail_call(error, exchange, "cannot send to");
        }
        block = text_make(block.data + sent, block.length - (size_t)sent);
    }
    return TRUE;
}

/* Appends what has come; FALSE at the end of the connection too. */
static gboolean receive_more(const Exchange *exchange, GString *reply, GError **error) {
    char bytes[4096];
    ssize_t count =
        arm(exchange, exchange->fd, SO_RCVTIMEO) ? recv(exchange->fd, bytes, sizeof bytes, 0) : -1;
    if (count < 0) {
        return fail_call(error, exchange, "no reply from");
    }
    if (count == 0) {
        return FAIL(error, G_IO_ERROR_CONNECTION_CLOSED,
                    "'%s' closed the connection without a reply; its log says why",
                    exchange->where);
    }
    g_string_append_len(reply, bytes, count);
    return TRUE;
}

static gboolean receive_reply(const Exchange *exchange, GString *reply, GError **error) {
    size_t scanned = 0;
    size_t length = 0;
    FrameStatus status = FRAME_INCOMPLETE;
    while (status == FRAME_INCOMPLETE) {
        if (!receive_more(exchange, reply, error)) {
            return FALSE;
        }
        status = frame_find(text_make(reply->str, reply->len), &scanned, &length);
    }
    if (status == FRAME_TOO_LARGE) {
        return FAIL(error, G_IO_ERROR_INVALID_DATA, "the reply of '%s' has no end",
                    exchange->where);
    }
    g_string_truncate(reply, length);
    return TRUE;
}

/* The first `action` counts, as in Postfix. */
static char *find_action(const Exchange *exchange, const char *reply, GError **error) {
    static const char name[] = "action=";
    g_auto(GStrv) lines = g_strsplit(reply, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], name)) {
            verb_clean(lines[i]);
            return g_strdup(lines[i] + strlen(name));
        }
    }
    FAIL(error, G_IO_ERROR_INVALID_DATA, "the reply of '%s' has no action", exchange->where);
    return NULL;
}

static char *ask(Exchange *exchange, Text block, GError **error) {
    g_autoptr(GString) reply = g_string_new(NULL);
    if (!connect_where(exchange, error) || !send_block(exchange, block, error)
        || !receive_reply(exchange, reply, error)) {
        return NULL;
    }
    return find_action(exchange, reply->str, error);
}

char *exchange_ask(const char *where, Text block, GError **error) {
    Exchange exchange = {
        .where = where,
        .fd = -1,
        .deadline = g_get_monotonic_time() + EXCHANGE_TIMEOUT * G_USEC_PER_SEC,
    };
    char *action = ask(&exchange, block, error);
    if (exchange.fd >= 0) {
        close(exchange.fd);
    }
    return action;
}
