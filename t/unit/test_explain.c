/*
 * Units of lib/rules/explain: what is told of a request. A case is a rule file, a request's
 * attributes and one line of the explanation.
 */
#include "rules/explain.h"

#include <string.h>

#include "limit.h"
#include "unit/rules.h"

static char *read_parameter(const char *parameter, gpointer data, GError **error) {
    (void)data;
    (void)error;
    return g_strdup(g_str_equal(parameter, "relay_domains") ? "relay.example" : "relay_domains");
}

static Ruleset *compile(const char *rules) {
    static const CompileHost host = {.detail = TRUE, .read_postconf = read_parameter};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        ck_abort_msg("%s\n%s", rules, diagnostics_format(diagnostics));
    }
    return ruleset;
}

static GString *make_block(Text attributes) {
    GString *block = g_string_new("request=smtpd_access_policy\n");
    g_string_append_len(block, attributes.data, (gssize)attributes.length);
    g_string_append(block, attributes.length > 0 ? "\n\n" : "\n");
    return block;
}

/* The caller frees it. */
static char *tell(const char *rules, Text attributes, gboolean all) {
    g_autoptr(Ruleset) ruleset = compile(rules);
    g_autoptr(GString) block = make_block(attributes);
    Request request;
    ck_assert_int_eq(request_parse(text_make(block->str, block->len), &request), REQUEST_OK);
    if (!all) {
        return explain_text(ruleset, &request);
    }
    g_autoptr(Explanation) explanation = explain(ruleset, &request, TRUE);
    return explanation_format(explanation);
}

static gboolean has_line(const char *text, const char *line) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    return g_strv_contains((const char *const *)lines, line);
}

#define END "\nreject\n"

