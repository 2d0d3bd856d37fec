/*
 * Lint rules: how many rules the index can't tell apart. Each is tried for every request that no
 * rule above it decides. That takes 20 to 40 ns a rule (measured: a regex, a `not ... in`, two
 * attributes compared), so a hundred take as long as all else that policyd does with a request.
 */
#include "analysis/linter.h"
#include "rules/index.h"

#define TRIED_MAX 100

void linter_rules(Linter *linter) {
    const Ruleset *ruleset = linter->ruleset;
    const guint32 *rules = index_postings_always(ruleset_index(ruleset));
    const Rule *first = NULL;
    guint count = 0;
    for (; *rules != INDEX_END; rules++) {
        const Rule *rule = ruleset_rule(ruleset, *rules);
        first = first || !rule->condition ? first : rule;
        count += rule->condition != NULL;
    }
    if (count >= TRIED_MAX) {
        diagnostics_warn(linter->warnings, LINT_SLOW,
                         source_span(ruleset_source(ruleset), first->offset, first->length),
                         "this rule and %u more can't be looked up by a value, so each request is "
                         "tried on all of them, one by one; demand something by '==' or 'in' too",
                         count - 1);
    }
}
