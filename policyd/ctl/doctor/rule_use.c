/*
 * RuleUse: a walk over the condition of each rule. Conditions are shared, so a part is looked at
 * once for each way, negated or not, in which it stands.
 */
#include "ctl/doctor/rule_use.h"

typedef struct {
    RuleUse *use;
    const Rule *rule;
    GHashTable *seen[2]; /* of Expression: as it is, and negated */
} Walk;

static void add_context(RuleUse *use, Text text) {
    g_autofree char *context = g_strndup(text.data, text.length);
    if (!rule_use_has_context(use, context)) {
        g_ptr_array_add(use->contexts, g_steal_pointer(&context));
    }
}

static void note_context(RuleUse *use, const Test *test) {
    if (test->kind == TEST_IN_STRINGS) {
        const TextSet *whole = list_whole(test->list);
        for (guint i = 0; i < text_set_count(whole); i++) {
            add_context(use, text_set_get(whole, i));
        }
    } else {
        use->any_context = TRUE;
    }
}

/* A rule that is for some states names them without a `not`. */
static void note_states(const Walk *walk, const Test *test, gboolean negated) {
    const char *const *names = attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values;
    if (test->kind != TEST_IN_STRINGS || negated) {
        return;
    }
    for (guint i = 0; i < STATE_COUNT; i++) {
        if (!walk->use->state_rules[i] && list_has_string(test->list, text_from_string(names[i]))) {
            walk->use->state_rules[i] = walk->rule;
        }
    }
}

static void note_attribute(const Walk *walk, Attribute attribute) {
    const Rule **first = &walk->use->first[attribute];
    *first = *first ? *first : walk->rule;
}

static void visit_test(const Walk *walk, const Test *test, gboolean negated) {
    note_attribute(walk, test->operand.attribute);
    if (test->kind == TEST_SAME) {
        note_attribute(walk, test->other.attribute);
    }
    if (test->operand.attribute == ATTRIBUTE_POLICY_CONTEXT) {
        note_context(walk->use, test);
    } else if (test->operand.attribute == ATTRIBUTE_PROTOCOL_STATE) {
        note_states(walk, test, negated);
    }
}

/* An expression is at most LIMIT_DEPTH deep. */
static void visit(const Walk *walk, const Expression *expression, gboolean negated) {
    if (!g_hash_table_add(walk->seen[negated], (gpointer)(guintptr)expression)) {
        return;
    }
    if (expression->kind == EXPRESSION_TEST) {
        visit_test(walk, &expression->test, negated);
        return;
    }
    for (guint i = 0; i < expression->count; i++) {
        visit(walk, expression->parts[i], negated != (expression->kind == EXPRESSION_NOT));
    }
}

RuleUse *rule_use_new(const Ruleset *ruleset) {
    if (!ruleset) {
        return NULL;
    }
    RuleUse *use = g_new0(RuleUse, 1);
    Walk walk = {use, NULL, {g_hash_table_new(NULL, NULL), g_hash_table_new(NULL, NULL)}};
    use->contexts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        walk.rule = ruleset_rule(ruleset, i);
        use->permits = use->permits || (walk.rule->outcomes & (1U << ACTION_PERMIT));
        if (walk.rule->condition) {
            visit(&walk, walk.rule->condition, FALSE);
        }
    }
    g_hash_table_unref(walk.seen[FALSE]);
    g_hash_table_unref(walk.seen[TRUE]);
    return use;
}

void rule_use_free(RuleUse *use) {
    if (use) {
        g_ptr_array_unref(use->contexts);
        g_free(use);
    }
}

gboolean rule_use_has_context(const RuleUse *use, const char *context) {
    for (guint i = 0; i < use->contexts->len; i++) {
        if (g_str_equal(g_ptr_array_index(use->contexts, i), context)) {
            return TRUE;
        }
    }
    return FALSE;
}