static const struct {
    const char *rules;
    Text attributes;
    const char *line;
} rows[] = {
    /* The decision, and rules without a condition. */
    {"permit", BYTES(""), "f:1 decides: OK"},
    {"permit", BYTES(""), "f:1: permit: yes: it has no condition"},
    {"reject 550 \"5.7.1 no\"", BYTES(""), "f:1 decides: 550 5.7.1 no"},

    /* Tests of each kind, that hold and that don't. */
    {"networks n = 192.0.2.0/24\npermit if client_address in n" END,
     BYTES("client_address=203.0.113.9"),
     "f:2: permit: no: client_address in n: client_address is \"203.0.113.9\""},
    {"networks n = 192.0.2.0/24\npermit if client_address in n" END,
     BYTES("client_address=192.0.2.9"),
     "f:2: permit: yes: client_address in n: client_address is \"192.0.2.9\" (n has 192.0.2.0/24, "
     "f:1)"},
    {"permit if client_address not in { 192.0.2.0/24 }" END, BYTES("client_address=192.0.2.9"),
     "f:1: permit: no: not client_address in { 192.0.2.0/24 }: client_address is \"192.0.2.9\" "
     "(192.0.2.0/24, f:1)"},
    {"permit if client_address == \"192.0.2.9\"" END, BYTES("client_address=::ffff:192.0.2.9"),
     "f:1: permit: yes: client_address == \"192.0.2.9\": client_address is \"::ffff:192.0.2.9\" "
     "(192.0.2.9, f:1)"},
    {"permit if helo_name in { a.example, .b.example }" END, BYTES("helo_name=X.B.Example."),
     "f:1: permit: yes: helo_name in { a.example, .b.example }: helo_name is \"X.B.Example\" "
     "(.b.example, f:1)"},
    {"permit if sender in { root@, a.example }" END, BYTES("sender=Root@b.example"),
     "f:1: permit: yes: sender in { root@ }: sender is \"Root@b.example\" (root@, f:1)"},
    {"permit if sasl_username in { \"a b\" }" END, BYTES("sasl_username=a b"),
     "f:1: permit: yes: sasl_username in { \"a b\" }: sasl_username is \"a b\" (a b, f:1)"},
    {"permit if protocol_state == \"RCPT\"" END, BYTES("protocol_state=DATA"),
     "f:1: permit: no: protocol_state == \"RCPT\": protocol_state is \"DATA\""},
    {"permit if size < 10M" END, BYTES("size=10485760"),
     "f:1: permit: no: size < 10M: size is \"10485760\""},
    {"permit if helo_name matches /^X/i" END, BYTES("helo_name=abc"),
     "f:1: permit: no: helo_name matches /^X/i: helo_name is \"abc\""},
    {"permit if sasl_username == sender" END, BYTES("sasl_username=joe\nsender=ann@b.example"),
     "f:1: permit: no: sasl_username == sender: sasl_username is \"joe\", sender is "
     "\"ann@b.example\""},
    {"permit if sasl_username == sender" END, BYTES("sasl_username=joe"),
     "f:1: permit: no: sasl_username == sender: sasl_username is \"joe\", sender is absent"},
    {"permit if sender == \"joe\"" END, BYTES("sender=JOE"),
     "f:1: permit: yes: sender == \"joe\": sender is \"JOE\""},
    {"permit if helo_name" END, BYTES("helo_name=a"), "f:1: permit: yes: helo_name is \"a\""},
    {"permit if not helo_name" END, BYTES("helo_name=a"), "f:1: permit: no: helo_name is \"a\""},
    {"permit if sender.domain in { b.example }" END, BYTES("sender=a@B.example"),
     "f:1: permit: yes: sender.domain in { b.example }: sender.domain is \"B.example\" (b.example, "
     "f:1)"},

    /* Connectives: what is enough. */
    {"permit if helo_name and sender and size" END, BYTES("helo_name=a"),
     "f:1: permit: no: sender is absent"},
    {"permit if helo_name or sender" END, BYTES("size=1"), "f:1: permit: no:"},
    {"permit if helo_name or sender" END, BYTES("size=1"), "    helo_name is absent"},
    {"permit if helo_name or sender" END, BYTES("size=1"), "    sender is absent"},
    {"permit if helo_name or sender" END, BYTES("sender=a"), "f:1: permit: yes: sender is \"a\""},
    {"permit if not (helo_name or sender)" END, BYTES("sender=a"),
     "f:1: permit: no: sender is \"a\""},
    {"permit if not (helo_name and sender)" END, BYTES("sender=a"),
     "f:1: permit: yes: helo_name is absent"},
    {"permit if not not size < 5" END, BYTES("size=9"), "f:1: permit: no: size < 5: size is \"9\""},

    /* Named conditions. */
    {"condition small = size < 5 and sender\npermit if small" END, BYTES("size=9"),
     "f:2: permit: no: small: size < 5: size is \"9\""},
    {"condition small = size < 5 and sender\npermit if not small" END, BYTES("size=9"),
     "f:2: permit: yes: not small: not size < 5: size is \"9\""},
    {"permit if authenticated" END, BYTES("sasl_method=PLAIN"),
     "f:1: permit: no: authenticated: sasl_username is absent"},
    {"permit if authenticated" END, BYTES("sasl_method=Anonymous\nsasl_username=a"),
     "f:1: permit: no: authenticated: not sasl_method is ANONYMOUS: sasl_method is \"Anonymous\""},
    {"permit if not encrypted" END, BYTES("encryption_protocol=TLSv1.3"),
     "f:1: permit: no: not encrypted: encryption_protocol is \"TLSv1.3\""},
    {"networks trusted = ::1\npermit if insider" END, BYTES("client_address=::1"),
     "f:2: permit: yes: insider: client_address in trusted: client_address is \"::1\" (trusted has "
     "::1, f:1)"},
    {"networks trusted = ::1\npermit if insider" END, BYTES("client_address=::2"),
     "    insider: authenticated: sasl_username is absent"},

    /* What is left to route. */
    {"permit if recipient in { b.example }" END, BYTES("recipient=u%c@b.example"),
     "f:1: permit: no: recipient in { b.example }: recipient is \"u%c@b.example\", which is "
     "routed: "
     "its local part holds '%'"},
    {"permit if recipient in { b.example }" END, BYTES("recipient=u@c@b.example"),
     "f:1: permit: no: recipient in { b.example }: recipient is \"u@c@b.example\", which is "
     "routed: "
     "its local part holds '@'"},
    {"permit if recipient in { b.example }" END, BYTES("recipient=c!u"),
     "f:1: permit: no: recipient in { b.example }: recipient is \"c!u\", which is routed: its "
     "local "
     "part holds '!'"},
    {"permit if recipient in { b.example }" END, BYTES("recipient=u@."),
     "f:1: permit: no: recipient in { b.example }: recipient is \"u@.\", which is routed: nothing "
     "stands behind its '@'"},
    {"permit if recipient in { b.example }" END, BYTES("recipient=u"),
     "f:1: permit: no: recipient in { b.example }: recipient is \"u\", which has no '@'"},
    {"permit if routed" END, BYTES("recipient=u%c@b.example"),
     "f:1: permit: yes: routed: recipient is \"u%c@b.example\", which is routed: its local part "
     "holds '%'"},
    {"permit if routed" END, BYTES("recipient=u@b.example"),
     "f:1: permit: no: routed: recipient is \"u@b.example\""},

    /* Why a value is absent. */
    {"permit if recipient" END, BYTES("protocol_state=DATA"),
     "f:1: permit: no: recipient is absent: at DATA, Postfix sends it only if there is just one"},
    {"permit if recipient" END, BYTES("protocol_state=MAIL"),
     "f:1: permit: no: recipient is absent: at MAIL, it is always absent"},
    {"permit if recipient" END, BYTES("protocol_state=RCPT"),
     "f:1: permit: no: recipient is absent"},
    {"permit if recipient_count > 1" END, BYTES("protocol_state=RCPT\nrecipient_count=0"),
     "f:1: permit: no: recipient_count > 1: recipient_count is \"0\": at RCPT, it is always 0"},
    {"permit if sender" END, BYTES("protocol_state=RCPT\nsender="),
     "f:1: permit: no: sender is absent: at RCPT, it is the null sender"},
    {"permit if sender" END, BYTES("protocol_state=ETRN"),
     "f:1: permit: no: sender is absent: at ETRN, it is always absent"},
    {"permit if size > 5" END, BYTES("protocol_state=RCPT\nsize=0"),
     "f:1: permit: no: size > 5: size is \"0\": at RCPT, the client announced none"},
    {"permit if size > 5" END, BYTES("protocol_state=END-OF-MESSAGE\nsize=0"),
     "f:1: permit: no: size > 5: size is \"0\""},
    {"permit if client_name" END, BYTES("client_name=unknown"),
     "f:1: permit: no: client_name is \"unknown\", which counts as absent"},
    {"permit if client_address" END, BYTES("client_address=unknown"),
     "f:1: permit: no: client_address is \"unknown\", which counts as absent"},
    {"permit if helo_name" END, BYTES("helo_name=."),
     "f:1: permit: no: helo_name is \".\", which counts as absent"},
    {"permit if client_address in { ::/0 }" END, BYTES("client_address=10.1"),
     "f:1: permit: no: client_address in { ::/0 }: client_address is \"10.1\", which is no "
     "address: "
     "it counts as absent"},
    {"permit if size < 5" END, BYTES("size=-1"),
     "f:1: permit: no: size < 5: size is \"-1\", which is no number below 2^64: it counts as "
     "absent"},
    {"permit if protocol_name" END, BYTES("protocol_name=LMTP"),
     "f:1: permit: no: protocol_name is \"LMTP\", which is none of its known values: it counts as "
     "absent"},
    {"permit if ccert_subject == \"a b\"" END, BYTES("ccert_subject=a+2"),
     "f:1: permit: no: ccert_subject == \"a b\": ccert_subject is \"a+2\", which is no xtext: it "
     "counts as absent"},
    {"permit if ccert_subject == \"a b\"" END, BYTES("ccert_subject=a+20b"),
     "f:1: permit: yes: ccert_subject == \"a b\": ccert_subject is \"a b\" (a b, f:1)"},
    {"permit if sender.domain" END, BYTES("sender=joe"),
     "f:1: permit: no: sender.domain is absent: sender is \"joe\""},
    {"permit if sender.local" END, BYTES("sender=@b.example"),
     "f:1: permit: no: sender.local is absent: sender is \"@b.example\""},
    {"permit if sender.domain matches /^(a+)+$/" END,
     BYTES("sender=x@AaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaB"),
     "f:1: permit: no: sender.domain matches /^(a+)+$/: sender.domain is "
     "\"AaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaB\", at which the regex hits its limit: it counts as no "
     "match"},
    {"permit if helo_name matches /^(a+)+$/" END,
     BYTES("helo_name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
     "f:1: permit: no: helo_name matches /^(a+)+$/: helo_name is "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\", at which the regex hits its limit: it counts as no "
     "match"},

    /* Values can't forge anything. */
    {"permit if sender" END, BYTES("sender=\"\\\x01\xc3\xa4\x7f b"),
     "f:1: permit: yes: sender is \"\\x22\\x5c\\x01\\xc3\\xa4\\x7f b\""},
    {"permit if sender" END, BYTES("sender=absent"), "f:1: permit: yes: sender is \"absent\""},

    /* The narrowest entry, and where it stands. */
    {"networks n = 10.0.0.0/8, a00::/8,\n 10.1.3.0/24,\n 10.1.2.0/24, 10.1.0.0/16\npermit if "
     "client_address "
     "in n" END,
     BYTES("client_address=10.1.2.3"), "client_address is \"10.1.2.3\": in n (10.1.2.0/24, f:3)"},
    {"networks n = ::/0, 2001:db8::/32\npermit if client_address in n" END,
     BYTES("client_address=2001:db8::1"),
     "client_address is \"2001:db8::1\": in n (2001:db8::/32, f:1)"},
    {"domains d = .example, .b.example, x.b.example\npermit if helo_name in d" END,
     BYTES("helo_name=x.b.example"), "helo_name is \"x.b.example\": in d (x.b.example, f:1)"},
    {"domains d = .b.example, .example, x.b.example\npermit if helo_name in d" END,
     BYTES("helo_name=y.x.b.example"), "helo_name is \"y.x.b.example\": in d (.b.example, f:1)"},
    {"domains d = [192.0.2.1], .example\npermit if recipient in d" END,
     BYTES("recipient=u@[192.0.2.1]"), "recipient is \"u@[192.0.2.1]\": in d ([192.0.2.1], f:1)"},
    {"domains d = b.example, .b.example\npermit if recipient in d" END,
     BYTES("recipient=u@.b.example"), "recipient is \"u@.b.example\": in no list"},
    {"addresses a = u@, u@b.example\npermit if recipient in a" END, BYTES("recipient=U@B.Example."),
     "recipient is \"U@B.Example.\": in a (u@b.example, f:1)"},
    {"addresses a = u@, u@b.example\npermit if recipient in a" END, BYTES("recipient=u@c"),
     "recipient is \"u@c\": in a (u@, f:1)"},
    {"domains d = b.example\naddresses a = u@\nnetworks n = ::1\npermit if recipient in d" END,
     BYTES("recipient=u@b.example"),
     "recipient is \"u@b.example\": in d (b.example, f:1), a (u@, f:2)"},
    {"domains d = b.example\npermit if recipient in d" END, BYTES("recipient=u%c@b.example"),
     "recipient is \"u%c@b.example\", which is routed: its local part holds '%': in no list"},
    {"domains d = b.example\npermit if recipient.domain in d" END, BYTES("recipient=u%c@b.example"),
     "recipient.domain is \"b.example\": in d (b.example, f:1)"},
    {"domains d = b.example\npermit if recipient in d or recipient.domain in d" END,
     BYTES("recipient=u%c@b.example"),
     "f:2: permit: yes: recipient.domain in d: recipient.domain is \"b.example\" (d has b.example, "
     "f:1)"},
    {"domains d = b.example\npermit if recipient in d or recipient.domain in d" END,
     BYTES("recipient=u%c@b.example"), "recipient.domain is \"b.example\": in d (b.example, f:1)"},
    {"networks n = a00::/8, 10.0.0.0/8\npermit if client_address in n" END,
     BYTES("client_address=10.1.2.3"), "client_address is \"10.1.2.3\": in n (10.0.0.0/8, f:1)"},
    {"domains d = b.example\ndomains e = d\npermit if helo_name in d" END,
     BYTES("helo_name=b.example"),
     "helo_name is \"b.example\": in d (b.example, f:1), e (b.example, f:1)"},
    {"strings s = \"RCPT\"\npermit if protocol_state == \"DATA\"" END, BYTES("protocol_state=RCPT"),
     "protocol_state is \"RCPT\": in s (RCPT, f:1)"},
    {"domains d = postconf relay_domains\npermit if helo_name in d" END,
     BYTES("helo_name=relay.example"),
     "helo_name is \"relay.example\": in d (relay.example, postconf relay_domains:1)"},
    {"domains d = postconf relay_domains\npermit if helo_name in d" END,
     BYTES("helo_name=mx.relay.example"),
     "helo_name is \"mx.relay.example\": in d (relay.example, postconf relay_domains:1)"},
    {"permit if size < 5" END, BYTES("size=9"), "size is \"9\""},
    {"permit if size < 5" END, BYTES(""), "size is absent"},
    {"strings s = \"a\"\npermit if sasl_username in s" END, BYTES(""), "sasl_username is absent"},
    {"permit if helo_name\nreject if sender == sasl_username" END, BYTES("helo_name=a"),
     "sasl_username is absent"},
};

START_TEST(line) {
    g_autofree char *text = tell(rows[_i].rules, rows[_i].attributes, FALSE);
    ck_assert_msg(has_line(text, rows[_i].line), "%s\nnot in:\n%s", rows[_i].line, text);
}
END_TEST

static const char whole_rules[] = "networks trusted = 192.0.2.0/24\n"
                                  "permit if client_address in trusted\n"
                                  "reject \"no\" if authenticated and not encrypted\n"
                                  "permit if insider or helo_name == \"a.example\"\n"
                                  "reject\n";

START_TEST(whole) {
    static const char want[] =
        "f:4 decides: OK\n"
        "\n"
        "f:2: permit: no: client_address in trusted: client_address is absent\n"
        "f:3: reject: no: not encrypted: encryption_protocol is \"TLSv1.3\"\n"
        "f:4: permit: yes:\n"
        "    insider: authenticated: sasl_username is \"joe\"\n"
        "    insider: authenticated: sasl_method is \"PLAIN\"\n"
        "    insider: authenticated: not sasl_method is ANONYMOUS: sasl_method is \"PLAIN\"\n"
        "\n"
        "client_address is absent\n"
        "helo_name is absent\n"
        "sasl_method is \"PLAIN\"\n"
        "sasl_username is \"joe\"\n"
        "encryption_protocol is \"TLSv1.3\"\n";
    g_autofree char *text = tell(
        whole_rules,
        (Text)BYTES("sasl_username=joe\nsasl_method=PLAIN\nencryption_protocol=TLSv1.3"), FALSE);
    ck_assert_str_eq(text, want);
}
END_TEST

/* `count` items, made of a format with a number from 1. */
static char *repeat(const char *format, guint count, const char *between) {
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 1; i <= count; i++) {
        g_autofree char *number = g_strdup_printf("%u", i);
        g_auto(GStrv) around = g_strsplit(format, "#", -1);
        g_ptr_array_add(parts, g_strjoinv(number, around));
    }
    g_ptr_array_add(parts, NULL);
    return g_strjoinv(between, (char **)parts->pdata);
}

