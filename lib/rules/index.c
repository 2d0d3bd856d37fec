/*
 * Index: numbers the tests, lets the classifiers find the atoms, turns the atoms' signatures
 * around (test to atoms), takes a cover for each rule, and writes the postings, as one array for
 * each facet: where an atom's begin, and the rules.
 */
#include "rules/index.h"

#include <stdlib.h>

/* A cover of more atoms is not selective: the rule is looked at always, and memory stays bounded
 * by rules times this. */
#define COVER_ATOMS_MAX 256

/* Tests looked at for one cover: named conditions are shared, and so may be met over and over. */
#define COVER_TESTS_MAX 1024

/* What a cover by mere presence costs, in atoms: it is hardly selective. */
#define PRESENT_COST 64

#define NO_COVER G_MAXUINT

/* Thresholds nest, so with n of them signatures take n * n / 2 numbers. Numbers beyond so many are
 * compared when they are needed. */
#define NUMBER_TESTS_MAX 1024

typedef struct {
    Atom atom;
    guint32 rule;
} Posting;

typedef struct {
    Classifier *classifier;
    guint32 first_rule;
    guint32 *offsets; /* atom to where its postings begin in `rules` */
    guint32 *rules;   /* INDEX_END first, for atoms that have none */
    GArray *present;

    /* While the index is made. */
    GHashTable *numbers;     /* of const List * to the number of its test */
    GPtrArray *number_tests; /* of const Test *, by their numbers, in the facet of a number */
    guint32 test_count;
    guint32 *test_offsets; /* test to where its atoms begin, and an end */
    Atom *test_atoms;
    GArray *posted; /* of Posting, rules ascending */
} FacetIndex;

struct Index {
    FacetIndex *facets[INDEX_FACETS_MAX];
    guint facet_count;
    GArray *always;
    guint memo_count;
    IndexFirst firsts[INDEX_FACETS_MAX + 1];
};

static FacetIndex *facet_index_new(Operand operand, Facet facet) {
    FacetIndex *index = g_new0(FacetIndex, 1);
    index->classifier = classifier_new(operand, facet);
    index->first_rule = INDEX_END;
    index->present = g_array_new(FALSE, FALSE, sizeof(guint32));
    index->numbers = g_hash_table_new(NULL, NULL);
    index->number_tests = g_ptr_array_new();
    index->posted = g_array_new(FALSE, FALSE, sizeof(Posting));
    return index;
}

static void forget_building(FacetIndex *index) {
    g_clear_pointer(&index->numbers, g_hash_table_unref);
    g_clear_pointer(&index->number_tests, g_ptr_array_unref);
    g_clear_pointer(&index->test_offsets, g_free);
    g_clear_pointer(&index->test_atoms, g_free);
    g_clear_pointer(&index->posted, g_array_unref);
}

static void facet_index_free(FacetIndex *index) {
    forget_building(index);
    classifier_free(index->classifier);
    g_array_unref(index->present);
    g_free(index->offsets);
    g_free(index->rules);
    g_free(index);
}

static FacetIndex *get_facet(const Index *index, guint facet) {
    return index->facets[facet];
}

static guint ensure_facet(Index *index, Operand operand, Facet facet) {
    for (guint i = 0; i < index->facet_count; i++) {
        const Classifier *known = get_facet(index, i)->classifier;
        Operand known_operand = classifier_operand(known);
        if (known_operand.attribute == operand.attribute && known_operand.part == operand.part
            && classifier_facet(known) == facet) {
            return i;
        }
    }
    g_assert(index->facet_count < INDEX_FACETS_MAX);
    index->facets[index->facet_count] = facet_index_new(operand, facet);
    return index->facet_count++;
}

static void number_list_test(FacetIndex *facet, Test *test) {
    gpointer number;
    if (g_hash_table_lookup_extended(facet->numbers, test->list, NULL, &number)) {
        test->index = GPOINTER_TO_UINT(number);
        return;
    }
    test->index = facet->test_count++;
    classifier_add(facet->classifier, test, test->index);
    g_hash_table_insert(facet->numbers, (gpointer)(guintptr)test->list,
                        GUINT_TO_POINTER(test->index));
}

static gboolean ask_the_same(const Test *a, const Test *b) {
    return a->kind == b->kind
           && (a->kind == TEST_PRESENT
               || (a->number.comparison == b->number.comparison
                   && a->number.value == b->number.value));
}

/* FALSE if the facet has its fill of tests, and this one is not among them. */
static gboolean number_number_test(FacetIndex *facet, Test *test) {
    for (guint i = 0; i < facet->number_tests->len; i++) {
        if (ask_the_same(g_ptr_array_index(facet->number_tests, i), test)) {
            test->index = i;
            return TRUE;
        }
    }
    if (facet->test_count == NUMBER_TESTS_MAX) {
        return FALSE;
    }
    test->index = facet->test_count++;
    g_ptr_array_add(facet->number_tests, test);
    classifier_add(facet->classifier, test, test->index);
    return TRUE;
}

