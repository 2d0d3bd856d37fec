/*
 * Explain test: in words, which values make a test hold or not. Whether it holds is match.c's to
 * say.
 */
#include "protocol/mailbox.h"
#include "rules/explainer.h"

void explain_routing(Explainer *explainer, Operand operand, GString *out) {
    static const char marks[] = "@%!";
    Text value = operand_read(operand, explainer->request, explainer->scratch);
    Mailbox mailbox = mailbox_split(value);
    if (value.length == 0 || mailbox_final(&mailbox)) {
        return;
    }
    for (const char *mark = marks; *mark; mark++) {
        if (text_find(mailbox.local, *mark) >= 0) {
            g_string_append_printf(out, ", which is routed: its local part holds '%c'", *mark);
            return;
        }
    }
    g_string_append(out, mailbox.has_at ? ", which is routed: nothing stands behind its '@'"
                                        : ", which has no '@'");
}

static gboolean hits_limit(Explainer *explainer, const Test *test) {
    Text value = operand_read(test->operand, explainer->request, explainer->scratch);
    if (test->operand.part == PART_DOMAIN) {
        text_fold(value, explainer->other_scratch);
        value.data = explainer->other_scratch;
    }
    return value.length > 0
           && regex_match(test->regex, explainer->regex_scratch, value) == REGEX_LIMIT;
}

/* `(trusted has 192.0.2.0/24, relay.rules:3)`; of braces, without a name. */
static void write_entry(Explainer *explainer, const Test *test, GString *out) {
    ListEntry entry;
    if (explain_entry(explainer, test->list, test->operand, &entry)) {
        const char *name = list_name(test->list);
        g_string_append_printf(out, " (%s%s", name ? name : "", name ? " has " : "");
        explain_place(&entry, out);
        g_string_append_c(out, ')');
    }
}

static void write_list(Explainer *explainer, const Test *test, gboolean holds, GString *out) {
    if (holds) {
        write_entry(explainer, test, out);
    } else if (test->kind == TEST_AT_DOMAINS) {
        explain_routing(explainer, test->operand, out);
    }
}

char *explain_test(Explainer *explainer, const Expression *expression) {
    const Test *test = &expression->test;
    GString *out = g_string_new(NULL);
    gboolean holds =
        match_is_true(explainer->matcher, explainer->ruleset, explainer->request, expression);
    explain_value(explainer, test->operand, out);
    switch (test->kind) {
    case TEST_IN_NETWORKS:
    case TEST_IN_DOMAINS:
    case TEST_AT_DOMAINS:
    case TEST_IN_ADDRESSES:
    case TEST_IN_STRINGS:
        write_list(explainer, test, holds, out);
        break;
    case TEST_SAME:
        g_string_append(out, ", ");
        explain_value(explainer, test->other, out);
        break;
    case TEST_ROUTED:
        explain_routing(explainer, test->operand, out);
        break;
    case TEST_REGEX:
        if (!holds && hits_limit(explainer, test)) {
            g_string_append(out, ", at which the regex hits its limit: it counts as no match");
        }
        break;
    case TEST_PRESENT:
    case TEST_EQUAL_FOLDED:
    case TEST_NUMBER:
        break;
    }
    return g_string_free(out, FALSE);
}
