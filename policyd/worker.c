/*
 * Worker: the loop. epoll is edge-triggered: each wake-up of a connection is one recv(), and where
 * that may have left something behind, the connection is armed anew, which puts it at the end of
 * the kernel's queue; so no client keeps the others waiting. A short recv() may have left something
 * too: it stops at an urgent byte (MSG_OOB). Some connections at a time are received from, and then
 * answered.
 *
 * A request that fails (malformed, too large, unfinished too long) is logged and its connection
 * closed without a reply, as SMTPD_POLICY_README asks: Postfix tries again, and then uses its
 * default_action. A connection is closed at the end of the batch only, so that whatever points at
 * it until then stays valid.
 */
#include "worker.h"

#include <errno.h>
#include <gio/gio.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "batch.h"
#include "log.h"
#include "rules/match.h"
#include "server_limit.h"

#define READING (EPOLLIN | EPOLLRDHUP | EPOLLET)
#define DRAINING (EPOLLOUT | EPOLLET)

/* The client's end is known to be there, so it is worth another recv(). */
#define HANGUP (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/* What one recv() brought. */
typedef struct {
    Connection *connection;
    guint32 events; /* that told of it */
    ReceiveStatus status;
    int error;
    Text data;
    gboolean more; /* there may be more to receive */
} Received;

struct Worker {
    GThread *thread;
    int epoll;
    int wake;         /* an eventfd */
    gint stopping;    /* atomic */
    gint connections; /* atomic */

    pthread_mutex_t lock; /* of `all`; not GMutex: ThreadSanitizer knows only this one */
    ConnectionList all;

    Deployment *offered; /* atomic; NULL: none is, or it was taken */
    Counters counters;

    /* The thread's own. */
    guint number;
    WorkerLeft left;
    gpointer left_data;
    Deployment *deployment;
    const Ruleset *ruleset;
    const Rule *first_rule;
    Counter *hits; /* by rule */
    Matcher *matcher;
    Batch *batch;
    BufferPool pool;
    ConnectionQueue waiting; /* the longest first */
    ConnectionQueue closing;
    guint request_timeout; /* seconds */
    gint64 now;            /* monotonic, of the batch */
    guint64 regex_limits;
    gint64 regex_warned_at;
    char scratch[LIMIT_RECEIVES_AHEAD][LIMIT_RECEIVE];
};

static void leave_queue(Worker *worker, Connection *connection) {
    if (connection->state == CONNECTION_WAITING) {
        TAILQ_REMOVE(&worker->waiting, connection, queue);
    } else if (connection->state == CONNECTION_CLOSING) {
        TAILQ_REMOVE(&worker->closing, connection, queue);
    }
    connection->state = CONNECTION_IDLE;
}

/* All wait equally long, so who comes last also ends last. */
static void wait_from_now(Worker *worker, Connection *connection) {
    leave_queue(worker, connection);
    connection->state = CONNECTION_WAITING;
    connection->since = worker->now;
    TAILQ_INSERT_TAIL(&worker->waiting, connection, queue);
}

static void close_later(Worker *worker, Connection *connection) {
    leave_queue(worker, connection);
    connection->ending = TRUE;
    connection->state = CONNECTION_CLOSING;
    TAILQ_INSERT_TAIL(&worker->closing, connection, queue);
}

static void close_now(Worker *worker, Connection *connection) {
    leave_queue(worker, connection);
    pthread_mutex_lock(&worker->lock);
    LIST_REMOVE(connection, all);
    pthread_mutex_unlock(&worker->lock);
    connection_free(connection, &worker->pool);
    g_atomic_int_add(&worker->connections, -1);
}

static void warn(const Connection *connection, const char *what) {
    g_autofree char *client = connection_describe(connection);
    log_warning("%s: %s; closed", client, what);
}

static void warn_errno(const Connection *connection, const char *what) {
    g_autofree char *text = g_strdup_printf("%s: %s", what, g_strerror(errno));
    warn(connection, text);
}

/* Also asks the kernel anew whether the connection is ready. */
static void arm(Worker *worker, Connection *connection, guint32 events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(worker->epoll, EPOLL_CTL_MOD, connection->fd, &event) != 0) {
        warn_errno(connection, "cannot wait for it");
        close_later(worker, connection);
    }
}

