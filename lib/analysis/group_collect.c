/*
 * Group collect: every class of local parts and of domains that has a value, found by looking at
 * each text that the classifiers name, and at one that they don't. Texts of mailboxes are folded,
 * and those of local parts are not: a folded local part stands for each of its letter cases.
 */
#include <string.h>

#include "analysis/group_private.h"
#include "protocol/mailbox.h"

/* No list holds a `*` in a domain (domain_fault()), nor a control character in anything. */
#define NO_LABEL "*"
#define NO_LOCAL "\001"

/* Not the one member of a class: it has several, or none that could be told. */
static const Text NOBODY = {NULL, 0};

/* While the relations are filled. */
typedef struct {
    Group *group;
    GHashTable *cases;        /* folded local part to its letter cases that are texts of `local` */
    GArray *straight_singles; /* by row: the one folded local part of that class, or NOBODY */
    GArray *routing_singles;
    GArray *domain_singles; /* by row: the one domain of that class, or NOBODY */
    GArray *routed_domain_singles;
} Collector;

gboolean group_is_routing(Text local) {
    return text_find(local, '@') >= 0 || text_find(local, '%') >= 0 || text_find(local, '!') >= 0;
}

static const char *keep_folded(Collector *collector, Text text) {
    g_autofree char *folded = g_malloc(text.length + 1);
    text_fold(text, folded);
    folded[text.length] = '\0';
    return g_string_chunk_insert_const(collector->group->texts, folded);
}

static guint32 rest_code(const Field *field) {
    return field ? field_code(field, ATOM_REST) : CODE_ABSENT;
}

/* The class of a text in a field, if there is one. */
static guint32 find_code(const Field *field, Text text) {
    return field ? field_code(field, classifier_find_text(field->classifier, text)) : CODE_ABSENT;
}

/* The class of a mailbox of this local part, at a domain where it is in no list by itself. A login
 * is listed whole or not at all. */
static guint32 find_open_code(const Group *group, const char *folded) {
    if (!group->whole || classifier_facet(group->whole->classifier) != FACET_MAILBOX) {
        return rest_code(group->whole);
    }
    g_autofree char *mailbox = g_strconcat(folded, "@", NULL);
    return find_code(group->whole, text_from_string(mailbox));
}

void group_left_row(const Group *group, gint equal, guint32 whole, guint32 local, gboolean routed,
                    guint32 *row) {
    if (group->presence) {
        *row++ = CODE_TRUE;
    }
    for (gint i = 0; i < (gint)group->equals->len; i++) {
        *row++ = i == equal ? CODE_TRUE : CODE_ABSENT;
    }
    if (group->whole) {
        *row++ = whole;
    }
    if (group->local) {
        *row++ = local;
    }
    if (group->routed) {
        *row++ = routed ? CODE_TRUE : CODE_ABSENT;
    }
}

static guint left_width(const Group *group) {
    return (group->presence ? 1 : 0) + group->equals->len + (group->whole ? 1 : 0)
           + (group->local ? 1 : 0) + (group->routed ? 1 : 0);
}

/* The flag of a text that this one equals, or -1. */
static gint find_equal(const Group *group, const char *folded) {
    for (guint i = 0; i < group->equals->len; i++) {
        const Field *flag = g_ptr_array_index(group->equals, i);
        if (g_ascii_strcasecmp(flag->test->text, folded) == 0) {
            return (gint)i;
        }
    }
    return -1;
}

/* Adds a row, and notes whether its class still has one member only. */
static void add_single(Relation *relation, GArray *singles, const guint32 *row, const Seed *seed,
                       Text member) {
    if (relation_add(relation, row, seed)) {
        g_array_append_val(singles, member);
        return;
    }
    Text *single = &g_array_index(singles, Text, relation_find(relation, row));
    if (single->data && (!member.data || !text_equal(*single, member))) {
        *single = NOBODY;
    }
}

/* A class of local parts: `member` is its one folded text, or NOBODY. */
static void add_local(Collector *collector, guint32 code, const char *folded, gboolean routing,
                      const Seed *seed, Text member) {
    const Group *group = collector->group;
    g_autofree guint32 *row = g_new(guint32, group->fields->len + 1);
    if (code != CODE_ABSENT || !group->local) {
        gboolean holds_at = strchr(folded, '@') != NULL;
        guint32 whole = rest_code(group->whole);
        if (seed->kind == SEED_TEXT && group->whole
            && classifier_facet(group->whole->classifier) == FACET_STRING) {
            whole = find_code(group->whole, seed->text);
        }
        group_left_row(group, find_equal(group, folded), whole, code, routing, row);
        if (!holds_at && folded[0] != '\0') {
            relation_add(group->alone, row, seed);
        }
    }
    guint32 open = find_open_code(group, folded);
    group_left_row(group, -1, open, code, TRUE, row);
    relation_add(group->bare, row, seed);
    if (routing) {
        add_single(group->routing, collector->routing_singles, row, seed, member);
    } else {
        group_left_row(group, -1, open, code, FALSE, row);
        add_single(group->straight, collector->straight_singles, row, seed, member);
    }
}

