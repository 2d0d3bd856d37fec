/*
 * LineWriter: whole lines to a descriptor that several threads write to. Nothing is ever put
 * between the parts of a line: where a write stops in the middle of one, its rest is kept and
 * written before any other byte.
 */
#ifndef POLICYD_LINE_WRITER_H
#define POLICYD_LINE_WRITER_H

#include <glib.h>
#include <sys/types.h>

typedef struct LineWriter LineWriter;

/* The first bytes of a line, and NUL bytes if it is shorter: an audit line has its time there. */
typedef struct {
    char text[48];
} LineHead;

/* What of some lines could not be written. */
typedef struct {
    guint64 lines;
    LineHead first;
    LineHead last;
    int error; /* errno of the write that failed */
} LineLoss;

/* Counts the lines in `data`, which ends in a newline, as lost. */
void line_loss_add(LineLoss *loss, const char *data, size_t length, int error);

/* Writes to a regular file wait for the disk. To anything else, a pipe or a terminal, they never
 * wait: what doesn't fit is lost. The descriptor's flags are left alone, since others may share
 * it; its owner is the caller, and it must outlive the writer. */
LineWriter *line_writer_new(int fd);

/* Writes what was begun to the end, or else ends it by a newline; FALSE if a line was lost so. */
gboolean line_writer_free(LineWriter *writer);

/* Writes `data`, which ends in a newline. What is lost is added to *loss, always whole lines. A
 * line whose rest is kept is not lost, unless the file is truncated meanwhile: a rest is never
 * written where its beginning isn't. */
void line_writer_write(LineWriter *writer, const char *data, size_t length, LineLoss *loss);

/* Goes on in `fd`, and answers the old descriptor, which the writer no longer uses. A line that
 * was begun is ended in the old one as line_writer_free() does. */
int line_writer_move(LineWriter *writer, int fd, LineLoss *loss);

#endif
