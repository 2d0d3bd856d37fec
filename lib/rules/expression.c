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
