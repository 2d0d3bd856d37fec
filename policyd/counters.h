/*
 * Counters: what one worker has done. Only its thread adds; any thread may read, and sees each
 * number as it was a moment ago.
 */
#ifndef POLICYD_COUNTERS_H
#define POLICYD_COUNTERS_H

#include <stdatomic.h>

#include "protocol/action.h"

/* Of latencies: the first holds 0 microseconds, each next one up to twice as many, and the last one
 * all above. */
#define COUNTERS_LATENCIES 28

typedef _Atomic guint64 Counter;

typedef struct {
    Counter decisions[ACTION_COUNT]; /* by the action of the rule */
    Counter malformed;               /* requests that got no answer, and their connection closed */
    Counter unfinished;              /* the same, for the time limit or an early end */
    Counter regex_limits;            /* tests that were false because a regex gave up */
    Counter latencies[COUNTERS_LATENCIES]; /* decisions, by the time from the worker's wake-up */
    Counter latency_sum;                   /* microseconds */
} Counters;

/* The worker's thread alone: no other adds, so no lock is needed. */
static inline void counter_add(Counter *counter, guint64 number) {
    guint64 value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + number, memory_order_relaxed);
}

static inline guint64 counter_get(const Counter *counter) {
    return atomic_load_explicit((Counter *)(guintptr)counter, memory_order_relaxed);
}

/* So many decisions took this long. */
void counters_add_latency(Counters *counters, guint64 microseconds, guint count);

/* The most microseconds that a row of latencies holds; G_MAXUINT64 for the last. */
guint64 counters_latency_limit(guint row);

/* Adds all of one to another, which no other thread uses. */
void counters_join(Counters *all, const Counters *counters);

#endif
