/*
 * Signature: the tests that hold for a value, as an ascending list of their numbers. Interned: two
 * values that no test can tell apart have the same one, and a signature's number is their atom.
 */
#ifndef POLICY_SIGNATURE_H
#define POLICY_SIGNATURE_H

#include <glib.h>

/* A value's class: values of one atom satisfy the same tests. */
typedef guint32 Atom;

/* The atom of values for which no test holds. */
#define ATOM_REST 0

typedef struct SignatureTable SignatureTable;

/* Holds ATOM_REST. */
SignatureTable *signature_table_new(void);
void signature_table_free(SignatureTable *table);

/* `tests` ascend. They are compared as lists, never by a hash alone. */
Atom signature_intern(SignatureTable *table, const guint32 *tests, guint count);

/* The atom whose tests are those of `atom` and one more, which they lack or have. */
Atom signature_with(SignatureTable *table, Atom atom, guint32 test);

/* The atom whose tests are those of both. */
Atom signature_union(SignatureTable *table, Atom a, Atom b);

guint signature_table_count(const SignatureTable *table);

/* Borrowed until the table grows. */
const guint32 *signature_tests(const SignatureTable *table, Atom atom, guint *count);

gboolean signature_has(const SignatureTable *table, Atom atom, guint32 test);

#endif
