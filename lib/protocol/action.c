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

#define OUTCOME(action) ((ActionSet)1 << ACTION_##action)
#define PERMITS OUTCOME(PERMIT)
#define REJECTS (OUTCOME(REJECT) | OUTCOME(DEFER))
#define DEFERS OUTCOME(DEFER)

/* generic_checks() in src/smtpd/smtpd_check.c, less what takes an argument or is a modifier. */
static const RestrictionInfo restrictions[] = {
    {"permit", PERMITS},
    {"reject", REJECTS},
    {"defer", DEFERS},
    {"defer_if_permit", OUTCOME(DEFER_IF_PERMIT)},
    {"defer_if_reject", OUTCOME(DEFER_IF_REJECT)},
    {"permit_auth_destination", 0},
    {"permit_inet_interfaces", PERMITS},
    {"permit_mx_backup", PERMITS},
    {"permit_mynetworks", PERMITS},
    {"permit_sasl_authenticated", PERMITS},
    {"permit_tls_all_clientcerts", PERMITS},
    {"permit_tls_clientcerts", PERMITS},
    {"defer_unauth_destination", DEFERS},
    {"reject_authenticated_sender_login_mismatch", REJECTS},
    {"reject_invalid_helo_hostname", REJECTS},
    {"reject_known_sender_login_mismatch", REJECTS},
    {"reject_multi_recipient_bounce", REJECTS},
    {"reject_non_fqdn_helo_hostname", REJECTS},
    {"reject_non_fqdn_recipient", REJECTS},
    {"reject_non_fqdn_sender", REJECTS},
    {"reject_plaintext_session", REJECTS},
    {"reject_sender_login_mismatch", REJECTS},
    {"reject_unauth_destination", REJECTS},
    {"reject_unauth_pipelining", REJECTS},
    {"reject_unauthenticated_sender_login_mismatch", REJECTS},
    {"reject_unknown_client_hostname", REJECTS},
    {"reject_unknown_forward_client_hostname", REJECTS},
    {"reject_unknown_helo_hostname", REJECTS},
    {"reject_unknown_recipient_domain", REJECTS},
    {"reject_unknown_reverse_client_hostname", REJECTS},
    {"reject_unknown_sender_domain", REJECTS},
    {"reject_unlisted_recipient", REJECTS},
    {"reject_unlisted_sender", REJECTS},
    {"reject_unverified_recipient", REJECTS},
    {"reject_unverified_sender", REJECTS},
    {NULL, 0},
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

const RestrictionInfo *action_restrictions(void) {
    return restrictions;
}

const RestrictionInfo *action_find_restriction(Text name) {
    for (const RestrictionInfo *known = restrictions; known->name; known++) {
        if (text_equal(name, text_from_string(known->name))) {
            return known;
        }
    }
    return NULL;
}
