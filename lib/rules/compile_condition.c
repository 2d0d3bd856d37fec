/*
 * Compile condition: the connectives. All parts are looked at, so that each error is reported.
 */
#include "limit.h"
#include "rules/compiler.h"

const Expression *compile_connective(Compiler *compiler, Span span, ExpressionKind kind,
                                     const Expression *const *parts, guint count) {
    Expression *expression = expression_new(kind, parts, count);
    ruleset_add_expression(compiler->ruleset, expression);
    if (expression->depth > LIMIT_DEPTH) {
        diagnostics_add(compiler->diagnostics, span,
                        "the condition is nested over %d deep, the conditions that it names "
                        "included",
                        LIMIT_DEPTH);
        return NULL;
    }
    return expression;
}

void compile_set_text(Compiler *compiler, const Expression *expression, const char *text) {
    Expression *named = (Expression *)(guintptr)expression;
    if (compiler->host->detail && !named->text) {
        named->text = ruleset_add_text(compiler->ruleset, text);
    }
}

const Expression *compile_add_test(Compiler *compiler, const Test *test) {
    return ruleset_add_expression(compiler->ruleset, expression_new_test(test));
}

static const Expression *compile_parts(Compiler *compiler, const Node *node, ExpressionKind kind) {
    g_autofree const Expression **parts = g_new(const Expression *, node->parts->len);
    gboolean good = TRUE;
    for (guint i = 0; i < node->parts->len; i++) {
        parts[i] = compile_condition(compiler, g_ptr_array_index(node->parts, i));
        good = good && parts[i];
    }
    return good ? compile_connective(compiler, node->span, kind, parts, node->parts->len) : NULL;
}

const Expression *compile_condition(Compiler *compiler, const Node *node) {
    switch (node->kind) {
    case NODE_NOT:
        return compile_parts(compiler, node, EXPRESSION_NOT);
    case NODE_AND:
        return compile_parts(compiler, node, EXPRESSION_AND);
    case NODE_OR:
        return compile_parts(compiler, node, EXPRESSION_OR);
    default:
        return compile_test(compiler, node);
    }
}
