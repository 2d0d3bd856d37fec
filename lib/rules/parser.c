/*
 * Parser: recursive descent, one token ahead. A statement's first error ends the statement, and
 * the parser goes on with the next; a statement that the lexer broke off is left out silently, as
 * it is reported already.
 */
#include "rules/parser.h"

#include <string.h>

#include "limit.h"
#include "protocol/action.h"
#include "rules/lexer.h"
#include "rules/nearest.h"

typedef struct {
    const Token *tokens;
    guint at;
    guint depth;
    Diagnostics *diagnostics;
} Parser;

static const char *const keywords[] = {
    "networks", "domains", "addresses", "strings", "condition", "never", "always",   "accept", "if",
    "and",      "or",      "not",       "in",      "matches",   "file",  "postconf", NULL};

gboolean parser_is_keyword(Text word) {
    for (const char *const *keyword = keywords; *keyword; keyword++) {
        if (text_equal(word, text_from_string(*keyword))) {
            return TRUE;
        }
    }
    return FALSE;
}

static const Token *peek(const Parser *parser) {
    return &parser->tokens[parser->at];
}

/* TRUE where the statement that is being read has ended. */
static gboolean at_end(const Parser *parser) {
    return peek(parser)->starts_statement;
}

static const Token *take(Parser *parser) {
    return &parser->tokens[parser->at++];
}

static gboolean is(const Parser *parser, TokenKind kind, const char *text) {
    const Token *token = peek(parser);
    return !at_end(parser) && token->kind == kind && (!text || strcmp(token->text, text) == 0);
}

static gboolean take_if(Parser *parser, TokenKind kind, const char *text) {
    if (!is(parser, kind, text)) {
        return FALSE;
    }
    parser->at++;
    return TRUE;
}

static Word take_word(Parser *parser) {
    const Token *token = take(parser);
    return (Word){g_strdup(token->text), token->span};
}

static Span last_span(const Parser *parser) {
    return parser->tokens[parser->at - 1].span;
}

/* Reports what stands where something else should: at the statement's end, behind its last token.
 */
static gboolean expected(Parser *parser, const char *what) {
    const Token *token = peek(parser);
    Span span = token->span;
    if (at_end(parser)) {
        Span last = last_span(parser);
        span = (Span){last.source, last.offset + last.length, 0};
        diagnostics_add(parser->diagnostics, span, "the statement ends where %s should stand",
                        what);
    } else if (token->kind != TOKEN_BROKEN) {
        diagnostics_add(parser->diagnostics, span, "unexpected '%.*s'; %s should stand here",
                        (int)span.length, span.source->text.data + span.offset, what);
    }
    return FALSE;
}

static gboolean parse_item(Parser *parser, GArray *items) {
    Item item = {.kind = ITEM_STRING};
    const Token *token = peek(parser);
    if (is(parser, TOKEN_STRING, NULL)) {
        item.word = take_word(parser);
    } else if (take_if(parser, TOKEN_WORD, "file")) {
        if (!is(parser, TOKEN_STRING, NULL)) {
            return expected(parser, "the file's path in quotes");
        }
        item.kind = ITEM_FILE;
        item.word = take_word(parser);
    } else if (take_if(parser, TOKEN_WORD, "postconf")) {
        if (!is(parser, TOKEN_WORD, NULL)) {
            return expected(parser, "the name of a Postfix parameter");
        }
        item.kind = ITEM_POSTCONF;
        item.word = take_word(parser);
    } else if (is(parser, TOKEN_WORD, NULL)) {
        item.kind = strpbrk(token->text, ".:@") ? ITEM_BARE : ITEM_LIST;
        item.word = take_word(parser);
    } else {
        return expected(parser, "an item of a list");
    }
    item.word.span = syntax_join(token->span, item.word.span);
    g_array_append_val(items, item);
    return TRUE;
}

static gboolean parse_items(Parser *parser, GArray *items) {
    do {
        if (!parse_item(parser, items)) {
            return FALSE;
        }
    } while (take_if(parser, TOKEN_SIGN, ","));
    return TRUE;
}

static Node *parse_expression(Parser *parser);

