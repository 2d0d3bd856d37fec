/*
 * Histogram: how often each duration occurred, in steps of at most a 32nd of the duration.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <glib.h>

/* Up to 2^40 nanoseconds, 18 minutes: an octave has 32 steps. */
#define HISTOGRAM_STEPS ((40 - 5 + 1) * 32)

/* Starts as zeros. */
typedef struct {
    guint64 counts[HISTOGRAM_STEPS];
    guint64 total;
} Histogram;

void histogram_add(Histogram *histogram, gint64 nanoseconds);

/* Nanoseconds that a share (0 to 1) of the durations did not exceed; 0 if there are none. */
gint64 histogram_share(const Histogram *histogram, double share);

#endif
