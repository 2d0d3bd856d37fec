/*
 * GroupPrivate: what the parts of Group share: group.c, group_collect.c, group_witness.c.
 */
#ifndef POLICY_GROUP_PRIVATE_H
#define POLICY_GROUP_PRIVATE_H

#include "analysis/group.h"

struct Group {
    Attribute attribute;
    gboolean split; /* the value is taken apart */
    GPtrArray *fields;
    Field *own; /* the field that the group added, or NULL */

    /* The fields by what they ask, NULL where nothing asks it. */
    Field *presence; /* only where no other field tells */
    Field *whole;
    Field *local;
    Field *routed;
    Field *domain;
    Field *final;
    GPtrArray *equals; /* flags: equal to a text, letters folded */
    GPtrArray *free;   /* flags: regexes, and what else is not tied to the classes */

    /* What goes together. The first four are of the fields up to `routed`, the next two of the
     * others, the last three of both. */
    Relation *alone;    /* no `@`; of a value that is not split: all of it */
    Relation *bare;     /* an `@`, and no domain behind it */
    Relation *straight; /* a local part with nothing to route, before a domain */
    Relation *routing;  /* one with something to route, before a domain */
    Relation *domains;
    Relation *routed_domains; /* `final` is as of a mailbox that isn't */
    Relation *listed;         /* a mailbox that is listed whole */
    Relation *straight_taken; /* what only listed mailboxes would be, without their lists */
    Relation *routing_taken;
    GStringChunk *texts; /* that seeds borrow; NULL if there are none */
};

/* group_collect.c: fills the relations. */
void group_collect(Group *group);

/* group_collect.c: a row for the first four relations: the flag that is equal, or -1, and the
 * codes of the others; `row` holds one for each field. */
void group_left_row(const Group *group, gint equal, guint32 whole, guint32 local, gboolean routed,
                    guint32 *row);

/* group_collect.c: what routes: one of `@ % !`. */
gboolean group_is_routing(Text local);

#endif
