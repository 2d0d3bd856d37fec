/*
 * Nearest: the optimal string alignment distance, over words of bounded length.
 */
#include "rules/nearest.h"

#define LONGEST 64

static gboolean differ(char a, char b) {
    return g_ascii_tolower(a) != g_ascii_tolower(b);
}

/* The distance, or any number over `limit` where it is over that: only cells that are so near to
 * the diagonal count. A file of many names may have as many typos. */
static guint distance(Text a, Text b, guint limit) {
    guint rows[3][LONGEST + 2];
    guint *before = rows[0];
    guint *above = rows[1];
    guint *row = rows[2];
    for (guint j = 0; j <= b.length + 1; j++) {
        above[j] = j;
        before[j] = 0;
    }
    for (guint i = 1; i <= a.length; i++) {
        guint first = i > limit ? i - limit : 1;
        guint last = MIN((guint)b.length, i + limit);
        row[first - 1] = first == 1 ? i : limit + 1;
        for (guint j = first; j <= last; j++) {
            guint change = above[j - 1] + (guint)differ(a.data[i - 1], b.data[j - 1]);
            row[j] = MIN(MIN(row[j - 1], above[j]) + 1, change);
            if (i > 1 && j > 1 && !differ(a.data[i - 1], b.data[j - 2])
                && !differ(a.data[i - 2], b.data[j - 1])) {
                row[j] = MIN(row[j], before[j - 2] + 1);
            }
        }
        row[last + 1] = limit + 1;
        guint *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.length];
}

const char *nearest_find(Text word, const char *const *known) {
    const char *best = NULL;
    guint best_distance = (guint)word.length;
    for (; word.length <= LONGEST && *known; known++) {
        Text candidate = text_from_string(*known);
        guint most = MAX((guint)candidate.length / 3, 1);
        guint limit = MIN(most + 1, best_distance);
        gboolean close =
            candidate.length < word.length + limit && word.length < candidate.length + limit;
        if (candidate.length > LONGEST || !close) {
            continue;
        }
        guint away = distance(word, candidate, limit);
        if (away < limit) {
            best = *known;
            best_distance = away;
        }
    }
    return best;
}
