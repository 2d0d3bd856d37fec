/*
 * Tuples: the values come from the lists and texts of the tests themselves; a request is a number
 * in mixed radix, a digit for each attribute.
 */
#include "engine/tuples.h"

#include <string.h>

#include "analysis/regex_sample.h"
#include "protocol/mailbox.h"
#include "protocol/xtext.h"

#define SAMPLES_MAX 3

struct Tuples {
    GPtrArray *values[ATTRIBUTE_COUNT]; /* of char *; NULL where nothing asks it */
    GPtrArray *locals;                  /* while they are made: of one attribute */
    GPtrArray *domains;
    guint digits[ATTRIBUTE_COUNT];
    guint left;      /* requests to come */
    gboolean random; /* not all of them */
    GRand *rand;
};

static void add(GPtrArray *values, char *value) {
    for (guint i = 0; i < values->len; i++) {
        if (g_str_equal(g_ptr_array_index(values, i), value)) {
            g_free(value);
            return;
        }
    }
    g_ptr_array_add(values, value);
}

static void add_copy(GPtrArray *values, Text text) {
    add(values, g_strndup(text.data, text.length));
}

static void step(Address *address, gboolean up) {
    for (size_t i = address_length(address); i > 0; i--) {
        guint8 *byte = &address->bytes[i - 1];
        *byte = (guint8)(up ? *byte + 1 : *byte - 1);
        if (*byte != (up ? 0 : 255)) {
            return;
        }
    }
}

static void add_address(GPtrArray *values, const Address *address, gboolean literal) {
    char text[ADDRESS_TEXT_SIZE];
    const char *tag = address->family == ADDRESS_IPV6 ? "IPv6:" : "";
    address_print(address, text);
    add(values, literal ? g_strdup_printf("[%s%s]", tag, text) : g_strdup(text));
}

/* Each range's ends, and the addresses beside it. */
static void add_networks(GPtrArray *values, const List *list, gboolean literal) {
    const NetworkSet *networks = list_networks(list);
    for (int family = ADDRESS_IPV4; family <= ADDRESS_IPV6; family++) {
        for (guint i = 0; i < network_set_count(networks, (AddressFamily)family); i++) {
            Address first;
            Address last;
            network_set_get(networks, (AddressFamily)family, i, &first, &last);
            add_address(values, &first, literal);
            add_address(values, &last, literal);
            step(&first, FALSE);
            step(&last, TRUE);
            add_address(values, &first, literal);
            add_address(values, &last, literal);
        }
    }
}

static void add_texts(GPtrArray *values, const TextSet *texts, const char *prefix) {
    for (guint i = 0; i < text_set_count(texts); i++) {
        Text text = text_set_get(texts, i);
        add(values, g_strdup_printf("%s%.*s", prefix, (int)text.length, text.data));
    }
}

static void add_domains(GPtrArray *values, const List *list) {
    add_texts(values, list_whole(list), "");
    add_texts(values, list_whole(list), "w.");
    add_texts(values, list_open(list), "");
    add_texts(values, list_open(list), "w.");
    add_networks(values, list, TRUE);
}

static void add_local(Tuples *tuples, Text local) {
    g_autofree char *copy = g_strndup(local.data, local.length);
    add_copy(tuples->locals, local);
    add(tuples->locals, g_ascii_strup(copy, -1));
}

static void add_mailboxes(Tuples *tuples, const List *list) {
    for (guint i = 0; i < text_set_count(list_whole(list)); i++) {
        Mailbox mailbox = mailbox_split(text_set_get(list_whole(list), i));
        add_local(tuples, mailbox.local);
        add_copy(tuples->domains, mailbox.domain);
    }
    for (guint i = 0; i < text_set_count(list_open(list)); i++) {
        add_local(tuples, text_set_get(list_open(list), i));
    }
}

