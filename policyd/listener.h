/*
 * Listener: a socket that clients connect to. It is bound early, while the program may still do so,
 * and listens late, when it can answer: in between, clients are refused as if no one were there.
 */
#ifndef POLICYD_LISTENER_H
#define POLICYD_LISTENER_H

#include "listener_address.h"

typedef struct Listener Listener;

/* Binds. A socket file that no one listens on is replaced, any other file is an error. Not safe
 * beside other threads: it sets the umask for a moment. `address` must outlive the listener. */
Listener *listener_bind(const ListenerAddress *address, GError **error);

/* Takes a socket that another program has bound and lets listen; from here on it is the listener's,
 * and does not block. NULL and an error if it is no stream socket that listens: then it is still
 * the caller's. Its file, if it has one, stays when the listener goes. */
Listener *listener_adopt(int fd, GError **error);

/* Lets clients connect; FALSE and an error if someone else took the path meanwhile. */
gboolean listener_listen(Listener *listener, GError **error);

/* Closes and removes its socket file, unless that is another's by now, or is out of reach after
 * a change of user: then it stays, and the next start replaces it. */
void listener_free(Listener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)

int listener_fd(const Listener *listener);
const char *listener_text(const Listener *listener);

#endif
