/*
 * Overlaps: a file is made of the tests of two rows.
 */
#include "engine/overlaps.h"

static const char *const rows[][9] = {
    {"client_address in { 10.0.0.0/8 }", "client_address in { 10.0.0.0/9 }",
     "client_address in { 10.128.0.0/9 }", "client_address in { 10.128.0.0/10, 10.192.0.0/10 }",
     "client_address in halves", "client_address not in halves", "client_address",
     "client_address in { 10.0.0.0/10, 2001:db8::/32 }", "client_address in { 2001:db8::1 }"},
    {"size", "size < 10M", "size >= 10M", "size < 1M", "size <= 1", "size == 5", "size != 5",
     "size > 5", "size < 5"},
    {"sender", "sender.domain in { .d.com }", "sender.domain in { d.com, .d.com }",
     "sender.domain in { w.d.com, .w.d.com }", "sender in { u@, v@d.com }",
     "sender in { u@w.d.com }", "sender.local == \"u\"", "sender.domain", "sender in { .com }"},
    {"recipient in local", "recipient not in local", "recipient.domain in local",
     "recipient in { d.com }", "routed", "recipient", "recipient in { u@d.com, u@e.com }",
     "recipient in { u@ }", "recipient.domain in { .d.com, d.com, e.com }"},
    {"sender matches /.*/", "sender matches /^/", "sender matches /^u/", "sender matches /^u/i",
     "sender.domain matches /.*/", "sender.local matches /.*/", "sender", "sender matches /u@d/",
     "sender in { u@d.com }"},
    {"sender == recipient", "recipient == sender", "sender != recipient",
     "sender.domain == recipient.domain", "recipient", "sender", "sender in { d.com }",
     "recipient in { d.com }", "recipient.domain in { d.com }"},
    {"helo_name matches /.*/", "helo_name matches /^[^.]*$/", "helo_name", "helo_name in { .com }",
     "helo_name == \"d.com\"", "helo_name in { .d.com }", "helo_name == client_name",
     "client_name matches /.*/", "client_name in { d.com }"},
    {"authenticated", "sasl_username", "sasl_method", "sasl_username == \"u\"",
     "sasl_username in { \"u\", \"v\" }", "sasl_method != \"anonymous\"",
     "sasl_method in { \"PLAIN\", \"ANONYMOUS\" }", "insider", "sasl_username.domain"},
};

/* Values of a narrow test. */
#define NARROW_VALUES 90

/* Of so many other rules one has no condition. */
#define BARE_RULES 25

static void add_test(Generator *generator, GString *out, const guint chosen[2]) {
    const char *const *row = rows[chosen[generator_below(generator, 2)]];
    gboolean negated = generator_below(generator, 5) == 0;
    g_string_append_printf(out, negated ? "not (%s)" : "%s",
                           row[generator_below(generator, G_N_ELEMENTS(rows[0]))]);
}

static void add_tests(Generator *generator, GString *out, const guint chosen[2]) {
    const char *joint = generator_below(generator, 2) ? " and " : " or ";
    add_test(generator, out, chosen);
    for (guint more = generator_below(generator, 3); more > 0; more--) {
        g_string_append(out, joint);
        add_test(generator, out, chosen);
    }
}

/* One value of many, now and then with another test. */
static void add_narrow_test(Generator *generator, GString *out, const guint chosen[2]) {
    static const char *const tests[][2] = {{"client_address in { 10.0.0.", " }"},
                                           {"sender in { u", "@d.com }"},
                                           {"policy_context == \"", "\""}};
    const char *const *test = tests[generator_below(generator, G_N_ELEMENTS(tests))];
    g_string_append_printf(out, "%s%u%s", test[0], generator_below(generator, NARROW_VALUES),
                           test[1]);
    if (generator_below(generator, 4) == 0) {
        g_string_append(out, " and ");
        add_test(generator, out, chosen);
    }
}

static char *make_rules(Generator *generator, guint rules, gboolean narrow) {
    GString *out = g_string_new("networks halves = 10.0.0.0/9, 10.128.0.0/9\n"
                                "domains local = d.com, .d.com, e.com\n");
    const guint chosen[] = {generator_below(generator, G_N_ELEMENTS(rows)),
                            generator_below(generator, G_N_ELEMENTS(rows))};
    for (guint i = 0; i < rules; i++) {
        g_string_append(out, generator_action(generator));
        if (narrow) {
            g_string_append(out, " if ");
            add_narrow_test(generator, out, chosen);
        } else if (generator_below(generator, BARE_RULES) != 0) {
            g_string_append(out, " if ");
            add_tests(generator, out, chosen);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "%s\n", generator_action(generator));
    return g_string_free(out, FALSE);
}

char *overlaps_rules(Generator *generator, guint rules) {
    return make_rules(generator, rules, FALSE);
}

char *overlaps_narrow_rules(Generator *generator, guint rules) {
    return make_rules(generator, rules, TRUE);
}

char *overlaps_break_lines(Generator *generator, const char *rules) {
    static const char *const words[] = {" if ", " and ", " or "};
    static const char *const breaks[] = {"\n  ", "\n\n\t", "\n# a comment\n  # another\n "};
    GString *out = g_string_new(NULL);
    for (const char *at = rules; *at; at++) {
        for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
            if (g_str_has_prefix(at, words[i]) && generator_below(generator, 3) == 0) {
                g_string_append(out, breaks[generator_below(generator, G_N_ELEMENTS(breaks))]);
            }
        }
        g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}
