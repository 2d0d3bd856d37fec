/*
 * Units of policyd/ctl/log_filter: each criterion on lines that meet it and lines that don't, all
 * of them together, and words that can't be meant.
 */
#include "ctl/log/filter.h"

#include <string.h>

#include "unit/unit.h"

#define NOW G_GINT64_CONSTANT(1795368701123) /* 2026-11-22T17:31:41.123Z */
#define START "time=\"2026-11-22T17:31:41.123+00:00\" decision=\"%s\" rule=\"%s\""
#define END " ruleset=\"0a1b2c3d\" us=\"7\"%s\n"

/* A line of this decision, rule and attributes, and whether a filter takes it. */
static const struct {
    const char *name;
    const char *word;
    const char *decision;
    const char *rule;
    const char *attributes;
    LogFilterAnswer answer;
} questions[] = {
#define DECISION(word, decision, answer) \
    { "decision", word, decision, "f:1", "", answer }
#define VALUE(name, word, attributes, answer) \
    { name, word, "OK", "f:1", attributes, answer }
#define RULE(word, rule, answer) \
    { "rule", word, "OK", rule, "", answer }
#define YES LOG_FILTER_YES
#define NO LOG_FILTER_NO
    DECISION("reject", "REJECT", YES),
    DECISION("reject", "REJECT 5.7.1 no", YES),
    DECISION("Reject", "REJECT 5.7.1 no", YES),
    DECISION("REJECT", "550 5.7.1 no", YES),
    DECISION("reject", "550 5.7.1 no", YES),
    DECISION("reject", "450 4.7.1 no", NO),
    DECISION("reject", "5500 no", NO),
    DECISION("reject", "REJECTED", NO),
    DECISION("reject", "reject_unauth_destination", NO),
    DECISION("restrict", "reject_unauth_destination", YES),
    DECISION("restrict", "permit_mynetworks, reject", YES),
    DECISION("restrict", "permit_somebody", NO),
    DECISION("defer", "DEFER", YES),
    DECISION("defer", "451 4.3.0 later", YES),
    DECISION("defer", "DEFER_IF_PERMIT later", NO),
    DECISION("defer_if_permit", "DEFER_IF_PERMIT later", YES),
    DECISION("permit", "OK", YES),
    DECISION("ok", "OK", YES),
    DECISION("permit", "DUNNO", NO),
    DECISION("dunno", "DUNNO", YES),
    DECISION("REJECT 5.7", "REJECT 5.7.1 no", YES),
    DECISION("REJECT 5.7.1 no", "REJECT 5.7.1 no", YES),
    DECISION("REJECT 5.7.1 no!", "REJECT 5.7.1 no", NO),
    DECISION("55", "550 5.7.1 no", YES),
    DECISION("DEFER_", "DEFER_IF_PERMIT", YES),
    DECISION("reject 5", "REJECT 5.7.1", NO),

    VALUE("client", "203.0.113.9", " client_address=\"203.0.113.9\"", YES),
    VALUE("client", "203.0.113.9", " client_address=\"203.0.113.8\"", NO),
    VALUE("client", "203.0.113.9", " client_address=\"203.0.113.10\"", NO),
    VALUE("client", "203.0.113.0/24", " client_address=\"203.0.113.0\"", YES),
    VALUE("client", "203.0.113.0/24", " client_address=\"203.0.113.255\"", YES),
    VALUE("client", "203.0.113.0/24", " client_address=\"203.0.112.255\"", NO),
    VALUE("client", "203.0.113.0/24", " client_address=\"203.0.114.0\"", NO),
    VALUE("client", "203.0.113.0/24", " client_address=\"::ffff:203.0.113.9\"", YES),
    VALUE("client", "2001:db8::/32", " client_address=\"2001:db8:ffff::1\"", YES),
    VALUE("client", "2001:db8::/32", " client_address=\"2001:db9::\"", NO),
    VALUE("client", "0.0.0.0/0", " client_address=\"::1\"", NO),
    VALUE("client", "::/0", " client_address=\"192.0.2.1\"", NO),
    VALUE("client", "::/0", " client_address=\"unknown\"", NO),
    VALUE("client", "::/0", "", NO),

    VALUE("sasl", "alice", " sasl_username=\"alice\"", YES),
    VALUE("sasl", "alice", " sasl_username=\"Alice\"", NO),
    VALUE("sasl", "alice", " sasl_username=\"alice@example.com\"", NO),
    VALUE("sasl", "alice", "", NO),

    VALUE("recipient", "u@example.com", " recipient=\"u@example.com\"", YES),
    VALUE("recipient", "U@EXAMPLE.com", " recipient=\"u@Example.Com\"", YES),
    VALUE("recipient", "u@example.com", " recipient=\"u@example.com.\"", YES),
    VALUE("recipient", "u@example.com", " recipient=\"xu@example.com\"", NO),
    VALUE("recipient", "u@example.com", " recipient=\"u@lists.example.com\"", NO),
    VALUE("recipient", "@example.com", " recipient=\"u@EXAMPLE.com\"", YES),
    VALUE("recipient", "@example.com", " recipient=\"u%c.example@example.com\"", YES),
    VALUE("recipient", "@example.com", " recipient=\"u@example.com@c.example\"", NO),
    VALUE("recipient", "@example.com", " recipient=\"u@lists.example.com\"", NO),
    VALUE("recipient", "@example.com", " recipient=\"example.com\"", NO),
    VALUE("recipient", "@example.com", " sender=\"u@example.com\"", NO),
    VALUE("recipient", "u@", " recipient=\"u@example.com\"", YES),
    VALUE("recipient", "u@", " recipient=\"u\"", NO),
    VALUE("recipient", "postmaster", " recipient=\"Postmaster\"", YES),
    VALUE("recipient", "postmaster", " recipient=\"postmaster@example.com\"", NO),
    VALUE("recipient", "u@example.com", "", NO),
    VALUE("sender", "@example.com", " sender=\"u@example.com\"", YES),
    VALUE("sender", "@example.com", " recipient=\"u@example.com\"", NO),
    VALUE("sender", "<>", " protocol_state=\"RCPT\"", YES),
    VALUE("sender", "<>", " protocol_state=\"END-OF-MESSAGE\"", YES),
    VALUE("sender", "<>", " protocol_state=\"RCPT\" sender=\"u@example.com\"", NO),
    VALUE("sender", "<>", " protocol_state=\"CONNECT\"", NO),

    RULE("14", "relay.rules:14", YES),
    RULE("14", "/etc/policyd/relay.rules:14", YES),
    RULE("14", "relay.rules:114", NO),
    RULE("14", "relay.rules:141", NO),
    RULE("relay.rules:14", "relay.rules:14", YES),
    RULE("relay.rules:14", "/etc/policyd/relay.rules:14", YES),
    RULE("policyd/relay.rules:14", "/etc/policyd/relay.rules:14", YES),
    RULE("/etc/policyd/relay.rules:14", "/etc/policyd/relay.rules:14", YES),
    RULE("y.rules:14", "relay.rules:14", NO),
    RULE("/etc/policyd/relay.rules:14", "relay.rules:14", NO),
    RULE("relay.rules:14", "relay.rules:4", NO),

    VALUE("since", "2026-11-22T17:31:41.123Z", "", YES),
    VALUE("since", "2026-11-22T17:31:41.124Z", "", NO),
    VALUE("since", "2026-11-22T18:31:41.123+01:00", "", YES),
    VALUE("since", "0s", "", YES),
    VALUE("until", "2026-11-22T17:31:41.123Z", "", NO),
    VALUE("until", "2026-11-22T17:31:41.124Z", "", YES),
    VALUE("until", "0s", "", NO),
};

