/*
 * Listener: binding, listening and removing. Fails with an error that names the address.
 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

struct Listener {
    const ListenerAddress *address; /* NULL: adopted */
    char *adopted;                  /* where an adopted one listens, as ListenerAddress has it */
    int fd;
    gboolean bound; /* to the path */
    dev_t device;   /* of the socket file */
    ino_t inode;
};

static gboolean fail(const ListenerAddress *address, const char *what, GError **error) {
    int code = errno;
    g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(code), "%s '%s': %s", what,
                address->text, g_strerror(code));
    return FALSE;
}

static gboolean fail_plainly(const ListenerAddress *address, const char *why, GError **error) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot listen on '%s': %s", address->text,
                why);
    return FALSE;
}

static gboolean open_socket(Listener *listener, int family, GError **error) {
    listener->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return listener->fd >= 0 || fail(listener->address, "cannot make a socket for", error);
}

static struct sockaddr_un unix_name(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, path, strlen(path));
    return name;
}

/* A full queue of connections (EAGAIN) is a sign of life too. */
static gboolean is_stale(const char *path) {
    struct sockaddr_un name = unix_name(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    gboolean stale = fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) != 0
                     && errno == ECONNREFUSED;
    if (fd >= 0) {
        close(fd);
    }
    return stale;
}

static gboolean make_way(const ListenerAddress *address, GError **error) {
    struct stat status;
    if (lstat(address->path, &status) != 0) {
        return errno == ENOENT || fail(address, "cannot look at", error);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return fail_plainly(address, "the file is there and no socket", error);
    }
    if (!is_stale(address->path)) {
        return fail_plainly(address, "another program listens there", error);
    }
    return unlink(address->path) == 0 || fail(address, "cannot replace the stale socket", error);
}

static gboolean find_user(const char *name, uid_t *out) {
    guint64 number;
    const struct passwd *entry = getpwnam(name);
    if (entry) {
        *out = entry->pw_uid;
        return TRUE;
    }
    if (!text_parse_number(text_from_string(name), &number) || number >= (uid_t)-1) {
        return FALSE;
    }
    *out = (uid_t)number;
    return TRUE;
}

static gboolean find_group(const char *name, gid_t *out) {
    guint64 number;
    const struct group *entry = getgrnam(name);
    if (entry) {
        *out = entry->gr_gid;
        return TRUE;
    }
    if (!text_parse_number(text_from_string(name), &number) || number >= (gid_t)-1) {
        return FALSE;
    }
    *out = (gid_t)number;
    return TRUE;
}

/* The owner first, so that no one has access by the mode whom the owner would keep out. Neither
 * call follows a link. */
static gboolean set_access(const ListenerAddress *address, GError **error) {
    uid_t owner = (uid_t)-1;
    gid_t group = (gid_t)-1;
    if (address->owner && !find_user(address->owner, &owner)) {
        return fail_plainly(address, "there is no such owner", error);
    }
    if (address->group && !find_group(address->group, &group)) {
        return fail_plainly(address, "there is no such group", error);
    }
    if ((address->owner || address->group) && lchown(address->path, owner, group) != 0) {
        return fail(address, "cannot change the owner of", error);
    }
    return fchmodat(AT_FDCWD, address->path, address->mode, AT_SYMLINK_NOFOLLOW) == 0
           || fail(address, "cannot change the mode of", error);
}

static gboolean bind_unix(Listener *listener, GError **error) {
    const ListenerAddress *address = listener->address;
    struct sockaddr_un name = unix_name(address->path);
    struct stat status;
    if (!make_way(address, error) || !open_socket(listener, AF_UNIX, error)) {
        return FALSE;
    }
    mode_t old = umask(0177);
    int failed = bind(listener->fd, (const struct sockaddr *)&name, sizeof name);
    umask(old);
    if (failed || lstat(address->path, &status) != 0) {
        return fail(address, "cannot bind to", error);
    }
    listener->bound = TRUE;
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    return set_access(address, error);
}

/* Accepted connections inherit both: replies are one packet each and must not wait, and a client
 * that vanished is noticed. */