START_TEST(value_limit) {
    g_autofree char *value = repeat("x", LIMIT_EXPLAIN_VALUE + 1, "");
    g_autofree char *attribute = g_strconcat("helo_name=", value, NULL);
    g_autofree char *fits = g_strdup_printf("helo_name is \"%s\"", value + 1);
    g_autofree char *cut = g_strdup_printf("helo_name is \"%s\" (cut: it has %d bytes)", value + 1,
                                           LIMIT_EXPLAIN_VALUE + 1);
    g_autofree char *long_text =
        tell("permit if helo_name" END, text_from_string(attribute), FALSE);
    g_autofree char *text =
        tell("permit if helo_name" END, text_make(attribute, strlen(attribute) - 1), FALSE);
    ck_assert(has_line(text, fits));
    ck_assert(has_line(long_text, cut));
}
END_TEST

START_TEST(reason_limit) {
    g_autofree char *fits = repeat("size == #", LIMIT_EXPLAIN_REASONS, " or ");
    g_autofree char *fits_rules = g_strconcat("permit if ", fits, END, NULL);
    g_autofree char *over_rules = g_strconcat("permit if ", fits, " or size == 99", END, NULL);
    g_autofree char *text = tell(fits_rules, (Text)BYTES("size=0"), FALSE);
    g_autofree char *over_text = tell(over_rules, (Text)BYTES("size=0"), FALSE);
    ck_assert(has_line(text, "    size == 8: size is \"0\"") && !has_line(text, "    and more"));
    ck_assert(has_line(over_text, "    size == 8: size is \"0\""));
    ck_assert(has_line(over_text, "    and more") && !strstr(over_text, "size == 99"));
}
END_TEST