static gboolean parse_braces(Parser *parser, Node *node) {
    node->items = syntax_items_new();
    node->braces = take_if(parser, TOKEN_SIGN, "{");
    if (!node->braces) {
        if (!is(parser, TOKEN_WORD, NULL)) {
            return expected(parser, "a list's name or '{'");
        }
        return parse_item(parser, node->items);
    }
    if (!parse_items(parser, node->items)) {
        return FALSE;
    }
    return take_if(parser, TOKEN_SIGN, "}") || expected(parser, "',' or '}'");
}

static gboolean parse_comparison(Parser *parser, Node *node) {
    static const struct {
        const char *sign;
        Comparison comparison;
        gboolean negated;
    } signs[] = {
        {"==", COMPARISON_EQUAL, FALSE},  {"!=", COMPARISON_EQUAL, TRUE},
        {"<", COMPARISON_LESS, FALSE},    {"<=", COMPARISON_LESS_OR_EQUAL, FALSE},
        {">", COMPARISON_GREATER, FALSE}, {">=", COMPARISON_GREATER_OR_EQUAL, FALSE},
    };
    const char *sign = take(parser)->text;
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (strcmp(sign, signs[i].sign) == 0) {
            node->comparison = signs[i].comparison;
            node->negated = signs[i].negated;
        }
    }
    node->quoted = is(parser, TOKEN_STRING, NULL);
    if (!node->quoted && !is(parser, TOKEN_WORD, NULL)) {
        return expected(parser, "a quoted string, a number or an attribute");
    }
    node->right = take_word(parser);
    return TRUE;
}

static gboolean parse_regex(Parser *parser, Node *node) {
    if (!is(parser, TOKEN_REGEX, NULL)) {
        return expected(parser, "a regex, as in /^mail[0-9]+/");
    }
    node->caseless = peek(parser)->caseless;
    node->right = take_word(parser);
    return TRUE;
}

static gboolean is_comparison_sign(const Parser *parser) {
    return is(parser, TOKEN_SIGN, NULL) && strchr("=!<>", peek(parser)->text[0]) != NULL;
}

/* What stands behind the left side of a test: nothing, for a bare attribute or a condition. */
static gboolean parse_test_rest(Parser *parser, Node *node) {
    gboolean negated = take_if(parser, TOKEN_WORD, "not");
    if (take_if(parser, TOKEN_WORD, "in")) {
        node->kind = NODE_IN;
        node->negated = negated;
        return parse_braces(parser, node);
    }
    if (negated) {
        return expected(parser, "'in'");
    }
    if (take_if(parser, TOKEN_WORD, "matches")) {
        node->kind = NODE_MATCHES;
        return parse_regex(parser, node);
    }
    if (is(parser, TOKEN_SIGN, "=")) {
        return expected(parser, "'=='");
    }
    if (is_comparison_sign(parser)) {
        node->kind = NODE_COMPARE;
        return parse_comparison(parser, node);
    }
    return TRUE;
}

static Node *parse_test(Parser *parser) {
    const Token *token = peek(parser);
    if (!is(parser, TOKEN_WORD, NULL) || parser_is_keyword(text_from_string(token->text))) {
        expected(parser, "a condition");
        return NULL;
    }
    g_autoptr(Node) node = node_new(NODE_NAME, token->span);
    node->name = take_word(parser);
    if (!parse_test_rest(parser, node)) {
        return NULL;
    }
    node->span = syntax_join(node->span, last_span(parser));
    if (is_comparison_sign(parser) || is(parser, TOKEN_WORD, "in")
        || is(parser, TOKEN_WORD, "matches")) {
        expected(parser, "'and', 'or' or the end of the condition (tests do not chain)");
        return NULL;
    }
    return g_steal_pointer(&node);
}

static Node *parse_negation(Parser *parser) {
    Span start = peek(parser)->span;
    if (parser->depth >= LIMIT_DEPTH) {
        diagnostics_add(parser->diagnostics, start, "the condition is nested over %d deep",
                        LIMIT_DEPTH);
        return NULL;
    }
    if (take_if(parser, TOKEN_WORD, "not")) {
        parser->depth++;
        g_autoptr(Node) part = parse_negation(parser);
        parser->depth--;
        if (!part) {
            return NULL;
        }
        Node *node = node_new(NODE_NOT, syntax_join(start, part->span));
        node->parts = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
        g_ptr_array_add(node->parts, g_steal_pointer(&part));
        return node;
    }
    if (!take_if(parser, TOKEN_SIGN, "(")) {
        return parse_test(parser);
    }
    parser->depth++;
    g_autoptr(Node) inside = parse_expression(parser);
    parser->depth--;
    if (inside && !take_if(parser, TOKEN_SIGN, ")")) {
        expected(parser, "')', 'and' or 'or'");
        return NULL;
    }
    return g_steal_pointer(&inside);
}

