/*
 * Group witness: values that may have the wanted codes, from the seeds of the rows that have them,
 * in several letter cases, and from what the wanted regexes may match. Each is looked at before it
 * is given out, so a guess costs time and is never wrong.
 */
#include <string.h>

#include "analysis/group_private.h"
#include "analysis/natural.h"
#include "analysis/regex_sample.h"
#include "limit.h"
#include "protocol/mailbox.h"

/* Values that are tried for one wish, and samples of one regex. */
#define GUESSES_MAX 1024
#define SAMPLES_MAX 12

/* Letter cases of one text that are tried, and numbered names. */
#define CASES_MAX 16
#define NAMES_MAX 4

/* Members of a class that are tried where the first wasn't one. */
#define MEMBERS_MAX 128

typedef struct {
    const Group *group;
    const GroupTarget *target;
    RegexScratch *scratch;
    GPtrArray *guesses;
} Search;

static guint32 code_of(const Field *field, Text value) {
    if (value.length == 0) {
        return CODE_ABSENT;
    }
    Address address;
    guint64 number;
    switch (classifier_facet(field->classifier)) {
    case FACET_ADDRESS:
        return address_parse(value, &address)
                   ? field_code(field, classifier_find_address(field->classifier, &address))
                   : CODE_ABSENT;
    case FACET_NUMBER:
        return text_parse_number(value, &number)
                   ? field_code(field, classifier_find_number(field->classifier, number))
                   : CODE_ABSENT;
    default:
        return field_code(field, classifier_find_text(field->classifier, value));
    }
}

static Text part_of(const Group *group, AttributePart part, Text value) {
    Mailbox mailbox = mailbox_split(value);
    if (part == PART_WHOLE) {
        return attribute_info(group->attribute)->type == ATTRIBUTE_TYPE_HOST ? domain_trim(value)
                                                                             : value;
    }
    return part == PART_DOMAIN ? mailbox.domain : mailbox.local;
}

static gboolean matches(const Test *test, RegexScratch *scratch, Text value) {
    g_autofree char *folded = NULL;
    if (test->operand.part == PART_DOMAIN) {
        folded = g_malloc(value.length + 1);
        text_fold(value, folded);
        value.data = folded;
    }
    return value.length > 0 && regex_match(test->regex, scratch, value) == REGEX_YES;
}

static gboolean flag_has(const Field *flag, Text value, guint32 code, RegexScratch *scratch) {
    Mailbox mailbox = mailbox_split(value);
    if (!flag->test) {
        return (value.length > 0) == (code == CODE_TRUE);
    }
    switch (flag->test->kind) {
    case TEST_EQUAL_FOLDED:
        return text_equal_folded(value, text_from_string(flag->test->text)) == (code == CODE_TRUE);
    case TEST_ROUTED:
        return mailbox_routed(&mailbox) == (code == CODE_TRUE);
    case TEST_REGEX:
        return matches(flag->test, scratch, value) == (code == CODE_TRUE);
    default:
        return TRUE;
    }
}

guint32 *group_codes(const Group *group, const char *value) {
    guint32 *codes = g_new0(guint32, group->fields->len + 1);
    for (guint i = 0; i < group->fields->len; i++) {
        const Field *field = g_ptr_array_index(group->fields, i);
        Text part = part_of(group, field->operand.part, text_from_string(value));
        if (field->classifier) {
            codes[i] = code_of(field, part);
        } else if (!field->test || field->test->kind == TEST_ROUTED
                   || field->test->kind == TEST_EQUAL_FOLDED) {
            codes[i] = flag_has(field, part, CODE_TRUE, NULL) ? CODE_TRUE : CODE_ABSENT;
        }
    }
    return codes;
}

