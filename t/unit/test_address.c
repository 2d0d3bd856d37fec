/*
 * Units of lib/protocol/address.
 */
#include "protocol/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "unit/random.h"

/* `printed` is NULL where the text is no address. */
typedef struct {
    const char *name;
    Text text;
    const char *printed;
    size_t length;
} Row;

static const Row addresses[] = {
    {"IPv4", BYTES("192.0.2.1"), "192.0.2.1", 4},
    {"IPv4, each of another length", BYTES("1.20.100.0"), "1.20.100.0", 4},
    {"the lowest", BYTES("0.0.0.0"), "0.0.0.0", 4},
    {"the highest", BYTES("255.255.255.255"), "255.255.255.255", 4},
    {"IPv6", BYTES("2001:db8::1"), "2001:db8::1", 16},
    {"IPv6 loopback", BYTES("::1"), "::1", 16},
    {"IPv6 any", BYTES("::"), "::", 16},
    {"IPv6 in capitals", BYTES("2001:DB8::A"), "2001:db8::a", 16},
    {"IPv6 in full", BYTES("2001:0db8:0000:0000:0000:0000:0000:0001"), "2001:db8::1", 16},
    {"IPv6 with an IPv4 tail", BYTES("64:ff9b::192.0.2.1"), "64:ff9b::c000:201", 16},
    {"link-local without a zone", BYTES("fe80::1"), "fe80::1", 16},
    {"v4-mapped", BYTES("::ffff:192.0.2.1"), "192.0.2.1", 4},
    {"v4-mapped in hexadecimal", BYTES("::ffff:c000:201"), "192.0.2.1", 4},
    {"v4-mapped in capitals", BYTES("::FFFF:192.0.2.1"), "192.0.2.1", 4},
    {"v4-mapped, 45 bytes long", BYTES("0000:0000:0000:0000:0000:ffff:192.100.200.255"),
     "192.100.200.255", 4},
    {"v4-compatible is IPv6", BYTES("::192.0.2.1"), "::192.0.2.1", 16},
    {"almost v4-mapped", BYTES("::fffe:c000:201"), "::fffe:c000:201", 16},
    {"empty", BYTES(""), NULL, 0},
    {"no data", {NULL, 0}, NULL, 0},
    {"unknown", BYTES("unknown"), NULL, 0},
    {"a host name", BYTES("localhost"), NULL, 0},
    {"46 bytes long", BYTES("00000:0000:0000:0000:0000:ffff:192.100.200.255"), NULL, 0},
    {"three parts", BYTES("192.0.2"), NULL, 0},
    {"two parts", BYTES("10.1"), NULL, 0},
    {"one number", BYTES("3221225985"), NULL, 0},
    {"five parts", BYTES("192.0.2.1.1"), NULL, 0},
    {"256", BYTES("192.0.2.256"), NULL, 0},
    {"a leading zero", BYTES("192.0.2.01"), NULL, 0},
    {"two zeros", BYTES("192.00.2.1"), NULL, 0},
    {"four digits", BYTES("192.0.2.1000"), NULL, 0},
    {"a number that wraps", BYTES("192.0.2.4294967297"), NULL, 0},
    {"a dot before", BYTES(".192.0.2.1"), NULL, 0},
    {"dots alone", BYTES("..."), NULL, 0},
    {"octal", BYTES("0300.0.2.1"), NULL, 0},
    {"hexadecimal", BYTES("0xc0.0.2.1"), NULL, 0},
    {"an empty part", BYTES("192..2.1"), NULL, 0},
    {"a dot at the end", BYTES("192.0.2.1."), NULL, 0},
    {"a sign", BYTES("-1.0.2.1"), NULL, 0},
    {"a space before", BYTES(" 192.0.2.1"), NULL, 0},
    {"a space behind", BYTES("192.0.2.1 "), NULL, 0},
    {"a newline behind", BYTES("192.0.2.1\n"), NULL, 0},
    {"a prefix", BYTES("192.0.2.0/24"), NULL, 0},
    {"an IPv6 prefix", BYTES("2001:db8::/32"), NULL, 0},
    {"a port", BYTES("192.0.2.1:25"), NULL, 0},
    {"brackets", BYTES("[192.0.2.1]"), NULL, 0},
    {"IPv6 in brackets", BYTES("[2001:db8::1]"), NULL, 0},
    {"the tag of a literal", BYTES("IPv6:2001:db8::1"), NULL, 0},
    {"a zone", BYTES("fe80::1%eth0"), NULL, 0},
    {"a zone by number", BYTES("fe80::1%1"), NULL, 0},
    {"an IPv4 zone", BYTES("192.0.2.1%1"), NULL, 0},
    {"nine groups", BYTES("1:2:3:4:5:6:7:8:9"), NULL, 0},
    {"seven groups", BYTES("1:2:3:4:5:6:7"), NULL, 0},
    {"five digits in a group", BYTES("2001:db8::00001"), NULL, 0},
    {"two gaps", BYTES("1::2::3"), NULL, 0},
    {"three colons", BYTES("1:::2"), NULL, 0},
    {"a letter that is no digit", BYTES("2001:db8::g"), NULL, 0},
    {"a NUL behind IPv4", BYTES("192.0.2.1\0"), NULL, 0},
    {"text behind a NUL", BYTES("192.0.2.1\0.example"), NULL, 0},
    {"a NUL behind IPv6", BYTES("::1\0"), NULL, 0},
    {"a NUL inside", BYTES("192.0\0.2.1"), NULL, 0},
    {"a NUL first",
     BYTES("\0"
           "192.0.2.1"),
     NULL, 0},
    {"full-width digits", BYTES("\xef\xbc\x91.0.2.1"), NULL, 0},
};

