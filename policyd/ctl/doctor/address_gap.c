/*
 * AddressGap: a walk along both sets' ranges, which are in order, with addresses as numbers.
 */
#include "ctl/doctor/address_gap.h"

typedef unsigned __int128 Number;

static Number to_number(const Address *address) {
    Number number = 0;
    for (size_t i = 0; i < address_length(address); i++) {
        number = number << 8 | address->bytes[i];
    }
    return number;
}

static Address to_address(AddressFamily family, Number number) {
    Address address = {.family = family};
    for (size_t i = address_length(&address); i > 0; i--) {
        address.bytes[i - 1] = (guint8)(number & 0xff);
        number >>= 8;
    }
    return address;
}

/* The prefix of the block from first to last; over `bits` if it is none. */
static guint find_prefix(guint bits, Number first, Number last) {
    Number span = last - first;
    guint host = 0;
    if ((span & (span + 1)) != 0 || (first & span) != 0) {
        return bits + 1;
    }
    for (; span > 0; span >>= 1) {
        host++;
    }
    return bits - host;
}

static void add_gap(GPtrArray *gaps, AddressFamily family, Number first, Number last) {
    char text[ADDRESS_TEXT_SIZE];
    char end[ADDRESS_TEXT_SIZE];
    Network network = {to_address(family, first), to_address(family, last), 0};
    guint bits = (guint)address_length(&network.first) * 8;
    network.prefix = find_prefix(bits, first, last);
    if (network.prefix <= bits) {
        g_ptr_array_add(gaps, network_format(&network));
        return;
    }
    address_print(&network.first, text);
    address_print(&network.last, end);
    g_ptr_array_add(gaps, g_strdup_printf("%s-%s", text, end));
}

/* What of a range lies in no range of `other`. */
static void add_gaps(GPtrArray *gaps, const Address *first, const Address *last,
                     const NetworkSet *other) {
    AddressFamily family = first->family;
    Number at = to_number(first);
    Number end = to_number(last);
    for (guint i = 0; i < network_set_count(other, family); i++) {
        Address from;
        Address to;
        network_set_get(other, family, i, &from, &to);
        if (to_number(&to) < at) {
            continue;
        }
        if (to_number(&from) > end) {
            break;
        }
        if (to_number(&from) > at) {
            add_gap(gaps, family, at, to_number(&from) - 1);
        }
        if (to_number(&to) >= end) {
            return;
        }
        at = to_number(&to) + 1;
    }
    add_gap(gaps, family, at, end);
}

GPtrArray *address_gaps(const NetworkSet *set, const NetworkSet *other) {
    static const AddressFamily families[] = {ADDRESS_IPV4, ADDRESS_IPV6};
    GPtrArray *gaps = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        for (guint j = 0; j < network_set_count(set, families[i]); j++) {
            Address first;
            Address last;
            network_set_get(set, families[i], j, &first, &last);
            add_gaps(gaps, &first, &last, other);
        }
    }
    return gaps;
}
