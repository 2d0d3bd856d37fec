/*
 * RelayDialogue: the client's side of an SMTP connection: lines out, replies in, TLS in between.
 */
#ifndef POLICYD_CTL_RELAY_TEST_DIALOGUE_H
#define POLICYD_CTL_RELAY_TEST_DIALOGUE_H

#include <gio/gio.h>

#include "ctl/relay_test/reply.h"

typedef struct RelayDialogue RelayDialogue;

typedef struct {
    GSocketAddress *server;
    GSocketAddress *source;    /* to connect from; NULL: any */
    guint timeout;             /* seconds for each reply, and for each wait of a TLS handshake */
    GCancellable *cancellable; /* for the whole */
    gboolean trace;            /* show the dialogue on standard error */
} RelayEndpoint;

/* Connects. The endpoint is borrowed until the end. NULL and an error of G_IO_ERROR. */
RelayDialogue *relay_dialogue_open(const RelayEndpoint *endpoint, GError **error);

/* Closes it as it is, without QUIT. */
void relay_dialogue_free(RelayDialogue *dialogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayDialogue, relay_dialogue_free)

/* Waits for a reply; FALSE and an error if none comes in time, or it is none. After that the
 * dialogue is of no more use. */
gboolean relay_dialogue_read(RelayDialogue *dialogue, RelayReply *reply, GError **error);

/* Sends a line, to which CR LF is added, and waits for its reply. Of a line that is `secret`, the
 * trace shows that it was sent. */
gboolean relay_dialogue_ask(RelayDialogue *dialogue, const char *line, RelayReply *reply,
                            GError **error);
gboolean relay_dialogue_ask_secret(RelayDialogue *dialogue, const char *line, RelayReply *reply,
                                   GError **error);

/* Has TLS from here on. The server's certificate must be valid for `host`, its name or its address;
 * if that is NULL, any will do. */
gboolean relay_dialogue_secure(RelayDialogue *dialogue, const char *host, GError **error);

/* FALSE if GLib has no TLS: it is in a module of its own, glib-networking. */
gboolean relay_dialogue_has_tls(void);

/* The address of this side; the caller unrefs it. */
GInetAddress *relay_dialogue_source(RelayDialogue *dialogue, GError **error);

#endif
