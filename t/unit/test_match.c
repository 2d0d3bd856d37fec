/*
 * Units of lib/rules/match: what each test means. A case is a condition, a request's attributes,
 * and whether the condition is true; its negation must be the opposite.
 */
#include "rules/match.h"

#include <string.h>

#include "limit.h"
#include "unit/rules.h"

#define DEFINITIONS                                                                    \
    "networks trusted = 192.0.2.0/24, 2001:db8::/32, 198.51.100.7\n"                   \
    "domains local = local.example, .under.example, relay.example, .relay.example,\n"  \
    " valias.example, vmbox.example, xn--bcher-kva.example, [127.0.0.1], [IPv6:::1]\n" \
    "addresses heads = user@a.example, root@, lit@[192.0.2.1], Mixed@B.Example\n"      \
    "strings words = \"one\", \"Two\", \"RCPT\"\n"

static Request parse(const GString *block) {
    Request request;
    ck_assert_int_eq(request_parse(text_make(block->str, block->len), &request), REQUEST_OK);
    return request;
}

static const Rule *decide(const Ruleset *ruleset, Text attributes) {
    g_autoptr(GString) block = g_string_new("request=smtpd_access_policy\n");
    g_autoptr(Matcher) matcher = matcher_new();
    g_string_append_len(block, attributes.data, (gssize)attributes.length);
    g_string_append(block, "\n\n");
    Request request = parse(block);
    return match(matcher, ruleset, &request);
}

/* TRUE if the condition is true of a request, and its negation is not. */
static gboolean holds(const char *condition, Text attributes) {
    g_autofree char *text = g_strdup_printf(DEFINITIONS "permit if %s\nreject\n", condition);
    g_autofree char *negated =
        g_strdup_printf(DEFINITIONS "permit if not (%s)\nreject\n", condition);
    g_autoptr(Ruleset) ruleset = rules_good(text);
    g_autoptr(Ruleset) opposite = rules_good(negated);
    gboolean true_of = decide(ruleset, attributes)->action == ACTION_PERMIT;
    gboolean false_of = decide(opposite, attributes)->action == ACTION_PERMIT;
    ck_assert_msg(true_of != false_of, "%s and its negation: %s", condition, unit_show(attributes));
    return true_of;
}

