/*
 * Units of lib/protocol/mailbox. The routing table was recorded from Postfix 3.7.11 with
 * mydestination=local.example, relay_domains=relay.example, virtual_alias_domains=valias.example,
 * virtual_mailbox_domains=vmbox.example, and a client outside mynetworks.
 */
#include "protocol/mailbox.h"

#include <string.h>

#include "limit.h"
#include "unit/unit.h"

static const struct {
    const char *name;
    Text text;
    Text local;
    Text domain;
    gboolean has_at;
} splits[] = {
    {"empty", BYTES(""), BYTES(""), BYTES(""), FALSE},
    {"no data", {NULL, 0}, BYTES(""), BYTES(""), FALSE},
    {"no domain", BYTES("user"), BYTES("user"), BYTES(""), FALSE},
    {"a mailbox", BYTES("user@example.com"), BYTES("user"), BYTES("example.com"), TRUE},
    {"case is kept", BYTES("User@Example.Com"), BYTES("User"), BYTES("Example.Com"), TRUE},
    {"the last @ counts", BYTES("a@b@c"), BYTES("a@b"), BYTES("c"), TRUE},
    {"one trailing dot goes", BYTES("u@example.com."), BYTES("u"), BYTES("example.com"), TRUE},
    {"two leave one", BYTES("u@example.com.."), BYTES("u"), BYTES("example.com."), TRUE},
    {"a dot alone", BYTES("u@."), BYTES("u"), BYTES(""), TRUE},
    {"a dot in the local part stays", BYTES("u.@d"), BYTES("u."), BYTES("d"), TRUE},
    {"a dot without a domain stays", BYTES("user."), BYTES("user."), BYTES(""), FALSE},
    {"an empty local part", BYTES("@example.com"), BYTES(""), BYTES("example.com"), TRUE},
    {"an empty domain", BYTES("user@"), BYTES("user"), BYTES(""), TRUE},
    {"an @ alone", BYTES("@"), BYTES(""), BYTES(""), TRUE},
    {"a NUL is a byte", BYTES("u\0@d\0"), BYTES("u\0"), BYTES("d\0"), TRUE},
    {"an @ behind a NUL", BYTES("a@b\0@c"), BYTES("a@b\0"), BYTES("c"), TRUE},
    {"an address literal", BYTES("u@[IPv6:::1]"), BYTES("u"), BYTES("[IPv6:::1]"), TRUE},
    {"an extension stays", BYTES("u+x@d"), BYTES("u+x"), BYTES("d"), TRUE},
};

START_TEST(test_split) {
    g_autofree char *copy = unit_copy(splits[_i].text);
    Mailbox mailbox = mailbox_split(text_make(copy, splits[_i].text.length));
    UNIT_ASSERT_TEXT(splits[_i].name, mailbox.local, splits[_i].local);
    UNIT_ASSERT_TEXT(splits[_i].name, mailbox.domain, splits[_i].domain);
    ck_assert_msg(mailbox.has_at == splits[_i].has_at, "%s", splits[_i].name);
}
END_TEST

static const char *const own_domains[] = {
    "local.example", "relay.example", "sub.relay.example", "valias.example",
    "vmbox.example", "[127.0.0.1]",   "[IPv6:::1]",        NULL};

static gboolean is_own(Text domain) {
    for (const char *const *own = own_domains; *own; own++) {
        if (text_equal_folded(domain, text_from_string(*own))) {
            return TRUE;
        }
    }
    return FALSE;
}

/* What Postfix itself answers where reject_unauth_destination asks. */
typedef enum {
    REFUSES,
    ACCEPTS,
    ACCEPTS_MORE, /* one of the three forms that we don't take for final */
} Verdict;

#define U8_BUECHER \
    "b\xc3\xbc"    \
    "cher"
#define U8_FULL_STOP "\xe3\x80\x82"
#define U8_FULL_WIDTH_L "\xef\xbd\x8c"
#define U8_ZERO_WIDTH "\xe2\x80\x8b"

