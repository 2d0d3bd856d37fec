/*
 * LogColumns: an audit line for people: time, the decision's first word, rule, client, login,
 * sender, recipient, and the decision's text. What is absent is `-`, the null sender `<>`.
 */
#ifndef POLICYD_CTL_LOG_COLUMNS_H
#define POLICYD_CTL_LOG_COLUMNS_H

#include "ctl/audit_line.h"

#define LOG_COLUMNS 7

/* A column grows to what it has held, up to a bound: so it needs to know no line ahead. */
typedef struct {
    gboolean colour; /* escape sequences of ECMA-48 */
    size_t widths[LOG_COLUMNS];
} LogColumns;

void log_columns_init(LogColumns *columns, gboolean colour);

/* Appends the line and a newline: printable ASCII and such sequences only. Of a value's escaped
 * form at most LIMIT_LOG_VALUE bytes are shown. */
void log_columns_write(LogColumns *columns, const AuditLine *line, GString *out);

/* Appends a value as an audit line has it, `"`, `\` and all but printable ASCII as \xHH, but cut as
 * said above. */
void log_columns_escape(Text value, GString *out);

#endif