static void number_direct_test(Index *index, Test *test) {
    test->facet = FACETLESS;
    test->index = index->memo_count++;
}

static void number_test(Index *index, Test *test) {
    Facet kind = classify_facet(test);
    if (kind == FACET_NONE) {
        number_direct_test(index, test);
        return;
    }
    test->facet = ensure_facet(index, test->operand, kind);
    FacetIndex *facet = get_facet(index, test->facet);
    if (kind == FACET_NUMBER) {
        if (!number_number_test(facet, test)) {
            number_direct_test(index, test);
        }
    } else if (test->kind == TEST_PRESENT) {
        test->index = INDEX_PRESENT;
    } else {
        number_list_test(facet, test);
    }
}

/* A named condition may be part of many expressions, and they of others: without a memory of its
 * outcome, evaluating them would take time without bound. */
static void number_shared(Index *index, const GPtrArray *expressions) {
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < expressions->len; i++) {
        ((Expression *)g_ptr_array_index(expressions, i))->memo = MEMO_NONE;
    }
    for (guint i = 0; i < expressions->len; i++) {
        const Expression *whole = g_ptr_array_index(expressions, i);
        for (guint j = 0; j < whole->count; j++) {
            Expression *part = (Expression *)(guintptr)whole->parts[j];
            gboolean shared = !g_hash_table_add(seen, part);
            if (shared && part->kind != EXPRESSION_TEST && part->memo == MEMO_NONE) {
                part->memo = index->memo_count++;
            }
        }
    }
}

/* Turns the signatures around: from the tests of each atom to the atoms of each test. */
static void invert(FacetIndex *facet) {
    const SignatureTable *signatures = classifier_signatures(facet->classifier);
    guint atoms = signature_table_count(signatures);
    facet->test_offsets = g_new0(guint32, facet->test_count + 2);
    guint32 *ends = facet->test_offsets + 1;
    for (Atom atom = 0; atom < atoms; atom++) {
        guint count;
        const guint32 *tests = signature_tests(signatures, atom, &count);
        for (guint i = 0; i < count; i++) {
            ends[tests[i] + 1]++;
        }
    }
    for (guint i = 1; i <= facet->test_count; i++) {
        ends[i] += ends[i - 1];
    }
    facet->test_atoms = g_new(Atom, ends[facet->test_count] + 1);
    for (Atom atom = 0; atom < atoms; atom++) {
        guint count;
        const guint32 *tests = signature_tests(signatures, atom, &count);
        for (guint i = 0; i < count; i++) {
            facet->test_atoms[ends[tests[i]]++] = atom;
        }
    }
}

static guint count_atoms(const Index *index, const Test *test) {
    const FacetIndex *facet = get_facet(index, test->facet);
    return facet->test_offsets[test->index + 1] - facet->test_offsets[test->index];
}

static guint test_cost(const Index *index, const Test *test) {
    if (test->facet == FACETLESS) {
        return NO_COVER;
    }
    guint cost = test->index == INDEX_PRESENT ? PRESENT_COST : count_atoms(index, test);
    return cost <= COVER_ATOMS_MAX ? cost : NO_COVER;
}

/* How many atoms the cheapest cover has, or NO_COVER. */
static guint cover_cost(const Index *index, const Expression *expression, guint *budget) {
    if (expression->kind == EXPRESSION_TEST) {
        *budget -= *budget > 0;
        return *budget > 0 ? test_cost(index, &expression->test) : NO_COVER;
    }
    if (expression->kind == EXPRESSION_NOT) {
        return NO_COVER;
    }
    guint cost = expression->kind == EXPRESSION_AND ? NO_COVER : 0;
    for (guint i = 0; i<expression->count && * budget> 0; i++) {
        guint part = cover_cost(index, expression->parts[i], budget);
        if (expression->kind == EXPRESSION_AND) {
            cost = MIN(cost, part);
        } else {
            cost = part > COVER_ATOMS_MAX || cost > COVER_ATOMS_MAX ? NO_COVER : cost + part;
        }
    }
    return *budget > 0 && cost <= COVER_ATOMS_MAX ? cost : NO_COVER;
}

static const Expression *cheapest_part(const Index *index, const Expression *expression) {
    const Expression *best = NULL;
    guint best_cost = NO_COVER;
    for (guint i = 0; i < expression->count; i++) {
        guint budget = COVER_TESTS_MAX;
        guint cost = cover_cost(index, expression->parts[i], &budget);
        if (!best || cost < best_cost) {
            best = expression->parts[i];
            best_cost = cost;
        }
    }
    return best;
}

