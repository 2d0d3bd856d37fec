/*
 * Limits: as many connections as smtpd processes may open, against those that policyd takes. An
 * smtpd process keeps one for each way in which it asks: each argument of check_policy_service.
 */
#include "ctl/doctor/examination.h"

/* The different arguments with which a service asks policyd. */
static guint count_arguments(const Installation *installation, const PostfixService *service) {
    g_autoptr(GHashTable) arguments = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours && ask->list->service == service) {
            g_hash_table_add(arguments, (gpointer)(guintptr)ask->entry->argument);
        }
    }
    return g_hash_table_size(arguments);
}

static void append_part(GString *text, const PostfixService *service, guint count) {
    g_autofree char *address = postfix_service_address(service);
    g_string_append_printf(text, "%s%s %u x %u", text->len > 0 ? ", " : "", address, service->limit,
                           count);
}

static void tell_unlimited(const PostfixService *service, GPtrArray *findings) {
    g_autofree char *address = postfix_service_address(service);
    Finding *finding =
        findings_add(findings, FINDING_NOTE, "no-limit",
                     "A flood of clients may use up the connections that policyd takes.",
                     "the number of smtpd processes has no limit");
    finding_set_place(finding, address, "default_process_limit");
}

void examine_limits(const Installation *installation, GPtrArray *findings) {
    const PostfixSettings *postfix = installation->evidence.postfix;
    const DaemonStatus *daemon = installation->evidence.daemon;
    g_autoptr(GString) parts = g_string_new(NULL);
    guint64 sum = 0;
    for (guint i = 0; i < postfix_settings_service_count(postfix); i++) {
        const PostfixService *service = postfix_settings_service(postfix, i);
        guint count = count_arguments(installation, service);
        if (count > 0 && service->limit == 0) {
            tell_unlimited(service, findings);
        } else if (count > 0) {
            append_part(parts, service, count);
            sum += (guint64)service->limit * count;
        }
    }
    guint64 most = daemon ? daemon_status_number(daemon, "connections_max") : 0;
    if (most == 0 || sum <= most) {
        return;
    }
    Finding *finding = findings_add(
        findings, FINDING_WARNING, "connections",
        "When Postfix is busy, some smtpd wait for a connection, and answer default_action.",
        "policyd takes %" G_GUINT64_FORMAT " connections, and smtpd may want %" G_GUINT64_FORMAT
        ": %s",
        most, sum, parts->str);
    finding->advice =
        g_strdup_printf("start policyd with --max-connections %" G_GUINT64_FORMAT
                        " (max-connections=%" G_GUINT64_FORMAT " in its settings file)",
                        sum, sum);
}
