/*
 * Explain: what made each rule match or not. A conjunction that fails is told by the first part
 * that fails, one that holds by all its parts; a disjunction the other way round; `not` by its
 * part. So the reasons of a rule, taken together, are enough for its outcome.
 *
 * Conditions share their parts, so that a walk of all paths could be without end: within a rule,
 * each expression is told once. Nothing fails.
 */
#include "rules/explain.h"

#include "limit.h"
#include "rules/explainer.h"

/* The walk of one rule's condition. */
typedef struct {
    Explainer *explainer;
    ExplainedRule *rule;
    GHashTable *seen;
    GPtrArray *names; /* Expressions: the named conditions around */
} Walk;

static gboolean holds(const Explainer *explainer, const Expression *expression) {
    return match_is_true(explainer->matcher, explainer->ruleset, explainer->request, expression);
}

static void free_reason(gpointer data) {
    ExplainReason *reason = data;
    g_array_unref(reason->claims);
    g_free(reason->why);
    g_free(reason);
}

static void free_rule(gpointer data) {
    ExplainedRule *rule = data;
    g_ptr_array_unref(rule->reasons);
    g_free(rule);
}

static void clear_claim(gpointer data) {
    ExplainClaim *claim = data;
    g_free(claim->text);
}

/* Tests within built-in conditions have no text of their own. */
static char *copy_text(const Expression *test) {
    GString *out = g_string_new(test->text);
    if (!test->text) {
        explain_operand(test->test.operand, out);
    }
    if (!test->text && test->test.kind == TEST_IN_NETWORKS) {
        g_string_append_printf(out, " in %s", list_name(test->test.list));
    }
    return g_string_free(out, FALSE);
}

static void add_claim(GArray *claims, char *text, gboolean is_true) {
    ExplainClaim claim = {text, is_true};
    g_array_append_val(claims, claim);
}

static void add_reason(Walk *walk, const Expression *test, gboolean is_true) {
    ExplainReason *reason = g_new0(ExplainReason, 1);
    reason->test = test;
    reason->claims = g_array_new(FALSE, FALSE, sizeof(ExplainClaim));
    g_array_set_clear_func(reason->claims, clear_claim);
    for (guint i = 0; i < MIN(walk->names->len, LIMIT_EXPLAIN_NAMES); i++) {
        const Expression *named = g_ptr_array_index(walk->names, i);
        add_claim(reason->claims, g_strdup(named->text), holds(walk->explainer, named));
    }
    add_claim(reason->claims, copy_text(test), is_true);
    reason->why = explain_test(walk->explainer, test);
    g_ptr_array_add(walk->rule->reasons, reason);
}

static void walk_expression(Walk *walk, const Expression *expression);

static void walk_parts(Walk *walk, const Expression *expression, gboolean is_true) {
    gboolean decisive = expression->kind == EXPRESSION_OR;
    for (guint i = 0; i < expression->count; i++) {
        const Expression *part = expression->parts[i];
        if (expression->kind == EXPRESSION_NOT || is_true != decisive) {
            walk_expression(walk, part);
        } else if (holds(walk->explainer, part) == decisive) {
            walk_expression(walk, part);
            return;
        }
    }
}

static void walk_expression(Walk *walk, const Expression *expression) {
    gboolean is_true = holds(walk->explainer, expression);
    if (walk->rule->more || !g_hash_table_add(walk->seen, (gpointer)(guintptr)expression)) {
        return;
    }
    if (walk->rule->reasons->len == LIMIT_EXPLAIN_REASONS) {
        walk->rule->more = TRUE;
        return;
    }
    if (expression->kind == EXPRESSION_TEST) {
        add_reason(walk, expression, is_true);
        return;
    }
    guint outer = walk->names->len;
    if (expression->text) {
        g_ptr_array_add(walk->names, (gpointer)(guintptr)expression);
    }
    walk_parts(walk, expression, is_true);
    g_ptr_array_set_size(walk->names, (gint)outer);
}