/* Reads a line; its text is put into `out`, and borrowed. */
static void read_line(const char *decision, const char *rule, const char *attributes, char **out,
                      AuditLine *line, LogTime *time) {
    *out = g_strdup_printf(START END, decision, rule, attributes);
    ck_assert_msg(audit_line_read(*out, strlen(*out), line) <= AUDIT_LINE_CUT, "%s", *out);
    ck_assert(log_time_read(line->time, time));
}

START_TEST(test_question) {
    g_autoptr(LogFilter) filter = log_filter_new();
    g_autofree char *text = NULL;
    AuditLine line;
    LogTime time;
    read_line(questions[_i].decision, questions[_i].rule, questions[_i].attributes, &text, &line,
              &time);
    ck_assert(!log_filter_has(filter, questions[_i].name));
    ck_assert(log_filter_set(filter, questions[_i].name, questions[_i].word, NOW, NULL));
    ck_assert(log_filter_has(filter, questions[_i].name));
    ck_assert_msg(log_filter_ask(filter, &line, &time) == questions[_i].answer, "%s %s: %s",
                  questions[_i].name, questions[_i].word, text);
}
END_TEST

/* A line that meets all of these; with any one of them replaced, it doesn't. */
static const struct {
    const char *name;
    const char *met;
    const char *missed;
} all[] = {
    {"decision", "reject", "permit"},
    {"client", "203.0.113.0/24", "192.0.2.0/24"},
    {"sasl", "alice", "bob"},
    {"sender", "@example.com", "@example.net"},
    {"recipient", "u@example.net", "u@example.com"},
    {"rule", "14", "15"},
    {"since", "1s", "2026-11-23"},
    {"until", "2026-11-23", "1s"},
};

