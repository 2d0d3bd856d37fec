/*
 * AuditLog: a log, line by line, read in large blocks into one buffer.
 */
#ifndef POLICYD_CTL_AUDIT_LOG_H
#define POLICYD_CTL_AUDIT_LOG_H

#include <glib.h>

typedef struct AuditLog AuditLog;

/* `-` is standard input. NULL and an error of G_FILE_ERROR if it can't be opened. Borrows the path.
 */
AuditLog *audit_log_open(const char *path, GError **error);
void audit_log_free(AuditLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditLog, audit_log_free)

/*
 * The next line, with its newline; the last may have none. It may be written to, and is good until
 * the next call. Of a line over LIMIT_LOG_BLOCK bytes, only so many are given, without a newline.
 * NULL at the end, and on an error, which is then set.
 */
char *audit_log_next(AuditLog *log, size_t *length, GError **error);

/* The lines that were given: the last one's number. */
guint64 audit_log_line(const AuditLog *log);

#endif
