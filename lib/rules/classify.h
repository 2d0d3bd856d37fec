/*
 * Classify: a request's value to its atom, for one facet of an attribute. A classifier is made
 * from the tests of a rule file, and its atoms are the classes of values that they can't tell
 * apart; one test over a million entries adds about one atom.
 */
#ifndef POLICY_CLASSIFY_H
#define POLICY_CLASSIFY_H

#include "protocol/request.h"
#include "rules/expression.h"
#include "rules/signature.h"

/* What of a value the tests look at. */
typedef enum {
    FACET_ADDRESS,
    FACET_NUMBER,
    FACET_STRING,
    FACET_DOMAIN,       /* a host name, or the domain of a mailbox */
    FACET_FINAL_DOMAIN, /* the domain of a mailbox that is final there */
    FACET_MAILBOX,
    FACET_NONE, /* the test is not of a value's class: a regex, two operands, routing */
} Facet;

Facet classify_facet(const Test *test);

/* The atom of a value that is absent or not of its type: no test holds for it, not even that it is
 * present. */
#define ATOM_ABSENT G_MAXUINT32

typedef struct Classifier Classifier;

Classifier *classifier_new(Operand operand, Facet facet);
void classifier_free(Classifier *classifier);

Operand classifier_operand(const Classifier *classifier);
Facet classifier_facet(const Classifier *classifier);

/* Adds a test of the facet, under a number that ascends from one to the next. A bare attribute
 * that is no number needs none: it holds for every atom but ATOM_ABSENT. */
void classifier_add(Classifier *classifier, const Test *test, guint32 number);

/* Called once, before classifier_find(). */
void classifier_seal(Classifier *classifier);

/* `scratch` holds LIMIT_BLOCK bytes. */
Atom classifier_find(const Classifier *classifier, const Request *request, char *scratch);

const SignatureTable *classifier_signatures(const Classifier *classifier);

#endif
