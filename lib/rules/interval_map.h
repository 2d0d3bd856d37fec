/*
 * IntervalMap: unsigned numbers of up to 128 bits to atoms, from the intervals in which tests
 * hold. IPv6 addresses and numbers are looked up by halves; IPv4 addresses by their upper 16 bits
 * first, as DXR does.
 */
#ifndef POLICY_INTERVAL_MAP_H
#define POLICY_INTERVAL_MAP_H

#include "rules/signature.h"

typedef unsigned __int128 IntervalKey;

typedef struct IntervalMap IntervalMap;

/* Keys of 32, 64 or 128 bits. */
IntervalMap *interval_map_new(guint bits);
void interval_map_free(IntervalMap *map);

/* From first to last, both included. The intervals of one test don't overlap. */
void interval_map_add(IntervalMap *map, IntervalKey first, IntervalKey last, guint32 test);

/* Sweeps the intervals; called once, before a look-up. */
void interval_map_seal(IntervalMap *map, SignatureTable *signatures);

/* For a map of more than 32 bits. */
Atom interval_map_find(const IntervalMap *map, IntervalKey key);

/* The same, and the only look-up, for a map of 32 bits. */
Atom interval_map_find32(const IntervalMap *map, guint32 key);

/* Called with each run of keys that have one atom, in order; first and last included. */
typedef void (*IntervalVisitor)(IntervalKey first, IntervalKey last, Atom atom, gpointer data);

void interval_map_visit(const IntervalMap *map, IntervalVisitor visit, gpointer data);

#endif
