/*
 * Alignment: what both begin and end with is in common at once. Of what stands between, each key of
 * the one takes the first place of it in the other that is still free, and the longest ascending
 * run of places is in common (C. Schensted, 1961: n log n).
 */
#include "analysis/alignment.h"

#define NO_PLACE G_MAXUINT

/* The places of each key, each to be taken once. */
typedef struct {
    GHashTable *first; /* of a key to its first free place, plus one */
    guint *next;       /* by place: the next of the same key, plus one, or 0 */
} Places;

static Places find_places(const AlignmentSide *side, guint from, guint to) {
    Places places = {g_hash_table_new(g_int64_hash, g_int64_equal), g_new0(guint, side->count + 1)};
    for (guint i = to; i > from; i--) {
        gpointer key = (gpointer)(guintptr)&side->keys[i - 1];
        places.next[i - 1] = GPOINTER_TO_UINT(g_hash_table_lookup(places.first, key));
        g_hash_table_insert(places.first, key, GUINT_TO_POINTER(i));
    }
    return places;
}

static guint take_place(const Places *places, const guint64 *key) {
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(places->first, key));
    if (place == 0) {
        return NO_PLACE;
    }
    g_hash_table_insert(places->first, (gpointer)(guintptr)key,
                        GUINT_TO_POINTER(places->next[place - 1]));
    return place - 1;
}

/* How many of the runs' last places are smaller. */
static guint count_smaller(const guint *places, const guint *ends, guint count, guint place) {
    guint low = 0;
    guint high = count;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (places[ends[middle]] < place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Marks the longest ascending run among places[from] to places[to - 1]. */
static void mark_run(const AlignmentSide *a, const AlignmentSide *b, const guint *places,
                     guint from, guint to) {
    g_autofree guint *ends = g_new(guint, to - from + 1); /* by length: where the best run ends */
    g_autofree guint *before = g_new(guint, to + 1);
    guint length = 0;
    for (guint i = from; i < to; i++) {
        if (places[i] != NO_PLACE) {
            guint at = count_smaller(places, ends, length, places[i]);
            before[i] = at > 0 ? ends[at - 1] : NO_PLACE;
            ends[at] = i;
            length = MAX(length, at + 1);
        }
    }
    for (guint i = length > 0 ? ends[length - 1] : NO_PLACE; i != NO_PLACE; i = before[i]) {
        a->aligned[i] = TRUE;
        b->aligned[places[i]] = TRUE;
    }
}

void alignment_find(const AlignmentSide *a, const AlignmentSide *b) {
    guint from = 0;
    guint a_to = a->count;
    guint b_to = b->count;
    while (from < a_to && from < b_to && a->keys[from] == b->keys[from]) {
        a->aligned[from] = b->aligned[from] = TRUE;
        from++;
    }
    while (a_to > from && b_to > from && a->keys[a_to - 1] == b->keys[b_to - 1]) {
        a->aligned[--a_to] = b->aligned[--b_to] = TRUE;
    }
    Places free_places = find_places(b, from, b_to);
    g_autofree guint *places = g_new(guint, a->count + 1);
    for (guint i = from; i < a_to; i++) {
        places[i] = take_place(&free_places, &a->keys[i]);
    }
    mark_run(a, b, places, from, a_to);
    g_hash_table_unref(free_places.first);
    g_free(free_places.next);
}
