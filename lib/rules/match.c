/*
 * Match: what a rule file means.
 *
 * The first rule whose condition is true decides; the last has none, so one always does.
 *
 * A test speaks of one operand: an attribute, or its domain or local part. An operand whose value
 * is absent, or not of its type, makes every test of it false: unknown is never trusted. A regex
 * that hits its limit is false too. `not` is plain negation, so a `not` of such a test is true.
 * `and` and `or` go from left to right and stop as soon as they can; as nothing has a side effect,
 * the order never changes the outcome.
 *
 * `recipient in LIST OF DOMAINS` (TEST_AT_DOMAINS) is the question that Postfix's
 * reject_unauth_destination asks: is this mailbox, with nothing left to route, at one of these
 * domains? The domain after the last `@` alone would let `u%elsewhere@local` through.
 *
 * How: the index says which rules the classes of the request's values leave over, facet by facet.
 * A facet's value is classified only when the first rule that is posted anywhere in it is the next
 * one to try; until then that rule stands for all that the facet may bring. So a rule at the top
 * that looks at the client never makes the recipient be hashed.
 *
 * Nothing here allocates, but for a ruleset with more to remember than any that the matcher has
 * seen: decoded and folded values stand in the matcher's scratch.
 */
#include "rules/match.h"

#include "limit.h"
#include "protocol/mailbox.h"
#include "rules/index.h"

/* What is left of the postings that a facet's class brings. */
typedef struct {
    guint32 head; /* the first of both */
    const guint32 *atom;
    const guint32 *present;
} Cursor;

struct Matcher {
    RegexScratch *regex_scratch;
    guint64 regex_limits;
    guint64 classified; /* a bit for each facet */
    Atom atoms[INDEX_FACETS_MAX];
    Cursor cursors[INDEX_FACETS_MAX];
    guint open;          /* how many cursors there are */
    guint32 generation;  /* of the request: what is remembered under another is void */
    guint32 *remembered; /* by memo: the generation doubled, and the outcome */
    guint remembered_count;
    char decoded[LIMIT_BLOCK];
    char other_decoded[LIMIT_BLOCK];
    char folded[LIMIT_BLOCK];
};

/* What one decision is about. */
typedef struct {
    Matcher *matcher;
    const Index *index;
    const Request *request;
} Question;

Matcher *matcher_new(void) {
    Matcher *matcher = g_new0(Matcher, 1);
    matcher->regex_scratch = regex_scratch_new();
    return matcher;
}

void matcher_free(Matcher *matcher) {
    if (matcher) {
        regex_scratch_free(matcher->regex_scratch);
        g_free(matcher->remembered);
        g_free(matcher);
    }
}

guint64 matcher_regex_limits(const Matcher *matcher) {
    return matcher->regex_limits;
}

