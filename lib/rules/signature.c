/*
 * Signature: lists behind each other in one array, found by a hash table of their numbers.
 */
#include "rules/signature.h"

#include <string.h>

#define EMPTY G_MAXUINT32

typedef struct {
    guint32 offset;
    guint32 count;
} Entry;

struct SignatureTable {
    GArray *tests;
    GArray *entries;
    GArray *scratch;
    guint32 *slots;
    guint32 mask;
};

static guint32 *new_slots(guint32 size) {
    guint32 *slots = g_new(guint32, size);
    memset(slots, 0xff, size * sizeof *slots);
    return slots;
}

SignatureTable *signature_table_new(void) {
    SignatureTable *table = g_new0(SignatureTable, 1);
    /* With room: an atom of no tests has none here, but a place. */
    table->tests = g_array_sized_new(FALSE, FALSE, sizeof(guint32), 1);
    table->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    table->scratch = g_array_new(FALSE, FALSE, sizeof(guint32));
    table->mask = 7;
    table->slots = new_slots(table->mask + 1);
    signature_intern(table, NULL, 0);
    return table;
}

void signature_table_free(SignatureTable *table) {
    if (table) {
        g_array_unref(table->tests);
        g_array_unref(table->entries);
        g_array_unref(table->scratch);
        g_free(table->slots);
        g_free(table);
    }
}

const guint32 *signature_tests(const SignatureTable *table, Atom atom, guint *count) {
    const Entry *entry = &g_array_index(table->entries, Entry, atom);
    *count = entry->count;
    return &g_array_index(table->tests, guint32, entry->offset);
}

static guint32 hash_tests(const guint32 *tests, guint count) {
    guint64 hash = count;
    for (guint i = 0; i < count; i++) {
        hash = (hash ^ tests[i]) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return (guint32)hash;
}

static guint32 find_slot(const SignatureTable *table, const guint32 *tests, guint count) {
    guint32 slot = hash_tests(tests, count) & table->mask;
    for (; table->slots[slot] != EMPTY; slot = (slot + 1) & table->mask) {
        guint known_count;
        const guint32 *known = signature_tests(table, table->slots[slot], &known_count);
        if (known_count == count
            && (count == 0 || memcmp(known, tests, count * sizeof *tests) == 0)) {
            break;
        }
    }
    return slot;
}

static void grow(SignatureTable *table) {
    g_free(table->slots);
    table->mask = table->mask * 2 + 1;
    table->slots = new_slots(table->mask + 1);
    for (guint i = 0; i < table->entries->len; i++) {
        guint count;
        const guint32 *tests = signature_tests(table, i, &count);
        table->slots[find_slot(table, tests, count)] = i;
    }
}

Atom signature_intern(SignatureTable *table, const guint32 *tests, guint count) {
    guint32 slot = find_slot(table, tests, count);
    if (table->slots[slot] != EMPTY) {
        return table->slots[slot];
    }
    Atom atom = table->entries->len;
    Entry entry = {table->tests->len, count};
    if (count > 0) {
        g_array_append_vals(table->tests, tests, count);
    }
    g_array_append_val(table->entries, entry);
    table->slots[slot] = atom;
    if (table->entries->len > table->mask / 2) {
        grow(table);
    }
    return atom;
}

/* Merges two ascending lists into the scratch. */
static void merge(GArray *out, const guint32 *a, guint a_count, const guint32 *b, guint b_count) {
    guint i = 0;
    guint j = 0;
    g_array_set_size(out, 0);
    while (i < a_count || j < b_count) {
        guint32 next;
        if (j == b_count || (i < a_count && a[i] <= b[j])) {
            next = a[i];
            j += j < b_count && b[j] == next;
            i++;
        } else {
            next = b[j++];
        }
        g_array_append_val(out, next);
    }
}

static Atom intern_merged(SignatureTable *table, Atom atom, const guint32 *more, guint count) {
    guint own_count;
    const guint32 *own = signature_tests(table, atom, &own_count);
    merge(table->scratch, own, own_count, more, count);
    return signature_intern(table, (const guint32 *)(gpointer)table->scratch->data,
                            table->scratch->len);
}

Atom signature_with(SignatureTable *table, Atom atom, guint32 test) {
    return intern_merged(table, atom, &test, 1);
}

Atom signature_union(SignatureTable *table, Atom a, Atom b) {
    guint count;
    if (a == ATOM_REST || a == b) {
        return b;
    }
    if (b == ATOM_REST) {
        return a;
    }
    const guint32 *more = signature_tests(table, b, &count);
    return intern_merged(table, a, more, count);
}

guint signature_table_count(const SignatureTable *table) {
    return table->entries->len;
}

gboolean signature_has(const SignatureTable *table, Atom atom, guint32 test) {
    guint count;
    const guint32 *tests = signature_tests(table, atom, &count);
    guint low = 0;
    while (low < count) {
        guint middle = low + (count - low) / 2;
        if (tests[middle] == test) {
            return TRUE;
        }
        if (tests[middle] < test) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return FALSE;
}
