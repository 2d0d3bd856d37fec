/*
 * Address: parsing and printing by inet_pton() and inet_ntop(), which take no host names, no short
 * forms such as 10.1 and no zones. Fails by answering FALSE.
 */
#include "protocol/address.h"

#include <arpa/inet.h>
#include <string.h>

static const guint8 mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* What inet_pton() takes: four numbers from 0 to 255, none with a zero in front. */
static gboolean parse_ipv4(Text text, guint32 *out) {
    guint32 address = 0;
    guint dots = 0;
    guint part = 0;
    guint digits = 0;
    for (size_t i = 0; i < text.length; i++) {
        guint digit = (guint)(guchar)text.data[i] - '0';
        if (digit <= 9) {
            part = part * 10 + digit;
            if (part > 255 || (digits > 0 && part < 10)) {
                return FALSE;
            }
            digits++;
        } else if (text.data[i] == '.' && digits > 0 && dots < 3) {
            address = address << 8 | part;
            dots++;
            part = 0;
            digits = 0;
        } else {
            return FALSE;
        }
    }
    *out = address << 8 | part;
    return dots == 3 && digits > 0;
}

static gboolean parse_ipv6(Text text, Address *out) {
    char string[ADDRESS_TEXT_SIZE];
    Address address = {.family = ADDRESS_IPV6};
    if (text.length == 0 || text.length >= sizeof string || text_find(text, '\0') >= 0) {
        return FALSE;
    }
    memcpy(string, text.data, text.length);
    string[text.length] = '\0';
    if (inet_pton(AF_INET6, string, address.bytes) != 1) {
        return FALSE;
    }
    if (memcmp(address.bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
        address.family = ADDRESS_IPV4;
        memmove(address.bytes, address.bytes + 12, 4);
        memset(address.bytes + 4, 0, 12);
    }
    *out = address;
    return TRUE;
}

gboolean address_parse(Text text, Address *out) {
    guint32 ipv4;
    if (!parse_ipv4(text, &ipv4)) {
        return parse_ipv6(text, out);
    }
    ipv4 = GUINT32_TO_BE(ipv4);
    *out = (Address){.family = ADDRESS_IPV4};
    memcpy(out->bytes, &ipv4, sizeof ipv4);
    return TRUE;
}

gboolean address_parse_literal(Text text, Address *out) {
    static const Text tag = TEXT_LITERAL("ipv6:");
    if (text.length < 2 || text.data[0] != '[' || text.data[text.length - 1] != ']') {
        return FALSE;
    }
    Text inside = text_make(text.data + 1, text.length - 2);
    gboolean tagged =
        inside.length >= tag.length && text_equal_folded(text_make(inside.data, tag.length), tag);
    if (tagged) {
        inside = text_make(inside.data + tag.length, inside.length - tag.length);
    }
    Address address;
    gboolean colons = text_find(inside, ':') >= 0;
    if (tagged != colons || !address_parse(inside, &address)
        || tagged != (address.family == ADDRESS_IPV6)) {
        return FALSE;
    }
    *out = address;
    return TRUE;
}

gboolean address_equal(const Address *a, const Address *b) {
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

size_t address_length(const Address *a) {
    return a->family == ADDRESS_IPV4 ? 4 : 16;
}

void address_print(const Address *a, char out[ADDRESS_TEXT_SIZE]) {
    int family = a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
    inet_ntop(family, a->bytes, out, ADDRESS_TEXT_SIZE);
}
