/*
 * Counters: plain numbers. Nothing fails.
 */
#include "counters.h"

void counters_add_latency(Counters *counters, guint64 microseconds, guint count) {
    guint row = microseconds == 0 ? 0 : (guint)g_bit_storage((gulong)microseconds);
    counter_add(&counters->latencies[MIN(row, COUNTERS_LATENCIES - 1)], count);
    counter_add(&counters->latency_sum, microseconds * count);
}

guint64 counters_latency_limit(guint row) {
    return row == COUNTERS_LATENCIES - 1 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << row) - 1;
}

void counters_join(Counters *all, const Counters *counters) {
    for (guint i = 0; i < ACTION_COUNT; i++) {
        counter_add(&all->decisions[i], counter_get(&counters->decisions[i]));
    }
    for (guint i = 0; i < COUNTERS_LATENCIES; i++) {
        counter_add(&all->latencies[i], counter_get(&counters->latencies[i]));
    }
    counter_add(&all->malformed, counter_get(&counters->malformed));
    counter_add(&all->unfinished, counter_get(&counters->unfinished));
    counter_add(&all->regex_limits, counter_get(&counters->regex_limits));
    counter_add(&all->latency_sum, counter_get(&counters->latency_sum));
}
