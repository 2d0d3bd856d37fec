/*
 * Units of lib/analysis/lint: each warning, where it stops being one, and what is covered in random
 * lists against a comparison of each entry with each.
 */
#include "analysis/lint.h"

#include <stdio.h>
#include <string.h>

#include "analysis/linter.h"
#include "limit.h"
#include "unit/random.h"
#include "unit/rules.h"

/* A stand-in for Debian's mynetworks, and for names that Postfix knows in two places. */
static char *read_postconf(const char *parameter, gpointer data, GError **error) {
    (void)data;
    (void)error;
    if (g_str_equal(parameter, "mynetworks")) {
        return g_strdup("127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128 52.0.0.0/8");
    }
    return g_strdup(g_str_equal(parameter, "parent_domain_matches_subdomains")
                        ? "relay_domains"
                        : "example.com, sub.example.com, example.com");
}

static Ruleset *compile(const char *text) {
    const CompileHost host = {.read_postconf = read_postconf, .detail = TRUE};
    g_autoptr(Diagnostics) errors = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(text), &host, errors);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", text, diagnostics_format(errors));
    }
    return ruleset;
}

static Diagnostics *lint(const char *text, gboolean verbose) {
    Diagnostics *warnings = diagnostics_new();
    g_autoptr(Ruleset) ruleset = compile(text);
    lint_text(ruleset, verbose, warnings);
    diagnostics_sort(warnings);
    return warnings;
}

/* `KIND LINE:COLUMN: MESSAGE`, each on a line. */
static char *lint_report(const char *text) {
    g_autoptr(Diagnostics) warnings = lint(text, FALSE);
    g_autofree char *places = rules_report(warnings, "f");
    g_auto(GStrv) lines = g_strsplit(places, "\n", -1);
    GString *out = g_string_new(NULL);
    for (guint i = 0; lines[i]; i++) {
        g_string_append_printf(out, "%s%s %s", i > 0 ? "\n" : "",
                               diagnostics_get(warnings, i)->kind, lines[i]);
    }
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *rules;
    const char *warnings;
} Case;

static void check_case(const Case *row) {
    g_autofree char *report = lint_report(row->rules);
    ck_assert_msg(g_str_equal(report, row->warnings), "%s\ngives\n%s\nnot\n%s", row->rules, report,
                  row->warnings);
}

#define USE_IT "; use it in a rule, or take it out"

static const Case names[] = {
    {"networks a = ::1\ndunno\n", "unused 1:10: list 'a' is never used" USE_IT},
    {"condition a = size\ndunno\n", "unused 1:11: condition 'a' is never used" USE_IT},
    {"networks a = ::1\nreject if client_address in a\ndunno\n", ""},
    {"networks a = ::1\nnever permit if client_address in a\ndunno\n", ""},
    {"networks a = ::1\nnetworks b = a\ndunno\n", "unused 2:10: list 'b' is never used" USE_IT},
    {"networks trusted = ::1\ndomains local = a.example\ncondition insider = size\ndunno\n", ""},
    {"networks trustd = ::1\ndunno\n",
     "unused 1:10: list 'trustd' is never used; did you mean 'trusted'?"},
    {"domains locals = a.example\ndunno\n",
     "unused 1:9: list 'locals' is never used; did you mean 'local'?"},
    {"condition insiders = size\ndunno\n",
     "unused 1:11: condition 'insiders' is never used; did you mean 'insider'?"},
    {"domains trustd = a.example\ndunno\n", "unused 1:9: list 'trustd' is never used" USE_IT},
    {"strings trustd = \"a\"\ndunno\n", "unused 1:9: list 'trustd' is never used" USE_IT},
    {"networks trusted = ::1\nnetworks trustd = ::2\ndunno\n",
     "unused 2:10: list 'trustd' is never used" USE_IT},
};

START_TEST(test_names) {
    check_case(&names[_i]);
}
END_TEST