static void add_number(GPtrArray *values, guint64 number) {
    add(values, g_strdup_printf("%" G_GUINT64_FORMAT, number));
    add(values, g_strdup_printf("%" G_GUINT64_FORMAT, number - 1));
    add(values, g_strdup_printf("%" G_GUINT64_FORMAT, number + 1));
}

static void add_samples(Tuples *tuples, GPtrArray *values, const Test *test) {
    g_autoptr(GPtrArray) samples = regex_sample(regex_pattern(test->regex), SAMPLES_MAX);
    GPtrArray *to = test->operand.part == PART_DOMAIN  ? tuples->domains
                    : test->operand.part == PART_LOCAL ? tuples->locals
                                                       : values;
    for (guint i = 0; i < samples->len; i++) {
        add(to, g_strdup(g_ptr_array_index(samples, i)));
    }
}

static void add_strings(Tuples *tuples, GPtrArray *values, const Test *test) {
    const TextSet *texts = list_whole(test->list);
    add_texts(test->operand.part == PART_LOCAL ? tuples->locals : values, texts, "");
    for (guint i = 0; test->operand.part == PART_WHOLE && i < text_set_count(texts); i++) {
        Mailbox mailbox = mailbox_split(text_set_get(texts, i));
        add_copy(tuples->locals, mailbox.local);
        add_copy(tuples->domains, mailbox.domain);
    }
}

static void add_constants(Tuples *tuples, GPtrArray *values, const Test *test) {
    switch (test->kind) {
    case TEST_IN_NETWORKS:
        add_networks(values, test->list, FALSE);
        break;
    case TEST_IN_DOMAINS:
        add_domains(test->operand.part == PART_WHOLE ? values : tuples->domains, test->list);
        break;
    case TEST_AT_DOMAINS:
        add_domains(tuples->domains, test->list);
        break;
    case TEST_IN_ADDRESSES:
        add_mailboxes(tuples, test->list);
        break;
    case TEST_IN_STRINGS:
        add_strings(tuples, values, test);
        break;
    case TEST_EQUAL_FOLDED:
        add(values, g_strdup(test->text));
        add(values, g_ascii_strup(test->text, -1));
        break;
    case TEST_NUMBER:
        add_number(values, test->number.value);
        break;
    case TEST_REGEX:
        add_samples(tuples, values, test);
        break;
    case TEST_PRESENT:
    case TEST_SAME:
    case TEST_ROUTED:
        break;
    }
}

/* What no file of the generator speaks of. */
static void add_others(Tuples *tuples, GPtrArray *values, Attribute attribute) {
    static const char *const others[][6] = {
        [ATTRIBUTE_TYPE_STRING] = {"zz", "zz@zz.zz"},
        [ATTRIBUTE_TYPE_ADDRESS] = {"198.51.100.7", "2001:db8:ffff::7", "unknown"},
        [ATTRIBUTE_TYPE_NUMBER] = {"0", "1", "7", "x"},
        [ATTRIBUTE_TYPE_MAILBOX] = {"zz", "zz@", "@", "z%z"},
        [ATTRIBUTE_TYPE_HOST] = {"zz.zz", "ZZ.zz.", "unknown", "."},
    };
    static const char *const locals[] = {"zz", "z%z", ""};
    static const char *const domains[] = {"zz.zz", "", "."};
    const AttributeInfo *info = attribute_info(attribute);
    const char *const *other = info->values ? info->values : others[info->type];
    add(values, g_strdup(""));
    for (; *other; other++) {
        add(values, g_strdup(*other));
    }
    for (guint i = 0; i < G_N_ELEMENTS(locals); i++) {
        add(tuples->locals, g_strdup(locals[i]));
        add(tuples->domains, g_strdup(domains[i]));
    }
}

/* Every local part before every domain. */
static void join_parts(const Tuples *tuples, GPtrArray *values) {
    for (guint i = 0; i < tuples->locals->len; i++) {
        const char *local = g_ptr_array_index(tuples->locals, i);
        add(values, g_strdup(local));
        for (guint j = 0; j < tuples->domains->len; j++) {
            add(values, g_strconcat(local, "@", g_ptr_array_index(tuples->domains, j), NULL));
        }
    }
}

