/*
 * Units of lib/analysis/bdd: random functions against their truth tables, and what a table does at
 * its limits.
 */
#include "analysis/bdd.h"

#include <string.h>

#include "unit/random.h"
#include "unit/unit.h"

/* Variables of the random functions at the most, and words of a truth table of so many. */
#define VARIABLES 10
#define WORDS ((1 << VARIABLES) / 64)

/* Every `step`-th variable below `end` is true. */
static Bdd chain(BddTable *table, guint32 end, guint32 step) {
    Bdd f = BDD_TRUE;
    for (guint32 variable = end; variable >= step; variable -= step) {
        f = bdd_node(table, variable - step, BDD_FALSE, f);
    }
    return f;
}

typedef Bdd (*Operate)(BddTable *table, Bdd f, Bdd g);

static Bdd complement(BddTable *table, Bdd f, Bdd g) {
    (void)g;
    return bdd_not(table, f);
}

static const struct {
    const char *name;
    Operate operate;
    guint truth; /* bit 2f + g: the result for these f and g */
} operations[] = {
    {"and", bdd_and, 0x8},
    {"or", bdd_or, 0xe},
    {"without", bdd_without, 0x4},
    {"not", complement, 0x3},
};

/* Bit `a` of the table: the function's value where variable v is bit v of a. */
typedef struct {
    guint64 words[WORDS];
} Truth;

typedef struct {
    Bdd bdd;
    Truth truth;
} Function;

static gboolean truth_at(const Truth *truth, guint assignment) {
    return (truth->words[assignment / 64] >> (assignment % 64) & 1) != 0;
}

static void truth_set(Truth *truth, guint assignment, gboolean value) {
    truth->words[assignment / 64] |= (guint64)value << (assignment % 64);
}

