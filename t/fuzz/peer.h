/*
 * Peer: the other end of a connection: a Unix socket whose clients are served by a thread, one
 * after the other, as a target says. There is one for the whole process.
 */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "protocol/text.h"

/* Serves a client, by blocking calls; the descriptor is closed after that. Called by the thread. */
typedef void (*PeerServe)(int fd, gpointer data);

/* Who connects from here on is served so. Answers the socket's path, which stays the same. */
const char *peer_begin(PeerServe serve, gpointer data);

/* Waits until those who connected are served. */
void peer_end(void);

/* The path of a file beside the socket, in a folder that is removed at the process's end with what
 * is left in it; the caller frees it. */
char *peer_file(const char *name);

/* Sends bytes, in pieces of `piece` bytes; 0: in one. FALSE if the client has closed. */
gboolean peer_send(int fd, Text bytes, size_t piece);

#endif
