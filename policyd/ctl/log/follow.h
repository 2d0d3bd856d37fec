/*
 * LogFollow: a log that is being written, line by line, through its rotation.
 *
 * Renamed: the old file is read until the new one has something in it, then once more to its end,
 * as policyd writes no more to the old one then. Copied and truncated: what had not been read yet
 * is read from the copy, if that stands beside the log and its name begins as the log's; a log that
 * grew again meanwhile is known by the bytes before where reading stopped. A line is given when its
 * newline is there; without one, only where the file ended for good.
 */
#ifndef POLICYD_CTL_LOG_FOLLOW_H
#define POLICYD_CTL_LOG_FOLLOW_H

#include <glib.h>

typedef struct LogFollow LogFollow;

/* The file may be missing: it is waited for. NULL and an error of G_FILE_ERROR if it is there and
 * can't be read, or is no regular file. Borrows the path. */
LogFollow *log_follow_open(const char *path, GError **error);
void log_follow_free(LogFollow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogFollow, log_follow_free)

typedef enum {
    LOG_FOLLOW_LINE,
    LOG_FOLLOW_WAIT,      /* no more for now */
    LOG_FOLLOW_TRUNCATED, /* and no copy was found: lines may be missing here */
    LOG_FOLLOW_FAILED,    /* an error of G_FILE_ERROR */
} LogFollowStatus;

/* The next line, as audit_log_next() gives one. Never blocks, but for the disk. */
LogFollowStatus log_follow_next(LogFollow *follow, char **line, size_t *length, GError **error);

/* Why there is nothing to be read at the path, an errno; 0 if there is. */
int log_follow_trouble(const LogFollow *follow);

#endif