static const Row literals[] = {
    {"IPv4", BYTES("[192.0.2.1]"), "192.0.2.1", 4},
    {"IPv6", BYTES("[IPv6:2001:db8::1]"), "2001:db8::1", 16},
    {"the tag in lower case", BYTES("[ipv6:2001:db8::1]"), "2001:db8::1", 16},
    {"the tag in capitals", BYTES("[IPV6:2001:DB8::1]"), "2001:db8::1", 16},
    {"loopback", BYTES("[IPv6:::1]"), "::1", 16},
    {"v4-compatible", BYTES("[IPv6:::192.0.2.1]"), "::192.0.2.1", 16},
    {"v4-mapped", BYTES("[IPv6:::ffff:192.0.2.1]"), NULL, 0},
    {"v4-mapped in hexadecimal", BYTES("[IPv6:::ffff:c000:201]"), NULL, 0},
    {"IPv6 without a tag", BYTES("[2001:db8::1]"), NULL, 0},
    {"v4-mapped without a tag", BYTES("[::ffff:192.0.2.1]"), NULL, 0},
    {"IPv4 with the tag", BYTES("[IPv6:192.0.2.1]"), NULL, 0},
    {"another tag", BYTES("[IPv4:192.0.2.1]"), NULL, 0},
    {"the tag twice", BYTES("[IPv6:IPv6:::1]"), NULL, 0},
    {"the tag alone", BYTES("[IPv6:]"), NULL, 0},
    {"half a tag", BYTES("[IPv6]"), NULL, 0},
    {"no brackets", BYTES("192.0.2.1"), NULL, 0},
    {"no opening bracket", BYTES("192.0.2.1]"), NULL, 0},
    {"no closing bracket", BYTES("[192.0.2.1"), NULL, 0},
    {"two pairs of brackets", BYTES("[[192.0.2.1]]"), NULL, 0},
    {"empty brackets", BYTES("[]"), NULL, 0},
    {"one bracket", BYTES("["), NULL, 0},
    {"one closing bracket", BYTES("]"), NULL, 0},
    {"empty", BYTES(""), NULL, 0},
    {"a zone", BYTES("[IPv6:fe80::1%eth0]"), NULL, 0},
    {"a prefix", BYTES("[192.0.2.0/24]"), NULL, 0},
    {"a dot behind", BYTES("[192.0.2.1]."), NULL, 0},
    {"a short form", BYTES("[127.1]"), NULL, 0},
    {"a host name", BYTES("[example.com]"), NULL, 0},
    {"spaces", BYTES("[ 192.0.2.1 ]"), NULL, 0},
    {"a NUL", BYTES("[192.0.2.1\0]"), NULL, 0},
};

static void check_row(const Row *row, gboolean (*parse)(Text text, Address *out)) {
    g_autofree char *copy = unit_copy(row->text);
    Address address;
    Address untouched;
    memset(&address, 0xa5, sizeof address);
    memset(&untouched, 0xa5, sizeof untouched);
    gboolean ok = parse(text_make(copy, row->text.length), &address);
    ck_assert_msg(ok == (row->printed != NULL), "%s", row->name);
    if (!ok) {
        ck_assert_msg(memcmp(&address, &untouched, sizeof address) == 0, "%s: touched", row->name);
        return;
    }
    char printed[ADDRESS_TEXT_SIZE];
    address_print(&address, printed);
    ck_assert_msg(strcmp(printed, row->printed) == 0, "%s: %s", row->name, printed);
    ck_assert_msg(address_length(&address) == row->length, "%s", row->name);
    for (size_t i = row->length; i < sizeof address.bytes; i++) {
        ck_assert_msg(address.bytes[i] == 0, "%s: byte %zu", row->name, i);
    }
}

START_TEST(test_parse) {
    check_row(&addresses[_i], address_parse);
}
END_TEST

