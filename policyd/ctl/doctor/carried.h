/*
 * Carried: a list of Postfix's, as mynetworks or relay_domains, as a list of the rule language: by
 * the same code as `postconf` in a rule file. What that doesn't take, lookup tables first of all,
 * is named.
 */
#ifndef POLICYD_CTL_DOCTOR_CARRIED_H
#define POLICYD_CTL_DOCTOR_CARRIED_H

#include "ctl/postfix/settings.h"
#include "rules/ruleset.h"

typedef struct {
    char *parameter;
    GPtrArray *rulesets; /* that own what the list borrows */
    List *list;          /* sealed, with entries */
    GPtrArray *left_out; /* of char *: words that were not taken */
} Carried;

/* `service` may be NULL: what main.cf says. */
Carried *carried_new(const PostfixSettings *settings, const PostfixService *service, ListKind kind,
                     const char *parameter);
void carried_free(Carried *carried);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Carried, carried_free)

/* The first few of an array of char *, and how many more there are: "a, b and 7 more"; to be
 * freed. */
char *carried_some(const GPtrArray *words);

#endif