#define NETWORKS(items) "networks a = " items "\nreject if client_address in a\ndunno\n"
#define DOMAINS(items) "domains a = " items "\nreject if helo_name in a\ndunno\n"
#define MAILBOXES(items) "addresses a = " items "\nreject if sender in a\ndunno\n"
#define STRINGS(items) "strings a = " items "\nreject if queue_id in a\ndunno\n"
#define BRACES(test) "reject if " test "\ndunno\n"
#define COVERED(place, item, by, at)                                                             \
    "covered " place ": '" item "' adds nothing to 'a': '" by "' (f:" at ") covers it; take it " \
    "out"
#define TWICE(place, item, at) \
    "covered " place ": '" item "' is in 'a' already (f:" at "); take it out"

static const Case covers[] = {
    {NETWORKS("10.0.0.0/8,\n 10.1.0.0/16"), COVERED("2:2", "10.1.0.0/16", "10.0.0.0/8", "1")},
    {NETWORKS("10.1.0.0/16,\n 10.0.0.0/8"), COVERED("1:14", "10.1.0.0/16", "10.0.0.0/8", "2")},
    {NETWORKS("10.0.0.0/8, 11.0.0.0/16, 9.255.255.255"), ""},
    {NETWORKS("10.0.0.0/9, 10.128.0.0/9"), ""},
    {NETWORKS("10.0.0.0/8, 10.255.255.255, 10.0.0.0"),
     COVERED("1:26", "10.255.255.255", "10.0.0.0/8", "1") "\n" COVERED("1:42", "10.0.0.0",
                                                                       "10.0.0.0/8", "1")},
    {NETWORKS("10.0.0.0/8, 10.1.0.0/16, 10.1.1.1"),
     COVERED("1:26", "10.1.0.0/16", "10.0.0.0/8", "1") "\n" COVERED("1:39", "10.1.1.1",
                                                                    "10.0.0.0/8", "1")},
    {NETWORKS("::1, ::1"), TWICE("1:19", "::1", "1")},
    {NETWORKS("110.0.0.1, 10.0.0.1, 10.0.0.1"), TWICE("1:35", "10.0.0.1", "1")},
    {NETWORKS("2001:db8::/32, 2001:DB8:1::/48"),
     COVERED("1:29", "2001:DB8:1::/48", "2001:db8::/32", "1")},
    {NETWORKS("2001:db8::/65, 2001:db8::1, 2001:db8:0:0:8000::"),
     COVERED("1:29", "2001:db8::1", "2001:db8::/65", "1")},
    {NETWORKS("192.0.2.0/24, ::ffff:192.0.2.7, ::ffff:192.0.2.0/120"),
     COVERED("1:28", "::ffff:192.0.2.7", "192.0.2.0/24",
             "1") "\n" TWICE("1:46", "::ffff:192.0.2.0/120", "1")},
    {NETWORKS("::ffff:0.0.0.0/97, 10.0.0.1"),
     COVERED("1:33", "10.0.0.1", "::ffff:0.0.0.0/97", "1")},
    {NETWORKS("::/96, 0.0.0.1"), ""},

    {DOMAINS("mail.example.org, .example.org"),
     COVERED("1:13", "mail.example.org", ".example.org", "1")},
    {DOMAINS("example.org, .example.org, .mail.example.com, mail.example.com"), ""},
    {DOMAINS(".a.b.example, .b.example"), COVERED("1:13", ".a.b.example", ".b.example", "1")},
    {DOMAINS("a.b.c.example, .b.c.example, .c.example"),
     COVERED("1:13", "a.b.c.example", ".c.example", "1") "\n" COVERED("1:28", ".b.c.example",
                                                                      ".c.example", "1")},
    {DOMAINS("xexample.org, example.org.uk, .example.org"), ""},
    {DOMAINS("a.example,\n  A.Example"), TWICE("2:3", "A.Example", "1")},
    {DOMAINS("\"localhost\", \"localhost\""), TWICE("1:27", "localhost", "1")},
    {DOMAINS("[192.0.2.1], [192.0.2.2], [192.0.2.1]"), TWICE("1:39", "[192.0.2.1]", "1")},
    {DOMAINS("[IPv6:::1], [ipv6:0::1]"), TWICE("1:25", "[ipv6:0::1]", "1")},

    {MAILBOXES("user@example.com, user@"), COVERED("1:15", "user@example.com", "user@", "1")},
    {MAILBOXES("User@example.com,\n user@Example.com"), TWICE("2:2", "user@Example.com", "1")},
    {MAILBOXES("user@, USER@"), TWICE("1:22", "USER@", "1")},
    {MAILBOXES("user@example.com, use@, ser@, user@example.org"), ""},

    {STRINGS("\"a\", \"A\", \"a b\""), ""},
    {STRINGS("\"a\", \"b\", \"a\""), TWICE("1:24", "a", "1")},
    {STRINGS("\"\\\"\", \"\\\"\""), TWICE("1:15", "\"", "1")},

    {BRACES("client_address in { 10.0.0.0/8, 10.0.0.1 } or size"),
     "covered 1:43: '10.0.0.1' adds nothing to the braces: '10.0.0.0/8' (f:1) covers it; take it "
     "out"},
    {BRACES("not helo_name in { a.example, a.example }"),
     "covered 1:41: 'a.example' is in the braces already (f:1); take it out"},
    {"condition c = client_address in { ::1, ::1 }\nreject if c\nreject if c and size\ndunno\n",
     "covered 1:40: '::1' is in the braces already (f:1); take it out"},
    {"never permit if client_address in { ::1, ::1 }\ndunno\n",
     "covered 1:42: '::1' is in the braces already (f:1); take it out"},
};

