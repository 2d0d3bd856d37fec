/*
 * Generator: writes text, and remembers each constant that it wrote by its kind. What it chooses is
 * drawn from a seed's numbers, or from bytes and zeros behind them.
 */
#include "engine/generator.h"

#include <stdio.h>
#include <string.h>

#include "protocol/attribute.h"

typedef enum {
    KIND_NETWORK,
    KIND_DOMAIN,
    KIND_MAILBOX,
    KIND_STRING,
    KIND_NUMBER,
    KIND_COUNT,
} Kind;

struct Generator {
    GRand *random;    /* NULL: choices are taken from bytes */
    const guint8 *at; /* the next of them */
    const guint8 *end;
    GPtrArray *constants[KIND_COUNT];
    gboolean small; /* few names and constants */
    guint focus;    /* which names, if so */
    guint lists[4]; /* how many named lists there are, in the order of list_words */
    guint conditions;
};

static const char *const list_words[] = {"networks", "domains", "addresses", "strings"};

static Generator *new_generator(void) {
    Generator *generator = g_new0(Generator, 1);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        generator->constants[kind] = g_ptr_array_new_with_free_func(g_free);
    }
    return generator;
}

Generator *generator_new(guint32 seed) {
    Generator *generator = new_generator();
    generator->random = g_rand_new_with_seed(seed);
    return generator;
}

Generator *generator_new_from_bytes(const guint8 *bytes, gsize length) {
    Generator *generator = new_generator();
    generator->at = bytes;
    generator->end = bytes + length;
    return generator;
}

gboolean generator_is_spent(const Generator *generator) {
    return !generator->random && generator->at == generator->end;
}

void generator_free(Generator *generator) {
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        g_ptr_array_unref(generator->constants[kind]);
    }
    g_clear_pointer(&generator->random, g_rand_free);
    g_free(generator);
}

static guint32 take_bytes(Generator *generator, guint count) {
    guint32 number = 0;
    for (; count > 0 && generator->at < generator->end; count--) {
        number = number << 8 | *generator->at++;
    }
    return number;
}

static guint below(Generator *generator, guint limit) {
    return generator->random ? (guint)g_rand_int_range(generator->random, 0, (gint32)limit)
                             : take_bytes(generator, limit > 256 ? 4 : 1) % limit;
}

static gboolean chance(Generator *generator, guint percent) {
    return below(generator, 100) < percent;
}

#define PICK(generator, table) ((table)[below((generator), G_N_ELEMENTS(table))])

/* The same of a table of names: in a small file, of two of them. */
#define PICK_NAME(generator, table) ((table)[pick_name((generator), G_N_ELEMENTS(table))])

static guint pick_name(Generator *generator, guint count) {
    return generator->small ? (generator->focus + below(generator, MIN(count, 2))) % count
                            : below(generator, count);
}

/* Constants. */

static char *make_ipv4(Generator *generator, guint prefix) {
    static const guint32 bases[] = {0x0a000000, 0xc0a80000, 0xc0000200, 0x7f000000, 0xfffffff0, 0};
    guint32 address = PICK(generator, bases) | below(generator, 0x00040000);
    address = prefix == 0 ? 0 : address & ~0u << (32 - prefix);
    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255);
}

static char *make_network(Generator *generator) {
    static const guint v4[] = {0, 8, 14, 16, 20, 24, 28, 31, 32, 32, 32};
    static const guint v6[] = {32, 48, 64};
    if (chance(generator, 20)) {
        guint prefix = PICK(generator, v6);
        guint part = prefix == 32 ? 0 : below(generator, 4);
        return g_strdup_printf("2001:db8:%u::/%u", prefix == 48 || prefix == 64 ? part : 0, prefix);
    }
    guint prefix = PICK(generator, v4);
    g_autofree char *address = make_ipv4(generator, prefix);
    return prefix == 32 && chance(generator, 50) ? g_strdup(address)
                                                 : g_strdup_printf("%s/%u", address, prefix);
}

