/*
 * Units of lib/protocol/reply: what is sent for each action, the message where it may not be sent,
 * and that nothing which Postfix misreads can be made at all.
 */
#include "protocol/reply.h"

#include <string.h>

#include "limit.h"
#include "unit/unit.h"

#define NONE \
    { NULL, 0 }

static const struct {
    const char *decision;
    Action action;
    guint code;
    Text text;
} good[] = {
    {"OK", ACTION_PERMIT, 0, NONE},
    {"DUNNO", ACTION_DUNNO, 0, NONE},
    {"REJECT", ACTION_REJECT, 0, NONE},
    {"REJECT 5.7.1 Relay access denied", ACTION_REJECT, 0, BYTES("5.7.1 Relay access denied")},
    {"REJECT 5.7.1", ACTION_REJECT, 0, BYTES("5.7.1")},
    {"REJECT go away", ACTION_REJECT, 0, BYTES("go away")},
    {"REJECT 5.999.999 x", ACTION_REJECT, 0, BYTES("5.999.999 x")},
    {"REJECT 4.7.1000 is no status code", ACTION_REJECT, 0, BYTES("4.7.1000 is no status code")},
    {"REJECT 4.7 is none", ACTION_REJECT, 0, BYTES("4.7 is none")},
    {"REJECT 4.7.1. is none", ACTION_REJECT, 0, BYTES("4.7.1. is none")},
    {"REJECT 44.7.1 is none", ACTION_REJECT, 0, BYTES("44.7.1 is none")},
    {"REJECT 4..1 is none", ACTION_REJECT, 0, BYTES("4..1 is none")},
    {"REJECT 4.7. is none", ACTION_REJECT, 0, BYTES("4.7. is none")},
    {"REJECT 4-7-1 is none", ACTION_REJECT, 0, BYTES("4-7-1 is none")},
    {"REJECT 5500 tries", ACTION_REJECT, 0, BYTES("5500 tries")},
    {"REJECT 250 tries", ACTION_REJECT, 0, BYTES("250 tries")},
    {"REJECT 55 tries", ACTION_REJECT, 0, BYTES("55 tries")},
    {"REJECT 550x", ACTION_REJECT, 0, BYTES("550x")},
    {"REJECT a  b", ACTION_REJECT, 0, BYTES("a  b")},
    {"REJECT ~!\"\\$%", ACTION_REJECT, 0, BYTES("~!\"\\$%")},
    {"500 x", ACTION_REJECT, 500, BYTES("x")},
    {"521 5.7.1 hangs up", ACTION_REJECT, 521, BYTES("5.7.1 hangs up")},
    {"550 5.1.1 no such user", ACTION_REJECT, 550, BYTES("5.1.1 no such user")},
    {"599 x", ACTION_REJECT, 599, BYTES("x")},
    {"550 5", ACTION_REJECT, 550, BYTES("5")},
    {"DEFER", ACTION_DEFER, 0, NONE},
    {"DEFER 4.7.0 later", ACTION_DEFER, 0, BYTES("4.7.0 later")},
    {"400 x", ACTION_DEFER, 400, BYTES("x")},
    {"450 4.2.0 try again", ACTION_DEFER, 450, BYTES("4.2.0 try again")},
    {"499 x", ACTION_DEFER, 499, BYTES("x")},
    {"DEFER_IF_PERMIT", ACTION_DEFER_IF_PERMIT, 0, NONE},
    {"DEFER_IF_PERMIT 4.7.1 x", ACTION_DEFER_IF_PERMIT, 0, BYTES("4.7.1 x")},
    {"DEFER_IF_REJECT", ACTION_DEFER_IF_REJECT, 0, NONE},
    {"DEFER_IF_REJECT 4.7.1 x", ACTION_DEFER_IF_REJECT, 0, BYTES("4.7.1 x")},
    {"HOLD", ACTION_HOLD, 0, NONE},
    {"HOLD 550 is but text here", ACTION_HOLD, 0, BYTES("550 is but text here")},
    {"DISCARD", ACTION_DISCARD, 0, NONE},
    {"DISCARD 2.0.0 x", ACTION_DISCARD, 0, BYTES("2.0.0 x")},
    {"WARN", ACTION_WARN, 0, NONE},
    {"WARN see the log", ACTION_WARN, 0, BYTES("see the log")},
    {"INFO", ACTION_INFO, 0, NONE},
    {"INFO x", ACTION_INFO, 0, BYTES("x")},
    {"PREPEND X-Policy: checked", ACTION_PREPEND, 0, BYTES("X-Policy: checked")},
    {"PREPEND X-Policy:checked", ACTION_PREPEND, 0, BYTES("X-Policy:checked")},
    {"PREPEND X: a: b", ACTION_PREPEND, 0, BYTES("X: a: b")},
    {"REDIRECT user@example.com", ACTION_REDIRECT, 0, BYTES("user@example.com")},
    {"REDIRECT u.s+er@localhost", ACTION_REDIRECT, 0, BYTES("u.s+er@localhost")},
    {"BCC u@d", ACTION_BCC, 0, BYTES("u@d")},
    {"BCC user@example.com", ACTION_BCC, 0, BYTES("user@example.com")},
    {"FILTER smtp:[127.0.0.1]:10025", ACTION_FILTER, 0, BYTES("smtp:[127.0.0.1]:10025")},
    {"FILTER x:y", ACTION_FILTER, 0, BYTES("x:y")},
    {"FILTER scan:dummy", ACTION_FILTER, 0, BYTES("scan:dummy")},
    {"reject_unauth_destination", ACTION_RESTRICT, 0, BYTES("reject_unauth_destination")},
    {"permit_mynetworks, reject", ACTION_RESTRICT, 0, BYTES("permit_mynetworks, reject")},
    {"permit_mynetworks, reject", ACTION_RESTRICT, 0, BYTES("permit_mynetworks,reject")},
    {"permit_mynetworks, reject", ACTION_RESTRICT, 0, BYTES("permit_mynetworks reject")},
    {"permit_mynetworks, reject", ACTION_RESTRICT, 0, BYTES(",permit_mynetworks ,, reject,")},
    {"reject, permit", ACTION_RESTRICT, 0, BYTES("reject permit")},
};

