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

/* A text's hash in the making. It is made from the text's end, so that what `example.com` took is
 * not done again for `mail.example.com`. */
typedef struct {
    const char *end;
    size_t taken; /* bytes before the end, in words */
    guint64 state;
} TextHash;

/* Borrows the text. */
TextHash text_hash_start(Text text);

/* The hash of so many of the text's last bytes, letters folded; not fewer than in the call before.
 */
guint64 text_hash_last(TextHash *hash, size_t length);

/* text_set_find_folded() for a text whose hash is known. */
guint32 text_set_find_hashed(const TextSet *set, Text text, guint64 hash);

/* Bytes of the longest text; 0 where there is none. */
size_t text_set_longest(const TextSet *set);

/* The texts, in the order in which they were added; borrowed until the next text_set_add(). */
guint text_set_count(const TextSet *set);
Text text_set_get(const TextSet *set, guint index);

#endif
