/*
 * RuleUse: what the rules of a file look at. Assertions, and names that no rule uses, don't count.
 */
#ifndef POLICYD_CTL_DOCTOR_RULE_USE_H
#define POLICYD_CTL_DOCTOR_RULE_USE_H

#include "rules/ruleset.h"

typedef struct {
    const Rule *first[ATTRIBUTE_COUNT];   /* that uses the attribute; NULL: none does */
    const Rule *state_rules[STATE_COUNT]; /* the first that is for this state */
    GPtrArray *contexts;  /* of char *: what policy_context is compared with, each once */
    gboolean any_context; /* it is also looked at otherwise, as by a regex */
    gboolean permits;     /* a rule may permit */
} RuleUse;

/* NULL for NULL. The ruleset outlives it. */
RuleUse *rule_use_new(const Ruleset *ruleset);
void rule_use_free(RuleUse *use);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleUse, rule_use_free)

gboolean rule_use_has_context(const RuleUse *use, const char *context);

#endif
