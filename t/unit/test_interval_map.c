/*
 * Units of lib/rules/interval_map: each key has the tests whose intervals hold it, and no others,
 * at the ends of an interval, at the ends of the range, and in random maps.
 */
#include "rules/interval_map.h"

#include "unit/random.h"
#include "unit/unit.h"

typedef struct {
    guint64 first;
    guint64 last;
    guint32 test;
} Interval;

#define MAX_INTERVALS 400

static const struct {
    const char *name;
    guint bits;
    guint count;
    Interval intervals[4];
    guint64 key;
    guint held; /* a bit for each test that holds */
} rows[] = {
    {"no interval", 32, 0, {{0}}, 7, 0},
    {"before", 32, 1, {{10, 20, 0}}, 9, 0},
    {"first", 32, 1, {{10, 20, 0}}, 10, 1},
    {"last", 32, 1, {{10, 20, 0}}, 20, 1},
    {"behind", 32, 1, {{10, 20, 0}}, 21, 0},
    {"one key", 32, 1, {{10, 10, 0}}, 10, 1},
    {"the whole, at 0", 32, 1, {{0, G_MAXUINT32, 0}}, 0, 1},
    {"the whole, at the end", 32, 1, {{0, G_MAXUINT32, 0}}, G_MAXUINT32, 1},
    {"the last key", 32, 1, {{G_MAXUINT32, G_MAXUINT32, 0}}, G_MAXUINT32, 1},
    {"before the last key", 32, 1, {{G_MAXUINT32, G_MAXUINT32, 0}}, G_MAXUINT32 - 1, 0},
    {"nested, inner", 32, 2, {{0, 100, 0}, {10, 20, 1}}, 15, 3},
    {"nested, outer", 32, 2, {{0, 100, 0}, {10, 20, 1}}, 21, 1},
    {"overlapping", 32, 2, {{0, 50, 0}, {50, 100, 1}}, 50, 3},
    {"touching, one test", 32, 2, {{0, 9, 0}, {10, 19, 0}}, 10, 1},
    {"touching, two tests", 32, 2, {{0, 9, 0}, {10, 19, 1}}, 10, 2},
    {"the whole of 64 bits", 64, 1, {{0, G_MAXUINT64, 0}}, G_MAXUINT64, 1},
    {"the last of 64 bits", 64, 1, {{G_MAXUINT64, G_MAXUINT64, 0}}, G_MAXUINT64, 1},
    {"64 bits, behind 2^32", 64, 1, {{5, G_GUINT64_CONSTANT(1) << 32, 0}}, 1ULL << 32, 1},
    {"64 bits, behind that", 64, 1, {{5, G_GUINT64_CONSTANT(1) << 32, 0}}, (1ULL << 32) + 1, 0},
};

static Atom find(const IntervalMap *map, guint bits, guint64 key) {
    return bits == 32 ? interval_map_find32(map, (guint32)key) : interval_map_find(map, key);
}

/* What interval_map_visit() tells: runs that touch, from 0 to the last key. */
typedef struct {
    const IntervalMap *map;
    guint bits;
    IntervalKey next;
    gboolean any;
    Atom atom; /* of the last run */
} Visited;

/* IntervalVisitor */
static void check_run(IntervalKey first, IntervalKey last, Atom atom, gpointer data) {
    Visited *visited = data;
    ck_assert(first == visited->next && last >= first);
    ck_assert(!visited->any || visited->atom != atom);
    ck_assert_uint_eq(find(visited->map, visited->bits, (guint64)first), atom);
    if (last <= G_MAXUINT64) {
        ck_assert_uint_eq(find(visited->map, visited->bits, (guint64)last), atom);
    }
    visited->next = last + 1;
    visited->any = TRUE;
    visited->atom = atom;
}

static void check_visit(const IntervalMap *map, guint bits) {
    Visited visited = {.map = map, .bits = bits};
    interval_map_visit(map, check_run, &visited);
    ck_assert(visited.next == (bits == 128 ? 0 : (IntervalKey)1 << bits));
}

START_TEST(test_rows) {
    SignatureTable *signatures = signature_table_new();
    IntervalMap *map = interval_map_new(rows[_i].bits);
    for (guint i = 0; i < rows[_i].count; i++) {
        const Interval *interval = &rows[_i].intervals[i];
        interval_map_add(map, interval->first, interval->last, interval->test);
    }
    interval_map_seal(map, signatures);
    check_visit(map, rows[_i].bits);
    Atom atom = find(map, rows[_i].bits, rows[_i].key);
    for (guint test = 0; test < 4; test++) {
        gboolean held = rows[_i].held >> test & 1;
        ck_assert_msg(signature_has(signatures, atom, test) == held, "%s: test %u", rows[_i].name,
                      test);
    }
    interval_map_free(map);
    signature_table_free(signatures);
}
END_TEST

/* The intervals of one test must not overlap: each has a test of its own. */
static void check_random(Random *random, guint bits, guint count, guint64 range) {
    Interval intervals[MAX_INTERVALS];
    SignatureTable *signatures = signature_table_new();
    IntervalMap *map = interval_map_new(bits);
    for (guint i = 0; i < count; i++) {
        guint64 first = random_next(random) % range;
        guint64 last = MIN(first + random_next(random) % (range / 8), G_MAXUINT32);
        intervals[i] = (Interval){first, last, i};
        interval_map_add(map, first, last, i);
    }
    interval_map_seal(map, signatures);
    check_visit(map, bits);
    for (guint round = 0; round < 200; round++) {
        guint64 key = random_next(random) % range;
        const Interval *near = &intervals[random_below(random, count)];
        key = round % 3 == 0   ? near->first
              : round % 3 == 1 ? MIN(near->last + 1, G_MAXUINT32)
                               : key;
        Atom atom = find(map, bits, key);
        for (guint i = 0; i < count; i++) {
            gboolean held = intervals[i].first <= key && key <= intervals[i].last;
            RANDOM_ASSERT(random, signature_has(signatures, atom, i) == held,
                          "key %" G_GUINT64_FORMAT ", test %u", key, i);
        }
    }
    interval_map_free(map);
    signature_table_free(signatures);
}

START_TEST(test_random) {
    Random random = random_start();
    check_random(&random, 32, 5, G_MAXUINT32);
    check_random(&random, 32, MAX_INTERVALS, G_MAXUINT32);
    check_random(&random, 32, MAX_INTERVALS, 100000);
    check_random(&random, 64, MAX_INTERVALS, G_MAXUINT32);
    check_random(&random, 128, MAX_INTERVALS, 5000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("interval_map");
    UNIT_ADD_TABLE(suite, test_rows, rows);
    TCase *tcase = tcase_create("random");
    tcase_add_loop_test(tcase, test_random, 0, 10);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
