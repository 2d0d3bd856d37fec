/*
 * Echo: the limit that policyd is measured against. It looks at the last two bytes of what it
 * received, and answers a constant if they are a blank line; so it takes requests that come one by
 * one, as Postfix sends them.
 *
 *   echo SOCKET      removes a socket of that name first; runs until it is killed
 *
 * epoll is edge-triggered, so the kernel need not ask the socket again on the next epoll_wait();
 * level-triggered came out 0 to 3 per cent dearer, which is within the noise.
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 256
#define BACKLOG 4096

static G_NORETURN void die(const char *what) {
    fprintf(stderr, "echo: %s: %s\n", what, g_strerror(errno));
    exit(EXIT_FAILURE);
}

static int listen_on(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0
        || listen(fd, BACKLOG) != 0) {
        die(path);
    }
    return fd;
}

static void watch(int epoll, int fd, guint32 events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static void accept_all(int epoll, int listening) {
    int fd;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        watch(epoll, fd, EPOLLIN | EPOLLET);
    }
}

static void answer(int fd, guint32 events) {
    static const char reply[] = "action=DUNNO\n\n";
    static char buffer[65536];
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got >= 2 && memcmp(buffer + got - 2, "\n\n", 2) == 0) {
        send(fd, reply, sizeof reply - 1, MSG_NOSIGNAL);
    }
    if (got == 0 || (got < 0 && errno != EAGAIN) || events & EPOLLHUP) {
        close(fd);
    }
}

/* As many connections as the user may have. */
static void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv) {
    struct epoll_event events[EVENTS];
    if (argc != 2) {
        fputs("usage: echo SOCKET\n", stderr);
        return 2;
    }
    raise_limit();
    int listening = listen_on(argv[1]);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listening, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listening) {
                accept_all(epoll, listening);
            } else {
                answer(events[i].data.fd, events[i].events);
            }
        }
    }
}