static const struct {
    const char *recipient;
    gboolean routed;
    gboolean final;
    Verdict postfix;
} routes[] = {
    {"user@c.example", FALSE, TRUE, REFUSES},
    {"user@local.example", FALSE, TRUE, ACCEPTS},
    {"user@relay.example", FALSE, TRUE, ACCEPTS},
    {"user@valias.example", FALSE, TRUE, ACCEPTS},
    {"user@vmbox.example", FALSE, TRUE, ACCEPTS},
    {"user@sub.relay.example", FALSE, TRUE, ACCEPTS},
    {"user@sub.local.example", FALSE, TRUE, REFUSES},
    {"user%c.example@local.example", TRUE, FALSE, REFUSES},
    {"user%local.example@local.example", TRUE, FALSE, ACCEPTS_MORE},
    {"user%c.example", TRUE, FALSE, REFUSES},
    {"c.example!user@local.example", TRUE, FALSE, REFUSES},
    {"c.example!user", TRUE, FALSE, REFUSES},
    {"local.example!user", TRUE, FALSE, ACCEPTS_MORE},
    {"user@c.example@relay.example", TRUE, FALSE, REFUSES},
    {"user@c.example@local.example", TRUE, FALSE, REFUSES},
    {"user@c.example@[127.0.0.1]", TRUE, FALSE, REFUSES},
    {"user@local.example@c.example", TRUE, FALSE, REFUSES},
    {"relaytest@c.example@", TRUE, FALSE, REFUSES},
    {"user@[127.0.0.1]", FALSE, TRUE, ACCEPTS},
    {"user@[IPv6:::1]", FALSE, TRUE, ACCEPTS},
    {"user@[192.0.2.1]", FALSE, TRUE, REFUSES},
    {"user", FALSE, FALSE, ACCEPTS_MORE},
    {"@local.example", FALSE, TRUE, ACCEPTS},
    {"user@LOCAL.Example", FALSE, TRUE, ACCEPTS},
    {"User@Local.Example.", FALSE, TRUE, ACCEPTS},
    {"a b@local.example", FALSE, TRUE, ACCEPTS},
    {"a\"b@local.example", FALSE, TRUE, ACCEPTS},
    {"a=b@local.example", FALSE, TRUE, ACCEPTS},
    {"user@" U8_BUECHER ".example", FALSE, TRUE, REFUSES},
    {"user@local" U8_FULL_STOP "example", FALSE, TRUE, REFUSES},
    {"user@" U8_FULL_WIDTH_L "ocal.example", FALSE, TRUE, REFUSES},
    {"user@local" U8_ZERO_WIDTH ".example", FALSE, TRUE, REFUSES},
};

START_TEST(test_route) {
    Mailbox mailbox = mailbox_split(text_from_string(routes[_i].recipient));
    const char *name = routes[_i].recipient;
    ck_assert_msg(mailbox_routed(&mailbox) == routes[_i].routed, "%s: routed", name);
    ck_assert_msg(mailbox_final(&mailbox) == routes[_i].final, "%s: final", name);
    gboolean ours = mailbox_final(&mailbox) && is_own(mailbox.domain);
    ck_assert_msg(ours == (routes[_i].postfix == ACCEPTS), "%s: not as Postfix", name);
}
END_TEST

static const struct {
    const char *name;
    Text text;
    gboolean routed;
    gboolean final;
} forms[] = {
    {"empty", BYTES(""), FALSE, FALSE},
    {"an @ alone", BYTES("@"), TRUE, FALSE},
    {"two @", BYTES("@@"), TRUE, FALSE},
    {"two @ before a domain", BYTES("@@local.example"), TRUE, FALSE},
    {"an empty domain", BYTES("user@"), TRUE, FALSE},
    {"a dot for a domain", BYTES("user@."), TRUE, FALSE},
    {"two dots for a domain", BYTES("user@.."), FALSE, TRUE},
    {"a % alone", BYTES("%@local.example"), TRUE, FALSE},
    {"a ! at the start", BYTES("!user@local.example"), TRUE, FALSE},
    {"a ! at the end", BYTES("user!@local.example"), TRUE, FALSE},
    {"a % in the domain", BYTES("user@c.example%local.example"), FALSE, TRUE},
    {"a ! in the domain", BYTES("user@c.example!local.example"), FALSE, TRUE},
    {"a % behind a NUL", BYTES("a\0%c.example@local.example"), TRUE, FALSE},
    {"a % without a domain", BYTES("%"), TRUE, FALSE},
    {"a source route", BYTES("@a.example,@b.example:user@c.example"), TRUE, FALSE},
    {"a colon is no routing", BYTES("a:b@local.example"), FALSE, TRUE},
    {"an extension is no routing", BYTES("user+list@local.example"), FALSE, TRUE},
    {"a full-width % is no routing",
     BYTES("u\xef\xbc\x85"
           "c@local.example"),
     FALSE, TRUE},
};

START_TEST(test_form) {
    Mailbox mailbox = mailbox_split(forms[_i].text);
    ck_assert_msg(mailbox_routed(&mailbox) == forms[_i].routed, "%s: routed", forms[_i].name);
    ck_assert_msg(mailbox_final(&mailbox) == forms[_i].final, "%s: final", forms[_i].name);
}
END_TEST

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define LABEL_64 LABEL_63 "x"
#define LABELS_192 LABEL_63 "." LABEL_63 "." LABEL_63 "."

