/*
 * Units of lib/protocol/action: both tables against design and Postfix's access(5).
 */
#include "protocol/action.h"

#include <string.h>

#include "unit/unit.h"

static const struct {
    Action action;
    const char *name;
    const char *word;
    ActionText text;
    char class;
    gboolean code;
} actions[] = {
    {ACTION_PERMIT, "permit", "OK", ACTION_TEXT_NONE, 0, FALSE},
    {ACTION_DUNNO, "dunno", "DUNNO", ACTION_TEXT_NONE, 0, FALSE},
    {ACTION_REJECT, "reject", "REJECT", ACTION_TEXT_OPTIONAL, '5', TRUE},
    {ACTION_DEFER, "defer", "DEFER", ACTION_TEXT_OPTIONAL, '4', TRUE},
    {ACTION_DEFER_IF_PERMIT, "defer_if_permit", "DEFER_IF_PERMIT", ACTION_TEXT_OPTIONAL, '4',
     FALSE},
    {ACTION_DEFER_IF_REJECT, "defer_if_reject", "DEFER_IF_REJECT", ACTION_TEXT_OPTIONAL, '4',
     FALSE},
    {ACTION_HOLD, "hold", "HOLD", ACTION_TEXT_OPTIONAL, 0, FALSE},
    {ACTION_DISCARD, "discard", "DISCARD", ACTION_TEXT_OPTIONAL, 0, FALSE},
    {ACTION_WARN, "warn", "WARN", ACTION_TEXT_OPTIONAL, 0, FALSE},
    {ACTION_INFO, "info", "INFO", ACTION_TEXT_OPTIONAL, 0, FALSE},
    {ACTION_PREPEND, "prepend", "PREPEND", ACTION_TEXT_REQUIRED, 0, FALSE},
    {ACTION_REDIRECT, "redirect", "REDIRECT", ACTION_TEXT_REQUIRED, 0, FALSE},
    {ACTION_BCC, "bcc", "BCC", ACTION_TEXT_REQUIRED, 0, FALSE},
    {ACTION_FILTER, "filter", "FILTER", ACTION_TEXT_REQUIRED, 0, FALSE},
    {ACTION_RESTRICT, "restrict", "", ACTION_TEXT_REQUIRED, 0, FALSE},
};

START_TEST(test_info) {
    const ActionInfo *info = action_info(actions[_i].action);
    ck_assert_str_eq(info->name, actions[_i].name);
    ck_assert_str_eq(info->word, actions[_i].word);
    ck_assert_msg(info->text == actions[_i].text, "%s: text", info->name);
    ck_assert_msg(info->class == actions[_i].class, "%s: class", info->name);
    ck_assert_msg(info->code == actions[_i].code, "%s: code", info->name);
}
END_TEST

START_TEST(test_complete) {
    ck_assert_uint_eq(G_N_ELEMENTS(actions), ACTION_COUNT);
    ck_assert_msg((int)ACTION_COUNT <= 32, "an ActionSet has a bit for each");
}
END_TEST

START_TEST(test_find) {
    Text name = text_from_string(actions[_i].name);
    Action found = ACTION_COUNT;
    ck_assert(action_find(name, &found));
    ck_assert_int_eq(found, actions[_i].action);
    found = ACTION_COUNT;
    g_autofree char *upper = g_ascii_strup(actions[_i].name, -1);
    ck_assert_msg(!action_find(text_from_string(upper), &found), "%s", upper);
    ck_assert_msg(!action_find(text_make(name.data, name.length + 1), &found), "with its NUL");
    ck_assert_int_eq(found, ACTION_COUNT);
}
END_TEST

/* What Postfix knows or knew, and what we must not take for an action of a rule. */
static const char *const strangers[] = {
    "",
    "ok",
    "relay",
    "accept",
    "deny",
    "550",
    "rej",
    "defers",
    "defer_if",
    "delay",
    "hangup",
    "sleep",
    "permit_mynetworks",
    "reject_unauth_destination",
    "check_policy_service",
};

START_TEST(test_find_nothing) {
    Action found = ACTION_COUNT;
    ck_assert_msg(!action_find(text_from_string(strangers[_i]), &found), "%s", strangers[_i]);
    ck_assert_int_eq(found, ACTION_COUNT);
}
END_TEST

/* In Postfix these permit, always or at times; any other name that may is missing here. */
static const char *const permitting[] = {
    "permit",
    "permit_inet_interfaces",
    "permit_mx_backup",
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "permit_tls_all_clientcerts",
    "permit_tls_clientcerts",
};

START_TEST(test_restrictions) {
    guint permits = 0;
    for (const RestrictionInfo *known = action_restrictions(); known->name; known++) {
        gboolean listed = FALSE;
        for (size_t i = 0; i < G_N_ELEMENTS(permitting); i++) {
            listed = listed || strcmp(known->name, permitting[i]) == 0;
        }
        gboolean may = (known->outcomes & (ActionSet)1 << ACTION_PERMIT) != 0;
        ck_assert_msg(may == listed, "%s", known->name);
        permits += may ? 1 : 0;
    }
    ck_assert_uint_eq(permits, G_N_ELEMENTS(permitting));
}
END_TEST

START_TEST(test_restrictions_unique) {
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (const RestrictionInfo *known = action_restrictions(); known->name; known++) {
        g_autofree char *name = g_ascii_strdown(known->name, -1);
        ck_assert_str_eq(name, known->name);
        ck_assert_msg(g_hash_table_add(names, (gpointer)(guintptr)known->name), "%s", known->name);
    }
}
END_TEST

/* These need a table, a service or a number, or change what stands behind them. */
static const char *const refused[] = {
    "check_client_access",
    "check_recipient_access",
    "check_policy_service",
    "check_address_map",
    "permit_dnswl_client",
    "permit_rhswl_client",
    "reject_rbl_client",
    "reject_rhsbl_sender",
    "permit_naked_ip_address",
    "reject_maps_rbl",
    "check_relay_domains",
    "warn_if_reject",
    "sleep",
    "redirect",
    "hold",
    "dunno",
    "ok",
    "discard",
};

START_TEST(test_restrictions_refused) {
    for (const RestrictionInfo *known = action_restrictions(); known->name; known++) {
        ck_assert_str_ne(known->name, refused[_i]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("action");
    UNIT_ADD_TABLE(suite, test_info, actions);
    unit_add(suite, "test_complete", test_complete, 1);
    UNIT_ADD_TABLE(suite, test_find, actions);
    UNIT_ADD_TABLE(suite, test_find_nothing, strangers);
    unit_add(suite, "test_restrictions", test_restrictions, 1);
    unit_add(suite, "test_restrictions_unique", test_restrictions_unique, 1);
    UNIT_ADD_TABLE(suite, test_restrictions_refused, refused);
    return unit_run(suite);
}
