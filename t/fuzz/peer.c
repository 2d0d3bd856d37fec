/*
 * Peer: clients are taken in the order in which they came, so once a last one of its own is closed,
 * peer_end() knows that all others were served. A call that fails ends the process. The fuzzer's
 * alarms are left to its own thread, and interrupt calls there.
 */
#include "fuzz/peer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static struct {
    char *folder;
    char *path;
    int listener;
    PeerServe serve; /* NULL: nobody is expected */
    gpointer data;
    GMutex lock; /* for `serve` and `data` */
} peer;

/* atexit() */
static void remove_folder(void) {
    g_autoptr(GDir) folder = g_dir_open(peer.folder, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(peer.folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(peer.folder);
}

/* GThreadFunc */
static gpointer run(gpointer data) {
    int fd;
    while ((fd = accept4(peer.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        g_mutex_lock(&peer.lock);
        PeerServe serve = peer.serve;
        gpointer with = peer.data;
        g_mutex_unlock(&peer.lock);
        if (serve) {
            serve(fd, with);
        }
        close(fd);
    }
    return data;
}

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    return address;
}

static int new_socket(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_ASSERT(fd >= 0, "no socket");
    return fd;
}

static void make_folder(void) {
    if (!peer.folder) {
        peer.folder = g_dir_make_tmp("policyd-fuzz-XXXXXX", NULL);
        FUZZ_ASSERT(peer.folder, "no folder");
        atexit(remove_folder);
    }
}

static void start(void) {
    sigset_t all;
    sigset_t mask;
    make_folder();
    peer.path = g_build_filename(peer.folder, "peer", NULL);
    struct sockaddr_un address = address_of(peer.path);
    peer.listener = new_socket();
    FUZZ_ASSERT(bind(peer.listener, (const struct sockaddr *)&address, sizeof address) == 0
                    && listen(peer.listener, SOMAXCONN) == 0,
                "%s", peer.path);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    g_thread_unref(g_thread_new("peer", run, NULL));
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void expect(PeerServe serve, gpointer data) {
    g_mutex_lock(&peer.lock);
    peer.serve = serve;
    peer.data = data;
    g_mutex_unlock(&peer.lock);
}

const char *peer_begin(PeerServe serve, gpointer data) {
    if (!peer.path) {
        start();
    }
    expect(serve, data);
    return peer.path;
}

void peer_end(void) {
    struct sockaddr_un address = address_of(peer.path);
    int fd = new_socket();
    char byte;
    expect(NULL, NULL);
    FUZZ_ASSERT(TEMP_FAILURE_RETRY(connect(fd, (const struct sockaddr *)&address, sizeof address))
                    == 0,
                "%s", peer.path);
    FUZZ_ASSERT(TEMP_FAILURE_RETRY(recv(fd, &byte, 1, 0)) == 0, "a client that nobody serves");
    close(fd);
}

char *peer_file(const char *name) {
    make_folder();
    return g_build_filename(peer.folder, name, NULL);
}

gboolean peer_send(int fd, Text bytes, size_t piece) {
    while (bytes.length > 0) {
        size_t length = piece > 0 ? MIN(piece, bytes.length) : bytes.length;
        ssize_t sent = send(fd, bytes.data, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return FALSE;
        }
        bytes = text_make(bytes.data + sent, bytes.length - (size_t)sent);
    }
    return TRUE;
}
