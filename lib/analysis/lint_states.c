/*
 * Lint states: tests of what Postfix never sends in the protocol state that is demanded beside
 * them. Of each expression is worked out in which states it can be true, and in which false: once
 * as far as tests of protocol_state say, and once as far as attributes are filled there. Where the
 * parts of an `and` demand some states and one of them can't be true in any of these, it never is.
 */
#include <string.h>

#include "analysis/linter.h"

/* The states, and one more for a protocol_state that is absent or not among them. */
#define OTHER_STATE STATE_SET(STATE_COUNT)
#define ANY_STATE ((StateSet)(STATE_SET_ALL | OTHER_STATE))

/* In EHLO, HELO and VRFY a transaction's attributes are filled, but few clients send those there.
 */
#define STATES_TO_ASK \
    (STATE_SET_ALL & ~(STATE_SET(STATE_EHLO) | STATE_SET(STATE_HELO) | STATE_SET(STATE_VRFY)))

/* When an expression can have an outcome. */
typedef struct {
    StateSet demanded; /* in these states, by protocol_state */
    StateSet filled;   /* in these, by what is filled in them */
    StateSet of_many;  /* the same for a message of several recipients */
    gboolean of_one;   /* only for a message of one recipient, by recipient_count */
} Chance;

/* Of being false, and of being true. */
typedef struct {
    Chance of[2];
} Chances;

typedef struct {
    Linter *linter;
    GHashTable *known; /* Expression to Chances: those of connectives */
    GHashTable *told;  /* of Expression: an `and` whose fault is told */
    GHashTable *seen;  /* of Expression: what visit_whole() looked at */
} States;

static const Chance anyhow = {ANY_STATE, ANY_STATE, ANY_STATE, FALSE};

static StateSet find_named(const Test *test) {
    const char *const *names = attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values;
    StateSet named = 0;
    if (test->kind != TEST_IN_STRINGS) {
        return STATE_SET_ALL;
    }
    for (guint i = 0; i < STATE_COUNT; i++) {
        if (list_has_string(test->list, text_from_string(names[i]))) {
            named |= STATE_SET(i);
        }
    }
    return named;
}

/* TRUE if the test is false of an empty value, and of 0. */
static gboolean wants_value(const Test *test) {
    if (test->kind == TEST_NUMBER) {
        return !test_holds_of(test, 0);
    }
    return test->kind != TEST_SAME || operand_class(test->operand) != OPERAND_NUMBER;
}

/* A comparison that has one outcome for all numbers from 2 has it for the first and the last. */
static void set_of_one(const Test *test, Chances *chances) {
    if (test->kind != TEST_NUMBER || test->operand.attribute != ATTRIBUTE_RECIPIENT_COUNT) {
        return;
    }
    gboolean at_two = test_holds_of(test, 2);
    if (at_two == test_holds_of(test, G_MAXUINT64) && test->number.comparison != COMPARISON_EQUAL) {
        chances->of[!at_two].of_one = TRUE;
    } else if (test->number.comparison == COMPARISON_EQUAL && test->number.value < 2) {
        chances->of[TRUE].of_one = TRUE;
    }
}

static void subtract_empty(Chance *chance, Attribute attribute) {
    const AttributeInfo *info = attribute_info(attribute);
    chance->filled = (StateSet)(chance->filled & ~info->never);
    chance->of_many = (StateSet)(chance->of_many & ~(info->never | info->single));
}

static Chances find_test(const Test *test) {
    Chances chances = {{anyhow, anyhow}};
    if (test->operand.attribute == ATTRIBUTE_PROTOCOL_STATE) {
        chances.of[TRUE].demanded = find_named(test);
        if (test->kind == TEST_IN_STRINGS || test->kind == TEST_PRESENT) {
            chances.of[FALSE].demanded = (StateSet)(ANY_STATE & ~chances.of[TRUE].demanded);
        }
    }
    if (wants_value(test)) {
        subtract_empty(&chances.of[TRUE], test->operand.attribute);
        if (test->kind == TEST_SAME) {
            subtract_empty(&chances.of[TRUE], test->other.attribute);
        }
    }
    set_of_one(test, &chances);
    return chances;
}

