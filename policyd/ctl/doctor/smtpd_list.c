/*
 * SmtpdList: restriction classes are opened in place, as what one of them permits or refuses counts
 * for the list that it stands in. Nothing here fails.
 */
#include "ctl/doctor/smtpd_list.h"

#include "ctl/postfix/restriction.h"

/* Of classes in classes. Postfix has no such limit, and nobody has so many. */
#define DEPTH_MAX 20

static const char *const parameters[SMTPD_LISTS] = {
    [SMTPD_CLIENT] = "smtpd_client_restrictions",
    [SMTPD_HELO] = "smtpd_helo_restrictions",
    [SMTPD_SENDER] = "smtpd_sender_restrictions",
    [SMTPD_RELAY] = "smtpd_relay_restrictions",
    [SMTPD_RECIPIENT] = "smtpd_recipient_restrictions",
    [SMTPD_DATA] = "smtpd_data_restrictions",
    [SMTPD_END_OF_DATA] = "smtpd_end_of_data_restrictions",
    [SMTPD_ETRN] = "smtpd_etrn_restrictions",
};

static void entry_free(SmtpdEntry *entry) {
    g_free(entry->name);
    g_free(entry->argument);
    g_free(entry->server);
    g_clear_pointer(&entry->attributes, g_hash_table_unref);
    g_free(entry);
}

static SmtpdEntry *entry_new(const Restriction *restriction, gboolean warn) {
    SmtpdEntry *entry = g_new0(SmtpdEntry, 1);
    entry->name = g_strdup(restriction->name);
    entry->argument = g_strdup(restriction->argument ? restriction->argument : "");
    entry->warn = warn;
    if (g_str_equal(entry->name, "check_policy_service")) {
        g_autoptr(PolicyService) service = policy_service_parse(entry->argument);
        entry->server = g_strdup(service->server);
        entry->attributes = g_hash_table_ref(service->attributes);
    }
    return entry;
}

/* warn_if_reject before a class is for all that it holds. */
static void add_entries(SmtpdList *list, const char *classes, const char *value, gboolean warn,
                        guint depth) {
    g_autoptr(GPtrArray) restrictions = restrictions_parse(value);
    for (guint i = 0; i < restrictions->len; i++) {
        const Restriction *restriction = g_ptr_array_index(restrictions, i);
        gboolean warns = warn || restriction->warn;
        if (depth < DEPTH_MAX && restriction_is_class(restriction, classes)) {
            list->opened = TRUE;
            add_entries(list, classes, postfix_service_text(list->service, restriction->written),
                        warns, depth + 1);
        } else {
            g_ptr_array_add(list->entries, entry_new(restriction, warns));
        }
    }
}

SmtpdList *smtpd_list_new(const PostfixService *service, SmtpdListKind kind) {
    const char *classes = postfix_service_text(service, "smtpd_restriction_classes");
    SmtpdList *list = g_new0(SmtpdList, 1);
    list->kind = kind;
    list->parameter = parameters[kind];
    list->service = service;
    list->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    add_entries(list, classes, postfix_service_text(service, list->parameter), FALSE, 0);
    return list;
}

void smtpd_list_free(SmtpdList *list) {
    if (list) {
        g_ptr_array_unref(list->entries);
        g_free(list);
    }
}

const char *smtpd_list_parameter(SmtpdListKind kind) {
    return parameters[kind];
}

StateSet smtpd_list_states(const SmtpdList *list) {
    static const StateSet states[SMTPD_LISTS] = {
        [SMTPD_CLIENT] = STATE_SET(STATE_CONNECT),
        [SMTPD_HELO] = STATE_SET(STATE_EHLO) | STATE_SET(STATE_HELO),
        [SMTPD_SENDER] = STATE_SET(STATE_MAIL),
        [SMTPD_RELAY] = STATE_SET(STATE_RCPT),
        [SMTPD_RECIPIENT] = STATE_SET(STATE_RCPT),
        [SMTPD_DATA] = STATE_SET(STATE_DATA),
        [SMTPD_END_OF_DATA] = STATE_SET(STATE_END_OF_MESSAGE),
        [SMTPD_ETRN] = STATE_SET(STATE_ETRN),
    };
    gboolean delayed = postfix_service_is_on(list->service, "smtpd_delay_reject");
    return list->kind <= SMTPD_SENDER && delayed ? STATE_SET(STATE_RCPT) : states[list->kind];
}

gboolean smtpd_list_is_of_recipients(const SmtpdList *list) {
    return smtpd_list_states(list) == STATE_SET(STATE_RCPT);
}

static gint find_any(const SmtpdList *list, const char *const *names, guint end, gboolean warn) {
    for (guint i = 0; i < MIN(end, list->entries->len); i++) {
        const SmtpdEntry *entry = g_ptr_array_index(list->entries, i);
        if (g_strv_contains(names, entry->name) && (warn || !entry->warn)) {
            return (gint)i;
        }
    }
    return -1;
}

gint smtpd_list_find(const SmtpdList *list, const char *name, guint end, gboolean warn) {
    const char *const names[] = {name, NULL};
    return find_any(list, names, end, warn);
}

gint smtpd_list_find_refusal(const SmtpdList *list, guint end) {
    static const char *const names[] = {"reject_unauth_destination", "defer_unauth_destination",
                                        NULL};
    return find_any(list, names, end, FALSE);
}

gboolean smtpd_list_has_required(const SmtpdList *list) {
    static const char *const required[] = {"reject_unauth_destination",
                                           "defer_unauth_destination",
                                           "check_relay_domains",
                                           "reject",
                                           "defer",
                                           "defer_if_permit",
                                           NULL};
    gint permit = smtpd_list_find(list, "permit", G_MAXUINT, FALSE);
    return find_any(list, required, permit < 0 ? G_MAXUINT : (guint)permit, FALSE) >= 0;
}