static const struct {
    const char *condition;
    Text attributes;
    gboolean holds;
} rows[] = {
    /* Addresses. */
    {"client_address", BYTES("client_address=192.0.2.1"), TRUE},
    {"client_address in trusted", BYTES("client_address=192.0.2.255"), TRUE},
    {"client_address in trusted", BYTES("client_address=192.0.3.0"), FALSE},
    {"client_address in trusted", BYTES("client_address=::ffff:192.0.2.1"), TRUE},
    {"client_address in trusted", BYTES("client_address=2001:db8::1"), TRUE},
    {"client_address in trusted", BYTES("client_address=2001:DB8:0:0::1"), TRUE},
    {"client_address in trusted", BYTES("client_address=2001:db9::1"), FALSE},
    {"client_address not in trusted", BYTES("client_address=192.0.2.1"), FALSE},
    {"client_address not in trusted", BYTES("client_address=192.0.3.1"), TRUE},
    {"client_address in { 0.0.0.0/0 }", BYTES("client_address=::1"), FALSE},
    {"client_address in { ::/0 }", BYTES("client_address=192.0.2.1"), FALSE},
    {"client_address == \"2001:db8::1\"", BYTES("client_address=2001:db8:0:0:0:0:0:1"), TRUE},
    {"client_address == \"192.0.2.1\"", BYTES("client_address=192.0.2.10"), FALSE},
    {"client_address != \"192.0.2.1\"", BYTES("client_address=192.0.2.10"), TRUE},
    {"client_address == server_address",
     BYTES("client_address=::ffff:192.0.2.1\nserver_address=192.0.2.1"), TRUE},
    {"client_address == server_address", BYTES("client_address=::1\nserver_address=::2"), FALSE},

    /* Numbers: a bare one is true when it is not 0, and 0 compares. */
    {"size", BYTES("size=1"), TRUE},
    {"size", BYTES("size=0"), FALSE},
    {"size", BYTES("size=000"), FALSE},
    {"size == 0", BYTES("size=0"), TRUE},
    {"size != 0", BYTES("size=0"), FALSE},
    {"size < 1", BYTES("size=0"), TRUE},
    {"size < 0", BYTES("size=0"), FALSE},
    {"size >= 0", BYTES("size=0"), TRUE},
    {"size > 0", BYTES("size=0"), FALSE},
    {"size == 10", BYTES("size=0010"), TRUE},
    {"size <= 10k", BYTES("size=10240"), TRUE},
    {"size <= 10k", BYTES("size=10241"), FALSE},
    {"size >= 10M", BYTES("size=10485760"), TRUE},
    {"size > 10M", BYTES("size=10485760"), FALSE},
    {"size == 1G", BYTES("size=1073741824"), TRUE},
    {"size == 18446744073709551615", BYTES("size=18446744073709551615"), TRUE},
    {"size > 18446744073709551614", BYTES("size=18446744073709551615"), TRUE},
    {"size > 18446744073709551615", BYTES("size=18446744073709551615"), FALSE},
    {"size <= 18446744073709551615", BYTES("size=18446744073709551615"), TRUE},
    {"client_port == server_port", BYTES("client_port=25\nserver_port=025"), TRUE},
    {"client_port == server_port", BYTES("client_port=0\nserver_port=0"), TRUE},
    {"client_port != server_port", BYTES("client_port=1\nserver_port=2"), TRUE},

    /* Host names. */
    {"client_name in local", BYTES("client_name=Local.Example"), TRUE},
    {"client_name in local", BYTES("client_name=local.example."), TRUE},
    {"client_name in local", BYTES("client_name=local.example.."), FALSE},
    {"client_name in local", BYTES("client_name=a.under.example"), TRUE},
    {"client_name in local", BYTES("client_name=under.example"), FALSE},
    {"client_name in local", BYTES("client_name=xlocal.example"), FALSE},
    {"helo_name in local", BYTES("helo_name=[127.0.0.1]"), TRUE},
    {"helo_name in local", BYTES("helo_name=[IPv6:0:0::1]"), TRUE},
    {"helo_name in local", BYTES("helo_name=[IPv6:::ffff:127.0.0.1]"), FALSE},
    {"helo_name in local", BYTES("helo_name=127.0.0.1"), FALSE},
    {"helo_name == \"a.example\"", BYTES("helo_name=A.EXAMPLE."), TRUE},
    {"helo_name == client_name", BYTES("helo_name=A.example.\nclient_name=a.EXAMPLE"), TRUE},
    {"helo_name != client_name", BYTES("helo_name=a.example\nclient_name=b.example"), TRUE},
    {"helo_name", BYTES("helo_name=."), FALSE},
    {"helo_name == sender.domain", BYTES("helo_name=a.example\nsender=u@A.example."), TRUE},
    {"helo_name == \"unknown\"", BYTES("helo_name=unknown"), TRUE},
    {"helo_name matches /^[a-z.]+$/", BYTES("helo_name=a.example."), TRUE},

    /* Enumerations and strings. */
    {"protocol_state == \"RCPT\"", BYTES("protocol_state=RCPT"), TRUE},
    {"protocol_state != \"RCPT\"", BYTES("protocol_state=DATA"), TRUE},
    {"protocol_state in words", BYTES("protocol_state=RCPT"), TRUE},
    {"protocol_state in { \"DATA\", \"END-OF-MESSAGE\" }", BYTES("protocol_state=END-OF-MESSAGE"),
     TRUE},
    {"sasl_username in words", BYTES("sasl_username=Two"), TRUE},
    {"sasl_username in words", BYTES("sasl_username=two"), FALSE},
    {"sasl_username in words", BYTES("sasl_username=one\0"), FALSE},
    {"sasl_username == \"one\"", BYTES("sasl_username=one"), TRUE},
    {"sasl_username == \"a=b\"", BYTES("sasl_username=a=b"), TRUE},
    {"sasl_method == sasl_username", BYTES("sasl_method=x\nsasl_username=x"), TRUE},
    {"sasl_method == sasl_username", BYTES("sasl_method=x\nsasl_username=X"), FALSE},
    {"ccert_subject == \"a b+c\"", BYTES("ccert_subject=a+20b+2Bc"), TRUE},
    {"ccert_subject == ccert_issuer", BYTES("ccert_subject=a+20b\nccert_issuer=+61+20+62"), TRUE},
    {"ccert_subject matches /^a b$/", BYTES("ccert_subject=a+20b"), TRUE},
    {"queue_id == \"a+20b\"", BYTES("queue_id=a+20b"), TRUE},

    /* Mailboxes and their parts. */
    {"sender in heads", BYTES("sender=USER@A.example."), TRUE},
    {"sender in heads", BYTES("sender=user@b.example"), FALSE},
    {"sender in heads", BYTES("sender=user+x@a.example"), FALSE},
    {"sender in heads", BYTES("sender=Root@anywhere.example"), TRUE},
    {"sender in heads", BYTES("sender=root"), FALSE},
    {"sender in heads", BYTES("sender=root@x@y"), FALSE},
    {"sender in heads", BYTES("sender=mixed@b.example"), TRUE},
    {"sender in { root@, a.example }", BYTES("sender=x@a.example"), TRUE},
    {"sender in { root@, a.example }", BYTES("sender=root@b.example"), TRUE},
    {"sender in { root@, a.example }", BYTES("sender=x@b.example"), FALSE},
    {"sender not in { root@, a.example }", BYTES("sender=x@b.example"), TRUE},
    {"sender == \"u@a.example\"", BYTES("sender=U@A.Example."), TRUE},
    {"sender == \"u\"", BYTES("sender=U"), TRUE},
    {"sender == \"u\"", BYTES("sender=u@"), FALSE},
    {"sender != \"u@a.example\"", BYTES("sender=v@a.example"), TRUE},
    {"sender == recipient", BYTES("sender=U@A.example\nrecipient=u@a.example."), TRUE},
    {"sender == recipient", BYTES("sender=u\nrecipient=u@"), FALSE},
    {"sender == recipient", BYTES("sender=u@a.example\nrecipient=u@a.example.."), FALSE},
    {"sasl_username == sender", BYTES("sasl_username=U@A.example\nsender=u@a.example"), TRUE},
    {"sender == sasl_username", BYTES("sasl_username=U@A.example.\nsender=u@a.example"), TRUE},
    {"sasl_username == sender", BYTES("sasl_username=u\nsender=u@a.example"), FALSE},
    {"sasl_sender == sender", BYTES("sasl_sender=u+40a.example\nsender=U@a.example"), TRUE},
    {"sasl_sender.domain in local", BYTES("sasl_sender=u+40local+2Eexample"), TRUE},
    {"sender.domain == \"a.example\"", BYTES("sender=x@y@A.Example."), TRUE},
    {"sender.domain == recipient.domain", BYTES("sender=a@B.example\nrecipient=c@b.EXAMPLE."),
     TRUE},
    {"sender.domain in local", BYTES("sender=x@y.example@under.example.under.example"), TRUE},
    {"sender.domain", BYTES("sender=user"), FALSE},
    {"sender.domain", BYTES("sender=user@"), FALSE},
    {"sender.domain", BYTES("sender=user@."), FALSE},
    {"sender.local", BYTES("sender=user"), TRUE},
    {"sender.local", BYTES("sender=@a.example"), FALSE},
    {"sender.local == \"x@y\"", BYTES("sender=x@y@a.example"), TRUE},
    {"sender.local in words", BYTES("sender=Two@a.example"), TRUE},
    {"sender.local in words", BYTES("sender=two@a.example"), FALSE},
    {"sasl_username.local == sender.local", BYTES("sasl_username=u@a\nsender=u@b"), TRUE},
    {"sasl_username.domain in local", BYTES("sasl_username=u@LOCAL.example"), TRUE},

    /* Regexes see the value as it is, and a domain with its letters folded. */
    {"sender matches /^U@/", BYTES("sender=U@a.example"), TRUE},
    {"sender matches /^u@/", BYTES("sender=U@a.example"), FALSE},
    {"sender matches /^u@/i", BYTES("sender=U@a.example"), TRUE},
    {"sender.domain matches /^a\\.example$/", BYTES("sender=u@A.EXAMPLE."), TRUE},
    {"sender.domain matches /A/", BYTES("sender=u@A.EXAMPLE"), FALSE},
    {"sender.local matches /^U$/", BYTES("sender=U@a.example"), TRUE},
    {"sender matches //", BYTES("sender=u"), TRUE},
    {"sender matches /a\\/b/", BYTES("sender=a/b"), TRUE},

    /* Built-in conditions. */
    {"authenticated", BYTES("sasl_method=PLAIN\nsasl_username=u"), TRUE},
    {"authenticated", BYTES("sasl_method=PLAIN"), FALSE},
    {"authenticated", BYTES("sasl_username=u"), FALSE},
    {"authenticated", BYTES("sasl_method=ANONYMOUS\nsasl_username=u"), FALSE},
    {"authenticated", BYTES("sasl_method=anonYmous\nsasl_username=u"), FALSE},
    {"authenticated", BYTES("sasl_method=ANONYMOUSLY\nsasl_username=u"), TRUE},
    {"encrypted", BYTES("encryption_protocol=TLSv1.3"), TRUE},
    {"encrypted", BYTES("encryption_protocol=\nencryption_keysize=256"), FALSE},
    {"routed", BYTES("recipient=u%c@a"), TRUE},
    {"routed", BYTES("recipient=c!u"), TRUE},
    {"routed", BYTES("recipient=u@"), TRUE},
    {"routed", BYTES("recipient=u@."), TRUE},
    {"routed", BYTES("recipient=u@a@b"), TRUE},
    {"routed", BYTES("recipient=u@a"), FALSE},
    {"routed", BYTES("recipient=u"), FALSE},
    {"routed", BYTES("recipient=@a"), FALSE},
    {"insider", BYTES("client_address=192.0.2.1"), TRUE},
    {"insider", BYTES("client_address=192.0.3.1\nsasl_method=PLAIN\nsasl_username=u"), TRUE},
    {"insider", BYTES("client_address=192.0.3.1\nsasl_method=ANONYMOUS\nsasl_username=u"), FALSE},
    {"insider", BYTES("client_address=unknown"), FALSE},

    /* not, and, or. */
    {"size or helo_name and sender", BYTES("size=1"), TRUE},
    {"(size or helo_name) and sender", BYTES("size=1"), FALSE},
    {"not size and sender", BYTES("sender=u"), TRUE},
    {"not (size and sender)", BYTES("size=1"), TRUE},
    {"not size or sender", BYTES("size=1\nsender=u"), TRUE},
    {"not not size", BYTES("size=1"), TRUE},
    {"size and sender and helo_name", BYTES("size=1\nsender=u\nhelo_name=h"), TRUE},
    {"size and sender and helo_name", BYTES("size=1\nsender=u"), FALSE},
    {"size or sender or helo_name", BYTES("helo_name=h"), TRUE},

    /* The first of a repeated attribute counts. */
    {"size == 1", BYTES("size=1\nsize=2"), TRUE},
    {"sasl_username", BYTES("sasl_username=\nsasl_username=u"), FALSE},
};

