/*
 * Log: the daemon's own messages, to standard error: `policyd: warning: text`, a line each. May be
 * called from any thread. Bytes that a client may have chosen do no harm: all but printable ASCII
 * is written as \xHH.
 */
#ifndef POLICYD_LOG_H
#define POLICYD_LOG_H

#include "line_writer.h"

void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Standard error, for who else writes lines there: it keeps theirs and the log's apart. It lives
 * as long as the program. The first call opens it, and so must come while this user may open the
 * terminal that it may be. */
LineWriter *log_stderr(void);

#endif
