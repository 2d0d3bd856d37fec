/*
 * Tally: counts beside the rows of relations, by their numbers.
 */
#include "analysis/tally.h"

void tally_init(Tally *tally, const GPtrArray *fields, guint width) {
    tally->locals = g_array_new(FALSE, FALSE, sizeof(guint64));
    tally->domains = g_array_new(FALSE, FALSE, sizeof(guint64));
    tally->covered = relation_new((Field *const *)fields->pdata, width);
    tally->takers = g_array_new(FALSE, FALSE, sizeof(guint64));
    tally->few = FALSE;
}

void tally_clear(Tally *tally) {
    g_array_unref(tally->locals);
    g_array_unref(tally->domains);
    relation_free(tally->covered);
    g_array_unref(tally->takers);
}

void tally_count(Relation *relation, GArray *members, const guint32 *row, const Seed *seed,
                 guint32 more) {
    guint64 none = 0;
    gint at = relation_find(relation, row);
    if (at < 0) {
        relation_add(relation, row, seed);
        g_array_append_val(members, none);
        at = (gint)relation_count(relation) - 1;
    }
    g_array_index(members, guint64, at) += more;
}

static gboolean has_few(const GArray *members) {
    for (guint i = 0; i < members->len; i++) {
        if (g_array_index(members, guint64, i) < TALLY_MANY) {
            return TRUE;
        }
    }
    return FALSE;
}

void tally_seal(Tally *tally) {
    tally->few = has_few(tally->locals) && has_few(tally->domains);
}

guint64 tally_take(Tally *tally, const guint32 *row, const Seed *seed) {
    tally_count(tally->covered, tally->takers, row, seed, 1);
    return g_array_index(tally->takers, guint64, relation_find(tally->covered, row));
}
