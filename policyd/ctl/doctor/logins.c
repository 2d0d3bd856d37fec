/*
 * Logins: whether a service offers AUTH where passwords would go in the clear, and whether rules
 * about logins and encryption have any to look at.
 */
#include "ctl/doctor/examination.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/rule_use.h"

static gboolean offers_tls(const PostfixService *service) {
    const char *level = postfix_service_text(service, "smtpd_tls_security_level");
    if (postfix_service_demands_tls(service)) {
        return TRUE;
    }
    return *level ? g_ascii_strcasecmp(level, "may") == 0
                  : postfix_service_is_on(service, "smtpd_use_tls");
}

static void examine_service(const Installation *installation, const PostfixService *service,
                            GPtrArray *findings) {
    if (!postfix_service_is_on(service, "smtpd_sasl_auth_enable")
        || postfix_service_is_on(service, "smtpd_tls_auth_only")
        || postfix_service_demands_tls(service)) {
        return;
    }
    g_autofree char *address = postfix_service_address(service);
    Finding *finding =
        findings_add(findings, FINDING_DANGER, "auth-in-the-clear",
                     "Whoever hears the line knows the password, and relays with it: rules that "
                     "refuse such a login come too late.",
                     "AUTH is offered without TLS");
    finding_set_place(finding, address, "smtpd_tls_auth_only");
    finding->advice = offers_tls(service)
                          ? NULL
                          : g_strdup("set up TLS (smtpd_tls_chain_files, "
                                     "smtpd_tls_security_level = may), or no AUTH is offered");
    finding->command = mend_parameter(installation, service, "smtpd_tls_auth_only", "yes");
}

typedef gboolean (*Offer)(const PostfixService *service);

static gboolean offers_logins(const PostfixService *service) {
    return postfix_service_is_on(service, "smtpd_sasl_auth_enable");
}

static gboolean any_offers(const Installation *installation, Offer offers) {
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours && offers(ask->list->service)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void tell_unused(const Rule *rule, const char *what, const char *parameter,
                        GPtrArray *findings) {
    if (rule) {
        Finding *finding = findings_add(
            findings, FINDING_NOTE, "never-set", "Such a test is false of every request.",
            "%s asks about %s, which no service that asks policyd offers", rule->place, what);
        finding_set_place(finding, NULL, parameter);
    }
}

void examine_logins(const Installation *installation, GPtrArray *findings) {
    const PostfixSettings *postfix = installation->evidence.postfix;
    g_autoptr(RuleUse) use = rule_use_new(installation->evidence.ruleset);
    for (guint i = 0; i < postfix_settings_service_count(postfix); i++) {
        examine_service(installation, postfix_settings_service(postfix, i), findings);
    }
    if (!use || !installation_first_ask(installation, NULL)) {
        return;
    }
    if (!any_offers(installation, offers_logins)) {
        tell_unused(use->first[ATTRIBUTE_SASL_USERNAME], "logins", "smtpd_sasl_auth_enable",
                    findings);
    }
    if (!any_offers(installation, offers_tls)) {
        tell_unused(use->first[ATTRIBUTE_ENCRYPTION_PROTOCOL], "encryption",
                    "smtpd_tls_security_level", findings);
    }
}
