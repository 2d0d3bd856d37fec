/*
 * DomainMap: domains to atoms, from the domains and parent domains that tests hold for.
 */
#ifndef POLICY_DOMAIN_MAP_H
#define POLICY_DOMAIN_MAP_H

#include "protocol/text.h"
#include "rules/signature.h"

typedef struct DomainMap DomainMap;

/* The signatures are borrowed, and outlive the map. */
DomainMap *domain_map_new(SignatureTable *signatures);
void domain_map_free(DomainMap *map);

/* The test holds for this domain, folded; or, if `under`, for all domains strictly under it. */
void domain_map_add(DomainMap *map, Text domain, gboolean under, guint32 test);

/* Called once, before a look-up. */
void domain_map_seal(DomainMap *map);

/* A domain less its trailing dot, in any case, and no address literal. One that starts with a dot
 * is ATOM_REST. */
Atom domain_map_find(const DomainMap *map, Text domain);

/* Called with each domain that is named, or is the parent of one, and the atoms of itself and of
 * those under it that are not named. */
typedef void (*DomainVisitor)(Text domain, Atom exact, Atom under, gpointer data);

void domain_map_visit(const DomainMap *map, DomainVisitor visit, gpointer data);

#endif
