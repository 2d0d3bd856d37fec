/*
 * TextSet: a set of texts, made for a million of them: their bytes stand behind each other in one
 * buffer, and a table of numbers finds them by hash. Grows while a list is read, then only read.
 */
#ifndef POLICY_TEXT_SET_H
#define POLICY_TEXT_SET_H

#include "protocol/text.h"

typedef struct TextSet TextSet;

TextSet *text_set_new(void);
void text_set_free(TextSet *set);

/* Copies the bytes. FALSE if the set is full: it holds up to 2^32 - 1 bytes. */
gboolean text_set_add(TextSet *set, Text text);

gboolean text_set_has(const TextSet *set, Text text);

/* The same for the text with ASCII letters folded; the set's own texts were added so. */
gboolean text_set_has_folded(const TextSet *set, Text text);

/* Not in the set. */
#define TEXT_SET_NONE G_MAXUINT32

/* The number of the text, for text_set_get(), or TEXT_SET_NONE. */
guint32 text_set_find(const TextSet *set, Text text);
guint32 text_set_find_folded(const TextSet *set, Text text);

/* A text is hashed from its last byte to its first, so that the hash of `example.com` goes on to
 * that of `mail.example.com`. */
#define TEXT_HASH_START G_GUINT64_CONSTANT(0xcbf29ce484222325)

static inline guint64 text_hash_push(guint64 hash, char byte) {
    return (hash ^ (guchar)byte) * G_GUINT64_CONSTANT(0x100000001b3);
}

/* text_set_find_folded() for a hash into which each byte was pushed, folded. */
guint32 text_set_find_hashed(const TextSet *set, Text text, guint64 hash);

/* The texts, in the order in which they were added; borrowed until the next text_set_add(). */
guint text_set_count(const TextSet *set);
Text text_set_get(const TextSet *set, guint index);

#endif
