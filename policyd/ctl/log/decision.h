/*
 * LogDecision: a decision, as an audit line has it, taken for the action of the rule that made it.
 */
#ifndef POLICYD_CTL_LOG_DECISION_H
#define POLICYD_CTL_LOG_DECISION_H

#include "protocol/action.h"

/* The first word of a decision: up to a blank or a comma. */
Text log_decision_word(Text decision);

/* FALSE, and *out untouched, if no rule says so. `5NN` is reject, `4NN` defer. */
gboolean log_decision_action(Text decision, Action *out);

/* An action by its name in rules or by its word in replies, in any case. FALSE if it is neither. */
gboolean log_decision_find(Text name, Action *out);

#endif
