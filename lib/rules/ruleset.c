/*
 * Ruleset: owns all that its rules borrow.
 */
#include "rules/ruleset.h"

#include "rules/index.h"

struct Ruleset {
    gatomicrefcount references;
    GArray *rules;
    GArray *assertions;
    GPtrArray *expressions;
    GPtrArray *lists;
    GPtrArray *regexes;
    GPtrArray *texts;
    GPtrArray *files;
    GArray *definitions;
    Source *source;
    Index *index;
    Landmarks landmarks;
    gboolean accepts_open_relay;
    char hash[RULESET_HASH_LENGTH + 1];
};

static void clear_rule(gpointer data) {
    Rule *rule = data;
    g_free(rule->place);
    g_free(rule->decision);
    g_free(rule->reply);
}

static void clear_assertion(gpointer data) {
    Assertion *assertion = data;
    g_free(assertion->place);
}

Ruleset *ruleset_new(void) {
    Ruleset *ruleset = g_new0(Ruleset, 1);
    g_atomic_ref_count_init(&ruleset->references);
    ruleset->rules = g_array_new(FALSE, FALSE, sizeof(Rule));
    g_array_set_clear_func(ruleset->rules, clear_rule);
    ruleset->assertions = g_array_new(FALSE, FALSE, sizeof(Assertion));
    g_array_set_clear_func(ruleset->assertions, clear_assertion);
    ruleset->expressions = g_ptr_array_new_with_free_func((GDestroyNotify)expression_free);
    ruleset->lists = g_ptr_array_new_with_free_func((GDestroyNotify)list_free);
    ruleset->regexes = g_ptr_array_new_with_free_func((GDestroyNotify)regex_free);
    ruleset->texts = g_ptr_array_new_with_free_func(g_free);
    ruleset->files = g_ptr_array_new_null_terminated(1, g_free, TRUE);
    ruleset->definitions = g_array_new(FALSE, FALSE, sizeof(Definition));
    return ruleset;
}

Ruleset *ruleset_ref(Ruleset *ruleset) {
    g_atomic_ref_count_inc(&ruleset->references);
    return ruleset;
}

void ruleset_unref(Ruleset *ruleset) {
    if (!ruleset || !g_atomic_ref_count_dec(&ruleset->references)) {
        return;
    }
    index_free(ruleset->index);
    g_array_unref(ruleset->rules);
    g_array_unref(ruleset->assertions);
    g_ptr_array_unref(ruleset->expressions);
    g_ptr_array_unref(ruleset->lists);
    g_ptr_array_unref(ruleset->regexes);
    g_ptr_array_unref(ruleset->texts);
    g_ptr_array_unref(ruleset->files);
    g_array_unref(ruleset->definitions);
    source_free(ruleset->source);
    g_free(ruleset);
}

guint ruleset_rule_count(const Ruleset *ruleset) {
    return ruleset->rules->len;
}

const Rule *ruleset_rule(const Ruleset *ruleset, guint index) {
    return &g_array_index(ruleset->rules, Rule, index);
}

guint ruleset_assertion_count(const Ruleset *ruleset) {
    return ruleset->assertions->len;
}

const Assertion *ruleset_assertion(const Ruleset *ruleset, guint index) {
    return &g_array_index(ruleset->assertions, Assertion, index);
}

gboolean ruleset_accepts_open_relay(const Ruleset *ruleset) {
    return ruleset->accepts_open_relay;
}

const Landmarks *ruleset_landmarks(const Ruleset *ruleset) {
    return &ruleset->landmarks;
}

const Source *ruleset_source(const Ruleset *ruleset) {
    return ruleset->source;
}

guint ruleset_definition_count(const Ruleset *ruleset) {
    return ruleset->definitions->len;
}

const Definition *ruleset_definition(const Ruleset *ruleset, guint index) {
    return &g_array_index(ruleset->definitions, Definition, index);
}

guint ruleset_expression_count(const Ruleset *ruleset) {
    return ruleset->expressions->len;
}

const Expression *ruleset_expression(const Ruleset *ruleset, guint index) {
    return g_ptr_array_index(ruleset->expressions, index);
}

const List *ruleset_list(const Ruleset *ruleset, const char *name) {
    for (guint i = 0; i < ruleset->lists->len; i++) {
        const List *list = g_ptr_array_index(ruleset->lists, i);
        if (g_strcmp0(list_name(list), name) == 0) {
            return list;
        }
    }
    return NULL;
}

guint ruleset_named_list_count(const Ruleset *ruleset) {
    guint count = 0;
    for (guint i = 0; i < ruleset->lists->len; i++) {
        count += list_name(g_ptr_array_index(ruleset->lists, i)) != NULL;
    }
    return count;
}

const char *ruleset_hash(const Ruleset *ruleset) {
    return ruleset->hash;
}

const char *const *ruleset_files(const Ruleset *ruleset) {
    return (const char *const *)ruleset->files->pdata;
}

const List *ruleset_add_list(Ruleset *ruleset, List *list) {
    g_ptr_array_add(ruleset->lists, list);
    return list;
}

const Regex *ruleset_add_regex(Ruleset *ruleset, Regex *regex) {
    g_ptr_array_add(ruleset->regexes, regex);
    return regex;
}

const char *ruleset_add_text(Ruleset *ruleset, const char *text) {
    char *copy = g_strdup(text);
    g_ptr_array_add(ruleset->texts, copy);
    return copy;
}

const Expression *ruleset_add_expression(Ruleset *ruleset, Expression *expression) {
    g_ptr_array_add(ruleset->expressions, expression);
    return expression;
}

void ruleset_add_rule(Ruleset *ruleset, const Rule *rule) {
    g_array_append_val(ruleset->rules, *rule);
}

void ruleset_add_assertion(Ruleset *ruleset, const Assertion *assertion) {
    g_array_append_val(ruleset->assertions, *assertion);
}

void ruleset_add_file(Ruleset *ruleset, const char *path) {
    g_ptr_array_add(ruleset->files, g_strdup(path));
}

void ruleset_add_definition(Ruleset *ruleset, const Definition *definition) {
    g_array_append_val(ruleset->definitions, *definition);
}

void ruleset_set_landmarks(Ruleset *ruleset, const Landmarks *landmarks) {
    ruleset->landmarks = *landmarks;
}

void ruleset_set_source(Ruleset *ruleset, Source *source) {
    ruleset->source = source;
}

void ruleset_set_accepts_open_relay(Ruleset *ruleset) {
    ruleset->accepts_open_relay = TRUE;
}

void ruleset_set_hash(Ruleset *ruleset, const char *hash) {
    g_strlcpy(ruleset->hash, hash, sizeof ruleset->hash);
}

const Index *ruleset_index(const Ruleset *ruleset) {
    return ruleset->index;
}

void ruleset_seal(Ruleset *ruleset) {
    ruleset->index = index_new(ruleset->expressions, ruleset->rules);
}

static void reseal(Ruleset *ruleset, const GPtrArray *expressions) {
    index_free(ruleset->index);
    ruleset->index = index_new(expressions, ruleset->rules);
}

void ruleset_join(Ruleset *a, Ruleset *b) {
    /* The same expressions in the same order get the same numbers, both times. */
    g_autoptr(GPtrArray) both = g_ptr_array_new();
    g_ptr_array_extend(both, a->expressions, NULL, NULL);
    g_ptr_array_extend(both, b->expressions, NULL, NULL);
    reseal(a, both);
    reseal(b, both);
}