static void send_replies(Worker *worker, Connection *connection, Text replies) {
    switch (connection_send(connection, &worker->pool, replies)) {
    case SEND_DONE:
        break;
    case SEND_BLOCKED:
        wait_from_now(worker, connection);
        arm(worker, connection, DRAINING);
        break;
    case SEND_FAILED:
        warn_errno(connection, "a reply was not sent");
        close_later(worker, connection);
        break;
    }
}

/* The audit promise: the lines first, then the replies. */
static void flush(Worker *worker) {
    Connection *connection;
    Text replies;
    guint count = batch_log(worker->batch);
    if (count > 0) {
        gint64 took = g_get_monotonic_time() - worker->now;
        counters_add_latency(&worker->counters, (guint64)MAX(took, 0), count);
    }
    while ((connection = batch_take(worker->batch, &replies))) {
        send_replies(worker, connection, replies);
    }
}

static void refuse(Worker *worker, Connection *connection, RequestStatus status) {
    g_autofree char *what =
        g_strdup_printf("a request is malformed: %s", request_status_text(status));
    warn(connection, what);
    counter_add(&worker->counters.malformed, 1);
    close_later(worker, connection);
}

/* Decides the whole blocks at the start of `data` and answers how many bytes they take. Stops where
 * the client has to read first, or is to be closed. *scanned is of what follows them. */
static size_t answer_blocks(Worker *worker, Connection *connection, Text data, size_t *scanned) {
    size_t done = 0;
    size_t length;
    Request request;
    while (done < data.length && !connection->ending && !connection->output) {
        Text rest = text_make(data.data + done, data.length - done);
        RequestStatus status = request_read(rest, scanned, &request, &length);
        if (status == REQUEST_INCOMPLETE) {
            break;
        }
        if (status != REQUEST_OK) {
            refuse(worker, connection, status);
            break;
        }
        const Rule *rule = match(worker->matcher, worker->ruleset, &request);
        batch_add(worker->batch, connection, worker->ruleset, rule, &request);
        counter_add(&worker->counters.decisions[rule->action], 1);
        counter_add(&worker->hits[rule - worker->first_rule], 1);
        done += length;
        *scanned = 0;
        if (batch_is_full(worker->batch)) {
            flush(worker);
        }
    }
    return done;
}

static void consume(Worker *worker, Connection *connection, Text data) {
    size_t scanned = connection->input_scanned;
    size_t done = answer_blocks(worker, connection, data, &scanned);
    Text rest = text_make(data.data + done, connection->ending ? 0 : data.length - done);
    connection_keep(connection, &worker->pool, rest, scanned);
    if (connection->ending || connection->output) {
        return;
    }
    if (rest.length == 0) {
        leave_queue(worker, connection);
    } else if (done > 0 || connection->state != CONNECTION_WAITING) {
        wait_from_now(worker, connection);
    }
}

static void end(Worker *worker, Connection *connection) {
    if (connection->input) {
        warn(connection, "it ended in the middle of a request");
        counter_add(&worker->counters.unfinished, 1);
    }
    close_later(worker, connection);
}

static void receive(Worker *worker, Received *received, char *scratch) {
    Connection *connection = received->connection;
    received->more = FALSE;
    received->status =
        connection_receive(connection, &worker->pool, scratch, &received->data, &received->more);
    received->error = errno;
}

/* Answers TRUE if there may be more to receive. */
static gboolean answer(Worker *worker, const Received *received) {
    Connection *connection = received->connection;
    switch (received->status) {
    case RECEIVE_DATA:
        consume(worker, connection, received->data);
        break;
    case RECEIVE_NOTHING:
        arm(worker, connection, READING);
        break;
    case RECEIVE_END:
        end(worker, connection);
        break;
    case RECEIVE_FAILED:
        errno = received->error;
        warn_errno(connection, "cannot receive");
        close_later(worker, connection);
        break;
    }
    return received->more && !connection->ending && !connection->output;
}

static void drain(Worker *worker, Connection *connection) {
    switch (connection_drain(connection, &worker->pool)) {
    case SEND_DONE:
        if (connection->ending) {
            close_later(worker, connection);
            return;
        }
        leave_queue(worker, connection);
        arm(worker, connection, READING);
        if (connection->input) {
            consume(worker, connection, text_make(connection->input, connection->input_length));
        }
        break;
    case SEND_BLOCKED:
        break;
    case SEND_FAILED:
        warn_errno(connection, "a reply was not sent");
        close_later(worker, connection);
        break;
    }
}

