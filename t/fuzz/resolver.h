/*
 * Resolver: a small model of how Postfix decides whether mail to a recipient is its own to deliver
 * or to relay: trivial-rewrite's resolve_addr() and smtpd's permit_auth_destination(), for the
 * default settings and without any of the code of lib/.
 *
 * Postfix parses a quoted form of the address. The model takes the unquoted bytes of `recipient=`,
 * and what is in quotes for open, as resolve_dequoted_address=yes has it.
 */
#ifndef FUZZ_RESOLVER_H
#define FUZZ_RESOLVER_H

#include <glib.h>

/* A domain that is served, in small letters: `.example.com` is all under it, `[192.0.2.1]` an
 * address of the server. */
typedef struct {
    const char *name;
    gboolean local; /* of mydestination, whose mail goes on by what stands before the `@`; else of
                       relay_domains or virtual_*_domains */
} ResolverDomain;

/* TRUE if reject_unauth_destination lets the recipient pass. */
gboolean resolver_authorises(const ResolverDomain *domains, guint count, const char *recipient);

#endif
