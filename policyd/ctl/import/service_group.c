/*
 * ServiceGroup: main.cf first, then each service, which joins the first group that it equals.
 * Nothing fails. Only smtpd's own parameters differ by service: where a domain is, trivial-rewrite
 * tells, by main.cf.
 */
#include "ctl/import/service_group.h"

#include <netdb.h>
#include <string.h>

static void group_free(ServiceGroup *group) {
    g_free(group->name);
    g_ptr_array_unref(group->services);
    items_free(group->networks);
    relay_policy_free(group->policy);
    g_free(group);
}

/* Letters, digits and `_`; to be freed. */
static char *make_word(const PostfixService *service) {
    char *word = g_ascii_strdown(service->name, -1);
    for (char *at = word; *at; at++) {
        if (!g_ascii_isalnum(*at)) {
            *at = '_';
        }
    }
    return word;
}

/* Takes it, or it with the first number that makes it new. */
static const char *take_word(GHashTable *taken, const char *word) {
    char *own = g_strdup(word);
    for (guint i = 2; g_hash_table_contains(taken, own); i++) {
        g_free(own);
        own = g_strdup_printf("%s_%u", word, i);
    }
    g_hash_table_add(taken, own);
    return own;
}

char *service_word(const PostfixSettings *settings, const PostfixService *service) {
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const PostfixService *at = NULL;
    const char *word = NULL;
    for (guint i = 0; at != service; i++) {
        at = postfix_settings_service(settings, i);
        g_autofree char *plain = make_word(at);
        word = take_word(taken, plain);
    }
    return g_strdup(word);
}

static RelayLogins find_logins(const PostfixService *source) {
    if (!postfix_service_is_on(source, "smtpd_sasl_auth_enable")) {
        return RELAY_LOGINS_NONE;
    }
    return postfix_service_is_on(source, "smtpd_tls_auth_only")
                   || postfix_service_demands_tls(source)
               ? RELAY_LOGINS_TLS
               : RELAY_LOGINS_ANY;
}

static char *find_place(const PostfixService *service) {
    if (!service) {
        return g_strdup("");
    }
    g_autofree char *address = postfix_service_address(service);
    return g_strconcat(address, ": ", NULL);
}

/* Of main.cf where there is no service. */
static ServiceGroup *group_new(const PostfixSettings *settings, const PostfixService *service,
                               gboolean partial_domains, GPtrArray *notes) {
    ServiceGroup *group = g_new0(ServiceGroup, 1);
    const PostfixService *source = service ? service : postfix_settings_main(settings);
    g_autofree char *place = find_place(service);
    g_autofree char *parameter = g_strconcat(place, "mynetworks", NULL);
    group->name = service ? service_word(settings, service) : NULL;
    group->services = g_ptr_array_new();
    group->mynetworks = postfix_service_text(source, "mynetworks");
    group->networks = items_from_networks(parameter, group->mynetworks, notes);
    RelaySources sources = {
        .place = place,
        .relay = postfix_service_text(source, "smtpd_relay_restrictions"),
        .recipient = postfix_service_text(source, "smtpd_recipient_restrictions"),
        .classes = postfix_service_text(source, "smtpd_restriction_classes"),
        .relay_code = postfix_service_text(source, "relay_domains_reject_code"),
        .reject_code = postfix_service_text(source, "reject_code"),
        .defer_code = postfix_service_text(source, "defer_code"),
        .logins = find_logins(source),
        .partial_networks = group->networks->partial,
        .partial_domains = partial_domains,
    };
    group->policy = relay_policy_new(&sources, notes);
    return group;
}

static gboolean equal(const ServiceGroup *a, const ServiceGroup *b) {
    return relay_policy_equal(a->policy, b->policy)
           && (!relay_policy_has_rule(a->policy, RELAY_NETWORKS)
               || g_str_equal(a->mynetworks, b->mynetworks));
}

static ServiceGroup *find_equal(const GPtrArray *groups, const ServiceGroup *group) {
    for (guint i = 0; i < groups->len; i++) {
        if (equal(g_ptr_array_index(groups, i), group)) {
            return g_ptr_array_index(groups, i);
        }
    }
    return NULL;
}

static void add_service(GPtrArray *groups, const PostfixSettings *settings,
                        const PostfixService *service, gboolean partial_domains, GPtrArray *notes) {
    g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free);
    ServiceGroup *group = group_new(settings, service, partial_domains, own);
    ServiceGroup *same = find_equal(groups, group);
    if (same) {
        group_free(group);
    } else {
        g_ptr_array_add(groups, group);
        g_ptr_array_extend_and_steal(notes, g_steal_pointer(&own));
    }
    g_ptr_array_add((same ? same : group)->services, (gpointer)(guintptr)service);
}

GPtrArray *service_groups_new(const PostfixSettings *settings, gboolean partial_domains,
                              GPtrArray *notes) {
    GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
    g_ptr_array_add(groups, group_new(settings, NULL, partial_domains, notes));
    for (guint i = 0; i < postfix_settings_service_count(settings); i++) {
        add_service(groups, settings, postfix_settings_service(settings, i), partial_domains,
                    notes);
    }
    return groups;
}

gboolean service_group_has_networks(const ServiceGroup *group, const GPtrArray *groups) {
    const ServiceGroup *main_cf = g_ptr_array_index(groups, 0);
    return group->name && relay_policy_has_rule(group->policy, RELAY_NETWORKS)
           && !g_str_equal(group->mynetworks, main_cf->mynetworks);
}

/* Behind the last colon of a service's name, `127.0.0.1:2525` or `smtp`; 0 if nobody knows. */
static guint find_port(const PostfixService *service) {
    static const struct {
        const char *name;
        guint port;
    } known[] = {{"smtp", 25}, {"submission", 587}, {"smtps", 465}, {"submissions", 465}};
    const char *colon = strrchr(service->name, ':');
    const char *name = colon ? colon + 1 : service->name;
    guint64 number;
    if (!g_str_equal(service->type, "inet")) {
        return 0;
    }
    if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT16, &number, NULL)) {
        return (guint)number;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_str_equal(name, known[i].name)) {
            return known[i].port;
        }
    }
    const struct servent *found = getservbyname(name, "tcp");
    return found ? GUINT16_FROM_BE((guint16)found->s_port) : 0U;
}

static gboolean has_service(const ServiceGroup *group, const PostfixService *service) {
    return g_ptr_array_find(group->services, service, NULL);
}

guint service_group_port(const ServiceGroup *group, const PostfixService *service,
                         const PostfixSettings *settings) {
    guint port = find_port(service);
    if (!g_str_equal(postfix_service_text(service, "smtpd_upstream_proxy_protocol"), "")) {
        return 0;
    }
    for (guint i = 0; i < postfix_settings_service_count(settings); i++) {
        const PostfixService *other = postfix_settings_service(settings, i);
        if (!has_service(group, other) && find_port(other) == port) {
            return 0;
        }
    }
    return port;
}