/* c1 within c2 and so on to the last, of which a rule speaks. */
static char *tell_nested(guint count) {
    g_autoptr(GString) file = g_string_new("condition c1 = sender or size\n");
    for (guint i = 2; i <= count; i++) {
        g_string_append_printf(file, "condition c%u = helo_name or c%u\n", i, i - 1);
    }
    g_string_append_printf(file, "permit if c%u" END, count);
    return tell(file->str, (Text)BYTES("size=1"), FALSE);
}

START_TEST(name_limit) {
    g_autofree char *text = tell_nested(LIMIT_EXPLAIN_NAMES);
    g_autofree char *over_text = tell_nested(LIMIT_EXPLAIN_NAMES + 1);
    ck_assert(has_line(text, "f:9: permit: yes: c8: c7: c6: c5: c4: c3: c2: c1: size is \"1\""));
    ck_assert(
        has_line(over_text, "f:10: permit: yes: c9: c8: c7: c6: c5: c4: c3: c2: size is \"1\""));
}
END_TEST

START_TEST(entry_limit) {
    g_autofree char *lists = repeat("networks n# = ::1\n", LIMIT_EXPLAIN_ENTRIES, "");
    g_autofree char *rules = g_strconcat(lists, "permit if client_address", END, NULL);
    g_autofree char *over_rules = g_strconcat("networks m = ::1\n", rules, NULL);
    g_autofree char *text = tell(rules, (Text)BYTES("client_address=::1"), FALSE);
    g_autofree char *over_text = tell(over_rules, (Text)BYTES("client_address=::1"), FALSE);
    ck_assert(strstr(text, "n8 (::1, f:8)\n"));
    ck_assert(strstr(over_text, "n7 (::1, f:8), and 1 more\n"));
}
END_TEST