static gboolean set_tcp_options(int fd) {
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
           && setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0
           && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

static gboolean bind_ipv4(Listener *listener) {
    const ListenerAddress *address = listener->address;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    memcpy(&name.sin_addr, address->host.bytes, 4);
    return bind(listener->fd, (const struct sockaddr *)&name, sizeof name) == 0;
}

static gboolean bind_ipv6(Listener *listener) {
    const ListenerAddress *address = listener->address;
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    int on = 1;
    memcpy(&name.sin6_addr, address->host.bytes, 16);
    return setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0
           && bind(listener->fd, (const struct sockaddr *)&name, sizeof name) == 0;
}

static gboolean bind_inet(Listener *listener, GError **error) {
    gboolean ipv4 = listener->address->host.family == ADDRESS_IPV4;
    if (!open_socket(listener, ipv4 ? AF_INET : AF_INET6, error)) {
        return FALSE;
    }
    gboolean done =
        set_tcp_options(listener->fd) && (ipv4 ? bind_ipv4(listener) : bind_ipv6(listener));
    return done || fail(listener->address, "cannot bind to", error);
}

Listener *listener_bind(const ListenerAddress *address, GError **error) {
    g_autoptr(Listener) listener = g_new0(Listener, 1);
    listener->address = address;
    listener->fd = -1;
    gboolean done = address->path ? bind_unix(listener, error) : bind_inet(listener, error);
    return done ? g_steal_pointer(&listener) : NULL;
}

static gboolean has_option(int fd, int option, int wanted) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

/* As ListenerAddress would have it; NULL if the family is none of those. */
static char *describe(GSocketAddress *name) {
    if (G_IS_UNIX_SOCKET_ADDRESS(name)) {
        return g_strdup_printf("unix:%s",
                               g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(name)));
    }
    if (!G_IS_INET_SOCKET_ADDRESS(name)) {
        return NULL;
    }
    g_autofree char *text = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(name));
    return g_strdup_printf("inet:%s", text);
}

static char *find_name(int fd) {
    struct sockaddr_storage native;
    socklen_t size = sizeof native;
    if (getsockname(fd, (struct sockaddr *)&native, &size) != 0) {
        return NULL;
    }
    g_autoptr(GSocketAddress) name = g_socket_address_new_from_native(&native, size);
    return name ? describe(name) : NULL;
}

Listener *listener_adopt(int fd, GError **error) {
    g_autofree char *name = find_name(fd);
    if (!name || !has_option(fd, SO_TYPE, SOCK_STREAM) || !has_option(fd, SO_ACCEPTCONN, 1)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "the descriptor %d that was handed over is no Unix or TCP socket that listens",
                    fd);
        return NULL;
    }
    if (!g_unix_set_fd_nonblocking(fd, TRUE, error)
        || (g_str_has_prefix(name, "inet:") && !set_tcp_options(fd))) {
        g_prefix_error(error, "cannot use '%s': ", name);
        return NULL;
    }
    Listener *listener = g_new0(Listener, 1);
    listener->fd = fd;
    listener->adopted = g_steal_pointer(&name);
    return listener;
}

static gboolean is_mine(const Listener *listener) {
    struct stat status;
    return lstat(listener->address->path, &status) == 0 && status.st_dev == listener->device
           && status.st_ino == listener->inode;
}

/* Until it listens it looks stale to another policyd that is just being started. After a change
 * of user the path may be out of reach: then there is nothing to compare. */
static gboolean was_replaced(const Listener *listener) {
    struct stat status;
    return listener->bound && !is_mine(listener)
           && (lstat(listener->address->path, &status) == 0 || errno == ENOENT);
}

gboolean listener_listen(Listener *listener, GError **error) {
    if (listener->adopted) {
        return TRUE;
    }
    if (was_replaced(listener)) {
        return fail_plainly(listener->address, "another program took the path meanwhile", error);
    }
    return listen(listener->fd, SOMAXCONN) == 0
           || fail(listener->address, "cannot listen on", error);
}

void listener_free(Listener *listener) {
    if (!listener) {
        return;
    }
    if (listener->bound && is_mine(listener) && unlink(listener->address->path) != 0) {
        log_info("cannot remove '%s': %s; the next start replaces it", listener->address->path,
                 g_strerror(errno));
    }
    if (listener->fd >= 0) {
        close(listener->fd);
    }
    g_free(listener->adopted);
    g_free(listener);
}

int listener_fd(const Listener *listener) {
    return listener->fd;
}

const char *listener_text(const Listener *listener) {
    return listener->adopted ? listener->adopted : listener->address->text;
}