/* What inet_pton() takes and no more, as Address has it. */
static gboolean parse_by_library(Text text, Address *out) {
    static const guint8 mapped[12] = {[10] = 0xff, [11] = 0xff};
    g_autofree char *string = g_strndup(text.data, text.length);
    guint8 bytes[16];
    *out = (Address){.family = ADDRESS_IPV4};
    if (strlen(string) < text.length) {
        return FALSE;
    }
    if (inet_pton(AF_INET, string, out->bytes) == 1) {
        return TRUE;
    }
    if (inet_pton(AF_INET6, string, bytes) != 1) {
        return FALSE;
    }
    gboolean ipv4 = memcmp(bytes, mapped, sizeof mapped) == 0;
    out->family = ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
    memcpy(out->bytes, ipv4 ? bytes + 12 : bytes, ipv4 ? 4 : 16);
    return TRUE;
}

static void check_library(Random *random, Text text) {
    g_autofree char *copy = unit_copy(text);
    Address got;
    Address want;
    gboolean good = address_parse(text_make(copy, text.length), &got);
    RANDOM_ASSERT(random, good == parse_by_library(text, &want), "%s", unit_show(text));
    RANDOM_ASSERT(random, !good || address_equal(&got, &want), "%s", unit_show(text));
}

static Text make_address(Random *random, char out[64]) {
    static const guint near[] = {0, 1, 9, 10, 99, 100, 199, 200, 249, 255, 256, 260, 300, 1000};
    guint parts[4];
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        parts[i] = random_below(random, 2) ? random_below(random, 256)
                                           : near[random_below(random, G_N_ELEMENTS(near))];
    }
    gint length = g_snprintf(out, 64, "%u.%u.%u.%u", parts[0], parts[1], parts[2], parts[3]);
    return text_make(out, (size_t)length);
}

/* Puts a byte in, takes one out, or replaces one. */
static Text damage(Random *random, char bytes[64], Text text) {
    static const char letters[] = "0123456789.0123456789.:x-+ /\0\n\xb1";
    size_t at = random_below(random, (guint)text.length);
    char byte = letters[random_below(random, sizeof letters - 1)];
    switch (random_below(random, 3)) {
    case 0:
        memmove(bytes + at + 1, bytes + at, text.length - at);
        bytes[at] = byte;
        return text_make(bytes, text.length + 1);
    case 1:
        memmove(bytes + at, bytes + at + 1, text.length - at - 1);
        return text_make(bytes, text.length - 1);
    default:
        bytes[at] = byte;
        return text;
    }
}

START_TEST(test_library) {
    Random random = random_start();
    char bytes[64];
    for (guint round = 0; round < 100000; round++) {
        Text text = make_address(&random, bytes);
        check_library(&random, text);
        for (guint i = random_below(&random, 3); i > 0; i--) {
            text = damage(&random, bytes, text);
            check_library(&random, text);
        }
    }
}
END_TEST

START_TEST(test_parse_literal) {
    check_row(&literals[_i], address_parse_literal);
}
END_TEST

static const struct {
    const char *name;
    const char *a;
    const char *b;
    gboolean equal;
} pairs[] = {
    {"the same IPv4", "192.0.2.1", "192.0.2.1", TRUE},
    {"another IPv4", "192.0.2.1", "192.0.2.2", FALSE},
    {"two spellings", "2001:DB8:0::1", "2001:db8::1", TRUE},
    {"v4-mapped and IPv4", "::ffff:192.0.2.1", "192.0.2.1", TRUE},
    {"the first four bytes of IPv6", "c000:201::", "192.0.2.1", FALSE},
    {"v4-compatible and IPv4", "::192.0.2.1", "192.0.2.1", FALSE},
    {"zeros", "::", "0.0.0.0", FALSE},
    {"the last byte", "::1", "::2", FALSE},
};

START_TEST(test_equal) {
    Address a;
    Address b;
    ck_assert(address_parse(text_from_string(pairs[_i].a), &a));
    ck_assert(address_parse(text_from_string(pairs[_i].b), &b));
    ck_assert_msg(address_equal(&a, &b) == pairs[_i].equal, "%s", pairs[_i].name);
    ck_assert_msg(address_equal(&b, &a) == pairs[_i].equal, "%s, turned", pairs[_i].name);
    ck_assert_msg(address_equal(&a, &a), "%s, itself", pairs[_i].name);
}
END_TEST

START_TEST(test_print_longest) {
    static const Text longest = TEXT_LITERAL("1111:2222:3333:4444:5555:6666:7777:8888");
    Address address;
    g_autofree char *out = g_malloc(ADDRESS_TEXT_SIZE);
    ck_assert(address_parse(longest, &address));
    address_print(&address, out);
    UNIT_ASSERT_TEXT("the longest", text_from_string(out), longest);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("address");
    UNIT_ADD_TABLE(suite, test_parse, addresses);
    unit_add(suite, "test_library", test_library, 1);
    UNIT_ADD_TABLE(suite, test_parse_literal, literals);
    UNIT_ADD_TABLE(suite, test_equal, pairs);
    unit_add(suite, "test_print_longest", test_print_longest, 1);
    return unit_run(suite);
}