static gboolean truth_equal(const Truth *a, const Truth *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

static Truth truth_operate(guint operation, const Truth *f, const Truth *g, guint variables) {
    Truth result = {0};
    for (guint a = 0; a < 1U << variables; a++) {
        guint row = 2 * (guint)truth_at(f, a) + (guint)truth_at(g, a);
        truth_set(&result, a, (operations[operation].truth >> row & 1) != 0);
    }
    return result;
}

static gboolean evaluate(const BddTable *table, Bdd f, guint assignment) {
    while (f != BDD_FALSE && f != BDD_TRUE) {
        gboolean high = (assignment >> bdd_variable(table, f) & 1) != 0;
        f = high ? bdd_high(table, f) : bdd_low(table, f);
    }
    return f == BDD_TRUE;
}

static Truth truth_of(const BddTable *table, Bdd f, guint variables) {
    Truth result = {0};
    for (guint a = 0; a < 1U << variables; a++) {
        truth_set(&result, a, evaluate(table, f, a));
    }
    return result;
}

/* The same function by another way: from its truth table, without any operation. */
static Bdd from_truth(BddTable *table, const Truth *truth, guint variable, guint assignment,
                      guint variables) {
    if (variable == variables) {
        return truth_at(truth, assignment) ? BDD_TRUE : BDD_FALSE;
    }
    guint with = assignment | 1U << variable;
    Bdd low = from_truth(table, truth, variable + 1, assignment, variables);
    return bdd_node(table, variable, low, from_truth(table, truth, variable + 1, with, variables));
}

/* Ordered and reduced, from f down. */
static void check_shape(Random *random, const BddTable *table, Bdd f) {
    if (f == BDD_FALSE || f == BDD_TRUE) {
        return;
    }
    const Bdd children[] = {bdd_low(table, f), bdd_high(table, f)};
    RANDOM_ASSERT(random, children[0] != children[1], "node %u is not reduced", f);
    for (guint i = 0; i < 2; i++) {
        gboolean constant = children[i] == BDD_FALSE || children[i] == BDD_TRUE;
        RANDOM_ASSERT(random, constant || bdd_variable(table, children[i]) > bdd_variable(table, f),
                      "node %u is not in order", f);
        check_shape(random, table, children[i]);
    }
}

/* Each pair of functions is the same node if and only if it has the same truth. */
static void check_canonical(Random *random, const Function *functions, guint count) {
    for (guint i = 0; i < count; i++) {
        for (guint j = 0; j < i; j++) {
            gboolean same = truth_equal(&functions[i].truth, &functions[j].truth);
            RANDOM_ASSERT(random, same == (functions[i].bdd == functions[j].bdd),
                          "functions %u and %u: %s", i, j, same ? "two nodes" : "one node");
        }
    }
}

static void check_meets(Random *random, BddTable *table, const Function *f, const Function *g) {
    Truth both = truth_operate(0, &f->truth, &g->truth, VARIABLES);
    gboolean never = truth_equal(&both, &(Truth){0});
    BddMeets want = never ? BDD_MEETS_NO : BDD_MEETS_YES;
    RANDOM_ASSERT(random, bdd_meets(table, f->bdd, g->bdd) == want, "meets");
    Bdd conjunction = bdd_and(table, f->bdd, g->bdd);
    RANDOM_ASSERT(random, (conjunction == BDD_FALSE) == never, "meets against and");
    RANDOM_ASSERT(random, bdd_meets(table, g->bdd, f->bdd) == want, "meets, swapped");
}

#define FUNCTIONS 300

/* The constants, the variables, and then operations on what is there: row i is of functions before
 * it. */
static void test_functions(Random *random, guint variables) {
    g_autoptr(BddTable) table = bdd_table_new(1000000, NULL);
    g_autofree Function *functions = g_new0(Function, FUNCTIONS);
    for (guint i = 0; i < FUNCTIONS; i++) {
        Function *function = &functions[i];
        if (i < 2 + variables) {
            function->bdd = i < 2 ? i : bdd_node(table, i - 2, BDD_FALSE, BDD_TRUE);
            function->truth = truth_of(table, function->bdd, variables);
            continue;
        }
        guint operation = random_below(random, G_N_ELEMENTS(operations));
        const Function *f = &functions[random_below(random, i)];
        const Function *g = &functions[random_below(random, i)];
        function->bdd = operations[operation].operate(table, f->bdd, g->bdd);
        function->truth = truth_operate(operation, &f->truth, &g->truth, variables);
        Truth truth = truth_of(table, function->bdd, variables);
        RANDOM_ASSERT(random, truth_equal(&truth, &function->truth), "%s of %u variables",
                      operations[operation].name, variables);
        check_meets(random, table, f, g);
        check_shape(random, table, function->bdd);
    }
    check_canonical(random, functions, FUNCTIONS);
}

START_TEST(test_operations) {
    Random random = random_start();
    for (guint variables = 1; variables <= VARIABLES; variables++) {
        test_functions(&random, variables);
    }
}
END_TEST

static Truth random_truth(Random *random) {
    Truth truth;
    for (guint i = 0; i < WORDS; i++) {
        truth.words[i] = random_next(random);
    }
    return truth;
}

/* Functions without any pattern, the largest there are: every table grows, and what was made or
 * cached before is found again. */
START_TEST(test_growth) {
    Random random = random_start();
    g_autoptr(BddTable) table = bdd_table_new(1000000, NULL);
    Truth truths[40];
    Bdd bdds[40];
    for (guint i = 0; i < 40; i++) {
        truths[i] = random_truth(&random);
        bdds[i] = from_truth(table, &truths[i], 0, 0, VARIABLES);
    }
    guint32 made = 0;
    for (guint round = 0; round < 2; round++) {
        for (guint i = 1; i < 40; i++) {
            const Truth want = truth_operate(2, &truths[i], &truths[i - 1], VARIABLES);
            Bdd got = bdd_without(table, bdds[i], bdds[i - 1]);
            RANDOM_ASSERT(&random, got == from_truth(table, &want, 0, 0, VARIABLES), "row %u", i);
            RANDOM_ASSERT(&random, bdds[i] == from_truth(table, &truths[i], 0, 0, VARIABLES),
                          "row %u, found again", i);
            RANDOM_ASSERT(&random, bdd_meets(table, got, bdds[i - 1]) == BDD_MEETS_NO, "meets");
        }
        RANDOM_ASSERT(&random, round == 0 || bdd_table_count(table) == made, "made twice");
        made = bdd_table_count(table);
    }
    RANDOM_ASSERT(&random, made > 8192, "only %u nodes", made);
}
END_TEST

/* A sum of products: 12 variables apart, and so some 2^12 nodes. */
#define PRODUCTS 12

static Bdd sum_of_products(BddTable *table) {
    Bdd sum = BDD_FALSE;
    for (guint i = 0; i < PRODUCTS; i++) {
        Bdd left = bdd_node(table, i, BDD_FALSE, BDD_TRUE);
        Bdd right = bdd_node(table, i + PRODUCTS, BDD_FALSE, BDD_TRUE);
        sum = bdd_or(table, sum, bdd_and(table, left, right));
    }
    return sum;
}

START_TEST(test_budget) {
    g_autoptr(BddTable) plenty = bdd_table_new(G_MAXUINT32, NULL);
    Bdd want = sum_of_products(plenty);
    guint32 needed = bdd_table_count(plenty);
    ck_assert_uint_gt(needed, 4096);

    g_autoptr(BddTable) enough = bdd_table_new(needed, NULL);
    ck_assert_uint_eq(sum_of_products(enough), want);
    ck_assert_uint_eq(bdd_table_count(enough), needed);
    /* All that is there can still be had; what is new can't. */
    ck_assert_uint_eq(bdd_or(enough, want, want), want);
    ck_assert_uint_eq(bdd_node(enough, 0, BDD_FALSE, BDD_TRUE),
                      bdd_node(plenty, 0, BDD_FALSE, BDD_TRUE));
    ck_assert_uint_eq(bdd_not(enough, want), BDD_UNDECIDED);
    ck_assert_int_eq(bdd_meets(enough, want, bdd_node(enough, 0, BDD_FALSE, BDD_TRUE)),
                     BDD_MEETS_YES);
    ck_assert_uint_eq(bdd_table_count(enough), needed);

    g_autoptr(BddTable) less = bdd_table_new(needed - 1, NULL);
    ck_assert_uint_eq(sum_of_products(less), BDD_UNDECIDED);
    ck_assert_uint_eq(bdd_table_count(less), needed - 1);
}
END_TEST

/* At every small budget each operation is right or undecided, however often it is asked. */
START_TEST(test_small_budgets) {
    Random random = random_start();
    const Truth truths[] = {random_truth(&random), random_truth(&random)};
    for (guint32 budget = 0; budget < 200; budget++) {
        g_autoptr(BddTable) table = bdd_table_new(budget, NULL);
        const Bdd f = from_truth(table, &truths[0], 0, 0, 5);
        const Bdd g = from_truth(table, &truths[1], 0, 0, 5);
        for (guint i = 0; i < 2 * G_N_ELEMENTS(operations); i++) {
            guint operation = i % G_N_ELEMENTS(operations);
            Bdd got = operations[operation].operate(table, f, g);
            Truth want = truth_operate(operation, &truths[0], &truths[1], 5);
            Truth truth = got == BDD_UNDECIDED ? want : truth_of(table, got, 5);
            RANDOM_ASSERT(&random, truth_equal(&truth, &want), "%s in %u nodes",
                          operations[operation].name, budget);
            RANDOM_ASSERT(&random, got != BDD_UNDECIDED || bdd_table_count(table) == budget,
                          "%s gave up early", operations[operation].name);
        }
    }
}
END_TEST

START_TEST(test_undecided) {
    g_autoptr(BddTable) table = bdd_table_new(100, NULL);
    const Bdd others[] = {BDD_FALSE, BDD_TRUE, bdd_node(table, 3, BDD_FALSE, BDD_TRUE),
                          BDD_UNDECIDED};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(operations); j++) {
            Bdd got = operations[j].operate(table, BDD_UNDECIDED, others[i]);
            ck_assert_msg(got == BDD_UNDECIDED, "%s: %u", operations[j].name, got);
            got = operations[j].operate(table, others[i], BDD_UNDECIDED);
            ck_assert_msg(got == BDD_UNDECIDED || operations[j].operate == complement, "%s: %u",
                          operations[j].name, got);
        }
        ck_assert_int_eq(bdd_meets(table, BDD_UNDECIDED, others[i]), BDD_MEETS_UNDECIDED);
        ck_assert_int_eq(bdd_meets(table, others[i], BDD_UNDECIDED), BDD_MEETS_UNDECIDED);
        ck_assert_uint_eq(bdd_node(table, 1, BDD_UNDECIDED, others[i]), BDD_UNDECIDED);
        ck_assert_uint_eq(bdd_node(table, 1, others[i], BDD_UNDECIDED), BDD_UNDECIDED);
    }
    bdd_table_free(NULL);
}
END_TEST

