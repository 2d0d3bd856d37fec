/*
 * Space: the tests of the roots give the fields, the fields of an attribute a group, and the groups
 * stand in an order in which those that rules ask together are near each other: the size of every
 * diagram depends on it (groups_order()).
 */
#include "analysis/axiom.h"
#include "analysis/group_order.h"
#include "analysis/space_private.h"
#include "rules/index.h"

static char *flag_key(const Test *test) {
    Operand left = test->operand;
    Operand right = test->other;
    guint a = (guint)left.attribute * 3 + (guint)left.part;
    guint b;
    g_autofree char *folded = NULL;
    switch (test->kind) {
    case TEST_REGEX:
        return g_strdup_printf("regex %u %d %.*s", a, regex_caseless(test->regex) ? 1 : 0,
                               (int)regex_pattern(test->regex).length,
                               regex_pattern(test->regex).data);
    case TEST_EQUAL_FOLDED:
        folded = g_ascii_strdown(test->text, -1);
        return g_strdup_printf("equal %u %s", a, folded);
    case TEST_SAME:
        b = (guint)right.attribute * 3 + (guint)right.part;
        return g_strdup_printf("same %u %u", MIN(a, b), MAX(a, b));
    case TEST_NUMBER:
        return g_strdup_printf("number %u %d %" G_GUINT64_FORMAT, a, (int)test->number.comparison,
                               test->number.value);
    default:
        return g_strdup_printf("%d %u", (int)test->kind, a);
    }
}

static Field *find_flag(const Space *space, const Test *test) {
    g_autofree char *key = flag_key(test);
    return g_hash_table_lookup(space->flags, key);
}

static void add_field(Space *space, Field *field) {
    g_ptr_array_add(space->fields, field);
}

static void ask_test(Space *space, const Test *test) {
    if (test->facet != FACETLESS) {
        if (!space->facets[test->facet]) {
            const Classifier *classifier =
                index_classifier(ruleset_index(space->ruleset), test->facet);
            space->facets[test->facet] = field_new_classes(classifier);
            add_field(space, space->facets[test->facet]);
        }
        return;
    }
    if (!find_flag(space, test)) {
        Field *flag = field_new_flag(test->operand, test);
        g_hash_table_insert(space->flags, flag_key(test), flag);
        add_field(space, flag);
    }
}

static void ask(Space *space, const Expression *expression, GHashTable *seen) {
    if (!g_hash_table_add(seen, (gpointer)(guintptr)expression)) {
        return;
    }
    if (expression->kind == EXPRESSION_TEST) {
        ask_test(space, &expression->test);
    }
    for (guint i = 0; i < expression->count; i++) {
        ask(space, expression->parts[i], seen);
    }
}

static void make_groups(Space *space) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        g_autoptr(GPtrArray) fields = g_ptr_array_new();
        for (guint j = 0; j < space->fields->len; j++) {
            Field *field = g_ptr_array_index(space->fields, j);
            if (field->operand.attribute == i) {
                g_ptr_array_add(fields, field);
            }
        }
        if (fields->len > 0) {
            Group *group = group_new((Attribute)i, fields);
            space->by_attribute[i] = group;
            g_ptr_array_add(space->groups, group);
        }
    }
}

static void number_variables(Space *space) {
    guint64 variables = 0;
    for (guint i = 0; i < space->groups->len; i++) {
        const GPtrArray *fields = group_fields(g_ptr_array_index(space->groups, i));
        for (guint j = 0; j < fields->len; j++) {
            Field *field = g_ptr_array_index(fields, j);
            field->first = (guint32)variables;
            variables += field->bits;
        }
    }
    space->variables = (guint32)variables;
    space->too_large = variables > BDD_VARIABLES_MAX;
}

Space *space_new(const Ruleset *ruleset, const GPtrArray *roots, const AnalysisHost *host) {
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Space *space = g_new0(Space, 1);
    space->ruleset = ruleset;
    space->table = bdd_table_new(host->budget, host->stop);
    space->fields = g_ptr_array_new_with_free_func((GDestroyNotify)field_free);
    space->facets = g_new0(Field *, index_facet_count(ruleset_index(ruleset)) + 1);
    space->flags = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    space->groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
    space->conditions = g_hash_table_new(NULL, NULL);
    space->of_any_recipient = g_hash_table_new(NULL, NULL);
    space->scratch = regex_scratch_new();
    space->obstacles = g_string_new(NULL);
    space->universe = BDD_UNDECIDED;
    for (guint i = 0; i < roots->len; i++) {
        ask(space, g_ptr_array_index(roots, i), seen);
    }
    make_groups(space);
    group_order(space->groups, roots);
    number_variables(space);
    return space;
}

void space_free(Space *space) {
    if (space) {
        bdd_table_free(space->table);
        g_ptr_array_unref(space->groups);
        g_ptr_array_unref(space->fields);
        g_free(space->facets);
        g_hash_table_unref(space->flags);
        g_hash_table_unref(space->conditions);
        g_hash_table_unref(space->of_any_recipient);
        regex_scratch_free(space->scratch);
        g_string_free(space->obstacles, TRUE);
        g_free(space);
    }
}

BddTable *space_table(const Space *space) {
    return space->table;
}

