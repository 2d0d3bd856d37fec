/*
 * Address: an IPv4 or IPv6 address as Postfix sends it in client_address and server_address, and
 * as it stands in an address literal. v4-mapped IPv6 (::ffff:192.0.2.1) is IPv4.
 */
#ifndef POLICY_ADDRESS_H
#define POLICY_ADDRESS_H

#include "protocol/text.h"

typedef enum {
    ADDRESS_IPV4,
    ADDRESS_IPV6,
} AddressFamily;

typedef struct {
    AddressFamily family;
    guint8 bytes[16]; /* network byte order; IPv4 uses the first 4, the rest is 0 */
} Address;

/* Bytes of an address in text, a NUL included (INET6_ADDRSTRLEN). */
#define ADDRESS_TEXT_SIZE 46

/* FALSE, and *out untouched, on all but a plain address: no brackets, prefix, zone or port. */
gboolean address_parse(Text text, Address *out);

/* An address literal as RFC 5321 and Postfix's valid_mailhost_addr() have it: [192.0.2.1] or
 * [IPv6:2001:db8::1], the tag in any case. Not [IPv6:::ffff:192.0.2.1]: Postfix's resolve_local()
 * doesn't take it for the IPv4 address, and refuses to relay to it. */
gboolean address_parse_literal(Text text, Address *out);

gboolean address_equal(const Address *a, const Address *b);

/* Bytes that count in a->bytes: 4 or 16. */
size_t address_length(const Address *a);

/* Writes the address in its shortest form, with a NUL. */
void address_print(const Address *a, char out[ADDRESS_TEXT_SIZE]);

#endif
