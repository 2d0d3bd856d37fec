/*
 * Units of policyd/ctl/log_plot: the columns against counting by division, on random times of
 * random spread in any order; and how it looks.
 */
#include "ctl/log/plot.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "unit/random.h"

#define DAY G_GINT64_CONSTANT(86400)
#define FIRST G_GINT64_CONSTANT(-62135596800) /* year 1 */
#define LAST G_GINT64_CONSTANT(253402300799)  /* the end of 9999 */

#define TIMES 400

/* Every column has the times that fall into it, and nothing falls beside them. */
static void check_table(Random *random, const LogPlotTable *table, const gint64 *times,
                        const LogPlotRow *rows) {
    g_autofree guint64 *counts = g_new0(guint64, table->columns * LOG_PLOT_ROWS);
    for (guint i = 0; i < TIMES; i++) {
        gint64 at = times[i] - table->start;
        RANDOM_ASSERT(random, at >= 0 && at / table->step < table->columns,
                      "%" G_GINT64_FORMAT " is outside", times[i]);
        counts[rows[i] * table->columns + (guint)(at / table->step)]++;
    }
    for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
        guint64 total = 0;
        for (guint i = 0; i < table->columns; i++) {
            RANDOM_ASSERT(random, counts[row * table->columns + i] == table->counts[row][i],
                          "row %u, column %u", row, i);
            total += table->counts[row][i];
        }
        ck_assert_uint_eq(total, table->totals[row]);
    }
}

START_TEST(test_random) {
    Random random = random_start();
    for (guint run = 0; run < 300; run++) {
        gint64 times[TIMES];
        LogPlotRow rows[TIMES];
        guint64 spread = (random_next(&random) >> (26 + random_below(&random, 38))) + 1;
        gint64 start = random_below(&random, 3) == 0 ? -1 : 1795305600;
        guint columns = 16 + random_below(&random, 200);
        g_autoptr(LogPlot) plot = log_plot_new();
        for (guint i = 0; i < TIMES; i++) {
            gint64 time = start + (gint64)(random_next(&random) % spread) - (gint64)spread / 2;
            times[i] = CLAMP(time, FIRST, LAST);
            rows[i] = (LogPlotRow)random_below(&random, LOG_PLOT_ROWS);
            log_plot_add(plot, times[i], rows[i]);
        }
        g_auto(LogPlotTable) table = {0};
        log_plot_table(plot, columns, &table);
        RANDOM_ASSERT(&random, table.columns >= 1 && table.columns <= columns, "%u of %u",
                      table.columns, columns);
        check_table(&random, &table, times, rows);
    }
}
END_TEST

/* As many bins as there are, and one more; and the widest spread there is, either way round. */
static const struct {
    const char *name;
    gint64 times[3];
} spreads[] = {
    {"the ring is full", {0, LIMIT_LOG_BINS - 1, 5}},
    {"one more", {0, LIMIT_LOG_BINS, 5}},
    {"the other way round", {LIMIT_LOG_BINS, 0, 5}},
    {"below zero", {-LIMIT_LOG_BINS, 0, -1}},
    {"all years", {FIRST, LAST, 0}},
    {"all years, the other way round", {LAST, FIRST, 0}},
    {"all years in the middle", {0, LAST, FIRST}},
    {"a day apart", {0, DAY, 2 * DAY}},
};

START_TEST(test_spread) {
    g_autoptr(LogPlot) plot = log_plot_new();
    g_auto(LogPlotTable) table = {0};
    for (guint i = 0; i < 3; i++) {
        log_plot_add(plot, spreads[_i].times[i], LOG_PLOT_DEFER);
    }
    log_plot_table(plot, 1, &table);
    ck_assert_uint_ge(table.columns, 1);
    ck_assert_uint_le(table.columns, 16);
    ck_assert_uint_eq(table.totals[LOG_PLOT_DEFER], 3);
    for (guint i = 0; i < 3; i++) {
        gint64 column = (spreads[_i].times[i] - table.start) / table.step;
        ck_assert_int_ge(spreads[_i].times[i], table.start);
        ck_assert_int_lt(column, table.columns);
        ck_assert_uint_ge(table.counts[LOG_PLOT_DEFER][column], 1);
    }
}
END_TEST

START_TEST(test_look) {
    static const guint heights[] = {0, 1, 2, 8, 16, 15, 9};
    g_autoptr(LogPlot) plot = log_plot_new();
    g_autoptr(GString) blocks = g_string_new(NULL);
    g_autoptr(GString) letters = g_string_new(NULL);
    log_plot_add(plot, 1795305600, LOG_PLOT_PERMIT);
    for (guint i = 0; i < G_N_ELEMENTS(heights); i++) {
        for (guint j = 0; j < heights[i]; j++) {
            log_plot_add(plot, 1795305600 + i, LOG_PLOT_REJECT);
        }
    }
    log_plot_write(plot, 80, TRUE, blocks);
    log_plot_write(plot, 80, FALSE, letters);
    ck_assert_str_eq(blocks->str,
                     "from 2026-11-22 00:00:00, a column is 1 second; behind each row its highest\n"
                     "  permit |█      | 1\n"
                     "  reject | ▁▁▄██▅| 16\n");
    ck_assert_str_eq(letters->str,
                     "from 2026-11-22 00:00:00, a column is 1 second; behind each row its highest\n"
                     "  permit |@      | 1\n"
                     "  reject | ..=@@+| 16\n");
}
END_TEST

/* No row is wider than the terminal. */
START_TEST(test_width) {
    g_autoptr(LogPlot) plot = log_plot_new();
    for (guint i = 0; i < 5000; i++) {
        log_plot_add(plot, i * 37, i % 7 == 0 ? LOG_PLOT_PERMIT : LOG_PLOT_OTHER);
    }
    for (guint width = 50; width < 300; width++) {
        g_autoptr(GString) text = g_string_new(NULL);
        log_plot_write(plot, width, FALSE, text);
        g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
        ck_assert_uint_eq(g_strv_length(lines), 4);
        for (guint i = 1; i < 3; i++) {
            ck_assert_uint_le(strlen(lines[i]), width);
            ck_assert_uint_ge(strlen(lines[i]), MIN(width, LIMIT_LOG_COLUMNS) / 3);
            ck_assert_uint_le(strlen(lines[i]), LIMIT_LOG_COLUMNS + 20);
        }
    }
}
END_TEST

START_TEST(test_empty) {
    g_autoptr(LogPlot) plot = log_plot_new();
    g_autoptr(GString) text = g_string_new(NULL);
    log_plot_write(plot, 80, TRUE, text);
    ck_assert_str_eq(text->str, "");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_plot");
    unit_add(suite, "test_random", test_random, 1);
    UNIT_ADD_TABLE(suite, test_spread, spreads);
    unit_add(suite, "test_look", test_look, 1);
    unit_add(suite, "test_width", test_width, 1);
    unit_add(suite, "test_empty", test_empty, 1);
    return unit_run(suite);
}
