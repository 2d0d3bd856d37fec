/*
 * Explain format: an explanation as text. Only values come from outside, and those are escaped; the
 * rest is from the rule file and its lists, which hold no control characters.
 */
#include "limit.h"
#include "rules/explainer.h"

/* A text of the file, on one line, cut to LIMIT_EXCERPT characters. */
static void write_excerpt(Text text, GString *out) {
    g_autofree char *copy = g_strndup(text.data, text.length);
    glong characters = g_utf8_strlen(copy, -1);
    if (characters <= LIMIT_EXCERPT) {
        g_string_append(out, copy);
        return;
    }
    g_autofree char *cut = g_utf8_substring(copy, 0, LIMIT_EXCERPT);
    g_string_append_printf(out, "%s...", cut);
}

void explain_place(const ListEntry *entry, GString *out) {
    write_excerpt(entry->item, out);
    g_string_append_printf(out, ", %s:%u", entry->source, entry->line);
}

/* As it stands in the rule's verdict: what doesn't hold of a rule that matched has a `not`. */
static void write_claim(const ExplainClaim *claim, gboolean matched, GString *out) {
    g_string_append(out, claim->holds == matched ? "" : "not ");
    write_excerpt(text_from_string(claim->text), out);
    g_string_append(out, ": ");
}

/* A bare attribute says no more than its value, which follows. */
static gboolean is_bare(const ExplainReason *reason, const ExplainClaim *claim) {
    return reason->test->test.kind == TEST_PRESENT && g_str_has_prefix(reason->why, claim->text);
}

static void write_reason(const ExplainReason *reason, gboolean matched, GString *out) {
    for (guint i = 0; i < reason->claims->len; i++) {
        const ExplainClaim *claim = &g_array_index(reason->claims, ExplainClaim, i);
        if (i < reason->claims->len - 1 || !is_bare(reason, claim)) {
            write_claim(claim, matched, out);
        }
    }
    g_string_append_printf(out, "%s\n", reason->why);
}

static void write_rule(const ExplainedRule *explained, GString *out) {
    const Rule *rule = explained->rule;
    gboolean single = explained->reasons->len == 1 && !explained->more;
    g_string_append_printf(out, "%s: %s: %s", rule->place, action_info(rule->action)->name,
                           explained->matched ? "yes" : "no");
    if (!rule->condition) {
        g_string_append(out, ": it has no condition\n");
        return;
    }
    g_string_append(out, single ? ": " : ":\n");
    for (guint i = 0; i < explained->reasons->len; i++) {
        g_string_append(out, single ? "" : "    ");
        write_reason(g_ptr_array_index(explained->reasons, i), explained->matched, out);
    }
    if (explained->more) {
        g_string_append(out, "    and more\n");
    }
}

/* The rules between two that are told, from 1; there may be none. */
static void write_gap(const Ruleset *ruleset, guint first, guint next, GString *out) {
    if (next > first) {
        guint count = next - first;
        g_string_append(out, ruleset_rule(ruleset, first - 1)->place);
        if (count > 1) {
            g_string_append_printf(out, " to %u", ruleset_rule(ruleset, next - 2)->line);
        }
        g_string_append_printf(out, ": %u rule%s: no\n", count, count == 1 ? "" : "s");
    }
}

static void write_value(const ExplainedValue *value, GString *out) {
    g_string_append(out, value->text);
    if (value->value && value->listed) {
        g_string_append(out, value->entries->len > 0 ? ": in " : ": in no list");
    }
    for (guint i = 0; i < value->entries->len; i++) {
        const ExplainedEntry *entry = &g_array_index(value->entries, ExplainedEntry, i);
        g_string_append_printf(out, "%s%s (", i > 0 ? ", " : "", entry->name);
        explain_place(&entry->entry, out);
        g_string_append_c(out, ')');
    }
    if (value->more > 0) {
        g_string_append_printf(out, ", and %u more", value->more);
    }
    g_string_append_c(out, '\n');
}

char *explanation_format(const Explanation *explanation) {
    GString *out = g_string_new(NULL);
    guint shown = 0;
    g_string_append_printf(out, "%s decides: %s\n\n", explanation->decision->place,
                           explanation->decision->decision);
    for (guint i = 0; i < explanation->rules->len; i++) {
        const ExplainedRule *rule = g_ptr_array_index(explanation->rules, i);
        write_gap(explanation->ruleset, shown + 1, rule->number, out);
        write_rule(rule, out);
        shown = rule->number;
    }
    g_string_append(out, explanation->values->len > 0 ? "\n" : "");
    for (guint i = 0; i < explanation->values->len; i++) {
        write_value(g_ptr_array_index(explanation->values, i), out);
    }
    return g_string_free(out, FALSE);
}
