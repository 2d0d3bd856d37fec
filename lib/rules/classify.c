/*
 * Classify: each facet has a map of its kind. Nothing here fails: a value that can't be read is
 * ATOM_ABSENT.
 */
#include "rules/classify.h"

#include <string.h>

#include "protocol/mailbox.h"
#include "rules/domain_map.h"
#include "rules/interval_map.h"

/* Texts to atoms, for strings, mailboxes and local parts. */
typedef struct {
    TextSet *texts;
    GArray *atoms; /* by the number of the text */
} TextMap;

struct Classifier {
    Operand operand;
    Facet facet;
    SignatureTable *signatures;
    IntervalMap *ipv4;
    IntervalMap *wide; /* IPv6, or numbers */
    DomainMap *domains;
    TextMap whole;
    TextMap open; /* of mailboxes: local parts at any domain */
};

Facet classify_facet(const Test *test) {
    static const Facet present[] = {
        [OPERAND_STRING] = FACET_STRING, [OPERAND_ADDRESS] = FACET_ADDRESS,
        [OPERAND_NUMBER] = FACET_NUMBER, [OPERAND_MAILBOX] = FACET_MAILBOX,
        [OPERAND_DOMAIN] = FACET_DOMAIN, [OPERAND_ENUMERATION] = FACET_STRING,
    };
    static const Facet facets[] = {
        [TEST_IN_NETWORKS] = FACET_ADDRESS,
        [TEST_IN_DOMAINS] = FACET_DOMAIN,
        [TEST_AT_DOMAINS] = FACET_FINAL_DOMAIN,
        [TEST_IN_ADDRESSES] = FACET_MAILBOX,
        [TEST_IN_STRINGS] = FACET_STRING,
        [TEST_EQUAL_FOLDED] = FACET_NONE,
        [TEST_NUMBER] = FACET_NUMBER,
        [TEST_REGEX] = FACET_NONE,
        [TEST_SAME] = FACET_NONE,
        [TEST_ROUTED] = FACET_NONE,
    };
    return test->kind == TEST_PRESENT ? present[operand_class(test->operand)] : facets[test->kind];
}

static void text_map_init(TextMap *map) {
    map->texts = text_set_new();
    map->atoms = g_array_new(FALSE, TRUE, sizeof(Atom));
}

static void text_map_clear(TextMap *map) {
    text_set_free(map->texts);
    g_array_unref(map->atoms);
}

static void text_map_add(TextMap *map, SignatureTable *signatures, const TextSet *texts,
                         guint32 test) {
    for (guint i = 0; i < text_set_count(texts); i++) {
        Text text = text_set_get(texts, i);
        text_set_add(map->texts, text);
        g_array_set_size(map->atoms, text_set_count(map->texts));
        Atom *atom = &g_array_index(map->atoms, Atom, text_set_find(map->texts, text));
        *atom = signature_with(signatures, *atom, test);
    }
}

static Atom text_map_atom(const TextMap *map, guint32 number) {
    return number == TEXT_SET_NONE ? ATOM_REST : g_array_index(map->atoms, Atom, number);
}

Classifier *classifier_new(Operand operand, Facet facet) {
    Classifier *classifier = g_new0(Classifier, 1);
    classifier->operand = operand;
    classifier->facet = facet;
    classifier->signatures = signature_table_new();
    classifier->ipv4 = interval_map_new(32);
    classifier->wide = interval_map_new(facet == FACET_NUMBER ? 64 : 128);
    classifier->domains = domain_map_new(classifier->signatures);
    text_map_init(&classifier->whole);
    text_map_init(&classifier->open);
    return classifier;
}

void classifier_free(Classifier *classifier) {
    if (classifier) {
        interval_map_free(classifier->ipv4);
        interval_map_free(classifier->wide);
        domain_map_free(classifier->domains);
        text_map_clear(&classifier->whole);
        text_map_clear(&classifier->open);
        signature_table_free(classifier->signatures);
        g_free(classifier);
    }
}

Operand classifier_operand(const Classifier *classifier) {
    return classifier->operand;
}

Facet classifier_facet(const Classifier *classifier) {
    return classifier->facet;
}

const SignatureTable *classifier_signatures(const Classifier *classifier) {
    return classifier->signatures;
}

static IntervalKey address_key(const Address *address) {
    guint32 ipv4;
    guint64 halves[2];
    if (address->family == ADDRESS_IPV4) {
        memcpy(&ipv4, address->bytes, sizeof ipv4);
        return GUINT32_FROM_BE(ipv4);
    }
    memcpy(halves, address->bytes, sizeof halves);
    return (IntervalKey)GUINT64_FROM_BE(halves[0]) << 64 | GUINT64_FROM_BE(halves[1]);
}

