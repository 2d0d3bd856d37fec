/*
 * LogPlot: bins in a ring, by number: the time over the bins' length. Where the numbers spread over
 * more than the ring holds, bins of the next length take their sums. Nothing fails.
 */
#include "ctl/log/plot.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "ctl/log/time.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define WEEK ((gint64)7 * DAY)

/* Lengths of bins: each is a multiple of the one before, and the last fits every time from year 1
 * to 9999 into the ring. */
static const gint64 lengths[] = {
    1,        15,  MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR,
    3 * HOUR, DAY, WEEK,   4 * WEEK,   52 * WEEK,   520 * WEEK,
};

/* Lengths of columns: those that people count in. */
static const gint64 steps[] = {
    1,          2,          5,           10,          15,          30,           MINUTE,
    2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR,         2 * HOUR,
    3 * HOUR,   6 * HOUR,   12 * HOUR,   DAY,         2 * DAY,     WEEK,         2 * WEEK,
    4 * WEEK,   12 * WEEK,  52 * WEEK,   520 * WEEK,  5200 * WEEK, 52000 * WEEK,
};

/* The longest step makes no more of any times. */
#define LEAST_COLUMNS 16

typedef struct {
    guint64 counts[LOG_PLOT_ROWS];
} Bin;

struct LogPlot {
    guint level; /* of `lengths` */
    gboolean any;
    gint64 low; /* numbers of the bins that are in use, both ends included */
    gint64 high;
    Bin bins[LIMIT_LOG_BINS]; /* all that is not in use is 0 */
};

LogPlot *log_plot_new(void) {
    return g_new0(LogPlot, 1);
}

void log_plot_free(LogPlot *plot) {
    g_free(plot);
}

/* Rounds down, below 0 too. */
static gint64 divide(gint64 number, gint64 by) {
    return number / by - (number % by < 0 ? 1 : 0);
}

static guint slot_of(gint64 number) {
    return (guint)(number - divide(number, LIMIT_LOG_BINS) * LIMIT_LOG_BINS);
}

static gboolean fits(const LogPlot *plot, gint64 number) {
    return MAX(plot->high, number) - MIN(plot->low, number) < LIMIT_LOG_BINS;
}

/* Goes to bins of the next length. */
static void widen(LogPlot *plot) {
    gint64 ratio = lengths[plot->level + 1] / lengths[plot->level];
    g_autofree Bin *old = g_memdup2(plot->bins, sizeof plot->bins);
    memset(plot->bins, 0, sizeof plot->bins);
    for (gint64 number = plot->low; number <= plot->high; number++) {
        const Bin *from = &old[slot_of(number)];
        Bin *to = &plot->bins[slot_of(divide(number, ratio))];
        for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
            to->counts[row] += from->counts[row];
        }
    }
    plot->low = divide(plot->low, ratio);
    plot->high = divide(plot->high, ratio);
    plot->level++;
}

void log_plot_add(LogPlot *plot, gint64 wall, LogPlotRow row) {
    gint64 number = divide(wall, lengths[plot->level]);
    if (!plot->any) {
        plot->low = number;
        plot->high = number;
        plot->any = TRUE;
    }
    while (!fits(plot, number) && plot->level + 1 < G_N_ELEMENTS(lengths)) {
        widen(plot);
        number = divide(wall, lengths[plot->level]);
    }
    plot->low = MIN(plot->low, number);
    plot->high = MAX(plot->high, number);
    plot->bins[slot_of(number)].counts[row]++;
}

static guint64 columns_for(const LogPlot *plot, gint64 step) {
    gint64 ratio = step / lengths[plot->level];
    return (guint64)(divide(plot->high, ratio) - divide(plot->low, ratio)) + 1;
}

static gint64 find_step(const LogPlot *plot, guint columns) {
    gint64 length = lengths[plot->level];
    size_t i = 0;
    while (i + 1 < G_N_ELEMENTS(steps)
           && (steps[i] % length != 0 || columns_for(plot, steps[i]) > columns)) {
        i++;
    }
    return steps[i];
}

