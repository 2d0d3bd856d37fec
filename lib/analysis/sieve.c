/*
 * Sieve: which rule takes a guessed request is looked up in the index that match() uses. What can't
 * occur is subtracted as rarely as rules are: by the attribute of which the guess has what no value
 * is.
 */
#include "analysis/sieve.h"

#include "analysis/point.h"
#include "rules/index.h"

struct Sieve {
    Space *space;
    BddTable *table;
    const Index *index;
    GArray *conditions; /* of Bdd, by rule */
    GArray *bounds;     /* of Bdd: of each attribute, and last of all together, what can occur */
    Point *point;
    gboolean undecided; /* one of the diagrams is */
};

static Bdd get(const GArray *diagrams, guint index) {
    return g_array_index(diagrams, Bdd, index);
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
    sieve->index = ruleset_index(ruleset);
    sieve->conditions = g_array_new(FALSE, FALSE, sizeof(Bdd));
    sieve->bounds = g_array_new(FALSE, FALSE, sizeof(Bdd));
    sieve->point = point_new(space);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        Bdd condition = space_condition(space, ruleset_rule(ruleset, i)->condition);
        g_array_append_val(sieve->conditions, condition);
        sieve->undecided = sieve->undecided || condition == BDD_UNDECIDED;
    }
    add_bounds(sieve);
    return sieve;
}

void sieve_free(Sieve *sieve) {
    if (sieve) {
        g_array_unref(sieve->conditions);
        g_array_unref(sieve->bounds);
        point_free(sieve->point);
        g_free(sieve);
    }
}

/* The first of these rules before `end` that takes the guess, or `end`. */
static guint find_posted(const Sieve *sieve, const SieveSearch *search, const guint32 *postings,
                         guint end) {
    for (; *postings < end; postings++) {
        gboolean ignored = search->ignored && search->ignored[*postings];
        if (!ignored && point_is_in(sieve->point, get(sieve->conditions, *postings))) {
            return *postings;
        }
    }
    return end;
}

/* The first rule before `end` that takes the guess, or `end`. */
static guint find_taker(const Sieve *sieve, const SieveSearch *search, guint end) {
    end = find_posted(sieve, search, index_postings_always(sieve->index), end);
    for (guint i = 0; i < index_facet_count(sieve->index); i++) {
        Atom atom = point_atom(sieve->point, i);
        if (atom != ATOM_ABSENT) {
            end = find_posted(sieve, search, index_postings(sieve->index, i, atom), end);
            end = find_posted(sieve, search, index_postings_present(sieve->index, i), end);
        }
    }
    return end;
}

/* What can occur and the guess is not in; BDD_TRUE if it can occur too. */
static Bdd find_bound(const Sieve *sieve) {
    for (guint i = 0; i < sieve->bounds->len; i++) {
        if (!point_is_in(sieve->point, get(sieve->bounds, i))) {
            return get(sieve->bounds, i);
        }
    }
    return BDD_TRUE;
}

/* Whether a request of the region comes to this rule; none does to a rule before it that is looked
 * for. */
static BddMeets comes_to(Sieve *sieve, SieveSearch *search, guint rule) {
    Bdd condition = get(sieve->conditions, rule);
    BddMeets meets;
    while ((meets = point_move(sieve->point, search->region, condition)) == BDD_MEETS_YES) {
        Bdd bound = find_bound(sieve);
        if (bound != BDD_TRUE) {
            search->region = bdd_and(sieve->table, search->region, bound);
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

static gboolean is_wanted(const SieveSearch *search, guint rule) {
    return rule >= search->first && rule < search->end
           && (!search->wants || search->wants(rule, search->data));
}

guint sieve_guess(Sieve *sieve, const SieveSearch *search) {
    if (sieve->undecided || point_move(sieve->point, search->region, BDD_TRUE) != BDD_MEETS_YES
        || find_bound(sieve) != BDD_TRUE) {
        return SIEVE_NONE;
    }
    guint taker = find_taker(sieve, search, search->end);
    return is_wanted(search, taker) ? taker : SIEVE_NONE;
}

guint sieve_find(Sieve *sieve, SieveSearch *search) {
    if (sieve->undecided) {
        return SIEVE_UNDECIDED;
    }
    for (guint i = search->first; i < search->end && search->region != BDD_FALSE; i++) {
        BddMeets comes = is_wanted(search, i) ? comes_to(sieve, search, i) : BDD_MEETS_NO;
        if (comes != BDD_MEETS_NO) {
            return comes == BDD_MEETS_YES ? i : SIEVE_UNDECIDED;
        }
    }
    return SIEVE_NONE;
}
