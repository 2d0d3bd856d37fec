/*
 * Syntax: making and freeing of the tree.
 */
#include "rules/syntax.h"

static void clear_word(gpointer data) {
    g_free(((Word *)data)->text);
}

static void clear_item(gpointer data) {
    g_free(((Item *)data)->word.text);
}

GArray *syntax_items_new(void) {
    GArray *items = g_array_new(FALSE, FALSE, sizeof(Item));
    g_array_set_clear_func(items, clear_item);
    return items;
}

GArray *syntax_words_new(void) {
    GArray *words = g_array_new(FALSE, FALSE, sizeof(Word));
    g_array_set_clear_func(words, clear_word);
    return words;
}

Span syntax_join(Span first, Span last) {
    return (Span){first.source, first.offset, last.offset + last.length - first.offset};
}

Node *node_new(NodeKind kind, Span span) {
    Node *node = g_new0(Node, 1);
    node->kind = kind;
    node->span = span;
    return node;
}

void node_free(Node *node) {
    if (node) {
        g_free(node->name.text);
        g_free(node->right.text);
        g_clear_pointer(&node->items, g_array_unref);
        g_clear_pointer(&node->parts, g_ptr_array_unref);
        g_free(node);
    }
}

Statement *statement_new(StatementKind kind, Span span) {
    Statement *statement = g_new0(Statement, 1);
    statement->kind = kind;
    statement->span = span;
    return statement;
}

void statement_free(Statement *statement) {
    if (statement) {
        g_free(statement->name.text);
        g_free(statement->code.text);
        g_free(statement->text.text);
        g_clear_pointer(&statement->items, g_array_unref);
        g_clear_pointer(&statement->actions, g_array_unref);
        node_free(statement->condition);
        g_free(statement);
    }
}
