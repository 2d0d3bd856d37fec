/*
 * Load: a closed loop. Each of the busy connections asks, waits for the answer, and asks again, as
 * smtpd does. It measures once the warm-up time has passed and every connection has had an answer.
 * One thread, bounded in time; it prints one line of JSON.
 *
 *   load --socket PATH --pid PID... [--connections N] [--idle N] [--pipeline N] [--seed N]
 *        [--warmup SECONDS] [--seconds SECONDS] [--requests N] [--expect rules|dunno|any]
 *
 * The idle connections ask once each before the others are opened, and then stay silent. Exit
 * status: 0 every answer was the expected one, 1 not (the first wrong one is shown), 2 usage.
 */
#include <errno.h>
#include <gio/gio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"
#include "process.h"

#define EVENTS 512

/* Requests that differ: few enough to stay in the cache, as they cost time in this process only. */
#define DIFFERENT_REQUESTS 2048

/* Milliseconds without any answer that are too long. */
#define PATIENCE 10000

/* Of these, `depth` blocks of at most a kilobyte fit into a socket's buffer at once. */
#define DEPTH_MAX 64

#define CONNECTIONS_MAX 100000

typedef struct {
    char *socket;
    char **pids;
    int connections;
    int idle;
    int pipeline;
    int seed;
    double warmup;
    double seconds;
    gint64 requests; /* at most so many are measured; 0: any number */
    char *expect;
} Settings;

typedef enum {
    PHASE_WARMING,
    PHASE_MEASURING,
    PHASE_ENDING, /* nothing is asked any more */
} Phase;

typedef struct {
    const Settings *settings;
    ClientGroup group;
    GArray *pids;
    Client *idle;
    Client *busy;
    int epoll;
    guint in_flight;
    Phase phase;
    gint64 started;  /* nanoseconds, of the phase */
    gint64 measured; /* nanoseconds that measuring took */
    gint64 cpu;      /* of the server: at its start, then what it took */
    gint64 resident_before;
    gint64 resident_idle;
    gint64 resident;
} Load;

static gint64 sum(const Load *load, gint64 (*read)(pid_t pid)) {
    gint64 total = 0;
    for (guint i = 0; i < load->pids->len; i++) {
        total += read(g_array_index(load->pids, pid_t, i));
    }
    return total;
}

static guint64 count_answers(const ClientGroup *group) {
    return group->latency.total;
}