START_TEST(test_condition) {
    gboolean got = holds(rows[_i].condition, rows[_i].attributes);
    ck_assert_msg(got == rows[_i].holds, "%s: %s", rows[_i].condition,
                  unit_show(rows[_i].attributes));
}
END_TEST

/* Tests of one attribute, each false on every one of these values, which are absent or not of its
 * type; values are between spaces, and none at all comes first. */
static const struct {
    const char *name;
    const char *values;
    const char *tests[15]; /* and NULL */
} absents[] = {
    {"client_address",
     "unknown 192.0.2 192.0.2.1/32 [192.0.2.1] 2001:db8::1%eth0 192.0.2.01 x",
     {"client_address", "client_address in trusted", "client_address in { 0.0.0.0/0, ::/0 }",
      "client_address == \"192.0.2.1\"", "client_address == server_address",
      "client_address == client_address"}},
    {"size",
     "18446744073709551616 -1 +1 1x 0x1 1.0 1k 99999999999999999999999",
     {"size", "size == 0", "size < 1", "size <= 18446744073709551615", "size > 0", "size >= 0",
      "size == size", "size == recipient_count"}},
    {"client_name",
     "unknown .",
     {"client_name", "client_name in local", "client_name in { a.example }",
      "client_name == \"a.example\"", "client_name matches //", "client_name matches /unknown/",
      "client_name == helo_name", "client_name == client_name"}},
    {"reverse_client_name",
     "unknown",
     {"reverse_client_name", "reverse_client_name == \"a.example\"",
      "reverse_client_name matches //", "reverse_client_name == helo_name"}},
    {"protocol_state",
     "rcpt RCPTX BDAT RCPT,",
     {"protocol_state", "protocol_state in words", "protocol_state == \"RCPT\"",
      "protocol_state in { \"CONNECT\", \"EHLO\", \"HELO\", \"MAIL\", \"RCPT\", \"DATA\" }"}},
    {"sender",
     "",
     {"sender", "sender in local", "sender in heads", "sender in { root@, a.example }",
      "sender == \"u@a.example\"", "sender == \"u\"", "sender matches //", "sender == recipient",
      "sender == sasl_username", "sender.domain", "sender.local", "sender.domain in local",
      "sender.local matches //", "sender.domain == recipient.domain"}},
    {"sender",
     "@ @.",
     {"sender in local", "sender.domain", "sender.local", "sender.domain in local",
      "sender.local in words", "sender.domain matches //", "sender.local matches //",
      "sender.local == sasl_username", "sender.domain == helo_name"}},
    {"recipient", "", {"recipient in local", "routed", "recipient.domain", "recipient matches //"}},
    {"sasl_username",
     "",
     {"sasl_username", "sasl_username in words", "sasl_username == \"u\"",
      "sasl_username matches //", "sasl_username == sender", "sasl_username == recipient.local",
      "sasl_username.domain", "sasl_username.local", "authenticated", "insider"}},
    {"sasl_sender",
     "u+4 u+ u+4x u+40a+ +",
     {"sasl_sender", "sasl_sender in local", "sasl_sender in heads", "sasl_sender matches //",
      "sasl_sender == sender", "sasl_sender.domain", "sasl_sender.local"}},
    {"ccert_subject",
     "+ a+2 +zz",
     {"ccert_subject", "ccert_subject in words", "ccert_subject == \"u\"",
      "ccert_subject matches //", "ccert_subject == ccert_issuer"}},
    {"encryption_protocol", "", {"encrypted", "encryption_protocol"}},
    {"sasl_method", "", {"authenticated", "sasl_method", "sasl_method == \"PLAIN\""}},
};

