/*
 * LogSummary: the lines of a log in sum: decisions over time, and the most frequent decisions,
 * clients, logins, recipients' domains and rules. What it keeps is bounded by ctl_limit.h, however
 * long the log and whoever wrote it; counts that are not exact for that are told so.
 */
#ifndef POLICYD_CTL_LOG_SUMMARY_H
#define POLICYD_CTL_LOG_SUMMARY_H

#include "ctl/audit_line.h"
#include "ctl/log/left_out.h"
#include "ctl/log/rules.h"
#include "ctl/log/time.h"

typedef struct LogSummary LogSummary;

/* Takes `rules`, or NULL, of which it tells what was never hit. */
LogSummary *log_summary_new(LogRules *rules);
void log_summary_free(LogSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogSummary, log_summary_free)

/* Counts a line that is asked for, and its time. */
void log_summary_add(LogSummary *summary, const AuditLine *line, const LogTime *time);

/* Of the log as a whole. */
typedef struct {
    const char *name;
    guint64 lines;
    const LogLeftOut *left_out;
} LogSummaryHead;

/* Appends it for people, for a terminal of so many columns, in printable ASCII or UTF-8. */
void log_summary_write(const LogSummary *summary, const LogSummaryHead *head, guint width,
                       gboolean utf8, GString *out);

/* Appends it as an object of JSON. */
void log_summary_write_json(const LogSummary *summary, const LogSummaryHead *head, GString *out);

#endif
