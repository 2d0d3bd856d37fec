/*
 * Interface: addresses of other families, and masks that are none, are left out.
 */
#include "ctl/doctor/interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

static void clear_interface(gpointer data) {
    g_free(((Interface *)data)->name);
}

GArray *interfaces_new(void) {
    GArray *interfaces = g_array_new(FALSE, FALSE, sizeof(Interface));
    g_array_set_clear_func(interfaces, clear_interface);
    return interfaces;
}

/* The bytes of an IPv4 or IPv6 address; NULL for another. */
static const guint8 *find_bytes(const struct sockaddr *address, int family) {
    if (!address || address->sa_family != family) {
        return NULL;
    }
    const void *any = address;
    if (family == AF_INET) {
        const struct sockaddr_in *v4 = any;
        return (const guint8 *)&v4->sin_addr;
    }
    const struct sockaddr_in6 *v6 = any;
    return family == AF_INET6 ? (const guint8 *)&v6->sin6_addr : NULL;
}

static guint count_bits(const guint8 *mask, size_t length) {
    guint bits = 0;
    while (bits < length * 8 && (mask[bits / 8] & (0x80 >> bits % 8))) {
        bits++;
    }
    return bits;
}

static gboolean read_network(const struct ifaddrs *entry, Network *out) {
    int family = entry->ifa_addr ? entry->ifa_addr->sa_family : AF_UNSPEC;
    const guint8 *address = find_bytes(entry->ifa_addr, family);
    const guint8 *mask = find_bytes(entry->ifa_netmask, family);
    if (!address || !mask || (entry->ifa_flags & IFF_POINTOPOINT)) {
        return FALSE;
    }
    *out = (Network){0};
    out->first.family = family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6;
    out->last.family = out->first.family;
    size_t length = address_length(&out->first);
    for (size_t i = 0; i < length; i++) {
        out->first.bytes[i] = (guint8)(address[i] & mask[i]);
        out->last.bytes[i] = (guint8)(address[i] | (guint8)~mask[i]);
    }
    out->prefix = count_bits(mask, length);
    return TRUE;
}

GArray *interfaces_read(void) {
    GArray *interfaces = interfaces_new();
    struct ifaddrs *entries = NULL;
    if (getifaddrs(&entries) != 0) {
        return interfaces;
    }
    for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next) {
        Interface interface = {0};
        if (read_network(entry, &interface.network)) {
            g_array_append_val(interfaces, interface);
            g_array_index(interfaces, Interface, interfaces->len - 1).name =
                g_strdup(entry->ifa_name);
        }
    }
    freeifaddrs(entries);
    return interfaces;
}
