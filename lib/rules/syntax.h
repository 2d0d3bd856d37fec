/*
 * Syntax: a rule file as written, a tree of statements. Names are not looked up yet and types not
 * checked. Every text is owned by the tree; every span points into the file's source.
 */
#ifndef POLICY_SYNTAX_H
#define POLICY_SYNTAX_H

#include "rules/diagnostic.h"
#include "rules/expression.h"
#include "rules/list.h"

/* A word, with its place. */
typedef struct {
    char *text;
    Span span;
} Word;

typedef enum {
    ITEM_BARE,     /* 192.0.2.0/24, .example.com, user@ */
    ITEM_STRING,   /* "localhost" */
    ITEM_LIST,     /* the name of a list */
    ITEM_FILE,     /* file "PATH" */
    ITEM_POSTCONF, /* postconf PARAMETER */
} ItemKind;

typedef struct {
    ItemKind kind;
    Word word; /* of file and postconf: the path or parameter, with the span of both words */
} Item;

typedef enum {
    NODE_NAME,    /* a bare attribute, or a condition */
    NODE_IN,      /* name in LIST, name in { ... } */
    NODE_COMPARE, /* name == "string", name < number, name == attribute */
    NODE_MATCHES, /* name matches /regex/ */
    NODE_NOT,
    NODE_AND,
    NODE_OR,
} NodeKind;

typedef struct Node {
    NodeKind kind;
    Span span;
    Word name;             /* of the four tests: its left side */
    gboolean negated;      /* `not in`, `!=` */
    GArray *items;         /* of NODE_IN: its Items; a list's name is one ITEM_LIST */
    gboolean braces;       /* of NODE_IN: they stood in braces */
    Comparison comparison; /* of NODE_COMPARE */
    gboolean quoted;       /* of NODE_COMPARE: the right side is a string */
    gboolean caseless;     /* of NODE_MATCHES */
    Word right;            /* of NODE_COMPARE and NODE_MATCHES */
    GPtrArray *parts;      /* of the three connectives: their Nodes */
} Node;

typedef enum {
    STATEMENT_LIST,
    STATEMENT_CONDITION,
    STATEMENT_RULE,
    STATEMENT_NEVER,
    STATEMENT_ALWAYS,
    STATEMENT_ACCEPT_OPEN_RELAY,
    STATEMENT_UNKNOWN, /* it starts with no word that starts one, which is reported */
} StatementKind;

typedef struct {
    StatementKind kind;
    gboolean broken;    /* it could not be parsed, which is reported: only kind and name count */
    Span span;          /* its first word */
    ListKind list_kind; /* of a list */
    Word name;          /* of a list and a condition */
    GArray *items;      /* of a list: Items */
    GArray *actions;    /* of a rule, one; of an assertion, one or more Words */
    Word code;          /* of a rule: the reply code; NULL text if there is none */
    Word text;          /* of a rule: the same */
    Node *condition;    /* of a condition, an assertion; of a rule NULL if unconditional */
    guint64 text_hash;  /* of a rule: see ruleset.h */
} Statement;

Node *node_new(NodeKind kind, Span span);
void node_free(Node *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)

Statement *statement_new(StatementKind kind, Span span);
void statement_free(Statement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Statement, statement_free)

/* An array of Items or of Words, which frees their texts. */
GArray *syntax_items_new(void);
GArray *syntax_words_new(void);

/* From the start of `first` to the end of `last`. */
Span syntax_join(Span first, Span last);

#endif