static gboolean asks(const Test *test, Attribute attribute) {
    return test->operand.attribute == attribute
           || (test->kind == TEST_SAME && test->other.attribute == attribute);
}

static GPtrArray *make_values(Tuples *tuples, const Ruleset *ruleset, Attribute attribute) {
    const AttributeInfo *info = attribute_info(attribute);
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    tuples->locals = g_ptr_array_new_with_free_func(g_free);
    tuples->domains = g_ptr_array_new_with_free_func(g_free);
    gboolean asked = FALSE;
    for (guint i = 0; i < ruleset_expression_count(ruleset); i++) {
        const Expression *expression = ruleset_expression(ruleset, i);
        if (expression->kind == EXPRESSION_TEST && asks(&expression->test, attribute)) {
            asked = TRUE;
            add_constants(tuples, values, &expression->test);
        }
    }
    add_others(tuples, values, attribute);
    if (info->type == ATTRIBUTE_TYPE_MAILBOX || attribute == ATTRIBUTE_SASL_USERNAME) {
        join_parts(tuples, values);
    }
    for (guint i = 0; info->xtext && i < values->len; i++) {
        char **value = (char **)&values->pdata[i];
        char *encoded = xtext_encode(text_from_string(*value));
        g_free(*value);
        *value = encoded;
    }
    g_clear_pointer(&tuples->locals, g_ptr_array_unref);
    g_clear_pointer(&tuples->domains, g_ptr_array_unref);
    if (!asked) {
        g_clear_pointer(&values, g_ptr_array_unref);
    }
    return values;
}

Tuples *tuples_new(const Ruleset *ruleset, guint maximum, guint32 seed) {
    Tuples *tuples = g_new0(Tuples, 1);
    guint64 all = 1;
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        tuples->values[i] = make_values(tuples, ruleset, (Attribute)i);
        if (tuples->values[i] && all <= maximum) {
            all *= tuples->values[i]->len;
        }
    }
    tuples->rand = g_rand_new_with_seed(seed);
    tuples->random = all > maximum;
    tuples->left = tuples->random ? maximum : (guint)all;
    return tuples;
}

void tuples_free(Tuples *tuples) {
    if (tuples) {
        for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
            g_clear_pointer(&tuples->values[i], g_ptr_array_unref);
        }
        g_rand_free(tuples->rand);
        g_free(tuples);
    }
}

/* The next number, or random digits. */
static void advance(Tuples *tuples) {
    gboolean carry = TRUE;
    for (guint i = 0; i < ATTRIBUTE_COUNT && (carry || tuples->random); i++) {
        if (tuples->values[i]) {
            guint count = tuples->values[i]->len;
            tuples->digits[i] =
                tuples->random ? g_rand_int(tuples->rand) % count : (tuples->digits[i] + 1) % count;
            carry = tuples->digits[i] == 0;
        }
    }
}

gboolean tuples_next(Tuples *tuples, Request *out) {
    if (tuples->left == 0) {
        return FALSE;
    }
    *out = (Request){0};
    out->values[ATTRIBUTE_REQUEST] = TEXT_LITERAL("smtpd_access_policy");
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (tuples->values[i]) {
            out->values[i] =
                text_from_string(g_ptr_array_index(tuples->values[i], tuples->digits[i]));
        } else if (i != ATTRIBUTE_REQUEST) {
            out->values[i] = text_from_string("");
        }
    }
    advance(tuples);
    tuples->left--;
    return TRUE;
}

gboolean tuples_may_miss(const Ruleset *ruleset) {
    for (guint i = 0; i < ruleset_expression_count(ruleset); i++) {
        const Expression *expression = ruleset_expression(ruleset, i);
        if (expression->kind == EXPRESSION_TEST
            && (expression->test.kind == TEST_REGEX || expression->test.kind == TEST_SAME)) {
            return TRUE;
        }
    }
    return FALSE;
}
