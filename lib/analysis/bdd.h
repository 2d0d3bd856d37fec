/*
 * Bdd: functions of true-or-false variables, as reduced ordered binary decision diagrams: equal
 * functions are the same node. All nodes of a table live until the table is freed. A table has a
 * budget of nodes: an operation that would need more, or that was told to stop, gives
 * BDD_UNDECIDED, and so does every operation on that.
 *
 * Source: R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, 1986.
 */
#ifndef POLICY_BDD_H
#define POLICY_BDD_H

#include <glib.h>

typedef guint32 Bdd;

#define BDD_FALSE 0
#define BDD_TRUE 1
#define BDD_UNDECIDED G_MAXUINT32

/* Variables of a table at the most, from 0: operations recurse as deep as there are variables. */
#define BDD_VARIABLES_MAX 8192

typedef struct BddTable BddTable;

/* At most `budget` nodes, the two constants not counted. *stop is read now and then, and operations
 * stop while it is not 0; it may be NULL, and is set by a signal handler or by another thread. */
BddTable *bdd_table_new(guint32 budget, const volatile gint *stop);
void bdd_table_free(BddTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BddTable, bdd_table_free)

/* Nodes made so far. */
guint32 bdd_table_count(const BddTable *table);

/* If `variable` then `high`, else `low`, whose own variables are greater. BDD_UNDECIDED too for a
 * variable of BDD_VARIABLES_MAX or more. */
Bdd bdd_node(BddTable *table, guint32 variable, Bdd low, Bdd high);

Bdd bdd_and(BddTable *table, Bdd f, Bdd g);
Bdd bdd_or(BddTable *table, Bdd f, Bdd g);
Bdd bdd_without(BddTable *table, Bdd f, Bdd g); /* f and not g */
Bdd bdd_not(BddTable *table, Bdd f);

/* Whether f and g can both be true; looks for one way only and makes no nodes, so it is far cheaper
 * than bdd_and(). */
typedef enum {
    BDD_MEETS_NO,
    BDD_MEETS_YES,
    BDD_MEETS_UNDECIDED,
} BddMeets;

BddMeets bdd_meets(BddTable *table, Bdd f, Bdd g);

/* Of a node that is no constant. */
guint32 bdd_variable(const BddTable *table, Bdd f);
Bdd bdd_low(const BddTable *table, Bdd f);
Bdd bdd_high(const BddTable *table, Bdd f);

#endif
