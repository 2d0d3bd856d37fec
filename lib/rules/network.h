/*
 * Network: a CIDR block. IPv4 and IPv6 are disjoint; a v4-mapped IPv6 block is
 * the IPv4 block. Blocks are checked strictly before libcidr sees them, for it takes `10.1`,
 * in-addr.arpa names and host bits.
 */
#ifndef POLICY_NETWORK_H
#define POLICY_NETWORK_H

#include "protocol/address.h"
#include "protocol/text.h"

typedef struct {
    Address first;
    Address last; /* of the same family */
    guint prefix; /* 0 to 32, or to 128 */
} Network;

#define NETWORK_ERROR (network_error_quark())
GQuark network_error_quark(void);

typedef enum {
    NETWORK_ERROR_SYNTAX,
} NetworkError;

/* An address or a block, IPv6 in brackets (`[2001:db8::]/32`) only if `brackets`, as mynetworks
 * has it. FALSE and an error that says what to write; *out untouched. */
gboolean network_parse(Text text, gboolean brackets, Network *out, GError **error);

/* `10.0.0.0/8`; an address where it is one alone. The caller frees it. */
char *network_format(const Network *network);

#endif