static void answer_all(Worker *worker, const Received *received, guint count) {
    for (guint i = 0; i < count; i++) {
        Connection *connection = received[i].connection;
        gboolean more = answer(worker, &received[i]);
        gboolean left = received[i].events & HANGUP || connection->input;
        if (more || (left && !connection->ending && !connection->output)) {
            arm(worker, connection, READING);
        }
    }
}

/* A connection has one event, so nothing that is answered changes another one's buffers. */
static void handle(Worker *worker, const struct epoll_event *events, int count) {
    Received received[LIMIT_RECEIVES_AHEAD];
    guint held = 0;
    for (int i = 0; i < count; i++) {
        Connection *connection = events[i].data.ptr;
        if (connection && connection->output) {
            drain(worker, connection);
        } else if (connection) {
            received[held] = (Received){.connection = connection, .events = events[i].events};
            receive(worker, &received[held], worker->scratch[held]);
            held++;
        }
        if (held == LIMIT_RECEIVES_AHEAD || i + 1 == count) {
            answer_all(worker, received, held);
            held = 0;
        }
    }
}

static void expire(Worker *worker) {
    Connection *first;
    gint64 limit = worker->now - worker->request_timeout * G_USEC_PER_SEC;
    while ((first = TAILQ_FIRST(&worker->waiting)) && first->since <= limit) {
        warn(first, first->output ? "it does not read its replies" : "a request stays unfinished");
        counter_add(&worker->counters.unfinished, 1);
        close_later(worker, first);
    }
}

static void close_closing(Worker *worker) {
    Connection *first;
    while ((first = TAILQ_FIRST(&worker->closing))) {
        close_now(worker, first);
    }
}

static void warn_of_regex_limits(Worker *worker) {
    guint64 limits = matcher_regex_limits(worker->matcher);
    guint64 counted = counter_get(&worker->counters.regex_limits);
    counter_add(&worker->counters.regex_limits, limits - counted);
    gint64 quiet = LIMIT_REGEX_WARNING * G_USEC_PER_SEC;
    gboolean warned = worker->regex_warned_at > 0;
    if (limits == worker->regex_limits
        || (warned && worker->now - worker->regex_warned_at < quiet)) {
        return;
    }
    log_warning("a regex reached its match limit %" G_GUINT64_FORMAT
                " times; the test was taken for false",
                limits - worker->regex_limits);
    worker->regex_limits = limits;
    worker->regex_warned_at = worker->now;
}

/* Milliseconds for epoll_wait(); -1: no one is waited for. */
static int time_to_wait(const Worker *worker) {
    const Connection *first = TAILQ_FIRST(&worker->waiting);
    if (!first) {
        return -1;
    }
    gint64 left = first->since + worker->request_timeout * G_USEC_PER_SEC - worker->now;
    return left > 0 ? (int)(left / 1000) + 1 : 0;
}

static void serve(Worker *worker, Deployment *deployment) {
    worker->deployment = deployment;
    worker->ruleset = deployment_ruleset(deployment);
    worker->first_rule = ruleset_rule(worker->ruleset, 0);
    worker->hits = deployment_hits(deployment, worker->number);
}

/* Between two batches, when nothing borrows from the rules. */
static void take_offered(Worker *worker) {
    Deployment *offered = g_atomic_pointer_get(&worker->offered);
    if (offered && (offered = g_atomic_pointer_exchange(&worker->offered, NULL))) {
        Deployment *before = worker->deployment;
        serve(worker, offered);
        worker->left(before, worker->number, worker->left_data);
    }
}

static void start_batch(Worker *worker) {
    worker->now = g_get_monotonic_time();
    batch_start(worker->batch, worker->now);
}

static int wait_for_events(Worker *worker, struct epoll_event *events) {
    int count = epoll_wait(worker->epoll, events, LIMIT_EVENTS, time_to_wait(worker));
    if (count < 0 && errno != EINTR) {
        g_error("epoll_wait: %s", g_strerror(errno));
    }
    return count;
}

static void finish_batch(Worker *worker) {
    flush(worker);
    expire(worker);
    close_closing(worker);
    warn_of_regex_limits(worker);
}

