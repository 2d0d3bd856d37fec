/*
 * Histogram: exact below 32, then 32 steps from each power of two to the next.
 */
#include "histogram.h"

static guint find_step(guint64 value) {
    guint shift = value < 32 ? 0 : g_bit_storage(value) - 6;
    guint step = shift * 32 + (guint)(value >> shift);
    return MIN(step, HISTOGRAM_STEPS - 1);
}

/* The largest value of a step. */
static gint64 step_end(guint step) {
    guint shift = step < 64 ? 0 : step / 32 - 1;
    return (((gint64)step - shift * 32 + 1) << shift) - 1;
}

void histogram_add(Histogram *histogram, gint64 nanoseconds) {
    histogram->counts[find_step((guint64)MAX(nanoseconds, 0))]++;
    histogram->total++;
}

gint64 histogram_share(const Histogram *histogram, double share) {
    guint64 wanted = (guint64)(share * (double)histogram->total);
    guint64 seen = 0;
    for (guint step = 0; step < HISTOGRAM_STEPS; step++) {
        seen += histogram->counts[step];
        if (histogram->counts[step] > 0 && seen >= wanted) {
            return step_end(step);
        }
    }
    return 0;
}
