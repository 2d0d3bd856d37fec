/*
 * Random: numbers for the differential tests. A run's seed is the environment's POLICY_TEST_SEED,
 * or else a new one; a failing test says it, so that the run can be had again.
 */
#ifndef UNIT_RANDOM_H
#define UNIT_RANDOM_H

#include "unit/unit.h"

typedef struct {
    guint64 seed;
    guint64 state;
} Random;

static inline Random random_start(void) {
    const char *given = g_getenv("POLICY_TEST_SEED");
    guint64 seed = given ? g_ascii_strtoull(given, NULL, 10) : (guint64)g_get_real_time();
    return (Random){seed, seed};
}

/* SplitMix64. */
static inline guint64 random_next(Random *random) {
    guint64 z = random->state += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From 0 to `count` - 1. */
static inline guint random_below(Random *random, guint count) {
    return (guint)(random_next(random) % count);
}

/* Fails with the seed and a text. */
#define RANDOM_ASSERT(random, truth, ...)                                              \
    do {                                                                               \
        if (!(truth)) {                                                                \
            ck_abort_msg("POLICY_TEST_SEED=%" G_GUINT64_FORMAT ": %s", (random)->seed, \
                         g_strdup_printf(__VA_ARGS__));                                \
        }                                                                              \
    } while (0)

#endif
