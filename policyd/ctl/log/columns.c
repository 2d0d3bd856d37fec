/*
 * LogColumns: a cell is written, then filled up with blanks to its column's width.
 */
#include "ctl/log/columns.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "ctl/log/decision.h"
#include "ctl/log/sender.h"

#define GAP 2
#define CUT "..."

enum { TIME, DECISION, RULE, CLIENT, LOGIN, SENDER, RECIPIENT };

/* What a column takes from the start, and what it grows to. */
static const struct {
    size_t least;
    size_t most;
} bounds[LOG_COLUMNS] = {
    [TIME] = {19, 19}, [DECISION] = {6, 16}, [RULE] = {14, 24},      [CLIENT] = {15, 39},
    [LOGIN] = {6, 24}, [SENDER] = {20, 32},  [RECIPIENT] = {20, 32},
};

void log_columns_init(LogColumns *columns, gboolean colour) {
    columns->colour = colour;
    for (size_t i = 0; i < LOG_COLUMNS; i++) {
        columns->widths[i] = bounds[i].least;
    }
}

static gboolean is_plain(char byte) {
    return g_ascii_isprint(byte) && byte != '"' && byte != '\\';
}

void log_columns_escape(Text value, GString *out) {
    static const char digits[] = "0123456789abcdef";
    size_t start = out->len;
    for (size_t i = 0; i < value.length; i++) {
        guchar byte = (guchar)value.data[i];
        size_t length = is_plain(value.data[i]) ? 1 : 4;
        if (out->len - start + length > LIMIT_LOG_VALUE) {
            g_string_append(out, CUT);
            return;
        }
        if (length == 1) {
            g_string_append_c(out, value.data[i]);
        } else {
            const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            g_string_append_len(out, escape, sizeof escape);
        }
    }
}

/* What the cell holds began at `start`; `width` is what is seen of it. */
static void end_cell(LogColumns *columns, size_t column, size_t width, GString *out) {
    size_t *wide = &columns->widths[column];
    *wide = CLAMP(width, *wide, bounds[column].most);
    for (size_t i = width; i < *wide + GAP; i++) {
        g_string_append_c(out, ' ');
    }
    if (width >= *wide + GAP) {
        g_string_append_c(out, ' ');
    }
}

static void write_cell(LogColumns *columns, size_t column, Text value, GString *out) {
    size_t start = out->len;
    log_columns_escape(value.length > 0 ? value : TEXT_LITERAL("-"), out);
    end_cell(columns, column, out->len - start, out);
}

/* `2026-11-22 17:31:41`: the log's own clock, as it was. */
static void write_time(LogColumns *columns, Text time, GString *out) {
    size_t start = out->len;
    g_string_append_len(out, time.data, (gssize)bounds[TIME].least);
    out->str[start + sizeof "2026-11-22" - 1] = ' ';
    end_cell(columns, TIME, bounds[TIME].least, out);
}

static const char *find_colour(Text decision) {
    Action action;
    if (!log_decision_action(decision, &action)) {
        return "\033[35m";
    }
    switch (action) {
    case ACTION_PERMIT:
        return "\033[32m";
    case ACTION_DUNNO:
        return "";
    case ACTION_REJECT:
    case ACTION_DISCARD:
        return "\033[31m";
    case ACTION_DEFER:
    case ACTION_DEFER_IF_PERMIT:
    case ACTION_DEFER_IF_REJECT:
    case ACTION_HOLD:
        return "\033[33m";
    default:
        return "\033[36m";
    }
}

static void write_decision(LogColumns *columns, Text decision, GString *out) {
    const char *colour = columns->colour ? find_colour(decision) : "";
    g_string_append(out, colour);
    size_t start = out->len;
    log_columns_escape(log_decision_word(decision), out);
    size_t width = out->len - start;
    g_string_append(out, *colour ? "\033[0m" : "");
    end_cell(columns, DECISION, width, out);
}

/* The file's name without its folders, and the line. */
static Text shorten_place(Text place) {
    size_t start = (size_t)(text_find_last(place, '/') + 1);
    return text_make(place.data + start, place.length - start);
}

static Text find_sender(const Request *request) {
    return log_sender_is_null(request) ? TEXT_LITERAL("<>") : request->values[ATTRIBUTE_SENDER];
}

/* What is behind the decision's first word. */
static void write_rest(const AuditLine *line, GString *out) {
    size_t start = log_decision_word(line->decision).length;
    while (start < line->decision.length && strchr(" ,", line->decision.data[start])) {
        start++;
    }
    log_columns_escape(text_make(line->decision.data + start, line->decision.length - start), out);
    if (line->dry_run) {
        g_string_append(out, g_str_has_suffix(out->str, " ") ? "(dry run)" : " (dry run)");
    }
}

void log_columns_write(LogColumns *columns, const AuditLine *line, GString *out) {
    const Text *values = line->request.values;
    write_time(columns, line->time, out);
    write_decision(columns, line->decision, out);
    write_cell(columns, RULE, shorten_place(line->rule), out);
    write_cell(columns, CLIENT, values[ATTRIBUTE_CLIENT_ADDRESS], out);
    write_cell(columns, LOGIN, values[ATTRIBUTE_SASL_USERNAME], out);
    write_cell(columns, SENDER, find_sender(&line->request), out);
    write_cell(columns, RECIPIENT, values[ATTRIBUTE_RECIPIENT], out);
    write_rest(line, out);
    while (out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, '\n');
}
