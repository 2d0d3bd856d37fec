/*
 * Explain entry: which item of a list holds a value. Whether one does is list.c's to say; here the
 * items are read anew, as written, until the narrowest of those that hold the value is found. What
 * was found is remembered, for a million items take a good part of a second.
 */
#include <string.h>

#include "protocol/mailbox.h"
#include "rules/explainer.h"

/* What is sought in the items. */
typedef struct {
    const List *list;
    ListKind kind;
    gboolean is_address; /* in networks, and where a domain is a literal */
    Address address;
    Text text; /* a domain, a string, a mailbox less its trailing dot */
    Text local;
} Sought;

/* By list and operand: what was found. */
typedef struct {
    const List *list;
    Operand operand;
    gboolean found;
    ListEntry entry;
} Lookup;

static guint lookup_hash(gconstpointer data) {
    const Lookup *lookup = data;
    return g_direct_hash(lookup->list) * 31 + lookup->operand.attribute * 3 + lookup->operand.part;
}

static gboolean lookup_equal(gconstpointer a, gconstpointer b) {
    const Lookup *left = a;
    const Lookup *right = b;
    return left->list == right->list && left->operand.attribute == right->operand.attribute
           && left->operand.part == right->operand.part;
}

GHashTable *explain_lookups_new(void) {
    return g_hash_table_new_full(lookup_hash, lookup_equal, g_free, NULL);
}

static gboolean seek_domain(const List *list, Text domain, Sought *out) {
    out->text = domain;
    out->is_address = address_parse_literal(domain, &out->address);
    return domain.length > 0 && list_has_domain(list, domain);
}

static gboolean seek_mailbox(const List *list, Text value, Sought *out) {
    Mailbox mailbox = mailbox_split(value);
    out->text = text_make(value.data,
                          mailbox.local.length + (mailbox.has_at ? 1 + mailbox.domain.length : 0));
    out->local = mailbox.local;
    return mailbox.has_at && list_has_mailbox(list, value);
}

/* FALSE if the list doesn't hold the value at all. */
static gboolean seek(Explainer *explainer, const List *list, Operand operand, Sought *out) {
    *out = (Sought){.list = list, .kind = list_kind(list)};
    if (out->kind == LIST_NETWORKS) {
        out->is_address = TRUE;
        return request_address(explainer->request, operand.attribute, &out->address)
               && list_has_address(list, &out->address);
    }
    Text value = operand_read(operand, explainer->request, explainer->scratch);
    if (out->kind == LIST_DOMAINS && operand_class(operand) == OPERAND_MAILBOX) {
        Mailbox mailbox = mailbox_split(value);
        return mailbox_final(&mailbox) && seek_domain(list, mailbox.domain, out);
    }
    if (out->kind == LIST_DOMAINS) {
        return seek_domain(list, value, out);
    }
    if (out->kind == LIST_ADDRESSES) {
        return seek_mailbox(list, value, out);
    }
    out->text = value;
    return value.length > 0 && list_has_string(list, value);
}

/* TRUE for an item that holds all that is under a domain, and the text among it. A domain of
 * Postfix's relay_domains may do so without a dot of its own. */
static gboolean is_parent(const Sought *sought, Text item) {
    Text text = sought->text;
    Text domain = item.data[0] == '.' ? text_make(item.data + 1, item.length - 1) : item;
    size_t start = text.length - domain.length;
    return text.length > domain.length && text.data[start - 1] == '.'
           && text_equal_folded(text_make(text.data + start, domain.length), domain)
           && text_set_has_folded(list_open(sought->list), domain);
}

static guint rate_network(const Address *address, Text item) {
    Network network;
    size_t length = address_length(address);
    if (!network_parse(item, TRUE, &network, NULL) || network.first.family != address->family
        || memcmp(network.first.bytes, address->bytes, length) > 0
        || memcmp(network.last.bytes, address->bytes, length) < 0) {
        return 0;
    }
    return 1 + network.prefix;
}

static guint rate_domain(const Sought *sought, Text item) {
    Address literal;
    if (sought->is_address) {
        gboolean same =
            address_parse_literal(item, &literal) && address_equal(&literal, &sought->address);
        return same ? 1 : 0;
    }
    if (text_equal_folded(item, sought->text)) {
        return G_MAXUINT;
    }
    return is_parent(sought, item) ? (guint)item.length : 0;
}

static guint rate_mailbox(const Sought *sought, Text item) {
    Text local = text_make(item.data, item.length - 1);
    if (text_equal_folded(item, sought->text)) {
        return 2;
    }
    return item.data[local.length] == '@' && text_equal_folded(local, sought->local) ? 1 : 0;
}

/* How narrow an item is that holds the value; 0 if it doesn't. */
static guint rate(const Sought *sought, Text item) {
    switch (sought->kind) {
    case LIST_NETWORKS:
        return rate_network(&sought->address, item);
    case LIST_DOMAINS:
        return rate_domain(sought, item);
    case LIST_ADDRESSES:
        return rate_mailbox(sought, item);
    case LIST_STRINGS:
        break;
    }
    return text_equal(item, sought->text) ? 1 : 0;
}

static void find(Explainer *explainer, Lookup *lookup) {
    Sought sought;
    guint best = 0;
    if (!seek(explainer, lookup->list, lookup->operand, &sought)) {
        return;
    }
    for (guint i = 0; i < list_entry_count(lookup->list); i++) {
        ListEntry entry = list_entry(lookup->list, i);
        guint rating = rate(&sought, entry.item);
        if (rating > best) {
            best = rating;
            lookup->entry = entry;
        }
    }
    lookup->found = best > 0;
}

gboolean explain_entry(Explainer *explainer, const List *list, Operand operand, ListEntry *out) {
    Lookup key = {.list = list, .operand = operand};
    Lookup *lookup = g_hash_table_lookup(explainer->lookups, &key);
    if (!lookup) {
        lookup = g_memdup2(&key, sizeof key);
        g_hash_table_add(explainer->lookups, lookup);
        find(explainer, lookup);
    }
    if (lookup->found) {
        *out = lookup->entry;
    }
    return lookup->found;
}