static char *make_plain_domain(Generator *generator) {
    static const char *const tops[] = {"com", "org", "example"};
    static const char *const labels[] = {"a", "b", "mail", "example", "x-1"};
    GString *domain = g_string_new(PICK(generator, tops));
    for (guint i = below(generator, 4) + (domain->len == 3 ? 1 : 0); i > 0; i--) {
        g_string_prepend_c(domain, '.');
        g_string_prepend(domain, PICK(generator, labels));
    }
    return g_string_free(domain, FALSE);
}

static char *make_domain(Generator *generator) {
    static const char *const literals[] = {"[192.0.2.1]", "[192.0.2.2]", "[IPv6:2001:db8::1]"};
    if (chance(generator, 8)) {
        return g_strdup(PICK(generator, literals));
    }
    g_autofree char *domain = make_plain_domain(generator);
    return chance(generator, 35) ? g_strconcat(".", domain, NULL) : g_strdup(domain);
}

static char *make_mailbox(Generator *generator) {
    static const char *const locals[] = {"u", "user", "postmaster", "a.b", "u+x"};
    const char *local = PICK(generator, locals);
    g_autofree char *domain = make_plain_domain(generator);
    return chance(generator, 30) ? g_strconcat(local, "@", NULL)
                                 : g_strconcat(local, "@", domain, NULL);
}

static char *make_string(Generator *generator) {
    static const char *const strings[] = {"a",         "b",         "PLAIN", "LOGIN", "u",
                                          "user",      "TLSv1.3",   "x y",   "aa:bb", "u@a.com",
                                          "anonymous", "ANONYMOUS", "k"};
    return g_strdup(PICK(generator, strings));
}

static char *make_number(Generator *generator) {
    static const char *const numbers[] = {
        "0", "1", "2", "10", "100", "10k", "10M", "1G", "18446744073709551615"};
    return g_strdup(PICK(generator, numbers));
}

/* A new constant, or one that was written before; remembered. */
static const char *constant(Generator *generator, Kind kind) {
    static char *(*const makers[])(Generator *) = {
        [KIND_NETWORK] = make_network, [KIND_DOMAIN] = make_domain, [KIND_MAILBOX] = make_mailbox,
        [KIND_STRING] = make_string,   [KIND_NUMBER] = make_number,
    };
    GPtrArray *known = generator->constants[kind];
    if (known->len > 0 && chance(generator, generator->small ? 70 : 30)) {
        return g_ptr_array_index(known, below(generator, known->len));
    }
    g_ptr_array_add(known, makers[kind](generator));
    return g_ptr_array_index(known, known->len - 1);
}

/* Rule files. */

static const Kind item_kinds[] = {KIND_NETWORK, KIND_DOMAIN, KIND_MAILBOX, KIND_STRING};

static void write_item(Generator *generator, GString *out, guint list) {
    const char *item = constant(generator, item_kinds[list]);
    gboolean quoted = list == 3 || !strpbrk(item, ".:@");
    g_string_append_printf(out, quoted ? "\"%s\"" : "%s", item);
}

static void write_items(Generator *generator, GString *out, guint list) {
    for (guint i = below(generator, 5) + 1; i > 0; i--) {
        if (generator->lists[list] > 0 && chance(generator, 10)) {
            g_string_append_printf(out, "%s%u", list_words[list],
                                   below(generator, generator->lists[list]));
        } else {
            write_item(generator, out, list);
        }
        g_string_append(out, i > 1 ? ", " : "");
    }
}

static void write_list(Generator *generator, GString *out, guint list) {
    g_string_append_printf(out, "%s %s%u = ", list_words[list], list_words[list],
                           generator->lists[list]);
    write_items(generator, out, list);
    g_string_append_c(out, '\n');
    generator->lists[list]++;
}

/* `in` a named list or braces; `lists` are those that the left side may be looked for in. */
static void write_in(Generator *generator, GString *out, const char *name, guint list) {
    g_string_append_printf(out, "%s %sin ", name, chance(generator, 20) ? "not " : "");
    if (generator->lists[list] > 0 && chance(generator, 50)) {
        g_string_append_printf(out, "%s%u", list_words[list],
                               below(generator, generator->lists[list]));
        return;
    }
    g_string_append(out, "{ ");
    write_items(generator, out, list);
    g_string_append(out, " }");
}

