/*
 * LogLeftOut: the lines of a log that can't be shown, counted by their reason: no line is passed
 * over in silence.
 */
#ifndef POLICYD_CTL_LOG_LEFT_OUT_H
#define POLICYD_CTL_LOG_LEFT_OUT_H

#include <json-glib/json-glib.h>

typedef enum {
    LOG_LEFT_OUT_CUT,  /* a value that a filter asks for was cut when it was logged */
    LOG_LEFT_OUT_TORN, /* AUDIT_LINE_TORN */
    LOG_LEFT_OUT_FOREIGN,
    LOG_LEFT_OUT_COUNT
} LogLeftOutReason;

#define LOG_LEFT_OUT_EXAMPLES 3

typedef struct {
    guint64 count;
    guint64 lines[LOG_LEFT_OUT_EXAMPLES]; /* the numbers of the first */
} LogLeftOutLines;

typedef struct {
    LogLeftOutLines of[LOG_LEFT_OUT_COUNT];
} LogLeftOut;

void log_left_out_add(LogLeftOut *left_out, LogLeftOutReason reason, guint64 line);

/* Appends a line of text for each reason that left out any, with `prefix` before it, and with the
 * first lines' numbers behind it if they are `numbered`, as those of one file are. */
void log_left_out_write(const LogLeftOut *left_out, const char *prefix, gboolean numbered,
                        GString *out);

/* Adds a member `left_out`, as `policyctl replay` has it. */
void log_left_out_build(const LogLeftOut *left_out, JsonBuilder *builder);

#endif
