/*
 * Units of lib/rules/classify: what classifier_visit() tells: each seed's values have its atom, at
 * its ends and in the middle, and every class that a value has is told.
 */
#include "rules/classify.h"

#include <string.h>

#include "rules/index.h"
#include "unit/rules.h"

static const char rules_text[] =
    "accept open relay\n"
    "reject if client_address in { 10.0.0.0/8, 10.1.0.0/16, 0.0.0.0, 255.255.255.255, ::/127 }\n"
    "reject if client_address in { 10.1.2.0/24, 2001:db8::/32 } or client_address == \"::1\"\n"
    "reject if size < 10 or size >= 10k or size == 18446744073709551615 or size\n"
    "reject if sender in { .d.com, d.com, x.d.com, [192.0.2.1] } or sender in { x.d.com }\n"
    "reject if sender in { a@d.com, A@, b@x.d.com } or sender == \"b@d.com\"\n"
    "reject if sender.domain in { .com, e.com, [IPv6:2001:db8::1] }\n"
    "reject if sender.local in { \"a\", \"A\", \"b\" } or sender.local == \"a\"\n"
    "reject if protocol_state in { \"RCPT\", \"DATA\" } or helo_name in { .d.com }\n"
    "dunno\n";

static Atom find(const Classifier *classifier, const char *format, Text text) {
    g_autofree char *copy = g_strndup(text.data, text.length);
    g_auto(GStrv) around = g_strsplit(format, "%s", 2);
    g_autofree char *domain = g_strconcat(around[0], copy, around[1], NULL);
    g_autofree char *mailbox = g_strconcat("nobody@", domain, NULL);
    gboolean final = classifier_facet(classifier) == FACET_FINAL_DOMAIN;
    return classifier_find_text(classifier, text_from_string(final ? mailbox : domain));
}

static Atom find_literal(const Classifier *classifier, const Address *address) {
    char text[ADDRESS_TEXT_SIZE];
    address_print(address, text);
    return find(classifier, address->family == ADDRESS_IPV6 ? "[IPv6:%s]" : "[%s]",
                text_from_string(text));
}

/* An address of the v4-mapped range is written as IPv4. */
static gboolean is_mapped(const Address *address) {
    static const guint8 prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return address->family == ADDRESS_IPV6 && memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

static void check_address(const Classifier *classifier, const Address *address, Atom atom) {
    ck_assert_uint_eq(classifier_find_address(classifier, address), atom);
    if (classifier_facet(classifier) != FACET_ADDRESS && !is_mapped(address)) {
        ck_assert_uint_eq(find_literal(classifier, address), atom);
    }
}

typedef struct {
    const Classifier *classifier;
    GHashTable *atoms;
} Visited;

/* SeedVisitor */
static void check_seed(Atom atom, const Seed *seed, gpointer data) {
    const Visited *visited = data;
    const Classifier *classifier = visited->classifier;
    g_hash_table_add(visited->atoms, GUINT_TO_POINTER(atom));
    switch (seed->kind) {
    case SEED_TEXT:
        ck_assert_uint_eq(find(classifier, "%s", seed->text), atom);
        break;
    case SEED_UNDER:
        ck_assert_uint_eq(find(classifier, "*.%s", seed->text), atom);
        ck_assert_uint_eq(find(classifier, "*.*.%s", seed->text), atom);
        break;
    case SEED_OPEN:
        ck_assert_uint_eq(find(classifier, "%s@nowhere", seed->text), atom);
        ck_assert_uint_eq(find(classifier, "%s@", seed->text), atom);
        break;
    case SEED_OTHER:
        ck_assert_uint_eq(atom, ATOM_REST);
        ck_assert_uint_eq(find(classifier, "nobody@no%s", text_from_string("where")), atom);
        break;
    case SEED_ADDRESSES:
        ck_assert_int_eq(seed->first.family, seed->last.family);
        check_address(classifier, &seed->first, atom);
        check_address(classifier, &seed->last, atom);
        break;
    case SEED_NUMBERS:
        ck_assert_uint_eq(classifier_find_number(classifier, seed->first_number), atom);
        ck_assert_uint_eq(classifier_find_number(classifier, seed->last_number), atom);
        break;
    }
}

static const Classifier *find_classifier(const Ruleset *ruleset, Attribute attribute,
                                         AttributePart part, Facet facet) {
    const Index *index = ruleset_index(ruleset);
    for (guint i = 0; i < index_facet_count(index); i++) {
        const Classifier *classifier = index_classifier(index, i);
        Operand operand = classifier_operand(classifier);
        if (operand.attribute == attribute && operand.part == part
            && classifier_facet(classifier) == facet) {
            return classifier;
        }
    }
    ck_abort_msg("no such facet");
    return NULL;
}

static const struct {
    Attribute attribute;
    AttributePart part;
    Facet facet;
    guint atoms; /* that values have, ATOM_REST included */
} rows[] = {
    /* None; 10/8; 10.1.2/24 in it; ::1 in ::/127; 2001:db8::/32. */
    {ATTRIBUTE_CLIENT_ADDRESS, PART_WHOLE, FACET_ADDRESS, 5},
    /* 0; to 9; to 10239; from 10240; the last. Present is a test of its own. */
    {ATTRIBUTE_SIZE, PART_WHOLE, FACET_NUMBER, 5},
    {ATTRIBUTE_SENDER, PART_WHOLE, FACET_FINAL_DOMAIN, 3},
    /* None; the first list; b@d.com. */
    {ATTRIBUTE_SENDER, PART_WHOLE, FACET_MAILBOX, 3},
    {ATTRIBUTE_SENDER, PART_DOMAIN, FACET_DOMAIN, 2},
    {ATTRIBUTE_SENDER, PART_LOCAL, FACET_STRING, 3},
    {ATTRIBUTE_PROTOCOL_STATE, PART_WHOLE, FACET_STRING, 2},
    {ATTRIBUTE_HELO_NAME, PART_WHOLE, FACET_DOMAIN, 2},
};

START_TEST(test_visit) {
    g_autoptr(Ruleset) ruleset = rules_good(rules_text);
    g_autoptr(GHashTable) atoms = g_hash_table_new(NULL, NULL);
    Visited visited = {find_classifier(ruleset, rows[_i].attribute, rows[_i].part, rows[_i].facet),
                       atoms};
    classifier_visit(visited.classifier, check_seed, &visited);
    ck_assert_uint_eq(g_hash_table_size(atoms), rows[_i].atoms);
    ck_assert(g_hash_table_contains(atoms, GUINT_TO_POINTER(ATOM_REST))
              || rows[_i].facet == FACET_NUMBER);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("classify");
    UNIT_ADD_TABLE(suite, test_visit, rows);
    return unit_run(suite);
}