/* Two or more of a kind become one node; one alone stays itself. */
static Node *parse_series(Parser *parser, NodeKind kind, const char *word,
                          Node *(*parse_part)(Parser *)) {
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
    do {
        Node *part = parse_part(parser);
        if (!part) {
            return NULL;
        }
        g_ptr_array_add(parts, part);
    } while (take_if(parser, TOKEN_WORD, word));
    if (parts->len == 1) {
        return g_ptr_array_steal_index(parts, 0);
    }
    const Node *first = g_ptr_array_index(parts, 0);
    Node *node = node_new(kind, syntax_join(first->span, last_span(parser)));
    node->parts = g_steal_pointer(&parts);
    return node;
}

static Node *parse_conjunction(Parser *parser) {
    return parse_series(parser, NODE_AND, "and", parse_negation);
}

static Node *parse_expression(Parser *parser) {
    return parse_series(parser, NODE_OR, "or", parse_conjunction);
}

static gboolean parse_condition(Parser *parser, Statement *statement) {
    statement->condition = parse_expression(parser);
    if (!statement->condition) {
        return FALSE;
    }
    return at_end(parser) || expected(parser, "'and', 'or' or the end of the statement");
}

static gboolean parse_definition(Parser *parser, Statement *statement) {
    if (!is(parser, TOKEN_WORD, NULL)) {
        return expected(parser, "a name");
    }
    statement->name = take_word(parser);
    return take_if(parser, TOKEN_SIGN, "=") || expected(parser, "'='");
}

static gboolean parse_list(Parser *parser, Statement *statement) {
    statement->items = syntax_items_new();
    if (!parse_definition(parser, statement) || !parse_items(parser, statement->items)) {
        return FALSE;
    }
    return at_end(parser) || expected(parser, "',' or the end of the statement");
}

static gboolean parse_named_condition(Parser *parser, Statement *statement) {
    return parse_definition(parser, statement) && parse_condition(parser, statement);
}

static gboolean parse_rule(Parser *parser, Statement *statement) {
    Word action = {g_strdup(parser->tokens[parser->at - 1].text), statement->span};
    statement->actions = syntax_words_new();
    g_array_append_val(statement->actions, action);
    if (is(parser, TOKEN_WORD, NULL) && g_ascii_isdigit(peek(parser)->text[0])) {
        statement->code = take_word(parser);
    }
    if (is(parser, TOKEN_STRING, NULL)) {
        statement->text = take_word(parser);
    }
    if (take_if(parser, TOKEN_WORD, "if")) {
        return parse_condition(parser, statement);
    }
    return at_end(parser) || expected(parser, "a text in quotes, 'if' or the end of the statement");
}

static gboolean parse_assertion(Parser *parser, Statement *statement) {
    statement->actions = syntax_words_new();
    do {
        if (!is(parser, TOKEN_WORD, NULL) || is(parser, TOKEN_WORD, "if")) {
            return expected(parser, "an action");
        }
        Word action = take_word(parser);
        g_array_append_val(statement->actions, action);
    } while (take_if(parser, TOKEN_SIGN, ","));
    if (!take_if(parser, TOKEN_WORD, "if")) {
        return expected(parser, "',' or 'if'");
    }
    return parse_condition(parser, statement);
}

static gboolean parse_accept(Parser *parser, Statement *statement) {
    (void)statement;
    if (!take_if(parser, TOKEN_WORD, "open") || !take_if(parser, TOKEN_WORD, "relay")) {
        return expected(parser, "'open relay'");
    }
    return at_end(parser) || expected(parser, "the end of the statement");
}

typedef struct {
    const char *word;
    StatementKind kind;
    ListKind list_kind;
    gboolean (*parse)(Parser *parser, Statement *statement);
} StatementForm;

