/*
 * Expression: making and freeing.
 */
#include "rules/expression.h"

Expression *expression_new_test(const Test *test) {
    Expression *expression = g_new0(Expression, 1);
    expression->kind = EXPRESSION_TEST;
    expression->depth = 1;
    expression->memo = MEMO_NONE;
    expression->test = *test;
    return expression;
}

Expression *expression_new(ExpressionKind kind, const Expression *const *parts, guint count) {
    Expression *expression = g_new0(Expression, 1);
    expression->kind = kind;
    expression->count = count;
    expression->memo = MEMO_NONE;
    expression->parts = g_new(const Expression *, count);
    for (guint i = 0; i < count; i++) {
        expression->parts[i] = parts[i];
        expression->depth = MAX(expression->depth, parts[i]->depth + 1);
    }
    return expression;
}

void expression_free(Expression *expression) {
    if (expression) {
        g_free(expression->parts);
        g_free(expression);
    }
}

gboolean test_holds_of(const Test *test, guint64 number) {
    guint64 value = test->number.value;
    switch (test->number.comparison) {
    case COMPARISON_EQUAL:
        return number == value;
    case COMPARISON_LESS:
        return number < value;
    case COMPARISON_LESS_OR_EQUAL:
        return number <= value;
    case COMPARISON_GREATER:
        return number > value;
    case COMPARISON_GREATER_OR_EQUAL:
        break;
    }
    return number >= value;
}

const List *test_list(const Test *test) {
    switch (test->kind) {
    case TEST_IN_NETWORKS:
    case TEST_IN_DOMAINS:
    case TEST_AT_DOMAINS:
    case TEST_IN_ADDRESSES:
    case TEST_IN_STRINGS:
        return test->list;
    default:
        return NULL;
    }
}