START_TEST(test_good) {
    g_autofree char *copy = unit_copy(good[_i].text);
    Text text = text_make(good[_i].text.data ? copy : NULL, good[_i].text.length);
    Reply reply = {.action = good[_i].action, .code = good[_i].code, .text = text};
    g_autoptr(GError) error = NULL;
    g_autofree char *decision = reply_decision(&reply, &error);
    ck_assert_msg(decision && !error, "%s: %s", good[_i].decision, error ? error->message : "");
    ck_assert_str_eq(decision, good[_i].decision);
    g_autofree char *frame = reply_frame(decision);
    g_autofree char *expected = g_strconcat("action=", good[_i].decision, "\n\n", NULL);
    ck_assert_str_eq(frame, expected);
}
END_TEST

#define UNPRINTABLE "the text holds a character that is not printable ASCII"
#define SPACE "the text starts or ends with a space"
#define NO_HEADER "'prepend' takes a header: \"Name: value\""
#define NO_MAILBOX "the argument is not a mailbox: \"user@example.com\""
#define NO_TRANSPORT "'filter' takes a transport and where to: \"smtp:[127.0.0.1]:10025\""
#define NO_RESTRICTION " is not a restriction of Postfix that needs neither a table nor a service"
#define DIGITS_ALONE " with a reply code needs a text: Postfix takes digits alone for a permit"

