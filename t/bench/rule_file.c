/*
 * RuleFile: every constant is made of its rule's number by multiplying with an odd constant, which
 * spreads the numbers and keeps them apart. Fails by GError where a file can't be written.
 */
#include "rule_file.h"

#include <string.h>

#define KINDS 10

/* Of a rule's own constants, those in the `other` part of an `or` must differ from the first. */
#define OTHER 0x400000U

/* One entry in so many is also a hit: enough to ask for, few enough to keep. */
#define HIT_EVERY 64

static const char head[] = "networks trusted = 127.0.0.0/8, ::1, 192.168.0.0/16\n"
                           "domains  local   = alder.example, .oak.example, willow.example\n";

static const char tail[] = "permit  if client_address in trusted\n"
                           "reject  \"5.7.11 Encryption required to log in and relay\"\n"
                           "        if authenticated and not encrypted\n"
                           "permit  if authenticated\n"
                           "dunno   if recipient in local\n"
                           "reject  \"5.7.1 Relay access denied\"\n";

static const char sets[] = "networks blocked = file \"networks\"\n"
                           "domains  listed  = file \"domains\"\n"
                           "reject \"5.7.1 Blocked client\" if client_address in blocked\n"
                           "reject \"5.7.1 Blocked sender\" if sender.domain in listed\n";

/* A bijection on the numbers of so many bits. */
static guint32 spread(guint32 number, guint bits) {
    return (number * 0x9e3779b1U) & (G_MAXUINT32 >> (32 - bits));
}