/* Told to stop, they soon do, and keep to it; told no longer, they are right again. */
START_TEST(test_stop) {
    volatile gint stop = 0;
    g_autoptr(BddTable) table = bdd_table_new(1000000, &stop);
    Bdd sum = sum_of_products(table);
    Bdd rest = bdd_not(table, sum);
    Bdd nothing = bdd_without(table, sum, sum);
    ck_assert_uint_eq(nothing, BDD_FALSE);

    stop = 1;
    guint32 made = bdd_table_count(table);
    Bdd top = bdd_node(table, 2 * PRODUCTS, BDD_FALSE, BDD_TRUE);
    ck_assert_uint_eq(bdd_and(table, sum, top), BDD_UNDECIDED);
    ck_assert_uint_lt(bdd_table_count(table), made + 5000);
    ck_assert_int_eq(bdd_meets(table, sum, rest), BDD_MEETS_UNDECIDED);
    made = bdd_table_count(table);
    ck_assert_uint_eq(bdd_without(table, rest, top), BDD_UNDECIDED);
    ck_assert_uint_eq(bdd_table_count(table), made);
    ck_assert_int_eq(bdd_meets(table, sum, top), BDD_MEETS_UNDECIDED);

    stop = 0;
    ck_assert_int_eq(bdd_meets(table, sum, rest), BDD_MEETS_NO);
    ck_assert_int_eq(bdd_meets(table, sum, top), BDD_MEETS_YES);
    Bdd both = bdd_and(table, sum, top);
    ck_assert_uint_ne(both, BDD_UNDECIDED);
    ck_assert_uint_eq(bdd_or(table, both, bdd_without(table, sum, top)), sum);
}
END_TEST

