/*
 * Restrictions: whether each smtpd asks policyd at all, and about whom it doesn't because a
 * restriction before it has decided already.
 */
#include "ctl/doctor/examination.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/rule_use.h"

/* A restriction that, before policyd, keeps some from being asked about. */
typedef struct {
    const char *name;
    const char *whom;
    const char *why;
    FindingLevel level;
    gboolean of_logins; /* matters only where users can log in */
    gboolean refuses;   /* not where its rejections are only logged */
} Blocker;

#define WHY_PERMITTED "Postfix lets them relay: no rule applies to them and nothing is logged."
#define WHY_NOBODY "No rule has any effect, whatever it says."

static const Blocker blockers[] = {
    {"permit", "anybody", WHY_NOBODY, FINDING_DANGER},
    {"reject", "anybody", WHY_NOBODY, FINDING_DANGER, .refuses = TRUE},
    {"defer", "anybody", WHY_NOBODY, FINDING_DANGER, .refuses = TRUE},
    {"permit_mynetworks", "clients in mynetworks", WHY_PERMITTED, FINDING_WARNING},
    {"permit_sasl_authenticated", "users who have logged in", WHY_PERMITTED, FINDING_WARNING,
     .of_logins = TRUE},
    {"permit_tls_clientcerts", "clients whose certificate is in relay_clientcerts", WHY_PERMITTED,
     FINDING_WARNING},
    {"permit_tls_all_clientcerts", "clients with a trusted certificate", WHY_PERMITTED,
     FINDING_WARNING},
    {"permit_inet_interfaces", "clients on this machine", WHY_PERMITTED, FINDING_WARNING},
    {"permit_mx_backup", "domains that name this server as their MX", WHY_PERMITTED,
     FINDING_WARNING},
    {"permit_auth_destination", "mail to this server's own domains",
     "Postfix takes it: no rule applies to it.", FINDING_NOTE},
};

/* Where of those before `ask` the first stands that keeps anybody from being asked about. */
static guint find_first(const Ask *ask) {
    guint first = ask->index;
    for (guint i = 0; i < G_N_ELEMENTS(blockers); i++) {
        const Blocker *blocker = &blockers[i];
        gint at = smtpd_list_find(ask->list, blocker->name, first, !blocker->refuses);
        first = at >= 0 ? (guint)at : first;
    }
    return first;
}

static char *mend_order(const Installation *installation, const Ask *ask) {
    g_autoptr(GPtrArray) entries = mend_entries(ask->list);
    char *entry = g_ptr_array_steal_index(entries, ask->index);
    g_ptr_array_insert(entries, (gint)find_first(ask), entry);
    return mend_list(installation, ask->list, entries);
}

static void add_blocked(const Installation *installation, const Ask *ask, const Blocker *blocker,
                        GPtrArray *findings) {
    g_autofree char *address = postfix_service_address(ask->list->service);
    Finding *finding = findings_add(findings, blocker->level, "asked-too-late", blocker->why,
                                    "policyd is not asked about %s: %s stands before it",
                                    blocker->whom, blocker->name);
    finding_set_place(finding, address, ask->list->parameter);
    finding->command = mend_order(installation, ask);
}

/* In which lists it must stand to count: in all those that are walked at the same moment. */
typedef struct {
    const PostfixService *service;
    StateSet states;
} Moment;

static const StateSet moments[] = {
    STATE_SET(STATE_CONNECT), STATE_SET(STATE_EHLO), STATE_SET(STATE_MAIL),
    STATE_SET(STATE_RCPT),    STATE_SET(STATE_DATA), STATE_SET(STATE_END_OF_MESSAGE),
    STATE_SET(STATE_ETRN),
};

static const Ask *next_ask(const Installation *installation, const Moment *moment, guint *at) {
    while (*at < installation->asks->len) {
        const Ask *ask = g_ptr_array_index(installation->asks, (*at)++);
        if (ask->ours && ask->list->service == moment->service
            && (smtpd_list_states(ask->list) & moment->states)) {
            return ask;
        }
    }
    return NULL;
}

/* The place to be changed if policyd is asked then, but always behind the blocker. */
static const Ask *find_blocked(const Installation *installation, const Moment *moment,
                               const Blocker *blocker) {
    const Ask *blocked = NULL;
    const Ask *ask;
    guint at = 0;
    while ((ask = next_ask(installation, moment, &at))) {
        if (smtpd_list_find(ask->list, blocker->name, ask->index, !blocker->refuses) < 0) {
            return NULL;
        }
        blocked = !blocked || ask->list->kind == SMTPD_RELAY ? ask : blocked;
    }
    return blocked;
}

static gboolean has_logins(const PostfixService *service) {
    return postfix_service_is_on(service, "smtpd_sasl_auth_enable");
}

static void examine_order(const Installation *installation, const Moment *moment,
                          GPtrArray *findings) {
    for (guint i = 0; i < G_N_ELEMENTS(blockers); i++) {
        const Blocker *blocker = &blockers[i];
        const Ask *ask = find_blocked(installation, moment, blocker);
        if (!ask || (blocker->of_logins && !has_logins(moment->service))) {
            continue;
        }
        add_blocked(installation, ask, blocker, findings);
        if (blocker->level == FINDING_DANGER) {
            return;
        }
    }
}

