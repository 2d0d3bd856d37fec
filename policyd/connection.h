/*
 * Connection: one client. It belongs to a worker for life; only that worker's thread touches it
 * once it is in the worker's epoll, and only that thread frees it. Idle, it holds no buffer.
 */
#ifndef POLICYD_CONNECTION_H
#define POLICYD_CONNECTION_H

#include <sys/queue.h>

#include "buffer_pool.h"
#include "protocol/text.h"

typedef enum {
    CONNECTION_IDLE,    /* in no queue */
    CONNECTION_WAITING, /* for the client: to finish a request, or to read replies */
    CONNECTION_CLOSING, /* at the end of the batch */
} ConnectionState;

/* The idle ones are many, so it is kept small. */
typedef struct Connection Connection;
struct Connection {
    LIST_ENTRY(Connection) all;
    TAILQ_ENTRY(Connection) queue; /* of its state */
    gint64 since;                  /* monotonic, of CONNECTION_WAITING */
    char *input;                   /* the start of a request, or NULL */
    char *output;                  /* replies that didn't fit, or NULL: then nothing is read */
    guint32 input_length;
    guint32 input_scanned; /* bytes of it in which frame_find() found no end */
    guint32 output_length;
    guint32 output_sent;
    int fd;
    guint8 state;       /* ConnectionState */
    guint8 input_size;  /* BufferSize */
    guint8 output_size; /* BufferSize */
    guint8 ending;      /* nothing more is read; it closes when its replies are out */
};

typedef LIST_HEAD(ConnectionList, Connection) ConnectionList;
typedef TAILQ_HEAD(ConnectionQueue, Connection) ConnectionQueue;

/* Takes the socket over; it does not block. */
Connection *connection_new(int fd);

/* Closes, and frees; its buffers go back to the pool. */
void connection_free(Connection *connection, BufferPool *pool);

typedef enum {
    RECEIVE_DATA,    /* bytes came */
    RECEIVE_NOTHING, /* none are there */
    RECEIVE_END,     /* the client sends no more */
    RECEIVE_FAILED,  /* errno says why */
} ReceiveStatus;

/*
 * One recv() of at most LIMIT_RECEIVE bytes, straight behind the start of a request if one is held,
 * else into `scratch` of that size. On RECEIVE_DATA *data is all that is held now, and *more says
 * that as many came as were asked for, so that more may be there; both are written on RECEIVE_DATA
 * only.
 */
ReceiveStatus connection_receive(Connection *connection, BufferPool *pool, char *scratch,
                                 Text *data, gboolean *more);

/* Keeps `rest`, the end of what connection_receive() gave, as the start of a request, of which
 * `scanned` bytes hold no end. An empty rest gives the buffer back. */
void connection_keep(Connection *connection, BufferPool *pool, Text rest, size_t scanned);

typedef enum {
    SEND_DONE,
    SEND_BLOCKED, /* the rest is kept in `output` */
    SEND_FAILED,  /* errno says why */
} SendStatus;

/* Sends replies, at most LIMIT_OUTPUT bytes; not while `output` holds some. */
SendStatus connection_send(Connection *connection, BufferPool *pool, Text replies);

/* Sends from `output`; it is given back on SEND_DONE. */
SendStatus connection_drain(Connection *connection, BufferPool *pool);

/* Who the client is, for the log: "client pid 71 uid 107", "client 192.0.2.1:4025". To be freed. */
char *connection_describe(const Connection *connection);

#endif