gboolean group_value_has(const Group *group, const char *value, const GroupTarget *target,
                         RegexScratch *scratch) {
    for (guint i = 0; i < group->fields->len; i++) {
        const Field *field = g_ptr_array_index(group->fields, i);
        Text part = part_of(group, field->operand.part, text_from_string(value));
        if (field->classifier
                ? code_of(field, part) != target->codes[i]
                : target->bound[i] && !flag_has(field, part, target->codes[i], scratch)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void guess(const Search *search, char *value) {
    if (search->guesses->len < GUESSES_MAX && strlen(value) < LIMIT_BLOCK / 4) {
        g_ptr_array_add(search->guesses, value);
    } else {
        g_free(value);
    }
}

/* The text in a letter case: as it is, then with other letters raised each time. */
static char *in_case(Text text, guint number) {
    char *changed = g_strndup(text.data, text.length);
    guint letter = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (g_ascii_isalpha(changed[i])) {
            gboolean raise = number >> MIN(letter, 31) & 1;
            changed[i] = raise ? (char)(changed[i] ^ 0x20) : changed[i];
            letter++;
        }
    }
    return changed;
}

static GPtrArray *local_texts(const Seed *seed, gboolean routing) {
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    if (seed->kind == SEED_OTHER) {
        for (guint i = 0; i < NAMES_MAX; i++) {
            g_autofree char *number = i > 0 ? g_strdup_printf("%u", i) : g_strdup("");
            g_ptr_array_add(
                texts, g_strdup_printf(routing ? "user%s%%elsewhere.example" : "user%s", number));
        }
        return texts;
    }
    for (guint i = 0; i < (seed->kind == SEED_TEXT ? 1 : CASES_MAX); i++) {
        g_ptr_array_add(texts, in_case(seed->text, i));
    }
    return texts;
}

static char *literal_text(const Address *address, gboolean brackets) {
    char printed[ADDRESS_TEXT_SIZE];
    const char *tag = address->family == ADDRESS_IPV6 ? "IPv6:" : "";
    address_print(address, printed);
    return brackets ? g_strdup_printf("[%s%s]", tag, printed) : g_strdup(printed);
}

/* An IPv6 literal as no list has it, where a mailbox is listed in its shortest form. */
static char *long_literal_text(const Address *address) {
    GString *text = g_string_new("[IPv6:");
    for (guint i = 0; i < 16; i += 2) {
        g_string_append_printf(text, "%s%02x%02x", i > 0 ? ":" : "", address->bytes[i],
                               address->bytes[i + 1]);
    }
    g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

static void add_addresses(const Seed *seed, gboolean brackets, GPtrArray *texts) {
    Address next = seed->first;
    guint8 *last = &next.bytes[address_length(&next) - 1];
    if ((*last)++ % 2 == 0 && !address_equal(&seed->first, &seed->last)) {
        g_ptr_array_add(texts, literal_text(&next, brackets));
    }
    g_ptr_array_add(texts, literal_text(&seed->first, brackets));
    if (brackets && seed->first.family == ADDRESS_IPV6) {
        g_ptr_array_add(texts, long_literal_text(&seed->first));
    }
}

static GPtrArray *domain_texts(const Seed *seed) {
    static const char *const names[] = {"elsewhere.example", "elsewhere.invalid", "elsewhere.test",
                                        "elsewhere.example.net"};
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    int length = (int)seed->text.length;
    switch (seed->kind) {
    case SEED_TEXT:
        g_ptr_array_add(texts, g_strndup(seed->text.data, seed->text.length));
        break;
    case SEED_UNDER:
        for (guint i = 0; i < NAMES_MAX; i++) {
            g_ptr_array_add(texts, g_strdup_printf("host%u.%.*s", i + 1, length, seed->text.data));
        }
        break;
    case SEED_ADDRESSES:
        add_addresses(seed, TRUE, texts);
        break;
    default:
        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
            g_ptr_array_add(texts, g_strdup(names[i]));
        }
        for (guint i = 0; i < NAMES_MAX; i++) {
            g_ptr_array_add(texts, g_strdup_printf("elsewhere.other%u", i + 1));
        }
        break;
    }
    return texts;
}

/* Local parts before domains, up to so many of each. */
static void guess_mailboxes(const Search *search, const GPtrArray *locals, guint local_count,
                            const GPtrArray *domains, guint domain_count) {
    for (guint i = 0; i < MIN(locals->len, local_count); i++) {
        for (guint j = 0; j < MIN(domains->len, domain_count); j++) {
            guess(search, g_strdup_printf("%s@%s", (char *)g_ptr_array_index(locals, i),
                                          (char *)g_ptr_array_index(domains, j)));
        }
    }
}

static guint right_start(const Group *group) {
    guint free = group->free->len;
    return group->fields->len - free - (group->domain ? 1 : 0) - (group->final ? 1 : 0);
}

static const Seed *find_seed(const Relation *relation, const guint32 *codes) {
    gint row = relation_find(relation, codes);
    return row < 0 ? NULL : relation_seed(relation, (guint)row);
}

/* A mailbox that a list names: its local part may have to be in another letter case. */
static void guess_listed(const Search *search) {
    const Seed *seed = find_seed(search->group->listed, search->target->codes);
    if (seed) {
        guess(search, g_strndup(seed->text.data, seed->text.length));
    }
    for (guint i = 0; seed && i < CASES_MAX; i++) {
        Mailbox mailbox = mailbox_split(seed->text);
        g_autofree char *local = in_case(mailbox.local, i);
        guess(search,
              g_strdup_printf("%s@%.*s", local, (int)mailbox.domain.length, mailbox.domain.data));
    }
}

/* What stands before the `@` of mailboxes of these codes, and what behind it. */
static GPtrArray *find_locals(const Search *search, gboolean routing) {
    const Group *group = search->group;
    const Relation *relation = routing ? group->routing : group->straight;
    const Seed *seed = find_seed(relation, search->target->codes);
    return seed ? local_texts(seed, routing) : g_ptr_array_new_with_free_func(g_free);
}

static GPtrArray *find_domains(const Search *search, gboolean routing) {
    const Group *group = search->group;
    const Relation *relation = routing ? group->routed_domains : group->domains;
    const Seed *seed = find_seed(relation, search->target->codes + right_start(group));
    return seed ? domain_texts(seed) : g_ptr_array_new_with_free_func(g_free);
}

static void guess_divided(const Search *search, gboolean routing) {
    g_autoptr(GPtrArray) locals = find_locals(search, routing);
    g_autoptr(GPtrArray) domains = find_domains(search, routing);
    guess_mailboxes(search, locals, MEMBERS_MAX, domains, MEMBERS_MAX);
}

static void guess_split(const Search *search) {
    const Group *group = search->group;
    const Seed *bare = find_seed(group->bare, search->target->codes);
    const Seed *alone = find_seed(group->alone, search->target->codes);
    guess_listed(search);
    guess_divided(search, FALSE);
    guess_divided(search, TRUE);
    if (alone) {
        g_autoptr(GPtrArray) texts = local_texts(alone, FALSE);
        for (guint i = 0; i < texts->len; i++) {
            guess(search, g_strdup(g_ptr_array_index(texts, i)));
        }
        guess(search, g_strdup("user%elsewhere.example"));
    }
    if (bare) {
        g_autoptr(GPtrArray) texts = local_texts(bare, FALSE);
        for (guint i = 0; i < texts->len; i++) {
            guess(search, g_strconcat(g_ptr_array_index(texts, i), "@", NULL));
            guess(search, g_strconcat(g_ptr_array_index(texts, i), "@.", NULL));
            guess(search, g_strdup(g_ptr_array_index(texts, i))); /* a login that is listed so */
        }
    }
}

static void guess_natural(const Search *search) {
    const char *const *value = natural_values(search->group->attribute);
    for (; *value; value++) {
        guess(search, g_strdup(*value));
    }
}

static void guess_seed(const Search *search, const Seed *seed) {
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    if (seed->kind == SEED_NUMBERS) {
        guess(search, g_strdup_printf("%" G_GUINT64_FORMAT, seed->first_number));
        guess(search, g_strdup_printf("%" G_GUINT64_FORMAT, seed->last_number));
    } else if (seed->kind == SEED_OPEN) {
        for (guint i = 0; i < CASES_MAX; i++) {
            guess(search, in_case(seed->text, i));
        }
    } else if (seed->kind == SEED_ADDRESSES
               && attribute_info(search->group->attribute)->type == ATTRIBUTE_TYPE_ADDRESS) {
        add_addresses(seed, FALSE, texts);
    } else {
        g_clear_pointer(&texts, g_ptr_array_unref);
        texts = domain_texts(seed);
    }
    for (guint i = 0; i < texts->len; i++) {
        guess(search, g_strdup(g_ptr_array_index(texts, i)));
    }
}

static void guess_plain(const Search *search) {
    const Group *group = search->group;
    const Seed *row = find_seed(group->alone, search->target->codes);
    guess_natural(search);
    for (guint i = 0; i < group->fields->len; i++) {
        const Field *field = g_ptr_array_index(group->fields, i);
        guint32 code = search->target->codes[i];
        if (field == group->whole && code != CODE_ABSENT) {
            guess_seed(search, &field->seeds[code]);
        }
    }
    if (row) {
        guess_seed(search, row);
    }
}

/* A sample alone, and with what the classes want around it. */
static void guess_sample(const Search *search, const Test *test, const char *sample,
                         const GPtrArray *locals, const GPtrArray *domains) {
    const char *local = locals->len > 0 ? g_ptr_array_index(locals, 0) : "user";
    guess(search, g_strdup(sample));
    guess(search, g_strconcat(sample, "x", NULL));
    guess(search, g_strconcat("x", sample, NULL));
    guess(search, g_strconcat("x", sample, "x", NULL));
    if (!search->group->split) {
        const Field *whole = search->group->whole;
        guint32 code = whole ? search->target->codes[search->group->presence ? 1 : 0] : CODE_ABSENT;
        if (code != CODE_ABSENT && whole->seeds[code].kind == SEED_UNDER) {
            guess(search, g_strdup_printf("%s.%.*s", sample, (int)whole->seeds[code].text.length,
                                          whole->seeds[code].text.data));
        }
        return;
    }
    if (test->operand.part != PART_LOCAL) {
        guess(search, g_strdup_printf("%s@%s", local, sample));
    }
    for (guint i = 0; i < domains->len && test->operand.part != PART_DOMAIN; i++) {
        const char *domain = g_ptr_array_index(domains, i);
        guess(search, g_strdup_printf("%s@%s", sample, domain));
        guess(search, g_strdup_printf("%s%s@%s", local, sample, domain));
    }
    guess(search, g_strdup_printf("%s@elsewhere.example", sample));
}

static void guess_regexes(const Search *search) {
    const Group *group = search->group;
    g_autoptr(GPtrArray) locals =
        group->split ? find_locals(search, FALSE) : g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) domains =
        group->split ? find_domains(search, FALSE) : g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < group->fields->len; i++) {
        const Field *flag = g_ptr_array_index(group->fields, i);
        if (flag->classifier || !flag->test || flag->test->kind != TEST_REGEX
            || !search->target->bound[i] || search->target->codes[i] != CODE_TRUE) {
            continue;
        }
        g_autoptr(GPtrArray) samples = regex_sample(regex_pattern(flag->test->regex), SAMPLES_MAX);
        for (guint j = 0; j < samples->len; j++) {
            guess_sample(search, flag->test, g_ptr_array_index(samples, j), locals, domains);
        }
    }
}

