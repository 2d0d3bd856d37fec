/*
 * Findings: what reach_lint() says of a ruleset, read back from its warnings.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "analysis/reach.h"

typedef struct {
    const char *kind; /* REACH_... */
    guint rule;       /* the rules' count if its line is none of a rule */
    GArray *others;   /* of guint: the rules that are named, a wrong line as above */
    gboolean more;    /* and some that aren't */
} Finding;

/* Of type Finding, to be freed. The ruleset was compiled with CompileHost.detail. */
GPtrArray *findings_of(const Ruleset *ruleset, guint32 budget);

/* NULL if there is none. */
const Finding *findings_find(const GPtrArray *findings, const char *kind, guint rule);
gboolean finding_is(const Finding *finding, const char *kind);

/* The rule of a line; the rules' count if there is none. */
guint findings_rule_at(const Ruleset *ruleset, guint line);

#endif
