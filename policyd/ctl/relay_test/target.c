/*
 * RelayTarget: GLib's resolver, and getifaddrs(). Where that fails, no address is of this machine
 * but those of the loopback network.
 */
#include "ctl/relay_test/target.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "fail.h"
#include "limit.h"
#include "protocol/address.h"

/* Where the port begins, at a colon; or the end. An address that needs brackets has none. */
static const char *find_port(const char *text) {
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *colon = strrchr(end ? end : text, ':');
    return colon ? colon : text + strlen(text);
}

static gboolean split(RelayTarget *target, const char *text, guint16 default_port, GError **error) {
    const char *colon = find_port(text);
    size_t length = (size_t)(colon - text);
    guint64 port = default_port;
    if (*colon
        && (!text_parse_number(text_from_string(colon + 1), &port) || port < 1 || port > 65535)) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         "'%s' is not HOST:PORT, with a port from 1 to 65535", text);
    }
    if (text[0] == '[' && length > 2 && text[length - 1] == ']') {
        text++;
        length -= 2;
    } else if (memchr(text, ':', length)) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         "'%s' is not HOST[:PORT]; write an IPv6 address in brackets", text);
    }
    target->host = g_strndup(text, length);
    target->port = (guint16)port;
    return length > 0
           || fail_with(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                        "'%s' is not HOST[:PORT]: there is no host", text);
}

static gboolean look_up(RelayTarget *target, GError **error) {
    GError *trouble = NULL;
    GInetAddress *address = g_inet_address_new_from_string(target->host);
    if (address) {
        target->addresses = g_list_append(NULL, address);
        return TRUE;
    }
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    target->addresses = g_resolver_lookup_by_name(resolver, target->host, NULL, &trouble);
    if (!target->addresses) {
        fail_with(error, trouble->domain, trouble->code, "cannot look up '%s': %s", target->host,
                  trouble->message);
        g_error_free(trouble);
        return FALSE;
    }
    return TRUE;
}

RelayTarget *relay_target_find(const char *text, guint16 default_port, GError **error) {
    g_autoptr(RelayTarget) target = g_new0(RelayTarget, 1);
    if (!split(target, text, default_port, error) || !look_up(target, error)) {
        return NULL;
    }
    return g_steal_pointer(&target);
}

void relay_target_free(RelayTarget *target) {
    if (target) {
        g_free(target->host);
        g_resolver_free_addresses(target->addresses);
        g_free(target);
    }
}

static GInetAddress *interface_address(const struct ifaddrs *interface) {
    const struct sockaddr *address = interface->ifa_addr;
    if (!address) {
        return NULL;
    }
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return g_inet_address_new_from_bytes((const guint8 *)&v4->sin_addr, G_SOCKET_FAMILY_IPV4);
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        return g_inet_address_new_from_bytes((const guint8 *)&v6->sin6_addr, G_SOCKET_FAMILY_IPV6);
    }
    return NULL;
}

static gboolean is_here(GInetAddress *address, const struct ifaddrs *interfaces) {
    if (g_inet_address_get_is_loopback(address)) {
        return TRUE;
    }
    for (const struct ifaddrs *at = interfaces; at; at = at->ifa_next) {
        g_autoptr(GInetAddress) own = interface_address(at);
        if (own && g_inet_address_equal(own, address)) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean relay_target_is_here(const RelayTarget *target) {
    struct ifaddrs *interfaces = NULL;
    gboolean here = TRUE;
    if (getifaddrs(&interfaces) != 0) {
        interfaces = NULL;
    }
    for (const GList *at = target->addresses; at && here; at = at->next) {
        here = is_here(at->data, interfaces);
    }
    if (interfaces) {
        freeifaddrs(interfaces);
    }
    return here;
}

char *relay_target_literal(GInetAddress *address) {
    g_autofree char *text = g_inet_address_to_string(address);
    gboolean v6 = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
    return g_strdup_printf("[%s%s]", v6 ? "IPv6:" : "", text);
}

gboolean relay_target_is_name(const char *text) {
    size_t length = strlen(text);
    if (length == 0 || length > LIMIT_DOMAIN || text[0] == '.' || text[length - 1] == '.'
        || strstr(text, "..")) {
        return FALSE;
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && !strchr("-_.", text[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean relay_target_is_domain(const char *text) {
    Address address;
    return relay_target_is_name(text) || address_parse_literal(text_from_string(text), &address);
}