static gboolean wait_and_receive(Load *load, Client *client, GError **error) {
    guint answered = 0;
    while (answered == 0) {
        struct pollfd ask = {.fd = client->fd, .events = POLLIN};
        if (poll(&ask, 1, PATIENCE) != 1) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the server does not answer");
            return FALSE;
        }
        if (!client_receive(client, &load->group, &answered, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean open_idle(Load *load, GError **error) {
    for (int i = 0; i < load->settings->idle; i++) {
        Client *client = &load->idle[i];
        if (!client_open(client, load->settings->socket, 1, error)
            || !client_ask(client, &load->group, error) || !wait_and_receive(load, client, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean open_busy(Load *load, GError **error) {
    for (int i = 0; i < load->settings->connections; i++) {
        Client *client = &load->busy[i];
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = client};
        if (!client_open(client, load->settings->socket, (guint)load->settings->pipeline, error)) {
            return FALSE;
        }
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) != 0) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "epoll_ctl: %s", g_strerror(errno));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean ask_first(Load *load, GError **error) {
    for (int i = 0; i < load->settings->connections; i++) {
        if (!client_ask(&load->busy[i], &load->group, error)) {
            return FALSE;
        }
        load->in_flight += load->busy[i].in_flight;
    }
    return TRUE;
}

static void start_measuring(Load *load, gint64 now) {
    client_group_reset(&load->group);
    load->cpu = sum(load, process_cpu);
    load->started = now;
    load->phase = PHASE_MEASURING;
}

static void end_measuring(Load *load, gint64 now) {
    load->cpu = sum(load, process_cpu) - load->cpu;
    load->measured = now - load->started;
    load->resident = sum(load, process_resident);
    load->phase = PHASE_ENDING;
}

static void change_phase(Load *load) {
    const Settings *settings = load->settings;
    gint64 now = client_now();
    double passed = (double)(now - load->started) / 1e9;
    guint64 most = settings->requests > 0 ? (guint64)settings->requests : G_MAXUINT64;
    gboolean warm =
        passed >= settings->warmup && count_answers(&load->group) >= (guint64)settings->connections;
    if (load->phase == PHASE_WARMING && warm) {
        start_measuring(load, now);
    } else if (load->phase == PHASE_MEASURING
               && (passed >= settings->seconds || count_answers(&load->group) >= most)) {
        end_measuring(load, now);
    }
}

static gboolean handle(Load *load, Client *client, GError **error) {
    guint answered;
    if (!client_receive(client, &load->group, &answered, error)) {
        return FALSE;
    }
    load->in_flight -= answered;
    if (load->phase == PHASE_ENDING || answered == 0) {
        return TRUE;
    }
    load->in_flight += answered;
    return client_ask(client, &load->group, error);
}

static gboolean drive(Load *load, GError **error) {
    struct epoll_event events[EVENTS];
    load->started = client_now();
    while (load->in_flight > 0) {
        int count = epoll_wait(load->epoll, events, EVENTS, PATIENCE);
        if (count <= 0) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the server does not answer");
            return FALSE;
        }
        for (int i = 0; i < count; i++) {
            if (!handle(load, events[i].data.ptr, error)) {
                return FALSE;
            }
        }
        change_phase(load);
    }
    return TRUE;
}

static gboolean run(Load *load, GError **error) {
    load->resident_before = sum(load, process_resident);
    if (!open_idle(load, error)) {
        return FALSE;
    }
    load->resident_idle = sum(load, process_resident);
    return open_busy(load, error) && ask_first(load, error) && drive(load, error);
}

static void print(const Load *load, guint64 requests, const char *counted) {
    double count = (double)MAX(requests, 1);
    printf("{\"requests\":%" G_GUINT64_FORMAT ",\"seconds\":%.3f,\"rate\":%.0f,\"cpu_us\":%.4f,",
           requests, (double)load->measured / 1e9, count * 1e9 / (double)MAX(load->measured, 1),
           (double)load->cpu / 1000 / count);
    printf("\"resident_before\":%" G_GINT64_FORMAT ",\"resident_idle\":%" G_GINT64_FORMAT
           ",\"resident\":%" G_GINT64_FORMAT ",%s}\n",
           load->resident_before, load->resident_idle, load->resident, counted);
}

static Client *new_clients(int count) {
    Client *clients = g_new0(Client, count);
    for (int i = 0; i < count; i++) {
        clients[i].fd = -1;
    }
    return clients;
}

static void free_clients(Client *clients, int count) {
    for (int i = 0; i < count; i++) {
        client_close(&clients[i]);
    }
    g_free(clients);
}

static gboolean read_pids(const Settings *settings, GArray *pids) {
    for (guint i = 0; settings->pids && settings->pids[i]; i++) {
        pid_t pid = (pid_t)g_ascii_strtoll(settings->pids[i], NULL, 10);
        if (pid <= 0 || process_cpu(pid) < 0) {
            fprintf(stderr, "load: there is no process '%s'\n", settings->pids[i]);
            return FALSE;
        }
        g_array_append_val(pids, pid);
    }
    return TRUE;
}

static gboolean parse(int *argc, char ***argv, Settings *out, GError **error) {
    const GOptionEntry entries[] = {
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &out->socket, "The server's socket", "PATH"},
        {"pid", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->pids, "A process of the server", "PID"},
        {"connections", 0, 0, G_OPTION_ARG_INT, &out->connections, "Busy ones (16)", "N"},
        {"idle", 0, 0, G_OPTION_ARG_INT, &out->idle, "Idle ones beside them (0)", "N"},
        {"pipeline", 0, 0, G_OPTION_ARG_INT, &out->pipeline, "Requests in flight on each (1)", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &out->seed, "Of the requests (1)", "N"},
        {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &out->warmup, "Not measured (0.2)", "SECONDS"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &out->seconds, "Measured (1)", "SECONDS"},
        {"requests", 0, 0, G_OPTION_ARG_INT64, &out->requests, "Measured, at most", "N"},
        {"expect", 0, 0, G_OPTION_ARG_STRING, &out->expect, "rules, dunno or any", "WORD"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static gboolean is_sound(const Settings *settings, Expectation *expectation) {
    const char *word = settings->expect ? settings->expect : "rules";
    return settings->socket && settings->connections >= 0 && settings->idle >= 0
           && settings->connections <= CONNECTIONS_MAX && settings->idle <= CONNECTIONS_MAX
           && settings->pipeline >= 1 && settings->pipeline <= DEPTH_MAX
           && settings->connections + settings->idle > 0 && expectation_find(word, expectation);
}

static int load_main(const Settings *settings, Expectation expectation) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Traffic) traffic = traffic_new((guint32)settings->seed, DIFFERENT_REQUESTS);
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    Load load = {.settings = settings, .group = {traffic, expectation}, .pids = pids};
    if (!read_pids(settings, pids)) {
        return 2;
    }
    load.idle = new_clients(settings->idle);
    load.busy = new_clients(settings->connections);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    gboolean good = client_reserve((guint)(settings->connections + settings->idle), &error)
                    && run(&load, &error);
    if (good) {
        g_autofree char *counted = client_group_format(&load.group);
        print(&load, count_answers(&load.group), counted);
    } else {
        fprintf(stderr, "load: %s\n", error->message);
    }
    free_clients(load.idle, settings->idle);
    free_clients(load.busy, settings->connections);
    close(load.epoll);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    Settings settings = {.connections = 16, .pipeline = 1, .seed = 1, .warmup = 0.2, .seconds = 1};
    Expectation expectation = EXPECT_RULES;
    g_autoptr(GError) error = NULL;
    int status = 2;
    if (!parse(&argc, &argv, &settings, &error)) {
        fprintf(stderr, "load: %s\n", error->message);
    } else if (argc > 1 || !is_sound(&settings, &expectation)) {
        fputs("load: see --help\n", stderr);
    } else {
        status = load_main(&settings, expectation);
    }
    g_free(settings.socket);
    g_strfreev(settings.pids);
    g_free(settings.expect);
    return status;
}
