/*
 * RuleText: a rule in the words of its file.
 */
#ifndef POLICYD_CTL_RULE_TEXT_H
#define POLICYD_CTL_RULE_TEXT_H

#include "rules/ruleset.h"

/* In one line, without the comments within it; the caller frees it. The ruleset was compiled
 * with CompileHost.detail. */
char *rule_text(const Ruleset *ruleset, const Rule *rule);

#endif
