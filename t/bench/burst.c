/*
 * Burst: how fast a server works off requests that wait for it, with every processor to itself. The
 * server is stopped (SIGSTOP), the requests are put into its sockets, and it is continued; until it
 * is done this process only wakes up now and then to see how far it is.
 *
 *   burst --socket PATH --pid PID [--connections N] [--requests N] [--rounds N] [--seed N]
 *
 * Needs root, for sockets that hold so much. Prints one line of JSON; the rate is the rounds'
 * median. Exit status: 0 every answer was the one of reference.rules, 1 not, 2 usage.
 */
#include <errno.h>
#include <gio/gio.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "process.h"

#define DIFFERENT_REQUESTS 2048

/* Nanoseconds between two looks: far less than a round takes. */
#define PAUSE 500000

/* Nanoseconds that a round, and stopping, may take. */
#define PATIENCE G_GINT64_CONSTANT(20000000000)

typedef struct {
    char *socket;
    int pid;
    int connections;
    int requests; /* on each */
    int rounds;
    int seed;
} Settings;

typedef struct {
    const Settings *settings;
    ClientGroup group;
    Client *clients;
    GArray *rates;  /* of double */
    gint64 busiest; /* nanoseconds of CPU of the server's busiest thread, in each round */
    gint64 cpu;     /* of the server */
    gint64 own_cpu;
    gint64 took;
} Burst;

static gboolean fail(GError **error, const char *what) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what, g_strerror(errno));
    return FALSE;
}

static void pause_shortly(void) {
    const struct timespec pause = {.tv_nsec = PAUSE};
    nanosleep(&pause, NULL);
}

/* A skb's head counts too, and large writes are cut into skbs of 32 KiB: twice the bytes is ample.
 */
