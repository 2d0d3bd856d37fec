/*
 * Units of policyd/ctl/log_top: against counting every text, exactly as long as there is room, and
 * within what Space-Saving promises beyond that.
 */
#include "ctl/log/top.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "unit/random.h"

static guint64 true_count(GHashTable *known, Text text) {
    g_autofree char *key = g_strndup(text.data, text.length);
    return GPOINTER_TO_SIZE(g_hash_table_lookup(known, key));
}

/* Adds random texts, the rarer the longer, to both. */
static void add_random(Random *random, LogTop *top, GHashTable *known, guint count, guint kinds) {
    for (guint i = 0; i < count; i++) {
        guint kind = random_below(random, 1 + random_below(random, kinds));
        char *text = g_strdup_printf("text-%u", kind);
        gsize before = GPOINTER_TO_SIZE(g_hash_table_lookup(known, text));
        log_top_add(top, text_from_string(text));
        g_hash_table_insert(known, text, GSIZE_TO_POINTER(before + 1));
    }
}

static void check_order(const GPtrArray *sorted) {
    for (guint i = 1; i < sorted->len; i++) {
        const LogTopEntry *before = g_ptr_array_index(sorted, i - 1);
        const LogTopEntry *entry = g_ptr_array_index(sorted, i);
        ck_assert_uint_ge(before->count, entry->count);
    }
}

START_TEST(test_exact) {
    Random random = random_start();
    for (guint run = 0; run < 20; run++) {
        g_autoptr(LogTop) top = log_top_new(100);
        g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        add_random(&random, top, known, 5000, 100);
        g_autoptr(GPtrArray) sorted = log_top_sorted(top);
        ck_assert(log_top_is_exact(top));
        ck_assert_uint_eq(log_top_total(top), 5000);
        ck_assert_uint_eq(sorted->len, g_hash_table_size(known));
        ck_assert_uint_eq(log_top_count(top), sorted->len);
        check_order(sorted);
        for (guint i = 0; i < sorted->len; i++) {
            const LogTopEntry *entry = g_ptr_array_index(sorted, i);
            ck_assert_uint_eq(entry->over, 0);
            RANDOM_ASSERT(&random, entry->count == true_count(known, entry->text), "%s",
                          unit_show(entry->text));
        }
    }
}
END_TEST

static gboolean holds(const GPtrArray *sorted, const char *text) {
    for (guint i = 0; i < sorted->len; i++) {
        const LogTopEntry *entry = g_ptr_array_index(sorted, i);
        if (text_equal(entry->text, text_from_string(text))) {
            return TRUE;
        }
    }
    return FALSE;
}

/* No count is too low, none is higher than it says, their sum is the number of texts, and what
 * comes often enough is there. */
START_TEST(test_bounds) {
    Random random = random_start();
    for (guint run = 0; run < 20; run++) {
        const guint capacity = 1 + random_below(&random, 60);
        g_autoptr(LogTop) top = log_top_new(capacity);
        g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        add_random(&random, top, known, 5000, 500);
        g_autoptr(GPtrArray) sorted = log_top_sorted(top);
        guint64 sum = 0;
        ck_assert(!log_top_is_exact(top));
        ck_assert_uint_eq(sorted->len, capacity);
        check_order(sorted);
        for (guint i = 0; i < sorted->len; i++) {
            const LogTopEntry *entry = g_ptr_array_index(sorted, i);
            guint64 count = true_count(known, entry->text);
            sum += entry->count;
            RANDOM_ASSERT(&random, entry->count >= count && entry->count - entry->over <= count,
                          "%s", unit_show(entry->text));
            ck_assert_uint_le(entry->over, 5000 / capacity);
        }
        ck_assert_uint_eq(sum, 5000);
        GHashTableIter iter;
        gpointer text;
        gpointer count;
        g_hash_table_iter_init(&iter, known);
        while (g_hash_table_iter_next(&iter, &text, &count)) {
            RANDOM_ASSERT(&random,
                          GPOINTER_TO_SIZE(count) <= 5000 / capacity || holds(sorted, text), "%s",
                          (const char *)text);
        }
    }
}
END_TEST

/* One text more than there is room for. */
START_TEST(test_full) {
    g_autoptr(LogTop) top = log_top_new(2);
    log_top_add(top, TEXT_LITERAL("a"));
    log_top_add(top, TEXT_LITERAL("a"));
    log_top_add(top, TEXT_LITERAL("b"));
    ck_assert(log_top_is_exact(top));
    log_top_add(top, TEXT_LITERAL("c"));
    ck_assert(!log_top_is_exact(top));
    g_autoptr(GPtrArray) sorted = log_top_sorted(top);
    const LogTopEntry *first = g_ptr_array_index(sorted, 0);
    const LogTopEntry *second = g_ptr_array_index(sorted, 1);
    UNIT_ASSERT_TEXT("first", first->text, TEXT_LITERAL("a"));
    UNIT_ASSERT_TEXT("second", second->text, TEXT_LITERAL("c"));
    ck_assert_uint_eq(second->count, 2);
    ck_assert_uint_eq(second->over, 1);
}
END_TEST

/* Texts are told apart by their first LIMIT_LOG_KEY bytes. */
START_TEST(test_long) {
    g_autofree char *text = g_strnfill(LIMIT_LOG_KEY + 1, 'x');
    g_autoptr(LogTop) top = log_top_new(10);
    log_top_add(top, text_make(text, LIMIT_LOG_KEY - 1));
    log_top_add(top, text_make(text, LIMIT_LOG_KEY));
    log_top_add(top, text_make(text, LIMIT_LOG_KEY + 1));
    ck_assert_uint_eq(log_top_count(top), 2);
    text[LIMIT_LOG_KEY - 1] = 'y';
    log_top_add(top, text_make(text, LIMIT_LOG_KEY));
    ck_assert_uint_eq(log_top_count(top), 3);
}
END_TEST

/* Equal counts stand by their bytes, and a text that holds a NUL is one. */
START_TEST(test_ties) {
    static const Text texts[] = {BYTES("b"), BYTES("a\0b"), BYTES("a"), BYTES(""), BYTES("a\0a")};
    static const guint order[] = {3, 2, 4, 1, 0};
    g_autoptr(LogTop) top = log_top_new(10);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        log_top_add(top, texts[i]);
    }
    g_autoptr(GPtrArray) sorted = log_top_sorted(top);
    ck_assert_uint_eq(sorted->len, G_N_ELEMENTS(texts));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const LogTopEntry *entry = g_ptr_array_index(sorted, i);
        UNIT_ASSERT_TEXT("tie", entry->text, texts[order[i]]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_top");
    unit_add(suite, "test_exact", test_exact, 1);
    unit_add(suite, "test_bounds", test_bounds, 1);
    unit_add(suite, "test_full", test_full, 1);
    unit_add(suite, "test_long", test_long, 1);
    unit_add(suite, "test_ties", test_ties, 1);
    return unit_run(suite);
}