static void add_networks(Classifier *classifier, const NetworkSet *networks, guint32 number) {
    for (int family = ADDRESS_IPV4; family <= ADDRESS_IPV6; family++) {
        IntervalMap *map = family == ADDRESS_IPV4 ? classifier->ipv4 : classifier->wide;
        for (guint i = 0; i < network_set_count(networks, (AddressFamily)family); i++) {
            Address first;
            Address last;
            network_set_get(networks, (AddressFamily)family, i, &first, &last);
            interval_map_add(map, address_key(&first), address_key(&last), number);
        }
    }
}

static void add_number(Classifier *classifier, const Test *test, guint32 number) {
    guint64 value = test->kind == TEST_PRESENT ? 0 : test->number.value;
    Comparison comparison =
        test->kind == TEST_PRESENT ? COMPARISON_GREATER : test->number.comparison;
    guint64 first = 0;
    guint64 last = G_MAXUINT64;
    gboolean empty = FALSE;
    switch (comparison) {
    case COMPARISON_EQUAL:
        first = value;
        last = value;
        break;
    case COMPARISON_LESS:
        empty = value == 0;
        last = value - 1;
        break;
    case COMPARISON_LESS_OR_EQUAL:
        last = value;
        break;
    case COMPARISON_GREATER:
        empty = value == G_MAXUINT64;
        first = value + 1;
        break;
    case COMPARISON_GREATER_OR_EQUAL:
        first = value;
        break;
    }
    if (!empty) {
        interval_map_add(classifier->wide, first, last, number);
    }
}

static void add_domain_texts(Classifier *classifier, const TextSet *texts, gboolean under,
                             guint32 number) {
    for (guint i = 0; i < text_set_count(texts); i++) {
        domain_map_add(classifier->domains, text_set_get(texts, i), under, number);
    }
}

static void add_domains(Classifier *classifier, const List *list, guint32 number) {
    add_domain_texts(classifier, list_whole(list), FALSE, number);
    add_domain_texts(classifier, list_open(list), TRUE, number);
    add_networks(classifier, list_networks(list), number);
}

static void add_mailboxes(Classifier *classifier, const List *list, guint32 number) {
    text_map_add(&classifier->whole, classifier->signatures, list_whole(list), number);
    text_map_add(&classifier->open, classifier->signatures, list_open(list), number);
}

void classifier_add(Classifier *classifier, const Test *test, guint32 number) {
    switch (classifier->facet) {
    case FACET_ADDRESS:
        add_networks(classifier, list_networks(test->list), number);
        break;
    case FACET_NUMBER:
        add_number(classifier, test, number);
        break;
    case FACET_STRING:
        text_map_add(&classifier->whole, classifier->signatures, list_whole(test->list), number);
        break;
    case FACET_DOMAIN:
    case FACET_FINAL_DOMAIN:
        add_domains(classifier, test->list, number);
        break;
    case FACET_MAILBOX:
        add_mailboxes(classifier, test->list, number);
        break;
    case FACET_NONE:
        break;
    }
}

/* A listed mailbox satisfies the tests of its local part too. */
static void join_local_parts(Classifier *classifier) {
    const TextMap *open = &classifier->open;
    for (guint i = 0; i < text_set_count(classifier->whole.texts); i++) {
        Mailbox mailbox = mailbox_split(text_set_get(classifier->whole.texts, i));
        Atom *atom = &g_array_index(classifier->whole.atoms, Atom, i);
        Atom local = text_map_atom(open, text_set_find(open->texts, mailbox.local));
        *atom = signature_union(classifier->signatures, *atom, local);
    }
}

void classifier_seal(Classifier *classifier) {
    interval_map_seal(classifier->ipv4, classifier->signatures);
    interval_map_seal(classifier->wide, classifier->signatures);
    domain_map_seal(classifier->domains);
    if (classifier->facet == FACET_MAILBOX) {
        join_local_parts(classifier);
    }
}

Atom classifier_find_address(const Classifier *classifier, const Address *address) {
    IntervalKey key = address_key(address);
    return address->family == ADDRESS_IPV4 ? interval_map_find32(classifier->ipv4, (guint32)key)
                                           : interval_map_find(classifier->wide, key);
}

Atom classifier_find_number(const Classifier *classifier, guint64 number) {
    return interval_map_find(classifier->wide, number);
}

static Atom find_domain(const Classifier *classifier, Text domain) {
    Address literal;
    return address_parse_literal(domain, &literal) ? classifier_find_address(classifier, &literal)
                                                   : domain_map_find(classifier->domains, domain);
}

static Atom find_final_domain(const Classifier *classifier, Text value) {
    Mailbox mailbox = mailbox_split(value);
    return mailbox_final(&mailbox) ? find_domain(classifier, mailbox.domain) : ATOM_REST;
}

