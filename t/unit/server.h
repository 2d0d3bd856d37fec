/*
 * Server: what a unit's client asks. It takes one client, keeps what that one says first, sends
 * what the test has set and closes.
 */
#ifndef UNIT_SERVER_H
#define UNIT_SERVER_H

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#include "unit/unit.h"

typedef struct {
    Text sent;
    char asked[64];
    GSocketListener *listener;
    GThread *thread;
} UnitServer;

/* GThreadFunc */
static inline gpointer unit_server_answer(gpointer data) {
    UnitServer *server = data;
    g_autoptr(GSocketConnection) connection =
        g_socket_listener_accept(server->listener, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(connection);
    g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)), server->asked,
                        sizeof server->asked - 1, NULL, NULL);
    g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)),
                              server->sent.data, server->sent.length, NULL, NULL, NULL);
    return NULL;
}

/* The address that it has then, with its port; the caller frees it. */
static inline GSocketAddress *unit_server_start(UnitServer *server, GSocketAddress *address) {
    GSocketAddress *bound = NULL;
    server->listener = g_socket_listener_new();
    ck_assert(g_socket_listener_add_address(server->listener, address, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL, &bound, NULL));
    server->thread = g_thread_new("server", unit_server_answer, server);
    return bound;
}

/* Once its client has been; then it was asked this. */
static inline void unit_server_end(UnitServer *server, const char *asked) {
    g_thread_join(server->thread);
    g_object_unref(server->listener);
    ck_assert_str_eq(server->asked, asked);
}

/* At a Unix socket in a folder of its own: "unix:PATH", for the other one; the caller frees it. */
static inline char *unit_server_start_unix(UnitServer *server) {
    g_autofree char *folder = g_dir_make_tmp("policyd-unit-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_object_unref(unit_server_start(server, address));
    return g_strconcat("unix:", path, NULL);
}

static inline void unit_server_end_unix(UnitServer *server, const char *where, const char *asked) {
    const char *path = where + strlen("unix:");
    g_autofree char *folder = g_path_get_dirname(path);
    unit_server_end(server, asked);
    g_unlink(path);
    g_rmdir(folder);
}

#endif