START_TEST(test_covers) {
    check_case(&covers[_i]);
}
END_TEST

#define USES "reject if client_address in a or client_address in b or client_address in c\ndunno\n"

/* What is written for one list may mean something in it that it doesn't in another. */
static const Case includes[] = {
    {"networks b = 10.1.0.0/16\nnetworks c = ::1\nnetworks a = b, c, 10.0.0.0/8\n" USES, ""},
    {"networks b = 10.0.0.0/8\nnetworks c = ::1\nnetworks a = b, 10.1.0.0/16\n" USES,
     COVERED("3:17", "10.1.0.0/16", "10.0.0.0/8", "1")},
    {"networks b = 10.0.0.0/8\nnetworks c = ::1\nnetworks a = b, 10.0.0.0/8\n" USES,
     TWICE("3:17", "10.0.0.0/8", "1")},
    {"networks b = 10.0.0.0/8\nnetworks c = ::1\nnetworks a = 10.0.0.0/8, b\n" USES,
     TWICE("3:14", "10.0.0.0/8", "1")},
    {"networks c = ::1\nnetworks b = c, ::2\nnetworks a = b, c\n" USES, ""},
    {"networks c = ::1\nnetworks b = c, ::1\nnetworks a = b, c\n" USES,
     "covered 2:17: '::1' is in 'b' already (f:1); take it out"},
    {"networks c = ::1,\n  ::1\nnetworks b = c\nnetworks a = b\n" USES,
     "covered 2:3: '::1' is in 'c' already (f:1); take it out"},
    {"networks a = ::1\nnetworks b = ::1\nnetworks c = a, b\n" USES, ""},
    {"networks a = ::1\nnetworks b = ::2\nnetworks c = a, b\n" USES
     "reject if client_address in { ::1, a }\ndunno\n",
     "covered 6:31: '::1' is in the braces already (f:1); take it out"},
    {"domains b = .example\ndomains a = b, x.example\nreject if helo_name in a\ndunno\n",
     COVERED("2:16", "x.example", ".example", "1")},
};

START_TEST(test_includes) {
    check_case(&includes[_i]);
}
END_TEST

/* main.cf is written for Postfix, and may say more than the rules need. */
static const Case postconfs[] = {
    {"networks a = postconf mynetworks, 127.0.0.1\nreject if client_address in a\ndunno\n", ""},
    {"domains local = postconf mydestination, postconf relay_domains, sub.example.com\ndunno\n",
     ""},
    {"domains local = x.a.example, postconf relay_domains, .a.example\ndunno\n",
     "covered 1:17: 'x.a.example' adds nothing to 'local': '.a.example' (f:1) covers it; take it "
     "out"},
};

START_TEST(test_postconfs) {
    check_case(&postconfs[_i]);
}
END_TEST

#define TRUSTED(items) "networks trusted = " items "\ndunno\n"
#define WIDE(item, limit)                                      \
    "wide 1:20: '" item "' in 'trusted' is wider than /" limit \
    ": all of it may relay; list your own networks"