/* All of the parts must have the outcome. */
static void meet(Chance *chance, const Chance *part) {
    chance->demanded &= part->demanded;
    chance->filled &= part->filled;
    chance->of_many &= part->of_many;
    chance->of_one = chance->of_one || part->of_one;
}

/* One of the parts is enough. */
static void join(Chance *chance, const Chance *part) {
    chance->demanded |= part->demanded;
    chance->filled |= part->filled;
    chance->of_many |= part->of_many;
    chance->of_one = chance->of_one && part->of_one;
}

static Chances find_chances(const States *states, const Expression *expression) {
    const Chances *known = g_hash_table_lookup(states->known, expression);
    return known ? *known : find_test(&expression->test);
}

static Chances find_connective(const States *states, const Expression *expression) {
    gboolean both = expression->kind == EXPRESSION_AND; /* the outcome that all parts must have */
    Chances chances = find_chances(states, expression->parts[0]);
    if (expression->kind == EXPRESSION_NOT) {
        return (Chances){{chances.of[TRUE], chances.of[FALSE]}};
    }
    for (guint i = 1; i < expression->count; i++) {
        Chances part = find_chances(states, expression->parts[i]);
        meet(&chances.of[both], &part.of[both]);
        join(&chances.of[!both], &part.of[!both]);
    }
    return chances;
}

/* The field of a chance that a fault is looked for in. */
typedef StateSet (*Field)(const Chance *chance);

static StateSet get_filled(const Chance *chance) {
    return chance->filled;
}

static StateSet get_of_many(const Chance *chance) {
    return chance->of_many;
}

static gboolean is_dead(const States *states, const Expression *part, StateSet demanded,
                        Field field) {
    Chances chances = find_chances(states, part);
    return (field(&chances.of[TRUE]) & demanded) == 0;
}

/* The test that keeps a part from being true; NULL if it is no single one, or was told. */
static const Expression *find_culprit(const States *states, const Expression *part,
                                      StateSet demanded, Field field) {
    if (part->kind == EXPRESSION_TEST) {
        return part;
    }
    if (part->kind == EXPRESSION_OR) {
        return find_culprit(states, part->parts[0], demanded, field);
    }
    if (part->kind == EXPRESSION_AND && !g_hash_table_contains(states->told, part)) {
        for (guint i = 0; i < part->count; i++) {
            if (is_dead(states, part->parts[i], demanded, field)) {
                return find_culprit(states, part->parts[i], demanded, field);
            }
        }
    }
    return NULL;
}

/* "RCPT", "DATA and END-OF-MESSAGE"; the caller frees it. */
static char *write_states(int states, const char *last) {
    StateSet set = (StateSet)states;
    const char *const *names = attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < STATE_COUNT; i++) {
        if (!(set & STATE_SET(i))) {
            continue;
        }
        set = (StateSet)(set & ~STATE_SET(i));
        if (out->len > 0) {
            g_string_append_printf(out, set ? ", " : " %s ", last);
        }
        g_string_append(out, names[i]);
    }
    return g_string_free(out, FALSE);
}

static Attribute find_empty(const Test *test, StateSet demanded) {
    const AttributeInfo *info = attribute_info(test->operand.attribute);
    gboolean other = test->kind == TEST_SAME && (demanded & ~(info->never | info->single)) != 0;
    return other ? test->other.attribute : test->operand.attribute;
}

static void warn_empty(const States *states, Span span, const Expression *culprit,
                       StateSet demanded) {
    const AttributeInfo *info = attribute_info(find_empty(&culprit->test, demanded));
    g_autofree char *here = write_states(demanded, "and");
    g_autofree char *there = write_states(STATES_TO_ASK & ~info->never, "or");
    diagnostics_warn(states->linter->warnings, LINT_EMPTY, span,
                     "'%s' is never true at %s, where %s is %s; ask for it at %s",
                     culprit->text ? culprit->text : info->name, here, info->name,
                     info->type == ATTRIBUTE_TYPE_NUMBER ? "0" : "empty", there);
}