/* SeedVisitor of `local`: each text is in one letter case. */
static void collect_case(Atom atom, const Seed *seed, gpointer data) {
    Collector *collector = data;
    (void)atom;
    if (seed->kind != SEED_TEXT) {
        return;
    }
    const char *folded = keep_folded(collector, seed->text);
    GPtrArray *cases = g_hash_table_lookup(collector->cases, folded);
    if (!cases) {
        cases = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(collector->cases, (gpointer)(guintptr)folded, cases);
    }
    g_ptr_array_add(cases, g_strndup(seed->text.data, seed->text.length));
}

/* SeedVisitor of `local` */
static void collect_exact_local(Atom atom, const Seed *seed, gpointer data) {
    Collector *collector = data;
    if (seed->kind == SEED_TEXT) {
        const char *folded = keep_folded(collector, seed->text);
        add_local(collector, field_code(collector->group->local, atom), folded,
                  group_is_routing(seed->text), seed, text_from_string(folded));
    }
}

/* TRUE if some letter case of the text is no text of `local`. */
static gboolean has_free_case(const Collector *collector, const char *folded) {
    guint letters = 0;
    for (const char *at = folded; *at; at++) {
        letters += g_ascii_isalpha(*at) ? 1 : 0;
    }
    const GPtrArray *cases = g_hash_table_lookup(collector->cases, folded);
    return !cases || letters >= 31 || cases->len < 1u << letters;
}

/* A local part in the letter cases of which `local` has no text. */
static void add_folded_local(Collector *collector, Text text) {
    const char *folded = keep_folded(collector, text);
    Seed seed = {.kind = SEED_OPEN, .text = text_from_string(folded)};
    if (has_free_case(collector, folded)) {
        add_local(collector, rest_code(collector->group->local), folded, group_is_routing(text),
                  &seed, text_from_string(folded));
    }
}

/* SeedVisitor of `whole` */
static void collect_open(Atom atom, const Seed *seed, gpointer data) {
    (void)atom;
    if (seed->kind == SEED_OPEN) {
        add_folded_local(data, seed->text);
    }
}

static void add_domain(Collector *collector, guint32 domain, guint32 final, const Seed *seed,
                       Text member) {
    const Group *group = collector->group;
    guint32 row[2];
    guint width = 0;
    if (group->domain) {
        row[width++] = domain;
    }
    if (group->final) {
        row[width++] = final;
    }
    add_single(group->domains, collector->domain_singles, row, seed, member);
    if (group->final) {
        row[width - 1] = rest_code(group->final);
    }
    add_single(group->routed_domains, collector->routed_domain_singles, row, seed, member);
}

/* A domain that has the class of the seed; the caller frees it. */
static char *seed_domain(const Seed *seed) {
    char address[ADDRESS_TEXT_SIZE];
    switch (seed->kind) {
    case SEED_TEXT:
        return g_strndup(seed->text.data, seed->text.length);
    case SEED_UNDER:
        return g_strdup_printf(NO_LABEL ".%.*s", (int)seed->text.length, seed->text.data);
    case SEED_ADDRESSES:
        address_print(&seed->first, address);
        return g_strdup_printf("[%s%s]", seed->first.family == ADDRESS_IPV6 ? "IPv6:" : "",
                               address);
    default:
        return g_strdup(NO_LABEL);
    }
}

static guint32 find_final_code(const Field *final, const char *domain) {
    g_autofree char *mailbox = g_strconcat("a@", domain, NULL);
    return find_code(final, text_from_string(mailbox));
}

/* The domain's text is needed only where two classifiers speak of it, or mailboxes do. */
static void collect_domain(Collector *collector, const Field *from, Atom atom, const Seed *seed) {
    const Group *group = collector->group;
    const Field *other = from == group->domain ? group->final : group->domain;
    guint32 own = field_code(from, atom);
    guint32 its = CODE_ABSENT;
    Text member = seed->kind == SEED_TEXT ? seed->text : NOBODY;
    if (other) {
        g_autofree char *domain = seed_domain(seed);
        its = other == group->final ? find_final_code(other, domain)
                                    : find_code(other, text_from_string(domain));
    }
    add_domain(collector, from == group->domain ? own : its, from == group->domain ? its : own,
               seed, member);
}

