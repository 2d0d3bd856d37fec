/*
 * LogDecision: looks through the tables of action.c.
 */
#include "ctl/log/decision.h"

Text log_decision_word(Text decision) {
    size_t length = 0;
    while (length < decision.length && decision.data[length] != ' '
           && decision.data[length] != ',') {
        length++;
    }
    return text_make(decision.data, length);
}

static gboolean is_code(Text word) {
    return word.length == 3 && g_ascii_isdigit(word.data[0]) && g_ascii_isdigit(word.data[1])
           && g_ascii_isdigit(word.data[2]);
}

gboolean log_decision_action(Text decision, Action *out) {
    Text word = log_decision_word(decision);
    gboolean code = is_code(word);
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        const ActionInfo *info = action_info((Action)i);
        if (code ? info->code && word.data[0] == info->class
                 : word.length > 0 && text_equal(word, text_from_string(info->word))) {
            *out = (Action)i;
            return TRUE;
        }
    }
    if (!action_find_restriction(word)) {
        return FALSE;
    }
    *out = ACTION_RESTRICT;
    return TRUE;
}

gboolean log_decision_find(Text name, Action *out) {
    for (size_t i = 0; i < ACTION_COUNT && name.length > 0; i++) {
        const ActionInfo *info = action_info((Action)i);
        if (text_equal_folded(name, text_from_string(info->name))
            || text_equal_folded(name, text_from_string(info->word))) {
            *out = (Action)i;
            return TRUE;
        }
    }
    return FALSE;
}
