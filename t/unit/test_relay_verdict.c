/*
 * Units of policyd/ctl/relay_test/verdict: what may be said of an answer, and what not.
 */
#include "ctl/relay_test/verdict.h"

#include "unit/unit.h"

static const struct {
    const char *name;
    guint code;
    const char *text;
    RelayClass class;
} answers[] = {
    {"none", 0, "", RELAY_CLASS_NONE},
    {"accepted", 250, "2.1.5 Ok", RELAY_CLASS_ACCEPTED},
    {"accepted otherwise", 251, "will forward", RELAY_CLASS_ACCEPTED},
    {"data", 354, "go on", RELAY_CLASS_ODD},
    {"greylisted", 450, "4.2.0 Greylisted", RELAY_CLASS_TEMPORARY},
    {"too many", 452, "4.5.3 too many recipients", RELAY_CLASS_TEMPORARY},
    {"unknown domain, for now", 450, "4.1.2 <u@d>: Domain not found", RELAY_CLASS_DOMAIN},
    {"refused", 554, "5.7.1 Relay access denied", RELAY_CLASS_REFUSED},
    {"without a status", 550, "No", RELAY_CLASS_REFUSED},
    {"log in first", 530, "5.7.0 Authentication required", RELAY_CLASS_REFUSED},
    {"unknown mailbox", 550, "5.1.1 User unknown", RELAY_CLASS_REFUSED},
    {"bad syntax", 501, "5.1.3 Bad recipient address syntax", RELAY_CLASS_REFUSED},
    {"unknown domain", 550, "5.1.2 Domain not found", RELAY_CLASS_DOMAIN},
    {"unknown sender's domain", 550, "5.1.8 Domain not found", RELAY_CLASS_DOMAIN},
    {"a domain without mail", 556, "5.1.10 nullMX", RELAY_CLASS_DOMAIN},
    {"a sender's without mail", 550, "5.7.27 nullMX", RELAY_CLASS_DOMAIN},
};

START_TEST(test_class) {
    g_auto(RelayReply) reply = {.code = answers[_i].code, .text = g_string_new(answers[_i].text)};
    ck_assert_int_eq(relay_class(&reply), answers[_i].class);
}
END_TEST

#define ACCEPTED RELAY_CLASS_ACCEPTED
#define REFUSED RELAY_CLASS_REFUSED
#define TEMPORARY RELAY_CLASS_TEMPORARY
#define DOMAIN RELAY_CLASS_DOMAIN
#define NONE RELAY_CLASS_NONE

static const struct {
    const char *name;
    RelayKind kind;
    RelayClass class;
    RelayClass control;
    gboolean permitted;
    RelayVerdict verdict;
    gboolean reason;
} cases[] = {
    {"remote, taken", RELAY_REMOTE, ACCEPTED, ACCEPTED, FALSE, RELAY_VERDICT_RELAYS, FALSE},
    {"remote, refused", RELAY_REMOTE, REFUSED, ACCEPTED, FALSE, RELAY_VERDICT_REFUSED, FALSE},
    {"remote, later", RELAY_REMOTE, TEMPORARY, REFUSED, FALSE, RELAY_VERDICT_CANT_TELL, TRUE},
    {"remote, domain", RELAY_REMOTE, DOMAIN, REFUSED, FALSE, RELAY_VERDICT_CANT_TELL, TRUE},
    {"remote, no reply", RELAY_REMOTE, NONE, REFUSED, FALSE, RELAY_VERDICT_CANT_TELL, FALSE},
    {"trick, taken, unknown refused", RELAY_TRICK, ACCEPTED, REFUSED, FALSE, RELAY_VERDICT_RELAYS,
     FALSE},
    {"trick, taken, unknown too", RELAY_TRICK, ACCEPTED, ACCEPTED, FALSE, RELAY_VERDICT_CANT_TELL,
     TRUE},
    {"trick, taken, unknown later", RELAY_TRICK, ACCEPTED, TEMPORARY, FALSE,
     RELAY_VERDICT_CANT_TELL, TRUE},
    {"trick, taken, unknown not asked", RELAY_TRICK, ACCEPTED, NONE, FALSE, RELAY_VERDICT_CANT_TELL,
     TRUE},
    {"trick, taken, unknown for the domain", RELAY_TRICK, ACCEPTED, DOMAIN, FALSE,
     RELAY_VERDICT_CANT_TELL, TRUE},
    {"trick, refused", RELAY_TRICK, REFUSED, ACCEPTED, FALSE, RELAY_VERDICT_REFUSED, FALSE},
    {"trick, odd", RELAY_TRICK, RELAY_CLASS_ODD, REFUSED, FALSE, RELAY_VERDICT_CANT_TELL, TRUE},
    {"a login's", RELAY_REMOTE, ACCEPTED, REFUSED, TRUE, RELAY_VERDICT_PERMITTED, FALSE},
    {"a login's trick", RELAY_TRICK, ACCEPTED, REFUSED, TRUE, RELAY_VERDICT_PERMITTED, FALSE},
    {"a login's, refused", RELAY_TRICK, REFUSED, REFUSED, TRUE, RELAY_VERDICT_REFUSED, FALSE},
    {"a login's, later", RELAY_REMOTE, TEMPORARY, REFUSED, TRUE, RELAY_VERDICT_CANT_TELL, TRUE},
    {"known, refused", RELAY_KNOWN, REFUSED, NONE, FALSE, RELAY_VERDICT_CONTROL, FALSE},
    {"unknown, taken", RELAY_UNKNOWN, ACCEPTED, ACCEPTED, FALSE, RELAY_VERDICT_CONTROL, FALSE},
};

START_TEST(test_verdict) {
    RelayVerdict verdict =
        relay_verdict(cases[_i].kind, cases[_i].class, cases[_i].control, cases[_i].permitted);
    ck_assert_int_eq(verdict, cases[_i].verdict);
    ck_assert_int_eq(relay_verdict_reason(verdict, cases[_i].class) != NULL, cases[_i].reason);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay_verdict");
    UNIT_ADD_TABLE(suite, test_class, answers);
    UNIT_ADD_TABLE(suite, test_verdict, cases);
    return unit_run(suite);
}
