/*
 * Units of policyd/counters: which row a latency goes to, at the boundaries of every row, and that
 * joining adds all there is.
 */
#include <string.h>

#include "counters.h"

#include "unit/unit.h"

#define LAST (COUNTERS_LATENCIES - 1)

static const struct {
    const char *name;
    guint64 microseconds;
    guint row;
} latencies[] = {
    {"none", 0, 0},
    {"the least", 1, 1},
    {"start of the second", 2, 2},
    {"end of the second", 3, 2},
    {"start of the third", 4, 3},
    {"a millisecond", 1000, 10},
    {"below a power", 1023, 10},
    {"a power", 1024, 11},
    {"a second", 1000000, 20},
    {"end of the last but one", (1 << (LAST - 1)) - 1, LAST - 1},
    {"start of the last but one", 1 << (LAST - 2), LAST - 1},
    {"start of the last", 1 << (LAST - 1), LAST},
    {"past the last", 1 << LAST, LAST},
    {"past 32 bits", G_GUINT64_CONSTANT(1) << 32, LAST},
    {"the most that 3 of fit", G_MAXUINT64 / 3, LAST},
};

START_TEST(test_row) {
    Counters counters;
    const guint64 microseconds = latencies[_i].microseconds;
    const guint row = latencies[_i].row;
    memset(&counters, 0, sizeof counters);
    counters_add_latency(&counters, microseconds, 3);
    for (guint i = 0; i < COUNTERS_LATENCIES; i++) {
        ck_assert_msg(counter_get(&counters.latencies[i]) == (i == row ? 3 : 0), "%s: row %u",
                      latencies[_i].name, i);
    }
    ck_assert_msg(counter_get(&counters.latency_sum) == 3 * microseconds, "%s", latencies[_i].name);
    ck_assert_msg(microseconds <= counters_latency_limit(row), "%s", latencies[_i].name);
    ck_assert_msg(row == 0 || microseconds > counters_latency_limit(row - 1), "%s",
                  latencies[_i].name);
}
END_TEST

START_TEST(test_limits) {
    ck_assert_uint_eq(counters_latency_limit(0), 0);
    for (guint i = 1; i < LAST; i++) {
        ck_assert_uint_eq(counters_latency_limit(i), 2 * counters_latency_limit(i - 1) + 1);
    }
    ck_assert(counters_latency_limit(LAST) == G_MAXUINT64);
}
END_TEST

/* The counters are nothing but Counter: each gets a number of its own. */
START_TEST(test_join) {
    static Counters all;
    static Counters one;
    Counter *to = (Counter *)&all;
    Counter *from = (Counter *)&one;
    G_STATIC_ASSERT(sizeof(Counters) % sizeof(Counter) == 0);
    for (gsize i = 0; i < sizeof(Counters) / sizeof(Counter); i++) {
        counter_add(&to[i], 1000 * i);
        counter_add(&from[i], i + 1);
    }
    counters_join(&all, &one);
    for (gsize i = 0; i < sizeof(Counters) / sizeof(Counter); i++) {
        ck_assert_uint_eq(counter_get(&to[i]), 1000 * i + i + 1);
        ck_assert_uint_eq(counter_get(&from[i]), i + 1);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("counters");
    TCase *tcase = tcase_create("plain");
    UNIT_ADD_TABLE(suite, test_row, latencies);
    tcase_add_test(tcase, test_limits);
    tcase_add_test(tcase, test_join);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
