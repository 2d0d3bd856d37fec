/*
 * Bytes: a fuzzer's bytes taken one after the other as choices and texts; zeros behind the last.
 */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include "protocol/text.h"

typedef struct {
    const guint8 *at;
    const guint8 *end;
} Bytes;

static inline Bytes bytes_make(const guint8 *data, size_t size) {
    return (Bytes){data, data + size};
}

static inline gboolean bytes_are_left(const Bytes *bytes) {
    return bytes->at < bytes->end;
}

static inline guint bytes_take(Bytes *bytes) {
    return bytes_are_left(bytes) ? *bytes->at++ : 0;
}

/* A number from 0 to `limit` - 1; `limit` is at most 256. */
static inline guint bytes_below(Bytes *bytes, guint limit) {
    return bytes_take(bytes) % limit;
}

static inline guint64 bytes_number(Bytes *bytes, guint count) {
    guint64 number = 0;
    for (guint i = 0; i < count; i++) {
        number = number << 8 | bytes_take(bytes);
    }
    return number;
}

/* All that is left. */
static inline Text bytes_rest(Bytes *bytes) {
    Text rest = text_make((const char *)bytes->at, (size_t)(bytes->end - bytes->at));
    bytes->at = bytes->end;
    return rest;
}

#endif
