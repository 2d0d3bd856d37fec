/*
 * Print: one statement a line; parentheses only where the tree needs them.
 */
#include "fuzz/print.h"

#include <string.h>

#include "protocol/action.h"

static void print_string(const char *text, GString *out) {
    g_string_append_c(out, '"');
    for (; *text; text++) {
        g_string_append(out, *text == '"' || *text == '\\' ? "\\" : "");
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

static void print_item(const Item *item, GString *out) {
    switch (item->kind) {
    case ITEM_BARE:
    case ITEM_LIST:
        g_string_append(out, item->word.text);
        return;
    case ITEM_FILE:
        g_string_append(out, "file ");
        print_string(item->word.text, out);
        return;
    case ITEM_POSTCONF:
        g_string_append_printf(out, "postconf %s", item->word.text);
        return;
    case ITEM_STRING:
        print_string(item->word.text, out);
        return;
    }
}

static void print_items(const GArray *items, GString *out) {
    for (guint i = 0; i < items->len; i++) {
        g_string_append(out, i > 0 ? ", " : "");
        print_item(&g_array_index(items, Item, i), out);
    }
}

static void print_in(const Node *node, GString *out) {
    g_string_append(out, node->negated ? " not in " : " in ");
    g_string_append(out, node->braces ? "{ " : "");
    print_items(node->items, out);
    g_string_append(out, node->braces ? " }" : "");
}

static void print_compare(const Node *node, GString *out) {
    static const char *const signs[] = {
        [COMPARISON_EQUAL] = "==",
        [COMPARISON_LESS] = "<",
        [COMPARISON_LESS_OR_EQUAL] = "<=",
        [COMPARISON_GREATER] = ">",
        [COMPARISON_GREATER_OR_EQUAL] = ">=",
    };
    g_string_append_printf(out, " %s ", node->negated ? "!=" : signs[node->comparison]);
    if (node->quoted) {
        print_string(node->right.text, out);
    } else {
        g_string_append(out, node->right.text);
    }
}

static void print_node(const Node *node, GString *out);

/* `above` binds no weaker than what it may hold without parentheses. */
static void print_part(const Node *part, NodeKind above, GString *out) {
    gboolean open = (part->kind == NODE_OR || part->kind == NODE_AND)
                    && !(part->kind == NODE_AND && above == NODE_OR);
    g_string_append(out, open ? "(" : "");
    print_node(part, out);
    g_string_append(out, open ? ")" : "");
}

static void print_connective(const Node *node, GString *out) {
    const char *word = node->kind == NODE_NOT ? "not " : node->kind == NODE_AND ? " and " : " or ";
    for (guint i = 0; i < node->parts->len; i++) {
        g_string_append(out, i > 0 || node->kind == NODE_NOT ? word : "");
        print_part(g_ptr_array_index(node->parts, i), node->kind, out);
    }
}

static void print_node(const Node *node, GString *out) {
    switch (node->kind) {
    case NODE_NOT:
    case NODE_AND:
    case NODE_OR:
        print_connective(node, out);
        return;
    default:
        g_string_append(out, node->name.text);
        break;
    }
    if (node->kind == NODE_IN) {
        print_in(node, out);
    } else if (node->kind == NODE_COMPARE) {
        print_compare(node, out);
    } else if (node->kind == NODE_MATCHES) {
        g_string_append_printf(out, " matches /%s/%s", node->right.text, node->caseless ? "i" : "");
    }
}

static void print_actions(const Statement *statement, GString *out) {
    for (guint i = 0; i < statement->actions->len; i++) {
        g_string_append(out, i > 0 ? ", " : "");
        g_string_append(out, g_array_index(statement->actions, Word, i).text);
    }
    if (statement->code.text) {
        g_string_append_printf(out, " %s", statement->code.text);
    }
    if (statement->text.text) {
        g_string_append_c(out, ' ');
        print_string(statement->text.text, out);
    }
    if (statement->condition) {
        g_string_append(out, " if ");
        print_node(statement->condition, out);
    }
}

static void print_statement(const Statement *statement, GString *out) {
    switch (statement->kind) {
    case STATEMENT_LIST:
        g_string_append_printf(out, "%s %s = ", list_kind_name(statement->list_kind),
                               statement->name.text);
        print_items(statement->items, out);
        break;
    case STATEMENT_CONDITION:
        g_string_append_printf(out, "condition %s = ", statement->name.text);
        print_node(statement->condition, out);
        break;
    case STATEMENT_NEVER:
    case STATEMENT_ALWAYS:
        g_string_append(out, statement->kind == STATEMENT_NEVER ? "never " : "always ");
        print_actions(statement, out);
        break;
    case STATEMENT_RULE:
        print_actions(statement, out);
        break;
    case STATEMENT_ACCEPT_OPEN_RELAY:
        g_string_append(out, "accept open relay");
        break;
    case STATEMENT_UNKNOWN:
        break;
    }
    g_string_append_c(out, '\n');
}

char *print_statements(const GPtrArray *statements) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < statements->len; i++) {
        print_statement(g_ptr_array_index(statements, i), out);
    }
    return g_string_free(out, FALSE);
}

/* Comparing. */

static gboolean same_words(const GArray *a, const GArray *b) {
    if (!a || !b || a->len != b->len) {
        return a == b;
    }
    for (guint i = 0; i < a->len; i++) {
        if (g_strcmp0(g_array_index(a, Word, i).text, g_array_index(b, Word, i).text) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean same_items(const GArray *a, const GArray *b) {
    if (!a || !b || a->len != b->len) {
        return a == b;
    }
    for (guint i = 0; i < a->len; i++) {
        const Item *left = &g_array_index(a, Item, i);
        const Item *right = &g_array_index(b, Item, i);
        if (left->kind != right->kind || g_strcmp0(left->word.text, right->word.text) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean same_nodes(const Node *a, const Node *b) {
    guint parts = a && a->parts ? a->parts->len : 0;
    if (!a || !b) {
        return a == b;
    }
    if (a->kind != b->kind || a->negated != b->negated || a->braces != b->braces
        || a->comparison != b->comparison || a->quoted != b->quoted || a->caseless != b->caseless
        || g_strcmp0(a->name.text, b->name.text) != 0
        || g_strcmp0(a->right.text, b->right.text) != 0 || !same_items(a->items, b->items)
        || parts != (b->parts ? b->parts->len : 0)) {
        return FALSE;
    }
    for (guint i = 0; i < parts; i++) {
        if (!same_nodes(g_ptr_array_index(a->parts, i), g_ptr_array_index(b->parts, i))) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean same_statements(const Statement *a, const Statement *b) {
    return a->kind == b->kind && a->broken == b->broken && a->list_kind == b->list_kind
           && g_strcmp0(a->name.text, b->name.text) == 0
           && g_strcmp0(a->code.text, b->code.text) == 0
           && g_strcmp0(a->text.text, b->text.text) == 0 && same_items(a->items, b->items)
           && same_words(a->actions, b->actions) && same_nodes(a->condition, b->condition);
}

gboolean print_is_same(const GPtrArray *a, const GPtrArray *b) {
    gboolean same = a->len == b->len;
    for (guint i = 0; same && i < a->len; i++) {
        same = same_statements(g_ptr_array_index(a, i), g_ptr_array_index(b, i));
    }
    return same;
}