static const StatementForm forms[] = {
    {"networks", STATEMENT_LIST, LIST_NETWORKS, parse_list},
    {"domains", STATEMENT_LIST, LIST_DOMAINS, parse_list},
    {"addresses", STATEMENT_LIST, LIST_ADDRESSES, parse_list},
    {"strings", STATEMENT_LIST, LIST_STRINGS, parse_list},
    {"condition", STATEMENT_CONDITION, 0, parse_named_condition},
    {"never", STATEMENT_NEVER, 0, parse_assertion},
    {"always", STATEMENT_ALWAYS, 0, parse_assertion},
    {"accept", STATEMENT_ACCEPT_OPEN_RELAY, 0, parse_accept},
};

static const StatementForm rule_form = {"", STATEMENT_RULE, 0, parse_rule};

static const StatementForm *find_form(const Token *token) {
    Action action;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (strcmp(token->text, forms[i].word) == 0) {
            return &forms[i];
        }
    }
    return action_find(text_from_string(token->text), &action) ? &rule_form : NULL;
}

static void report_unknown_form(Parser *parser, const Token *token) {
    const char *known[G_N_ELEMENTS(forms) + ACTION_COUNT + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        known[i] = forms[i].word;
    }
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        known[G_N_ELEMENTS(forms) + i] = action_info((Action)i)->name;
    }
    const char *nearest = nearest_find(text_from_string(token->text), known);
    if (nearest) {
        diagnostics_add(parser->diagnostics, token->span,
                        "unknown action or statement '%s'; did you mean '%s'?", token->text,
                        nearest);
    } else {
        diagnostics_add(parser->diagnostics, token->span, "unknown action or statement '%s'",
                        token->text);
    }
}

/* FNV-1a. */
#define HASH_START G_GUINT64_CONSTANT(0xcbf29ce484222325)

static guint64 hash_byte(guint64 hash, char byte) {
    return (hash ^ (guchar)byte) * G_GUINT64_CONSTANT(0x100000001b3);
}

/* Of what was taken since `first`. A newline, which none of them holds, parts them. */
static guint64 hash_tokens(const Parser *parser, guint first) {
    guint64 hash = HASH_START;
    for (guint i = first; i < parser->at; i++) {
        Span span = parser->tokens[i].span;
        for (size_t j = 0; j < span.length; j++) {
            hash = hash_byte(hash, span.source->text.data[span.offset + j]);
        }
        hash = hash_byte(hash, '\n');
    }
    return hash;
}

static Statement *parse_statement(Parser *parser) {
    guint first = parser->at;
    const Token *token = take(parser);
    Statement *statement = statement_new(STATEMENT_UNKNOWN, token->span);
    const StatementForm *form = token->kind == TOKEN_WORD ? find_form(token) : NULL;
    if (form) {
        statement->kind = form->kind;
        statement->list_kind = form->list_kind;
        statement->broken = !form->parse(parser, statement);
        statement->text_hash = statement->kind == STATEMENT_RULE ? hash_tokens(parser, first) : 0;
    } else if (token->kind == TOKEN_WORD) {
        report_unknown_form(parser, token);
    } else if (token->kind != TOKEN_BROKEN) {
        diagnostics_add(parser->diagnostics, token->span,
                        "a statement starts with a word such as 'permit' or 'networks'");
    }
    return statement;
}

static void skip_statement(Parser *parser) {
    while (!at_end(parser)) {
        parser->at++;
    }
}

GPtrArray *parser_read(const Source *source, Diagnostics *diagnostics) {
    g_autoptr(GArray) tokens = lexer_read(source, diagnostics);
    GPtrArray *statements = g_ptr_array_new_with_free_func((GDestroyNotify)statement_free);
    Parser parser = {.tokens = (const Token *)(gpointer)tokens->data, .diagnostics = diagnostics};
    if (!at_end(&parser)) {
        Span span = peek(&parser)->span;
        diagnostics_add(diagnostics, span,
                        "a statement starts in the first column; white space before it continues "
                        "the one above");
        g_ptr_array_add(statements, statement_new(STATEMENT_UNKNOWN, span));
        skip_statement(&parser);
    }
    while (peek(&parser)->kind != TOKEN_END) {
        g_ptr_array_add(statements, parse_statement(&parser));
        skip_statement(&parser);
    }
    return statements;
}
