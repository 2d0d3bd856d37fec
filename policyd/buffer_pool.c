/*
 * BufferPool: spare buffers are chained through their first bytes.
 */
#include "buffer_pool.h"

#include "limit.h"
#include "server_limit.h"

struct BufferSpare {
    BufferSpare *next;
};

static const struct {
    size_t capacity;
    guint spares;
} sizes[BUFFER_SIZES] = {
    [BUFFER_SMALL] = {LIMIT_SMALL_BUFFER, LIMIT_SPARE_SMALL},
    [BUFFER_LARGE] = {LIMIT_BLOCK, LIMIT_SPARE_LARGE},
};

size_t buffer_capacity(BufferSize size) {
    return sizes[size].capacity;
}

BufferSize buffer_size_for(size_t length) {
    return length <= LIMIT_SMALL_BUFFER ? BUFFER_SMALL : BUFFER_LARGE;
}

char *buffer_pool_get(BufferPool *pool, BufferSize size) {
    BufferSpare *spare = pool->spares[size];
    if (!spare) {
        return g_malloc(sizes[size].capacity);
    }
    pool->spares[size] = spare->next;
    pool->counts[size]--;
    return (char *)spare;
}

void buffer_pool_put(BufferPool *pool, char *buffer, BufferSize size) {
    if (!buffer) {
        return;
    }
    if (pool->counts[size] == sizes[size].spares) {
        g_free(buffer);
        return;
    }
    BufferSpare *spare = (BufferSpare *)(gpointer)buffer;
    spare->next = pool->spares[size];
    pool->spares[size] = spare;
    pool->counts[size]++;
}

void buffer_pool_clear(BufferPool *pool) {
    for (size_t i = 0; i < BUFFER_SIZES; i++) {
        while (pool->spares[i]) {
            BufferSpare *spare = pool->spares[i];
            pool->spares[i] = spare->next;
            g_free(spare);
        }
        pool->counts[i] = 0;
    }
}
