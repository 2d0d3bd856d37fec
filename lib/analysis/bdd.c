/*
 * Bdd: all nodes in one array, found again by hash buckets whose chains run through the nodes, and
 * a cache of operations done, in which a later one takes the place of an earlier. All three double
 * as they fill, from a few pages, as most tables are of a rule file's few dozen rules. What isn't
 * decided is passed up at once and never cached.
 */
#include "analysis/bdd.h"

/* Every table starts with this power of two of nodes, and of cache entries. */
#define START_BITS 10

/* 64 MB of cache; past it, a wider one costs more in memory's misses than it saves. */
#define CACHE_BITS_MAX 22

/* Steps between two looks at *stop: some 0.1 ms. */
#define PATIENCE 4096

/* The constants come behind every variable. */
#define VARIABLE_NONE G_MAXUINT32

/* The operands of all but the last can be swapped. */
typedef enum {
    OPERATION_NONE, /* of an unused cache entry */
    OPERATION_AND,
    OPERATION_OR,
    OPERATION_MEETS,
    OPERATION_WITHOUT,
} Operation;

/* `next` is the chain's next node, 0 at its end: no chain holds a constant. */
typedef struct {
    guint32 variable;
    Bdd low;
    Bdd high;
    guint32 next;
} Node;

typedef struct {
    Bdd f;
    Bdd g;
    guint32 operation;
    guint32 result; /* a Bdd, or a BddMeets */
} Entry;

struct BddTable {
    Node *nodes;
    guint32 *buckets; /* as many as there is room for nodes */
    guint32 count;    /* of nodes, constants included */
    guint32 count_max;
    guint bits;
    Entry *cache;
    guint cache_bits;
    gsize evictions; /* since the cache grew */
    guint patience;
    const volatile gint *stop;
};

BddTable *bdd_table_new(guint32 budget, const volatile gint *stop) {
    static const Node constant = {VARIABLE_NONE, BDD_UNDECIDED, BDD_UNDECIDED, 0};
    BddTable *table = g_new0(BddTable, 1);
    table->bits = table->cache_bits = START_BITS;
    table->nodes = g_new(Node, (gsize)1 << START_BITS);
    table->buckets = g_new0(guint32, (gsize)1 << START_BITS);
    table->cache = g_new0(Entry, (gsize)1 << START_BITS);
    table->nodes[BDD_FALSE] = table->nodes[BDD_TRUE] = constant;
    table->count = 2;
    table->count_max = MIN(budget, BDD_UNDECIDED - 2) + 2;
    table->stop = stop;
    return table;
}

void bdd_table_free(BddTable *table) {
    if (table) {
        g_free(table->nodes);
        g_free(table->buckets);
        g_free(table->cache);
        g_free(table);
    }
}

guint32 bdd_table_count(const BddTable *table) {
    return table->count - 2;
}

guint32 bdd_variable(const BddTable *table, Bdd f) {
    return table->nodes[f].variable;
}

Bdd bdd_low(const BddTable *table, Bdd f) {
    return table->nodes[f].low;
}

Bdd bdd_high(const BddTable *table, Bdd f) {
    return table->nodes[f].high;
}

/* The high bits of a product depend on every bit of what was multiplied. */
static gsize hash(guint32 a, guint32 b, guint32 c, guint bits) {
    guint64 pair = (guint64)b << 32 | c;
    guint64 mixed = (pair ^ a * G_GUINT64_CONSTANT(0xd6e8feb86659fd93))
                    * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    return (gsize)(mixed >> (64 - bits));
}

static void link_node(BddTable *table, guint32 index) {
    Node *node = &table->nodes[index];
    guint32 *bucket = &table->buckets[hash(node->variable, node->low, node->high, table->bits)];
    node->next = *bucket;
    *bucket = index;
}