static const Case widths[] = {
    {TRUSTED("52.1.0.0/16"), ""},
    {TRUSTED("52.2.0.0/15"), WIDE("52.2.0.0/15", "16")},
    {TRUSTED("52.0.0.0/8"), WIDE("52.0.0.0/8", "16")},
    {TRUSTED("::ffff:52.2.0.0/111"), WIDE("::ffff:52.2.0.0/111", "16")},
    {TRUSTED("::ffff:52.2.0.0/112"), ""},
    {TRUSTED("2001:db8::/32"), ""},
    {TRUSTED("2001:db8::/31"), WIDE("2001:db8::/31", "32")},
    {TRUSTED("2001::/16"), WIDE("2001::/16", "32")},
    {TRUSTED("10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, 100.64.0.0/10, "
             "169.254.0.0/16, fe80::/16, fd00::/16, fc00::/20"),
     ""},
    {TRUSTED("172.0.0.0/11"), WIDE("172.0.0.0/11", "16")},
    {TRUSTED("192.168.0.0/15"), WIDE("192.168.0.0/15", "16")},
    {TRUSTED("172.32.0.0/12"), WIDE("172.32.0.0/12", "16")},
    {TRUSTED("fec0::/16"), WIDE("fec0::/16", "32")},
    {"networks b = 52.0.0.0/8\nnetworks trusted = b\ndunno\n",
     "wide 1:14: '52.0.0.0/8' in 'trusted' is wider than /16: all of it may relay; list your own "
     "networks"},
    {"networks trusted = postconf mynetworks\ndunno\n",
     "wide postconf mynetworks:1:0: '52.0.0.0/8' in 'trusted' is wider than /16: all of it may "
     "relay; list your own networks"},
    {"networks trusted = 0.0.0.0/0\ndunno\naccept open relay\n", ""},
    {NETWORKS("52.0.0.0/8"), ""},
    {NETWORKS("0.0.0.0/0"), ""},
    {NETWORKS("0.0.0.0/0, ::/0"), ""},
    {NETWORKS("0.0.0.0/1, ::1"), ""},
    {NETWORKS("::1, 0.0.0.0/0"),
     "wide 1:19: '0.0.0.0/0' in 'a' is every IPv4 address, beside other entries; take it out, or "
     "them"},
    {NETWORKS("::/0, 10.0.0.0/8"),
     "wide 1:14: '::/0' in 'a' is every IPv6 address, beside other entries; take it out, or them"},
    {BRACES("client_address in { ::/0, 10.0.0.0/8 }"), ""},
};

START_TEST(test_widths) {
    check_case(&widths[_i]);
}
END_TEST

#define DEMANDS(test) "reject if protocol_state == \"RCPT\" and " test "\ndunno\n"
#define AT(state, test) "reject if protocol_state == \"" state "\" and " test "\ndunno\n"
#define NO_COUNT(test, states)                                                                   \
    "empty 1:1: '" test "' is never true at " states ", where recipient_count is 0; ask for it " \
    "at DATA or END-OF-MESSAGE"
#define EMPTY(test, states, attribute, there)                             \
    "empty 1:1: '" test "' is never true at " states ", where " attribute \
    " is empty; ask for it at " there
#define SINGLE(test, states)                                                             \
    "empty 1:1: '" test "' is true at " states " only of a message with one recipient: " \
    "recipient is empty if there are more; decide at RCPT, or demand 'recipient_count == 1' too"
#define WITH_RECIPIENT "RCPT, DATA or END-OF-MESSAGE"

