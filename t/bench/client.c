/*
 * Client: the answers come in the order of the requests, so a ring of what was asked says what each
 * has to be. The socket does not block. Fails by GError; a client that failed is only to be closed.
 */
#include "client.h"

#include <errno.h>
#include <gio/gio.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Descriptors besides connections. */
#define OTHER_DESCRIPTORS 16

static const char *const kind_names[ANSWER_KINDS] = {
    [ANSWER_OK] = "OK",
    [ANSWER_DUNNO] = "DUNNO",
    [ANSWER_REJECT] = "REJECT",
    [ANSWER_OTHER] = "other",
};

static gboolean fail(GError **error, const char *what) {
    int code = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "%s: %s", what,
                g_strerror(code));
    return FALSE;
}

gboolean expectation_find(const char *word, Expectation *out) {
    static const char *const expectation_names[] = {"rules", "dunno", "any"};
    for (guint i = 0; i < G_N_ELEMENTS(expectation_names); i++) {
        if (g_str_equal(word, expectation_names[i])) {
            *out = (Expectation)i;
            return TRUE;
        }
    }
    return FALSE;
}

gint64 client_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

void client_group_reset(ClientGroup *group) {
    memset(group->answers, 0, sizeof group->answers);
    memset(&group->latency, 0, sizeof group->latency);
}

static void append_share(GString *out, const ClientGroup *group, const char *name, double share) {
    g_string_append_printf(out, ",\"%s_us\":%.1f", name,
                           (double)histogram_share(&group->latency, share) / 1000);
}

char *client_group_format(const ClientGroup *group) {
    GString *out = g_string_new("\"answers\":{");
    for (guint kind = 0; kind < ANSWER_KINDS; kind++) {
        g_string_append_printf(out, "%s\"%s\":%" G_GUINT64_FORMAT, kind > 0 ? "," : "",
                               kind_names[kind], group->answers[kind]);
    }
    g_string_append_c(out, '}');
    append_share(out, group, "p50", 0.5);
    append_share(out, group, "p99", 0.99);
    append_share(out, group, "p999", 0.999);
    return g_string_free(out, FALSE);
}

gboolean client_reserve(guint connections, GError **error) {
    struct rlimit limit;
    rlim_t needed = (rlim_t)connections + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed) {
        return TRUE;
    }
    limit.rlim_cur = needed;
    limit.rlim_max = MAX(limit.rlim_max, needed);
    return setrlimit(RLIMIT_NOFILE, &limit) == 0
           || fail(error, "cannot raise the limit of open files");
}

gboolean client_open(Client *client, const char *path, guint depth, GError **error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return fail(error, path);
    }
    *client = (Client){.depth = depth, .flights = g_new(ClientFlight, depth)};
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return (client->fd >= 0
            && connect(client->fd, (const struct sockaddr *)&address, sizeof address) == 0)
           || fail(error, path);
}

void client_close(Client *client) {
    if (client->fd >= 0) {
        close(client->fd);
    }
    g_free(client->flights);
}

/* Lines up the next request; its bytes stay the traffic's. */
static struct iovec line_up(Client *client, ClientGroup *group, gint64 now) {
    guint slot = (client->first + client->in_flight++) % client->depth;
    Text block = traffic_block(group->traffic, group->next);
    client->flights[slot] = (ClientFlight){group->next, now};
    group->next = group->next + 1 < traffic_count(group->traffic) ? group->next + 1 : 0;
    return (struct iovec){(void *)(guintptr)block.data, block.length};
}

gboolean client_ask(Client *client, ClientGroup *group, GError **error) {
    struct iovec parts[IOV_MAX];
    gint64 now = client_now();
    while (client->in_flight < client->depth) {
        struct msghdr message = {.msg_iov = parts};
        size_t length = 0;
        while (client->in_flight < client->depth && message.msg_iovlen < IOV_MAX) {
            parts[message.msg_iovlen] = line_up(client, group, now);
            length += parts[message.msg_iovlen++].iov_len;
        }
        ssize_t sent = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 || (size_t)sent < length) {
            return fail(error, "the requests do not fit into the socket");
        }
    }
    return TRUE;
}

static AnswerKind kind_of(Text answer) {
    static const Text prefix = TEXT_LITERAL("action=");
    for (guint kind = 0; kind < ANSWER_OTHER; kind++) {
        size_t length = strlen(kind_names[kind]);
        if (answer.length > prefix.length + length
            && memcmp(answer.data + prefix.length, kind_names[kind], length) == 0) {
            return (AnswerKind)kind;
        }
    }
    return ANSWER_OTHER;
}

static gboolean is_expected(const ClientGroup *group, guint request, Text answer) {
    switch (group->expectation) {
    case EXPECT_RULES:
        return text_equal(answer, traffic_answer(group->traffic, request));
    case EXPECT_DUNNO:
        return text_equal(answer, TEXT_LITERAL("action=DUNNO\n\n"));
    case EXPECT_ANY:
        break;
    }
    return TRUE;
}

static gboolean take(Client *client, ClientGroup *group, Text answer, gint64 now, GError **error) {
    const ClientFlight *flight = &client->flights[client->first];
    if (client->in_flight == 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "an answer to no request: %.*s",
                    (int)answer.length, answer.data);
        return FALSE;
    }
    if (!is_expected(group, flight->request, answer)) {
        Text block = traffic_block(group->traffic, flight->request);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "the wrong answer: %.*sto the request:\n%.*s", (int)answer.length, answer.data,
                    (int)block.length, block.data);
        return FALSE;
    }
    group->answers[kind_of(answer)]++;
    histogram_add(&group->latency, now - flight->asked_at);
    client->first = (client->first + 1) % client->depth;
    client->in_flight--;
    return TRUE;
}

/* Takes the whole answers in the buffer, and moves what is left to its start. */
static gboolean take_all(Client *client, ClientGroup *group, guint *answered, GError **error) {
    gint64 now = client_now();
    const char *at = client->buffer;
    const char *end = client->buffer + client->held;
    const char *blank;
    while ((blank = memmem(at, (size_t)(end - at), "\n\n", 2))) {
        if (!take(client, group, text_make(at, (size_t)(blank + 2 - at)), now, error)) {
            return FALSE;
        }
        at = blank + 2;
        ++*answered;
    }
    client->held = (gsize)(end - at);
    memmove(client->buffer, at, client->held);
    return TRUE;
}

gboolean client_receive(Client *client, ClientGroup *group, guint *answered, GError **error) {
    size_t room;
    ssize_t got;
    *answered = 0;
    do {
        room = CLIENT_BUFFER - client->held;
        got = recv(client->fd, client->buffer + client->held, room, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) {
            return TRUE;
        }
        if (got <= 0) {
            errno = got == 0 ? ECONNRESET : errno;
            return fail(error, "the server does not answer");
        }
        client->held += (gsize)got;
        if (!take_all(client, group, answered, error)) {
            return FALSE;
        }
    } while ((size_t)got == room);
    return TRUE;
}
