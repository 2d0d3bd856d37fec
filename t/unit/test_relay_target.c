/*
 * Units of policyd/ctl/relay_test/target: HOST[:PORT], and whose address it is. Names are not
 * looked up, but the one that every machine has.
 */
#include "ctl/relay_test/target.h"

#include <string.h>

#include "limit.h"
#include "unit/unit.h"

static const struct {
    const char *name;
    const char *text;
    const char *host; /* NULL: it is none */
    guint port;
    gboolean here;
} targets[] = {
    {"an address", "127.0.0.1", "127.0.0.1", 25, TRUE},
    {"and a port", "127.0.0.1:2525", "127.0.0.1", 2525, TRUE},
    {"the last port", "127.0.0.1:65535", "127.0.0.1", 65535, TRUE},
    {"past it", "127.0.0.1:65536", NULL, 0, FALSE},
    {"port 0", "127.0.0.1:0", NULL, 0, FALSE},
    {"a name as a port", "127.0.0.1:smtp", NULL, 0, FALSE},
    {"no port", "127.0.0.1:", NULL, 0, FALSE},
    {"all of loopback", "127.255.255.254", "127.255.255.254", 25, TRUE},
    {"IPv6", "[::1]", "::1", 25, TRUE},
    {"IPv6 and a port", "[::1]:2525", "::1", 2525, TRUE},
    {"IPv6 without brackets", "::1", NULL, 0, FALSE},
    {"a bracket missing", "[::1", NULL, 0, FALSE},
    {"empty brackets", "[]:25", NULL, 0, FALSE},
    {"no host", ":25", NULL, 0, FALSE},
    {"nothing", "", NULL, 0, FALSE},
    {"a name", "localhost:25", "localhost", 25, TRUE},
    {"another machine", "192.0.2.1", "192.0.2.1", 25, FALSE},
    {"another machine, IPv6", "[2001:db8::1]:25", "2001:db8::1", 25, FALSE},
    {"a v4-mapped one", "[::ffff:192.0.2.1]", "::ffff:192.0.2.1", 25, FALSE},
    {"any address", "0.0.0.0", "0.0.0.0", 25, FALSE},
    {"near loopback", "128.0.0.1", "128.0.0.1", 25, FALSE},
};

START_TEST(test_target) {
    g_autoptr(GError) error = NULL;
    g_autoptr(RelayTarget) target = relay_target_find(targets[_i].text, 25, &error);
    ck_assert_int_eq(target != NULL, error == NULL);
    ck_assert_pstr_eq(target ? target->host : NULL, targets[_i].host);
    if (target) {
        ck_assert_uint_eq(target->port, targets[_i].port);
        ck_assert_int_eq(relay_target_is_here(target), targets[_i].here);
    }
}
END_TEST

/* One address of this machine does not make the others so. */
static const char *const mixed[] = {"127.0.0.1 192.0.2.1", "192.0.2.1 127.0.0.1"};

START_TEST(test_all_count) {
    RelayTarget *target = g_new0(RelayTarget, 1);
    g_auto(GStrv) words = g_strsplit(mixed[_i], " ", -1);
    for (char **word = words; *word; word++) {
        target->addresses = g_list_append(target->addresses, g_inet_address_new_from_string(*word));
    }
    ck_assert(!relay_target_is_here(target));
    relay_target_free(target);
}
END_TEST

static const struct {
    const char *address;
    const char *literal;
} literals[] = {{"192.0.2.1", "[192.0.2.1]"}, {"2001:db8::1", "[IPv6:2001:db8::1]"}};

START_TEST(test_literal) {
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(literals[_i].address);
    g_autofree char *literal = relay_target_literal(address);
    ck_assert_str_eq(literal, literals[_i].literal);
}
END_TEST

static const struct {
    const char *text;
    gboolean name;
    gboolean domain;
} domains[] = {
    {"mx.example.com", TRUE, TRUE},
    {"localhost", TRUE, TRUE},
    {"xn--bcher-kva.example", TRUE, TRUE},
    {"_a.example", TRUE, TRUE},
    {"[192.0.2.1]", FALSE, TRUE},
    {"[IPv6:2001:db8::1]", FALSE, TRUE},
    {"[mx]", FALSE, FALSE},
    {"", FALSE, FALSE},
    {"a b", FALSE, FALSE},
    {"a\r\nDATA", FALSE, FALSE},
    {"a@b", FALSE, FALSE},
    {"a>", FALSE, FALSE},
    {".a", FALSE, FALSE},
    {"a.", FALSE, FALSE},
    {"a..b", FALSE, FALSE},
    {"b\xc3\xbc.example", FALSE, FALSE},
    {"***", FALSE, FALSE},
};

START_TEST(test_domain) {
    ck_assert_int_eq(relay_target_is_name(domains[_i].text), domains[_i].name);
    ck_assert_int_eq(relay_target_is_domain(domains[_i].text), domains[_i].domain);
}
END_TEST

static const struct {
    size_t length;
    gboolean name;
} lengths[] = {{LIMIT_DOMAIN, TRUE}, {LIMIT_DOMAIN + 1, FALSE}};

START_TEST(test_length) {
    g_autofree char *text = g_strnfill(lengths[_i].length, 'a');
    ck_assert_int_eq(relay_target_is_name(text), lengths[_i].name);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay_target");
    UNIT_ADD_TABLE(suite, test_target, targets);
    UNIT_ADD_TABLE(suite, test_all_count, mixed);
    UNIT_ADD_TABLE(suite, test_literal, literals);
    UNIT_ADD_TABLE(suite, test_domain, domains);
    UNIT_ADD_TABLE(suite, test_length, lengths);
    return unit_run(suite);
}
