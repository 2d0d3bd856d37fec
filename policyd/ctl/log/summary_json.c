/*
 * LogSummary as JSON: the same, with all that the lists show.
 */
#include "ctl/log/json.h"
#include "ctl/log/summary_private.h"
#include "ctl/verb.h"

/* Of the plot, at most. */
#define COLUMNS 60

static void add_number(JsonBuilder *builder, const char *name, guint64 value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)value);
}

static void add_text(JsonBuilder *builder, const char *name, Text text) {
    g_autofree char *valid = g_utf8_make_valid(text.data, (gssize)text.length);
    verb_json_string(builder, name, valid);
}

static void begin_array(JsonBuilder *builder, const char *name) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

static void add_plot(JsonBuilder *builder, const LogPlot *plot) {
    g_auto(LogPlotTable) table = {0};
    char start[LOG_TIME_SIZE];
    log_plot_table(plot, COLUMNS, &table);
    log_time_format(table.start, start);
    json_builder_set_member_name(builder, "plot");
    json_builder_begin_object(builder);
    verb_json_string(builder, "start", table.columns > 0 ? start : NULL);
    add_number(builder, "step", (guint64)table.step);
    for (guint row = 0; row < LOG_PLOT_ROWS; row++) {
        begin_array(builder, log_plot_row_name((LogPlotRow)row));
        for (guint i = 0; i < table.columns; i++) {
            json_builder_add_int_value(builder, (gint64)table.counts[row][i]);
        }
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
}

static void add_top(JsonBuilder *builder, const LogTop *top, const char *name) {
    g_autoptr(GPtrArray) sorted = log_top_sorted(top);
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "exact");
    json_builder_add_boolean_value(builder, log_top_is_exact(top));
    add_number(builder, "kinds", sorted->len);
    begin_array(builder, "top");
    for (guint i = 0; i < MIN(sorted->len, LOG_SUMMARY_SHOWN); i++) {
        const LogTopEntry *entry = g_ptr_array_index(sorted, i);
        json_builder_begin_object(builder);
        add_text(builder, "value", entry->text);
        add_number(builder, "lines", entry->count);
        add_number(builder, "over", entry->over);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void add_rules(JsonBuilder *builder, const LogRules *rules) {
    static const char *const names[] = {
        [LOG_RULES_NEVER] = "never", [LOG_RULES_ELSEWHERE] = "elsewhere", [LOG_RULES_HIT] = "hit"};
    const Ruleset *ruleset = log_rules_ruleset(rules);
    json_builder_set_member_name(builder, "rule_file");
    json_builder_begin_object(builder);
    verb_json_string(builder, "ruleset", ruleset_hash(ruleset));
    add_number(builder, "other_rulesets", log_rules_others(rules));
    begin_array(builder, "rules");
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        g_autofree char *text = log_rules_text(rules, i);
        json_builder_begin_object(builder);
        verb_json_string(builder, "rule", ruleset_rule(ruleset, i)->place);
        verb_json_string(builder, "text", text);
        verb_json_string(builder, "use", names[log_rules_use(rules, i)]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void build(const LogSummary *summary, const LogSummaryHead *head, JsonBuilder *builder) {
    static const char *const names[LOG_SUMMARY_TOPS] = {
        "decisions", "clients", "logins", "domains", "rules",
    };
    gboolean any = summary->count > 0;
    json_builder_begin_object(builder);
    verb_json_string(builder, "log", head->name);
    add_number(builder, "lines", head->lines);
    add_number(builder, "matched", summary->count);
    log_left_out_build(head->left_out, builder);
    verb_json_string(builder, "first", any ? summary->first : NULL);
    verb_json_string(builder, "last", any ? summary->last : NULL);
    add_number(builder, "dry_runs", summary->dry_runs);
    add_plot(builder, summary->plot);
    for (guint i = 0; i < LOG_SUMMARY_TOPS; i++) {
        add_top(builder, summary->tops[i], names[i]);
    }
    if (summary->rules) {
        add_rules(builder, summary->rules);
    }
    json_builder_end_object(builder);
}

void log_summary_write_json(const LogSummary *summary, const LogSummaryHead *head, GString *out) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    build(summary, head, builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, TRUE);
    log_json_ascii(text, out);
    g_string_append_c(out, '\n');
}