/* What has arrived whole is answered; what the client then doesn't take at once is given up. */
static void answer_last(Worker *worker) {
    Connection *connection = LIST_FIRST(&worker->all);
    start_batch(worker);
    for (; connection; connection = LIST_NEXT(connection, all)) {
        gboolean more = !connection->output;
        for (guint i = 0; more && i < LIMIT_LAST_RECEIVES; i++) {
            Received received = {.connection = connection};
            receive(worker, &received, worker->scratch[0]);
            more = answer(worker, &received);
        }
    }
    finish_batch(worker);
    while ((connection = LIST_FIRST(&worker->all))) {
        close_now(worker, connection);
    }
}

/* GThreadFunc */
static gpointer run(gpointer data) {
    Worker *worker = data;
    struct epoll_event events[LIMIT_EVENTS];
    while (!g_atomic_int_get(&worker->stopping)) {
        int count = wait_for_events(worker, events);
        take_offered(worker);
        start_batch(worker);
        handle(worker, events, count);
        finish_batch(worker);
    }
    answer_last(worker);
    return NULL;
}

static void release(Worker *worker) {
    if (worker->epoll >= 0) {
        close(worker->epoll);
    }
    if (worker->wake >= 0) {
        close(worker->wake);
    }
    deployment_unref(worker->deployment);
    deployment_unref(worker->offered);
    matcher_free(worker->matcher);
    batch_free(worker->batch);
    buffer_pool_clear(&worker->pool);
    pthread_mutex_destroy(&worker->lock);
    g_free(worker);
}

/* The eventfd is known by its NULL pointer; edge-triggered, it need not be read. */
static gboolean open_descriptors(Worker *worker) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return worker->epoll >= 0 && worker->wake >= 0
           && epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->wake, &event) == 0;
}

Worker *worker_new(const WorkerSettings *settings, guint number, GError **error) {
    Worker *worker = g_new0(Worker, 1);
    pthread_mutex_init(&worker->lock, NULL);
    LIST_INIT(&worker->all);
    TAILQ_INIT(&worker->waiting);
    TAILQ_INIT(&worker->closing);
    worker->request_timeout = settings->request_timeout;
    worker->number = number;
    worker->left = settings->left;
    worker->left_data = settings->data;
    serve(worker, deployment_ref(settings->deployment));
    worker->matcher = matcher_new();
    worker->batch = batch_new(settings->sinks, settings->dry_run);
    if (open_descriptors(worker)) {
        worker->thread = g_thread_try_new("worker", run, worker, error);
    } else {
        g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(errno),
                    "cannot start a worker: %s", g_strerror(errno));
    }
    if (!worker->thread) {
        release(worker);
        return NULL;
    }
    return worker;
}

static void insert(Worker *worker, Connection *connection) {
    pthread_mutex_lock(&worker->lock);
    LIST_INSERT_HEAD(&worker->all, connection, all);
    pthread_mutex_unlock(&worker->lock);
    g_atomic_int_inc(&worker->connections);
}

static void take_back(Worker *worker, Connection *connection) {
    pthread_mutex_lock(&worker->lock);
    LIST_REMOVE(connection, all);
    pthread_mutex_unlock(&worker->lock);
    g_atomic_int_add(&worker->connections, -1);
    g_free(connection);
}

/* Complete before it is in the epoll: from then on it is the worker's thread's, and may be gone. */
gboolean worker_add(Worker *worker, int fd) {
    Connection *connection = connection_new(fd);
    struct epoll_event event = {.events = READING, .data.ptr = connection};
    insert(worker, connection);
    if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        int error = errno;
        take_back(worker, connection);
        errno = error;
        return FALSE;
    }
    return TRUE;
}

guint worker_connections(Worker *worker) {
    return (guint)g_atomic_int_get(&worker->connections);
}

/* One that was offered before and not taken yet has no hits of this worker. */
void worker_offer(Worker *worker, Deployment *deployment) {
    Deployment *before = g_atomic_pointer_exchange(&worker->offered, deployment_ref(deployment));
    deployment_unref(before);
    eventfd_write(worker->wake, 1);
}

const Counters *worker_counters(const Worker *worker) {
    return &worker->counters;
}

void worker_stop(Worker *worker) {
    g_atomic_int_set(&worker->stopping, TRUE);
    eventfd_write(worker->wake, 1);
}

void worker_free(Worker *worker) {
    if (worker) {
        g_thread_join(worker->thread);
        release(worker);
    }
}
