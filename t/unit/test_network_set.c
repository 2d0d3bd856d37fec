/*
 * Units of lib/rules/network_set.
 */
#include "rules/network_set.h"

#include <string.h>

#include "unit/random.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkSet, network_set_free)

static Address parse(const char *text) {
    Address address;
    ck_assert_msg(address_parse(text_from_string(text), &address), "%s", text);
    return address;
}

/* A sealed set of what stands between the spaces. */
static NetworkSet *new_set(const char *networks) {
    NetworkSet *set = network_set_new();
    g_auto(GStrv) words = g_strsplit(networks, " ", -1);
    for (char **word = words; *word && **word; word++) {
        Network network;
        ck_assert_msg(network_parse(text_from_string(*word), FALSE, &network, NULL), "%s", *word);
        network_set_add(set, &network);
    }
    network_set_seal(set);
    return set;
}

static const struct {
    const char *name;
    const char *networks;
    const char *inside; /* between spaces */
    const char *outside;
} rows[] = {
    {"empty", "", "", "0.0.0.0 255.255.255.255 :: ::1"},
    {"one address", "192.0.2.1", "192.0.2.1", "192.0.2.0 192.0.2.2 ::c000:201"},
    {"a block", "192.0.2.0/24", "192.0.2.0 192.0.2.255", "192.0.1.255 192.0.3.0"},
    {"all of IPv4", "0.0.0.0/0", "0.0.0.0 255.255.255.255", ":: ffff::"},
    {"all of IPv6", "::/0", ":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "0.0.0.0 255.255.255.255"},
    {"v4-mapped is IPv4", "192.0.2.0/24", "::ffff:192.0.2.1", "::192.0.2.1"},
    {"the last addresses", "255.255.255.255 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "255.255.255.255 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "255.255.255.254 0.0.0.0 ::"},
    {"one in another", "10.0.0.0/8 10.1.0.0/16 10.1.2.3", "10.0.0.0 10.1.2.3 10.255.255.255",
     "9.255.255.255 11.0.0.0"},
    {"one in another, the small first", "10.1.2.3 10.1.0.0/16 10.0.0.0/8",
     "10.0.0.0 10.1.2.3 10.255.255.255", "9.255.255.255 11.0.0.0"},
    {"neighbours", "192.0.2.0/25 192.0.2.128/25 192.0.3.0/24",
     "192.0.2.0 192.0.2.127 192.0.2.128 192.0.3.0 192.0.3.255", "192.0.1.255 192.0.4.0"},
    {"a gap of one", "192.0.2.0 192.0.2.2", "192.0.2.0 192.0.2.2", "192.0.2.1"},
    {"repeated", "::1 ::1 ::1", "::1", "::2 ::"},
    {"over a byte's border", "10.0.255.255 10.1.0.0", "10.0.255.255 10.1.0.0",
     "10.0.255.254 10.1.0.1"},
    {"everything twice", "0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 255.0.0.0/8",
     "0.0.0.0 127.255.255.255 128.0.0.0 255.255.255.255", "::"},
};

static void assert_each(const NetworkSet *set, const char *addresses, gboolean inside,
                        const char *name) {
    g_auto(GStrv) words = g_strsplit(addresses, " ", -1);
    for (char **word = words; *word && **word; word++) {
        Address address = parse(*word);
        ck_assert_msg(network_set_has(set, &address) == inside, "%s: %s", name, *word);
    }
}

START_TEST(test_has) {
    g_autoptr(NetworkSet) set = new_set(rows[_i].networks);
    assert_each(set, rows[_i].inside, TRUE, rows[_i].name);
    assert_each(set, rows[_i].outside, FALSE, rows[_i].name);
}
END_TEST

START_TEST(test_include) {
    g_autoptr(NetworkSet) other = new_set("10.0.0.0/8 ::1");
    g_autoptr(NetworkSet) empty = new_set("");
    g_autoptr(NetworkSet) set = network_set_new();
    network_set_include(set, other);
    network_set_include(set, empty);
    network_set_seal(set);
    assert_each(set, "10.1.2.3 ::1", TRUE, "included");
    assert_each(set, "11.0.0.0 ::2", FALSE, "included");
    network_set_free(NULL);
}
END_TEST

/* A network of 192.0.2.0/24, or of the last 8 bits of IPv6: small enough for many to meet. */
static Network make_network(Random *random) {
    gboolean v6 = random_below(random, 2) == 1;
    guint bits = random_below(random, 9);
    guint last = random_below(random, 256) & ~((1U << (8 - bits)) - 1);
    g_autofree char *text =
        v6 ? g_strdup_printf("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff%02x/%u", last, 120 + bits)
           : g_strdup_printf("192.0.2.%u/%u", last, 24 + bits);
    Network network;
    ck_assert_msg(network_parse(text_from_string(text), FALSE, &network, NULL), "%s", text);
    return network;
}

static gboolean naive_has(const GArray *networks, const Address *address) {
    for (guint i = 0; i < networks->len; i++) {
        const Network *network = &g_array_index(networks, Network, i);
        if (network->first.family == address->family
            && memcmp(network->first.bytes, address->bytes, 16) <= 0
            && memcmp(address->bytes, network->last.bytes, 16) <= 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static void compare(const Random *random, const NetworkSet *set, const GArray *networks) {
    for (guint i = 0; i < 512; i++) {
        char text[ADDRESS_TEXT_SIZE];
        if (i < 256) {
            g_snprintf(text, sizeof text, "192.0.2.%u", i);
        } else {
            g_snprintf(text, sizeof text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff%02x", i - 256);
        }
        Address address = parse(text);
        RANDOM_ASSERT(random, network_set_has(set, &address) == naive_has(networks, &address),
                      "%s of %u networks", text, networks->len);
    }
}

START_TEST(test_random) {
    Random random = random_start();
    for (guint round = 0; round < 200; round++) {
        g_autoptr(NetworkSet) set = network_set_new();
        g_autoptr(GArray) networks = g_array_new(FALSE, FALSE, sizeof(Network));
        guint count = random_below(&random, 30);
        for (guint i = 0; i < count; i++) {
            Network network = make_network(&random);
            network_set_add(set, &network);
            g_array_append_val(networks, network);
        }
        network_set_seal(set);
        compare(&random, set, networks);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("network_set");
    UNIT_ADD_TABLE(suite, test_has, rows);
    unit_add(suite, "test_include", test_include, 1);
    unit_add(suite, "test_random", test_random, 1);
    return unit_run(suite);
}
