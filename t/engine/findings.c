/*
 * Findings: a warning's line is that of a rule, and its text names those of others.
 */
#include "engine/findings.h"

#include <string.h>

guint findings_rule_at(const Ruleset *ruleset, guint line) {
    guint i = 0;
    while (i < ruleset_rule_count(ruleset) && ruleset_rule(ruleset, i)->line != line) {
        i++;
    }
    return i;
}

static void finding_free(gpointer data) {
    Finding *finding = data;
    g_array_unref(finding->others);
    g_free(finding);
}

/* "... lines 3, 5 and 2 more ..."; what is no line gives a rule past the last. */
static void read_lines(const Ruleset *ruleset, const char *message, Finding *finding) {
    const char *at = strstr(message, "line");
    gboolean digits = at != NULL;
    at = digits ? at + strspn(at, "lines ") : "";
    while (digits && !finding->more) {
        char *end;
        guint rule = findings_rule_at(ruleset, (guint)g_ascii_strtoull(at, &end, 10));
        finding->more = g_str_has_prefix(end, " more");
        if (!finding->more) {
            g_array_append_val(finding->others, rule);
        }
        at = end + strspn(end, ", ");
        at += g_str_has_prefix(at, "and ") ? strlen("and ") : 0;
        digits = g_ascii_isdigit(*at);
    }
}

GPtrArray *findings_of(const Ruleset *ruleset, guint32 budget) {
    const AnalysisHost host = {.budget = budget};
    g_autoptr(Diagnostics) warnings = diagnostics_new();
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);
    reach_lint(ruleset, TRUE, &host, warnings);
    for (guint i = 0; i < diagnostics_count(warnings); i++) {
        const Diagnostic *warning = diagnostics_get(warnings, i);
        Finding *finding = g_new0(Finding, 1);
        finding->kind = warning->kind;
        finding->rule = findings_rule_at(ruleset, warning->line);
        finding->others = g_array_new(FALSE, FALSE, sizeof(guint));
        read_lines(ruleset, warning->message, finding);
        g_ptr_array_add(findings, finding);
    }
    return findings;
}

gboolean finding_is(const Finding *finding, const char *kind) {
    return g_str_equal(finding->kind, kind);
}

const Finding *findings_find(const GPtrArray *findings, const char *kind, guint rule) {
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->rule == rule && finding_is(finding, kind)) {
            return finding;
        }
    }
    return NULL;
}