static const struct {
    const char *message;
    ReplyError kind;
    Action action;
    guint code;
    Text text;
} bad[] = {
    {"'permit' takes no text", REPLY_ERROR_TEXT, ACTION_PERMIT, 0, BYTES("x")},
    {"'permit' takes no text", REPLY_ERROR_TEXT, ACTION_PERMIT, 0, BYTES("")},
    {"'dunno' takes no text", REPLY_ERROR_TEXT, ACTION_DUNNO, 0, BYTES("x")},
    {"'permit' takes no reply code", REPLY_ERROR_CODE, ACTION_PERMIT, 250, NONE},
    {"'permit' takes no reply code", REPLY_ERROR_CODE, ACTION_PERMIT, 250, BYTES("x")},
    {"'dunno' takes no reply code", REPLY_ERROR_CODE, ACTION_DUNNO, 250, NONE},
    {"'hold' takes no reply code", REPLY_ERROR_CODE, ACTION_HOLD, 450, BYTES("x")},
    {"'discard' takes no reply code", REPLY_ERROR_CODE, ACTION_DISCARD, 550, BYTES("x")},
    {"'defer_if_permit' takes no reply code", REPLY_ERROR_CODE, ACTION_DEFER_IF_PERMIT, 450,
     BYTES("x")},
    {"'restrict' takes no reply code", REPLY_ERROR_CODE, ACTION_RESTRICT, 550, BYTES("reject")},
    {"a reply code of 'reject' is between 500 and 599", REPLY_ERROR_CODE, ACTION_REJECT, 499,
     BYTES("x")},
    {"a reply code of 'reject' is between 500 and 599", REPLY_ERROR_CODE, ACTION_REJECT, 600,
     BYTES("x")},
    {"a reply code of 'reject' is between 500 and 599", REPLY_ERROR_CODE, ACTION_REJECT, 250,
     BYTES("x")},
    {"a reply code of 'reject' is between 500 and 599", REPLY_ERROR_CODE, ACTION_REJECT, 5501,
     BYTES("x")},
    {"a reply code of 'reject' is between 500 and 599", REPLY_ERROR_CODE, ACTION_REJECT, 55,
     BYTES("x")},
    {"a reply code of 'reject' is between 500 and 599", REPLY_ERROR_CODE, ACTION_REJECT, G_MAXUINT,
     BYTES("x")},
    {"a reply code of 'defer' is between 400 and 499", REPLY_ERROR_CODE, ACTION_DEFER, 399,
     BYTES("x")},
    {"a reply code of 'defer' is between 400 and 499", REPLY_ERROR_CODE, ACTION_DEFER, 500,
     BYTES("x")},
    {"'reject'" DIGITS_ALONE, REPLY_ERROR_TEXT, ACTION_REJECT, 550, NONE},
    {"'defer'" DIGITS_ALONE, REPLY_ERROR_TEXT, ACTION_DEFER, 450, NONE},
    {"the text is empty", REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("")},
    {"the text is empty", REPLY_ERROR_TEXT, ACTION_REJECT, 550, BYTES("")},
    {"the text is empty", REPLY_ERROR_TEXT, ACTION_WARN, 0, BYTES("")},
    {"the text is empty", REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("")},
    {SPACE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES(" ")},
    {SPACE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES(" x")},
    {SPACE, REPLY_ERROR_TEXT, ACTION_REJECT, 550, BYTES("x ")},
    {SPACE, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES(" reject")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\nb")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\r")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\tb")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\0b")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\0")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0,
     BYTES("a\x1f"
           "b")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\x7f")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("a\x80")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("M\xc3\xbcller")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_REJECT, 550, BYTES("x\n\naction=OK")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_HOLD, 0, BYTES("x\n")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_PREPEND, 0, BYTES("X: a\nY: b")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("reject\npermit")},
    {UNPRINTABLE, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("reject\tpermit")},
    {"an enhanced status code of 'reject' starts with 5, not 4", REPLY_ERROR_TEXT, ACTION_REJECT, 0,
     BYTES("4.7.1 x")},
    {"an enhanced status code of 'reject' starts with 5, not 4", REPLY_ERROR_TEXT, ACTION_REJECT,
     550, BYTES("4.7.1 x")},
    {"an enhanced status code of 'reject' starts with 5, not 2", REPLY_ERROR_TEXT, ACTION_REJECT, 0,
     BYTES("2.0.0")},
    {"an enhanced status code of 'defer' starts with 4, not 5", REPLY_ERROR_TEXT, ACTION_DEFER, 0,
     BYTES("5.7.1 x")},
    {"an enhanced status code of 'defer_if_permit' starts with 4, not 5", REPLY_ERROR_TEXT,
     ACTION_DEFER_IF_PERMIT, 0, BYTES("5.123.123 x")},
    {"an enhanced status code of 'defer_if_reject' starts with 4, not 5", REPLY_ERROR_TEXT,
     ACTION_DEFER_IF_REJECT, 0, BYTES("5.7.1")},
    {"the text starts with a reply code; write it before the quotes: reject 550 \"...\"",
     REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("550 5.7.1 x")},
    {"the text starts with a reply code; write it before the quotes: reject 550 \"...\"",
     REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("550")},
    {"the text starts with a reply code; write it before the quotes: reject 554 \"...\"",
     REPLY_ERROR_TEXT, ACTION_REJECT, 550, BYTES("554 x")},
    {"the text starts with a reply code; write it before the quotes: defer 450 \"...\"",
     REPLY_ERROR_TEXT, ACTION_REJECT, 0, BYTES("450 x")},
    {"the text starts with a reply code; write it before the quotes: reject 550 \"...\"",
     REPLY_ERROR_TEXT, ACTION_DEFER_IF_REJECT, 0, BYTES("550 x")},
    {"the text starts with a reply code; write it before the quotes: defer 450 \"...\"",
     REPLY_ERROR_TEXT, ACTION_DEFER, 0, BYTES("450 x")},
    {"the text starts with a reply code; write it before the quotes: defer 450 \"...\"",
     REPLY_ERROR_TEXT, ACTION_DEFER_IF_PERMIT, 0, BYTES("450 x")},
    {"'prepend' needs an argument in quotes", REPLY_ERROR_TEXT, ACTION_PREPEND, 0, NONE},
    {"'redirect' needs an argument in quotes", REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, NONE},
    {"'bcc' needs an argument in quotes", REPLY_ERROR_TEXT, ACTION_BCC, 0, NONE},
    {"'filter' needs an argument in quotes", REPLY_ERROR_TEXT, ACTION_FILTER, 0, NONE},
    {"'restrict' needs an argument in quotes", REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, NONE},
    {NO_HEADER, REPLY_ERROR_TEXT, ACTION_PREPEND, 0, BYTES("X-Policy")},
    {NO_HEADER, REPLY_ERROR_TEXT, ACTION_PREPEND, 0, BYTES("X Policy: a")},
    {NO_HEADER, REPLY_ERROR_TEXT, ACTION_PREPEND, 0, BYTES(": a")},
    {NO_HEADER, REPLY_ERROR_TEXT, ACTION_PREPEND, 0, BYTES("X:")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("user")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("user@")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("@example.com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("a@b@example.com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("a%b@example.com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("a b@example.com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("<user@example.com>")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_REDIRECT, 0, BYTES("user@example..com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_BCC, 0, BYTES("(u@example.com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_BCC, 0, BYTES("a@example.com, b@example.com")},
    {NO_MAILBOX, REPLY_ERROR_TEXT, ACTION_BCC, 0, BYTES("a@example.com b@example.com")},
    {NO_TRANSPORT, REPLY_ERROR_TEXT, ACTION_FILTER, 0, BYTES("smtp")},
    {NO_TRANSPORT, REPLY_ERROR_TEXT, ACTION_FILTER, 0, BYTES("smtp:")},
    {NO_TRANSPORT, REPLY_ERROR_TEXT, ACTION_FILTER, 0, BYTES(":[127.0.0.1]:10025")},
    {NO_TRANSPORT, REPLY_ERROR_TEXT, ACTION_FILTER, 0, BYTES("smtp: [127.0.0.1]:10025")},
    {"'restrict' takes restriction names", REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES(",")},
    {"'restrict' takes restriction names", REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES(", ,")},
    {"'x'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("x")},
    {"'REJECT'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("REJECT")},
    {"'550'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("550")},
    {"'OK'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("OK")},
    {"'dunno'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("dunno")},
    {"'warn_if_reject'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0,
     BYTES("warn_if_reject, reject")},
    {"'check_client_access'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0,
     BYTES("reject_unauth_destination, check_client_access hash:/x")},
    {"'hash:/etc/postfix/x'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0,
     BYTES("hash:/etc/postfix/x")},
    {"'my_class'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0,
     BYTES("permit_mynetworks, my_class")},
    {"'{'" NO_RESTRICTION, REPLY_ERROR_TEXT, ACTION_RESTRICT, 0, BYTES("{ reject }")},
};

START_TEST(test_bad) {
    g_autofree char *copy = unit_copy(bad[_i].text);
    Text text = text_make(bad[_i].text.data ? copy : NULL, bad[_i].text.length);
    Reply reply = {.action = bad[_i].action, .code = bad[_i].code, .text = text};
    g_autoptr(GError) error = NULL;
    g_autofree char *decision = reply_decision(&reply, &error);
    ck_assert_msg(!decision, "%s: %s", bad[_i].message, decision);
    ck_assert_msg(g_error_matches(error, REPLY_ERROR, (int)bad[_i].kind), "%s", error->message);
    ck_assert_str_eq(error->message, bad[_i].message);
    ck_assert_ptr_null(reply_decision(&reply, NULL));
}
END_TEST

START_TEST(test_text_limit) {
    g_autofree char *longest = g_strnfill(LIMIT_REPLY_TEXT, 'x');
    g_autofree char *longer = g_strnfill(LIMIT_REPLY_TEXT + 1, 'x');
    g_autofree char *expected = g_strconcat("550 ", longest, NULL);
    Reply reply = {.action = ACTION_REJECT, .code = 550, .text = text_from_string(longest)};
    g_autoptr(GError) error = NULL;
    g_autofree char *decision = reply_decision(&reply, &error);
    ck_assert_str_eq(decision, expected);
    reply.text = text_from_string(longer);
    ck_assert_ptr_null(reply_decision(&reply, &error));
    ck_assert_str_eq(error->message,
                     "the text is 401 bytes long; at most 400 are sent to a client");
}
END_TEST

/* Texts that could be put together to one of the replies which Postfix takes for a permit, for a
 * server error, or for the end of the reply. */
static const Text nasty[] = {
    NONE,
    BYTES(""),
    BYTES(" "),
    BYTES("\t"),
    BYTES("\r"),
    BYTES("\n"),
    BYTES("\r\n\r\n"),
    BYTES("\0"),
    BYTES("OK"),
    BYTES("ok\r"),
    BYTES("RELAY"),
    BYTES("permit"),
    BYTES("DUNNO\r"),
    BYTES("0"),
    BYTES("250"),
    BYTES("550"),
    BYTES("5501"),
    BYTES("550 x"),
    BYTES("250 x"),
    BYTES("399 x"),
    BYTES("5501 x"),
    BYTES(" OK"),
    BYTES("hash:/etc/postfix/access"),
    BYTES("check_client_access hash:/x"),
    BYTES("check_policy_service unix:x"),
    BYTES("no_such_word"),
    BYTES("HANGUP"),
    BYTES("sleep 5"),
    BYTES("x\naction=OK"),
    BYTES("x\n\naction=OK"),
    BYTES("\xff"),
    BYTES("M\xc3\xbcller"),
    BYTES("2.0.0 x"),
    BYTES("5.7.1"),
    BYTES("4.7.1"),
    BYTES("user@example.com"),
    BYTES("X: y"),
    BYTES("x:y"),
    BYTES("reject"),
    BYTES("reject,permit"),
    BYTES("reject_unauth_destination"),
};

static const guint codes[] = {0, 1, 99, 200, 250, 399, 400, 450, 499, 500, 550, 599, 600, 5501};

/* The words that check_table_result() of Postfix 2.1 to 3.12 knows, and that we mean to send. */
static gboolean is_known_word(const char *word) {
    static const char *const words[] = {
        "OK",     "DUNNO",   "REJECT",  "DEFER",    "DEFER_IF_PERMIT",
        "HOLD",   "INFO",    "WARN",    "BCC",      "DEFER_IF_REJECT",
        "FILTER", "DISCARD", "PREPEND", "REDIRECT", NULL};
    return g_strv_contains(words, word);
}

static gboolean is_restriction_list(const char *decision) {
    g_auto(GStrv) names = g_strsplit(decision, ", ", -1);
    for (char **name = names; *name; name++) {
        gboolean known = FALSE;
        for (const RestrictionInfo *r = action_restrictions(); r->name; r++) {
            known = known || strcmp(r->name, *name) == 0;
        }
        if (!known) {
            return FALSE;
        }
    }
    return names[0] != NULL;
}

/* Reads a decision as Postfix does, and by no code of ours. NULL: Postfix takes it for what the
 * action means. */
static const char *misreading(Action action, const char *decision) {
    size_t length = strlen(decision);
    g_autofree char *word = g_strndup(decision, strcspn(decision, " "));
    const char *text = decision + strlen(word) + strspn(decision + strlen(word), " ");
    if (length == 0 || decision[0] == ' ' || strspn(decision, "0123456789") == length) {
        return "a permit";
    }
    for (size_t i = 0; i < length; i++) {
        if (decision[i] < ' ' || decision[i] > '~') {
            return "an end, or a byte that Postfix changes";
        }
    }
    if (action == ACTION_RESTRICT) {
        return is_restriction_list(decision) ? NULL : "a server error";
    }
    if (strcmp(word, "OK") == 0) {
        return action == ACTION_PERMIT ? NULL : "a permit";
    }
    if (strspn(word, "0123456789") > 0) {
        char class = action == ACTION_REJECT ? '5' : action == ACTION_DEFER ? '4' : '?';
        return strlen(word) == 3 && word[0] == class && *text ? NULL : "another code";
    }
    return is_known_word(word) && strcmp(word, action_info(action)->word) == 0 ? NULL
                                                                               : "another word";
}

/* Every action with every text and code: what can be made is read as it is meant. */
START_TEST(test_nothing_misread) {
    guint made = 0;
    for (size_t n = 0; n < G_N_ELEMENTS(nasty) * G_N_ELEMENTS(codes); n++) {
        Reply reply = {.action = (Action)_i,
                       .code = codes[n % G_N_ELEMENTS(codes)],
                       .text = nasty[n / G_N_ELEMENTS(codes)]};
        g_autofree char *decision = reply_decision(&reply, NULL);
        const char *wrong = decision ? misreading(reply.action, decision) : NULL;
        ck_assert_msg(!wrong, "'%s' of %s is %s", decision, action_info(reply.action)->name, wrong);
        made += decision ? 1 : 0;
    }
    ck_assert_uint_gt(made, 0);
}
END_TEST

#define OUTCOME(action) ((ActionSet)1 << ACTION_##action)
#define REJECTS (OUTCOME(REJECT) | OUTCOME(DEFER))

static const struct {
    Text text;
    ActionSet outcomes;
} restricts[] = {
    {BYTES("permit"), OUTCOME(PERMIT)},
    {BYTES("permit_mynetworks"), OUTCOME(PERMIT)},
    {BYTES("reject_unauth_destination, permit"), OUTCOME(PERMIT) | REJECTS},
    {BYTES("defer_unauth_destination,permit_sasl_authenticated,defer"),
     OUTCOME(PERMIT) | OUTCOME(DEFER)},
    {BYTES("reject_unauth_destination permit_mx_backup"), OUTCOME(PERMIT) | REJECTS},
    {BYTES("permit_auth_destination"), 0},
    {BYTES("permit_auth_destination, reject"), REJECTS},
    {BYTES("reject"), REJECTS},
    {BYTES("defer"), OUTCOME(DEFER)},
    {BYTES("defer_if_permit"), OUTCOME(DEFER_IF_PERMIT)},
    {BYTES("defer_if_reject"), OUTCOME(DEFER_IF_REJECT)},
    {BYTES(""), 0},
};

START_TEST(test_restrict_outcomes) {
    g_autofree char *copy = unit_copy(restricts[_i].text);
    Text text = text_make(copy, restricts[_i].text.length);
    ck_assert_msg(reply_restrict_outcomes(text) == restricts[_i].outcomes, "%s",
                  unit_show(restricts[_i].text));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("reply");
    UNIT_ADD_TABLE(suite, test_good, good);
    UNIT_ADD_TABLE(suite, test_bad, bad);
    unit_add(suite, "test_text_limit", test_text_limit, 1);
    unit_add(suite, "test_nothing_misread", test_nothing_misread, ACTION_COUNT);
    UNIT_ADD_TABLE(suite, test_restrict_outcomes, restricts);
    return unit_run(suite);
}
