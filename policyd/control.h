/*
 * Control: a Unix socket on which policyctl asks the running daemon. Only its owner and root can
 * connect. A client sends one line, `reload` or `status`, and gets a first line with an exit
 * status, 0, 1 or 2, and the number of bytes that follow: text, up to the end of the connection.
 */
#ifndef POLICYD_CONTROL_H
#define POLICYD_CONTROL_H

#include "reload.h"
#include "status.h"

typedef struct {
    Reloader *reloader;
    Status *(*status)(gpointer data); /* the caller frees it; called by the main thread */
    gpointer data;                    /* handed to it */
} ControlHost;

typedef struct Control Control;

/* Binds and serves a socket at the path, in place of one that nobody serves. NULL and an error if
 * that can't be. The host is borrowed. */
Control *control_new(const char *path, const ControlHost *host, GError **error);

/* Takes no more commands, and waits for none: from here on the host isn't needed. What it was asked
 * for is still answered. */
void control_stop(Control *control);

/* Waits until those that were asked for are answered, at most LIMIT_CONTROL_SECONDS for a client
 * that doesn't read, and removes the socket. */
void control_free(Control *control);

#endif
