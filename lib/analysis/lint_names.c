/*
 * Lint names: lists and conditions that nothing uses. One that is called nearly as one that means
 * something by itself was meant to be that: then the file lacks its trusted networks.
 */
#include "analysis/linter.h"
#include "rules/nearest.h"

/* The name with a meaning of its own that was likely meant, or NULL. */
static const char *find_meant(const Ruleset *ruleset, const Definition *definition) {
    static const char *const networks[] = {"trusted", NULL};
    static const char *const domains[] = {"local", NULL};
    static const char *const conditions[] = {"insider", NULL};
    const char *const *known = conditions;
    if (definition->list) {
        ListKind kind = list_kind(definition->list);
        if (kind != LIST_NETWORKS && kind != LIST_DOMAINS) {
            return NULL;
        }
        known = kind == LIST_NETWORKS ? networks : domains;
    }
    const char *meant = nearest_find(text_from_string(definition->name), known);
    return meant && !ruleset_list(ruleset, meant) ? meant : NULL;
}

static void warn(Linter *linter, const Definition *definition) {
    const char *noun = definition->list ? "list" : "condition";
    const char *meant = find_meant(linter->ruleset, definition);
    Span span =
        source_span(ruleset_source(linter->ruleset), definition->offset, definition->length);
    if (meant) {
        diagnostics_warn(linter->warnings, LINT_UNUSED, span,
                         "%s '%s' is never used; did you mean '%s'?", noun, definition->name,
                         meant);
    } else {
        diagnostics_warn(linter->warnings, LINT_UNUSED, span,
                         "%s '%s' is never used; use it in a rule, or take it out", noun,
                         definition->name);
    }
}

void linter_names(Linter *linter) {
    for (guint i = 0; i < ruleset_definition_count(linter->ruleset); i++) {
        const Definition *definition = ruleset_definition(linter->ruleset, i);
        if (!definition->used) {
            warn(linter, definition);
        }
    }
}