static void warn_single(const States *states, Span span, const Expression *culprit,
                        StateSet demanded) {
    const AttributeInfo *info = attribute_info(find_empty(&culprit->test, demanded));
    g_autofree char *here = write_states(demanded & info->single, "and");
    diagnostics_warn(states->linter->warnings, LINT_EMPTY, span,
                     "'%s' is true at %s only of a message with one recipient: %s is empty if "
                     "there are more; decide at RCPT, or demand 'recipient_count == 1' too",
                     culprit->text ? culprit->text : info->name, here, info->name);
}

typedef void (*Warning)(const States *states, Span span, const Expression *culprit,
                        StateSet demanded);

static void find_fault(const States *states, const Expression *whole, Span span, StateSet demanded,
                       Field field, Warning warn) {
    for (guint i = 0; i < whole->count; i++) {
        if (is_dead(states, whole->parts[i], demanded, field)) {
            const Expression *culprit = find_culprit(states, whole->parts[i], demanded, field);
            if (culprit) {
                warn(states, span, culprit, demanded);
            }
            g_hash_table_add(states->told, (gpointer)(guintptr)whole);
            return;
        }
    }
}

/* Parts before their whole. What can never be true is a mistake wherever it stands. */
static void visit(const States *states, const Expression *expression, Span span) {
    if (expression->kind == EXPRESSION_TEST || g_hash_table_contains(states->known, expression)) {
        return;
    }
    for (guint i = 0; i < expression->count; i++) {
        visit(states, expression->parts[i], span);
    }
    Chances chances = find_connective(states, expression);
    g_hash_table_insert(states->known, (gpointer)(guintptr)expression,
                        g_memdup2(&chances, sizeof chances));
    if (expression->kind == EXPRESSION_AND && chances.of[TRUE].demanded != 0) {
        find_fault(states, expression, span, chances.of[TRUE].demanded, get_filled, warn_empty);
    }
}

/* That only some messages have the attribute may be known: whatever stands beside the test in the
 * whole rule may demand it, so parts of an `and` are not looked at alone. */
static void visit_whole(const States *states, const Expression *expression, Span span,
                        gboolean part) {
    if (expression->kind == EXPRESSION_TEST
        || !g_hash_table_add(states->seen, (gpointer)(guintptr)expression)) {
        return;
    }
    gboolean whole = expression->kind == EXPRESSION_AND;
    Chances chances = find_chances(states, expression);
    if (whole && !part && chances.of[TRUE].demanded != 0 && !chances.of[TRUE].of_one
        && !g_hash_table_contains(states->told, expression)) {
        find_fault(states, expression, span, chances.of[TRUE].demanded, get_of_many, warn_single);
    }
    for (guint i = 0; i < expression->count; i++) {
        visit_whole(states, expression->parts[i], span, whole);
    }
}

static gboolean asks_for_state(const Ruleset *ruleset) {
    for (guint i = 0; i < ruleset_expression_count(ruleset); i++) {
        const Expression *expression = ruleset_expression(ruleset, i);
        if (expression->kind == EXPRESSION_TEST
            && expression->test.operand.attribute == ATTRIBUTE_PROTOCOL_STATE) {
            return TRUE;
        }
    }
    return FALSE;
}

void linter_states(Linter *linter) {
    if (!asks_for_state(linter->ruleset)) {
        return;
    }
    g_autoptr(GArray) roots = linter_roots(linter);
    g_autoptr(GHashTable) known = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    const States states = {linter, known, told, seen};
    for (guint i = 0; i < roots->len; i++) {
        const LintRoot *root = &g_array_index(roots, LintRoot, i);
        visit(&states, root->condition, root->span);
    }
    for (guint i = 0; i < roots->len; i++) {
        const LintRoot *root = &g_array_index(roots, LintRoot, i);
        if (!root->named) {
            visit_whole(&states, root->condition, root->span, FALSE);
        }
    }
}
