/*
 * LogRules: which rules of a file decided lines of a log, and which never did.
 */
#ifndef POLICYD_CTL_LOG_RULES_H
#define POLICYD_CTL_LOG_RULES_H

#include "ctl/audit_line.h"
#include "rules/ruleset.h"

typedef enum {
    LOG_RULES_NEVER,
    LOG_RULES_ELSEWHERE, /* only another ruleset's rule at that line of a file of that name did */
    LOG_RULES_HIT,
} LogRulesUse;

typedef struct LogRules LogRules;

/* The ruleset, which has detail, outlives it. */
LogRules *log_rules_new(const Ruleset *ruleset);
void log_rules_free(LogRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogRules, log_rules_free)

void log_rules_add(LogRules *rules, const AuditLine *line);

/* Lines that another ruleset decided: another version of the file or of its lists. */
guint64 log_rules_others(const LogRules *rules);

const Ruleset *log_rules_ruleset(const LogRules *rules);
LogRulesUse log_rules_use(const LogRules *rules, guint index);

/* The rule as the file has it, in one line without comments; the caller frees it. */
char *log_rules_text(const LogRules *rules, guint index);

#endif
