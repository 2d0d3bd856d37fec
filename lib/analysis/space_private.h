/*
 * SpacePrivate: what the parts of Space share: space.c, space_witness.c.
 */
#ifndef POLICY_SPACE_PRIVATE_H
#define POLICY_SPACE_PRIVATE_H

#include "analysis/space.h"

struct Space {
    const Ruleset *ruleset;
    BddTable *table;
    GPtrArray *fields; /* of Field */
    Field **facets;    /* by facet of the index; NULL where nothing asks it */
    GHashTable *flags; /* of a flag's key to its Field */
    GPtrArray *groups; /* of Group, in the order of their variables */
    Group *by_attribute[ATTRIBUTE_COUNT];
    GHashTable *conditions;       /* of const Expression * to its Bdd */
    GHashTable *of_any_recipient; /* the same, for space_condition_of_any_recipient() */
    RegexScratch *scratch;
    guint32 variables;
    gboolean too_large;
    Bdd universe; /* without axioms; BDD_UNDECIDED until it is made */
    GString *obstacles;
};

#endif
