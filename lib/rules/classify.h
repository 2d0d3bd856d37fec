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

/* The same for an operand's value, of a facet that is neither FACET_ADDRESS nor FACET_NUMBER. */
Atom classifier_find_text(const Classifier *classifier, Text value);

/* The same for a value of FACET_ADDRESS, and of FACET_NUMBER. */
Atom classifier_find_address(const Classifier *classifier, const Address *address);
Atom classifier_find_number(const Classifier *classifier, guint64 number);

/* Values that have an atom. */
typedef enum {
    SEED_TEXT,      /* `text`, letters folded but in strings */
    SEED_UNDER,     /* a domain under `text` that is in no list itself */
    SEED_OPEN,      /* a mailbox of the local part `text`, at a domain where it is in no list */
    SEED_OTHER,     /* a text of which no test speaks */
    SEED_ADDRESSES, /* from `first` to `last`; of a domain, as a literal */
    SEED_NUMBERS,   /* from `first_number` to `last_number` */
} SeedKind;

typedef struct {
    SeedKind kind;
    Text text; /* borrowed from the classifier */
    Address first;
    Address last;
    guint64 first_number;
    guint64 last_number;
} Seed;

/* Called with every seed, so with each atom that a value has, but ATOM_ABSENT; and with some of
 * them again and again. The seed is valid during the call. */
typedef void (*SeedVisitor)(Atom atom, const Seed *seed, gpointer data);

void classifier_visit(const Classifier *classifier, SeedVisitor visit, gpointer data);

const SignatureTable *classifier_signatures(const Classifier *classifier);

#endif
