/*
 * Rules: rule files in tests, and what was reported of them.
 */
#ifndef UNIT_RULES_H
#define UNIT_RULES_H

#include "rules/compile.h"
#include "unit/unit.h"

/* `LINE:COLUMN: MESSAGE`, each on a line, with the file before it where it is not `name`. */
static inline char *rules_report(const Diagnostics *diagnostics, const char *name) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < diagnostics_count(diagnostics); i++) {
        const Diagnostic *found = diagnostics_get(diagnostics, i);
        g_string_append(out, i > 0 ? "\n" : "");
        if (!g_str_equal(found->file, name)) {
            g_string_append_printf(out, "%s:", found->file);
        }
        g_string_append_printf(out, "%u:%u: %s", found->line, found->column, found->message);
    }
    return g_string_free(out, FALSE);
}

/* A text, that is no error in the test. */
static inline Ruleset *rules_good(const char *text) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(text), NULL, diagnostics);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", text, diagnostics_format(diagnostics));
    }
    return ruleset;
}

/* What is reported of a text; the caller frees it. */
static inline char *rules_faults(const char *text) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Ruleset) ruleset = compile_text("f", text_from_string(text), NULL, diagnostics);
    ck_assert_int_eq(ruleset != NULL, diagnostics_count(diagnostics) == 0);
    return rules_report(diagnostics, "f");
}

#endif