/* Of the most rules all are told; of one more only those that came close. */
START_TEST(rule_limit) {
    g_autofree char *broad = repeat("permit if size == #\n", LIMIT_EXPLAIN_RULES - 2, "");
    g_autofree char *rules =
        g_strconcat("permit if helo_name and sender\n", broad, "reject\n", NULL);
    g_autofree char *over_rules =
        g_strconcat("permit if helo_name and size and tls_sni\n", rules, NULL);
    static const Text attributes = BYTES("helo_name=a");
    g_autofree char *text = tell(rules, attributes, FALSE);
    g_autofree char *over_text = tell(over_rules, attributes, FALSE);
    g_autofree char *all_text = tell(over_rules, attributes, TRUE);
    ck_assert(has_line(text, "f:2: permit: no: size == 1: size is absent"));
    ck_assert(g_str_has_prefix(over_text, "f:21 decides: REJECT\n"
                                          "\n"
                                          "f:1: 1 rule: no\n"
                                          "f:2: permit: no: sender is absent\n"
                                          "f:3 to 20: 18 rules: no\n"
                                          "f:21: reject: yes: it has no condition\n"));
    ck_assert(has_line(all_text, "f:20: permit: no: size == 18: size is absent"));
}
END_TEST

/* Of those that came close, the last. */
START_TEST(close_limit) {
    g_autofree char *close = repeat("permit if helo_name and size == #\n", LIMIT_EXPLAIN_RULES, "");
    g_autofree char *rules = g_strconcat(close, "reject\n", NULL);
    g_autofree char *text = tell(rules, (Text)BYTES("helo_name=a"), FALSE);
    ck_assert(has_line(text, "f:1: 1 rule: no"));
    ck_assert(has_line(text, "f:2: permit: no: size == 2: size is absent"));
    ck_assert(has_line(text, "f:20: permit: no: size == 20: size is absent"));
}
END_TEST

