/*
 * Units of lib/rules/network: what is a network, and what is refused with what advice.
 */
#include "rules/network.h"

#include "unit/unit.h"

#define NOT_A_BLOCK(text) "'" text "' is not an address or a CIDR block"
#define NOT_WHOLE(text) "'" text "' is not a whole address; write four numbers from 0 to 255"
#define NO_PREFIX(text, bits) "'" text "' has no prefix length from 0 to " bits " behind the slash"
#define REVERSE(text) "network '" text "' is a reverse DNS name; write the address"
#define ZONE(text) "network '" text "' has a zone; write the address alone"
#define HOST_BITS(text, whole, alone) \
    "network '" text "' has host bits set; write " whole ", or " alone " for the one address"

static const struct {
    const char *text;
    gboolean brackets;
    const char *printed; /* NULL: refused */
    const char *message;
} rows[] = {
    {"192.0.2.1", FALSE, "192.0.2.1", NULL},
    {"192.0.2.0/24", FALSE, "192.0.2.0/24", NULL},
    {"192.0.2.1/32", FALSE, "192.0.2.1", NULL},
    {"192.0.2.0/31", FALSE, "192.0.2.0/31", NULL},
    {"0.0.0.0/0", FALSE, "0.0.0.0/0", NULL},
    {"0.0.0.0", FALSE, "0.0.0.0", NULL},
    {"255.255.255.255", FALSE, "255.255.255.255", NULL},
    {"128.0.0.0/1", FALSE, "128.0.0.0/1", NULL},
    {"::1", FALSE, "::1", NULL},
    {"::", FALSE, "::", NULL},
    {"::/0", FALSE, "::/0", NULL},
    {"2001:db8::/32", FALSE, "2001:db8::/32", NULL},
    {"2001:DB8:0:0::1", FALSE, "2001:db8::1", NULL},
    {"2001:db8::1/128", FALSE, "2001:db8::1", NULL},
    {"fe80::/10", FALSE, "fe80::/10", NULL},
    {"64:ff9b::192.0.2.1", FALSE, "64:ff9b::c000:201", NULL},
    {"1:2:3:4:5:6:7:8", FALSE, "1:2:3:4:5:6:7:8", NULL},

    /* v4-mapped is IPv4. */
    {"::ffff:192.0.2.1", FALSE, "192.0.2.1", NULL},
    {"::ffff:192.0.2.0/120", FALSE, "192.0.2.0/24", NULL},
    {"::ffff:127.0.0.0/104", FALSE, "127.0.0.0/8", NULL},
    {"::ffff:c000:200/120", FALSE, "192.0.2.0/24", NULL},
    {"::ffff:0:0/96", FALSE, "0.0.0.0/0", NULL},
    {"::ffff:0:0/95", FALSE, NULL, "v4-mapped network '::ffff:0:0/95' is wider than all of IPv4"},
    {"::ffff:192.0.2.1/120", FALSE, NULL,
     HOST_BITS("::ffff:192.0.2.1/120", "192.0.2.0/24", "192.0.2.1")},
    {"::fffe:0:0/95", FALSE, "::fffe:0:0/95", NULL},

    /* Host bits. */
    {"10.0.0.1/8", FALSE, NULL, HOST_BITS("10.0.0.1/8", "10.0.0.0/8", "10.0.0.1")},
    {"192.0.2.1/31", FALSE, NULL, HOST_BITS("192.0.2.1/31", "192.0.2.0/31", "192.0.2.1")},
    {"0.0.0.1/0", FALSE, NULL, HOST_BITS("0.0.0.1/0", "0.0.0.0/0", "0.0.0.1")},
    {"2001:db8::1/32", FALSE, NULL, HOST_BITS("2001:db8::1/32", "2001:db8::/32", "2001:db8::1")},
    {"::1/127", FALSE, NULL, HOST_BITS("::1/127", "::/127", "::1")},

    /* Prefixes. */
    {"192.0.2.0/33", FALSE, NULL, "prefix length /33 is over /32"},
    {"192.0.2.0/128", FALSE, NULL, "prefix length /128 is over /32"},
    {"2001:db8::/129", FALSE, NULL, "prefix length /129 is over /128"},
    {"192.0.2.0/999", FALSE, NULL, "prefix length /999 is over /32"},
    {"192.0.2.0/", FALSE, NULL, NO_PREFIX("192.0.2.0/", "32")},
    {"192.0.2.0/024", FALSE, NULL, NO_PREFIX("192.0.2.0/024", "32")},
    {"192.0.2.0/00", FALSE, NULL, NO_PREFIX("192.0.2.0/00", "32")},
    {"192.0.2.0/-1", FALSE, NULL, NO_PREFIX("192.0.2.0/-1", "32")},
    {"192.0.2.0/+8", FALSE, NULL, NO_PREFIX("192.0.2.0/+8", "32")},
    {"192.0.2.0/ 8", FALSE, NULL, NO_PREFIX("192.0.2.0/ 8", "32")},
    {"192.0.2.0/1000", FALSE, NULL, NO_PREFIX("192.0.2.0/1000", "32")},
    {"192.0.2.0/4294967320", FALSE, NULL, NO_PREFIX("192.0.2.0/4294967320", "32")},
    {"192.0.2.0/18446744073709551640", FALSE, NULL,
     NO_PREFIX("192.0.2.0/18446744073709551640", "32")},
    {"192.0.2.0/255.255.255.0", FALSE, NULL, NO_PREFIX("192.0.2.0/255.255.255.0", "32")},
    {"192.0.2.0/24/24", FALSE, NULL, NO_PREFIX("192.0.2.0/24/24", "32")},
    {"2001:db8::/x", FALSE, NULL, NO_PREFIX("2001:db8::/x", "128")},
    {"/8", FALSE, NULL, NOT_WHOLE("/8")},

    /* What libcidr or inet_aton() would take. */
    {"10.1", FALSE, NULL, NOT_WHOLE("10.1")},
    {"10/8", FALSE, NULL, NOT_WHOLE("10/8")},
    {"10.0.0.0.0", FALSE, NULL, NOT_WHOLE("10.0.0.0.0")},
    {"10.0.0.", FALSE, NULL, NOT_WHOLE("10.0.0.")},
    {"192.0.2.256", FALSE, NULL, NOT_WHOLE("192.0.2.256")},
    {"192.0.2.01", FALSE, NULL, NOT_WHOLE("192.0.2.01")},
    {"3221225985", FALSE, NULL, NOT_WHOLE("3221225985")},
    {"0xc0000201", FALSE, NULL, NOT_A_BLOCK("0xc0000201")},
    {"", FALSE, NULL, NOT_WHOLE("")},
    {"1.2.0.192.in-addr.arpa", FALSE, NULL, REVERSE("1.2.0.192.in-addr.arpa")},
    {"1.2.0.192.IN-ADDR.ARPA.", FALSE, NULL, REVERSE("1.2.0.192.IN-ADDR.ARPA.")},
    {"8.b.d.0.1.0.0.2.ip6.arpa", FALSE, NULL, REVERSE("8.b.d.0.1.0.0.2.ip6.arpa")},
    {".arpa", FALSE, NULL, REVERSE(".arpa")},
    {"arpa", FALSE, NULL, NOT_A_BLOCK("arpa")},
    {"fe80::1%eth0", FALSE, NULL, ZONE("fe80::1%eth0")},
    {"fe80::%1/64", FALSE, NULL, ZONE("fe80::%1/64")},
    {"localhost", FALSE, NULL, NOT_A_BLOCK("localhost")},
    {"example.com", FALSE, NULL, NOT_A_BLOCK("example.com")},
    {"192.0.2.1:25", FALSE, NULL, NOT_A_BLOCK("192.0.2.1:25")},
    {"192.0.2.1-192.0.2.9", FALSE, NULL, NOT_A_BLOCK("192.0.2.1-192.0.2.9")},
    {"192.0.2.*", FALSE, NULL, NOT_A_BLOCK("192.0.2.*")},
    {" 192.0.2.1", FALSE, NULL, NOT_A_BLOCK(" 192.0.2.1")},
    {"2001:db8", FALSE, NULL, NOT_A_BLOCK("2001:db8")},
    {"2001:db8:::1", FALSE, NULL, NOT_A_BLOCK("2001:db8:::1")},
    {"1:2:3:4:5:6:7:8:9", FALSE, NULL, NOT_A_BLOCK("1:2:3:4:5:6:7:8:9")},
    {"2001:db8::12345", FALSE, NULL, NOT_A_BLOCK("2001:db8::12345")},
    {"hash:/etc/postfix/networks", FALSE, NULL, NOT_A_BLOCK("hash:/etc/postfix/networks")},

    /* Brackets are Postfix's, not ours. */
    {"[2001:db8::]/32", TRUE, "2001:db8::/32", NULL},
    {"[::1]", TRUE, "::1", NULL},
    {"[::1]/128", TRUE, "::1", NULL},
    {"[::ffff:127.0.0.0]/104", TRUE, "127.0.0.0/8", NULL},
    {"127.0.0.0/8", TRUE, "127.0.0.0/8", NULL},
    {"[2001:db8::1]/32", TRUE, NULL, HOST_BITS("[2001:db8::1]/32", "2001:db8::/32", "2001:db8::1")},
    {"[2001:db8::/32]", TRUE, NULL, NOT_A_BLOCK("[2001:db8::/32]")},
    {"[]", TRUE, NULL, NOT_WHOLE("[]")},
    {"[", TRUE, NULL, NOT_A_BLOCK("[")},
    {"[::1", TRUE, NULL, NOT_A_BLOCK("[::1")},
    {"[IPv6:::1]", TRUE, NULL, NOT_A_BLOCK("[IPv6:::1]")},
    {"[2001:db8::]/32", FALSE, NULL,
     "network '[2001:db8::]/32' is in brackets; write it without them"},
    {"[192.0.2.1]", FALSE, NULL, "network '[192.0.2.1]' is in brackets; write it without them"},
};

