/*
 * LogRules: a rule is known by its line: the same ruleset says so for certain, another only maybe.
 */
#include "ctl/log/rules.h"

#include "ctl/rule_text.h"

struct LogRules {
    const Ruleset *ruleset;
    Text hash;
    Text name; /* of the rule file, without its folders */
    LogRulesUse *uses;
    guint64 others;
};

static Text without_folders(Text path) {
    size_t start = (size_t)(text_find_last(path, '/') + 1);
    return text_make(path.data + start, path.length - start);
}

LogRules *log_rules_new(const Ruleset *ruleset) {
    LogRules *rules = g_new0(LogRules, 1);
    rules->ruleset = ruleset;
    rules->hash = text_from_string(ruleset_hash(ruleset));
    rules->name = without_folders(text_from_string(ruleset_files(ruleset)[0]));
    rules->uses = g_new0(LogRulesUse, ruleset_rule_count(ruleset));
    return rules;
}

void log_rules_free(LogRules *rules) {
    if (rules) {
        g_free(rules->uses);
        g_free(rules);
    }
}

/* The rule at a line of the file, or the number of rules; they stand in its order. */
static guint find_rule(const Ruleset *ruleset, guint64 line) {
    guint low = 0;
    guint high = ruleset_rule_count(ruleset);
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (ruleset_rule(ruleset, middle)->line < line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    gboolean found = low < ruleset_rule_count(ruleset) && ruleset_rule(ruleset, low)->line == line;
    return found ? low : ruleset_rule_count(ruleset);
}

void log_rules_add(LogRules *rules, const AuditLine *line) {
    guint64 number = 0;
    size_t colon = (size_t)MAX(text_find_last(line->rule, ':'), 0);
    Text path = text_make(line->rule.data, colon);
    Text digits = text_make(path.data + colon, line->rule.length - colon);
    gboolean same = text_equal(line->ruleset, rules->hash);
    rules->others += same ? 0 : 1;
    if (digits.length < 2
        || !text_parse_number(text_make(digits.data + 1, digits.length - 1), &number)) {
        return;
    }
    guint index = find_rule(rules->ruleset, number);
    if (index < ruleset_rule_count(rules->ruleset)
        && (same || text_equal(without_folders(path), rules->name))) {
        rules->uses[index] = MAX(rules->uses[index], same ? LOG_RULES_HIT : LOG_RULES_ELSEWHERE);
    }
}

guint64 log_rules_others(const LogRules *rules) {
    return rules->others;
}

const Ruleset *log_rules_ruleset(const LogRules *rules) {
    return rules->ruleset;
}

LogRulesUse log_rules_use(const LogRules *rules, guint index) {
    return rules->uses[index];
}

char *log_rules_text(const LogRules *rules, guint index) {
    return rule_text(rules->ruleset, ruleset_rule(rules->ruleset, index));
}