static const char *const addresses[] = {"client_address", "server_address"};
static const char *const numbers[] = {"size", "recipient_count", "encryption_keysize",
                                      "client_port"};
static const char *const mailboxes[] = {"sender", "recipient", "sasl_sender"};
static const char *const domains[] = {"client_name",         "helo_name",        "sender.domain",
                                      "reverse_client_name", "recipient.domain", "tls_sni",
                                      "sasl_username.domain"};
static const char *const strings[] = {
    "sasl_username",   "sasl_method",         "policy_context",      "ccert_subject",
    "recipient.local", "sasl_username.local", "encryption_protocol", "ccert_fingerprint"};
static const char *const states[] = {"RCPT", "DATA", "END-OF-MESSAGE", "VRFY"};

static void write_number_test(Generator *generator, GString *out) {
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};
    g_string_append_printf(out, "%s %s %s", PICK_NAME(generator, numbers), PICK(generator, signs),
                           constant(generator, KIND_NUMBER));
}

static void write_same_test(Generator *generator, GString *out) {
    static const char *const pairs[][2] = {
        {"sasl_username", "sender"},    {"sender", "recipient"},
        {"client_name", "helo_name"},   {"sender.domain", "recipient.domain"},
        {"helo_name", "sender.domain"}, {"client_address", "server_address"},
        {"size", "recipient_count"},    {"sasl_username", "policy_context"},
        {"sender", "sasl_username"},    {"sasl_username.local", "recipient.local"},
    };
    guint row = below(generator, G_N_ELEMENTS(pairs));
    g_string_append_printf(out, "%s %s %s", pairs[row][0],
                           chance(generator, 70) ? "==" : "!=", pairs[row][1]);
}

static void write_regex_test(Generator *generator, GString *out) {
    static const char *const regexes[] = {"/^u/", "/example/i", "/[0-9]$/",
                                          "/^$/", "/a.*b/",     "/@a\\./"};
    g_string_append_printf(out, "%s matches %s",
                           chance(generator, 50)   ? PICK_NAME(generator, mailboxes)
                           : chance(generator, 50) ? PICK_NAME(generator, domains)
                                                   : PICK_NAME(generator, strings),
                           PICK(generator, regexes));
}

static void write_equal_test(Generator *generator, GString *out) {
    const char *sign = chance(generator, 80) ? "==" : "!=";
    const char *name;
    const char *value;
    switch (below(generator, 4)) {
    case 0:
        name = PICK_NAME(generator, strings);
        value = constant(generator, KIND_STRING);
        break;
    case 1:
        name = "protocol_state";
        value = PICK(generator, states);
        break;
    case 2:
        name = PICK_NAME(generator, mailboxes);
        value = constant(generator, KIND_MAILBOX);
        value = g_str_has_suffix(value, "@") ? "user" : value;
        break;
    default:
        name = PICK_NAME(generator, domains);
        value = constant(generator, KIND_DOMAIN);
        value += value[0] == '.';
        break;
    }
    g_string_append_printf(out, "%s %s \"%s\"", name, sign, value);
}

static void write_bare_test(Generator *generator, GString *out) {
    static const char *const conditions[] = {
        "authenticated", "encrypted",      "routed",      "insider",        "sender",
        "recipient",     "size",           "client_name", "client_address", "sasl_username",
        "sender.domain", "protocol_state", "stress"};
    if (generator->conditions > 0 && chance(generator, 30)) {
        g_string_append_printf(out, "condition%u", below(generator, generator->conditions));
    } else {
        g_string_append(out, PICK(generator, conditions));
    }
}

static void write_test(Generator *generator, GString *out) {
    switch (below(generator, 10)) {
    case 0:
    case 1:
        write_in(generator, out, PICK_NAME(generator, addresses), 0);
        break;
    case 2:
        write_in(generator, out, PICK_NAME(generator, domains), 1);
        break;
    case 3:
    case 4:
        write_in(generator, out, PICK_NAME(generator, mailboxes), chance(generator, 60) ? 1 : 2);
        break;
    case 5:
        write_in(generator, out, PICK_NAME(generator, strings), 3);
        break;
    case 6:
        write_equal_test(generator, out);
        break;
    case 7:
        write_number_test(generator, out);
        break;
    case 8:
        (chance(generator, 50) ? write_same_test : write_regex_test)(generator, out);
        break;
    default:
        write_bare_test(generator, out);
        break;
    }
}

