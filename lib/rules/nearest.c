/*
 * Nearest: the optimal string alignment distance, over words of bounded length.
 */
#include "rules/nearest.h"

#define LONGEST 64

static gboolean differ(char a, char b) {
    return g_ascii_tolower(a) != g_ascii_tolower(b);
}

static guint distance(Text a, Text b) {
    guint rows[3][LONGEST + 1];
    guint *before = rows[0];
    guint *above = rows[1];
    guint *row = rows[2];
    for (guint j = 0; j <= b.length; j++) {
        above[j] = j;
        before[j] = 0;
    }
    for (guint i = 1; i <= a.length; i++) {
        row[0] = i;
        for (guint j = 1; j <= b.length; j++) {
            guint change = above[j - 1] + (guint)differ(a.data[i - 1], b.data[j - 1]);
            row[j] = MIN(MIN(row[j - 1], above[j]) + 1, change);
            if (i > 1 && j > 1 && !differ(a.data[i - 1], b.data[j - 2])
                && !differ(a.data[i - 2], b.data[j - 1])) {
                row[j] = MIN(row[j], before[j - 2] + 1);
            }
        }
        guint *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.length];
}

const char *nearest_find(Text word, const char *const *known) {
    const char *best = NULL;
    guint best_distance = G_MAXUINT;
    for (; word.length <= LONGEST && *known; known++) {
        Text candidate = text_from_string(*known);
        if (candidate.length > LONGEST) {
            continue;
        }
        guint away = distance(word, candidate);
        if (away < best_distance && away <= MAX(candidate.length / 3, 1) && away < word.length) {
            best = *known;
            best_distance = away;
        }
    }
    return best;
}
