/*
 * LogTime: a reader of digits and signs, and the proleptic Gregorian calendar. Fails by answering
 * FALSE.
 */
#include "ctl/log/time.h"

#include <string.h>
#include <time.h>

#include "ctl/ctl_limit.h"
#include "fail.h"

#define SECONDS_A_DAY 86400

typedef struct {
    guint year, month, day, hour, minute, second, millisecond;
    gboolean has_offset;
    int offset; /* minutes east of UTC */
} Parts;

static const guint8 month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static gboolean is_leap(guint year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days before the year, from year 1 on. */
static gint64 days_before(guint year) {
    gint64 past = (gint64)year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

static gint64 days_since_1970(guint year, guint month, guint day) {
    gint64 days = days_before(year) - days_before(1970) + day - 1;
    for (guint i = 1; i < month; i++) {
        days += month_days[i - 1];
    }
    return days + (month > 2 && is_leap(year) ? 1 : 0);
}

static gboolean take_byte(Text *rest, char byte) {
    if (rest->length == 0 || rest->data[0] != byte) {
        return FALSE;
    }
    *rest = text_make(rest->data + 1, rest->length - 1);
    return TRUE;
}

/* A number of just `count` digits, from `least` to `most`. */
static gboolean take_number(Text *rest, guint count, guint least, guint most, guint *out) {
    guint number = 0;
    for (guint i = 0; i < count; i++) {
        if (i >= rest->length || !g_ascii_isdigit(rest->data[i])) {
            return FALSE;
        }
        number = number * 10 + (guint)(rest->data[i] - '0');
    }
    *rest = text_make(rest->data + count, rest->length - count);
    *out = number;
    return number >= least && number <= most;
}

static gboolean take_date(Text *rest, Parts *out) {
    if (!take_number(rest, 4, 1, 9999, &out->year) || !take_byte(rest, '-')
        || !take_number(rest, 2, 1, 12, &out->month) || !take_byte(rest, '-')
        || !take_number(rest, 2, 1, 31, &out->day)) {
        return FALSE;
    }
    guint days = month_days[out->month - 1] + (out->month == 2 && is_leap(out->year) ? 1u : 0u);
    return out->day <= days;
}

/* Digits behind the point, at least one; those below milliseconds don't count. */
static gboolean take_fraction(Text *rest, Parts *out) {
    guint weight = 100;
    guint digit;
    if (!take_number(rest, 1, 0, 9, &digit)) {
        return FALSE;
    }
    do {
        out->millisecond += digit * weight;
        weight /= 10;
    } while (rest->length > 0 && take_number(rest, 1, 0, 9, &digit));
    return TRUE;
}

static gboolean take_offset(Text *rest, Parts *out) {
    gboolean west = rest->length > 0 && rest->data[0] == '-';
    guint hours = 0;
    guint minutes = 0;
    out->has_offset = TRUE;
    if (take_byte(rest, 'Z') || take_byte(rest, 'z')) {
        return TRUE;
    }
    if (!take_byte(rest, west ? '-' : '+') || !take_number(rest, 2, 0, 23, &hours)
        || !take_byte(rest, ':') || !take_number(rest, 2, 0, 59, &minutes)) {
        return FALSE;
    }
    out->offset = (int)(hours * 60 + minutes) * (west ? -1 : 1);
    return TRUE;
}

/* `21:40`, or with seconds, of which there may be 61, and a fraction. */
static gboolean take_clock(Text *rest, Parts *out) {
    if (!take_number(rest, 2, 0, 23, &out->hour) || !take_byte(rest, ':')
        || !take_number(rest, 2, 0, 59, &out->minute)) {
        return FALSE;
    }
    if (!take_byte(rest, ':')) {
        return TRUE;
    }
    return take_number(rest, 2, 0, 60, &out->second)
           && (!take_byte(rest, '.') || take_fraction(rest, out));
}

/* All of the text: a date, and behind it a clock and an offset, each of which may be missing. */
static gboolean read_parts(Text text, Parts *out) {
    *out = (Parts){0};
    if (!take_date(&text, out)) {
        return FALSE;
    }
    if (text.length == 0) {
        return TRUE;
    }
    if (!take_byte(&text, 'T') && !take_byte(&text, 't') && !take_byte(&text, ' ')) {
        return FALSE;
    }
    return take_clock(&text, out)
           && (text.length == 0 || (take_offset(&text, out) && text.length == 0));
}

static gint64 find_wall(const Parts *parts) {
    return days_since_1970(parts->year, parts->month, parts->day) * SECONDS_A_DAY
           + (gint64)parts->hour * 3600 + (gint64)parts->minute * 60 + parts->second;
}

static gint64 find_local(const Parts *parts) {
    struct tm local = {
        .tm_year = (int)parts->year - 1900,
        .tm_mon = (int)parts->month - 1,
        .tm_mday = (int)parts->day,
        .tm_hour = (int)parts->hour,
        .tm_min = (int)parts->minute,
        .tm_sec = (int)parts->second,
        .tm_isdst = -1,
    };
    return (gint64)mktime(&local);
}

gboolean log_time_read(Text text, LogTime *out) {
    Parts parts;
    if (!read_parts(text, &parts) || !parts.has_offset) {
        return FALSE;
    }
    out->wall = find_wall(&parts);
    out->at = (out->wall - (gint64)parts.offset * 60) * 1000 + parts.millisecond;
    return TRUE;
}

/* Seconds of a unit, or 0. */
static guint64 unit_seconds(char unit) {
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return SECONDS_A_DAY;
    default:
        return 0;
    }
}

/* FALSE for what isn't written as a duration is. */
static gboolean read_duration(Text text, guint64 *count, guint64 *unit) {
    if (text.length < 2) {
        return FALSE;
    }
    *unit = unit_seconds(text.data[text.length - 1]);
    Text digits = text_make(text.data, text.length - 1);
    for (size_t i = 0; i < digits.length; i++) {
        if (!g_ascii_isdigit(digits.data[i])) {
            return FALSE;
        }
    }
    if (*unit > 0 && !text_parse_number(digits, count)) {
        *count = G_MAXUINT64;
    }
    return *unit > 0;
}

gboolean log_time_parse(const char *word, gint64 now, gint64 *out, GError **error) {
    guint64 count = 0;
    guint64 unit = 0;
    Parts parts;
    Text text = text_from_string(word);
    if (read_duration(text, &count, &unit)) {
        if (count > (guint64)LIMIT_LOG_DAYS * SECONDS_A_DAY / unit) {
            return fail_with(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                             "'%s' is longer than %d days", word, LIMIT_LOG_DAYS);
        }
        *out = now - (gint64)(count * unit * 1000);
        return TRUE;
    }
    if (!read_parts(text, &parts)) {
        return fail_with(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         "'%s' is neither a duration, as 90s, 15m, 6h or 7d, nor a date or a time, "
                         "as 2026-11-22 or 2026-11-22T17:31:41Z",
                         word);
    }
    gint64 seconds =
        parts.has_offset ? find_wall(&parts) - (gint64)parts.offset * 60 : find_local(&parts);
    *out = seconds * 1000 + parts.millisecond;
    return TRUE;
}

/* The year that holds the day, and what of the day is left in it. */
static guint find_year(gint64 *day) {
    guint year = (guint)(*day / 366) + 1;
    while (days_before(year + 1) <= *day) {
        year++;
    }
    *day -= days_before(year);
    return year;
}

void log_time_format(gint64 wall, char out[LOG_TIME_SIZE]) {
    gint64 least = -days_before(1970) * SECONDS_A_DAY;
    gint64 most = (days_before(10000) - days_before(1970)) * SECONDS_A_DAY - 1;
    gint64 seconds = CLAMP(wall, least, most) - least;
    gint64 day = seconds / SECONDS_A_DAY;
    guint clock = (guint)(seconds % SECONDS_A_DAY);
    guint year = find_year(&day);
    guint month = 1;
    for (; month < 12; month++) {
        guint days = month_days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
        if (day < days) {
            break;
        }
        day -= days;
    }
    g_snprintf(out, LOG_TIME_SIZE, "%04u-%02u-%02u %02u:%02u:%02u", year % 10000, month,
               (guint)day % 100 + 1, clock / 3600, clock / 60 % 60, clock % 60);
}
