/*
 * LogOutput: standard output, written in large pieces, and what a terminal there can show.
 */
#ifndef POLICYD_CTL_LOG_OUTPUT_H
#define POLICYD_CTL_LOG_OUTPUT_H

#include <glib.h>

typedef struct LogOutput LogOutput;

/* SIGPIPE is to be ignored. The descriptor is borrowed. */
LogOutput *log_output_new(int fd);
void log_output_free(LogOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogOutput, log_output_free)

/* What is to be written, to append to. */
GString *log_output_text(LogOutput *output);

/* Writes if there is much of it, or, flush, all of it. FALSE if it can't be written: with an error
 * of G_FILE_ERROR, or without one if nobody reads the pipe any more. */
gboolean log_output_spill(LogOutput *output, GError **error);
gboolean log_output_flush(LogOutput *output, GError **error);

/* Sleeps for at most so long. FALSE at once if nobody reads the pipe any more; a signal ends it. */
gboolean log_output_wait(const LogOutput *output, guint milliseconds);

gboolean log_output_is_terminal(const LogOutput *output);

/* A terminal that takes colours, and no NO_COLOR (https://no-color.org/). */
gboolean log_output_has_colour(const LogOutput *output);

/* Columns: COLUMNS of the environment, else the terminal's, else 80. */
guint log_output_width(const LogOutput *output);

/* TRUE if the environment's locale is in UTF-8. */
gboolean log_output_is_utf8(void);

#endif