/* Texts of one class, some of many. */
typedef struct {
    const Field *field;
    guint32 code;
    GPtrArray *texts;
} Members;

/* SeedVisitor */
static void add_member(Atom atom, const Seed *seed, gpointer data) {
    const Members *members = data;
    if (seed->kind != SEED_OTHER && members->texts->len < MEMBERS_MAX
        && field_code(members->field, atom) == members->code) {
        g_ptr_array_extend_and_steal(members->texts, domain_texts(seed));
    }
}

static void add_members(const Search *search, const Field *field, SeedVisitor add,
                        GPtrArray *texts) {
    guint at = 0;
    if (field && g_ptr_array_find(search->group->fields, field, &at)) {
        Members members = {field, search->target->codes[at], texts};
        classifier_visit(field->classifier, add, &members);
    }
}

/* The same domains once more: a login is listed in one spelling. */
static void add_dotted(GPtrArray *domains) {
    for (guint i = 0, count = domains->len; i < count; i++) {
        g_ptr_array_add(domains, g_strconcat(g_ptr_array_index(domains, i), ".", NULL));
    }
}

/* SeedVisitor of `whole` */
static void add_open(Atom atom, const Seed *seed, gpointer data) {
    const Members *members = data;
    if (seed->kind == SEED_OPEN && members->texts->len < MEMBERS_MAX
        && field_code(members->field, atom) == members->code) {
        g_ptr_array_extend_and_steal(members->texts, local_texts(seed, FALSE));
    }
}