START_TEST(test_all) {
    g_autoptr(LogFilter) filter = log_filter_new();
    g_autofree char *text = NULL;
    AuditLine line;
    LogTime time;
    read_line("REJECT", "f:14",
              " client_address=\"203.0.113.9\" sender=\"s@example.com\" "
              "recipient=\"u@example.net\" sasl_username=\"alice\"",
              &text, &line, &time);
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_YES);
    for (int i = 0; i < LOG_FILTER_NAMES; i++) {
        ck_assert_str_eq(log_filter_names()[i], all[i].name);
        const char *word = i == _i ? all[i].missed : all[i].met;
        ck_assert(log_filter_set(filter, all[i].name, word, NOW, NULL));
    }
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_NO);
    ck_assert(log_filter_set(filter, all[_i].name, all[_i].met, NOW, NULL));
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_YES);
}
END_TEST

/* What was cut is not known, but for a line that another criterion leaves out. */
START_TEST(test_cut) {
    g_autoptr(LogFilter) filter = log_filter_new();
    g_autofree char *value = g_strnfill(1024, 'x');
    g_autofree char *attributes =
        g_strdup_printf(" recipient=\"%s\" truncated=\"recipient\"", value);
    g_autofree char *text = NULL;
    AuditLine line;
    LogTime time;
    read_line("OK", "f:1", attributes, &text, &line, &time);
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_YES);
    ck_assert(log_filter_set(filter, "decision", "permit", NOW, NULL));
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_YES);
    ck_assert(log_filter_set(filter, "recipient", "@example.com", NOW, NULL));
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_UNKNOWN);
    ck_assert(log_filter_set(filter, "rule", "1", NOW, NULL));
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_UNKNOWN);
    ck_assert(log_filter_set(filter, "rule", "2", NOW, NULL));
    ck_assert_int_eq(log_filter_ask(filter, &line, &time), LOG_FILTER_NO);
}
END_TEST

static const struct {
    const char *name;
    const char *word;
} wrong[] = {
    {"decision", ""},
    {"client", ""},
    {"client", "203.0.113.0/33"},
    {"client", "10.1"},
    {"client", "10.0.0.1/8"},
    {"client", "mx.example.com"},
    {"sasl", ""},
    {"sender", ""},
    {"sender", "@"},
    {"recipient", "@."},
    {"rule", ""},
    {"rule", "relay.rules"},
    {"rule", "relay.rules:"},
    {"rule", ":14"},
    {"rule", "14:"},
    {"rule", "relay.rules:x"},
    {"rule", "-1"},
    {"since", "soon"},
    {"until", ""},
};

START_TEST(test_wrong) {
    g_autoptr(LogFilter) filter = log_filter_new();
    g_autoptr(GError) error = NULL;
    ck_assert_msg(!log_filter_set(filter, wrong[_i].name, wrong[_i].word, NOW, &error), "%s %s",
                  wrong[_i].name, wrong[_i].word);
    ck_assert(g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE));
    ck_assert(!log_filter_has(filter, wrong[_i].name));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_filter");
    UNIT_ADD_TABLE(suite, test_question, questions);
    UNIT_ADD_TABLE(suite, test_all, all);
    unit_add(suite, "test_cut", test_cut, 1);
    UNIT_ADD_TABLE(suite, test_wrong, wrong);
    return unit_run(suite);
}