/* SeedVisitor of `domain` */
static void collect_host_domain(Atom atom, const Seed *seed, gpointer data) {
    Collector *collector = data;
    collect_domain(collector, collector->group->domain, atom, seed);
}

/* SeedVisitor of `final` */
static void collect_final_domain(Atom atom, const Seed *seed, gpointer data) {
    Collector *collector = data;
    collect_domain(collector, collector->group->final, atom, seed);
}

/* What no text names comes first: of a class that has it, it is the likeliest member. */
static void collect_domains(Collector *collector) {
    const Group *group = collector->group;
    static const Seed other = {.kind = SEED_OTHER};
    add_domain(collector, rest_code(group->domain), rest_code(group->final), &other, NOBODY);
    if (group->domain) {
        classifier_visit(group->domain->classifier, collect_host_domain, collector);
    }
    if (group->final) {
        classifier_visit(group->final->classifier, collect_final_domain, collector);
    }
}

static void collect_locals(Collector *collector) {
    static const Seed other = {.kind = SEED_OTHER};
    static const Seed empty = {.kind = SEED_TEXT, .text = {"", 0}};
    const Group *group = collector->group;
    add_local(collector, rest_code(group->local), NO_LOCAL, FALSE, &other, NOBODY);
    add_local(collector, rest_code(group->local), NO_LOCAL "%", TRUE, &other, NOBODY);
    if (group->local) {
        classifier_visit(group->local->classifier, collect_case, collector);
        classifier_visit(group->local->classifier, collect_exact_local, collector);
    }
    if (group->whole) {
        classifier_visit(group->whole->classifier, collect_open, collector);
    }
    for (guint i = 0; i < group->equals->len; i++) {
        const Field *flag = g_ptr_array_index(group->equals, i);
        add_folded_local(collector, text_from_string(flag->test->text));
    }
    add_local(collector, CODE_ABSENT, "", FALSE, &empty, text_from_string(""));
}

/* The codes of both sides of a mailbox. */
static void fill_row(const Group *group, guint32 whole, guint32 local, const Mailbox *mailbox,
                     gboolean routing, guint32 *row) {
    guint32 *right = row + left_width(group);
    g_autofree char *domain = g_strndup(mailbox->domain.data, mailbox->domain.length);
    group_left_row(group, -1, whole, local, routing, row);
    if (group->domain) {
        *right++ = find_code(group->domain, mailbox->domain);
    }
    if (group->final) {
        *right = routing ? rest_code(group->final) : find_final_code(group->final, domain);
    }
}

/* TRUE if the free combination of the mailbox's classes, whose row this is, is that mailbox alone.
 */
static gboolean is_alone(const Collector *collector, const guint32 *row, const Mailbox *mailbox,
                         const char *local) {
    const Group *group = collector->group;
    gboolean routing = group_is_routing(mailbox->local);
    const GArray *singles = routing ? collector->routing_singles : collector->straight_singles;
    const GArray *domain_singles =
        routing ? collector->routed_domain_singles : collector->domain_singles;
    gint left = relation_find(routing ? group->routing : group->straight, row);
    gint right =
        relation_find(routing ? group->routed_domains : group->domains, row + left_width(group));
    if (left < 0 || right < 0) {
        return FALSE;
    }
    Text only_local = g_array_index(singles, Text, left);
    Text only_domain = g_array_index(domain_singles, Text, right);
    return only_local.data && only_domain.data && text_equal(only_local, text_from_string(local))
           && text_equal(only_domain, mailbox->domain);
}

static void add_listed(Collector *collector, guint32 whole, guint32 local, const Mailbox *mailbox,
                       const Seed *seed) {
    const Group *group = collector->group;
    g_autofree guint32 *row = g_new(guint32, group->fields->len + 2);
    gboolean routing = group_is_routing(mailbox->local);
    const char *local_text = keep_folded(collector, mailbox->local);
    fill_row(group, whole, local, mailbox, routing, row);
    relation_add(group->listed, row, seed);
    if (!group->domain && !group->final) {
        return; /* any domain is free */
    }
    fill_row(group, find_open_code(group, local_text), local, mailbox, routing, row);
    if (is_alone(collector, row, mailbox, local_text)) {
        relation_add(group->taken_out, row, seed);
    }
}