static const Case states[] = {
    {DEMANDS("recipient_count"), NO_COUNT("recipient_count", "RCPT")},
    {DEMANDS("recipient_count > 1"), NO_COUNT("recipient_count > 1", "RCPT")},
    {DEMANDS("recipient_count >= 1"), NO_COUNT("recipient_count >= 1", "RCPT")},
    {DEMANDS("recipient_count == 1"), NO_COUNT("recipient_count == 1", "RCPT")},
    {DEMANDS("recipient_count >= 0"), ""},
    {DEMANDS("recipient_count == 0"), ""},
    {DEMANDS("recipient_count < 5"), ""},
    {DEMANDS("not recipient_count"), ""},
    {DEMANDS("not not recipient_count"), ""},
    {DEMANDS("recipient_count == size"), ""},
    {DEMANDS("not recipient_count > 5 and size"), ""},
    {DEMANDS("(recipient_count > 5 or size > 10M)"), ""},
    {DEMANDS("(recipient_count > 5 or recipient_count == 3)"),
     NO_COUNT("recipient_count > 5", "RCPT")},
    {DEMANDS("(size and recipient_count > 5)"), NO_COUNT("recipient_count > 5", "RCPT")},
    {"reject if recipient_count > 5 and protocol_state == \"RCPT\"\ndunno\n",
     NO_COUNT("recipient_count > 5", "RCPT")},
    {"reject if protocol_state in { \"RCPT\", \"MAIL\" } and recipient_count > 5\ndunno\n",
     NO_COUNT("recipient_count > 5", "MAIL and RCPT")},
    {"reject if protocol_state in { \"RCPT\", \"MAIL\", \"VRFY\" } and recipient_count > "
     "5\ndunno\n",
     NO_COUNT("recipient_count > 5", "MAIL, RCPT and VRFY")},
    {"reject if protocol_state in { \"RCPT\", \"DATA\" } and recipient_count > 5\ndunno\n", ""},
    {"reject if protocol_state != \"DATA\" and recipient_count > 5\ndunno\n", ""},
    {"reject if protocol_state and not protocol_state in { \"DATA\", \"END-OF-MESSAGE\", \"RCPT\" "
     "} "
     "and recipient_count > 5\ndunno\n",
     NO_COUNT("recipient_count > 5", "CONNECT, EHLO, HELO, MAIL, VRFY and ETRN")},
    {"reject if protocol_state == \"RCPT\" and protocol_state == \"DATA\" and "
     "recipient_count\ndunno\n",
     ""},
    {"reject if protocol_state == \"RCPT\" or recipient_count\ndunno\n", ""},
    {"reject if not protocol_state in { \"DATA\", \"END-OF-MESSAGE\" } and "
     "recipient_count\ndunno\n",
     ""},
    {"reject if size or protocol_state == \"RCPT\" and recipient_count\ndunno\n",
     NO_COUNT("recipient_count", "RCPT")},
    {"reject if not (protocol_state == \"RCPT\" and recipient_count)\ndunno\n",
     NO_COUNT("recipient_count", "RCPT")},
    {"never permit if protocol_state == \"RCPT\" and recipient_count\ndunno\n",
     NO_COUNT("recipient_count", "RCPT")},

    {"condition many = recipient_count > 5\ncondition at = protocol_state == \"RCPT\"\n"
     "reject if at and many\nreject \"x\" if many and at\ndunno\n",
     "empty 3:1: 'recipient_count > 5' is never true at RCPT, where recipient_count is 0; ask for "
     "it at DATA or END-OF-MESSAGE\n"
     "empty 4:1: 'recipient_count > 5' is never true at RCPT, where recipient_count is 0; ask for "
     "it at DATA or END-OF-MESSAGE"},
    {"condition c = protocol_state == \"RCPT\" and recipient_count\nreject if c\n"
     "reject if size and c\ndunno\n",
     "empty 1:11: 'recipient_count' is never true at RCPT, where recipient_count is 0; ask for it "
     "at DATA or END-OF-MESSAGE"},

    {AT("CONNECT", "sender in { a@ }"),
     EMPTY("sender in { a@ }", "CONNECT", "sender", "MAIL, RCPT, DATA or END-OF-MESSAGE")},
    {AT("MAIL", "sender"), ""},
    {AT("VRFY", "sender"), ""}, /* it may come within a transaction */
    {AT("MAIL", "recipient in { a.example }"),
     EMPTY("recipient in { a.example }", "MAIL", "recipient", WITH_RECIPIENT)},
    {AT("MAIL", "recipient.domain == \"a.example\""),
     EMPTY("recipient.domain == \"a.example\"", "MAIL", "recipient", WITH_RECIPIENT)},
    {AT("MAIL", "routed"), EMPTY("routed", "MAIL", "recipient", WITH_RECIPIENT)},
    {AT("MAIL", "recipient == sender"),
     EMPTY("recipient == sender", "MAIL", "recipient", WITH_RECIPIENT)},
    {AT("MAIL", "sender == recipient"),
     EMPTY("sender == recipient", "MAIL", "recipient", WITH_RECIPIENT)},
    {AT("MAIL", "not recipient in { a.example }"), ""},
    {AT("MAIL", "recipient not in { a.example }"), ""},
    {AT("RCPT", "etrn_domain in { a.example }"),
     EMPTY("etrn_domain in { a.example }", "RCPT", "etrn_domain", "ETRN")},
    {AT("ETRN", "etrn_domain matches /a/"), ""},
    {AT("CONNECT", "authenticated"), EMPTY("sasl_username", "CONNECT", "sasl_username",
                                           "MAIL, RCPT, DATA, END-OF-MESSAGE or ETRN")},
    {AT("CONNECT", "client_address in { ::1 } and encrypted"), ""},

    {AT("RCPT", "recipient in { a.example }"), ""},
    {AT("DATA", "recipient in { a.example }"), SINGLE("recipient in { a.example }", "DATA")},
    {AT("END-OF-MESSAGE", "size and recipient == \"a@a.example\""),
     SINGLE("recipient == \"a@a.example\"", "END-OF-MESSAGE")},
    {AT("DATA", "not recipient in { a.example }"), ""},
    {"reject if protocol_state in { \"RCPT\", \"DATA\" } and recipient in { a.example }\ndunno\n",
     ""},
    {"reject if protocol_state in { \"MAIL\", \"DATA\" } and recipient in { a.example }\ndunno\n",
     SINGLE("recipient in { a.example }", "DATA")},
    {AT("DATA", "recipient in { a.example } and recipient_count == 1"), ""},
    {AT("DATA", "recipient in { a.example } and recipient_count < 2"), ""},
    {AT("DATA", "recipient in { a.example } and recipient_count <= 1"), ""},
    {AT("DATA", "recipient in { a.example } and not recipient_count > 1"), ""},
    {AT("DATA", "recipient in { a.example } and not recipient_count >= 2"), ""},
    {AT("DATA", "recipient in { a.example } and recipient_count < 3"),
     SINGLE("recipient in { a.example }", "DATA")},
    {AT("DATA", "recipient in { a.example } and recipient_count == 2"),
     SINGLE("recipient in { a.example }", "DATA")},
    {AT("DATA", "recipient in { a.example } and recipient_count == 3"),
     SINGLE("recipient in { a.example }", "DATA")},
    {AT("DATA", "recipient in { a.example } and not recipient_count > 2"),
     SINGLE("recipient in { a.example }", "DATA")},
    {AT("DATA", "recipient in { a.example } and (recipient_count == 1 or size)"),
     SINGLE("recipient in { a.example }", "DATA")},
    {AT("DATA", "recipient in { a.example } and (recipient_count == 1 or recipient_count == 0)"),
     ""},
    {"condition c = protocol_state == \"DATA\" and recipient\n"
     "reject if c and recipient_count == 1\ndunno\n",
     ""},
    {"reject if size or (protocol_state == \"DATA\" and recipient)\ndunno\n",
     SINGLE("recipient", "DATA")},
};