/* Wherever in an operation it is stopped, what was cached on the way is right. */
START_TEST(test_stop_anywhere) {
    Random random = random_start();
    volatile gint stop = 0;
    g_autoptr(BddTable) table = bdd_table_new(G_MAXUINT32, &stop);
    guint stops = 0;
    for (guint i = 0; i < 400; i++) {
        const Truth truths[] = {random_truth(&random), random_truth(&random)};
        const Bdd f = from_truth(table, &truths[0], 0, 0, VARIABLES);
        const Bdd g = from_truth(table, &truths[1], 0, 0, VARIABLES);
        guint operation = i % G_N_ELEMENTS(operations);
        Truth want = truth_operate(operation, &truths[0], &truths[1], VARIABLES);
        for (stop = 1; stop >= 0; stop--) {
            Bdd got = operations[operation].operate(table, f, g);
            stops += got == BDD_UNDECIDED;
            RANDOM_ASSERT(&random, stop == 1 || got != BDD_UNDECIDED, "not stopped, undecided");
            Truth truth = got == BDD_UNDECIDED ? want : truth_of(table, got, VARIABLES);
            RANDOM_ASSERT(&random, truth_equal(&truth, &want), "%s", operations[operation].name);
        }
    }
    RANDOM_ASSERT(&random, stops > 0, "never stopped");
}
END_TEST

START_TEST(test_meets_stop_anywhere) {
    Random random = random_start();
    volatile gint stop = 0;
    g_autoptr(BddTable) table = bdd_table_new(G_MAXUINT32, &stop);
    const Bdd all = chain(table, VARIABLES, 1);
    guint stops = 0;
    for (guint i = 0; i < 400; i++) {
        const Truth truth = random_truth(&random);
        const Bdd f = from_truth(table, &truth, 0, 0, VARIABLES);
        stop = 0;
        /* They share nothing, or at the most what is looked at last. */
        Bdd g = i % 2 == 0 ? bdd_not(table, f) : bdd_or(table, bdd_not(table, f), all);
        BddMeets want = bdd_and(table, f, g) == BDD_FALSE ? BDD_MEETS_NO : BDD_MEETS_YES;
        for (stop = 1; stop >= 0; stop--) {
            BddMeets got = bdd_meets(table, f, g);
            stops += got == BDD_MEETS_UNDECIDED;
            RANDOM_ASSERT(&random, got == want || (stop == 1 && got == BDD_MEETS_UNDECIDED),
                          "meets is %u, not %u", got, want);
        }
    }
    RANDOM_ASSERT(&random, stops > 0, "never stopped");
}
END_TEST

START_TEST(test_deep) {
    g_autoptr(BddTable) table = bdd_table_new(1000000, NULL);
    Bdd all = chain(table, BDD_VARIABLES_MAX, 1);
    Bdd even = chain(table, BDD_VARIABLES_MAX, 2);
    ck_assert_uint_eq(bdd_table_count(table), BDD_VARIABLES_MAX + BDD_VARIABLES_MAX / 2);
    ck_assert_uint_eq(bdd_and(table, all, even), all);
    ck_assert_uint_eq(bdd_or(table, all, even), even);
    ck_assert_uint_eq(bdd_without(table, all, even), BDD_FALSE);
    Bdd rest = bdd_without(table, even, all);
    ck_assert_uint_eq(bdd_or(table, rest, all), even);
    ck_assert_int_eq(bdd_meets(table, rest, all), BDD_MEETS_NO);
    ck_assert_int_eq(bdd_meets(table, rest, even), BDD_MEETS_YES);
    ck_assert_int_eq(bdd_meets(table, all, even), BDD_MEETS_YES);
    Bdd other = bdd_not(table, all);
    ck_assert_int_eq(bdd_meets(table, all, other), BDD_MEETS_NO);
    ck_assert_uint_eq(bdd_not(table, other), all);
    ck_assert_uint_eq(bdd_or(table, all, other), BDD_TRUE);
}
END_TEST

