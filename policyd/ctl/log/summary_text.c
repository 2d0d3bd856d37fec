/*
 * LogSummary as text: the head, the plot, a list of each kind of text, and the rules never hit.
 */
#include "ctl/log/columns.h"
#include "ctl/log/summary_private.h"

static void write_head(const LogSummary *summary, const LogSummaryHead *head, GString *out) {
    g_string_append_printf(out, "%s: %" G_GUINT64_FORMAT " line%s, %" G_GUINT64_FORMAT " matched\n",
                           head->name, head->lines, head->lines == 1 ? "" : "s", summary->count);
    log_left_out_write(head->left_out, "", TRUE, out);
    if (summary->count > 0) {
        g_string_append_printf(out, "the first of %s, the last of %s\n", summary->first,
                               summary->last);
    }
    if (summary->dry_runs > 0) {
        g_string_append_printf(out,
                               "%" G_GUINT64_FORMAT " of a dry run: the client was told DUNNO\n",
                               summary->dry_runs);
    }
}

/* Where a count may be too high, it says by how much. */
static void write_entry(const LogTopEntry *entry, guint64 total, GString *out) {
    g_string_append_printf(out, "  %10" G_GUINT64_FORMAT "  %5.1f %%  ", entry->count,
                           100.0 * (double)entry->count / (double)total);
    log_columns_escape(entry->text, out);
    if (entry->over > 0) {
        g_string_append_printf(out, "  (at most; at least %" G_GUINT64_FORMAT ")",
                               entry->count - entry->over);
    }
    g_string_append_c(out, '\n');
}

/* Of counts that are not exact, only those are shown that are more than half sure: the others may
 * be texts that came once. */
static guint count_shown(const GPtrArray *sorted) {
    guint shown = 0;
    while (shown < MIN(sorted->len, LOG_SUMMARY_SHOWN)) {
        const LogTopEntry *entry = g_ptr_array_index(sorted, shown);
        if (entry->over > 0 && entry->over >= entry->count / 2) {
            break;
        }
        shown++;
    }
    return shown;
}

static void write_more(const LogTop *top, const GPtrArray *sorted, guint shown, GString *out) {
    if (sorted->len == shown) {
        return;
    }
    const LogTopEntry *entry = g_ptr_array_index(sorted, shown);
    g_string_append_printf(out, "  and %s%u more", log_top_is_exact(top) ? "" : "over ",
                           sorted->len - shown);
    if (!log_top_is_exact(top)) {
        g_string_append_printf(out, ", each in at most %" G_GUINT64_FORMAT " lines", entry->count);
    }
    g_string_append_c(out, '\n');
}

static void write_top(const LogSummary *summary, LogSummaryTop kind, GString *out) {
    static const char *const names[LOG_SUMMARY_TOPS] = {
        "decisions", "clients", "logins", "recipients' domains", "rules",
    };
    const LogTop *top = summary->tops[kind];
    g_autoptr(GPtrArray) sorted = log_top_sorted(top);
    guint shown = count_shown(sorted);
    if (sorted->len == 0) {
        return;
    }
    g_string_append_printf(out, "\n%s%s\n", names[kind],
                           log_top_is_exact(top) ? "" : ", with approximate counts");
    for (guint i = 0; i < shown; i++) {
        write_entry(g_ptr_array_index(sorted, i), summary->count, out);
    }
    write_more(top, sorted, shown, out);
}

/* Those of one kind, if there are any. */
static void write_rules(const LogRules *rules, LogRulesUse use, const char *title, GString *out) {
    const Ruleset *ruleset = log_rules_ruleset(rules);
    gboolean any = FALSE;
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        if (log_rules_use(rules, i) != use) {
            continue;
        }
        g_autofree char *text = log_rules_text(rules, i);
        if (!any) {
            g_string_append_printf(out, "\n%s\n", title);
        }
        g_string_append_printf(out, "  %s: %s\n", ruleset_rule(ruleset, i)->place, text);
        any = TRUE;
    }
}

static void write_unused(const LogRules *rules, GString *out) {
    guint64 others = log_rules_others(rules);
    write_rules(rules, LOG_RULES_NEVER, "rules never hit", out);
    write_rules(rules, LOG_RULES_ELSEWHERE,
                "rules hit only when the file or its lists were others: it may be another rule",
                out);
    if (others > 0) {
        g_string_append_printf(out,
                               "\n%" G_GUINT64_FORMAT " of the lines were decided by another "
                               "ruleset than %s\n",
                               others, ruleset_hash(log_rules_ruleset(rules)));
    }
}

void log_summary_write(const LogSummary *summary, const LogSummaryHead *head, guint width,
                       gboolean utf8, GString *out) {
    write_head(summary, head, out);
    if (summary->count > 0) {
        g_string_append_c(out, '\n');
        log_plot_write(summary->plot, width, utf8, out);
    }
    for (guint i = 0; i < LOG_SUMMARY_TOPS; i++) {
        write_top(summary, (LogSummaryTop)i, out);
    }
    if (summary->rules) {
        write_unused(summary->rules, out);
    }
}