/* Anywhere in the address space, the trusted networks included: blocking rules stand first. */
static char *make_network(guint32 number, guint prefix) {
    guint32 address = spread(number, prefix) << (32 - prefix);
    return g_strdup_printf("%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255, prefix);
}

/* The network's first address. */
static char *first_address(const char *network) {
    return g_strndup(network, strcspn(network, "/"));
}

static char *make_domain(guint32 number) {
    static const char *const words[] = {"lotto", "pill", "seo",   "crypto",
                                        "cheap", "win",  "offer", "loan"};
    static const char *const tops[] = {"com", "net", "info", "biz", "xyz", "top", "click", "co.uk"};
    guint32 mixed = spread(number, 24);
    return g_strdup_printf("%s-%x.%s", words[mixed & 7], mixed, tops[mixed >> 3 & 7]);
}

static void add_hit(RuleFile *file, Attribute attribute, char *value) {
    RuleHit hit = {attribute, value};
    g_array_append_val(file->hits, hit);
}

static void write_network(RuleFile *file, GString *out, guint32 number, guint prefix,
                          const char *rest) {
    g_autofree char *network = make_network(number, prefix);
    g_string_append_printf(out, "reject \"5.7.1 Blocked %u\" if client_address in { %s }%s\n",
                           number, network, rest);
    add_hit(file, ATTRIBUTE_CLIENT_ADDRESS, first_address(network));
}

static void write_domain(RuleFile *file, GString *out, guint32 number, const char *rest) {
    g_autofree char *domain = make_domain(number);
    g_string_append_printf(out, "reject \"5.7.1 Blocked %u\" if sender.domain in { %s, .%s }%s\n",
                           number, domain, domain, rest);
    add_hit(file, ATTRIBUTE_SENDER, g_strdup_printf("news@%s", domain));
}

static void write_size(RuleFile *file, GString *out, guint32 number) {
    static const char *const sizes[] = {"1k", "10k", "100k", "1M", "10M", "20M", "50M", "100M"};
    g_autofree char *rest =
        g_strdup_printf(" and size > %s", sizes[number / KINDS % G_N_ELEMENTS(sizes)]);
    write_domain(file, out, number, rest);
}

static void write_mailbox(RuleFile *file, GString *out, guint32 number) {
    g_autofree char *domain = make_domain(number);
    g_string_append_printf(out, "reject \"5.1.1 No user %u\" if recipient in { u%u@%s }\n", number,
                           number, domain);
    add_hit(file, ATTRIBUTE_RECIPIENT, g_strdup_printf("u%u@%s", number, domain));
}

static void write_helo(RuleFile *file, GString *out, guint32 number) {
    g_autofree char *domain = make_domain(number);
    g_string_append_printf(out, "reject \"5.7.1 Blocked %u\" if helo_name in { mx.%s }\n", number,
                           domain);
    add_hit(file, ATTRIBUTE_HELO_NAME, g_strdup_printf("mx.%s", domain));
}

static void write_either(RuleFile *file, GString *out, guint32 number) {
    g_autofree char *domain = make_domain(number);
    g_autofree char *network = make_network(number + OTHER, 28);
    g_string_append_printf(out,
                           "defer  \"4.7.1 Later %u\" if sender in { bulk@%s } or client_address "
                           "in { %s }\n",
                           number, domain, network);
    add_hit(file, ATTRIBUTE_SENDER, g_strdup_printf("bulk@%s", domain));
}

static void write_user(RuleFile *file, GString *out, guint32 number) {
    g_string_append_printf(out, "reject \"5.7.1 Suspended %u\" if sasl_username == \"user%u\"\n",
                           number, number);
    add_hit(file, ATTRIBUTE_SASL_USERNAME, g_strdup_printf("user%u", number));
}

static void write_condition(RuleFile *file, GString *out, guint32 number) {
    g_autofree char *domain = make_domain(number);
    g_string_append_printf(out,
                           "condition moved%u = recipient in { %s } and not encrypted\n"
                           "defer  \"4.7.1 Moved %u\" if moved%u\n",
                           number, domain, number, number);
    add_hit(file, ATTRIBUTE_RECIPIENT, g_strdup_printf("info@%s", domain));
}

/* In every tenth of its kind with a regex. */
static void write_client(RuleFile *file, GString *out, guint32 number) {
    gboolean regex = number / KINDS % KINDS == KINDS / 2;
    g_autofree char *domain = make_domain(number);
    g_string_append_printf(out, "reject \"5.7.1 Blocked %u\" if client_name in { .%s }", number,
                           domain);
    if (regex) {
        g_string_append_printf(out, " and helo_name matches /^(\\d+[-.])+%x/i", number);
    }
    g_string_append_c(out, '\n');
    add_hit(file, ATTRIBUTE_CLIENT_NAME, g_strdup_printf("host.%s", domain));
}

static void write_rule(RuleFile *file, GString *out, guint32 number) {
    switch (number % KINDS) {
    case 0:
        write_network(file, out, number, 24, "");
        break;
    case 1:
        write_domain(file, out, number, "");
        break;
    case 2:
        write_mailbox(file, out, number);
        break;
    case 3:
        write_helo(file, out, number);
        break;
    case 4:
        write_network(file, out, number, 26, " and not authenticated");
        break;
    case 5:
        write_either(file, out, number);
        break;
    case 6:
        write_user(file, out, number);
        break;
    case 7:
        write_size(file, out, number);
        break;
    case 8:
        write_condition(file, out, number);
        break;
    default:
        write_client(file, out, number);
        break;
    }
}

/*
 * Rules with constants of their own where there is a `$`: $n the rule's number, $d a domain, $w its
 * first label, $a and $b networks, $t an address that is trusted, $s a size.
 */
static const char *const plain_rules[] = {
    "permit if client_address in { $t } and sender in { news@$d }",
    "permit if authenticated and encrypted and sender.domain in { $d }",
    "permit if recipient in { $w.oak.example } and sender.domain in { $d }",
    "permit if client_address in { $t } and (recipient.domain in { $d } or size < $s)",
    "permit if sasl_username == \"partner$n\" and authenticated and client_address in { $a }",
    "dunno if recipient in { x$n@alder.example, y$n@willow.example }",
    "dunno if recipient in local and client_name in { mx.$d } and not sender",
    ("reject \"5.5.3 Many $n\" if protocol_state == \"DATA\" and sender in { list@$d }"
     " and recipient_count > 50"),
    "defer \"4.7.1 Slowly $n\" if (client_address in { $b } or helo_name in { .$d }) and size > $s",
    ("reject \"5.7.1 Log in $n\" if sender.domain in { $d } and not insider\n"
     "permit if sender.domain in { $d } and size < $s"),
};

static const char *const hard_rules[] = {
    ("reject \"5.7.1 Blocked $n\" if client_address in { $a } and helo_name in { .$d }"
     " and sender in { bulk@$d }"),
    ("addresses team$n = chief@$d, sales$n@$d, sales$n@alder.example, help$n@, .help$n@$d\n"
     "permit if sender in team$n and authenticated and encrypted"),
    "permit if authenticated and sender == sasl_username and sender.domain in { $d }",
    "reject \"5.7.1 Bulk $n\" if sender.local in { \"bounce$n\", \"list$n\" } and size > $s",
    "permit if client_address in { $t } and recipient.local == \"u$n\" and size < $s",
    ("defer \"4.7.1 Later $n\" if client_name in { .$d } and helo_name in { mx.$d }"
     " and not client_address in { $b }"),
    ("reject \"5.1.1 No user $n\" if recipient in { u$n@$d, v$n@alder.example, w$n@ }"
     " and (sender.domain in { $d } or not sender)"),
    ("dunno if recipient in local and recipient.local in { \"info$n\", \"sales$n\" }"
     " and sender.domain in { .$d }"),
    ("reject \"5.7.1 Not yours $n\" if sender in { boss$n@alder.example }"
     " and sender != sasl_username"),
    ("reject \"5.7.1 Log in $n\" if sender.domain in { $d } and not insider\n"
     "permit if sender.domain in { $d } and recipient.domain in { .$d } and client_name in { .$d "
     "}"),
};

G_STATIC_ASSERT(G_N_ELEMENTS(plain_rules) == KINDS && G_N_ELEMENTS(hard_rules) == KINDS);

static char *make_constant(char kind, guint32 number) {
    g_autofree char *domain = make_domain(number);
    switch (kind) {
    case 'a':
        return make_network(number, 24);
    case 'b':
        return make_network(number + OTHER, 28);
    case 'd':
        return g_steal_pointer(&domain);
    case 's':
        return g_strdup_printf("%uk", 1U << (number / KINDS % 17));
    case 't':
        return g_strdup_printf("192.168.%u.%u", number >> 8 & 255, number & 255);
    case 'w':
        return g_strndup(domain, strcspn(domain, "."));
    default:
        return g_strdup_printf("%u", number);
    }
}

static void write_template(GString *out, const char *template, guint32 number) {
    const char *mark;
    for (; (mark = strchr(template, '$')); template = mark + 2) {
        g_autofree char *constant = make_constant(mark[1], number);
        g_string_append_len(out, template, mark - template);
        g_string_append(out, constant);
    }
    g_string_append_printf(out, "%s\n", template);
}

static void write_mixed(RuleFile *file, GString *out, RuleMix mix, guint32 number) {
    if (mix == RULE_MIX_HARD) {
        write_template(out, hard_rules[number % KINDS], number);
    } else if (number % 2 == 0) {
        write_rule(file, out, number / 2);
    } else {
        write_template(out, plain_rules[number / 2 % KINDS], number);
    }
}

static RuleFile *rule_file_new(char *path) {
    RuleFile *file = g_new0(RuleFile, 1);
    file->path = path;
    file->hits = g_array_new(FALSE, FALSE, sizeof(RuleHit));
    return file;
}

void rule_file_free(RuleFile *file) {
    if (file) {
        for (guint i = 0; i < file->hits->len; i++) {
            g_free(g_array_index(file->hits, RuleHit, i).value);
        }
        g_array_unref(file->hits);
        g_free(file->path);
        g_free(file);
    }
}

RuleFile *rule_file_write(const char *folder, guint rules, GError **error) {
    g_autofree char *name = g_strdup_printf("%u.rules", rules);
    g_autoptr(RuleFile) file = rule_file_new(g_build_filename(folder, name, NULL));
    g_autoptr(GString) out = g_string_new(head);
    for (guint32 number = 0; number < rules; number++) {
        write_rule(file, out, number);
    }
    g_string_append(out, tail);
    return g_file_set_contents(file->path, out->str, (gssize)out->len, error)
               ? g_steal_pointer(&file)
               : NULL;
}

static gboolean write_list(const char *folder, const char *name, const GString *items,
                           GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_set_contents(path, items->str, (gssize)items->len, error);
}

/* Addresses alone and networks of three sizes; one in ten is IPv6. */
static gboolean write_networks(RuleFile *file, const char *folder, guint entries, GError **error) {
    static const guint prefixes[] = {32, 32, 28, 32, 27};
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint32 number = 0; number < entries; number++) {
        if (number % 10 == 9) {
            guint32 mixed = spread(number, 32);
            g_string_append_printf(out, "2a00:%x:%x::/48\n", mixed >> 16, mixed & 0xffff);
            continue;
        }
        g_autofree char *network = make_network(number, prefixes[number % 5]);
        g_string_append_printf(out, "%s\n", network);
        if (number % HIT_EVERY == 0) {
            add_hit(file, ATTRIBUTE_CLIENT_ADDRESS, first_address(network));
        }
    }
    return write_list(folder, "networks", out, error);
}