static void post_test(const Index *index, const Test *test, guint32 rule) {
    FacetIndex *facet = get_facet(index, test->facet);
    if (test_cost(index, test) > 0) {
        facet->first_rule = MIN(facet->first_rule, rule);
    }
    if (test->index == INDEX_PRESENT) {
        g_array_append_val(facet->present, rule);
        return;
    }
    for (guint32 i = facet->test_offsets[test->index]; i < facet->test_offsets[test->index + 1];
         i++) {
        Posting posting = {facet->test_atoms[i], rule};
        g_array_append_val(facet->posted, posting);
    }
}

/* Posts the rule under its cover, which it has. */
static void post_cover(const Index *index, const Expression *expression, guint32 rule) {
    if (expression->kind == EXPRESSION_TEST) {
        post_test(index, &expression->test, rule);
    } else if (expression->kind == EXPRESSION_AND) {
        post_cover(index, cheapest_part(index, expression), rule);
    } else {
        for (guint i = 0; i < expression->count; i++) {
            post_cover(index, expression->parts[i], rule);
        }
    }
}

static void post_rule(Index *index, const Expression *condition, guint32 rule) {
    guint budget = COVER_TESTS_MAX;
    if (!condition || cover_cost(index, condition, &budget) == NO_COVER) {
        g_array_append_val(index->always, rule);
    } else {
        post_cover(index, condition, rule);
    }
}

/* Writes what was posted, each atom's postings behind each other. */
static void write_postings(FacetIndex *facet) {
    const guint32 end = INDEX_END;
    guint atoms = signature_table_count(classifier_signatures(facet->classifier));
    const Posting *posted = (const Posting *)(gpointer)facet->posted->data;
    g_autofree guint32 *counts = g_new0(guint32, atoms);
    guint32 size = 1;
    facet->offsets = g_new0(guint32, atoms);
    for (guint i = 0; i < facet->posted->len; i++) {
        counts[posted[i].atom]++;
    }
    for (guint atom = 0; atom < atoms; atom++) {
        facet->offsets[atom] = counts[atom] > 0 ? size : 0;
        size += counts[atom] > 0 ? counts[atom] + 1 : 0;
    }
    facet->rules = g_new(guint32, size);
    for (guint32 i = 0; i < size; i++) {
        facet->rules[i] = INDEX_END;
    }
    for (guint i = facet->posted->len; i > 0; i--) {
        Atom atom = posted[i - 1].atom;
        facet->rules[facet->offsets[atom] + --counts[atom]] = posted[i - 1].rule;
    }
    g_array_append_val(facet->present, end);
}

static gint compare_firsts(gconstpointer a, gconstpointer b) {
    guint32 left = ((const IndexFirst *)a)->rule;
    guint32 right = ((const IndexFirst *)b)->rule;
    return (left > right) - (left < right);
}

static void sort_firsts(Index *index) {
    guint count = index->facet_count;
    for (guint i = 0; i < count; i++) {
        index->firsts[i] = (IndexFirst){get_facet(index, i)->first_rule, i};
    }
    qsort(index->firsts, count, sizeof *index->firsts, compare_firsts);
    index->firsts[count].rule = INDEX_END;
}

Index *index_new(const GPtrArray *expressions, const GArray *rules) {
    const guint32 end = INDEX_END;
    Index *index = g_new0(Index, 1);
    index->always = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < expressions->len; i++) {
        Expression *expression = g_ptr_array_index(expressions, i);
        if (expression->kind == EXPRESSION_TEST) {
            number_test(index, &expression->test);
        }
    }
    number_shared(index, expressions);
    for (guint i = 0; i < index->facet_count; i++) {
        classifier_seal(get_facet(index, i)->classifier);
        invert(get_facet(index, i));
    }
    for (guint i = 0; i < rules->len; i++) {
        post_rule(index, g_array_index(rules, Rule, i).condition, i);
    }
    for (guint i = 0; i < index->facet_count; i++) {
        write_postings(get_facet(index, i));
        forget_building(get_facet(index, i));
    }
    sort_firsts(index);
    g_array_append_val(index->always, end);
    return index;
}

void index_free(Index *index) {
    if (index) {
        for (guint i = 0; i < index->facet_count; i++) {
            facet_index_free(index->facets[i]);
        }
        g_array_unref(index->always);
        g_free(index);
    }
}

guint index_facet_count(const Index *index) {
    return index->facet_count;
}

const Classifier *index_classifier(const Index *index, guint facet) {
    return get_facet(index, facet)->classifier;
}

const IndexFirst *index_firsts(const Index *index) {
    return index->firsts;
}

const guint32 *index_postings(const Index *index, guint facet, Atom atom) {
    const FacetIndex *facet_index = get_facet(index, facet);
    return facet_index->rules + facet_index->offsets[atom];
}

const guint32 *index_postings_present(const Index *index, guint facet) {
    return (const guint32 *)(gpointer)get_facet(index, facet)->present->data;
}

const guint32 *index_postings_always(const Index *index) {
    return (const guint32 *)(gpointer)index->always->data;
}

guint index_memo_count(const Index *index) {
    return index->memo_count;
}