START_TEST(test_parse) {
    g_autoptr(GError) error = NULL;
    Text text = text_from_string(rows[_i].text);
    g_autofree char *copy = unit_copy(text);
    Network network = {.prefix = 999};
    gboolean parsed =
        network_parse(text_make(copy, text.length), rows[_i].brackets, &network, &error);
    ck_assert_msg(parsed == (rows[_i].printed != NULL), "%s: parsed %d", rows[_i].text, parsed);
    ck_assert_int_eq(parsed, error == NULL);
    if (parsed) {
        g_autofree char *printed = network_format(&network);
        ck_assert_str_eq(printed, rows[_i].printed);
    } else {
        ck_assert_uint_eq(network.prefix, 999);
        ck_assert(g_error_matches(error, NETWORK_ERROR, NETWORK_ERROR_SYNTAX));
        ck_assert_str_eq(error->message, rows[_i].message);
    }
}
END_TEST

static const struct {
    const char *text;
    const char *first;
    const char *last;
} ranges[] = {
    {"192.0.2.0/24", "192.0.2.0", "192.0.2.255"},
    {"192.0.2.128/25", "192.0.2.128", "192.0.2.255"},
    {"10.0.0.0/9", "10.0.0.0", "10.127.255.255"},
    {"0.0.0.0/0", "0.0.0.0", "255.255.255.255"},
    {"192.0.2.7", "192.0.2.7", "192.0.2.7"},
    {"2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"},
    {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2001:db8::4/126", "2001:db8::4", "2001:db8::7"},
    {"::ffff:10.0.0.0/104", "10.0.0.0", "10.255.255.255"},
};

START_TEST(test_range) {
    Network network;
    char first[ADDRESS_TEXT_SIZE];
    char last[ADDRESS_TEXT_SIZE];
    ck_assert(network_parse(text_from_string(ranges[_i].text), FALSE, &network, NULL));
    address_print(&network.first, first);
    address_print(&network.last, last);
    ck_assert_str_eq(first, ranges[_i].first);
    ck_assert_str_eq(last, ranges[_i].last);
    ck_assert_int_eq(network.first.family, network.last.family);
}
END_TEST

/* A NUL ends no text. */
START_TEST(test_nul) {
    Network network;
    ck_assert(!network_parse(TEXT_LITERAL("192.0.2.1\0"), FALSE, &network, NULL));
    ck_assert(!network_parse(TEXT_LITERAL("192.0.2.0/24\0"), FALSE, &network, NULL));
    ck_assert(!network_parse(TEXT_LITERAL("\0"), FALSE, &network, NULL));
    ck_assert(!network_parse(text_make(NULL, 0), FALSE, &network, NULL));
}
END_TEST

/* No text is longer than libcidr's buffer holds. */
START_TEST(test_long) {
    g_autofree char *zeros = g_strnfill(5000, '0');
    g_autofree char *v6 = g_strconcat(zeros, "::1", NULL);
    Network network;
    ck_assert(!network_parse(text_from_string(zeros), FALSE, &network, NULL));
    ck_assert(!network_parse(text_from_string(v6), FALSE, &network, NULL));
    ck_assert(network_parse(TEXT_LITERAL("0000:0000:0000:0000:0000:ffff:192.100.200.255/128"),
                            FALSE, &network, NULL));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("network");
    UNIT_ADD_TABLE(suite, test_parse, rows);
    UNIT_ADD_TABLE(suite, test_range, ranges);
    unit_add(suite, "test_nul", test_nul, 1);
    unit_add(suite, "test_long", test_long, 1);
    return unit_run(suite);
}
