/*
 * LineSocket: lines to a datagram socket of the local system, one datagram a line. It never waits:
 * what doesn't fit is lost. When nobody listens it tries again, at most once a second. One thread
 * at a time.
 */
#ifndef POLICYD_LINE_SOCKET_H
#define POLICYD_LINE_SOCKET_H

#include <sys/uio.h>

#include "line_writer.h"

#define LINE_SOCKET_PARTS 8

/* Writes the parts of a line's datagram into `parts`, which has LINE_SOCKET_PARTS, and answers how
 * many there are. The line comes without its newline. What the parts borrow stays until
 * line_socket_send() returns. */
typedef size_t (*LineSocketFormat)(gconstpointer data, const char *line, size_t length,
                                   struct iovec *parts);

typedef struct LineSocket LineSocket;

/* `path` is the socket's; it need not be there yet. `data` is for `format`. */
LineSocket *line_socket_new(const char *path, LineSocketFormat format, gconstpointer data);
void line_socket_free(LineSocket *line_socket);

/* Sends the lines in `data`, which ends in a newline. What is lost is added to *loss. `now` is the
 * monotonic time in microseconds. */
void line_socket_send(LineSocket *line_socket, const char *data, size_t length, gint64 now,
                      LineLoss *loss);

/* A part that is only read: sendmsg() does not write to it, but struct iovec knows no const. */
static inline struct iovec line_socket_part(const char *data, size_t length) {
    return (struct iovec){(void *)(guintptr)data, length};
}

#endif
