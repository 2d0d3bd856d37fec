/*
 * Breach: nothing of lib/analysis is used here but the names of the goals.
 */
#include "engine/breach.h"

#include "limit.h"

#define SET(action) ((ActionSet)1 << ACTION_##action)

/* The test lists what a stranger is not in, and he is. */
static gboolean is_known(const Breach *breach, const Expression *test, const Request *request) {
    static const gboolean known[ATTRIBUTE_COUNT] = {
        [ATTRIBUTE_CLIENT_ADDRESS] = TRUE,    [ATTRIBUTE_CLIENT_NAME] = TRUE,
        [ATTRIBUTE_CCERT_FINGERPRINT] = TRUE, [ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT] = TRUE,
        [ATTRIBUTE_POLICY_CONTEXT] = TRUE,
    };
    return test->kind == EXPRESSION_TEST && known[test->test.operand.attribute]
           && test->test.kind >= TEST_IN_NETWORKS && test->test.kind <= TEST_IN_STRINGS
           && walk_is_true(breach->walker, test, request);
}

gboolean breach_is_stranger(const Breach *breach, const Request *request) {
    for (guint i = 0; i < ruleset_expression_count(breach->ruleset); i++) {
        if (is_known(breach, ruleset_expression(breach->ruleset, i), request)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* To this expression alone. */
static gboolean is_strange_to(const Breach *breach, const Expression *expression,
                              const Request *request) {
    for (guint i = 0; i < expression->count; i++) {
        if (!is_strange_to(breach, expression->parts[i], request)) {
            return FALSE;
        }
    }
    return !is_known(breach, expression, request);
}

static gboolean may_break(const Proof *proof, ActionSet outcomes) {
    switch (proof->kind) {
    case PROOF_RELAY:
        return (outcomes & SET(PERMIT)) != 0;
    case PROOF_LEFT:
        return (outcomes & (SET(DUNNO) | SET(HOLD) | SET(REDIRECT))) != 0;
    default:
        return proof->assertion->kind == ASSERTION_NEVER
                   ? (outcomes & proof->assertion->actions) != 0
                   : (outcomes & ~proof->assertion->actions) != 0;
    }
}

/* The request, decided by the rule, shows that what is to be proved does not hold; a stranger is
 * one to what was asked at least. */
gboolean breach_shows(const Breach *breach, const Proof *proof, const Rule *rule,
                      const Request *request) {
    const Landmarks *landmarks = ruleset_landmarks(breach->ruleset);
    Walker *walker = breach->walker;
    if (proof->kind == PROOF_STRANGER) {
        return walk_is_true(walker, landmarks->insider, request)
               && !walk_is_true(walker, landmarks->authenticated, request)
               && is_strange_to(breach, landmarks->insider, request);
    }
    if (!may_break(proof, rule->outcomes)) {
        return FALSE;
    }
    return proof->kind == PROOF_ASSERTION
               ? walk_is_true(walker, proof->assertion->condition, request)
               : !walk_is_true(walker, landmarks->insider, request)
                     && !(landmarks->local && walk_is_true(walker, landmarks->local, request));
}

static gboolean is_set(const Request *request, Attribute attribute) {
    static char scratch[LIMIT_BLOCK];
    return request_value(request, attribute, scratch).length > 0;
}

static gboolean is_number(const Request *request, Attribute attribute, guint64 number) {
    guint64 value;
    return !request_number(request, attribute, &value) || value == number;
}

gboolean breach_can_be_sent(const Request *request) {
    static char scratch[LIMIT_BLOCK];
    Text state = request_value(request, ATTRIBUTE_PROTOCOL_STATE, scratch);
    const char *const *words = attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values;
    gboolean recipient = is_set(request, ATTRIBUTE_RECIPIENT);
    gboolean encrypted = is_set(request, ATTRIBUTE_ENCRYPTION_PROTOCOL);
    ProtocolState now = STATE_CONNECT;
    while (now < STATE_COUNT && !text_equal(state, text_from_string(words[now]))) {
        now++;
    }
    gboolean message = now == STATE_DATA || now == STATE_END_OF_MESSAGE;
    gboolean alone = is_number(request, ATTRIBUTE_RECIPIENT_COUNT, 1);
    if (now < STATE_COUNT && !message && !is_number(request, ATTRIBUTE_RECIPIENT_COUNT, 0)) {
        return FALSE;
    }
    if ((message && recipient && !alone) || ((now == STATE_RCPT || now == STATE_VRFY) && !recipient)
        || ((now == STATE_CONNECT || now == STATE_MAIL || now == STATE_ETRN) && recipient)) {
        return FALSE;
    }
    return is_set(request, ATTRIBUTE_SASL_METHOD) == is_set(request, ATTRIBUTE_SASL_USERNAME)
           && (encrypted || is_number(request, ATTRIBUTE_ENCRYPTION_KEYSIZE, 0));
}
