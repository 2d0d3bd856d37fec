/*
 * GroupOrder: in which order the groups of a space have their variables.
 */
#ifndef POLICY_GROUP_ORDER_H
#define POLICY_GROUP_ORDER_H

#include "analysis/group.h"

/* Sorts the groups (of Group) so that there is little between those that one of `roots` (of const
 * Expression) asks together. */
void group_order(GPtrArray *groups, const GPtrArray *roots);

#endif
