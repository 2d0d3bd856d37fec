/*
 * Faults: preloaded into policyd by test_faults.py. One call at a time, by name, fails with a given
 * errno, or takes less than it could. What fails is in a file that both sides have mapped, so
 * that a running daemon goes through one fault after the other; lib_faults.py is the other side.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LESS 100

typedef struct {
    char call[24];
    int error;         /* 0: it takes LESS bytes at most */
    unsigned every;    /* the first call fails, and each so many calls one more */
    atomic_uint most;  /* so many fail; written last, 0 while the rest changes */
    atomic_uint calls; /* so many there were, */
    atomic_uint done;  /* and so many of them failed */
} Fault;

static Fault none;
static Fault *fault = &none;

__attribute__((constructor)) static void map_fault(void) {
    const char *path = getenv("FAULT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof(Fault), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        fault = mapped == MAP_FAILED ? &none : mapped;
        close(fd);
    }
}

/* Is it this call's turn? */
static int is_due(const char *call) {
    if (atomic_load(&fault->most) == 0 || strcmp(call, fault->call) != 0) {
        return 0;
    }
    if (atomic_fetch_add(&fault->calls, 1) % fault->every != 0) {
        return 0;
    }
    if (atomic_fetch_add(&fault->done, 1) < atomic_load(&fault->most)) {
        return 1;
    }
    atomic_fetch_sub(&fault->done, 1);
    return 0;
}

/* The same, of a call that can only fail. */
static int fails(const char *call) {
    if (!is_due(call)) {
        return 0;
    }
    errno = fault->error;
    return 1;
}

/* The same, of a call that may also take less, which is then in *n. */
static int fails_or_less(const char *call, size_t *n) {
    if (!is_due(call)) {
        return 0;
    }
    errno = fault->error;
    *n = *n > LESS ? LESS : *n;
    return errno != 0;
}

/* The function that this one stands before. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t recv(int fd, void *buf, size_t n, int flags) {
    return fails_or_less("recv", &n) ? -1 : NEXT(recv)(fd, buf, n, flags);
}

ssize_t send(int fd, const void *buf, size_t n, int flags) {
    return fails_or_less("send", &n) ? -1 : NEXT(send)(fd, buf, n, flags);
}

int sendmmsg(int fd, struct mmsghdr *vmessages, unsigned vlen, int flags) {
    size_t n = vlen * LESS;
    if (fails_or_less("sendmmsg", &n)) {
        return -1;
    }
    return NEXT(sendmmsg)(fd, vmessages, (unsigned)n / LESS, flags);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *addr_len, int flags) {
    return fails("accept4") ? -1 : NEXT(accept4)(fd, addr, addr_len, flags);
}

int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout) {
    return fails("epoll_wait") ? -1 : NEXT(epoll_wait)(epfd, events, maxevents, timeout);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
    static const char *const names[] = {
        [EPOLL_CTL_ADD] = "epoll_ctl add",
        [EPOLL_CTL_DEL] = "epoll_ctl del",
        [EPOLL_CTL_MOD] = "epoll_ctl mod",
    };
    return fails(names[op]) ? -1 : NEXT(epoll_ctl)(epfd, op, fd, event);
}

int poll(struct pollfd *fds, nfds_t nfds, int timeout) {
    return fails("poll") ? -1 : NEXT(poll)(fds, nfds, timeout);
}

int eventfd_write(int fd, eventfd_t value) {
    return fails("eventfd_write") ? -1 : NEXT(eventfd_write)(fd, value);
}

/* Audit files alone: no other is opened to append. */
int open(const char *file, int oflag, ...) {
    va_list rest;
    va_start(rest, oflag);
    mode_t mode = oflag & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (oflag & O_APPEND && fails("open")) {
        return -1;
    }
    return NEXT(open)(file, oflag, mode);
}

int stat(const char *file, struct stat *buf) {
    return fails("stat") ? -1 : NEXT(stat)(file, buf);
}

int fstat(int fd, struct stat *buf) {
    return fails("fstat") ? -1 : NEXT(fstat)(fd, buf);
}

ssize_t pread(int fd, void *buf, size_t nbytes, off_t offset) {
    return fails_or_less("pread", &nbytes) ? -1 : NEXT(pread)(fd, buf, nbytes, offset);
}

/* Audit files alone: not the loop's own descriptors, and not what the test reads. */
static int is_audit_file(int fd) {
    struct stat status;
    return fd > STDERR_FILENO && NEXT(fstat)(fd, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int fd, const void *buf, size_t n) {
    if (is_audit_file(fd) && fails_or_less("write", &n)) {
        return -1;
    }
    return NEXT(write)(fd, buf, n);
}