static void collect_listed_mailbox(Collector *collector, guint32 whole, const Seed *seed) {
    const Group *group = collector->group;
    Mailbox mailbox = mailbox_split(seed->text);
    const char *local = keep_folded(collector, mailbox.local);
    const GPtrArray *cases = g_hash_table_lookup(collector->cases, local);
    for (guint i = 0; cases && i < cases->len; i++) {
        Text text = text_from_string(g_ptr_array_index(cases, i));
        add_listed(collector, whole, find_code(group->local, text), &mailbox, seed);
    }
    if (has_free_case(collector, local)) {
        add_listed(collector, whole, rest_code(group->local), &mailbox, seed);
    }
}

/* A login that is listed whole, exactly. */
static void collect_listed_login(Collector *collector, guint32 whole, const Seed *seed) {
    const Group *group = collector->group;
    Mailbox mailbox = mailbox_split(seed->text);
    g_autofree guint32 *row = g_new(guint32, group->fields->len + 2);
    guint32 local = find_code(group->local, mailbox.local);
    gboolean routing = group_is_routing(mailbox.local);
    fill_row(group, whole, local, &mailbox, routing, row);
    if (!mailbox.has_at) {
        relation_add(group->alone, row, seed);
    } else if (mailbox.domain.length == 0) {
        relation_add(group->bare, row, seed);
    } else {
        relation_add(group->listed, row, seed);
    }
}

/* SeedVisitor of `whole` */
static void collect_listed(Atom atom, const Seed *seed, gpointer data) {
    Collector *collector = data;
    const Field *whole = collector->group->whole;
    if (seed->kind != SEED_TEXT) {
        return;
    }
    if (classifier_facet(whole->classifier) == FACET_MAILBOX) {
        collect_listed_mailbox(collector, field_code(whole, atom), seed);
    } else {
        collect_listed_login(collector, field_code(whole, atom), seed);
    }
}

static void collect_split(Group *group) {
    Collector collector = {
        .group = group,
        .cases =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref),
        .straight_singles = g_array_new(FALSE, FALSE, sizeof(Text)),
        .routing_singles = g_array_new(FALSE, FALSE, sizeof(Text)),
        .domain_singles = g_array_new(FALSE, FALSE, sizeof(Text)),
        .routed_domain_singles = g_array_new(FALSE, FALSE, sizeof(Text)),
    };
    group->texts = g_string_chunk_new(4096);
    collect_locals(&collector);
    collect_domains(&collector);
    if (group->whole) {
        classifier_visit(group->whole->classifier, collect_listed, &collector);
    }
    g_hash_table_unref(collector.cases);
    g_array_unref(collector.straight_singles);
    g_array_unref(collector.routing_singles);
    g_array_unref(collector.domain_singles);
    g_array_unref(collector.routed_domain_singles);
}

/* SeedVisitor of the `whole` of a string that is compared with letters folded too */
static void collect_string(Atom atom, const Seed *seed, gpointer data) {
    Group *group = data;
    g_autofree guint32 *row = g_new(guint32, group->fields->len + 1);
    g_autofree char *text = g_strndup(seed->text.data, seed->text.length);
    guint32 code = field_code(group->whole, atom);
    gint equal = seed->kind == SEED_TEXT ? find_equal(group, text) : -1;
    group_left_row(group, equal, code, CODE_ABSENT, FALSE, row);
    relation_add(group->alone, row, seed);
}

/* The texts with letters folded have more letter cases than anybody lists. */
static void collect_plain(Group *group) {
    g_autofree guint32 *row = g_new(guint32, group->fields->len + 1);
    if (group->whole) {
        classifier_visit(group->whole->classifier, collect_string, group);
    }
    for (guint i = 0; i < group->equals->len; i++) {
        const Field *flag = g_ptr_array_index(group->equals, i);
        Seed seed = {.kind = SEED_OPEN, .text = text_from_string(flag->test->text)};
        group_left_row(group, (gint)i, rest_code(group->whole), CODE_ABSENT, FALSE, row);
        relation_add(group->alone, row, &seed);
    }
    if (!group->whole) {
        static const Seed other = {.kind = SEED_OTHER};
        group_left_row(group, -1, CODE_ABSENT, CODE_ABSENT, FALSE, row);
        relation_add(group->alone, row, &other);
    }
}

void group_collect(Group *group) {
    if (group->split) {
        collect_split(group);
    } else if (group->equals->len > 0) {
        collect_plain(group);
    }
}
