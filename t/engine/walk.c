/*
 * Walk: rule by rule, as the head of lib/rules/match.c says what they mean.
 */
#include "engine/walk.h"

#include "limit.h"
#include "protocol/mailbox.h"

struct Walker {
    RegexScratch *regex_scratch;
    char decoded[LIMIT_BLOCK];
    char other_decoded[LIMIT_BLOCK];
    char folded[LIMIT_BLOCK];
};

Walker *walker_new(void) {
    Walker *walker = g_new0(Walker, 1);
    walker->regex_scratch = regex_scratch_new();
    return walker;
}

void walker_free(Walker *walker) {
    if (walker) {
        regex_scratch_free(walker->regex_scratch);
        g_free(walker);
    }
}

static gboolean is_present(const Request *request, Operand operand, char *scratch) {
    Address address;
    guint64 number;
    switch (operand_class(operand)) {
    case OPERAND_ADDRESS:
        return request_address(request, operand.attribute, &address);
    case OPERAND_NUMBER:
        return request_number(request, operand.attribute, &number) && number > 0;
    default:
        return operand_read(operand, request, scratch).length > 0;
    }
}

static gboolean is_at_domains(const List *list, Text value) {
    Mailbox mailbox = mailbox_split(value);
    return mailbox_final(&mailbox) && list_has_domain(list, mailbox.domain);
}

static gboolean compare_number(const Test *test, guint64 number) {
    guint64 value = test->number.value;
    switch (test->number.comparison) {
    case COMPARISON_EQUAL:
        return number == value;
    case COMPARISON_LESS:
        return number < value;
    case COMPARISON_LESS_OR_EQUAL:
        return number <= value;
    case COMPARISON_GREATER:
        return number > value;
    case COMPARISON_GREATER_OR_EQUAL:
        break;
    }
    return number >= value;
}

static gboolean match_regex(Walker *walker, const Test *test, Text value) {
    if (test->operand.part == PART_DOMAIN) {
        text_fold(value, walker->folded);
        value.data = walker->folded;
    }
    return regex_match(test->regex, walker->regex_scratch, value) == REGEX_YES;
}

static gboolean equal_mailboxes(Text a, Text b) {
    Mailbox left = mailbox_split(a);
    Mailbox right = mailbox_split(b);
    return left.has_at == right.has_at && text_equal_folded(left.local, right.local)
           && text_equal_folded(left.domain, right.domain);
}

static gboolean equal_addresses(const Request *request, const Test *test) {
    Address left;
    Address right;
    return request_address(request, test->operand.attribute, &left)
           && request_address(request, test->other.attribute, &right)
           && address_equal(&left, &right);
}

static gboolean equal_numbers(const Request *request, const Test *test) {
    guint64 left;
    guint64 right;
    return request_number(request, test->operand.attribute, &left)
           && request_number(request, test->other.attribute, &right) && left == right;
}

/* A login against a mailbox attribute is compared as a mailbox: then either class says so. */
static gboolean is_same(Walker *walker, const Test *test, const Request *request) {
    OperandClass class = operand_class(test->operand);
    if (class == OPERAND_ADDRESS) {
        return equal_addresses(request, test);
    }
    if (class == OPERAND_NUMBER) {
        return equal_numbers(request, test);
    }
    Text left = operand_read(test->operand, request, walker->decoded);
    Text right = operand_read(test->other, request, walker->other_decoded);
    if (left.length == 0 || right.length == 0) {
        return FALSE;
    }
    if (class == OPERAND_MAILBOX || operand_class(test->other) == OPERAND_MAILBOX) {
        return equal_mailboxes(left, right);
    }
    return class == OPERAND_DOMAIN ? text_equal_folded(left, right) : text_equal(left, right);
}

static gboolean match_text(Walker *walker, const Test *test, Text value) {
    Mailbox mailbox;
    switch (test->kind) {
    case TEST_IN_DOMAINS:
        return list_has_domain(test->list, value);
    case TEST_AT_DOMAINS:
        return is_at_domains(test->list, value);
    case TEST_IN_ADDRESSES:
        return list_has_mailbox(test->list, value);
    case TEST_IN_STRINGS:
        return list_has_string(test->list, value);
    case TEST_EQUAL_FOLDED:
        return text_equal_folded(value, text_from_string(test->text));
    case TEST_ROUTED:
        mailbox = mailbox_split(value);
        return mailbox_routed(&mailbox);
    default:
        return match_regex(walker, test, value);
    }
}

static gboolean match_test(Walker *walker, const Test *test, const Request *request) {
    Address address;
    guint64 number;
    switch (test->kind) {
    case TEST_PRESENT:
        return is_present(request, test->operand, walker->decoded);
    case TEST_IN_NETWORKS:
        return request_address(request, test->operand.attribute, &address)
               && list_has_address(test->list, &address);
    case TEST_NUMBER:
        return request_number(request, test->operand.attribute, &number)
               && compare_number(test, number);
    case TEST_SAME:
        return is_same(walker, test, request);
    default: {
        Text value = operand_read(test->operand, request, walker->decoded);
        return value.length > 0 && match_text(walker, test, value);
    }
    }
}

static gboolean is_true(Walker *walker, const Expression *expression, const Request *request) {
    if (expression->kind == EXPRESSION_TEST) {
        return match_test(walker, &expression->test, request);
    }
    if (expression->kind == EXPRESSION_NOT) {
        return !is_true(walker, expression->parts[0], request);
    }
    gboolean decisive = expression->kind == EXPRESSION_OR;
    for (guint i = 0; i < expression->count; i++) {
        if (is_true(walker, expression->parts[i], request) == decisive) {
            return decisive;
        }
    }
    return !decisive;
}

gboolean walk_is_true(Walker *walker, const Expression *expression, const Request *request) {
    return is_true(walker, expression, request);
}

const Rule *walk(Walker *walker, const Ruleset *ruleset, const Request *request) {
    guint last = ruleset_rule_count(ruleset) - 1;
    for (guint i = 0; i < last; i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        if (!rule->condition || is_true(walker, rule->condition, request)) {
            return rule;
        }
    }
    return ruleset_rule(ruleset, last);
}