/* What the other side of a comparison would equal. */
#define OTHERS                                                                             \
    "server_address=192.0.2.1\nrecipient_count=0\nhelo_name=unknown\nccert_issuer=x\n"     \
    "sasl_method=PLAIN\nclient_address=203.0.113.1\nsasl_username=u\nsender=u@a.example\n" \
    "recipient=u@a.example\n"

static void assert_absent(const char *test, const char *name, const char *value) {
    g_autofree char *attributes =
        value ? g_strdup_printf("%s=%s\n" OTHERS, name, value) : g_strdup("helo_name=h");
    gboolean other = value || !strstr(test, "==");
    ck_assert_msg(!other || !holds(test, text_from_string(attributes)), "%s: %s", test, attributes);
}

START_TEST(test_absent) {
    g_auto(GStrv) values = g_strsplit(absents[_i].values, " ", -1);
    for (const char *const *test = absents[_i].tests; *test; test++) {
        assert_absent(*test, absents[_i].name, NULL);
        assert_absent(*test, absents[_i].name, "");
        for (char **value = values; *value; value++) {
            assert_absent(*test, absents[_i].name, *value);
        }
    }
}
END_TEST

/* The table of reference/postfix-protocol.md, 5, and what else was seen of Postfix 3.7.11: what its
 * own reject_unauth_destination refuses is never in `local`. */
