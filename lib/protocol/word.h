/*
 * Word: eight bytes of a text at once. The text's first byte is the lowest of the number, whatever
 * the machine's order, and nothing is read beyond the text's end.
 */
#ifndef POLICY_WORD_H
#define POLICY_WORD_H

#include <glib.h>
#include <string.h>

#define WORD_SIZE 8

/* A word of this byte, eight times. */
#define WORD_OF(byte) (G_GUINT64_CONSTANT(0x0101010101010101) * (guchar)(byte))

static inline guint64 word_load(const char *bytes) {
    guint64 word;
    memcpy(&word, bytes, sizeof word);
    return GUINT64_FROM_LE(word);
}

static inline void word_store(char *out, guint64 word) {
    word = GUINT64_TO_LE(word);
    memcpy(out, &word, sizeof word);
}

static inline guint32 word_load_half(const char *bytes) {
    guint32 half;
    memcpy(&half, bytes, sizeof half);
    return GUINT32_FROM_LE(half);
}

/* Fewer than WORD_SIZE bytes, and zeros above them. Where they are loaded twice they are the same.
 */
static inline guint64 word_load_some(const char *bytes, size_t length) {
    if (length >= 4) {
        size_t rest = length - 4;
        return word_load_half(bytes) | (guint64)word_load_half(bytes + rest) << (rest * 8);
    }
    if (length == 0) {
        return 0;
    }
    size_t middle = length / 2;
    size_t last = length - 1;
    return (guint64)(guchar)bytes[0] | (guint64)(guchar)bytes[middle] << (middle * 8)
           | (guint64)(guchar)bytes[last] << (last * 8);
}

/* The same with its ASCII letters folded. A byte's lower seven bits, with as much added as takes
 * `A`, and what follows `Z`, to the top bit, tell of letters. */
static inline guint64 word_fold(guint64 word) {
    guint64 lower = word & WORD_OF(0x7f);
    guint64 from_a = lower + WORD_OF(0x80 - 'A');
    guint64 above_z = lower + WORD_OF(0x7f - 'Z');
    guint64 letters = (from_a ^ above_z) & ~word & WORD_OF(0x80);
    return word | letters >> 2;
}

/* Not zero iff one of its bytes is this one. */
static inline guint64 word_has(guint64 word, char byte) {
    guint64 differ = word ^ WORD_OF(byte);
    return (differ - WORD_OF(1)) & ~differ & WORD_OF(0x80);
}

#endif
