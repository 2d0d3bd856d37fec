/*
 * Newline: finds the newlines of many bytes at once.
 */
#ifndef POLICY_NEWLINE_H
#define POLICY_NEWLINE_H

#include <glib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes that are looked at together. */
#define NEWLINE_STEP 64

#ifdef __SSE2__
static inline guint64 newline_mask_quarter(const char *bytes) {
    __m128i loaded = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    return (guint16)_mm_movemask_epi8(_mm_cmpeq_epi8(loaded, _mm_set1_epi8('\n')));
}
#endif

/* A bit for each of NEWLINE_STEP bytes that is a newline, the first byte's lowest. */
static inline guint64 newline_mask(const char *bytes) {
#ifdef __SSE2__
    return newline_mask_quarter(bytes) | newline_mask_quarter(bytes + 16) << 16
           | newline_mask_quarter(bytes + 32) << 32 | newline_mask_quarter(bytes + 48) << 48;
#else
    guint64 mask = 0;
    for (int i = 0; i < NEWLINE_STEP; i++) {
        mask |= (guint64)(bytes[i] == '\n') << i;
    }
    return mask;
#endif
}

#endif
