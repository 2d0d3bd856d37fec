/*
 * Explainer: what the parts of explaining share while they work on one request. Private to
 * explain*.c.
 */
#ifndef POLICY_EXPLAINER_H
#define POLICY_EXPLAINER_H

#include "rules/explain.h"
#include "rules/match.h"

typedef struct {
    const Ruleset *ruleset;
    const Request *request;
    Matcher *matcher; /* which has just decided the request */
    RegexScratch *regex_scratch;
    GHashTable *lookups; /* see explain_entry.c */
    char *scratch;       /* each of LIMIT_BLOCK bytes */
    char *other_scratch;
} Explainer;

/* explain_entry.c: the narrowest item of a list that holds the value of an operand; FALSE if none
 * does. It is remembered, as a list may be long. */
gboolean explain_entry(Explainer *explainer, const List *list, Operand operand, ListEntry *out);
GHashTable *explain_lookups_new(void);

/* explain_value.c: `client_address is "192.0.2.1"`, or why the value counts as absent, and then
 * FALSE. */
gboolean explain_value(Explainer *explainer, Operand operand, GString *out);

/* explain_value.c: recipient, sender.domain. */
void explain_operand(Operand operand, GString *out);

/* explain_value.c: escaped, and cut to LIMIT_EXPLAIN_VALUE bytes; and that in quotes. */
void explain_escape(Text value, GString *out);
void explain_quote(Text value, GString *out);

/* explain_test.c: the values that decide a test of the ruleset; the caller frees it. */
char *explain_test(Explainer *explainer, const Expression *expression);

/* explain_test.c: what keeps a mailbox from being final at its domain, if something does. */
void explain_routing(Explainer *explainer, Operand operand, GString *out);

/* explain_class.c: ExplainedValues, of all that the rules look at. */
GPtrArray *explain_classes(Explainer *explainer);

/* explain_format.c: `192.0.2.0/24, relay.rules:3`. */
void explain_place(const ListEntry *entry, GString *out);

#endif
