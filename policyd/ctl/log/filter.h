/*
 * LogFilter: which lines of an audit log are asked for. Each criterion is an option of `policyctl
 * log`; a line passes if it meets all that are set.
 */
#ifndef POLICYD_CTL_LOG_FILTER_H
#define POLICYD_CTL_LOG_FILTER_H

#include "ctl/audit_line.h"
#include "ctl/log/time.h"

typedef struct LogFilter LogFilter;

LogFilter *log_filter_new(void);
void log_filter_free(LogFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogFilter, log_filter_free)

/*
 * Sets the criterion `name`, one of log_filter_names(); `now`, in milliseconds since 1970, is what
 * durations end at. Borrows the word:
 *
 *   decision   an action, by its name in rules or its word in replies; else how the decision begins
 *   client     an address or a CIDR block
 *   sasl       a login, compared exactly, as the rules do
 *   sender     a mailbox, `@example.com` for all of that domain, `user@` for a local part anywhere;
 *              compared as the rules do. `<>` is the null sender
 *   recipient  the same but `<>`
 *   rule       a line number, or `file:14`, the file's path or the end of it
 *   since      log_time_parse(): that moment and later
 *   until      before that moment
 *
 * FALSE and an error of G_OPTION_ERROR_BAD_VALUE, which doesn't name the option, if the word can't
 * be what is asked for.
 */
gboolean log_filter_set(LogFilter *filter, const char *name, const char *word, gint64 now,
                        GError **error);

/* The criteria, LOG_FILTER_NAMES of them. */
#define LOG_FILTER_NAMES 8
const char *const *log_filter_names(void);

/* TRUE if the criterion is set. */
gboolean log_filter_has(const LogFilter *filter, const char *name);

typedef enum {
    LOG_FILTER_NO,
    LOG_FILTER_YES,
    LOG_FILTER_UNKNOWN, /* a value that it asks for was cut when it was logged */
} LogFilterAnswer;

LogFilterAnswer log_filter_ask(const LogFilter *filter, const AuditLine *line, const LogTime *time);

#endif