const Group *space_group(const Space *space, Attribute attribute) {
    return space->by_attribute[attribute];
}

Bdd space_present(const Space *space, Attribute attribute) {
    const Group *group = space->by_attribute[attribute];
    return group ? group_present(group, space->table, PART_WHOLE) : BDD_UNDECIDED;
}

/* Two that are equal are both there. */
static Bdd bind_comparisons(const Space *space, Bdd universe) {
    for (guint i = 0; i < space->fields->len; i++) {
        const Field *flag = g_ptr_array_index(space->fields, i);
        if (flag->classifier || !flag->test || flag->test->kind != TEST_SAME) {
            continue;
        }
        const Group *other = space->by_attribute[flag->test->other.attribute];
        if (other) {
            Bdd present = group_present(other, space->table, flag->test->other.part);
            Bdd unbound =
                bdd_without(space->table, field_is(flag, space->table, CODE_TRUE), present);
            universe = bdd_without(space->table, universe, unbound);
        }
    }
    return universe;
}

Bdd space_values(const Space *space, Attribute attribute) {
    Group *group = space->by_attribute[attribute];
    if (space->too_large) {
        return BDD_UNDECIDED;
    }
    return group ? group_universe(group, space->table) : BDD_TRUE;
}

static Bdd find_universe(const Space *space) {
    Bdd universe = BDD_TRUE;
    for (guint i = space->groups->len; i > 0; i--) {
        Group *group = g_ptr_array_index(space->groups, i - 1);
        universe = bdd_and(space->table, group_universe(group, space->table), universe);
    }
    return bind_comparisons(space, universe);
}

Bdd space_bound(Space *space, guint axioms) {
    Bdd bound = space->too_large ? BDD_UNDECIDED : BDD_TRUE;
    for (guint i = 0; !space->too_large && axiom_table()[i].text; i++) {
        if (axioms >> i & 1) {
            bound = bdd_and(space->table, bound, axiom_table()[i].make(space));
        }
    }
    return bound;
}

Bdd space_universe_with(Space *space, guint axioms) {
    if (space->universe == BDD_UNDECIDED && !space->too_large) {
        space->universe = find_universe(space);
    }
    return bdd_and(space->table, space->universe, space_bound(space, axioms));
}

Bdd space_universe(Space *space, gboolean axioms) {
    return space_universe_with(space, axioms ? G_MAXUINT : 0);
}

static Bdd test_condition(Space *space, const Test *test) {
    if (test->facet != FACETLESS) {
        return field_test(space->facets[test->facet], space->table, test->index);
    }
    const Field *flag = find_flag(space, test);
    return field_is(flag, space->table, CODE_TRUE);
}

static gboolean is_recipient_list(const Test *test) {
    return test->operand.attribute == ATTRIBUTE_RECIPIENT
           && (test->kind == TEST_AT_DOMAINS || test->kind == TEST_IN_ADDRESSES
               || test->kind == TEST_IN_DOMAINS);
}

typedef Bdd (*Condition)(Space *space, const Expression *expression);

/* From the last part to the first: the later fields are further down in the diagram as often as
 * not, and what is short-circuited at match() need not be here. */
static Bdd connect(Space *space, const Expression *expression, Condition condition) {
    Bdd result = condition(space, expression->parts[expression->count - 1]);
    if (expression->kind == EXPRESSION_NOT) {
        return bdd_not(space->table, result);
    }
    for (guint i = expression->count - 1; i > 0; i--) {
        Bdd part = condition(space, expression->parts[i - 1]);
        result = expression->kind == EXPRESSION_AND ? bdd_and(space->table, part, result)
                                                    : bdd_or(space->table, part, result);
    }
    return result;
}

/* What was not decided is remembered too: a named condition is a part of many. */
static gboolean recall(GHashTable *known, const Expression *expression, Bdd *out) {
    gpointer value;
    gboolean found = g_hash_table_lookup_extended(known, expression, NULL, &value);
    *out = found ? GPOINTER_TO_UINT(value) : BDD_UNDECIDED;
    return found;
}

Bdd space_condition(Space *space, const Expression *expression) {
    if (space->too_large) {
        return BDD_UNDECIDED;
    }
    if (!expression) {
        return BDD_TRUE;
    }
    Bdd known;
    if (!recall(space->conditions, expression, &known)) {
        known = expression->kind == EXPRESSION_TEST ? test_condition(space, &expression->test)
                                                    : connect(space, expression, space_condition);
        g_hash_table_insert(space->conditions, (gpointer)(guintptr)expression,
                            GUINT_TO_POINTER(known));
    }
    return known;
}

Bdd space_condition_of_any_recipient(Space *space, const Expression *expression) {
    if (space->too_large || !expression) {
        return space_condition(space, expression);
    }
    Bdd known;
    if (!recall(space->of_any_recipient, expression, &known)) {
        if (expression->kind == EXPRESSION_TEST) {
            known = is_recipient_list(&expression->test) ? BDD_TRUE
                                                         : test_condition(space, &expression->test);
        } else {
            known = connect(space, expression, space_condition_of_any_recipient);
        }
        g_hash_table_insert(space->of_any_recipient, (gpointer)(guintptr)expression,
                            GUINT_TO_POINTER(known));
    }
    return known;
}
