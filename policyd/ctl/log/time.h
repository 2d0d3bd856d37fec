/*
 * LogTime: the times of an audit log, and those that people ask for. Of RFC 3339, with a blank for
 * the `T` too; a date must be one of the calendar, from the year 1.
 */
#ifndef POLICYD_CTL_LOG_TIME_H
#define POLICYD_CTL_LOG_TIME_H

#include "protocol/text.h"

typedef struct {
    gint64 at;   /* milliseconds since 1970 */
    gint64 wall; /* what the clock on the wall showed: as seconds since 1970, were it UTC */
} LogTime;

/* The time of an audit line. FALSE, and *out untouched, if there is no such time. */
gboolean log_time_read(Text text, LogTime *out);

/*
 * The word of --since and --until, as milliseconds since 1970: a duration before `now` (`90s`,
 * `15m`, `6h`, `7d`, at most LIMIT_LOG_DAYS), a date (its first moment), or a time, with seconds
 * or without. Where no offset from UTC is given, the local one is meant. FALSE, an error of
 * G_OPTION_ERROR_BAD_VALUE, and *out untouched, if it is none of them.
 */
gboolean log_time_parse(const char *word, gint64 now, gint64 *out, GError **error);

/* Bytes of `2026-11-22 21:40:27` and its NUL. */
#define LOG_TIME_SIZE 20

/* Writes what a clock on the wall showed; `wall` lies in the years 1 to 9999, else it is the
 * nearest that does. */
void log_time_format(gint64 wall, char out[LOG_TIME_SIZE]);

#endif
