/*
 * RuleText: the statement that begins where the rule does.
 */
#include "ctl/rule_text.h"

#include "rules/lexer.h"

char *rule_text(const Ruleset *ruleset, const Rule *rule) {
    return lexer_statement(ruleset_source(ruleset), rule->offset);
}