static gboolean open_clients(Burst *burst, GError **error) {
    const Settings *settings = burst->settings;
    int bytes = settings->requests * 2 * 1024;
    for (int i = 0; i < settings->connections; i++) {
        Client *client = &burst->clients[i];
        if (!client_open(client, settings->socket, (guint)settings->requests, error)) {
            return FALSE;
        }
        if (setsockopt(client->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0) {
            return fail(error, "cannot enlarge a socket's buffer");
        }
    }
    return TRUE;
}

static gboolean stop(const Burst *burst, GError **error) {
    gint64 start = client_now();
    if (kill(burst->settings->pid, SIGSTOP) != 0) {
        return fail(error, "cannot stop the server");
    }
    while (!process_is_stopped(burst->settings->pid)) {
        if (client_now() - start > PATIENCE) {
            errno = ETIMEDOUT;
            return fail(error, "cannot stop the server");
        }
        pause_shortly();
    }
    return TRUE;
}

static gboolean queue(Burst *burst, GError **error) {
    for (int i = 0; i < burst->settings->connections; i++) {
        if (!client_ask(&burst->clients[i], &burst->group, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Bytes of the answers to all that the client has asked. */
static size_t count_awaited(const Burst *burst, const Client *client) {
    size_t bytes = 0;
    for (guint i = 0; i < client->in_flight; i++) {
        bytes += traffic_answer(burst->group.traffic, client->flights[i].request).length;
    }
    return bytes;
}

/* Waits until all answers lie in the client's socket; they are taken later. */
static gboolean wait_for(const Client *client, size_t awaited, gint64 start, GError **error) {
    int arrived;
    while (ioctl(client->fd, SIOCINQ, &arrived) == 0 && (size_t)arrived < awaited) {
        if (client_now() - start > PATIENCE) {
            errno = ETIMEDOUT;
            return fail(error, "the server does not answer");
        }
        pause_shortly();
    }
    return TRUE;
}

/* What the answers say is checked behind the clock. */
static gboolean collect(Burst *burst, GError **error) {
    for (int i = 0; i < burst->settings->connections; i++) {
        guint answered;
        if (!client_receive(&burst->clients[i], &burst->group, &answered, error)) {
            return FALSE;
        }
        if (burst->clients[i].in_flight > 0) {
            errno = EPROTO;
            return fail(error, "answers are missing");
        }
        burst->clients[i].first = 0;
    }
    return TRUE;
}

/* Of the threads, by how much the one that did most grew. */
static gint64 find_busiest(const GArray *before, const GArray *after) {
    gint64 most = 0;
    for (guint i = 0; i < MIN(before->len, after->len); i++) {
        most = MAX(most, g_array_index(after, gint64, i) - g_array_index(before, gint64, i));
    }
    return most;
}

static void note_time(Burst *burst, gint64 took) {
    double requests = (double)burst->settings->connections * burst->settings->requests;
    double rate = requests * 1e9 / (double)took;
    burst->took += took;
    g_array_append_val(burst->rates, rate);
}

static gboolean work_off(Burst *burst, GError **error) {
    guint connections = (guint)burst->settings->connections;
    g_autofree size_t *awaited = g_new(size_t, connections);
    for (guint i = 0; i < connections; i++) {
        awaited[i] = count_awaited(burst, &burst->clients[i]);
    }
    g_autoptr(GArray) before = process_thread_cpus(burst->settings->pid);
    gint64 start = client_now();
    burst->own_cpu -= process_cpu(getpid());
    burst->cpu -= process_cpu(burst->settings->pid);
    kill(burst->settings->pid, SIGCONT);
    for (guint i = 0; i < connections; i++) {
        if (!wait_for(&burst->clients[i], awaited[i], start, error)) {
            return FALSE;
        }
    }
    note_time(burst, client_now() - start);
    burst->cpu += process_cpu(burst->settings->pid);
    burst->own_cpu += process_cpu(getpid());
    pause_shortly();
    g_autoptr(GArray) after = process_thread_cpus(burst->settings->pid);
    burst->busiest += find_busiest(before, after);
    return collect(burst, error);
}

/* Whatever happens, the server is not left stopped. */
static gboolean run(Burst *burst, GError **error) {
    gboolean good = open_clients(burst, error);
    for (int round = 0; good && round < burst->settings->rounds; round++) {
        good = stop(burst, error) && queue(burst, error) && work_off(burst, error);
    }
    kill(burst->settings->pid, SIGCONT);
    return good;
}

static gint compare_doubles(gconstpointer a, gconstpointer b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* busiest_us: what a request would take if no other process were about. */
static void print(Burst *burst) {
    double requests = (double)burst->group.latency.total;
    g_array_sort(burst->rates, compare_doubles);
    printf("{\"requests\":%.0f,\"rate\":%.0f,\"busiest_us\":%.4f,\"cpu_us\":%.4f,"
           "\"own_share\":%.3f}\n",
           requests, g_array_index(burst->rates, double, burst->rates->len / 2),
           (double)burst->busiest / 1000 / requests, (double)burst->cpu / 1000 / requests,
           (double)burst->own_cpu / (double)burst->took);
}

static int burst_main(const Settings *settings) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Traffic) traffic = traffic_new((guint32)settings->seed, DIFFERENT_REQUESTS);
    g_autoptr(GArray) rates = g_array_new(FALSE, FALSE, sizeof(double));
    Burst burst = {.settings = settings, .group = {traffic, EXPECT_RULES}, .rates = rates};
    burst.clients = g_new0(Client, settings->connections);
    for (int i = 0; i < settings->connections; i++) {
        burst.clients[i].fd = -1;
    }
    gboolean good = client_reserve((guint)settings->connections, &error) && run(&burst, &error);
    if (good) {
        print(&burst);
    } else {
        fprintf(stderr, "burst: %s\n", error->message);
    }
    for (int i = 0; i < settings->connections; i++) {
        client_close(&burst.clients[i]);
    }
    g_free(burst.clients);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static gboolean parse(int *argc, char ***argv, Settings *out, GError **error) {
    const GOptionEntry entries[] = {
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &out->socket, "The server's socket", "PATH"},
        {"pid", 0, 0, G_OPTION_ARG_INT, &out->pid, "The server", "PID"},
        {"connections", 0, 0, G_OPTION_ARG_INT, &out->connections, "100", "N"},
        {"requests", 0, 0, G_OPTION_ARG_INT, &out->requests, "On each in a round (400)", "N"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &out->rounds, "3", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &out->seed, "Of the requests (1)", "N"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

int main(int argc, char **argv) {
    Settings settings = {.connections = 100, .requests = 400, .rounds = 3, .seed = 1};
    g_autoptr(GError) error = NULL;
    int status = 2;
    if (!parse(&argc, &argv, &settings, &error)) {
        fprintf(stderr, "burst: %s\n", error->message);
    } else if (argc > 1 || !settings.socket || settings.pid <= 0 || settings.connections < 1
               || settings.requests < 1 || settings.requests > 10000 || settings.rounds < 1) {
        fputs("burst: see --help\n", stderr);
    } else {
        status = burst_main(&settings);
    }
    g_free(settings.socket);
    return status;
}
