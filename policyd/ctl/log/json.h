/*
 * LogJson: an audit line as an object of JSON, on one line.
 */
#ifndef POLICYD_CTL_LOG_JSON_H
#define POLICYD_CTL_LOG_JSON_H

#include "ctl/audit_line.h"

/*
 * Appends the object and a newline: `time`, `decision`, `rule`, `ruleset`, `us` (a number),
 * `dry_run` (true, or not there), each attribute that is there as a string, and, where they apply,
 * the lists of names `repeated` and `cut`. ASCII only: all else is \uHHHH, and what is not UTF-8,
 * or a NUL, is U+FFFD.
 */
void log_json_write(const AuditLine *line, GString *out);

/* Appends JSON with what is not ASCII in its strings, or is DEL, as \uHHHH: a terminal may obey
 * U+0080 to U+009F. */
void log_json_ascii(const char *json, GString *out);

#endif
