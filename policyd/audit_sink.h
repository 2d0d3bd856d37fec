/*
 * AuditSink: where audit lines go: file:PATH, syslog, journal or stderr. Any thread may write.
 *
 * A file's lines are handed to the kernel before audit_sink_write() returns, however long the disk
 * takes; the others never wait. A file that is rotated away is made anew. What can't be written is
 * lost and counted; the log says when that begins, and when it is over how many lines were lost,
 * with the first and the last one's time.
 */
#ifndef POLICYD_AUDIT_SINK_H
#define POLICYD_AUDIT_SINK_H

#include <glib.h>

typedef struct AuditSink AuditSink;

/* TRUE if `spec` is one of `file:PATH`, `syslog`, `journal`, `stderr`. */
gboolean audit_sink_check(const char *spec, GError **error);

/* Opens a checked spec. A file is made if it is missing, mode 0640, and a last line that has no
 * newline is ended; NULL and an error if it can't be, or if it is no regular file. */
AuditSink *audit_sink_open(const char *spec, GError **error);

/* The time is that of the lines that were lost. */
void audit_sink_free(AuditSink *sink);

/* `lines` are whole lines that audit_format() wrote; `now` is the monotonic time in microseconds.
 */
void audit_sink_write(AuditSink *sink, const char *lines, size_t length, gint64 now);

/* Looks at once whether a file was rotated away, which is else noticed within a second of writing:
 * whoever rotated it may then rely on the old one being left alone. */
void audit_sink_reopen(AuditSink *sink);

/* Lines lost since it was opened. */
guint64 audit_sink_lost(AuditSink *sink);

#endif
