/*
 * Match: a request to the first rule that matches. Pure: the same ruleset and request give the
 * same rule, whatever was asked before.
 */
#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include "protocol/request.h"
#include "rules/ruleset.h"

/* What one thread needs to match: scratch memory, so that a match allocates nothing. It belongs to
 * no ruleset and may be used with any. */
typedef struct Matcher Matcher;

Matcher *matcher_new(void);
void matcher_free(Matcher *matcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Matcher, matcher_free)

/* Always finds one: the last rule is unconditional. The rule belongs to the ruleset. */
const Rule *match(Matcher *matcher, const Ruleset *ruleset, const Request *request);

/* Whether an expression of the ruleset is true of the request, both of which the matcher has
 * decided last: what it remembers of them is used. */
gboolean match_is_true(Matcher *matcher, const Ruleset *ruleset, const Request *request,
                       const Expression *expression);

/* Regexes that hit their limit, since matcher_new(): such a test was false. */
guint64 matcher_regex_limits(const Matcher *matcher);

#endif
