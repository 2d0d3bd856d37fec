/*
 * NetworkSet: a set of addresses, made of CIDR blocks. Grows while a list is read, then is sealed
 * and only read.
 */
#ifndef POLICY_NETWORK_SET_H
#define POLICY_NETWORK_SET_H

#include "rules/network.h"

typedef struct NetworkSet NetworkSet;

NetworkSet *network_set_new(void);
void network_set_free(NetworkSet *set);
void network_set_add(NetworkSet *set, const Network *network);

/* Adds all of `other`. */
void network_set_include(NetworkSet *set, const NetworkSet *other);

/* Sorts, and merges what overlaps or touches; called once, before network_set_has(). */
void network_set_seal(NetworkSet *set);

/* Ranges of a family in order, both ends included; sealed sets only. */
guint network_set_count(const NetworkSet *set, AddressFamily family);
void network_set_get(const NetworkSet *set, AddressFamily family, guint index, Address *first,
                     Address *last);

gboolean network_set_has(const NetworkSet *set, const Address *address);

#endif
