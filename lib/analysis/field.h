/*
 * Field: one thing that tests ask of a request, as variables of a BddTable: the class of an
 * attribute's value, as a number, its code; or something that is so or not, as one of two codes.
 */
#ifndef POLICY_FIELD_H
#define POLICY_FIELD_H

#include "analysis/bdd.h"
#include "rules/classify.h"

/* The code of an absent value, and of what is not so. */
#define CODE_ABSENT 0

/* The code of what is so. */
#define CODE_TRUE 1

typedef struct {
    Operand operand;
    const Classifier *classifier; /* NULL: what is so or not, a flag */
    const Test *test; /* of a flag: so if the test holds; NULL: if the value is present */
    guint count;      /* codes: 0 to count - 1 */
    guint bits;
    guint32 first;    /* its first variable, of `bits`; the upper bit is the first */
    Seed *seeds;      /* by code, of all but CODE_ABSENT: values of that class; NULL of a flag */
    guint32 *codes;   /* by atom; CODE_ABSENT if no value has the atom */
    guint32 *offsets; /* by test: where its codes begin in test_codes, and an end */
    guint32 *test_codes;
    guint test_count;
    Bdd *tests; /* by test: what field_test() gave, or BDD_UNDECIDED */
} Field;

/* The classifier is borrowed, as is what its seeds borrow. */
Field *field_new_classes(const Classifier *classifier);
Field *field_new_flag(Operand operand, const Test *test);
void field_free(Field *field);

/* The class of a value; the atom may be ATOM_ABSENT. */
guint32 field_code(const Field *field, Atom atom);

/* The code is one that a value has; is this one; is one of a test of the classifier, by the test's
 * number there or INDEX_PRESENT; of a flag, is CODE_TRUE. */
Bdd field_valid(const Field *field, BddTable *table);
Bdd field_is(const Field *field, BddTable *table, guint32 code);
Bdd field_test(Field *field, BddTable *table, guint32 test);
Bdd field_present(const Field *field, BddTable *table);

/* The code is one of these, which ascend. */
Bdd field_among(const Field *field, BddTable *table, const guint32 *codes, guint count);

#endif
