/*
 * PostconfHelper: a question is a Message with a parameter's name, an answer one with its value or
 * with the text of an error; a first answer to no question says that the helper is ready. When the
 * other side is gone the daemon reports it as the read's error, and the helper ends.
 */
#include "postconf_helper.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limit.h"
#include "postconf.h"
#include "privileges.h"
#include "server_limit.h"

struct PostconfHelper {
    int fd;
    pid_t pid;
};

/* A question has ok set. */
typedef struct {
    gboolean ok;
    guint32 length; /* of the text that follows, at most LIMIT_POSTCONF_VALUE */
} Head;

static gboolean send_all(int fd, const void *data, size_t length) {
    const char *at = data;
    while (length > 0) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return FALSE;
        }
        at += MAX(sent, 0);
        length -= (size_t)MAX(sent, 0);
    }
    return TRUE;
}

static gboolean receive_all(int fd, void *data, size_t length) {
    char *at = data;
    while (length > 0) {
        ssize_t got = recv(fd, at, length, 0);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return FALSE;
        }
        at += MAX(got, 0);
        length -= (size_t)MAX(got, 0);
    }
    return TRUE;
}

static gboolean send_message(int fd, gboolean ok, const char *text) {
    Head head = {.ok = ok, .length = (guint32)strlen(text)};
    return send_all(fd, &head, sizeof head) && send_all(fd, text, head.length);
}

/* The text, to be freed, or NULL if the other side is gone. */
static char *receive_message(int fd, gboolean *ok) {
    Head head;
    if (!receive_all(fd, &head, sizeof head) || head.length > LIMIT_POSTCONF_VALUE) {
        return NULL;
    }
    g_autofree char *text = g_malloc0((gsize)head.length + 1);
    if (!receive_all(fd, text, head.length)) {
        return NULL;
    }
    *ok = head.ok;
    return g_steal_pointer(&text);
}

static gboolean answer(int fd) {
    gboolean ok;
    g_autofree char *parameter = receive_message(fd, &ok);
    g_autoptr(GError) error = NULL;
    if (!parameter) {
        return FALSE;
    }
    g_autofree char *value = postconf_run(parameter, &error);
    return send_message(fd, value != NULL, value ? value : error->message);
}

/* Tells whether its privileges are gone. */
static gboolean begin(int fd, const char *user) {
    g_autoptr(GError) error = NULL;
    gboolean dropped = privileges_drop(user, &error);
    return send_message(fd, dropped, dropped ? "" : error->message) && dropped;
}

/* Signals that are sent to the daemon's whole group are the daemon's to follow. */
static G_NORETURN void serve(int fd, const char *user) {
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, "policyd-helper");
    if (begin(fd, user)) {
        while (answer(fd)) {
        }
    }
    _exit(0);
}

static PostconfHelper *fail(GError **error) {
    g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(errno),
                "cannot start the postconf helper: %s", g_strerror(errno));
    return NULL;
}

static char *fail_ended(GError **error) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the postconf helper has ended");
    return NULL;
}

static char *read_answer(const PostconfHelper *helper, GError **error) {
    gboolean ok = FALSE;
    g_autofree char *text = receive_message(helper->fd, &ok);
    if (!text) {
        return fail_ended(error);
    }
    if (!ok) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, text);
        return NULL;
    }
    return g_steal_pointer(&text);
}

static gboolean await_begin(const PostconfHelper *helper, GError **error) {
    g_autofree char *text = read_answer(helper, error);
    return text != NULL;
}

PostconfHelper *postconf_helper_new(const char *user, GError **error) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return fail(error);
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        serve(ends[1], user);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return fail(error);
    }
    PostconfHelper *helper = g_new0(PostconfHelper, 1);
    helper->fd = ends[0];
    helper->pid = pid;
    if (!await_begin(helper, error)) {
        postconf_helper_free(helper);
        return NULL;
    }
    return helper;
}

void postconf_helper_free(PostconfHelper *helper) {
    if (helper) {
        close(helper->fd);
        waitpid(helper->pid, NULL, 0);
        g_free(helper);
    }
}

char *postconf_helper_read(const char *parameter, gpointer data, GError **error) {
    const PostconfHelper *helper = data;
    if (!send_message(helper->fd, TRUE, parameter)) {
        return fail_ended(error);
    }
    return read_answer(helper, error);
}