static gboolean is_relay_first(const PostfixService *service) {
    return postfix_service_is_on(service, "smtpd_relay_before_recipient_restrictions");
}

/* TRUE if a permit of policyd's there may let somebody relay. */
static gboolean decides_relaying(const Installation *installation, guint service, const Ask *ask) {
    const SmtpdList *relay = installation_list(installation, service, SMTPD_RELAY);
    if (smtpd_list_find_refusal(ask->list, ask->index) >= 0) {
        return FALSE;
    }
    return ask->list == relay
           || (ask->list->kind == SMTPD_RECIPIENT && smtpd_list_find_refusal(relay, G_MAXUINT) < 0);
}

static void examine_relaying(const Installation *installation, guint service, const RuleUse *use,
                             GPtrArray *findings) {
    const SmtpdList *relay = installation_list(installation, service, SMTPD_RELAY);
    const Moment moment = {relay->service, STATE_SET(STATE_RCPT)};
    const Ask *ask = NULL;
    const Ask *found;
    guint at = 0;
    while ((found = next_ask(installation, &moment, &at))) {
        if (decides_relaying(installation, service, found)) {
            return;
        }
        ask = found;
    }
    if (!ask || !use || !use->permits) {
        return;
    }
    gboolean others = smtpd_list_find(relay, "permit_mynetworks", G_MAXUINT, TRUE) >= 0
                      || smtpd_list_find(relay, "permit_sasl_authenticated", G_MAXUINT, TRUE) >= 0;
    g_autofree char *address = postfix_service_address(relay->service);
    Finding *finding = findings_add(
        findings, others ? FINDING_NOTE : FINDING_WARNING, "relay-decided-before",
        is_relay_first(relay->service)
            ? "A refused recipient never gets to policyd, and its permit lets nobody relay."
            : "Its permit ends its own list, and lets nobody relay.",
        "reject_unauth_destination decides about relaying, not policyd");
    finding_set_place(finding, address, ask->list->parameter);
    finding->advice = g_strdup("where policyd is to decide who relays, ask it before");
    finding->command = ask->list == relay ? NULL : mend_ask(installation, relay);
}

static void examine_trial(const Installation *installation, GPtrArray *findings) {
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (!ask->ours || !ask->entry->warn) {
            continue;
        }
        g_autofree char *address = postfix_service_address(ask->list->service);
        Finding *finding =
            findings_add(findings, FINDING_NOTE, "trial",
                         "What policyd rejects goes on; what it permits is permitted all the same.",
                         "warn_if_reject stands before policyd: its rejections are only logged");
        finding_set_place(finding, address, ask->list->parameter);
        finding->advice = g_strdup("when the trial is over, take warn_if_reject out");
    }
}

static gboolean is_local(const PostfixService *service) {
    return g_str_has_prefix(service->name, "127.") || g_str_has_prefix(service->name, "localhost:")
           || g_str_has_prefix(service->name, "[::1]:") || g_str_has_prefix(service->name, "::1:");
}

/* Another policy service of its own may be another policyd. */
static const Ask *find_other(const Installation *installation, const PostfixService *service) {
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->list->service == service) {
            return ask;
        }
    }
    return NULL;
}

static void add_unasked(const Installation *installation, guint service, GPtrArray *findings) {
    const SmtpdList *relay = installation_list(installation, service, SMTPD_RELAY);
    const Ask *other = find_other(installation, relay->service);
    g_autofree char *address = postfix_service_address(relay->service);
    Finding *finding = findings_add(
        findings, other || is_local(relay->service) ? FINDING_NOTE : FINDING_WARNING,
        "service-not-asking", "Who connects there is judged by Postfix's own restrictions alone.",
        "this service never asks policyd%s%s", other ? ", but " : "",
        other ? other->entry->server : "");
    finding_set_place(finding, address, relay->parameter);
    finding->command = other ? NULL : mend_ask(installation, relay);
}

static void add_never_asked(const Installation *installation, GPtrArray *findings) {
    g_autofree char *socket = installation_socket(installation);
    g_autofree char *value =
        g_strdup_printf("check_policy_service %s, reject_unauth_destination", socket);
    const char *parameter = smtpd_list_parameter(SMTPD_RELAY);
    Finding *finding =
        findings_add(findings, FINDING_DANGER, "never-asked", WHY_NOBODY,
                     "no service of master.cf asks policyd: no check_policy_service %s", socket);
    finding_set_place(finding, NULL, parameter);
    finding->advice = g_strdup("ask it, or name its socket with --socket if it is another");
    finding->command = mend_parameter(installation, NULL, parameter, value);
}

void examine_restrictions(const Installation *installation, GPtrArray *findings) {
    guint count = postfix_settings_service_count(installation->evidence.postfix);
    g_autoptr(RuleUse) use = rule_use_new(installation->evidence.ruleset);
    if (!installation_first_ask(installation, NULL)) {
        add_never_asked(installation, findings);
        return;
    }
    for (guint i = 0; i < count; i++) {
        const PostfixService *service = postfix_settings_service(installation->evidence.postfix, i);
        if (!installation_first_ask(installation, service)) {
            add_unasked(installation, i, findings);
            continue;
        }
        for (guint j = 0; j < G_N_ELEMENTS(moments); j++) {
            examine_order(installation, &(Moment){service, moments[j]}, findings);
        }
        examine_relaying(installation, i, use, findings);
    }
    examine_trial(installation, findings);
}
