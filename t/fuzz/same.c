/*
 * Same: expressions stand in an array, each behind its parts, so they are compared by their
 * numbers: named conditions, which many may share, are looked at once.
 */
#include "fuzz/same.h"

static gboolean same_sets(const TextSet *a, const TextSet *b) {
    gboolean same = text_set_count(a) == text_set_count(b);
    for (guint i = 0; same && i < text_set_count(a); i++) {
        same = text_set_has(b, text_set_get(a, i));
    }
    return same;
}

static gboolean same_networks(const NetworkSet *a, const NetworkSet *b) {
    gboolean same = TRUE;
    for (AddressFamily family = ADDRESS_IPV4; family <= ADDRESS_IPV6; family++) {
        guint count = network_set_count(a, family);
        same = same && count == network_set_count(b, family);
        for (guint i = 0; same && i < count; i++) {
            Address first[2];
            Address last[2];
            network_set_get(a, family, i, &first[0], &last[0]);
            network_set_get(b, family, i, &first[1], &last[1]);
            same = address_equal(&first[0], &first[1]) && address_equal(&last[0], &last[1]);
        }
    }
    return same;
}

gboolean same_lists(const List *a, const List *b) {
    return list_kind(a) == list_kind(b) && same_sets(list_whole(a), list_whole(b))
           && same_sets(list_open(a), list_open(b))
           && same_networks(list_networks(a), list_networks(b));
}

static gboolean same_operands(Operand a, Operand b) {
    return a.attribute == b.attribute && a.part == b.part;
}

gboolean same_tests(const Test *a, const Test *b) {
    if (a->kind != b->kind || !same_operands(a->operand, b->operand)) {
        return FALSE;
    }
    switch (a->kind) {
    case TEST_PRESENT:
    case TEST_ROUTED:
        return TRUE;
    case TEST_EQUAL_FOLDED:
        return g_str_equal(a->text, b->text);
    case TEST_NUMBER:
        return a->number.comparison == b->number.comparison && a->number.value == b->number.value;
    case TEST_REGEX:
        return text_equal(regex_pattern(a->regex), regex_pattern(b->regex))
               && regex_caseless(a->regex) == regex_caseless(b->regex);
    case TEST_SAME:
        return same_operands(a->other, b->other);
    default:
        return same_lists(a->list, b->list);
    }
}

/* The numbers of a ruleset's expressions, from 1. */
static GHashTable *number(const Ruleset *ruleset) {
    GHashTable *numbers = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < ruleset_expression_count(ruleset); i++) {
        g_hash_table_insert(numbers, (gpointer)(guintptr)ruleset_expression(ruleset, i),
                            GUINT_TO_POINTER(i + 1));
    }
    return numbers;
}

static gboolean same_expressions(const Expression *a, const Expression *b, GHashTable *of_a,
                                 GHashTable *of_b) {
    gboolean same = a->kind == b->kind && a->count == b->count && a->depth == b->depth;
    for (guint i = 0; same && i < a->count; i++) {
        same = g_hash_table_lookup(of_a, a->parts[i]) == g_hash_table_lookup(of_b, b->parts[i]);
    }
    return same && (a->kind != EXPRESSION_TEST || same_tests(&a->test, &b->test));
}

gboolean same_rulesets(const Ruleset *a, const Ruleset *b) {
    g_autoptr(GHashTable) of_a = number(a);
    g_autoptr(GHashTable) of_b = number(b);
    gboolean same = ruleset_rule_count(a) == ruleset_rule_count(b)
                    && ruleset_assertion_count(a) == ruleset_assertion_count(b)
                    && ruleset_expression_count(a) == ruleset_expression_count(b)
                    && ruleset_accepts_open_relay(a) == ruleset_accepts_open_relay(b);
    for (guint i = 0; same && i < ruleset_expression_count(a); i++) {
        same = same_expressions(ruleset_expression(a, i), ruleset_expression(b, i), of_a, of_b);
    }
    for (guint i = 0; same && i < ruleset_rule_count(a); i++) {
        const Rule *left = ruleset_rule(a, i);
        const Rule *right = ruleset_rule(b, i);
        same = g_str_equal(left->reply, right->reply) && left->action == right->action
               && left->outcomes == right->outcomes
               && g_hash_table_lookup(of_a, left->condition)
                      == g_hash_table_lookup(of_b, right->condition);
    }
    for (guint i = 0; same && i < ruleset_assertion_count(a); i++) {
        const Assertion *left = ruleset_assertion(a, i);
        const Assertion *right = ruleset_assertion(b, i);
        same = left->kind == right->kind && left->actions == right->actions
               && g_hash_table_lookup(of_a, left->condition)
                      == g_hash_table_lookup(of_b, right->condition);
    }
    return same;
}
