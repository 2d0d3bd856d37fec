/*
 * Units of policyd/ctl/relay_test/forms: that the known forms are there, once, and of which kind.
 */
#include "ctl/relay_test/forms.h"

#include <string.h>

#include "unit/unit.h"

#define HERE "mx.example"
#define LITERAL "[192.0.2.1]"

static const char *const places[] = {HERE, LITERAL, NULL};
static const RelayNames names = {
    .remote = "r.example", .mailbox = "known", .unknown = "nobody", .places = places};

static const struct {
    const char *name;
    const char *sender; /* NULL: the stage's */
    const char *recipient;
    RelayKind kind;
    guint place;
} forms[] = {
    {"plain", NULL, "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"null sender", "<>", "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"remote sender", "<known@r.example>", "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"local sender", "<known@" HERE ">", "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"sender at the literal", "<known@" LITERAL ">", "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"sender at localhost", "<known@localhost>", "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"sender without a domain", "<known>", "<relaytest@r.example>", RELAY_REMOTE, 0},
    {"no brackets", "known@r.example", "relaytest@r.example", RELAY_REMOTE, 0},
    {"source route", NULL, "<@" HERE ":relaytest@r.example>", RELAY_REMOTE, 0},
    {"source route by the literal", NULL, "<@" LITERAL ":relaytest@r.example>", RELAY_REMOTE, 0},
    {"local, then remote", NULL, "<relaytest@" HERE "@r.example>", RELAY_REMOTE, 0},
    {"percent", NULL, "<relaytest%r.example@" HERE ">", RELAY_TRICK, 1},
    {"percent at the literal", NULL, "<relaytest%r.example@" LITERAL ">", RELAY_TRICK, 2},
    {"percent alone", NULL, "<relaytest%r.example>", RELAY_TRICK, 0},
    {"bang", NULL, "<r.example!relaytest@" HERE ">", RELAY_TRICK, 1},
    {"bang at the literal", NULL, "<r.example!relaytest@" LITERAL ">", RELAY_TRICK, 2},
    {"bang alone", NULL, "<r.example!relaytest>", RELAY_TRICK, 0},
    {"bang path", NULL, "<" HERE "!r.example!relaytest>", RELAY_TRICK, 0},
    {"quoted", NULL, "<\"relaytest@r.example\"@" HERE ">", RELAY_TRICK, 1},
    {"quoted at the literal", NULL, "<\"relaytest@r.example\"@" LITERAL ">", RELAY_TRICK, 2},
    {"quoted alone", NULL, "<\"relaytest@r.example\">", RELAY_TRICK, 0},
    {"quoted percent", NULL, "<\"relaytest%r.example\">", RELAY_TRICK, 0},
    {"two domains", NULL, "<relaytest@r.example@" HERE ">", RELAY_TRICK, 1},
    {"two domains, the literal", NULL, "<relaytest@r.example@" LITERAL ">", RELAY_TRICK, 2},
    {"trailing @", NULL, "<relaytest@r.example@>", RELAY_TRICK, 0},
    {"unknown mailbox", NULL, "<nobody@" HERE ">", RELAY_UNKNOWN, 1},
    {"unknown mailbox, the literal", NULL, "<nobody@" LITERAL ">", RELAY_UNKNOWN, 2},
    {"unknown mailbox, no domain", NULL, "<nobody>", RELAY_UNKNOWN, 0},
};

START_TEST(test_form) {
    g_autoptr(GPtrArray) tries = relay_forms_fill(&names);
    guint found = 0;
    for (guint i = 0; i < tries->len; i++) {
        const RelayTry *try = g_ptr_array_index(tries, i);
        if (g_strcmp0(try->sender, forms[_i].sender) == 0
            && g_str_equal(try->recipient, forms[_i].recipient)) {
            found++;
            ck_assert_int_eq(try->kind, forms[_i].kind);
            ck_assert_uint_eq(try->place, forms[_i].place);
        }
    }
    ck_assert_uint_eq(found, 1);
}
END_TEST

/* A trick is judged by the unknown mailbox of its place, and a login by the plain form. */
START_TEST(test_order) {
    g_autoptr(GPtrArray) tries = relay_forms_fill(&names);
    for (guint i = 0; i < tries->len; i++) {
        const RelayTry *try = g_ptr_array_index(tries, i);
        ck_assert_int_eq(try->kind == RELAY_UNKNOWN, i < 3);
        ck_assert_ptr_null(strchr(try->recipient, '{'));
    }
    const RelayTry *fourth = g_ptr_array_index(tries, 3);
    ck_assert_str_eq(fourth->form, "plain");
}
END_TEST

static const struct {
    const char *name;
    const char *places[4];
    guint tries; /* more than with one place */
} counts[] = {
    {"one", {LITERAL, NULL}, 0},
    {"the same again", {LITERAL, LITERAL, NULL}, 0},
    {"two", {HERE, LITERAL, NULL}, 18},
    {"three", {HERE, "b.example", LITERAL, NULL}, 36},
};

START_TEST(test_count) {
    RelayNames one = names;
    RelayNames more = names;
    one.places = counts[0].places;
    more.places = counts[_i].places;
    g_autoptr(GPtrArray) fewer = relay_forms_fill(&one);
    g_autoptr(GPtrArray) tries = relay_forms_fill(&more);
    ck_assert_uint_eq(tries->len, fewer->len + counts[_i].tries);
}
END_TEST

static const struct {
    const char *name;
    const char *login;
    const char *senders;
} senders[] = {
    {"a stranger", NULL, "<known@" LITERAL "> <> <known@r.example> "},
    {"a login", "joe@" HERE, "<joe@" HERE "> <known@" LITERAL "> <> <known@r.example> "},
};

START_TEST(test_senders) {
    g_autoptr(GPtrArray) tries = relay_forms_senders(&names, senders[_i].login);
    g_autoptr(GString) got = g_string_new(NULL);
    for (guint i = 0; i < tries->len; i++) {
        const RelayTry *try = g_ptr_array_index(tries, i);
        g_string_append_printf(got, "%s ", try->sender);
        ck_assert_str_eq(try->recipient, "<known@" HERE ">");
        ck_assert_int_eq(try->kind, RELAY_KNOWN);
    }
    ck_assert_str_eq(got->str, senders[_i].senders);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay_forms");
    UNIT_ADD_TABLE(suite, test_form, forms);
    unit_add(suite, "test_order", test_order, 1);
    UNIT_ADD_TABLE(suite, test_count, counts);
    UNIT_ADD_TABLE(suite, test_senders, senders);
    return unit_run(suite);
}
