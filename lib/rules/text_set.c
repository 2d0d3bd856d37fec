/*
 * TextSet: open addressing with linear probing, at most half full. A text is hashed by words of
 * eight bytes. The hash has no secret: the texts come from the administrator, so who asks for one
 * chooses where the search begins, and no more. From there it ends at the next empty slot, and it
 * compares only texts whose whole hash is the same; and a text longer than any in the set is not
 * hashed at all.
 */
#include "rules/text_set.h"

#include <string.h>

#include "protocol/word.h"

#define HASH_START G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)
#define HASH_FACTOR G_GUINT64_CONSTANT(0xd6e8feb86659fd93)

#define EMPTY TEXT_SET_NONE

typedef struct {
    guint32 offset;
    guint32 length;
} Entry;

/* The hash beside the number spares a look at the text, which is elsewhere in memory. */
typedef struct {
    guint32 number;
    guint32 hash;
} Slot;

struct TextSet {
    GByteArray *bytes;
    GArray *entries;
    Slot *table;
    guint32 mask;
    size_t longest; /* bytes of the longest text */
};

static Slot *new_table(guint32 size) {
    Slot *table = g_new(Slot, size);
    memset(table, 0xff, size * sizeof *table);
    return table;
}

TextSet *text_set_new(void) {
    TextSet *set = g_new0(TextSet, 1);
    set->bytes = g_byte_array_new();
    set->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    set->mask = 7;
    set->table = new_table(set->mask + 1);
    return set;
}

void text_set_free(TextSet *set) {
    if (set) {
        g_byte_array_unref(set->bytes);
        g_array_unref(set->entries);
        g_free(set->table);
        g_free(set);
    }
}

TextHash text_hash_start(Text text) {
    const char *data = text.data ? text.data : "";
    return (TextHash){.end = data + text.length, .state = HASH_START};
}

/* The product's lower half takes nothing from the numbers' upper bits, and its upper half does. */
static guint64 mix(guint64 a, guint64 b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (guint64)product ^ (guint64)(product >> 64);
}

guint64 text_hash_last(TextHash *hash, size_t length) {
    for (; length - hash->taken >= WORD_SIZE; hash->taken += WORD_SIZE) {
        guint64 word = word_load(hash->end - hash->taken - WORD_SIZE);
        hash->state = mix(hash->state ^ word_fold(word), HASH_FACTOR);
    }
    guint64 first = word_load_some(hash->end - length, length - hash->taken);
    return mix(hash->state ^ word_fold(first), HASH_FACTOR ^ length);
}

static guint64 hash_text(Text text) {
    TextHash hash = text_hash_start(text);
    return text_hash_last(&hash, text.length);
}

Text text_set_get(const TextSet *set, guint index) {
    const Entry *entry = &g_array_index(set->entries, Entry, index);
    return text_make((const char *)set->bytes->data + entry->offset, entry->length);
}

static guint32 shorten(guint64 hash) {
    return (guint32)(hash ^ hash >> 32);
}

/* The slot that holds the text, or the empty one where it would be put. */
static Slot *find_slot(const TextSet *set, Text text, guint64 long_hash, gboolean fold) {
    guint32 hash = shorten(long_hash);
    guint32 at = hash & set->mask;
    for (; set->table[at].number != EMPTY; at = (at + 1) & set->mask) {
        if (set->table[at].hash != hash) {
            continue;
        }
        Text known = text_set_get(set, set->table[at].number);
        if (fold ? text_equal_folded(known, text) : text_equal(known, text)) {
            break;
        }
    }
    return &set->table[at];
}

static void grow(TextSet *set) {
    Slot *old = set->table;
    guint32 old_mask = set->mask;
    set->mask = set->mask * 2 + 1;
    set->table = new_table(set->mask + 1);
    for (guint32 i = 0; i <= old_mask; i++) {
        guint32 at = old[i].hash & set->mask;
        while (set->table[at].number != EMPTY) {
            at = (at + 1) & set->mask;
        }
        if (old[i].number != EMPTY) {
            set->table[at] = old[i];
        }
    }
    g_free(old);
}

gboolean text_set_add(TextSet *set, Text text) {
    guint64 hash = hash_text(text);
    Slot *slot = find_slot(set, text, hash, FALSE);
    if (slot->number != EMPTY) {
        return TRUE;
    }
    if (text.length >= G_MAXUINT32 - set->bytes->len) {
        return FALSE;
    }
    Entry entry = {set->bytes->len, (guint32)text.length};
    *slot = (Slot){set->entries->len, shorten(hash)};
    g_byte_array_append(set->bytes, (const guint8 *)text.data, (guint)text.length);
    g_array_append_val(set->entries, entry);
    set->longest = MAX(set->longest, text.length);
    if (set->entries->len > set->mask / 2) {
        grow(set);
    }
    return TRUE;
}

gboolean text_set_has(const TextSet *set, Text text) {
    return text_set_find(set, text) != TEXT_SET_NONE;
}

gboolean text_set_has_folded(const TextSet *set, Text text) {
    return text_set_find_folded(set, text) != TEXT_SET_NONE;
}

static guint32 find(const TextSet *set, Text text, gboolean fold) {
    if (text.length > set->longest) {
        return TEXT_SET_NONE;
    }
    return find_slot(set, text, hash_text(text), fold)->number;
}

guint32 text_set_find(const TextSet *set, Text text) {
    return find(set, text, FALSE);
}

guint32 text_set_find_folded(const TextSet *set, Text text) {
    return find(set, text, TRUE);
}

guint32 text_set_find_hashed(const TextSet *set, Text text, guint64 hash) {
    return find_slot(set, text, hash, TRUE)->number;
}

size_t text_set_longest(const TextSet *set) {
    return set->longest;
}

guint text_set_count(const TextSet *set) {
    return set->entries->len;
}
