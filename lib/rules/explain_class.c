/*
 * Explain class: each value that the rules look at, with the named lists that hold it.
 */
#include "limit.h"
#include "rules/explainer.h"

#define PARTS 3

/* The operands that rules look at, by attribute and part, and the expressions that were seen. */
typedef struct {
    gboolean wanted[ATTRIBUTE_COUNT][PARTS];
    GHashTable *seen;
} Survey;

static void survey_expression(Survey *survey, const Expression *expression) {
    if (!g_hash_table_add(survey->seen, (gpointer)(guintptr)expression)) {
        return;
    }
    for (guint i = 0; i < expression->count; i++) {
        survey_expression(survey, expression->parts[i]);
    }
    if (expression->kind == EXPRESSION_TEST) {
        const Test *test = &expression->test;
        survey->wanted[test->operand.attribute][test->operand.part] = TRUE;
        if (test->kind == TEST_SAME) {
            survey->wanted[test->other.attribute][test->other.part] = TRUE;
        }
    }
}

static void survey_rules(Survey *survey, const Ruleset *ruleset) {
    survey->seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        if (rule->condition) {
            survey_expression(survey, rule->condition);
        }
    }
    g_hash_table_unref(survey->seen);
}

/* What kinds of list an operand may be looked for in. */
static gboolean is_of_kind(Operand operand, ListKind kind) {
    switch (operand_class(operand)) {
    case OPERAND_ADDRESS:
        return kind == LIST_NETWORKS;
    case OPERAND_MAILBOX:
        return kind == LIST_DOMAINS || kind == LIST_ADDRESSES;
    case OPERAND_DOMAIN:
        return kind == LIST_DOMAINS;
    case OPERAND_STRING:
    case OPERAND_ENUMERATION:
        return kind == LIST_STRINGS;
    case OPERAND_NUMBER:
        break;
    }
    return FALSE;
}

static void add_entries(Explainer *explainer, Operand operand, ExplainedValue *value) {
    for (guint i = 0; i < ruleset_definition_count(explainer->ruleset); i++) {
        const Definition *definition = ruleset_definition(explainer->ruleset, i);
        ExplainedEntry entry = {.name = definition->name};
        if (!definition->list || !is_of_kind(operand, list_kind(definition->list))) {
            continue;
        }
        value->listed = TRUE;
        if (!explain_entry(explainer, definition->list, operand, &entry.entry)) {
            continue;
        }
        if (value->entries->len < LIMIT_EXPLAIN_ENTRIES) {
            g_array_append_val(value->entries, entry);
        } else {
            value->more++;
        }
    }
}

static char *copy_value(Explainer *explainer, Operand operand) {
    GString *out = g_string_new(NULL);
    explain_escape(operand_read(operand, explainer->request, explainer->scratch), out);
    return g_string_free(out, FALSE);
}

static ExplainedValue *make_value(Explainer *explainer, Operand operand) {
    ExplainedValue *value = g_new0(ExplainedValue, 1);
    GString *name = g_string_new(NULL);
    GString *text = g_string_new(NULL);
    explain_operand(operand, name);
    if (explain_value(explainer, operand, text)) {
        value->value = copy_value(explainer, operand);
    }
    if (operand_class(operand) == OPERAND_MAILBOX) {
        explain_routing(explainer, operand, text);
    }
    value->name = g_string_free(name, FALSE);
    value->text = g_string_free(text, FALSE);
    value->entries = g_array_new(FALSE, FALSE, sizeof(ExplainedEntry));
    add_entries(explainer, operand, value);
    return value;
}

static void free_value(gpointer data) {
    ExplainedValue *value = data;
    g_free(value->name);
    g_free(value->text);
    g_free(value->value);
    g_array_unref(value->entries);
    g_free(value);
}

GPtrArray *explain_classes(Explainer *explainer) {
    GPtrArray *values = g_ptr_array_new_with_free_func(free_value);
    Survey survey = {0};
    survey_rules(&survey, explainer->ruleset);
    for (guint attribute = 0; attribute < ATTRIBUTE_COUNT; attribute++) {
        for (guint part = 0; part < PARTS; part++) {
            if (survey.wanted[attribute][part]) {
                Operand operand = {(Attribute)attribute, (AttributePart)part};
                g_ptr_array_add(values, make_value(explainer, operand));
            }
        }
    }
    return values;
}