static gboolean match_regex(Matcher *matcher, const Test *test, Text value) {
    if (test->operand.part == PART_DOMAIN) {
        text_fold(value, matcher->folded);
        value.data = matcher->folded;
    }
    RegexResult result = regex_match(test->regex, matcher->regex_scratch, value);
    matcher->regex_limits += result == REGEX_LIMIT;
    return result == REGEX_YES;
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
static gboolean is_same(Matcher *matcher, const Test *test, const Request *request) {
    OperandClass class = operand_class(test->operand);
    if (class == OPERAND_ADDRESS) {
        return equal_addresses(request, test);
    }
    if (class == OPERAND_NUMBER) {
        return equal_numbers(request, test);
    }
    Text left = operand_read(test->operand, request, matcher->decoded);
    Text right = operand_read(test->other, request, matcher->other_decoded);
    if (left.length == 0 || right.length == 0) {
        return FALSE;
    }
    if (class == OPERAND_MAILBOX || operand_class(test->other) == OPERAND_MAILBOX) {
        return equal_mailboxes(left, right);
    }
    return class == OPERAND_DOMAIN ? text_equal_folded(left, right) : text_equal(left, right);
}

static gboolean evaluate_number(const Test *test, const Request *request) {
    guint64 number;
    return request_number(request, test->operand.attribute, &number)
           && (test->kind == TEST_PRESENT ? number > 0 : test_holds_of(test, number));
}

/* A test that no atom answers. */
static gboolean evaluate(Matcher *matcher, const Test *test, const Request *request) {
    if (test->kind == TEST_SAME) {
        return is_same(matcher, test, request);
    }
    if (operand_class(test->operand) == OPERAND_NUMBER) {
        return evaluate_number(test, request);
    }
    Text value = operand_read(test->operand, request, matcher->decoded);
    if (value.length == 0) {
        return FALSE;
    }
    if (test->kind == TEST_EQUAL_FOLDED) {
        return text_equal_folded(value, text_from_string(test->text));
    }
    if (test->kind == TEST_ROUTED) {
        Mailbox mailbox = mailbox_split(value);
        return mailbox_routed(&mailbox);
    }
    return match_regex(matcher, test, value);
}

#define UNKNOWN (-1)

/* The outcome, if this request has had it. */
static int recall(const Matcher *matcher, guint32 memo) {
    guint32 slot = matcher->remembered[memo];
    return slot >> 1 == matcher->generation ? (int)(slot & 1) : UNKNOWN;
}

static gboolean remember(Matcher *matcher, guint32 memo, gboolean outcome) {
    matcher->remembered[memo] = matcher->generation << 1 | (outcome ? 1 : 0);
    return outcome;
}

static Atom find_atom(const Question *question, guint facet) {
    Matcher *matcher = question->matcher;
    guint64 bit = G_GUINT64_CONSTANT(1) << facet;
    if (!(matcher->classified & bit)) {
        const Classifier *classifier = index_classifier(question->index, facet);
        matcher->atoms[facet] = classifier_find(classifier, question->request, matcher->decoded);
        matcher->classified |= bit;
    }
    return matcher->atoms[facet];
}

static gboolean is_direct_test_true(const Question *question, const Test *test) {
    int known = recall(question->matcher, test->index);
    return known != UNKNOWN ? known
                            : remember(question->matcher, test->index,
                                       evaluate(question->matcher, test, question->request));
}

static gboolean is_test_true(const Question *question, const Test *test) {
    if (test->facet == FACETLESS) {
        return is_direct_test_true(question, test);
    }
    Atom atom = find_atom(question, test->facet);
    if (atom == ATOM_ABSENT) {
        return FALSE;
    }
    return test->index == INDEX_PRESENT
           || signature_has(classifier_signatures(index_classifier(question->index, test->facet)),
                            atom, test->index);
}

static gboolean is_true(const Question *question, const Expression *expression);

static gboolean is_connective_true(const Question *question, const Expression *expression) {
    if (expression->kind == EXPRESSION_NOT) {
        return !is_true(question, expression->parts[0]);
    }
    gboolean decisive = expression->kind == EXPRESSION_OR;
    for (guint i = 0; i < expression->count; i++) {
        if (is_true(question, expression->parts[i]) == decisive) {
            return decisive;
        }
    }
    return !decisive;
}

static gboolean is_true(const Question *question, const Expression *expression) {
    if (expression->kind == EXPRESSION_TEST) {
        return is_test_true(question, &expression->test);
    }
    if (expression->memo == MEMO_NONE) {
        return is_connective_true(question, expression);
    }
    int known = recall(question->matcher, expression->memo);
    return known != UNKNOWN ? known
                            : remember(question->matcher, expression->memo,
                                       is_connective_true(question, expression));
}

/* Forgets the last request. */
static void start(Matcher *matcher, const Index *index) {
    guint count = index_memo_count(index);
    if (count > matcher->remembered_count || ++matcher->generation > G_MAXUINT32 >> 1) {
        g_free(matcher->remembered);
        matcher->remembered_count = MAX(count, matcher->remembered_count);
        matcher->remembered = g_new0(guint32, matcher->remembered_count);
        matcher->generation = 1;
    }
    matcher->classified = 0;
    matcher->open = 0;
}

/* Moves to the first rule that is not before `least`. */
static void advance(Cursor *cursor, guint32 least) {
    while (*cursor->atom < least) {
        cursor->atom++;
    }
    while (*cursor->present < least) {
        cursor->present++;
    }
    cursor->head = MIN(*cursor->atom, *cursor->present);
}

/* Classifies the facet's value: what it brings from this rule on is to be tried. */
static void open_cursor(const Question *question, guint facet, guint32 least) {
    Matcher *matcher = question->matcher;
    Atom atom = find_atom(question, facet);
    if (atom == ATOM_ABSENT) {
        return;
    }
    Cursor *cursor = &matcher->cursors[matcher->open++];
    cursor->atom = index_postings(question->index, facet, atom);
    cursor->present = index_postings_present(question->index, facet);
    advance(cursor, least);
}

/* The first rule that an open cursor brings, if it is before `rule`. */
static guint32 first_head(const Matcher *matcher, guint32 rule) {
    for (guint i = 0; i < matcher->open; i++) {
        rule = MIN(rule, matcher->cursors[i].head);
    }
    return rule;
}

static void advance_all(Matcher *matcher, guint32 least) {
    for (guint i = 0; i < matcher->open; i++) {
        if (matcher->cursors[i].head < least) {
            advance(&matcher->cursors[i], least);
        }
    }
}

/* A rule of one test is posted under the classes of which the test is true. */
static gboolean is_rule_true(const Question *question, const Rule *rule, gboolean posted) {
    const Expression *condition = rule->condition;
    return !condition || (posted && condition->kind == EXPRESSION_TEST)
           || is_true(question, condition);
}

const Rule *match(Matcher *matcher, const Ruleset *ruleset, const Request *request) {
    const Question question = {matcher, ruleset_index(ruleset), request};
    const guint32 *always = index_postings_always(question.index);
    const IndexFirst *closed = index_firsts(question.index);
    guint32 least = 0;
    start(matcher, question.index);
    for (;;) {
        guint32 rule = first_head(matcher, *always);
        if (MAX(closed->rule, least) < rule) {
            open_cursor(&question, closed->facet, least);
            closed++;
            continue;
        }
        const Rule *candidate = ruleset_rule(ruleset, rule);
        if (is_rule_true(&question, candidate, rule < *always)) {
            return candidate;
        }
        least = rule + 1;
        always += *always == rule;
        advance_all(matcher, least);
    }
}

gboolean match_is_true(Matcher *matcher, const Ruleset *ruleset, const Request *request,
                       const Expression *expression) {
    const Question question = {matcher, ruleset_index(ruleset), request};
    return is_true(&question, expression);
}
