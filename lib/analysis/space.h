/*
 * Space: all requests that one rule file, or two that were joined, can tell apart, as a diagram:
 * each condition is a Bdd over the fields of the attributes that it asks.
 *
 * What holds of the whole universe of a space holds of every request. The other way round it may
 * fail, as regexes and comparisons of attributes are free there: a witness is only worth something
 * once match() has seen it.
 */
#ifndef POLICY_SPACE_H
#define POLICY_SPACE_H

#include "analysis/bdd.h"
#include "analysis/group.h"
#include "rules/match.h"
#include "rules/ruleset.h"

/* What an analysis may spend, and who follows it. */
typedef struct {
    guint32 budget;            /* nodes of a diagram; past it a question is not decided */
    const volatile gint *stop; /* see bdd_table_new() */

    /* Told now and then how far an analysis is; NULL: nobody is. */
    void (*tell)(const char *what, guint done, guint all, gpointer data);
    gpointer data; /* handed to it */
} AnalysisHost;

#define ANALYSIS_BUDGET_DEFAULT 8000000

typedef struct Space Space;

/* The fields of everything that the expressions in `roots` ask. Of two rulesets, which were joined,
 * any will do. All is borrowed. */
Space *space_new(const Ruleset *ruleset, const GPtrArray *roots, const AnalysisHost *host);
void space_free(Space *space);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Space, space_free)

BddTable *space_table(const Space *space);

/* Requests whose values can occur; with the axioms, only those that Postfix can send (axiom.h). */
Bdd space_universe(Space *space, gboolean axioms);

/* The same with some of the axioms: bit i is that of axiom_table()'s row i. */
Bdd space_universe_with(Space *space, guint axioms);

/* Requests that these axioms allow, whether their values can occur or not. */
Bdd space_bound(Space *space, guint axioms);

/* Requests in which the values of this attribute can occur, whatever the others are. */
Bdd space_values(const Space *space, Attribute attribute);

/* Requests of which the expression is true; it is, or is a part of, one of the roots. All, for
 * NULL. */
Bdd space_condition(Space *space, const Expression *expression);

/* The same, of an expression whose tests of the recipient by lists are taken as true. */
Bdd space_condition_of_any_recipient(Space *space, const Expression *expression);

/* Requests of a stranger: client_address, client_name, policy_context and the fingerprints of a
 * certificate are in no list that is asked of them, but a broad one (list_is_broad()), and no
 * constant that they are compared with. Who is logged in is not looked at. */
Bdd space_stranger(Space *space);

/* Whether the request is one of the region, which is not BDD_UNDECIDED. The matcher has decided it
 * last, by the space's ruleset. */
gboolean space_contains(const Space *space, Bdd region, Matcher *matcher, const Request *request);

/*
 * A request of the region, as an attribute block without its last, empty line; *tried is then a
 * part of the region, not empty, of which this is the request. NULL if no value was found for an
 * attribute; *tried is then all that is so of this attribute, in the region and out of it. A caller
 * that wants another one looks in the rest. The region is not BDD_FALSE nor BDD_UNDECIDED. The
 * caller frees it.
 */
char *space_witness(Space *space, Bdd region, Bdd *tried);

/* Which regexes and comparisons the last witness was to satisfy, for a person; the caller frees it.
 */
char *space_obstacles(const Space *space);

/* For axiom.c: the presence of an attribute, or BDD_UNDECIDED if the space has no field of it, and
 * its field, or NULL. */
Bdd space_present(const Space *space, Attribute attribute);
const Group *space_group(const Space *space, Attribute attribute);

#endif
