/*
 * Units of lib/rules/list: what each kind takes and refuses, and what it then has.
 */
#include "rules/list.h"

#include <string.h>

#include "limit.h"
#include "unit/random.h"

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define LABELS_192 LABEL_63 "." LABEL_63 "." LABEL_63 "."
#define NOT_A_LITERAL(text) \
    "'" text "' is not an address literal; write [192.0.2.1] or [IPv6:2001:db8::1]"
#define MAILBOX_NO_AT(text) "'" text "' has no '@'; write a mailbox, or 'user@' for any domain"
#define MAILBOX_NO_LOCAL(text) \
    "'" text "' has nothing before '@'; a 'domains' list holds whole domains"

static const struct {
    ListKind kind;
    Text item;
    const char *message; /* NULL: taken */
} items[] = {
    {LIST_NETWORKS, BYTES("192.0.2.0/24"), NULL},
    {LIST_NETWORKS, BYTES("::1"), NULL},
    {LIST_NETWORKS, BYTES("10.0.0.1/8"),
     "network '10.0.0.1/8' has host bits set; write 10.0.0.0/8, or 10.0.0.1 for the one address"},
    {LIST_NETWORKS, BYTES("[::1]"), "network '[::1]' is in brackets; write it without them"},

    {LIST_DOMAINS, BYTES("example.com"), NULL},
    {LIST_DOMAINS, BYTES(".example.com"), NULL},
    {LIST_DOMAINS, BYTES("Example.COM"), NULL},
    {LIST_DOMAINS, BYTES("localhost"), NULL},
    {LIST_DOMAINS, BYTES(".com"), NULL},
    {LIST_DOMAINS, BYTES("b\xc3\xbc.example"), NULL},
    {LIST_DOMAINS, BYTES("[192.0.2.1]"), NULL},
    {LIST_DOMAINS, BYTES("[IPv6:2001:db8::1]"), NULL},
    {LIST_DOMAINS, BYTES("[ipv6:::1]"), NULL},
    {LIST_DOMAINS, BYTES(LABELS_192 LABEL_63), NULL},
    {LIST_DOMAINS, BYTES("." LABELS_192 LABEL_63), NULL},
    {LIST_DOMAINS, BYTES("example.com."), "domain 'example.com.' ends in a dot"},
    {LIST_DOMAINS, BYTES("..example.com"), "domain '..example.com' has an empty label"},
    {LIST_DOMAINS, BYTES("."), "domain '.' is empty"},
    {LIST_DOMAINS, BYTES(""), "domain '' is empty"},
    {LIST_DOMAINS, BYTES("*.example.com"),
     "domain '*.example.com' has a '*'; write '.example.com' for all domains under it"},
    {LIST_DOMAINS, BYTES("*"), "domain '*' holds a character that no domain has"},
    {LIST_DOMAINS, BYTES("a*.example"), "domain 'a*.example' holds a character that no domain has"},
    {LIST_DOMAINS, BYTES("user@example.com"),
     "'user@example.com' is a mailbox, not a domain; an 'addresses' list holds those"},
    {LIST_DOMAINS, BYTES("@example.com"),
     "'@example.com' is a mailbox, not a domain; an 'addresses' list holds those"},
    {LIST_DOMAINS, BYTES("192.0.2.1"),
     "domain '192.0.2.1' is an address; write '[192.0.2.1]' for an address literal"},
    {LIST_DOMAINS, BYTES("2001:db8::1"),
     "domain '2001:db8::1' is an address; write '[IPv6:2001:db8::1]' for an address literal"},
    {LIST_DOMAINS, BYTES(".192.0.2.1"), "domain '.192.0.2.1' looks like an address"},
    {LIST_DOMAINS, BYTES("10.1"), "domain '10.1' looks like an address"},
    {LIST_DOMAINS, BYTES("[192.0.2.0/24]"), NOT_A_LITERAL("[192.0.2.0/24]")},
    {LIST_DOMAINS, BYTES("[::1]"), NOT_A_LITERAL("[::1]")},
    {LIST_DOMAINS, BYTES("[IPv6:192.0.2.1]"), NOT_A_LITERAL("[IPv6:192.0.2.1]")},
    {LIST_DOMAINS, BYTES("[IPv6:::ffff:192.0.2.1]"), NOT_A_LITERAL("[IPv6:::ffff:192.0.2.1]")},
    {LIST_DOMAINS, BYTES("["), NOT_A_LITERAL("[")},
    {LIST_DOMAINS, BYTES("[example.com]"), NOT_A_LITERAL("[example.com]")},
    {LIST_DOMAINS, BYTES("hash:/etc/postfix/x"),
     "domain 'hash:/etc/postfix/x' holds a character that no domain has"},
    {LIST_DOMAINS, BYTES("a\0b"), "domain 'a"},
    {LIST_DOMAINS, BYTES(LABEL_63 "x.example"),
     "domain '" LABEL_63 "x.example' has a label longer than 63 bytes"},
    {LIST_DOMAINS, BYTES(LABELS_192 LABEL_63 "x"),
     "domain '" LABELS_192 LABEL_63 "x' is longer than 255 bytes"},
    {LIST_DOMAINS, BYTES("." LABELS_192 LABEL_63 "x"),
     "domain '." LABELS_192 LABEL_63 "x' is longer than 255 bytes"},

    {LIST_ADDRESSES, BYTES("user@example.com"), NULL},
    {LIST_ADDRESSES, BYTES("User@Example.COM"), NULL},
    {LIST_ADDRESSES, BYTES("user@"), NULL},
    {LIST_ADDRESSES, BYTES("user@localhost"), NULL},
    {LIST_ADDRESSES, BYTES("user@[192.0.2.1]"), NULL},
    {LIST_ADDRESSES, BYTES("user@[IPv6:::1]"), NULL},
    {LIST_ADDRESSES, BYTES("a b@example.com"), NULL},
    {LIST_ADDRESSES, BYTES("user+tag@example.com"), NULL},
    {LIST_ADDRESSES, BYTES("a%b@example.com"), NULL},
    {LIST_ADDRESSES, BYTES("user"), MAILBOX_NO_AT("user")},
    {LIST_ADDRESSES, BYTES("example.com"), MAILBOX_NO_AT("example.com")},
    {LIST_ADDRESSES, BYTES(""), MAILBOX_NO_AT("")},
    {LIST_ADDRESSES, BYTES("@example.com"), MAILBOX_NO_LOCAL("@example.com")},
    {LIST_ADDRESSES, BYTES("@"), MAILBOX_NO_LOCAL("@")},
    {LIST_ADDRESSES, BYTES("a@b@example.com"), "mailbox 'a@b@example.com' has two '@'"},
    {LIST_ADDRESSES, BYTES("a@@"), "mailbox 'a@@' has two '@'"},
    {LIST_ADDRESSES, BYTES("a\x7f@example.com"),
     "mailbox 'a\x7f@example.com' holds a control character"},
    {LIST_ADDRESSES, BYTES("a@b\0"), "mailbox 'a@b"},
    {LIST_ADDRESSES, BYTES("user@example.com."), "the domain of 'user@example.com.' ends in a dot"},
    {LIST_ADDRESSES, BYTES("user@."), "the domain of 'user@.' ends in a dot"},
    {LIST_ADDRESSES, BYTES("user@.example.com"),
     "the domain of 'user@.example.com' has an empty label"},
    {LIST_ADDRESSES, BYTES("user@a..b"), "the domain of 'user@a..b' has an empty label"},
    {LIST_ADDRESSES, BYTES("user@192.0.2.1"),
     "the domain of 'user@192.0.2.1' looks like an address"},
    {LIST_ADDRESSES, BYTES("user@[::1]"),
     "the domain of 'user@[::1]' holds a character that no domain has"},
    {LIST_ADDRESSES, BYTES("user@*"),
     "the domain of 'user@*' holds a character that no domain has"},

    {LIST_STRINGS, BYTES("x"), NULL},
    {LIST_STRINGS, BYTES(" "), NULL},
    {LIST_STRINGS, BYTES("a\0b"), NULL},
    {LIST_STRINGS, BYTES(""),
     "an empty string equals no value; 'not ATTRIBUTE' is true where it is absent"},
};

