/*
 * LogSummary: each line is a count in the plot and in each list of texts. Nothing fails.
 */
#include "ctl/log/summary.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "ctl/log/decision.h"
#include "ctl/log/summary_private.h"
#include "protocol/mailbox.h"

LogSummary *log_summary_new(LogRules *rules) {
    LogSummary *summary = g_new0(LogSummary, 1);
    summary->plot = log_plot_new();
    for (guint i = 0; i < LOG_SUMMARY_TOPS; i++) {
        summary->tops[i] = log_top_new(LIMIT_LOG_TEXTS);
    }
    summary->rules = rules;
    return summary;
}

void log_summary_free(LogSummary *summary) {
    if (summary) {
        log_plot_free(summary->plot);
        for (guint i = 0; i < LOG_SUMMARY_TOPS; i++) {
            log_top_free(summary->tops[i]);
        }
        log_rules_free(summary->rules);
        g_free(summary);
    }
}

static LogPlotRow find_row(Text decision) {
    Action action;
    if (!log_decision_action(decision, &action)) {
        return LOG_PLOT_OTHER;
    }
    switch (action) {
    case ACTION_PERMIT:
        return LOG_PLOT_PERMIT;
    case ACTION_DUNNO:
        return LOG_PLOT_DUNNO;
    case ACTION_REJECT:
        return LOG_PLOT_REJECT;
    case ACTION_DEFER:
    case ACTION_DEFER_IF_PERMIT:
    case ACTION_DEFER_IF_REJECT:
        return LOG_PLOT_DEFER;
    default:
        return LOG_PLOT_OTHER;
    }
}

static void copy_time(char out[AUDIT_TIME_LENGTH + 1], Text time) {
    memcpy(out, time.data, AUDIT_TIME_LENGTH);
    out[AUDIT_TIME_LENGTH] = '\0';
}

static void add_time(LogSummary *summary, const AuditLine *line, const LogTime *time) {
    if (summary->count == 0 || time->at < summary->first_at) {
        summary->first_at = time->at;
        copy_time(summary->first, line->time);
    }
    if (summary->count == 0 || time->at >= summary->last_at) {
        summary->last_at = time->at;
        copy_time(summary->last, line->time);
    }
}

static void add_text(LogSummary *summary, LogSummaryTop top, Text text) {
    if (text.length > 0) {
        log_top_add(summary->tops[top], text);
    }
}

/* Of a recipient that was cut, the domain is not known. */
static void add_domain(LogSummary *summary, const AuditLine *line) {
    char folded[LIMIT_LOG_KEY];
    Text domain = mailbox_split(line->request.values[ATTRIBUTE_RECIPIENT]).domain;
    if (line->cut & (G_GUINT64_CONSTANT(1) << ATTRIBUTE_RECIPIENT)) {
        return;
    }
    domain.length = MIN(domain.length, sizeof folded);
    text_fold(domain, folded);
    add_text(summary, LOG_SUMMARY_DOMAINS, text_make(folded, domain.length));
}

void log_summary_add(LogSummary *summary, const AuditLine *line, const LogTime *time) {
    const Text *values = line->request.values;
    add_time(summary, line, time);
    summary->count++;
    summary->dry_runs += line->dry_run ? 1 : 0;
    log_plot_add(summary->plot, time->wall, find_row(line->decision));
    add_text(summary, LOG_SUMMARY_DECISIONS, line->decision);
    add_text(summary, LOG_SUMMARY_CLIENTS, values[ATTRIBUTE_CLIENT_ADDRESS]);
    add_text(summary, LOG_SUMMARY_LOGINS, values[ATTRIBUTE_SASL_USERNAME]);
    add_domain(summary, line);
    add_text(summary, LOG_SUMMARY_RULES, line->rule);
    if (summary->rules) {
        log_rules_add(summary->rules, line);
    }
}
