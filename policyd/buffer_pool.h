/*
 * BufferPool: a worker's buffers for what can't be finished at once: the start of a request, or
 * replies that a client doesn't read. A few spare ones are kept; used by one thread.
 */
#ifndef POLICYD_BUFFER_POOL_H
#define POLICYD_BUFFER_POOL_H

#include <glib.h>

typedef enum {
    BUFFER_SMALL, /* LIMIT_SMALL_BUFFER bytes */
    BUFFER_LARGE, /* LIMIT_BLOCK bytes */
    BUFFER_SIZES
} BufferSize;

typedef struct BufferSpare BufferSpare;

/* Starts as zeros. */
typedef struct {
    BufferSpare *spares[BUFFER_SIZES];
    guint counts[BUFFER_SIZES];
} BufferPool;

size_t buffer_capacity(BufferSize size);

/* The smallest that holds `length` bytes, which are at most LIMIT_BLOCK. */
BufferSize buffer_size_for(size_t length);

/* The buffer is the pool's; it goes back by buffer_pool_put(), which takes NULL. */
char *buffer_pool_get(BufferPool *pool, BufferSize size);
void buffer_pool_put(BufferPool *pool, char *buffer, BufferSize size);

/* Frees the spare ones. */
void buffer_pool_clear(BufferPool *pool);

#endif