static const struct {
    const char *recipient;
    gboolean postfix; /* accepts */
    gboolean in_local;
} routes[] = {
    {"user@c.example", FALSE, FALSE},
    {"user@local.example", TRUE, TRUE},
    {"user@relay.example", TRUE, TRUE},
    {"user@valias.example", TRUE, TRUE},
    {"user@vmbox.example", TRUE, TRUE},
    {"user@sub.relay.example", TRUE, TRUE},
    {"user@sub.local.example", FALSE, FALSE},
    {"user%c.example@local.example", FALSE, FALSE},
    {"user%local.example@local.example", TRUE, FALSE},
    {"user%c.example", FALSE, FALSE},
    {"c.example!user@local.example", FALSE, FALSE},
    {"c.example!user", FALSE, FALSE},
    {"local.example!user", TRUE, FALSE},
    {"user@c.example@relay.example", FALSE, FALSE},
    {"user@c.example@local.example", FALSE, FALSE},
    {"user@c.example@[127.0.0.1]", FALSE, FALSE},
    {"user@local.example@c.example", FALSE, FALSE},
    {"relaytest@c.example@", FALSE, FALSE},
    {"user@[127.0.0.1]", TRUE, TRUE},
    {"user@[127.0.0.1].", TRUE, TRUE},
    {"user@[IPv6:::1]", TRUE, TRUE},
    {"user@[IPv6:0:0:0:0:0:0:0:1]", TRUE, TRUE},
    {"user@[ipv6:::1]", TRUE, TRUE},
    {"user@[192.0.2.1]", FALSE, FALSE},
    {"user@[IPv6:::ffff:127.0.0.1]", FALSE, FALSE},
    {"user@[::1]", FALSE, FALSE},
    {"user", TRUE, FALSE},
    {"@local.example", TRUE, TRUE},
    {"user@LOCAL.Example", TRUE, TRUE},
    {"User@Local.Example.", TRUE, TRUE},
    {"user@local.example..", FALSE, FALSE},
    {"user@sub.relay.example..", FALSE, FALSE},
    {"user@.relay.example", FALSE, FALSE},
    {"user@..relay.example", FALSE, FALSE},
    {"user@.", FALSE, FALSE},
    {"user@..", FALSE, FALSE},
    {"a b@local.example", TRUE, TRUE},
    {"a\"b@local.example", TRUE, TRUE},
    {"a=b@local.example", TRUE, TRUE},
    {"user@b\xc3\xbc"
     "cher.example",
     FALSE, FALSE},
    {"user@xn--bcher-kva.example", TRUE, TRUE},
    {"user@local\xe3\x80\x82"
     "example",
     FALSE, FALSE},
    {"user@\xef\xbd\x8c"
     "ocal.example",
     FALSE, FALSE},
    {"user@local\xe2\x80\x8b.example", FALSE, FALSE},
    {"user@local.example ", FALSE, FALSE},
    {"user@ local.example", FALSE, FALSE},
    {"user@c.example%local.example", FALSE, FALSE},
    {"user@c.example!local.example", FALSE, FALSE},
    {"user@c.example:local.example", FALSE, FALSE},
    {"user@local.example,c.example", FALSE, FALSE},
};

