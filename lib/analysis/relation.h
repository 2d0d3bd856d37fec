/*
 * Relation: which codes fields have together, as rows that each may name a value that has them.
 */
#ifndef POLICY_RELATION_H
#define POLICY_RELATION_H

#include "analysis/field.h"

typedef struct Relation Relation;

/* The fields are borrowed; their variables ascend from one to the next when relation_build() is
 * called. */
Relation *relation_new(Field *const *fields, guint width);
void relation_free(Relation *relation);

/* Adds a row, a code for each field; FALSE if there is one like it, which stays as it is. */
gboolean relation_add(Relation *relation, const guint32 *codes, const Seed *seed);

guint relation_count(const Relation *relation);
const guint32 *relation_codes(const Relation *relation, guint row);
const Seed *relation_seed(const Relation *relation, guint row);

/* The row that has these codes, or -1. */
gint relation_find(const Relation *relation, const guint32 *codes);

/* The fields have the codes of a row. */
Bdd relation_build(const Relation *relation, BddTable *table);

#endif