START_TEST(test_add) {
    g_autoptr(List) list = list_new(items[_i].kind, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = unit_copy(items[_i].item);
    Text item = text_make(copy, items[_i].item.length);
    gboolean added = list_add(list, item, LIST_ITEM_WRITTEN, &error);
    ck_assert_msg(added == (items[_i].message == NULL), "%s: %d", unit_show(item), added);
    if (added) {
        ck_assert_ptr_null(error);
    } else if (memchr(item.data, '\0', item.length)) {
        ck_assert_msg(g_str_has_prefix(error->message, items[_i].message), "%s", error->message);
    } else {
        ck_assert_str_eq(error->message, items[_i].message);
    }
}
END_TEST

START_TEST(test_kinds) {
    static const char *const names[] = {"networks", "domains", "addresses", "strings"};
    for (int kind = LIST_NETWORKS; kind <= LIST_STRINGS; kind++) {
        g_autoptr(List) named = list_new((ListKind)kind, "a_name");
        g_autoptr(List) braces = list_new((ListKind)kind, NULL);
        ck_assert_int_eq(list_kind(named), kind);
        ck_assert_str_eq(list_name(named), "a_name");
        ck_assert_ptr_null(list_name(braces));
        ck_assert_str_eq(list_kind_name((ListKind)kind), names[kind]);
    }
    list_free(NULL);
}
END_TEST

/* A sealed list of what stands between the spaces. */
static List *new_list(ListKind kind, const char *items_text) {
    List *list = list_new(kind, "list");
    g_auto(GStrv) words = g_strsplit(items_text, " ", -1);
    for (char **word = words; *word && **word; word++) {
        ck_assert_msg(list_add(list, text_from_string(*word), LIST_ITEM_WRITTEN, NULL), "%s",
                      *word);
    }
    list_seal(list);
    return list;
}

static gboolean has(const List *list, Text text) {
    Address address;
    switch (list_kind(list)) {
    case LIST_NETWORKS:
        return address_parse(text, &address) && list_has_address(list, &address);
    case LIST_DOMAINS:
        return list_has_domain(list, text);
    case LIST_ADDRESSES:
        return list_has_mailbox(list, text);
    case LIST_STRINGS:
        break;
    }
    return list_has_string(list, text);
}

#define DOMAINS "example.com .example.org Mixed.Example localhost [192.0.2.1] [IPv6:2001:db8::1]"
#define MAILBOXES "user@example.com postmaster@ Mixed@Example.NET lit@[192.0.2.1] Root@"

static const struct {
    ListKind kind;
    const char *items;
    Text text;
    gboolean has;
} members[] = {
    {LIST_NETWORKS, "192.0.2.0/24", BYTES("192.0.2.9"), TRUE},
    {LIST_NETWORKS, "192.0.2.0/24", BYTES("192.0.3.9"), FALSE},
    {LIST_NETWORKS, "192.0.2.0/24", BYTES("::ffff:192.0.2.9"), TRUE},
    {LIST_NETWORKS, "::/0", BYTES("192.0.2.9"), FALSE},
    {LIST_NETWORKS, "", BYTES("192.0.2.9"), FALSE},

    {LIST_DOMAINS, DOMAINS, BYTES("example.com"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("EXAMPLE.Com"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("sub.example.com"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("xexample.com"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("com"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("example.org"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("sub.example.org"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("a.b.Sub.Example.ORG"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("subexample.org"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES(".example.org"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("example.org.example.net"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("mixed.example"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("localhost"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("[192.0.2.1]"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("[192.0.2.2]"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("192.0.2.1"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("[ipv6:2001:0DB8:0:0::1]"), TRUE},
    {LIST_DOMAINS, DOMAINS, BYTES("[IPv6:::ffff:192.0.2.1]"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("[2001:db8::1]"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES(""), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("."), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES(".."), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("example.com."), FALSE}, /* the caller takes off one dot */
    {LIST_DOMAINS, DOMAINS, BYTES("sub.example.org."), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("example.com\0"), FALSE},
    {LIST_DOMAINS, DOMAINS, BYTES("example.com\0.example.net"), FALSE},
    {LIST_DOMAINS, ".b\xc3\xbc.example", BYTES("a.b\xc3\xbc.example"), TRUE},
    {LIST_DOMAINS, "b\xc3\xbc.example", BYTES("b\xc3\x9c.example"), FALSE},
    {LIST_DOMAINS, "b\xc3\xbc.example", BYTES("xn--b-xga.example"), FALSE},
    {LIST_DOMAINS, "." LABELS_192 LABEL_63, BYTES("a." LABELS_192 LABEL_63), TRUE},
    {LIST_DOMAINS, "." LABELS_192 LABEL_63, BYTES(LABEL_63 "." LABELS_192 LABEL_63), TRUE},

    {LIST_ADDRESSES, MAILBOXES, BYTES("user@example.com"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("USER@Example.Com"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("user@example.com."), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("user@example.com.."), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("user@sub.example.com"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("user+tag@example.com"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("xuser@example.com"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("postmaster@anywhere.example"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("Postmaster@x"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("postmaster@"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("postmaster"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("postmaster@a@b"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("root@x"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("mixed@example.net"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("lit@[192.0.2.1]"), TRUE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("lit@192.0.2.1"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("@example.com"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("@"), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES(""), FALSE},
    {LIST_ADDRESSES, MAILBOXES, BYTES("user@example.com\0"), FALSE},

    {LIST_STRINGS, "abc x", BYTES("abc"), TRUE},
    {LIST_STRINGS, "abc x", BYTES("ABC"), FALSE},
    {LIST_STRINGS, "abc x", BYTES("ab"), FALSE},
    {LIST_STRINGS, "abc x", BYTES("abc\0"), FALSE},
    {LIST_STRINGS, "abc x", BYTES(""), FALSE},
    {LIST_STRINGS, "", BYTES("abc"), FALSE},
};

START_TEST(test_has) {
    g_autoptr(List) list = new_list(members[_i].kind, members[_i].items);
    g_autofree char *copy = unit_copy(members[_i].text);
    Text text = text_make(copy, members[_i].text.length);
    ck_assert_msg(has(list, text) == members[_i].has, "%s: %s", list_kind_name(members[_i].kind),
                  unit_show(text));
}
END_TEST

/* The same of a list that includes one with the items. */
START_TEST(test_include) {
    g_autoptr(List) inner = new_list(members[_i].kind, members[_i].items);
    g_autoptr(List) list = list_new(members[_i].kind, "outer");
    g_autoptr(GError) error = NULL;
    ck_assert(list_include(list, inner, &error));
    list_seal(list);
    ck_assert_msg(has(list, members[_i].text) == members[_i].has, "%s",
                  unit_show(members[_i].text));
}
END_TEST

START_TEST(test_origin) {
    g_autoptr(List) list = list_new(LIST_NETWORKS, NULL);
    Address address;
    ck_assert(list_add(list, TEXT_LITERAL("[2001:db8::]/32"), LIST_ITEM_POSTCONF, NULL));
    list_seal(list);
    ck_assert(address_parse(TEXT_LITERAL("2001:db8::1"), &address));
    ck_assert(list_has_address(list, &address));
}
END_TEST

/* Domains of up to four labels of one of two letters, in either case. */
static void make_domain(Random *random, char out[10]) {
    guint labels = 1 + random_below(random, 4);
    for (guint i = 0; i < labels; i++) {
        out[2 * i] = "abAB"[random_below(random, 4)];
        out[2 * i + 1] = '.';
    }
    out[2 * labels - 1] = '\0';
}

static gboolean naive_has(const GPtrArray *known, const char *domain) {
    for (guint i = 0; i < known->len; i++) {
        const char *item = g_ptr_array_index(known, i);
        size_t length = strlen(item);
        size_t domain_length = strlen(domain);
        const char *end = domain + domain_length - MIN(length, domain_length);
        gboolean under = item[0] == '.' && domain_length > length;
        if ((under || item[0] != '.') && g_ascii_strcasecmp(end, item) == 0
            && (under || domain_length == length)) {
            return TRUE;
        }
    }
    return FALSE;
}

START_TEST(test_random_domains) {
    Random random = random_start();
    for (guint round = 0; round < 300; round++) {
        g_autoptr(List) list = list_new(LIST_DOMAINS, NULL);
        g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
        guint count = random_below(&random, 8);
        for (guint i = 0; i < count; i++) {
            char item[11] = ".";
            gboolean under = random_below(&random, 2) == 1;
            make_domain(&random, item + (under ? 1 : 0));
            ck_assert(list_add(list, text_from_string(item), LIST_ITEM_WRITTEN, NULL));
            g_ptr_array_add(known, g_strdup(item));
        }
        list_seal(list);
        for (guint i = 0; i < 100; i++) {
            char domain[10];
            make_domain(&random, domain);
            RANDOM_ASSERT(&random,
                          list_has_domain(list, text_from_string(domain))
                              == naive_has(known, domain),
                          "%s of %u domains", domain, known->len);
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("list");
    UNIT_ADD_TABLE(suite, test_add, items);
    unit_add(suite, "test_kinds", test_kinds, 1);
    UNIT_ADD_TABLE(suite, test_has, members);
    UNIT_ADD_TABLE(suite, test_include, members);
    unit_add(suite, "test_origin", test_origin, 1);
    unit_add(suite, "test_random_domains", test_random_domains, 1);
    return unit_run(suite);
}