static void grow_nodes(BddTable *table) {
    gsize size = (gsize)1 << ++table->bits;
    table->nodes = g_renew(Node, table->nodes, size);
    g_free(table->buckets);
    table->buckets = g_new0(guint32, size);
    for (guint32 i = 2; i < table->count; i++) {
        link_node(table, i);
    }
}

/* The one node of these three. */
static Bdd make(BddTable *table, guint32 variable, Bdd low, Bdd high) {
    if (low == high) {
        return low;
    }
    guint32 index = table->buckets[hash(variable, low, high, table->bits)];
    for (; index != 0; index = table->nodes[index].next) {
        const Node *node = &table->nodes[index];
        if (node->low == low && node->high == high && node->variable == variable) {
            return index;
        }
    }
    if (table->count == table->count_max) {
        return BDD_UNDECIDED;
    }
    if (table->count >> table->bits != 0) {
        grow_nodes(table);
    }
    index = table->count++;
    table->nodes[index] = (Node){variable, low, high, 0};
    link_node(table, index);
    return index;
}

Bdd bdd_node(BddTable *table, guint32 variable, Bdd low, Bdd high) {
    if (low == BDD_UNDECIDED || high == BDD_UNDECIDED || variable >= BDD_VARIABLES_MAX) {
        return BDD_UNDECIDED;
    }
    g_assert(variable < bdd_variable(table, low) && variable < bdd_variable(table, high));
    return make(table, variable, low, high);
}

static Entry *cache_slot(const BddTable *table, Operation operation, Bdd f, Bdd g) {
    return &table->cache[hash(operation, f, g, table->cache_bits)];
}

/* BDD_UNDECIDED, which is never cached, if it isn't there. */
static guint32 cache_get(const BddTable *table, Operation operation, Bdd f, Bdd g) {
    const Entry *entry = cache_slot(table, operation, f, g);
    gboolean found = entry->f == f && entry->g == g && entry->operation == operation;
    return found ? entry->result : BDD_UNDECIDED;
}

static void grow_cache(BddTable *table) {
    Entry *old = table->cache;
    gsize old_size = (gsize)1 << table->cache_bits++;
    table->cache = g_new0(Entry, old_size * 2);
    for (gsize i = 0; i < old_size; i++) {
        *cache_slot(table, old[i].operation, old[i].f, old[i].g) = old[i];
    }
    g_free(old);
    table->evictions = 0;
}

/* It grows by what it forgets, not with the nodes: bdd_meets() may do much and make none. */
static void cache_put(BddTable *table, Operation operation, Bdd f, Bdd g, guint32 result) {
    if (table->evictions >> table->cache_bits != 0 && table->cache_bits < CACHE_BITS_MAX) {
        grow_cache(table);
    }
    Entry *entry = cache_slot(table, operation, f, g);
    table->evictions += entry->operation != OPERATION_NONE;
    *entry = (Entry){f, g, operation, result};
}

/* Once told to stop, every further step looks again. */
static gboolean is_stopped(BddTable *table) {
    if (table->patience > 0) {
        table->patience--;
        return FALSE;
    }
    if (table->stop && *table->stop != 0) {
        return TRUE;
    }
    table->patience = PATIENCE;
    return FALSE;
}

/* f where a variable that is at its top or above is FALSE or TRUE. */
static Bdd low_below(const BddTable *table, Bdd f, guint32 variable) {
    const Node *node = &table->nodes[f];
    return node->variable == variable ? node->low : f;
}

static Bdd high_below(const BddTable *table, Bdd f, guint32 variable) {
    const Node *node = &table->nodes[f];
    return node->variable == variable ? node->high : f;
}

static guint32 top_variable(const BddTable *table, Bdd f, Bdd g) {
    return MIN(table->nodes[f].variable, table->nodes[g].variable);
}

/* What needs no look at the nodes, else BDD_UNDECIDED. Swappable operands are in order, so that a
 * constant is f. */
