/*
 * Relation: a table of rows, found by a hash of them. The diagram is built from the sorted rows in
 * one pass, from the upper bit of the first field down.
 */
#include "analysis/relation.h"

#include <string.h>

struct Relation {
    Field **fields;
    guint width;
    GArray *codes; /* of guint32, `width` for each row */
    GArray *seeds; /* of Seed */
    guint32 *slots;
    guint slot_count; /* a power of two */
};

#define EMPTY G_MAXUINT32

Relation *relation_new(Field *const *fields, guint width) {
    Relation *relation = g_new0(Relation, 1);
    relation->fields = g_new(Field *, width);
    for (guint i = 0; i < width; i++) {
        relation->fields[i] = fields[i];
    }
    relation->width = width;
    /* With room: rows of no fields have no codes, but a place. */
    relation->codes = g_array_sized_new(FALSE, FALSE, sizeof(guint32), 1);
    relation->seeds = g_array_new(FALSE, FALSE, sizeof(Seed));
    return relation;
}

void relation_free(Relation *relation) {
    if (relation) {
        g_free(relation->fields);
        g_array_unref(relation->codes);
        g_array_unref(relation->seeds);
        g_free(relation->slots);
        g_free(relation);
    }
}

guint relation_count(const Relation *relation) {
    return relation->seeds->len;
}

const guint32 *relation_codes(const Relation *relation, guint row) {
    return (const guint32 *)(gpointer)relation->codes->data + (size_t)row * relation->width;
}

const Seed *relation_seed(const Relation *relation, guint row) {
    return &g_array_index(relation->seeds, Seed, row);
}

static guint hash_codes(const Relation *relation, const guint32 *codes) {
    guint64 hash = G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    for (guint i = 0; i < relation->width; i++) {
        hash = (hash ^ codes[i]) * G_GUINT64_CONSTANT(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return (guint)hash;
}

static gboolean is_row(const Relation *relation, guint32 row, const guint32 *codes) {
    const guint32 *known = relation_codes(relation, row);
    for (guint i = 0; i < relation->width; i++) {
        if (known[i] != codes[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The slot that holds the row, or the empty one where it belongs. */
static guint find_slot(const Relation *relation, const guint32 *codes) {
    guint at = hash_codes(relation, codes) & (relation->slot_count - 1);
    while (relation->slots[at] != EMPTY && !is_row(relation, relation->slots[at], codes)) {
        at = (at + 1) & (relation->slot_count - 1);
    }
    return at;
}

static void grow(Relation *relation) {
    guint count = relation->slot_count > 0 ? 2 * relation->slot_count : 16;
    g_free(relation->slots);
    relation->slot_count = count;
    relation->slots = g_new(guint32, count);
    memset(relation->slots, 0xff, count * sizeof *relation->slots);
    for (guint row = 0; row < relation_count(relation); row++) {
        relation->slots[find_slot(relation, relation_codes(relation, row))] = row;
    }
}

gboolean relation_add(Relation *relation, const guint32 *codes, const Seed *seed) {
    if (2 * (relation_count(relation) + 1) > relation->slot_count) {
        grow(relation);
    }
    guint slot = find_slot(relation, codes);
    if (relation->slots[slot] != EMPTY) {
        return FALSE;
    }
    relation->slots[slot] = relation_count(relation);
    g_array_append_vals(relation->codes, codes, relation->width);
    g_array_append_val(relation->seeds, *seed);
    return TRUE;
}

gint relation_find(const Relation *relation, const guint32 *codes) {
    if (relation->slot_count == 0) {
        return -1;
    }
    guint32 row = relation->slots[find_slot(relation, codes)];
    return row == EMPTY ? -1 : (gint)row;
}

static gint compare_rows(gconstpointer a, gconstpointer b, gpointer data) {
    const Relation *relation = data;
    const guint32 *left = relation_codes(relation, *(const guint32 *)a);
    const guint32 *right = relation_codes(relation, *(const guint32 *)b);
    for (guint i = 0; i < relation->width; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

typedef struct {
    const Relation *relation;
    BddTable *table;
    const guint32 *order; /* the rows, sorted */
} Build;

/* The rows from `first` to `end`, which are alike above this bit of this field. */
static Bdd build(const Build *work, guint field, guint bit, guint first, guint end) {
    const Relation *relation = work->relation;
    if (first == end) {
        return BDD_FALSE;
    }
    if (field == relation->width) {
        return BDD_TRUE;
    }
    const Field *now = relation->fields[field];
    guint shift = now->bits - bit - 1;
    guint split = first;
    while (split < end && !(relation_codes(relation, work->order[split])[field] >> shift & 1)) {
        split++;
    }
    guint next_field = shift == 0 ? field + 1 : field;
    guint next_bit = shift == 0 ? 0 : bit + 1;
    Bdd low = build(work, next_field, next_bit, first, split);
    Bdd high = build(work, next_field, next_bit, split, end);
    return bdd_node(work->table, now->first + bit, low, high);
}

Bdd relation_build(const Relation *relation, BddTable *table) {
    guint count = relation_count(relation);
    g_autofree guint32 *order = g_new(guint32, count + 1);
    for (guint i = 0; i < count; i++) {
        order[i] = i;
    }
    g_qsort_with_data(order, (gint)count, sizeof *order, compare_rows,
                      (gpointer)(guintptr)relation);
    Build work = {relation, table, order};
    return build(&work, 0, 0, 0, count);
}