/* If any variable below `end` is true then `high`, else f. */
static Bdd ladder(BddTable *table, Bdd f, guint32 end, Bdd high) {
    for (guint32 variable = end; variable > 0; variable--) {
        f = bdd_node(table, variable - 1, f, high);
    }
    return f;
}

/* Stopped halfway down, with a constant on the other side of every step. */
START_TEST(test_stop_deep) {
    volatile gint stop = 0;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(BddTable) table = bdd_table_new(1000000, &stop);
        Bdd none = ladder(table, BDD_TRUE, BDD_VARIABLES_MAX, BDD_FALSE);
        Bdd last = bdd_node(table, BDD_VARIABLES_MAX - 1, BDD_TRUE, BDD_FALSE);
        Bdd any = ladder(table, last, BDD_VARIABLES_MAX - 1, BDD_TRUE);
        bdd_not(table, last); /* so that the next look is far off */
        stop = 1;
        if (i == 0) {
            ck_assert_uint_eq(bdd_and(table, none, any), BDD_UNDECIDED);
        } else {
            ck_assert_int_eq(bdd_meets(table, none, any), BDD_MEETS_UNDECIDED);
        }
        stop = 0;
        ck_assert_uint_eq(bdd_and(table, none, any), none);
        ck_assert_int_eq(bdd_meets(table, none, any), BDD_MEETS_YES);
    }
}
END_TEST

START_TEST(test_variables_max) {
    g_autoptr(BddTable) table = bdd_table_new(BDD_VARIABLES_MAX, NULL);
    for (guint32 variable = 0; variable < BDD_VARIABLES_MAX; variable++) {
        Bdd f = bdd_node(table, variable, BDD_FALSE, BDD_TRUE);
        ck_assert_uint_ne(f, BDD_UNDECIDED);
        ck_assert_uint_eq(bdd_variable(table, f), variable);
    }
    ck_assert_uint_eq(bdd_node(table, BDD_VARIABLES_MAX, BDD_TRUE, BDD_TRUE), BDD_UNDECIDED);
}
END_TEST

/* Many operations on the same operands: the cache takes none for another. */
START_TEST(test_pairs) {
    g_autoptr(BddTable) table = bdd_table_new(1000000, NULL);
    for (guint32 i = 0; i < 150; i++) {
        Bdd f = bdd_node(table, i, BDD_FALSE, BDD_TRUE);
        for (guint32 j = i + 1; j < 150; j++) {
            Bdd g = bdd_node(table, j, BDD_FALSE, BDD_TRUE);
            Bdd not_g = bdd_node(table, j, BDD_TRUE, BDD_FALSE);
            ck_assert_int_eq(bdd_meets(table, f, g), BDD_MEETS_YES);
            ck_assert_uint_eq(bdd_and(table, f, g), bdd_node(table, i, BDD_FALSE, g));
            ck_assert_uint_eq(bdd_or(table, f, g), bdd_node(table, i, g, BDD_TRUE));
            ck_assert_uint_eq(bdd_without(table, f, g), bdd_node(table, i, BDD_FALSE, not_g));
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bdd");
    unit_add(suite, "test_operations", test_operations, 1);
    unit_add(suite, "test_growth", test_growth, 1);
    unit_add(suite, "test_budget", test_budget, 1);
    unit_add(suite, "test_small_budgets", test_small_budgets, 1);
    unit_add(suite, "test_undecided", test_undecided, 1);
    unit_add(suite, "test_stop", test_stop, 1);
    unit_add(suite, "test_stop_anywhere", test_stop_anywhere, 1);
    unit_add(suite, "test_meets_stop_anywhere", test_meets_stop_anywhere, 1);
    unit_add(suite, "test_deep", test_deep, 1);
    unit_add(suite, "test_stop_deep", test_stop_deep, 1);
    unit_add(suite, "test_variables_max", test_variables_max, 1);
    unit_add(suite, "test_pairs", test_pairs, 1);
    return unit_run(suite);
}
