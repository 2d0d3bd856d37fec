/*
 * Resolver: strips and rewrites a copy of the address until nothing is left to do. It ends, as each
 * turn takes a routing character away.
 */
#include "fuzz/resolver.h"

#include <arpa/inet.h>
#include <string.h>

#define ROUTING "@%!"

/* What is listed as an address is any spelling of it; the domain without brackets is in `inside`.
 */
static gboolean is_same_literal(const char *listed, const char *domain) {
    g_autofree char *inside = g_strndup(domain + 1, strlen(domain) - 2);
    g_autofree char *known = g_strndup(listed + 1, strlen(listed) - 2);
    guint8 a[16];
    guint8 b[16];
    if (g_ascii_strncasecmp(known, "ipv6:", 5) == 0) {
        return g_ascii_strncasecmp(inside, "ipv6:", 5) == 0
               && inet_pton(AF_INET6, inside + 5, a) == 1 && inet_pton(AF_INET6, known + 5, b) == 1
               && memcmp(a, b, 16) == 0;
    }
    return inet_pton(AF_INET, inside, a) == 1 && inet_pton(AF_INET, known, b) == 1
           && memcmp(a, b, 4) == 0;
}

static gboolean is_domain(const ResolverDomain *known, const char *domain) {
    size_t length = strlen(domain);
    if (known->name[0] == '[') {
        return length > 2 && domain[0] == '[' && domain[length - 1] == ']'
               && is_same_literal(known->name, domain);
    }
    g_autofree char *folded = g_ascii_strdown(domain, -1);
    if (known->name[0] == '.') {
        return folded[0] != '.' && g_str_has_suffix(folded, known->name);
    }
    return g_str_equal(folded, known->name);
}

/* NULL if it is not served. */
static const ResolverDomain *find_domain(const ResolverDomain *domains, guint count,
                                         const char *domain) {
    for (guint i = 0; i < count; i++) {
        if (is_domain(&domains[i], domain)) {
            return &domains[i];
        }
    }
    return NULL;
}

/* One dot at the end of a domain, but none behind a dot or the `@`. */
static void strip_dot(char *address) {
    size_t length = strlen(address);
    if (length >= 2 && address[length - 1] == '.' && strchr(address, '@')
        && address[length - 2] != '.' && address[length - 2] != '@') {
        address[length - 1] = '\0';
    }
}

/* site!user becomes user@site, or else user%site user@site. NULL if it is neither. */
static char *rewrite(const char *local) {
    const char *bang = strchr(local, '!');
    if (bang) {
        g_autofree char *site = g_strndup(local, (gsize)(bang - local));
        return g_strconcat(bang + 1, "@", site, NULL);
    }
    const char *percent = strrchr(local, '%');
    if (percent) {
        g_autofree char *user = g_strndup(local, (gsize)(percent - local));
        return g_strconcat(user, "@", percent + 1, NULL);
    }
    return NULL;
}

gboolean resolver_authorises(const ResolverDomain *domains, guint count, const char *recipient) {
    g_autofree char *address = g_strdup(recipient);
    for (;;) {
        strip_dot(address);
        char *at = strrchr(address, '@');
        if (at) {
            const ResolverDomain *known = find_domain(domains, count, at + 1);
            *at = '\0';
            if (!known || !known->local) {
                return known && !strpbrk(address, ROUTING);
            }
            if (strchr(address, '@')) {
                continue;
            }
        }
        char *rewritten = rewrite(address);
        if (!rewritten) {
            return TRUE;
        }
        g_free(address);
        address = rewritten;
    }
}
