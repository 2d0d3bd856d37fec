/*
 * TextSet: open addressing with linear probing, at most half full. The hash is FNV-1a: the texts
 * come from the administrator, so nobody chooses them to collide, and a text that is looked up
 * can't be longer than an attribute.
 */
#include "rules/text_set.h"

#include <string.h>

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

static guint64 hash_text(Text text, gboolean fold) {
    guint64 hash = TEXT_HASH_START;
    for (size_t i = text.length; i > 0; i--) {
        char byte = text.data[i - 1];
        hash = text_hash_push(hash, fold ? text_fold_byte(byte) : byte);
    }
    return hash;
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
    guint64 hash = hash_text(text, FALSE);
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

guint32 text_set_find(const TextSet *set, Text text) {
    return find_slot(set, text, hash_text(text, FALSE), FALSE)->number;
}

guint32 text_set_find_folded(const TextSet *set, Text text) {
    return text_set_find_hashed(set, text, hash_text(text, TRUE));
}

guint32 text_set_find_hashed(const TextSet *set, Text text, guint64 hash) {
    return find_slot(set, text, hash, TRUE)->number;
}

guint text_set_count(const TextSet *set) {
    return set->entries->len;
}
