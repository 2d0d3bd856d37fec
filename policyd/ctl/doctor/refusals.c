/*
 * Refusals: whether each smtpd has what it demands: a restriction that keeps it from relaying to
 * everybody, whatever a policy service answers.
 */
#include "ctl/doctor/examination.h"
#include "ctl/doctor/mend.h"

/* The list where policyd is asked, or else the one made for it. */
static const SmtpdList *choose_list(const Installation *installation, guint service) {
    const SmtpdList *recipients = installation_list(installation, service, SMTPD_RECIPIENT);
    const SmtpdList *relay = installation_list(installation, service, SMTPD_RELAY);
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours && ask->list == relay) {
            return relay;
        }
        if (ask->ours && ask->list == recipients) {
            return recipients;
        }
    }
    return relay;
}

static char *mend_refusal(const Installation *installation, const SmtpdList *list) {
    g_autoptr(GPtrArray) entries = mend_entries(list);
    gint permit = smtpd_list_find(list, "permit", G_MAXUINT, TRUE);
    g_ptr_array_insert(entries, permit, g_strdup("reject_unauth_destination"));
    return mend_list(installation, list, entries);
}

static void examine_service(const Installation *installation, guint service, GPtrArray *findings) {
    const SmtpdList *relay = installation_list(installation, service, SMTPD_RELAY);
    const SmtpdList *recipients = installation_list(installation, service, SMTPD_RECIPIENT);
    if (smtpd_list_has_required(relay) || smtpd_list_has_required(recipients)) {
        return;
    }
    const SmtpdList *list = choose_list(installation, service);
    g_autofree char *address = postfix_service_address(list->service);
    Finding *finding =
        findings_add(findings, FINDING_DANGER, "no-refusal",
                     "smtpd doesn't serve without: it ends at each connection, and no mail comes "
                     "in. What policyd leaves to Postfix would be relayed to anybody.",
                     "no reject_unauth_destination that counts, neither behind policyd nor before");
    finding_set_place(finding, address, list->parameter);
    finding->command = mend_refusal(installation, list);
    finding->advice =
        finding->command ? NULL : g_strdup("put reject_unauth_destination behind policyd");
}

void examine_refusals(const Installation *installation, GPtrArray *findings) {
    guint count = postfix_settings_service_count(installation->evidence.postfix);
    for (guint i = 0; i < count; i++) {
        examine_service(installation, i, findings);
    }
}
