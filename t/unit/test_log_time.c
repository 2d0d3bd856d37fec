/*
 * Units of policyd/ctl/log_time: times, dates and durations, each at its ends.
 */
#include "ctl/log/time.h"

#include <time.h>

#include "ctl/ctl_limit.h"
#include "unit/random.h"

#define NOW G_GINT64_CONSTANT(1795361501123) /* 2026-11-22T17:31:41.123+02:00 */
#define DAYS(n) (G_GINT64_CONSTANT(86400000) * (n))

static const struct {
    const char *text;
    gint64 at;
    gint64 wall;
} times[] = {
    {"1970-01-01T00:00:00.000+00:00", 0, 0},
    {"1970-01-01T00:00:00.001-00:00", 1, 0},
    {"1969-12-31T23:59:59.999+00:00", -1, -1},
    {"2026-11-22T17:31:41.123+02:00", NOW, NOW / 1000 + 7200},
    {"2026-11-22T12:01:41.123-03:30", NOW, NOW / 1000 - 12600},
    {"2024-02-29T00:00:00.000+00:00", G_GINT64_CONSTANT(1709164800000), 1709164800},
    {"2024-03-01T00:00:00.000+00:00", G_GINT64_CONSTANT(1709251200000), 1709251200},
    {"2000-02-29T00:00:00.000+00:00", G_GINT64_CONSTANT(951782400000), 951782400},
    {"0001-01-01T00:00:00.000+00:00", G_GINT64_CONSTANT(-62135596800000),
     G_GINT64_CONSTANT(-62135596800)},
    {"9999-12-31T23:59:59.999+00:00", G_GINT64_CONSTANT(253402300799999),
     G_GINT64_CONSTANT(253402300799)},
};

START_TEST(test_read) {
    LogTime read;
    ck_assert(log_time_read(text_from_string(times[_i].text), &read));
    ck_assert_int_eq(read.at, times[_i].at);
    ck_assert_int_eq(read.wall, times[_i].wall);
}
END_TEST

static const char *const no_times[] = {
    "0000-01-01T00:00:00.000+00:00", "2026-00-22T00:00:00.000+00:00",
    "2026-13-22T00:00:00.000+00:00", "2026-11-00T00:00:00.000+00:00",
    "2026-11-31T00:00:00.000+00:00", "2026-02-29T00:00:00.000+00:00",
    "1900-02-29T00:00:00.000+00:00", "2026-11-22T24:00:00.000+00:00",
    "2026-11-22T00:60:00.000+00:00", "2026-11-22T00:00:61.000+00:00",
    "2026-11-22T00:00:00.000+24:00", "2026-11-22T00:00:00.000+00:60",
    "2026-11-22T00:00:00.000",       "2026-11-22",
    "2026-11-22T00:00:00.000+00:0",  "",
};

START_TEST(test_no_time) {
    LogTime read = {7, 7};
    ck_assert(!log_time_read(text_from_string(no_times[_i]), &read));
    ck_assert_int_eq(read.at, 7);
}
END_TEST

static const struct {
    const char *word;
    const char *zone;
    gint64 at;
} words[] = {
    {"0s", "UTC", NOW},
    {"90s", "UTC", NOW - 90000},
    {"15m", "UTC", NOW - 15 * 60000},
    {"1h", "UTC", NOW - 3600000},
    {"007d", "UTC", NOW - DAYS(7)},
    {"36525d", "UTC", NOW - DAYS(LIMIT_LOG_DAYS)},
    {"876600h", "UTC", NOW - DAYS(LIMIT_LOG_DAYS)},
    {"3155760000s", "UTC", NOW - DAYS(LIMIT_LOG_DAYS)},
    {"2026-11-22", "UTC", G_GINT64_CONSTANT(1795305600000)},
    {"2026-11-22", "CET-1", G_GINT64_CONSTANT(1795305600000) - 3600000},
    {"2026-11-22T17:31", "UTC", G_GINT64_CONSTANT(1795368660000)},
    {"2026-11-22 17:31:41", "UTC", G_GINT64_CONSTANT(1795368701000)},
    {"2026-11-22t17:31:41.5", "UTC", G_GINT64_CONSTANT(1795368701500)},
    {"2026-11-22T17:31:41.1239999", "UTC", G_GINT64_CONSTANT(1795368701123)},
    {"2026-11-22T17:31:41", "EST5", G_GINT64_CONSTANT(1795368701000) + 5 * 3600000},
    {"2026-11-22T17:31:41Z", "EST5", G_GINT64_CONSTANT(1795368701000)},
    {"2026-11-22T17:31:41z", "EST5", G_GINT64_CONSTANT(1795368701000)},
    {"2026-11-22T17:31:41-05:00", "UTC", G_GINT64_CONSTANT(1795368701000) + 5 * 3600000},
    {"2026-11-22T17:31:41.123+02:00", "UTC", NOW},
    {"2026-12-31T23:59:60Z", "UTC", G_GINT64_CONSTANT(1798761600000)},
    /* Summer time, of both kinds of offset. */
    {"2026-07-01T12:00", "CET-1CEST,M3.5.0,M10.5.0/3", G_GINT64_CONSTANT(1782900000000)},
    {"2026-07-01T12:00+01:00", "CET-1CEST,M3.5.0,M10.5.0/3", G_GINT64_CONSTANT(1782903600000)},
};

