/*
 * LogLeftOut: a table of reasons.
 */
#include "ctl/log/left_out.h"

/* Why lines are left out, as text and as JSON has it. */
static const struct {
    const char *text;
    const char *name;
} reasons[LOG_LEFT_OUT_COUNT] = {
    [LOG_LEFT_OUT_CUT] = {"for a cut value", "cut"},
    [LOG_LEFT_OUT_TORN] = {"torn", "torn"},
    [LOG_LEFT_OUT_FOREIGN] = {"no audit line", "foreign"},
};

void log_left_out_add(LogLeftOut *left_out, LogLeftOutReason reason, guint64 line) {
    LogLeftOutLines *lines = &left_out->of[reason];
    if (lines->count < LOG_LEFT_OUT_EXAMPLES) {
        lines->lines[lines->count] = line;
    }
    lines->count++;
}

static void write_numbers(const LogLeftOutLines *lines, GString *out) {
    for (guint64 i = 0; i < MIN(lines->count, LOG_LEFT_OUT_EXAMPLES); i++) {
        g_string_append_printf(out, "%s %" G_GUINT64_FORMAT, i > 0 ? "," : ":", lines->lines[i]);
    }
    g_string_append(out, lines->count > LOG_LEFT_OUT_EXAMPLES ? ", ..." : "");
}

void log_left_out_write(const LogLeftOut *left_out, const char *prefix, gboolean numbered,
                        GString *out) {
    for (guint i = 0; i < LOG_LEFT_OUT_COUNT; i++) {
        const LogLeftOutLines *lines = &left_out->of[i];
        if (lines->count == 0) {
            continue;
        }
        g_string_append_printf(out, "%s%" G_GUINT64_FORMAT " %s left out, %s", prefix, lines->count,
                               lines->count == 1 ? "line" : "lines", reasons[i].text);
        if (numbered) {
            write_numbers(lines, out);
        }
        g_string_append_c(out, '\n');
    }
}

static void build_lines(const LogLeftOutLines *lines, JsonBuilder *builder) {
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "count");
    json_builder_add_int_value(builder, (gint64)lines->count);
    json_builder_set_member_name(builder, "first");
    json_builder_begin_array(builder);
    for (guint64 i = 0; i < MIN(lines->count, LOG_LEFT_OUT_EXAMPLES); i++) {
        json_builder_add_int_value(builder, (gint64)lines->lines[i]);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

void log_left_out_build(const LogLeftOut *left_out, JsonBuilder *builder) {
    json_builder_set_member_name(builder, "left_out");
    json_builder_begin_object(builder);
    for (guint i = 0; i < LOG_LEFT_OUT_COUNT; i++) {
        json_builder_set_member_name(builder, reasons[i].name);
        build_lines(&left_out->of[i], builder);
    }
    json_builder_end_object(builder);
}
