/*
 * AddressGap: what one set of addresses holds and another lacks.
 */
#ifndef POLICYD_CTL_DOCTOR_ADDRESS_GAP_H
#define POLICYD_CTL_DOCTOR_ADDRESS_GAP_H

#include "rules/network_set.h"

/* Of char *, IPv4 first, each a block where it is one ("10.1.2.0/24"), else a range
 * ("10.0.0.0-10.1.1.255"). Both sets are sealed; the caller unrefs it. */
GPtrArray *address_gaps(const NetworkSet *set, const NetworkSet *other);

#endif
