/*
 * Fuzz target bdd: a program of operations on functions of six variables, each beside its truth
 * table, which is a number of 64 bits.
 *
 * Input: the table's budget, then for each operation its kind and two earlier functions.
 */
#include "analysis/bdd.h"

#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"

#define VARIABLES 6
#define FUNCTIONS 256

/* Bit `a` of the truth: the value where variable v is bit v of a. */
typedef struct {
    Bdd bdd;
    guint64 truth;
} Function;

typedef struct {
    BddTable *table;
    gboolean poor; /* its budget may not suffice */
    Function functions[FUNCTIONS];
    guint count;
} Machine;

static const guint64 variables[VARIABLES] = {
    G_GUINT64_CONSTANT(0xaaaaaaaaaaaaaaaa), G_GUINT64_CONSTANT(0xcccccccccccccccc),
    G_GUINT64_CONSTANT(0xf0f0f0f0f0f0f0f0), G_GUINT64_CONSTANT(0xff00ff00ff00ff00),
    G_GUINT64_CONSTANT(0xffff0000ffff0000), G_GUINT64_CONSTANT(0xffffffff00000000)};

static guint64 find_truth(const BddTable *table, Bdd f) {
    guint64 truth = 0;
    for (guint a = 0; a < 64; a++) {
        Bdd at = f;
        while (at != BDD_FALSE && at != BDD_TRUE) {
            at = a >> bdd_variable(table, at) & 1 ? bdd_high(table, at) : bdd_low(table, at);
        }
        truth |= (guint64)(at == BDD_TRUE) << a;
    }
    return truth;
}

/* Equal functions are one node, and others are not. */
static void add(Machine *machine, Bdd bdd, guint64 truth) {
    if (bdd == BDD_UNDECIDED) {
        FUZZ_ASSERT(machine->poor, "undecided in a large table");
        return;
    }
    FUZZ_ASSERT(find_truth(machine->table, bdd) == truth, "another function");
    for (guint i = 0; i < machine->count; i++) {
        const Function *known = &machine->functions[i];
        FUZZ_ASSERT((known->bdd == bdd) == (known->truth == truth), "function %u", i);
    }
    machine->functions[machine->count++] = (Function){bdd, truth};
}

static void add_node(Machine *machine, Bytes *bytes, Function low, Function high) {
    guint32 variable = bytes_below(bytes, VARIABLES);
    BddTable *table = machine->table;
    if (variable < bdd_variable(table, low.bdd) && variable < bdd_variable(table, high.bdd)) {
        guint64 mask = variables[variable];
        add(machine, bdd_node(table, variable, low.bdd, high.bdd),
            (low.truth & ~mask) | (high.truth & mask));
    }
}

static void check_meets(const Machine *machine, Function f, Function g) {
    BddMeets meets = bdd_meets(machine->table, f.bdd, g.bdd);
    BddMeets want = f.truth & g.truth ? BDD_MEETS_YES : BDD_MEETS_NO;
    FUZZ_ASSERT(meets == want, "meets: %d, not %d", (int)meets, (int)want);
}

static void operate(Machine *machine, Bytes *bytes) {
    guint kind = bytes_below(bytes, 7);
    Function f = machine->functions[bytes_below(bytes, machine->count)];
    Function g = machine->functions[bytes_below(bytes, machine->count)];
    guint variable = (guint)(f.truth % VARIABLES);
    switch (kind) {
    case 0:
        add(machine, bdd_and(machine->table, f.bdd, g.bdd), f.truth & g.truth);
        break;
    case 1:
        add(machine, bdd_or(machine->table, f.bdd, g.bdd), f.truth | g.truth);
        break;
    case 2:
        add(machine, bdd_without(machine->table, f.bdd, g.bdd), f.truth & ~g.truth);
        break;
    case 3:
        add(machine, bdd_not(machine->table, f.bdd), ~f.truth);
        break;
    case 4:
        add_node(machine, bytes, f, g);
        break;
    case 5:
        add(machine, bdd_node(machine->table, variable, BDD_FALSE, BDD_TRUE), variables[variable]);
        break;
    default:
        check_meets(machine, f, g);
        break;
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    static const Bdd operands[] = {BDD_FALSE, BDD_TRUE};
    Bytes bytes = bytes_make(data, size);
    guint budget = bytes_take(&bytes);
    g_autoptr(BddTable) table = bdd_table_new(budget < 128 ? budget : 1000000, NULL);
    Machine machine = {.table = table, .poor = budget < 128};
    add(&machine, operands[0], 0);
    add(&machine, operands[1], G_MAXUINT64);
    for (guint i = 0; i < VARIABLES; i++) {
        add(&machine, bdd_node(table, i, BDD_FALSE, BDD_TRUE), variables[i]);
    }
    while (bytes_are_left(&bytes) && machine.count < FUNCTIONS) {
        operate(&machine, &bytes);
    }
    FUZZ_ASSERT(bdd_table_count(table) <= (budget < 128 ? budget : 1000000), "over its budget");
    return 0;
}
