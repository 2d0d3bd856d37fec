/*
 * Mend: postconf -e for main.cf and -P for master.cf. The latter takes no value with white space in
 * it, so such a value gets a name of its own in main.cf.
 */
#include "ctl/doctor/mend.h"

#include <string.h>

#include "ctl/postfix/command.h"

static char *write_main(const Installation *installation, const char *parameter,
                        const char *value) {
    g_autofree char *setting = g_strdup_printf("%s = %s", parameter, value);
    return command_postconf(installation->evidence.folder, "-e", setting);
}

static char *write_master(const Installation *installation, const PostfixService *service,
                          const char *parameter, const char *value) {
    g_autofree char *address = postfix_service_address(service);
    g_autofree char *setting = g_strdup_printf("%s/%s=%s", address, parameter, value);
    return command_postconf(installation->evidence.folder, "-P", setting);
}

/* The name of a parameter of the administrator's:
 * "master_submission_inet_smtpd_relay_restrictions". */
static char *make_name(const PostfixService *service, const char *parameter) {
    g_autofree char *address = postfix_service_address(service);
    char *name = g_strdup_printf("master_%s_%s", address, parameter);
    for (char *at = name; *at; at++) {
        *at = g_ascii_isalnum(*at) ? *at : '_';
    }
    return name;
}

char *mend_parameter(const Installation *installation, const PostfixService *service,
                     const char *parameter, const char *value) {
    if (!service || !g_hash_table_contains(service->own, parameter)) {
        return write_main(installation, parameter, value);
    }
    if (!strpbrk(value, " \t")) {
        return write_master(installation, service, parameter, value);
    }
    g_autofree char *name = make_name(service, parameter);
    g_autofree char *reference = g_strconcat("$", name, NULL);
    g_autofree char *first = write_main(installation, name, value);
    g_autofree char *second = write_master(installation, service, parameter, reference);
    return g_strdup_printf("%s && %s", first, second);
}

static char *write_entry(const SmtpdEntry *entry) {
    return g_strdup_printf("%s%s%s%s", entry->warn ? "warn_if_reject " : "", entry->name,
                           entry->argument[0] ? " " : "", entry->argument);
}

GPtrArray *mend_entries(const SmtpdList *list) {
    GPtrArray *entries = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < list->entries->len; i++) {
        g_ptr_array_add(entries, write_entry(g_ptr_array_index(list->entries, i)));
    }
    return entries;
}

char *mend_list(const Installation *installation, const SmtpdList *list, const GPtrArray *entries) {
    g_autoptr(GString) value = g_string_new(NULL);
    if (list->opened) {
        return NULL;
    }
    for (guint i = 0; i < entries->len; i++) {
        const char *entry = g_ptr_array_index(entries, i);
        g_string_append_printf(value, "%s%s", i > 0 ? ", " : "", entry);
    }
    return mend_parameter(installation, list->service, list->parameter, value->str);
}

/* As it is asked elsewhere, so that smtpd uses the same connection for both. */
char *mend_ask(const Installation *installation, const SmtpdList *list) {
    g_autoptr(GPtrArray) entries = mend_entries(list);
    const Ask *other = installation_first_ask(installation, list->service);
    other = other ? other : installation_first_ask(installation, NULL);
    g_autofree char *argument =
        other ? g_strdup(other->entry->argument) : installation_socket(installation);
    g_ptr_array_insert(entries, 0, g_strconcat("check_policy_service ", argument, NULL));
    if (list->kind == SMTPD_RELAY && !smtpd_list_has_required(list)) {
        g_ptr_array_add(entries, g_strdup("reject_unauth_destination"));
    }
    return mend_list(installation, list, entries);
}

static gint compare_names(gconstpointer a, gconstpointer b) {
    return strcmp(a, b);
}

/* "check_policy_service { SERVER, NAME=VALUE }", in braces of its own what has a separator. */
static char *write_policy(const Ask *ask, const char *server, const char *attribute) {
    GString *text = g_string_new(ask->entry->warn ? "warn_if_reject " : "");
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(ask->entry->attributes), compare_names);
    g_string_append_printf(text, "check_policy_service { %s", server ? server : ask->entry->server);
    for (const GList *at = names; at; at = at->next) {
        const char *value = g_hash_table_lookup(ask->entry->attributes, at->data);
        if (attribute && g_str_equal(at->data, attribute)) {
            continue;
        }
        g_string_append_printf(text, strpbrk(value, ", \t") ? ", { %s = %s }" : ", %s=%s",
                               (const char *)at->data, value);
    }
    g_string_append(text, " }");
    return g_string_free(text, FALSE);
}

char *mend_policy(const Installation *installation, const Ask *ask, const char *server,
                  const char *attribute) {
    g_autoptr(GPtrArray) entries = mend_entries(ask->list);
    g_free(g_ptr_array_index(entries, ask->index));
    g_ptr_array_index(entries, ask->index) = write_policy(ask, server, attribute);
    return mend_list(installation, ask->list, entries);
}