static const struct {
    const char *name;
    Text domain;
    const char *fault;
} domains[] = {
    {"a domain", BYTES("example.com"), NULL},
    {"one label", BYTES("localhost"), NULL},
    {"one letter", BYTES("x"), NULL},
    {"capitals", BYTES("Example.COM"), NULL},
    {"digits and a letter", BYTES("1.2.3.4a"), NULL},
    {"an ACE label", BYTES("xn--bcher-kva.example"), NULL},
    {"UTF-8", BYTES(U8_BUECHER ".example"), NULL},
    {"the lowest byte of UTF-8", BYTES("a\x80.example"), NULL},
    {"underscores", BYTES("_dmarc.example.com"), NULL},
    {"a hyphen first", BYTES("-a.example"), NULL},
    {"a label at the limit", BYTES(LABEL_63 ".example"), NULL},
    {"a label one past it", BYTES(LABEL_64 ".example"), "has a label longer than 63 bytes"},
    {"the last label one past it", BYTES("a." LABEL_64), "has a label longer than 63 bytes"},
    {"a domain at the limit", BYTES(LABELS_192 LABEL_63), NULL},
    {"a domain one past it", BYTES(LABELS_192 LABEL_63 "x"), "is longer than 255 bytes"},
    {"empty", BYTES(""), "is empty"},
    {"a dot", BYTES("."), "has an empty label"},
    {"a dot first", BYTES(".example.com"), "has an empty label"},
    {"two dots", BYTES("example..com"), "has an empty label"},
    {"a dot last", BYTES("example.com."), "ends in a dot"},
    {"an IPv4 address", BYTES("192.0.2.1"), "looks like an address"},
    {"a number", BYTES("3221225985"), "looks like an address"},
    {"an IPv6 address", BYTES("2001:db8::1"), "holds a character that no domain has"},
    {"a literal", BYTES("[192.0.2.1]"), "holds a character that no domain has"},
    {"a mailbox", BYTES("user@example.com"), "holds a character that no domain has"},
    {"a space", BYTES("example .com"), "holds a character that no domain has"},
    {"a star", BYTES("*.example.com"), "holds a character that no domain has"},
    {"a bang", BYTES("!example.com"), "holds a character that no domain has"},
    {"a slash", BYTES("/etc/domains"), "holds a character that no domain has"},
    {"a NUL", BYTES("example.com\0"), "holds a character that no domain has"},
    {"a control character", BYTES("example\x1b.com"), "holds a character that no domain has"},
    {"DEL", BYTES("example\x7f.com"), "holds a character that no domain has"},
};

START_TEST(test_domain_fault) {
    g_autofree char *copy = unit_copy(domains[_i].domain);
    const char *fault = domain_fault(text_make(copy, domains[_i].domain.length));
    ck_assert_msg(g_strcmp0(fault, domains[_i].fault) == 0, "%s: %s", domains[_i].name,
                  fault ? fault : "no fault");
}
END_TEST

START_TEST(test_limits) {
    ck_assert_uint_eq(strlen(LABEL_63), LIMIT_LABEL);
    ck_assert_uint_eq(strlen(LABELS_192 LABEL_63), LIMIT_DOMAIN);
}
END_TEST

START_TEST(test_domain_trim) {
    UNIT_ASSERT_TEXT("empty", domain_trim(TEXT_LITERAL("")), TEXT_LITERAL(""));
    UNIT_ASSERT_TEXT("no dot", domain_trim(TEXT_LITERAL("a.b")), TEXT_LITERAL("a.b"));
    UNIT_ASSERT_TEXT("a dot", domain_trim(TEXT_LITERAL("a.b.")), TEXT_LITERAL("a.b"));
    UNIT_ASSERT_TEXT("two dots", domain_trim(TEXT_LITERAL("a.b..")), TEXT_LITERAL("a.b."));
    UNIT_ASSERT_TEXT("only a dot", domain_trim(TEXT_LITERAL(".")), TEXT_LITERAL(""));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("mailbox");
    UNIT_ADD_TABLE(suite, test_split, splits);
    UNIT_ADD_TABLE(suite, test_route, routes);
    UNIT_ADD_TABLE(suite, test_form, forms);
    UNIT_ADD_TABLE(suite, test_domain_fault, domains);
    unit_add(suite, "test_limits", test_limits, 1);
    unit_add(suite, "test_domain_trim", test_domain_trim, 1);
    return unit_run(suite);
}