static Atom find_mailbox(const Classifier *classifier, Text value) {
    Mailbox mailbox = mailbox_split(value);
    if (!mailbox.has_at) {
        return ATOM_REST;
    }
    Text trimmed = text_make(value.data, mailbox.local.length + 1 + mailbox.domain.length);
    guint32 number = text_set_find_folded(classifier->whole.texts, trimmed);
    return number != TEXT_SET_NONE
               ? text_map_atom(&classifier->whole, number)
               : text_map_atom(&classifier->open,
                               text_set_find_folded(classifier->open.texts, mailbox.local));
}

Atom classifier_find_text(const Classifier *classifier, Text value) {
    if (value.length == 0) {
        return ATOM_ABSENT;
    }
    switch (classifier->facet) {
    case FACET_DOMAIN:
        return find_domain(classifier, value);
    case FACET_FINAL_DOMAIN:
        return find_final_domain(classifier, value);
    case FACET_MAILBOX:
        return find_mailbox(classifier, value);
    default:
        return text_map_atom(&classifier->whole, text_set_find(classifier->whole.texts, value));
    }
}

Atom classifier_find(const Classifier *classifier, const Request *request, char *scratch) {
    Attribute attribute = classifier->operand.attribute;
    Address address;
    guint64 number;
    switch (classifier->facet) {
    case FACET_ADDRESS:
        return request_address(request, attribute, &address)
                   ? classifier_find_address(classifier, &address)
                   : ATOM_ABSENT;
    case FACET_NUMBER:
        return request_number(request, attribute, &number)
                   ? classifier_find_number(classifier, number)
                   : ATOM_ABSENT;
    default:
        return classifier_find_text(classifier,
                                    operand_read(classifier->operand, request, scratch));
    }
}

typedef struct {
    SeedVisitor visit;
    gpointer data;
} Visit;

static void visit_text_map(const TextMap *map, SeedKind kind, const Visit *visit) {
    for (guint i = 0; i < text_set_count(map->texts); i++) {
        Seed seed = {.kind = kind, .text = text_set_get(map->texts, i)};
        visit->visit(g_array_index(map->atoms, Atom, i), &seed, visit->data);
    }
}

/* IntervalVisitor */
static void visit_numbers(IntervalKey first, IntervalKey last, Atom atom, gpointer data) {
    const Visit *visit = data;
    Seed seed = {
        .kind = SEED_NUMBERS, .first_number = (guint64)first, .last_number = (guint64)last};
    visit->visit(atom, &seed, visit->data);
}

static Address key_address(IntervalKey key, AddressFamily family) {
    Address address = {.family = family};
    for (size_t i = address_length(&address); i > 0; i--) {
        address.bytes[i - 1] = (guint8)key;
        key >>= 8;
    }
    return address;
}

static void visit_family(IntervalKey first, IntervalKey last, Atom atom, AddressFamily family,
                         const Visit *visit) {
    Seed seed = {.kind = SEED_ADDRESSES,
                 .first = key_address(first, family),
                 .last = key_address(last, family)};
    visit->visit(atom, &seed, visit->data);
}

/* IntervalVisitor */
static void visit_ipv4(IntervalKey first, IntervalKey last, Atom atom, gpointer data) {
    visit_family(first, last, atom, ADDRESS_IPV4, data);
}

/* IntervalVisitor */
static void visit_ipv6(IntervalKey first, IntervalKey last, Atom atom, gpointer data) {
    visit_family(first, last, atom, ADDRESS_IPV6, data);
}

static void visit_addresses(const Classifier *classifier, Visit *visit) {
    interval_map_visit(classifier->ipv4, visit_ipv4, visit);
    interval_map_visit(classifier->wide, visit_ipv6, visit);
}

/* DomainVisitor */
static void visit_domain(Text domain, Atom exact, Atom under, gpointer data) {
    const Visit *visit = data;
    Seed seed = {.kind = SEED_TEXT, .text = domain};
    visit->visit(exact, &seed, visit->data);
    seed.kind = SEED_UNDER;
    visit->visit(under, &seed, visit->data);
}

void classifier_visit(const Classifier *classifier, SeedVisitor visitor, gpointer data) {
    static const Seed other = {.kind = SEED_OTHER};
    Visit visit = {visitor, data};
    switch (classifier->facet) {
    case FACET_ADDRESS:
        visit_addresses(classifier, &visit);
        return;
    case FACET_NUMBER:
        interval_map_visit(classifier->wide, visit_numbers, &visit);
        return;
    case FACET_DOMAIN:
    case FACET_FINAL_DOMAIN:
        domain_map_visit(classifier->domains, visit_domain, &visit);
        visit_addresses(classifier, &visit);
        break;
    case FACET_MAILBOX:
        visit_text_map(&classifier->open, SEED_OPEN, &visit);
        visit_text_map(&classifier->whole, SEED_TEXT, &visit);
        break;
    case FACET_STRING:
        visit_text_map(&classifier->whole, SEED_TEXT, &visit);
        break;
    case FACET_NONE:
        return;
    }
    visitor(ATOM_REST, &other, data);
}
