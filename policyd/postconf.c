/*
 * Postconf: a child process, read with a deadline, killed when that passes. For a parameter that
 * Postfix doesn't have, postconf prints nothing at all and succeeds; for an empty one a newline.
 */
#include "postconf.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "limit.h"
#include "server_limit.h"

#define FALLBACK "/usr/sbin/postconf"
#define LIMIT_COMPLAINT 1024

typedef struct {
    int fd; /* -1 at its end */
    GString *text;
    gsize limit; /* more is read, and dropped */
    gboolean cut;
} Stream;

typedef struct {
    GPid pid; /* 0 when it has been waited for */
    int status;
    gint64 deadline;
    Stream out;
    Stream complaints;
} Run;

#define FAIL(error, ...) fail_with((error), G_IO_ERROR, G_IO_ERROR_FAILED, __VA_ARGS__)

/* Letters, digits and `_`, a letter first: nothing that postconf could take for an option. */
static gboolean is_parameter(const char *text) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return g_ascii_islower(text[0]) && text[length] == '\0' && length <= LIMIT_POSTCONF_NAME;
}

static void stream_close(Stream *stream) {
    if (stream->fd >= 0) {
        close(stream->fd);
        stream->fd = -1;
    }
}

static void run_clear(Run *run) {
    if (run->pid > 0) {
        kill(run->pid, SIGKILL);
        waitpid(run->pid, NULL, 0);
    }
    stream_close(&run->out);
    stream_close(&run->complaints);
    g_string_free(run->out.text, TRUE);
    g_string_free(run->complaints.text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static gboolean start(Run *run, const char *const *arguments, GError **error) {
    g_autofree char *found = g_find_program_in_path("postconf");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, found ? found : FALLBACK);
    for (; *arguments; arguments++) {
        g_strv_builder_add(builder, *arguments);
    }
    g_auto(GStrv) words = g_strv_builder_end(builder);
    return g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)words, NULL,
                                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL,
                                            NULL, -1, -1, -1, NULL, NULL, 0, &run->pid, NULL,
                                            &run->out.fd, &run->complaints.fd, error);
}

static void take(Stream *stream) {
    char bytes[4096];
    ssize_t got = read(stream->fd, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) {
        return;
    }
    if (got <= 0) {
        stream_close(stream);
        return;
    }
    gsize room = stream->limit - stream->text->len;
    stream->cut = stream->cut || (gsize)got > room;
    g_string_append_len(stream->text, bytes, (gssize)MIN((gsize)got, room));
}

static int time_left(const Run *run) {
    gint64 left = run->deadline - g_get_monotonic_time();
    return left > 0 ? (int)(left / 1000) + 1 : 0;
}

/* To the end of both, or of what the value may hold. */
static gboolean read_streams(Run *run) {
    while (!run->out.cut && (run->out.fd >= 0 || run->complaints.fd >= 0)) {
        struct pollfd ask[] = {{.fd = run->out.fd, .events = POLLIN},
                               {.fd = run->complaints.fd, .events = POLLIN}};
        int ready = poll(ask, G_N_ELEMENTS(ask), time_left(run));
        if (ready == 0) {
            return FALSE;
        }
        if (ready > 0 && ask[0].revents) {
            take(&run->out);
        }
        if (ready > 0 && ask[1].revents) {
            take(&run->complaints);
        }
    }
    return TRUE;
}

/* Its output is closed, so it is about to end. */
static gboolean await_end(Run *run) {
    while (waitpid(run->pid, &run->status, WNOHANG) == 0) {
        if (time_left(run) == 0) {
            return FALSE;
        }
        g_usleep(1000);
    }
    run->pid = 0;
    return TRUE;
}

static gboolean finish(Run *run, GError **error) {
    gboolean read = read_streams(run);
    if (run->out.cut) {
        return FAIL(error, "its value is longer than %d bytes", LIMIT_POSTCONF_VALUE);
    }
    if (!read || !await_end(run)) {
        return FAIL(error, "postconf did not answer within %d seconds", LIMIT_POSTCONF_SECONDS);
    }
    if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0) {
        return FAIL(error, "postconf failed: %s", g_strstrip(run->complaints.text->str));
    }
    return TRUE;
}

char *postconf_print(const char *const *arguments, GError **error) {
    g_auto(Run) run = {
        .deadline = g_get_monotonic_time() + LIMIT_POSTCONF_SECONDS * G_USEC_PER_SEC,
        .out = {.fd = -1, .text = g_string_new(NULL), .limit = LIMIT_POSTCONF_VALUE},
        .complaints = {.fd = -1, .text = g_string_new(NULL), .limit = LIMIT_COMPLAINT},
    };
    if (!start(&run, arguments, error) || !finish(&run, error)) {
        return NULL;
    }
    return g_strndup(run.out.text->str, run.out.text->len);
}

char *postconf_run(const char *parameter, GError **error) {
    const char *const arguments[] = {"-hx", parameter, NULL};
    if (!is_parameter(parameter)) {
        FAIL(error, "'%s' is not the name of a parameter", parameter);
        return NULL;
    }
    g_autofree char *value = postconf_print(arguments, error);
    if (!value) {
        return NULL;
    }
    if (*value == '\0') {
        FAIL(error, "postconf knows no parameter '%s'", parameter);
        return NULL;
    }
    if (g_str_has_suffix(value, "\n")) {
        value[strlen(value) - 1] = '\0';
    }
    return g_steal_pointer(&value);
}