static void write_expression(Generator *generator, GString *out, guint depth) {
    guint form = depth == 0 ? 99 : below(generator, 100);
    if (form < 15) {
        g_string_append(out, "not (");
        write_expression(generator, out, depth - 1);
        g_string_append_c(out, ')');
    } else if (form < 65) {
        const char *word = form < 45 ? " and " : " or ";
        for (guint i = below(generator, 2) + 2; i > 0; i--) {
            g_string_append_c(out, '(');
            write_expression(generator, out, depth - 1);
            g_string_append_printf(out, ")%s", i > 1 ? word : "");
        }
    } else {
        write_test(generator, out);
    }
}

static void write_condition(Generator *generator, GString *out) {
    g_string_append_printf(out, "condition condition%u = ", generator->conditions);
    write_expression(generator, out, 2);
    g_string_append_c(out, '\n');
    generator->conditions++;
}

static const char *const actions[] = {"permit",       "dunno",           "reject",
                                      "reject \"b\"", "defer \"a\"",     "redirect \"u@a.com\"",
                                      "defer",        "reject 550 \"b\""};

const char *generator_action(Generator *generator) {
    return PICK(generator, actions);
}

static void write_rule(Generator *generator, GString *out, guint number) {
    if (generator->small) {
        g_string_append_printf(out, "%s if ", generator_action(generator));
    } else {
        g_string_append_printf(out, "reject \"rule %u\" if ", number);
    }
    write_expression(generator, out, below(generator, generator->small ? 3 : 4));
    g_string_append_c(out, '\n');
}

static char *make_rules(Generator *generator, guint rules) {
    GString *out = g_string_new("accept open relay\n");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        g_ptr_array_set_size(generator->constants[kind], 0);
    }
    memset(generator->lists, 0, sizeof generator->lists);
    generator->conditions = 0;
    if (chance(generator, 50)) {
        g_string_append(out, "networks trusted = 10.0.0.0/8, ::1\n");
    }
    for (guint i = 0; i < rules; i++) {
        if (chance(generator, 20)) {
            write_list(generator, out, below(generator, 4));
        }
        if (chance(generator, 10)) {
            write_condition(generator, out);
        }
        write_rule(generator, out, i);
    }
    g_string_append_printf(out, "%s\n", generator->small ? generator_action(generator) : "dunno");
    return g_string_free(out, FALSE);
}

char *generator_rules(Generator *generator, guint rules) {
    generator->small = FALSE;
    return make_rules(generator, rules);
}

char *generator_small_rules(Generator *generator, guint rules) {
    generator->small = TRUE;
    generator->focus = below(generator, 1000);
    return make_rules(generator, rules);
}

/* Requests. */

static const char *known_constant(Generator *generator, Kind kind) {
    const GPtrArray *known = generator->constants[kind];
    return known->len > 0 && chance(generator, 70)
               ? g_ptr_array_index(known, below(generator, known->len))
               : NULL;
}

/* The first or last address of a network, the one before or behind, or one inside. */
static char *value_address(Generator *generator) {
    static const char *const odd[] = {"unknown", "2001:db8:1::1",   "::1",
                                      "10.1",    "2001:db8::",      "255.255.255.255",
                                      "0.0.0.0", "::ffff:10.0.0.1", "x"};
    const char *network = known_constant(generator, KIND_NETWORK);
    guint a, b, c, d;
    guint prefix = 32;
    /* NOLINTNEXTLINE(cert-err34-c): it wrote the constant itself */
    if (!network || sscanf(network, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &prefix) < 4) {
        return chance(generator, 50) ? g_strdup(PICK(generator, odd)) : make_ipv4(generator, 32);
    }
    guint32 first = a << 24 | b << 16 | c << 8 | d;
    guint32 last = first | (prefix >= 32 ? 0 : ~0u >> prefix);
    const guint32 choices[] = {first, last, first - 1, last + 1, first + (last - first) / 2};
    guint32 address = PICK(generator, choices);
    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255);
}

