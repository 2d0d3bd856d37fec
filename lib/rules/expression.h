/*
 * Expression: a condition, typed: a tree of tests. Named conditions are shared, so it is a graph
 * without cycles. match.c says what each means.
 */
#ifndef POLICY_EXPRESSION_H
#define POLICY_EXPRESSION_H

#include "rules/list.h"
#include "rules/operand.h"
#include "rules/regex.h"

typedef enum {
    TEST_PRESENT,
    TEST_IN_NETWORKS,
    TEST_IN_DOMAINS, /* the operand is a domain of the list */
    TEST_AT_DOMAINS, /* the operand is a mailbox, final at a domain of the list */
    TEST_IN_ADDRESSES,
    TEST_IN_STRINGS,
    TEST_EQUAL_FOLDED, /* a string equals `text`, letters folded */
    TEST_NUMBER,       /* a number against `number` */
    TEST_REGEX,
    TEST_SAME,   /* equal to the operand `other` */
    TEST_ROUTED, /* a mailbox names further routing */
} TestKind;

typedef enum {
    COMPARISON_EQUAL,
    COMPARISON_LESS,
    COMPARISON_LESS_OR_EQUAL,
    COMPARISON_GREATER,
    COMPARISON_GREATER_OR_EQUAL,
} Comparison;

typedef struct {
    TestKind kind;
    Operand operand;
    union {
        const List *list;   /* TEST_IN_*, TEST_AT_DOMAINS */
        const char *text;   /* TEST_EQUAL_FOLDED */
        const Regex *regex; /* TEST_REGEX */
        Operand other;      /* TEST_SAME */
        struct {
            Comparison comparison;
            guint64 value;
        } number; /* TEST_NUMBER */
    };

    /* Set by the index: whose atom answers the test, and as what number there. */
    guint facet;   /* FACETLESS: it is evaluated, and remembered under `index` */
    guint32 index; /* INDEX_PRESENT: it holds of every atom but ATOM_ABSENT */
} Test;

#define FACETLESS G_MAXUINT
#define INDEX_PRESENT G_MAXUINT32

typedef enum {
    EXPRESSION_TEST,
    EXPRESSION_NOT, /* one part */
    EXPRESSION_AND, /* two or more parts */
    EXPRESSION_OR,
} ExpressionKind;

typedef struct Expression {
    ExpressionKind kind;
    guint depth; /* 1 for a test, else one more than its deepest part: at most LIMIT_DEPTH */
    guint count;
    const struct Expression **parts;
    Test test;
    const char *text; /* what a person calls it: a test as the file has it, but without its `not`; a
                         condition's name; NULL where there is neither or it wasn't kept */
    guint32 memo;     /* set by the index: where the outcome is remembered, or MEMO_NONE */
} Expression;

/* Whether the comparison of a TEST_NUMBER holds of this number. */
gboolean test_holds_of(const Test *test, guint64 number);

/* The list of a test that has one, else NULL. */
const List *test_list(const Test *test);

/* The expression is part of one other at most, so it is evaluated once. */
#define MEMO_NONE G_MAXUINT32

/* The parts are borrowed, and outlive the expression: a ruleset owns them all. */
Expression *expression_new_test(const Test *test);
Expression *expression_new(ExpressionKind kind, const Expression *const *parts, guint count);
void expression_free(Expression *expression);

#endif