/* Every third with all that is under it only. */
static gboolean write_domains(RuleFile *file, const char *folder, guint entries, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint32 number = 0; number < entries; number++) {
        gboolean under = number % 3 == 2;
        g_autofree char *domain = make_domain(number);
        g_string_append_printf(out, "%s%s\n", under ? "." : "", domain);
        if (number % HIT_EVERY == 0) {
            add_hit(file, ATTRIBUTE_SENDER,
                    g_strdup_printf("news@%s%s", under ? "mail." : "", domain));
        }
    }
    return write_list(folder, "domains", out, error);
}

RuleFile *rule_file_write_sets(const char *folder, guint entries, GError **error) {
    g_autoptr(RuleFile) file = rule_file_new(g_build_filename(folder, "sets.rules", NULL));
    g_autoptr(GString) out = g_string_new(head);
    g_string_append(out, sets);
    for (guint32 number = 0; number < KINDS; number++) {
        write_rule(file, out, number + OTHER);
    }
    g_string_append(out, tail);
    gboolean good = write_networks(file, folder, entries, error)
                    && write_domains(file, folder, entries, error)
                    && g_file_set_contents(file->path, out->str, (gssize)out->len, error);
    return good ? g_steal_pointer(&file) : NULL;
}

/* In the middle of the file, a rule on helo_name and one of RULE_MIX_PLAIN's on client_address. */
static guint32 swap(const RuleMixOptions *options, guint32 number) {
    guint32 first = options->rules / 2 / (2 * KINDS) * (2 * KINDS) + 6;
    return options->swapped && number / 2 == first / 2 ? number ^ 1 : number;
}

RuleFile *rule_file_write_mix(const char *folder, const char *name, const RuleMixOptions *options,
                              GError **error) {
    g_autoptr(RuleFile) file = rule_file_new(g_build_filename(folder, name, NULL));
    g_autoptr(GString) out = g_string_new(head);
    g_string_append(out, options->entries > 0 ? sets : "");
    guint32 start = options->entries > 0 ? OTHER : 0; /* the lists have constants from 0 on */
    for (guint32 number = 0; number < options->rules; number++) {
        write_mixed(file, out, options->mix, start + swap(options, number));
    }
    g_string_append(out, tail);
    gboolean good = options->entries == 0
                    || (write_networks(file, folder, options->entries, error)
                        && write_domains(file, folder, options->entries, error));
    good = good && g_file_set_contents(file->path, out->str, (gssize)out->len, error);
    return good ? g_steal_pointer(&file) : NULL;
}
