/*
 * Group collect: every class of local parts and of domains that has a value, found by looking at
 * each text that the classifiers name, and at one that they don't. Texts of mailboxes are folded,
 * and those of local parts are not: a folded local part stands for each of its letter cases.
 */
#include <string.h>

#include "analysis/group_private.h"
#include "analysis/tally.h"
#include "protocol/mailbox.h"

/* No list holds a `*` in a domain (domain_fault()), nor a control character in anything. */
#define NO_LABEL "*"
#define NO_LOCAL "\001"

/* While the relations are filled. */
typedef struct {
    Group *group;
    GHashTable *cases; /* folded local part to its letter cases that are texts of `local` */
    Tally straight;
    Tally routing;
    GHashTable *counted; /* domains that are, where two classifiers name them; else NULL */
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

/* A class of local parts, and how many more of its members this is, letters folded. */
static void add_local(Collector *collector, guint32 code, const char *folded, gboolean routing,
                      const Seed *seed, guint32 members) {
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
        tally_count(group->routing, collector->routing.locals, row, seed, members);
    } else {
        group_left_row(group, -1, open, code, FALSE, row);
        tally_count(group->straight, collector->straight.locals, row, seed, members);
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

static guint32 case_code(const Collector *collector, const GPtrArray *cases, guint index) {
    return find_code(collector->group->local, text_from_string(g_ptr_array_index(cases, index)));
}

/* TRUE if no case before this one is of its class. */
static gboolean is_first_case(const Collector *collector, const GPtrArray *cases, guint index) {
    for (guint i = 0; i < index; i++) {
        if (case_code(collector, cases, i) == case_code(collector, cases, index)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* SeedVisitor of `local` */
static void collect_exact_local(Atom atom, const Seed *seed, gpointer data) {
    Collector *collector = data;
    if (seed->kind != SEED_TEXT) {
        return;
    }
    const char *folded = keep_folded(collector, seed->text);
    const GPtrArray *cases = g_hash_table_lookup(collector->cases, folded);
    guint index = 0;
    while (!text_equal(text_from_string(g_ptr_array_index(cases, index)), seed->text)) {
        index++;
    }
    add_local(collector, field_code(collector->group->local, atom), folded,
              group_is_routing(seed->text), seed, is_first_case(collector, cases, index) ? 1 : 0);
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
static void add_folded_local(Collector *collector, Text text, guint32 members) {
    const char *folded = keep_folded(collector, text);
    Seed seed = {.kind = SEED_OPEN, .text = text_from_string(folded)};
    if (has_free_case(collector, folded)) {
        add_local(collector, rest_code(collector->group->local), folded, group_is_routing(text),
                  &seed, members);
    }
}

/* SeedVisitor of `whole` */
static void collect_open(Atom atom, const Seed *seed, gpointer data) {
    (void)atom;
    if (seed->kind == SEED_OPEN) {
        add_folded_local(data, seed->text, 1);
    }
}

static void add_domain(Collector *collector, guint32 domain, guint32 final, const Seed *seed,
                       guint32 members) {
    const Group *group = collector->group;
    guint32 row[2];
    guint width = 0;
    if (group->domain) {
        row[width++] = domain;
    }
    if (group->final) {
        row[width++] = final;
    }
    tally_count(group->domains, collector->straight.domains, row, seed, members);
    if (group->final) {
        row[width - 1] = rest_code(group->final);
    }
    tally_count(group->routed_domains, collector->routing.domains, row, seed, members);
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

/* How many domains a seed stands for that were not counted before. An IPv4 literal is written in
 * one way, an IPv6 one in many. */
static guint32 count_domains(Collector *collector, const Seed *seed) {
    gboolean literal = seed->kind == SEED_ADDRESSES && seed->first.family == ADDRESS_IPV4
                       && address_equal(&seed->first, &seed->last);
    if (seed->kind != SEED_TEXT && !literal) {
        return TALLY_MANY;
    }
    if (!collector->counted) {
        return 1;
    }
    return g_hash_table_add(collector->counted, seed_domain(seed)) ? 1 : 0;
}

/* The domain's text is needed only where two classifiers speak of it, or mailboxes do. */
static void collect_domain(Collector *collector, const Field *from, Atom atom, const Seed *seed) {
    const Group *group = collector->group;
    const Field *other = from == group->domain ? group->final : group->domain;
    guint32 own = field_code(from, atom);
    guint32 its = CODE_ABSENT;
    guint32 members = group->whole ? count_domains(collector, seed) : TALLY_MANY;
    if (other) {
        g_autofree char *domain = seed_domain(seed);
        its = other == group->final ? find_final_code(other, domain)
                                    : find_code(other, text_from_string(domain));
    }
    add_domain(collector, from == group->domain ? own : its, from == group->domain ? its : own,
               seed, members);
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
    add_domain(collector, rest_code(group->domain), rest_code(group->final), &other, TALLY_MANY);
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
    add_local(collector, rest_code(group->local), NO_LOCAL, FALSE, &other, TALLY_MANY);
    add_local(collector, rest_code(group->local), NO_LOCAL "%", TRUE, &other, TALLY_MANY);
    if (group->local) {
        classifier_visit(group->local->classifier, collect_case, collector);
        classifier_visit(group->local->classifier, collect_exact_local, collector);
    }
    if (group->whole) {
        classifier_visit(group->whole->classifier, collect_open, collector);
    }
    for (guint i = 0; i < group->equals->len; i++) {
        const Field *flag = g_ptr_array_index(group->equals, i);
        add_folded_local(collector, text_from_string(flag->test->text), 0);
    }
    add_local(collector, CODE_ABSENT, "", FALSE, &empty, 1);
}

/* The codes of both sides of a mailbox. */
static void fill_row(const Group *group, guint32 whole, guint32 local, const Mailbox *mailbox,
                     gboolean routing, guint32 *row) {
    guint32 *right = row + left_width(group);
    group_left_row(group, -1, whole, local, routing, row);
    if (group->domain) {
        *right++ = find_code(group->domain, mailbox->domain);
    }
    if (group->final && routing) {
        *right = rest_code(group->final);
    } else if (group->final) {
        g_autofree char *domain = g_strndup(mailbox->domain.data, mailbox->domain.length);
        *right = find_final_code(group->final, domain);
    }
}

/* How many mailboxes a free combination has, whose row this is. */
static guint64 count_free(const Collector *collector, const guint32 *row, gboolean routing) {
    const Group *group = collector->group;
    const Tally *tally = routing ? &collector->routing : &collector->straight;
    gint left = relation_find(routing ? group->routing : group->straight, row);
    gint right =
        relation_find(routing ? group->routed_domains : group->domains, row + left_width(group));
    if (left < 0 || right < 0) {
        return TALLY_MANY;
    }
    guint64 locals = g_array_index(tally->locals, guint64, left);
    guint64 domains = g_array_index(tally->domains, guint64, right);
    return locals >= TALLY_MANY || domains >= TALLY_MANY ? TALLY_MANY : locals * domains;
}

/* A listed mailbox, of these classes. It is taken from the free combinations of its local part and
 * its domain; when the last of them is, nothing has their classes. */
static void add_listed(Collector *collector, guint32 whole, guint32 local, const Mailbox *mailbox,
                       const Seed *seed) {
    const Group *group = collector->group;
    g_autofree guint32 *row = g_new(guint32, group->fields->len + 2);
    gboolean routing = group_is_routing(mailbox->local);
    Tally *tally = routing ? &collector->routing : &collector->straight;
    fill_row(group, whole, local, mailbox, routing, row);
    relation_add(group->listed, row, seed);
    if (!tally->few) {
        return;
    }
    fill_row(group, find_open_code(group, keep_folded(collector, mailbox->local)), local, mailbox,
             routing, row);
    guint64 all = count_free(collector, row, routing);
    if (all >= TALLY_MANY) {
        return;
    }
    if (tally_take(tally, row, seed) == all) {
        relation_add(routing ? group->routing_taken : group->straight_taken, row, seed);
    }
}

static void collect_listed_mailbox(Collector *collector, guint32 whole, const Seed *seed) {
    const Group *group = collector->group;
    Mailbox mailbox = mailbox_split(seed->text);
    if (!group->local) {
        add_listed(collector, whole, CODE_ABSENT, &mailbox, seed);
        return;
    }
    const char *local = keep_folded(collector, mailbox.local);
    const GPtrArray *cases = g_hash_table_lookup(collector->cases, local);
    for (guint i = 0; cases && i < cases->len; i++) {
        if (is_first_case(collector, cases, i)) {
            add_listed(collector, whole, case_code(collector, cases, i), &mailbox, seed);
        }
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
    guint width = group->fields->len - group->free->len;
    Collector collector = {
        .group = group,
        .cases =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref),
    };
    tally_init(&collector.straight, group->fields, width);
    tally_init(&collector.routing, group->fields, width);
    if (group->whole && group->domain && group->final) {
        collector.counted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    group->texts = g_string_chunk_new(4096);
    collect_locals(&collector);
    collect_domains(&collector);
    tally_seal(&collector.straight);
    tally_seal(&collector.routing);
    if (group->whole) {
        classifier_visit(group->whole->classifier, collect_listed, &collector);
    }
    g_hash_table_unref(collector.cases);
    g_clear_pointer(&collector.counted, g_hash_table_unref);
    tally_clear(&collector.straight);
    tally_clear(&collector.routing);
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
