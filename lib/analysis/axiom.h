/*
 * Axiom: what ties the attributes of a request together, whoever sends the mail: seen by running
 * Postfix 3.7.11 in every protocol state, and in smtpd_check.c, check_policy_service().
 */
#ifndef POLICY_AXIOM_H
#define POLICY_AXIOM_H

#include "analysis/space.h"

typedef struct {
    const char *text; /* for a person */

    /* The requests that have it; BDD_TRUE if it says nothing of this space. */
    Bdd (*make)(const Space *space);
} Axiom;

/* Ending in a NULL text. */
const Axiom *axiom_table(void);

#endif