void log_plot_table(const LogPlot *plot, guint columns, LogPlotTable *out) {
    *out = (LogPlotTable){.step = 1};
    if (!plot->any) {
        return;
    }
    out->step = find_step(plot, MAX(columns, LEAST_COLUMNS));
    gint64 ratio = out->step / lengths[plot->level];
    gint64 first = divide(plot->low, ratio);
    out->start = first * out->step;
    out->columns = (guint)columns_for(plot, out->step);
    for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
        out->counts[row] = g_new0(guint64, out->columns);
        for (gint64 number = plot->low; number <= plot->high; number++) {
            guint64 count = plot->bins[slot_of(number)].counts[row];
            out->counts[row][divide(number, ratio) - first] += count;
            out->totals[row] += count;
        }
    }
}

void log_plot_table_clear(LogPlotTable *table) {
    for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
        g_clear_pointer(&table->counts[row], g_free);
    }
}

const char *log_plot_row_name(LogPlotRow row) {
    static const char *const names[LOG_PLOT_ROWS] = {"permit", "dunno", "reject", "defer", "other"};
    return names[row];
}

/* `5 minutes`, in the largest unit that divides it. */
static void write_step(gint64 step, GString *out) {
    static const struct {
        gint64 length;
        const char *name;
    } units[] = {
        {WEEK, "week"}, {DAY, "day"}, {HOUR, "hour"}, {MINUTE, "minute"}, {1, "second"},
    };
    size_t i = 0;
    while (step % units[i].length != 0) {
        i++;
    }
    gint64 count = step / units[i].length;
    g_string_append_printf(out, "%" G_GINT64_FORMAT " %s%s", count, units[i].name,
                           count == 1 ? "" : "s");
}

/* From 1, the smallest that is not nothing, to 8, the highest. */
static const char *find_bar(guint64 count, guint64 most, gboolean utf8) {
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    size_t height = count == 0 ? 0 : (size_t)((count * 8 + most - 1) / most);
    return utf8 ? blocks[height] : letters[height];
}

static void write_row(const LogPlotTable *table, LogPlotRow row, gboolean utf8, GString *out) {
    guint64 most = 0;
    for (guint i = 0; i < table->columns; i++) {
        most = MAX(most, table->counts[row][i]);
    }
    g_string_append_printf(out, "  %-6s |", log_plot_row_name(row));
    for (guint i = 0; i < table->columns; i++) {
        g_string_append(out, find_bar(table->counts[row][i], most, utf8));
    }
    g_string_append_printf(out, "| %" G_GUINT64_FORMAT "\n", most);
}

/* Columns of the widest number at a row's end, and of all else beside the bars. */
static guint find_margin(const LogPlot *plot) {
    char number[32];
    g_auto(LogPlotTable) one = {0};
    guint64 most = 0;
    log_plot_table(plot, LIMIT_LOG_COLUMNS, &one);
    for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
        most = MAX(most, one.totals[row]);
    }
    return (guint)(sizeof "  permit || " - 1)
           + (guint)g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, most);
}

void log_plot_write(const LogPlot *plot, guint width, gboolean utf8, GString *out) {
    g_auto(LogPlotTable) table = {0};
    char start[LOG_TIME_SIZE];
    guint margin = find_margin(plot);
    log_plot_table(plot, width > margin ? MIN(width - margin, LIMIT_LOG_COLUMNS) : 0, &table);
    if (table.columns == 0) {
        return;
    }
    log_time_format(table.start, start);
    g_string_append_printf(out, "from %s, a column is ", start);
    write_step(table.step, out);
    g_string_append(out, "; behind each row its highest\n");
    for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
        if (table.totals[row] > 0) {
            write_row(&table, (LogPlotRow)row, utf8, out);
        }
    }
}
