/*
 * Group: the fields of one attribute. What they say of one value is tied together: a mailbox of a
 * list has that mailbox's domain, what is absent is in no list. The ties are exact, but for the
 * flags of regexes and of comparisons with another attribute, which are free where a value is
 * present: so what holds of all codes that a group allows holds of all values.
 */
#ifndef POLICY_GROUP_H
#define POLICY_GROUP_H

#include "analysis/relation.h"

typedef struct Group Group;

/* The fields of one attribute, borrowed. */
Group *group_new(Attribute attribute, const GPtrArray *fields);
void group_free(Group *group);

Attribute group_attribute(const Group *group);

/* The fields, in the order in which their variables are to be. The group may have added one. */
const GPtrArray *group_fields(const Group *group);

/* The codes that a value has together; the fields have their variables. */
Bdd group_universe(Group *group, BddTable *table);

/* The attribute, or this part of it, is present. */
Bdd group_present(const Group *group, BddTable *table, AttributePart part);

/* What a value is to be like. */
typedef struct {
    const guint32 *codes;  /* by field, as in group_fields() */
    const gboolean *bound; /* by field: FALSE where the code of a flag doesn't matter */
} GroupTarget;

/* A value of these codes, as the rules see it, empty if absent; NULL if none was found, which only
 * regexes and long lists of letter cases can cause. Flags of comparisons with another attribute are
 * not looked at. The caller frees it. */
char *group_witness(const Group *group, const GroupTarget *target, RegexScratch *scratch);

/* The codes of a value, by field; those of comparisons and regexes are CODE_ABSENT. The caller
 * frees them. */
guint32 *group_codes(const Group *group, const char *value);

/* TRUE if the value has these codes; the same flags are not looked at. */
gboolean group_value_has(const Group *group, const char *value, const GroupTarget *target,
                         RegexScratch *scratch);

#endif
