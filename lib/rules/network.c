/*
 * Network: parsing by strict checks and then libcidr, which is included nowhere else.
 * Fails by answering FALSE with a message for the administrator.
 */
#include "rules/network.h"

#include <libcidr.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "protocol/mailbox.h"

G_DEFINE_QUARK(policy - network - error - quark, network_error)

#define FAIL(error, ...) fail_with((error), NETWORK_ERROR, NETWORK_ERROR_SYNTAX, __VA_ARGS__)

static gboolean ends_with(Text text, Text end) {
    return text.length >= end.length
           && text_equal_folded(text_make(text.data + text.length - end.length, end.length), end);
}

/* Splits `ADDRESS/PREFIX`, with IPv6 in brackets where they are allowed. */
static gboolean split(Text text, gboolean brackets, Text *address, Text *prefix, GError **error) {
    ssize_t slash = text_find(text, '/');
    size_t length = slash < 0 ? text.length : (size_t)slash;
    *address = text_make(text.data, length);
    *prefix = slash < 0 ? text_make(NULL, 0)
                        : text_make(text.data + length + 1, text.length - length - 1);
    gboolean bracketed = length > 1 && text.data[0] == '[' && text.data[length - 1] == ']';
    if (!bracketed) {
        return TRUE;
    }
    *address = text_make(text.data + 1, length - 2);
    if (!brackets) {
        return FAIL(error, "network '%.*s' is in brackets; write it without them", (int)text.length,
                    text.data);
    }
    return TRUE;
}

static gboolean check_address(Text text, Text part, GError **error) {
    Address address;
    int length = (int)text.length;
    if (ends_with(domain_trim(part), TEXT_LITERAL(".arpa"))) {
        return FAIL(error, "network '%.*s' is a reverse DNS name; write the address", length,
                    text.data);
    }
    if (text_find(part, '%') >= 0) {
        return FAIL(error, "network '%.*s' has a zone; write the address alone", length, text.data);
    }
    if (address_parse(part, &address)) {
        return TRUE;
    }
    for (size_t i = 0; i < part.length; i++) {
        if (!g_ascii_isdigit(part.data[i]) && part.data[i] != '.') {
            return FAIL(error, "'%.*s' is not an address or a CIDR block", length, text.data);
        }
    }
    return FAIL(error, "'%.*s' is not a whole address; write four numbers from 0 to 255", length,
                text.data);
}

static gboolean parse_prefix(Text text, Text prefix, guint bits, guint *out, GError **error) {
    guint64 value = bits;
    if (prefix.data
        && (!text_parse_number(prefix, &value) || prefix.length > 3
            || (prefix.length > 1 && prefix.data[0] == '0'))) {
        return FAIL(error, "'%.*s' has no prefix length from 0 to %u behind the slash",
                    (int)text.length, text.data, bits);
    }
    if (value > bits) {
        return FAIL(error, "prefix length /%" G_GUINT64_FORMAT " is over /%u", value, bits);
    }
    *out = (guint)value;
    return TRUE;
}

/* libcidr 1.2.3 compares the end of its text with ".in-addr.arpa" without asking how long the text
 * is, so what stands before it must be ours to read. */
#define CIDR_MARGIN 16

/* The block's bits by libcidr, from text that can't surprise it. */
static gboolean read_block(Text part, guint prefix, guint8 bytes[16], guint8 mask[16]) {
    char padded[CIDR_MARGIN + ADDRESS_TEXT_SIZE + 4] = {0};
    g_snprintf(padded + CIDR_MARGIN, sizeof padded - CIDR_MARGIN, "%.*s/%u", (int)part.length,
               part.data, prefix);
    CIDR *block = cidr_from_str(padded + CIDR_MARGIN);
    if (!block) {
        return FALSE;
    }
    uint8_t *block_bytes = cidr_get_addr(block);
    uint8_t *block_mask = cidr_get_mask(block);
    gboolean read = block_bytes && block_mask;
    if (read) {
        memcpy(bytes, block_bytes, 16);
        memcpy(mask, block_mask, 16);
    }
    free(block_bytes);
    free(block_mask);
    cidr_free(block);
    return read;
}

/* libcidr keeps IPv4 in the last 4 of 16 bytes, as v4-mapped IPv6 is. */
static void set_address(Address *address, AddressFamily family, const guint8 bytes[16]) {
    *address = (Address){.family = family};
    if (family == ADDRESS_IPV4) {
        memcpy(address->bytes, bytes + 12, 4);
    } else {
        memcpy(address->bytes, bytes, 16);
    }
}

static void set_range(Network *network, AddressFamily family, const guint8 bytes[16],
                      const guint8 mask[16]) {
    guint8 first[16];
    guint8 last[16];
    for (int i = 0; i < 16; i++) {
        first[i] = (guint8)(bytes[i] & mask[i]);
        last[i] = (guint8)(bytes[i] | (guint8)~mask[i]);
    }
    set_address(&network->first, family, first);
    set_address(&network->last, family, last);
}

static gboolean check_host_bits(Text text, Text part, const Network *network, GError **error) {
    Address written;
    address_parse(part, &written);
    if (address_equal(&written, &network->first)) {
        return TRUE;
    }
    g_autofree char *whole = network_format(network);
    char alone[ADDRESS_TEXT_SIZE];
    address_print(&written, alone);
    return FAIL(error, "network '%.*s' has host bits set; write %s, or %s for the one address",
                (int)text.length, text.data, whole, alone);
}

gboolean network_parse(Text text, gboolean brackets, Network *out, GError **error) {
    Text part;
    Text prefix_text;
    Address address;
    Network network;
    guint8 bytes[16];
    guint8 mask[16];
    guint prefix = 0;
    if (!split(text, brackets, &part, &prefix_text, error) || !check_address(text, part, error)) {
        return FALSE;
    }
    gboolean v6 = text_find(part, ':') >= 0;
    if (!parse_prefix(text, prefix_text, v6 ? 128 : 32, &prefix, error)) {
        return FALSE;
    }
    address_parse(part, &address);
    gboolean mapped = v6 && address.family == ADDRESS_IPV4;
    if (mapped && prefix < 96) {
        return FAIL(error, "v4-mapped network '%.*s' is wider than all of IPv4", (int)text.length,
                    text.data);
    }
    if (!read_block(part, prefix, bytes, mask)) {
        return FAIL(error, "'%.*s' is not an address or a CIDR block", (int)text.length, text.data);
    }
    network.prefix = mapped ? prefix - 96 : prefix;
    set_range(&network, address.family, bytes, mask);
    if (!check_host_bits(text, part, &network, error)) {
        return FALSE;
    }
    *out = network;
    return TRUE;
}

char *network_format(const Network *network) {
    char first[ADDRESS_TEXT_SIZE];
    guint bits = (guint)address_length(&network->first) * 8;
    address_print(&network->first, first);
    return network->prefix == bits ? g_strdup(first)
                                   : g_strdup_printf("%s/%u", first, network->prefix);
}
