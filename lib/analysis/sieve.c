/*
 * Sieve: which rule takes a guessed request is looked up in diagrams of what the rules of a block
 * match together, and then in that block. What can't occur is subtracted as rarely: by the
 * attribute of which the guess has what no value is.
 */
#include "analysis/sieve.h"

#include "analysis/point.h"

#define BLOCK_RULES 64

struct Sieve {
    Space *space;
    BddTable *table;
    GArray *conditions; /* of Bdd, by rule */
    GArray *blocks;     /* of Bdd: where a rule of the block holds; BDD_UNDECIDED: somewhere */
    GArray *bounds;     /* of Bdd: of each attribute, and last of all together, what can occur */
    Point *point;
    gboolean undecided; /* one of the diagrams is */
};

static Bdd get(const GArray *diagrams, guint index) {
    return g_array_index(diagrams, Bdd, index);
}

static void add_condition(Sieve *sieve, guint rule, Bdd condition) {
    sieve->undecided = sieve->undecided || condition == BDD_UNDECIDED;
    g_array_append_val(sieve->conditions, condition);
    if (rule % BLOCK_RULES == 0) {
        g_array_append_val(sieve->blocks, condition);
    } else {
        Bdd *block = &g_array_index(sieve->blocks, Bdd, rule / BLOCK_RULES);
        *block = bdd_or(sieve->table, *block, condition);
    }
}

static void add_bounds(Sieve *sieve) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        Bdd bound = space_values(sieve->space, (Attribute)i);
        g_array_append_val(sieve->bounds, bound);
    }
    Bdd universe = space_universe(sieve->space, FALSE);
    g_array_append_val(sieve->bounds, universe);
    sieve->undecided = sieve->undecided || universe == BDD_UNDECIDED;
}

Sieve *sieve_new(Space *space, const Ruleset *ruleset) {
    Sieve *sieve = g_new0(Sieve, 1);
    sieve->space = space;
    sieve->table = space_table(space);
    sieve->conditions = g_array_new(FALSE, FALSE, sizeof(Bdd));
    sieve->blocks = g_array_new(FALSE, FALSE, sizeof(Bdd));
    sieve->bounds = g_array_new(FALSE, FALSE, sizeof(Bdd));
    sieve->point = point_new(space);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        add_condition(sieve, i, space_condition(space, ruleset_rule(ruleset, i)->condition));
    }
    add_bounds(sieve);
    return sieve;
}

void sieve_free(Sieve *sieve) {
    if (sieve) {
        g_array_unref(sieve->conditions);
        g_array_unref(sieve->blocks);
        g_array_unref(sieve->bounds);
        point_free(sieve->point);
        g_free(sieve);
    }
}

/* The rule before `end` that takes the guess, or `end`. */
static guint find_taker(const Sieve *sieve, const SieveSearch *search, guint end) {
    for (guint i = 0; i < end;) {
        Bdd block = get(sieve->blocks, i / BLOCK_RULES);
        guint block_end = MIN(end, (i / BLOCK_RULES + 1) * BLOCK_RULES);
        if (block != BDD_UNDECIDED && !point_is_in(sieve->point, block)) {
            i = block_end;
        }
        for (; i < block_end; i++) {
            gboolean ignored = search->ignored && search->ignored[i];
            if (!ignored && point_is_in(sieve->point, get(sieve->conditions, i))) {
                return i;
            }
        }
    }
    return end;
}

/* Leaves of the region what can occur, as far as the guess shows it; FALSE if the guess can. */
static gboolean confine(const Sieve *sieve, Bdd *region) {
    gboolean occurs = TRUE;
    for (guint i = 0; occurs && i < sieve->bounds->len; i++) {
        Bdd bound = get(sieve->bounds, i);
        if (!point_is_in(sieve->point, bound)) {
            *region = bdd_and(sieve->table, *region, bound);
            occurs = FALSE;
        }
    }
    return !occurs;
}

/* Whether a request of the region comes to this rule; none does to a rule before it that is looked
 * for. */
static BddMeets comes_to(Sieve *sieve, SieveSearch *search, guint rule) {
    Bdd condition = get(sieve->conditions, rule);
    BddMeets meets;
    while ((meets = point_move(sieve->point, search->region, condition)) == BDD_MEETS_YES) {
        if (confine(sieve, &search->region)) {
            continue;
        }
        guint taker = find_taker(sieve, search, rule);
        if (taker == rule) {
            break;
        }
        search->region = bdd_without(sieve->table, search->region, get(sieve->conditions, taker));
        if (search->takers) {
            g_array_append_val(search->takers, taker);
        }
    }
    return meets;
}

guint sieve_find(Sieve *sieve, SieveSearch *search) {
    if (sieve->undecided) {
        return SIEVE_UNDECIDED;
    }
    for (guint i = search->first; i < search->end && search->region != BDD_FALSE; i++) {
        BddMeets comes = search->wants && !search->wants(i, search->data)
                             ? BDD_MEETS_NO
                             : comes_to(sieve, search, i);
        if (comes != BDD_MEETS_NO) {
            return comes == BDD_MEETS_YES ? i : SIEVE_UNDECIDED;
        }
    }
    return SIEVE_NONE;
}