START_TEST(test_route) {
    g_autofree char *attributes = g_strconcat("recipient=", routes[_i].recipient, NULL);
    Text request = text_from_string(attributes);
    ck_assert_msg(holds("recipient in local", request) == routes[_i].in_local, "%s", attributes);
    ck_assert_msg(routes[_i].postfix || !routes[_i].in_local, "%s", attributes);
    ck_assert(holds("recipient not in local", request) != routes[_i].in_local);
    ck_assert(holds("recipient in { user@never.example, local }", request) == routes[_i].in_local);
}
END_TEST

/* Whole files: the first rule that matches decides. */
static const struct {
    const char *rules;
    const char *attributes;
    const char *decision;
} files[] = {
    {"permit if size\nreject if sender\ndunno\n", "size=1\nsender=u", "OK"},
    {"permit if size\nreject if sender\ndunno\n", "sender=u", "REJECT"},
    {"permit if size\nreject if sender\ndunno\n", "helo_name=h", "DUNNO"},
    {"permit\nreject\n", "size=1", "OK"},
    {"reject if size\npermit\nreject\n", "sender=u", "OK"},
    {"condition c = size\npermit if not c\nreject if c and c\ndunno\n", "size=1", "REJECT"},
    {"condition c = size\npermit if not c\nreject if c and c\ndunno\n", "size=0", "OK"},
    {"condition insider = helo_name == \"h\"\npermit if insider\nreject\n", "helo_name=h", "OK"},
    {"condition insider = insider or size\npermit if insider\nreject\n", "size=1", "OK"},
    {"networks a = 192.0.2.1\nnetworks b = a, 192.0.2.2\nnetworks c = b\n"
     "permit if client_address in { c }\nreject\n",
     "client_address=192.0.2.1", "OK"},
    {"restrict \"reject_unauth_destination\" if size\ndunno\n", "size=1",
     "reject_unauth_destination"},
    {"dunno\nnever permit if size\naccept open relay\n", "size=1", "DUNNO"},
    {"permit if sender in { a.example } and not routed\n"
     "reject if client_address in { 0.0.0.0/0 }\ndunno\n",
     "sender=u@a.example\nrecipient=u%c@b\nclient_address=192.0.2.1", "REJECT"},
};