START_TEST(test_parse) {
    GError *error = NULL;
    gint64 at = 7;
    g_setenv("TZ", words[_i].zone, TRUE);
    tzset();
    ck_assert_msg(log_time_parse(words[_i].word, NOW, &at, &error), "%s", words[_i].word);
    ck_assert_int_eq(at, words[_i].at);
}
END_TEST

#define NEITHER "is neither a duration"
#define LONGER "is longer than 36525 days"

static const struct {
    const char *word;
    const char *message;
} no_words[] = {
    {"", NEITHER},
    {"h", NEITHER},
    {"1", NEITHER},
    {"1w", NEITHER},
    {"1H", NEITHER},
    {"-1h", NEITHER},
    {"+1h", NEITHER},
    {"1.5h", NEITHER},
    {"1h30m", NEITHER},
    {" 1h", NEITHER},
    {"36526d", LONGER},
    {"876601h", LONGER},
    {"52596001m", LONGER},
    {"3155760001s", LONGER},
    {"18446744073709551616s", LONGER},
    {"213503982334602d", LONGER},
    {"yesterday", NEITHER},
    {"2026-11", NEITHER},
    {"2026-11-22T", NEITHER},
    {"2026-11-22T17", NEITHER},
    {"2026-11-22T17:31:", NEITHER},
    {"2026-11-22T17:31:41.", NEITHER},
    {"2026-11-22T17:31:41 Z", NEITHER},
    {"2026-11-22Z", NEITHER},
    {"2026-11-22T17:31:41Zx", NEITHER},
    {"2026-02-30", NEITHER},
    {"26-11-22", NEITHER},
};

START_TEST(test_no_word) {
    g_autoptr(GError) error = NULL;
    gint64 at = 7;
    ck_assert_msg(!log_time_parse(no_words[_i].word, NOW, &at, &error), "%s", no_words[_i].word);
    ck_assert_int_eq(at, 7);
    ck_assert(g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE));
    ck_assert_ptr_nonnull(g_strstr_len(error->message, -1, no_words[_i].message));
}
END_TEST

/* Against GLib's calendar, on random seconds of all years. */
START_TEST(test_calendar) {
    Random random = random_start();
    for (int i = 0; i < 100000; i++) {
        gint64 second = (gint64)(random_next(&random) % G_GUINT64_CONSTANT(315537897600))
                        - G_GINT64_CONSTANT(62135596800);
        char shown[LOG_TIME_SIZE];
        LogTime read;
        log_time_format(second, shown);
        g_autoptr(GDateTime) known = g_date_time_new_from_unix_utc(second);
        g_autofree char *day = g_date_time_format(known, "%m-%d %H:%M:%S");
        g_autofree char *all = g_strdup_printf("%04d-%s", g_date_time_get_year(known), day);
        RANDOM_ASSERT(&random, g_str_equal(shown, all), "%s, not %s", shown, all);
        g_autofree char *back = g_strdup_printf("%sZ", shown);
        RANDOM_ASSERT(&random, log_time_read(text_from_string(back), &read), "%s", back);
        ck_assert_int_eq(read.wall, second);
    }
}
END_TEST

/* Beyond the years that it can show, it shows the first or the last second. */
START_TEST(test_ends) {
    char shown[LOG_TIME_SIZE];
    log_time_format(G_MININT64, shown);
    ck_assert_str_eq(shown, "0001-01-01 00:00:00");
    log_time_format(G_MAXINT64, shown);
    ck_assert_str_eq(shown, "9999-12-31 23:59:59");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_time");
    UNIT_ADD_TABLE(suite, test_read, times);
    UNIT_ADD_TABLE(suite, test_no_time, no_times);
    UNIT_ADD_TABLE(suite, test_parse, words);
    UNIT_ADD_TABLE(suite, test_no_word, no_words);
    unit_add(suite, "test_calendar", test_calendar, 1);
    unit_add(suite, "test_ends", test_ends, 1);
    return unit_run(suite);
}