/* A listed domain, its parent, a child of it, its other case, with a dot behind or before. */
static char *value_domain(Generator *generator) {
    const char *known = known_constant(generator, KIND_DOMAIN);
    g_autofree char *domain =
        known ? g_strdup(known + (known[0] == '.')) : make_plain_domain(generator);
    const char *dot = strchr(domain, '.');
    switch (below(generator, 8)) {
    case 0:
        return g_strconcat("sub.", domain, NULL);
    case 1:
        return g_strconcat(domain, ".", NULL);
    case 2:
        return g_ascii_strup(domain, -1);
    case 3:
        return g_strdup(dot ? dot + 1 : "unknown");
    case 4:
        return g_strconcat(chance(generator, 50) ? "." : "x", domain, NULL);
    default:
        return g_strdup(domain);
    }
}

static char *value_mailbox(Generator *generator) {
    const char *known = known_constant(generator, KIND_MAILBOX);
    g_autofree char *domain = value_domain(generator);
    switch (below(generator, 10)) {
    case 0:
        return g_strconcat("u%b.com@", domain, NULL);
    case 1:
        return g_strconcat("u@b.com@", domain, NULL);
    case 2:
        return g_strconcat("b.com!u@", domain, NULL);
    case 3:
        return g_strdup(chance(generator, 50) ? "user" : "u%b.com");
    case 4:
        return g_strconcat(chance(generator, 50) ? "@" : "u@", domain,
                           chance(generator, 50) ? "@" : "", NULL);
    case 5:
        return g_strconcat("USER@", domain, NULL);
    default:
        return known && !g_str_has_suffix(known, "@")
                   ? g_strdup(known)
                   : g_strconcat(known ? known : "u@", domain, NULL);
    }
}

static char *value_string(Generator *generator) {
    const char *known = known_constant(generator, KIND_STRING);
    return known                   ? g_strdup(known)
           : chance(generator, 30) ? value_mailbox(generator)
                                   : make_string(generator);
}

static char *value_number(Generator *generator) {
    static const char *const values[] = {"0",
                                         "1",
                                         "2",
                                         "3",
                                         "9",
                                         "10",
                                         "11",
                                         "99",
                                         "100",
                                         "101",
                                         "10239",
                                         "10240",
                                         "10241",
                                         "10485760",
                                         "1073741824",
                                         "18446744073709551615",
                                         "18446744073709551616",
                                         "-1",
                                         "x",
                                         "18446744073709551614",
                                         "007"};
    return g_strdup(PICK(generator, values));
}

static char *value_word(Generator *generator, const char *const *values) {
    return chance(generator, 10)
               ? g_strdup("NONE")
               : g_strdup(values[below(generator, g_strv_length((char **)(guintptr)values))]);
}

static char *make_value(Generator *generator, const AttributeInfo *info) {
    switch (info->type) {
    case ATTRIBUTE_TYPE_ADDRESS:
        return value_address(generator);
    case ATTRIBUTE_TYPE_NUMBER:
        return value_number(generator);
    case ATTRIBUTE_TYPE_MAILBOX:
        return value_mailbox(generator);
    case ATTRIBUTE_TYPE_HOST:
        return value_domain(generator);
    case ATTRIBUTE_TYPE_ENUMERATION:
        return value_word(generator, info->values);
    case ATTRIBUTE_TYPE_STRING:
        break;
    }
    return value_string(generator);
}

char *generator_value(Generator *generator, Attribute attribute) {
    return make_value(generator, attribute_info(attribute));
}

guint generator_below(Generator *generator, guint limit) {
    return below(generator, limit);
}

char *generator_request(Generator *generator, gsize *length) {
    GString *out = g_string_new("request=smtpd_access_policy\n");
    for (guint i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        const AttributeInfo *info = attribute_info((Attribute)i);
        if (chance(generator, 25)) {
            continue;
        }
        g_autofree char *value = chance(generator, 10) ? g_strdup("") : make_value(generator, info);
        g_string_append_printf(out, "%s=%s\n", info->name, value);
    }
    g_string_append_c(out, '\n');
    *length = out->len;
    return g_string_free(out, FALSE);
}