START_TEST(test_states) {
    check_case(&states[_i]);
}
END_TEST

/* Rules that the index can't tell apart, and others. */
static char *make_slow_rules(guint count) {
    GString *rules = g_string_new("dunno if client_address in { ::1 }\n");
    for (guint i = 0; i < count; i++) {
        g_string_append_printf(rules,
                               i % 2 ? "reject if helo_name matches /^x%u/\n"
                                     : "reject if not client_name in { x%u.example }\n",
                               i);
        g_string_append_printf(rules, "reject if helo_name in { x%u.example }\n", i);
    }
    g_string_append(rules, "dunno\ndunno\n");
    return g_string_free(rules, FALSE);
}

START_TEST(test_slow) {
    g_autofree char *few = make_slow_rules(99);
    g_autofree char *many = make_slow_rules(100);
    check_case(&(Case){few, ""});
    check_case(&(Case){many, "slow 2:1: this rule and 99 more can't be looked up by a value, so "
                             "each request is tried on all of them, one by one; demand something "
                             "by '==' or 'in' too"});
}
END_TEST

/* A list of one network and of `count` addresses in it, in a file. */
static const struct {
    guint count;
    guint named; /* one by one */
    const char *rest;
} folds[] = {
    {4, 4, NULL},
    {6, 6, NULL},
    {7, 5, "'10.0.0.5' and 1 more in 'a' add nothing either; take them out"},
    {1240, 5, "'10.0.0.5' and 1,234 more in 'a' add nothing either; take them out"},
};

