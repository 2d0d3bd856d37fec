/*
 * LogSummary: what its parts share.
 */
#ifndef POLICYD_CTL_LOG_SUMMARY_PRIVATE_H
#define POLICYD_CTL_LOG_SUMMARY_PRIVATE_H

#include "audit.h"
#include "ctl/log/plot.h"
#include "ctl/log/summary.h"
#include "ctl/log/top.h"

/* What is counted by its text. */
typedef enum {
    LOG_SUMMARY_DECISIONS,
    LOG_SUMMARY_CLIENTS,
    LOG_SUMMARY_LOGINS,
    LOG_SUMMARY_DOMAINS,
    LOG_SUMMARY_RULES,
    LOG_SUMMARY_TOPS
} LogSummaryTop;

/* How many of each are told. */
#define LOG_SUMMARY_SHOWN 10

struct LogSummary {
    guint64 count;
    guint64 dry_runs;
    gint64 first_at; /* the times of the earliest line and the latest */
    gint64 last_at;
    char first[AUDIT_TIME_LENGTH + 1]; /* as they stand in the log */
    char last[AUDIT_TIME_LENGTH + 1];
    LogPlot *plot;
    LogTop *tops[LOG_SUMMARY_TOPS];
    LogRules *rules; /* or NULL */
};

#endif