/* There are 2^80 paths through these conditions. */
START_TEST(shared_conditions) {
    g_autoptr(GString) file = g_string_new("condition c0 = size or sender\n");
    for (guint i = 1; i <= 80; i++) {
        g_string_append_printf(file, "condition c%u = c%u and not not c%u\n", i, i - 1, i - 1);
    }
    g_string_append(file, "permit if c80" END);
    g_autofree char *no = tell(file->str, (Text)BYTES(""), FALSE);
    g_autofree char *yes = tell(file->str, (Text)BYTES("size=1"), FALSE);
    ck_assert(strstr(no, ": sender is absent\n"));
    ck_assert(strstr(yes, "f:82: permit: yes: c80: c79: "));
}
END_TEST

/* A text of the file that is long, or stands on several lines. */
START_TEST(long_test) {
    g_autofree char *items = repeat("192.0.2.#", 40, ",\n ");
    g_autofree char *rules = g_strconcat("permit if client_address in { ", items, " }", END, NULL);
    g_autofree char *text = tell(rules, (Text)BYTES("client_address=::1"), FALSE);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ck_assert(
        g_str_has_prefix(lines[2], "f:1: permit: no: client_address in { 192.0.2.1, 192.0.2."));
    ck_assert(g_str_has_suffix(lines[2], "...: client_address is \"::1\""));
    ck_assert_uint_lt(strlen(lines[2]), 250);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("explain");
    TCase *tcase = tcase_create("explain");
    tcase_add_test(tcase, whole);
    tcase_add_test(tcase, value_limit);
    tcase_add_test(tcase, reason_limit);
    tcase_add_test(tcase, name_limit);
    tcase_add_test(tcase, entry_limit);
    tcase_add_test(tcase, rule_limit);
    tcase_add_test(tcase, close_limit);
    tcase_add_test(tcase, shared_conditions);
    tcase_add_test(tcase, long_test);
    suite_add_tcase(suite, tcase);
    UNIT_ADD_TABLE(suite, line, rows);
    return unit_run(suite);
}