static char *make_file_rules(const char *path, guint count) {
    g_autoptr(GString) list = g_string_new("10.0.0.0/8\n");
    for (guint i = 0; i < count; i++) {
        g_string_append_printf(list, "10.0.%u.%u\n", i / 256, i % 256);
    }
    g_file_set_contents(path, list->str, -1, NULL);
    return g_strdup_printf("networks a = file \"%s\"\nreject if client_address in a\ndunno\n",
                           path);
}

START_TEST(test_fold) {
    g_autofree char *folder = g_dir_make_tmp("lint-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "list", NULL);
    g_autofree char *rules = make_file_rules(path, folds[_i].count);
    g_autoptr(Diagnostics) warnings = lint(rules, FALSE);
    g_autoptr(Diagnostics) all = lint(rules, TRUE);
    ck_assert_uint_eq(diagnostics_count(warnings), folds[_i].named + (folds[_i].rest != NULL));
    ck_assert_uint_eq(diagnostics_count(all), folds[_i].count);
    for (guint i = 0; i < folds[_i].named; i++) {
        const Diagnostic *found = diagnostics_get(warnings, i);
        g_autofree char *message = g_strdup_printf("'10.0.0.%u' adds nothing to 'a': '10.0.0.0/8' "
                                                   "(%s:1) covers it; take it out",
                                                   i, path);
        ck_assert_str_eq(found->message, message);
        ck_assert_str_eq(found->file, path);
        ck_assert_uint_eq(found->line, i + 2);
        ck_assert_uint_eq(found->column, 0);
        ck_assert_uint_eq(found->anchor, strlen("networks "));
    }
    if (folds[_i].rest) {
        ck_assert_str_eq(diagnostics_get(warnings, folds[_i].named)->message, folds[_i].rest);
    }
    remove(path);
    remove(folder);
}
END_TEST

/* A file that two lists read may be read by a third that includes one of them. */
START_TEST(test_reread) {
    g_autofree char *folder = g_dir_make_tmp("lint-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "list", NULL);
    g_file_set_contents(path, "10.0.0.1\n10.0.0.2\n", -1, NULL);
    g_autofree char *rules = g_strdup_printf(
        "networks a = file \"%s\"\nnetworks b = file \"%s\"\nnetworks c = a, file \"%s\"\n" USES,
        path, path, path);
    g_autofree char *wanted =
        g_strdup_printf("covered 3:10: file '%s' is read into 'c' twice; name it once", path);
    check_case(&(Case){rules, wanted});
    remove(path);
    remove(folder);
}
END_TEST

/* The slow way: each entry against each other one. */
static gboolean covers_network(Text outer, Text inner) {
    Network a;
    Network b;
    if (!network_parse(outer, FALSE, &a, NULL) || !network_parse(inner, FALSE, &b, NULL)
        || a.first.family != b.first.family) {
        return FALSE;
    }
    return memcmp(a.first.bytes, b.first.bytes, 16) <= 0
           && memcmp(a.last.bytes, b.last.bytes, 16) >= 0;
}

static gboolean covers_domain(Text outer, Text inner) {
    gboolean under = outer.data[0] == '.';
    return text_equal_folded(outer, inner)
           || (under && inner.length > outer.length
               && text_equal_folded(
                   text_make(inner.data + inner.length - outer.length, outer.length), outer));
}

static void make_network(Random *random, GString *out) {
    guint prefix = random_below(random, 9) * 4; /* of few bits, so that many nest */
    guint32 address = prefix == 0 ? 0 : (guint32)random_below(random, 65536) << 16;
    address &= prefix == 0 ? 0 : G_MAXUINT32 << (32 - prefix);
    if (random_below(random, 2)) {
        g_string_append_printf(out, "%u.%u.0.0/%u", address >> 24, address >> 16 & 255, prefix);
    } else {
        g_string_append_printf(out, "2001:db8:%x:%x::/%u", address >> 16, address & 0xffff,
                               32 + prefix);
    }
}

static void make_domain(Random *random, GString *out) {
    g_string_append(out, random_below(random, 3) ? "" : ".");
    for (guint i = random_below(random, 4); i > 0; i--) {
        g_string_append_printf(out, "%c.", "aAbc"[random_below(random, 4)]);
    }
    g_string_append(out, "example");
}

static const struct {
    ListKind kind;
    void (*make)(Random *random, GString *out);
    gboolean (*covers)(Text outer, Text inner);
    void (*find)(const List *list, GArray *covered);
} kinds[] = {
    {LIST_NETWORKS, make_network, covers_network, linter_find_networks},
    {LIST_DOMAINS, make_domain, covers_domain, linter_find_texts},
};

static List *make_list(int row, Random *random) {
    List *list = list_new(kinds[row].kind, "a");
    list_keep_entries(list);
    for (guint i = random_below(random, 30); i > 0; i--) {
        g_autoptr(GString) item = g_string_new(NULL);
        kinds[row].make(random, item);
        ListEntry entry = {text_make(item->str, item->len), "f", 1};
        GError *error = NULL;
        if (!list_add(list, entry.item, LIST_ITEM_WRITTEN, &error)) {
            ck_abort_msg("%s", error->message);
        }
        list_note_entry(list, &entry);
    }
    list_seal(list);
    return list;
}

/* An entry is covered if a wider one, or an equal one above it, covers it. */
static gboolean is_covered(int row, const List *list, guint index) {
    Text item = list_entry(list, index).item;
    for (guint i = 0; i < list_entry_count(list); i++) {
        Text other = list_entry(list, i).item;
        if (i != index && kinds[row].covers(other, item)
            && (i < index || !kinds[row].covers(item, other))) {
            return TRUE;
        }
    }
    return FALSE;
}

static void check_list(int row, const List *list, const Random *random) {
    g_autoptr(GArray) covered = g_array_new(FALSE, FALSE, sizeof(LintCovered));
    g_autofree gboolean *found = g_new0(gboolean, list_entry_count(list) + 1);
    kinds[row].find(list, covered);
    for (guint i = 0; i < covered->len; i++) {
        const LintCovered *one = &g_array_index(covered, LintCovered, i);
        Text item = list_entry(list, one->entry).item;
        Text by = list_entry(list, one->by).item;
        RANDOM_ASSERT(random, !found[one->entry] && one->entry != one->by, "twice");
        RANDOM_ASSERT(random, kinds[row].covers(by, item), "%.*s", (int)item.length, item.data);
        RANDOM_ASSERT(random, one->same == kinds[row].covers(item, by), "same");
        found[one->entry] = TRUE;
    }
    for (guint i = 0; i < list_entry_count(list); i++) {
        ListEntry entry = list_entry(list, i);
        RANDOM_ASSERT(random, found[i] == is_covered(row, list, i), "%.*s", (int)entry.item.length,
                      entry.item.data);
    }
}

START_TEST(test_random) {
    Random random = random_start();
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(List) list = make_list(_i, &random);
        check_list(_i, list, &random);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lint");
    TCase *single = tcase_create("single");
    UNIT_ADD_TABLE(suite, test_names, names);
    UNIT_ADD_TABLE(suite, test_covers, covers);
    UNIT_ADD_TABLE(suite, test_includes, includes);
    UNIT_ADD_TABLE(suite, test_postconfs, postconfs);
    UNIT_ADD_TABLE(suite, test_widths, widths);
    UNIT_ADD_TABLE(suite, test_states, states);
    UNIT_ADD_TABLE(suite, test_fold, folds);
    UNIT_ADD_TABLE(suite, test_random, kinds);
    tcase_add_test(single, test_slow);
    tcase_add_test(single, test_reread);
    suite_add_tcase(suite, single);
    return unit_run(suite);
}
