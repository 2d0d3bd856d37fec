/*
 * Action: the two tables.
 */
#include "protocol/action.h"

static const ActionInfo table[ACTION_COUNT] = {
    [ACTION_PERMIT] = {"permit", "OK", ACTION_TEXT_NONE},
    [ACTION_DUNNO] = {"dunno", "DUNNO", ACTION_TEXT_NONE},
    [ACTION_REJECT] = {"reject", "REJECT", ACTION_TEXT_OPTIONAL, '5', TRUE},
    [ACTION_DEFER] = {"defer", "DEFER", ACTION_TEXT_OPTIONAL, '4', TRUE},
    [ACTION_DEFER_IF_PERMIT] = {"defer_if_permit", "DEFER_IF_PERMIT", ACTION_TEXT_OPTIONAL, '4'},
    [ACTION_DEFER_IF_REJECT] = {"defer_if_reject", "DEFER_IF_REJECT", ACTION_TEXT_OPTIONAL, '4'},
    [ACTION_HOLD] = {"hold", "HOLD", ACTION_TEXT_OPTIONAL},
    [ACTION_DISCARD] = {"discard", "DISCARD", ACTION_TEXT_OPTIONAL},
    [ACTION_WARN] = {"warn", "WARN", ACTION_TEXT_OPTIONAL},
    [ACTION_INFO] = {"info", "INFO", ACTION_TEXT_OPTIONAL},
    [ACTION_PREPEND] = {"prepend", "PREPEND", ACTION_TEXT_REQUIRED},
    [ACTION_REDIRECT] = {"redirect", "REDIRECT", ACTION_TEXT_REQUIRED},
    [ACTION_BCC] = {"bcc", "BCC", ACTION_TEXT_REQUIRED},
    [ACTION_FILTER] = {"filter", "FILTER", ACTION_TEXT_REQUIRED},
    [ACTION_RESTRICT] = {"restrict", "", ACTION_TEXT_REQUIRED},
};

/* generic_checks() in src/smtpd/smtpd_check.c, less what takes an argument or is a modifier. */
static const Restriction restrictions[] = {
    {"permit", TRUE},
    {"reject", FALSE},
    {"defer", FALSE},
    {"defer_if_permit", FALSE},
    {"defer_if_reject", FALSE},
    {"permit_auth_destination", FALSE},
    {"permit_inet_interfaces", TRUE},
    {"permit_mx_backup", TRUE},
    {"permit_mynetworks", TRUE},
    {"permit_sasl_authenticated", TRUE},
    {"permit_tls_all_clientcerts", TRUE},
    {"permit_tls_clientcerts", TRUE},
    {"defer_unauth_destination", FALSE},
    {"reject_authenticated_sender_login_mismatch", FALSE},
    {"reject_invalid_helo_hostname", FALSE},
    {"reject_known_sender_login_mismatch", FALSE},
    {"reject_multi_recipient_bounce", FALSE},
    {"reject_non_fqdn_helo_hostname", FALSE},
    {"reject_non_fqdn_recipient", FALSE},
    {"reject_non_fqdn_sender", FALSE},
    {"reject_plaintext_session", FALSE},
    {"reject_sender_login_mismatch", FALSE},
    {"reject_unauth_destination", FALSE},
    {"reject_unauth_pipelining", FALSE},
    {"reject_unauthenticated_sender_login_mismatch", FALSE},
    {"reject_unknown_client_hostname", FALSE},
    {"reject_unknown_forward_client_hostname", FALSE},
    {"reject_unknown_helo_hostname", FALSE},
    {"reject_unknown_recipient_domain", FALSE},
    {"reject_unknown_reverse_client_hostname", FALSE},
    {"reject_unknown_sender_domain", FALSE},
    {"reject_unlisted_recipient", FALSE},
    {"reject_unlisted_sender", FALSE},
    {"reject_unverified_recipient", FALSE},
    {"reject_unverified_sender", FALSE},
    {NULL, FALSE},
};

const ActionInfo *action_info(Action action) {
    return &table[action];
}

gboolean action_find(Text name, Action *out) {
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (text_equal(name, text_from_string(table[i].name))) {
            *out = (Action)i;
            return TRUE;
        }
    }
    return FALSE;
}

const Restriction *action_restrictions(void) {
    return restrictions;
}
