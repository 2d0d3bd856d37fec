/*
 * LogPlot: how many decisions of each kind there were over time, as rows of small bars. It may be
 * given any times in any order, and keeps LIMIT_LOG_BINS of them: the wider they spread, the
 * longer the time that is counted together.
 */
#ifndef POLICYD_CTL_LOG_PLOT_H
#define POLICYD_CTL_LOG_PLOT_H

#include <glib.h>

/* The rows, from the top. */
typedef enum {
    LOG_PLOT_PERMIT,
    LOG_PLOT_DUNNO,
    LOG_PLOT_REJECT,
    LOG_PLOT_DEFER,
    LOG_PLOT_OTHER,
    LOG_PLOT_ROWS
} LogPlotRow;

typedef struct LogPlot LogPlot;

LogPlot *log_plot_new(void);
void log_plot_free(LogPlot *plot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogPlot, log_plot_free)

/* Counts one at that second, of LogTime.wall. */
void log_plot_add(LogPlot *plot, gint64 wall, LogPlotRow row);

/* The counts as they are drawn: each column is `step` seconds long, the first begins at `start`. */
typedef struct {
    gint64 start;
    gint64 step;
    guint columns; /* 0 if nothing was added */
    guint64 totals[LOG_PLOT_ROWS];
    guint64 *counts[LOG_PLOT_ROWS]; /* by column */
} LogPlotTable;

/* In at most MAX(columns, 16) columns, of which there is at least one; to be cleared. */
void log_plot_table(const LogPlot *plot, guint columns, LogPlotTable *out);
void log_plot_table_clear(LogPlotTable *table);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LogPlotTable, log_plot_table_clear)

const char *log_plot_row_name(LogPlotRow row);

/* Appends a line for the time, and one for each row that has any, whose bars make it at most
 * `width` columns of a terminal wide, if that is at least 50. Each row has its own scale. */
void log_plot_write(const LogPlot *plot, guint width, gboolean utf8, GString *out);

#endif
