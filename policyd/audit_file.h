/*
 * AuditFile: a file of audit lines, which may be rotated away at any time. Any thread may write.
 *
 * About once a second, before it writes, it looks whether the path still leads to the open file.
 * If not, it makes a new one and goes on there; until then lines go to the old one, so none is lost
 * when a file is renamed. If the new one can't be opened, it says so once, goes on in the old one,
 * and tries again at every look. But once that is removed, lines in it would be lost unseen: they
 * are counted as lost instead.
 */
#ifndef POLICYD_AUDIT_FILE_H
#define POLICYD_AUDIT_FILE_H

#include "line_writer.h"

typedef struct AuditFile AuditFile;

/* The file is made if it is missing, mode 0640, and a last line that has no newline is ended; NULL
 * and an error if it can't be, or if it is no regular file. */
AuditFile *audit_file_open(const char *path, GError **error);

/* FALSE if a line that was begun could not be written to its end. */
gboolean audit_file_free(AuditFile *file);

/* Hands whole lines to the kernel; what is lost is added to *loss. `now` is the monotonic time in
 * microseconds. */
void audit_file_write(AuditFile *file, const char *lines, size_t length, gint64 now,
                      LineLoss *loss);

/* Looks at once. A line that was begun and can't be ended in the old file is added to *loss. */
void audit_file_reopen(AuditFile *file, LineLoss *loss);

#endif