/* Keeps of the texts those that have the wanted class of the field behind `before`. */
static void keep_fitting(const Search *search, GPtrArray *texts, const Field *field,
                         const char *before) {
    guint at = 0;
    if (!field || !g_ptr_array_find(search->group->fields, field, &at)) {
        return;
    }
    for (guint i = texts->len; i > 0; i--) {
        g_autofree char *value = g_strconcat(before, g_ptr_array_index(texts, i - 1), NULL);
        Text text = text_from_string(value);
        if (code_of(field, field == search->group->local ? text : domain_trim(text))
            != search->target->codes[at]) {
            g_ptr_array_remove_index(texts, i - 1);
        }
    }
}

/* Where a class has several members, those tried first may be listed together. */
static void guess_members(const Search *search, gboolean routing) {
    const Group *group = search->group;
    const Seed *listed = find_seed(group->listed, search->target->codes);
    g_autoptr(GPtrArray) locals = find_locals(search, routing);
    g_autoptr(GPtrArray) domains = find_domains(search, routing);
    add_members(search, group->local, add_member, locals);
    add_members(search, group->whole, add_open, locals);
    add_members(search, group->domain, add_member, domains);
    add_members(search, group->final, add_member, domains);
    add_dotted(domains);
    if (listed) {
        Mailbox mailbox = mailbox_split(listed->text);
        g_ptr_array_insert(domains, 0, g_strndup(mailbox.domain.data, mailbox.domain.length));
    }
    keep_fitting(search, locals, group->local, "");
    keep_fitting(search, domains, group->domain, "");
    keep_fitting(search, domains, routing ? NULL : group->final, "a@");
    guess_mailboxes(search, locals, MEMBERS_MAX, domains, 2);
    guess_mailboxes(search, locals, 2, domains, MEMBERS_MAX);
}

/* The first guess that has the codes, or NULL. */
static char *find_right(const Search *search) {
    for (guint i = 0; i < search->guesses->len; i++) {
        const char *value = g_ptr_array_index(search->guesses, i);
        if (!strpbrk(value, "\n")
            && group_value_has(search->group, value, search->target, search->scratch)) {
            return g_strdup(value);
        }
    }
    return NULL;
}

char *group_witness(const Group *group, const GroupTarget *target, RegexScratch *scratch) {
    g_autoptr(GPtrArray) guesses = g_ptr_array_new_with_free_func(g_free);
    Search search = {group, target, scratch, guesses};
    if (group_value_has(group, "", target, scratch)) {
        return g_strdup("");
    }
    if (group->split) {
        guess_split(&search);
        guess_natural(&search);
    } else {
        guess_plain(&search);
    }
    guess_regexes(&search);
    char *right = find_right(&search);
    if (!right && group->split) {
        g_ptr_array_set_size(guesses, 0);
        guess_members(&search, FALSE);
        guess_members(&search, TRUE);
        right = find_right(&search);
    }
    return right;
}