static ExplainedRule *explain_rule(Explainer *explainer, guint index, gboolean matched) {
    ExplainedRule *explained = g_new0(ExplainedRule, 1);
    explained->rule = ruleset_rule(explainer->ruleset, index);
    explained->number = index + 1;
    explained->matched = matched;
    explained->reasons = g_ptr_array_new_with_free_func(free_reason);
    if (explained->rule->condition) {
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        Walk walk = {explainer, explained, seen, names};
        walk_expression(&walk, explained->rule->condition);
    }
    return explained;
}

/* The number of the rule that decides. It is the first that matches, or match.c is at odds with
 * itself. */
static guint find_decision(const Explainer *explainer, const Rule *decision) {
    guint index = 0;
    const Rule *rule = ruleset_rule(explainer->ruleset, 0);
    while (rule->condition && !holds(explainer, rule->condition)) {
        rule = ruleset_rule(explainer->ruleset, ++index);
    }
    g_assert(rule == decision);
    return index;
}

/* A rule that one part of its condition kept from matching, and that others spoke for. */
static gboolean came_close(const Explainer *explainer, const Rule *rule) {
    const Expression *condition = rule->condition;
    guint failed = 0;
    if (condition->kind != EXPRESSION_AND) {
        return FALSE;
    }
    for (guint i = 0; i < condition->count && failed < 2; i++) {
        failed += !holds(explainer, condition->parts[i]);
    }
    return failed == 1;
}

/* Which rules before the deciding one are to be told, ascending. */
static GArray *choose_rules(const Explainer *explainer, guint decision, gboolean all) {
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(guint));
    gboolean every = all || decision < LIMIT_EXPLAIN_RULES;
    for (guint i = decision; i > 0 && (every || chosen->len < LIMIT_EXPLAIN_RULES - 1); i--) {
        guint index = i - 1;
        if (every || came_close(explainer, ruleset_rule(explainer->ruleset, index))) {
            g_array_append_val(chosen, index);
        }
    }
    return chosen;
}

static GPtrArray *explain_rules(Explainer *explainer, const Rule *decision, gboolean all) {
    GPtrArray *rules = g_ptr_array_new_with_free_func(free_rule);
    guint last = find_decision(explainer, decision);
    g_autoptr(GArray) chosen = choose_rules(explainer, last, all);
    for (guint i = chosen->len; i > 0; i--) {
        guint index = g_array_index(chosen, guint, i - 1);
        g_ptr_array_add(rules, explain_rule(explainer, index, FALSE));
    }
    g_ptr_array_add(rules, explain_rule(explainer, last, TRUE));
    return rules;
}

Explanation *explain(const Ruleset *ruleset, const Request *request, gboolean all) {
    Explanation *explanation = g_new0(Explanation, 1);
    g_autoptr(Matcher) matcher = matcher_new();
    g_autofree char *scratch = g_malloc(LIMIT_BLOCK);
    g_autofree char *other_scratch = g_malloc(LIMIT_BLOCK);
    g_autoptr(GHashTable) lookups = explain_lookups_new();
    Explainer explainer = {
        .ruleset = ruleset,
        .request = request,
        .matcher = matcher,
        .regex_scratch = regex_scratch_new(),
        .lookups = lookups,
        .scratch = scratch,
        .other_scratch = other_scratch,
    };
    explanation->ruleset = ruleset;
    explanation->decision = match(matcher, ruleset, request);
    explanation->rules = explain_rules(&explainer, explanation->decision, all);
    explanation->values = explain_classes(&explainer);
    regex_scratch_free(explainer.regex_scratch);
    return explanation;
}

void explanation_free(Explanation *explanation) {
    if (explanation) {
        g_ptr_array_unref(explanation->rules);
        g_ptr_array_unref(explanation->values);
        g_free(explanation);
    }
}

char *explain_text(const Ruleset *ruleset, const Request *request) {
    g_autoptr(Explanation) explanation = explain(ruleset, request, FALSE);
    return explanation_format(explanation);
}
