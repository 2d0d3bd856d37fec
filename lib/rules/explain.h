/*
 * Explain: why a request got its decision, rule by rule, in words. What is true is what match.c
 * says is true; here it is only told. The ruleset was compiled with `detail`.
 */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "protocol/request.h"
#include "rules/ruleset.h"

/* That a condition or a test of the file holds of the request, or doesn't. */
typedef struct {
    char *text; /* a condition's name, or a test as the file has it, without its `not` */
    gboolean holds;
} ExplainClaim;

/* A test that keeps a rule from matching, or makes it match. */
typedef struct {
    const Expression *test;
    GArray *claims; /* ExplainClaims: the named conditions that it stands in, outermost first, of
                       which at most LIMIT_EXPLAIN_NAMES are kept, and the test itself */
    char *why;      /* the values that decide it */
} ExplainReason;

/* A rule up to the deciding one. */
typedef struct {
    const Rule *rule;
    guint number; /* from 1 */
    gboolean matched;
    GPtrArray *reasons; /* ExplainReasons: together they make the rule match, or not; none of a rule
                           without a condition */
    gboolean more;      /* there are more reasons than LIMIT_EXPLAIN_REASONS */
} ExplainedRule;

/* A named list that holds a value, and its item that does so: the narrowest. */
typedef struct {
    const char *name;
    ListEntry entry;
} ExplainedEntry;

/* A value that a rule of the file looks at, anywhere in it. */
typedef struct {
    char *name;      /* recipient, sender.domain */
    char *text;      /* `client_address is "192.0.2.1"`, or why it counts as absent */
    char *value;     /* as the rules see it, escaped and cut as in `text`; NULL if absent */
    GArray *entries; /* ExplainedEntries, at most LIMIT_EXPLAIN_ENTRIES */
    guint more;      /* how many lists hold it beyond these */
    gboolean listed; /* the file has named lists that it might be in */
} ExplainedValue;

typedef struct {
    const Ruleset *ruleset;
    const Rule *decision;
    GPtrArray *rules;  /* ExplainedRules; the last is the deciding one */
    GPtrArray *values; /* ExplainedValues, in the attribute table's order */
} Explanation;

/*
 * Explains. Of more than LIMIT_EXPLAIN_RULES rules up to the deciding one, unless `all`, only
 * those are taken which came close, the last of them: conjunctions of which one part alone failed.
 * The explanation borrows from the ruleset.
 */
Explanation *explain(const Ruleset *ruleset, const Request *request, gboolean all);
void explanation_free(Explanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Explanation, explanation_free)

/*
 * For people: the decision, then each rule and what failed there, then the values, and the lists
 * that hold them; lines that end in a newline. Values are in quotes, and escaped as in an audit
 * line. The caller frees it.
 */
char *explanation_format(const Explanation *explanation);

/* Both in one. */
char *explain_text(const Ruleset *ruleset, const Request *request);

#endif