START_TEST(test_file) {
    g_autoptr(Ruleset) ruleset = rules_good(files[_i].rules);
    const Rule *rule = decide(ruleset, text_from_string(files[_i].attributes));
    ck_assert_msg(g_str_equal(rule->decision, files[_i].decision), "%s%s: %s", files[_i].rules,
                  files[_i].attributes, rule->decision);
}
END_TEST

/* A regex that hits its limit is false and counted, its negation is true, and the matcher is as
 * good as before. */
START_TEST(test_regex_limit) {
    g_autoptr(Ruleset) ruleset = rules_good("permit if sender matches /^(a|aa)+$/\n"
                                            "reject if not helo_name matches /^(b|bb)+$/\n"
                                            "dunno\n");
    g_autoptr(Matcher) matcher = matcher_new();
    g_autoptr(GString) slow = g_string_new("request=smtpd_access_policy\nsender=");
    g_autoptr(GString) quick = g_string_new("request=smtpd_access_policy\nsender=aaa\n\n");
    g_autofree char *letters = g_strnfill(100, 'a');
    g_string_append_printf(slow, "%sc\n\n", letters);
    Request request = parse(slow);
    ck_assert_uint_eq(matcher_regex_limits(matcher), 0);
    ck_assert_str_eq(match(matcher, ruleset, &request)->decision, "REJECT");
    ck_assert_uint_eq(matcher_regex_limits(matcher), 1);
    ck_assert_str_eq(match(matcher, ruleset, &request)->decision, "REJECT");
    ck_assert_uint_eq(matcher_regex_limits(matcher), 2);
    request = parse(quick);
    ck_assert_str_eq(match(matcher, ruleset, &request)->decision, "OK");
    ck_assert_uint_eq(matcher_regex_limits(matcher), 2);
}
END_TEST

/* Values as long as a block may hold, through every scratch buffer. */
START_TEST(test_long_values) {
    g_autoptr(Ruleset) ruleset =
        rules_good(DEFINITIONS "permit if sasl_sender in local or sasl_sender in heads\n"
                               "permit if sasl_sender == sender\n"
                               "permit if ccert_subject == ccert_issuer\n"
                               "permit if sender.domain matches /^x+y$/\n"
                               "permit if sender in { root@, a.example }\n"
                               "dunno if sender.domain matches /x$/\n"
                               "reject\n");
    g_autoptr(Matcher) matcher = matcher_new();
    g_autofree char *filler = g_strnfill(LIMIT_BLOCK - 100, 'X');
    static const char *const forms[] = {"sender=u@", "sasl_sender=", "sasl_sender=+40"};
    static const char *const decisions[] = {"DUNNO", "REJECT", "REJECT"};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GString) block = g_string_new("request=smtpd_access_policy\n");
        g_string_append_printf(block, "%s%s\n\n", forms[i], filler);
        g_autofree char *copy = unit_copy(text_make(block->str, block->len));
        Request request;
        ck_assert_int_eq(request_parse(text_make(copy, block->len), &request), REQUEST_OK);
        ck_assert_str_eq(match(matcher, ruleset, &request)->decision, decisions[i]);
    }
}
END_TEST

/* A matcher belongs to no ruleset. */
START_TEST(test_matcher_shared) {
    g_autoptr(Matcher) matcher = matcher_new();
    g_autoptr(GString) block = g_string_new("request=smtpd_access_policy\nsender=u@a.example\n\n");
    Request request = parse(block);
    for (guint i = 0; i < 40; i++) {
        g_autofree char *text = g_strdup_printf(
            "permit if sender matches /^%c/ or sender matches /^.%c/ or sender == recipient\n"
            "reject\n",
            'a' + (int)(i % 26), 'a' + (int)((i + 7) % 26));
        g_autoptr(Ruleset) ruleset = rules_good(text);
        const Rule *rule = match(matcher, ruleset, &request);
        ck_assert_int_eq(rule->action, i % 26 == 'u' - 'a' ? ACTION_PERMIT : ACTION_REJECT);
    }
    matcher_free(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("match");
    UNIT_ADD_TABLE(suite, test_condition, rows);
    UNIT_ADD_TABLE(suite, test_absent, absents);
    UNIT_ADD_TABLE(suite, test_route, routes);
    UNIT_ADD_TABLE(suite, test_file, files);
    unit_add(suite, "test_regex_limit", test_regex_limit, 1);
    unit_add(suite, "test_long_values", test_long_values, 1);
    unit_add(suite, "test_matcher_shared", test_matcher_shared, 1);
    return unit_run(suite);
}