static Bdd apply_constant(Operation operation, Bdd f, Bdd g) {
    switch (operation) {
    case OPERATION_AND:
        return f == BDD_TRUE ? g : f == BDD_FALSE || f == g ? f : BDD_UNDECIDED;
    case OPERATION_OR:
        return f == BDD_FALSE ? g : f == BDD_TRUE || f == g ? f : BDD_UNDECIDED;
    default:
        if (f == BDD_FALSE || g == BDD_TRUE || f == g) {
            return BDD_FALSE;
        }
        return g == BDD_FALSE ? f : BDD_UNDECIDED;
    }
}

/* It recurses BDD_VARIABLES_MAX deep, so its locals are few and none's address is taken. */
static Bdd apply(BddTable *table, Operation operation, Bdd f, Bdd g) {
    if (operation != OPERATION_WITHOUT && f > g) {
        Bdd swapped = f;
        f = g;
        g = swapped;
    }
    Bdd known = apply_constant(operation, f, g);
    if (known == BDD_UNDECIDED) {
        known = cache_get(table, operation, f, g);
    }
    if (known != BDD_UNDECIDED) {
        return known;
    }
    if (is_stopped(table)) {
        return BDD_UNDECIDED;
    }
    guint32 variable = top_variable(table, f, g);
    Bdd low = apply(table, operation, low_below(table, f, variable), low_below(table, g, variable));
    if (low == BDD_UNDECIDED) {
        return BDD_UNDECIDED;
    }
    Bdd high =
        apply(table, operation, high_below(table, f, variable), high_below(table, g, variable));
    if (high == BDD_UNDECIDED) {
        return BDD_UNDECIDED;
    }
    Bdd result = make(table, variable, low, high);
    if (result != BDD_UNDECIDED) {
        cache_put(table, operation, f, g, result);
    }
    return result;
}

static Bdd apply_decided(BddTable *table, Operation operation, Bdd f, Bdd g) {
    if (f == BDD_UNDECIDED || g == BDD_UNDECIDED) {
        return BDD_UNDECIDED;
    }
    return apply(table, operation, f, g);
}

Bdd bdd_and(BddTable *table, Bdd f, Bdd g) {
    return apply_decided(table, OPERATION_AND, f, g);
}

Bdd bdd_or(BddTable *table, Bdd f, Bdd g) {
    return apply_decided(table, OPERATION_OR, f, g);
}

Bdd bdd_without(BddTable *table, Bdd f, Bdd g) {
    return apply_decided(table, OPERATION_WITHOUT, f, g);
}

Bdd bdd_not(BddTable *table, Bdd f) {
    return apply_decided(table, OPERATION_WITHOUT, BDD_TRUE, f);
}

/* As apply(), for OPERATION_AND, but it ends at the first way found. */
static BddMeets meets(BddTable *table, Bdd f, Bdd g) {
    if (f > g) {
        Bdd swapped = f;
        f = g;
        g = swapped;
    }
    guint32 known = apply_constant(OPERATION_AND, f, g);
    if (known != BDD_UNDECIDED) {
        return known == BDD_FALSE ? BDD_MEETS_NO : BDD_MEETS_YES;
    }
    known = cache_get(table, OPERATION_MEETS, f, g);
    if (known != BDD_UNDECIDED) {
        return (BddMeets)known;
    }
    if (is_stopped(table)) {
        return BDD_MEETS_UNDECIDED;
    }
    guint32 variable = top_variable(table, f, g);
    BddMeets result = meets(table, low_below(table, f, variable), low_below(table, g, variable));
    if (result == BDD_MEETS_NO) {
        result = meets(table, high_below(table, f, variable), high_below(table, g, variable));
    }
    if (result != BDD_MEETS_UNDECIDED) {
        cache_put(table, OPERATION_MEETS, f, g, result);
    }
    return result;
}

BddMeets bdd_meets(BddTable *table, Bdd f, Bdd g) {
    if (f == BDD_UNDECIDED || g == BDD_UNDECIDED) {
        return BDD_MEETS_UNDECIDED;
    }
    return meets(table, f, g);
}
