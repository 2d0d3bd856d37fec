/*
 * GroupOrder: what an order costs is, for each two groups that are asked together, how often that
 * is, times the variables that stand between them. One group after the other is moved to where that
 * is least, until no move helps: there are at most as many groups as attributes.
 */
#include "analysis/group_order.h"

/* Moves of all groups; each makes the order better, and few are needed. */
#define ROUNDS_MAX 16

typedef struct {
    GPtrArray *groups;
    guint64 together[ATTRIBUTE_COUNT][ATTRIBUTE_COUNT];
} Order;

static guint64 asked_by(const Expression *expression, GHashTable *known) {
    guint64 mask = 0;
    guint64 *remembered = g_hash_table_lookup(known, expression);
    if (remembered) {
        return *remembered;
    }
    if (expression->kind == EXPRESSION_TEST) {
        mask = G_GUINT64_CONSTANT(1) << expression->test.operand.attribute;
        if (expression->test.kind == TEST_SAME) {
            mask |= G_GUINT64_CONSTANT(1) << expression->test.other.attribute;
        }
    }
    for (guint i = 0; i < expression->count; i++) {
        mask |= asked_by(expression->parts[i], known);
    }
    if (expression->count > 0) {
        g_hash_table_insert(known, (gpointer)(guintptr)expression, g_memdup2(&mask, sizeof mask));
    }
    return mask;
}

static void count_together(Order *order, guint64 mask) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        for (guint j = 0; mask >> i & 1 && j < i; j++) {
            if (mask >> j & 1) {
                order->together[i][j]++;
                order->together[j][i]++;
            }
        }
    }
}

static guint group_bits(const Group *group) {
    const GPtrArray *fields = group_fields(group);
    guint bits = 0;
    for (guint i = 0; i < fields->len; i++) {
        bits += ((const Field *)g_ptr_array_index(fields, i))->bits;
    }
    return bits;
}

static guint64 cost(const Order *order) {
    guint64 total = 0;
    for (guint i = 0; i < order->groups->len; i++) {
        guint64 between = 1;
        for (guint j = i + 1; j < order->groups->len; j++) {
            const Group *right = g_ptr_array_index(order->groups, j);
            Attribute a = group_attribute(g_ptr_array_index(order->groups, i));
            total += order->together[a][group_attribute(right)] * between;
            between += group_bits(right);
        }
    }
    return total;
}

static void move(GPtrArray *groups, guint from, guint to) {
    gpointer group = g_ptr_array_steal_index(groups, from);
    g_ptr_array_insert(groups, (gint)to, group);
}

/* Moves one group to its best place; TRUE if that was another. */
static gboolean improve(Order *order, guint from) {
    guint best = from;
    guint64 least = cost(order);
    guint at = from;
    for (guint to = 0; to < order->groups->len; to++) {
        move(order->groups, at, to);
        at = to;
        guint64 now = cost(order);
        if (now < least) {
            least = now;
            best = to;
        }
    }
    move(order->groups, at, best);
    return best != from;
}

void group_order(GPtrArray *groups, const GPtrArray *roots) {
    g_autoptr(GHashTable) known = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autofree Order *order = g_new0(Order, 1);
    order->groups = groups;
    for (guint i = 0; i < roots->len; i++) {
        count_together(order, asked_by(g_ptr_array_index(roots, i), known));
    }
    gboolean moved = TRUE;
    for (guint round = 0; moved && round < ROUNDS_MAX; round++) {
        moved = FALSE;
        for (guint i = 0; i < groups->len; i++) {
            moved = improve(order, i) || moved;
        }
    }
}
