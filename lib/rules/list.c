/*
 * List: each kind is made of sets. Adding checks the item's spelling strictly and says what to
 * write instead; asking never fails.
 */
#include "rules/list.h"

#include <string.h>

#include "fail.h"
#include "limit.h"
#include "protocol/mailbox.h"

G_DEFINE_QUARK(policy - list - error - quark, list_error)

struct List {
    ListKind kind;
    char *name;
    NetworkSet *networks;     /* networks; of domains, the literals */
    TextSet *whole;           /* strings; domains; mailboxes with a domain */
    TextSet *open;            /* domains behind a leading dot; local parts before a final `@` */
    guint shortest_prefix[2]; /* by AddressFamily */
    gboolean top_level;
    gboolean vast;
    GArray *entries; /* of KeptEntry; NULL: none are kept */
    GString *entry_text;
};

/* A ListEntry whose item is the text at an offset. */
typedef struct {
    size_t offset;
    size_t length;
    const char *source;
    guint line;
} KeptEntry;

#define NO_PREFIX 129

List *list_new(ListKind kind, const char *name) {
    List *list = g_new0(List, 1);
    list->kind = kind;
    list->name = g_strdup(name);
    list->networks = network_set_new();
    list->whole = text_set_new();
    list->open = text_set_new();
    list->shortest_prefix[ADDRESS_IPV4] = NO_PREFIX;
    list->shortest_prefix[ADDRESS_IPV6] = NO_PREFIX;
    return list;
}

void list_free(List *list) {
    if (list) {
        network_set_free(list->networks);
        text_set_free(list->whole);
        text_set_free(list->open);
        g_clear_pointer(&list->entries, g_array_unref);
        if (list->entry_text) {
            g_string_free(list->entry_text, TRUE);
        }
        g_free(list->name);
        g_free(list);
    }
}

void list_keep_entries(List *list) {
    list->entries = g_array_new(FALSE, FALSE, sizeof(KeptEntry));
    list->entry_text = g_string_new(NULL);
}

void list_note_entry(List *list, const ListEntry *entry) {
    if (list->entries) {
        KeptEntry kept = {list->entry_text->len, entry->item.length, entry->source, entry->line};
        g_string_append_len(list->entry_text, entry->item.data, (gssize)entry->item.length);
        g_array_append_val(list->entries, kept);
    }
}

guint list_entry_count(const List *list) {
    return list->entries ? list->entries->len : 0;
}

ListEntry list_entry(const List *list, guint index) {
    const KeptEntry *kept = &g_array_index(list->entries, KeptEntry, index);
    return (ListEntry){
        .item = text_make(list->entry_text->str + kept->offset, kept->length),
        .source = kept->source,
        .line = kept->line,
    };
}

guint list_shortest_prefix(const List *list, AddressFamily family) {
    return list->shortest_prefix[family];
}

gboolean list_is_broad(const List *list) {
    return list->top_level || list->vast || list->shortest_prefix[ADDRESS_IPV4] < LIST_BROAD_IPV4
           || list->shortest_prefix[ADDRESS_IPV6] < LIST_BROAD_IPV6;
}

ListKind list_kind(const List *list) {
    return list->kind;
}

const char *list_name(const List *list) {
    return list->name;
}

const char *list_kind_name(ListKind kind) {
    static const char *const names[] = {
        [LIST_NETWORKS] = "networks",
        [LIST_DOMAINS] = "domains",
        [LIST_ADDRESSES] = "addresses",
        [LIST_STRINGS] = "strings",
    };
    return names[kind];
}

#define FAIL(error, ...) fail_with((error), LIST_ERROR, LIST_ERROR_SYNTAX, __VA_ARGS__)

static gboolean add_text(TextSet *set, Text text, GError **error) {
    if (!text_set_add(set, text)) {
        g_set_error_literal(error, LIST_ERROR, LIST_ERROR_FULL, "the list is over 4 GiB long");
        return FALSE;
    }
    return TRUE;
}

static gboolean add_network(List *list, Text item, ListItemOrigin origin, GError **error) {
    Network network;
    if (!network_parse(item, origin == LIST_ITEM_POSTCONF, &network, error)) {
        return FALSE;
    }
    network_set_add(list->networks, &network);
    guint *shortest = &list->shortest_prefix[network.first.family];
    *shortest = MIN(*shortest, network.prefix);
    return TRUE;
}

static gboolean starts_with(Text text, const char *start) {
    size_t length = strlen(start);
    return text.length >= length && memcmp(text.data, start, length) == 0;
}

static Text drop(Text text, size_t count) {
    return text_make(text.data + count, text.length - count);
}

static gboolean add_literal(List *list, Text item, GError **error) {
    Network network = {0};
    if (!address_parse_literal(item, &network.first)) {
        return FAIL(error,
                    "'%.*s' is not an address literal; write [192.0.2.1] or "
                    "[IPv6:2001:db8::1]",
                    (int)item.length, item.data);
    }
    network.last = network.first;
    network_set_add(list->networks, &network);
    return TRUE;
}

static gboolean fail_domain(Text item, const char *fault, GError **error) {
    int length = (int)item.length;
    Address address;
    if (starts_with(item, "*.")) {
        return FAIL(error, "domain '%.*s' has a '*'; write '%.*s' for all domains under it", length,
                    item.data, length - 1, item.data + 1);
    }
    if (text_find(item, '@') >= 0) {
        return FAIL(error, "'%.*s' is a mailbox, not a domain; an 'addresses' list holds those",
                    length, item.data);
    }
    if (address_parse(item, &address)) {
        const char *tag = text_find(item, ':') >= 0 ? "IPv6:" : "";
        return FAIL(error, "domain '%.*s' is an address; write '[%s%.*s]' for an address literal",
                    length, item.data, tag, length, item.data);
    }
    return FAIL(error, "domain '%.*s' %s", length, item.data, fault);
}

static gboolean add_domain(List *list, Text item, GError **error) {
    char folded[LIMIT_DOMAIN];
    if (starts_with(item, "[")) {
        return add_literal(list, item, error);
    }
    gboolean under = starts_with(item, ".");
    Text domain = under ? drop(item, 1) : item;
    const char *fault = domain_fault(domain);
    if (fault) {
        return fail_domain(item, fault, error);
    }
    text_fold(domain, folded);
    list->top_level = list->top_level || (under && text_find(domain, '.') < 0);
    return add_text(under ? list->open : list->whole, text_make(folded, domain.length), error);
}

static gboolean check_mailbox(Text item, const Mailbox *mailbox, GError **error) {
    int length = (int)item.length;
    const char *fault = NULL;
    Address literal;
    if (!mailbox->has_at) {
        return FAIL(error, "'%.*s' has no '@'; write a mailbox, or 'user@' for any domain", length,
                    item.data);
    }
    if (mailbox->local.length == 0) {
        return FAIL(error, "'%.*s' has nothing before '@'; a 'domains' list holds whole domains",
                    length, item.data);
    }
    if (text_find(mailbox->local, '@') >= 0) {
        return FAIL(error, "mailbox '%.*s' has two '@'", length, item.data);
    }
    for (size_t i = 0; i < item.length; i++) {
        if (g_ascii_iscntrl(item.data[i])) {
            return FAIL(error, "mailbox '%.*s' holds a control character", length, item.data);
        }
    }
    if (item.data[item.length - 1] != '@' && !address_parse_literal(mailbox->domain, &literal)) {
        fault = item.data[item.length - 1] == '.' ? "ends in a dot" : domain_fault(mailbox->domain);
    }
    return !fault || FAIL(error, "the domain of '%.*s' %s", length, item.data, fault);
}

static gboolean add_mailbox(List *list, Text item, GError **error) {
    Mailbox mailbox = mailbox_split(item);
    if (!check_mailbox(item, &mailbox, error)) {
        return FALSE;
    }
    g_autofree char *folded = g_malloc(item.length);
    text_fold(item, folded);
    if (mailbox.domain.length == 0) {
        return add_text(list->open, text_make(folded, mailbox.local.length), error);
    }
    return add_text(list->whole, text_make(folded, item.length), error);
}

static gboolean add_string(List *list, Text item, GError **error) {
    if (item.length == 0) {
        return FAIL(error, "an empty string equals no value; 'not ATTRIBUTE' is true where it is "
                           "absent");
    }
    return add_text(list->whole, item, error);
}

gboolean list_add(List *list, Text item, ListItemOrigin origin, GError **error) {
    switch (list->kind) {
    case LIST_NETWORKS:
        return add_network(list, item, origin, error);
    case LIST_DOMAINS:
        return add_domain(list, item, error);
    case LIST_ADDRESSES:
        return add_mailbox(list, item, error);
    case LIST_STRINGS:
        break;
    }
    return add_string(list, item, error);
}

static gboolean include_texts(TextSet *set, const TextSet *other, GError **error) {
    for (guint i = 0; i < text_set_count(other); i++) {
        if (!add_text(set, text_set_get(other, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean list_include(List *list, const List *other, GError **error) {
    network_set_include(list->networks, other->networks);
    for (int family = ADDRESS_IPV4; family <= ADDRESS_IPV6; family++) {
        list->shortest_prefix[family] =
            MIN(list->shortest_prefix[family], other->shortest_prefix[family]);
    }
    list->top_level = list->top_level || other->top_level;
    for (guint i = 0; i < list_entry_count(other); i++) {
        ListEntry entry = list_entry(other, i);
        list_note_entry(list, &entry);
    }
    return include_texts(list->whole, other->whole, error)
           && include_texts(list->open, other->open, error);
}

/* Of an IPv4 address, all; of an IPv6 address the network's half: a /64 counts as one. */
static guint64 find_number(const Address *address) {
    guint bytes = address->family == ADDRESS_IPV4 ? 4 : 8;
    guint64 number = 0;
    for (guint i = 0; i < bytes; i++) {
        number = number << 8 | address->bytes[i];
    }
    return number;
}

static gboolean is_vast(const List *list, AddressFamily family, guint64 limit) {
    guint64 sum = 0;
    Address first;
    Address last;
    for (guint i = 0; i < network_set_count(list->networks, family); i++) {
        network_set_get(list->networks, family, i, &first, &last);
        sum += find_number(&last) - find_number(&first) + 1;
    }
    return sum >= limit;
}

void list_seal(List *list) {
    network_set_seal(list->networks);
    list->vast =
        is_vast(list, ADDRESS_IPV4, (guint64)LIST_BROAD_COUNT << (32 - LIST_BROAD_IPV4))
        || is_vast(list, ADDRESS_IPV6, (guint64)LIST_BROAD_COUNT << (64 - LIST_BROAD_IPV6));
}

gboolean list_is_vast(const List *list) {
    return list->vast;
}

gboolean list_has_address(const List *list, const Address *address) {
    return network_set_has(list->networks, address);
}

/* Looks for each parent of the domain; one that is longer than any in a list is not looked for. */
static gboolean has_parent(const TextSet *set, Text domain) {
    size_t start = domain.length > LIMIT_DOMAIN + 1 ? domain.length - LIMIT_DOMAIN - 1 : 0;
    for (size_t i = start; i + 1 < domain.length; i++) {
        if (domain.data[i] == '.' && text_set_has_folded(set, drop(domain, i + 1))) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean list_has_domain(const List *list, Text domain) {
    Address address;
    if (address_parse_literal(domain, &address)) {
        return network_set_has(list->networks, &address);
    }
    if (starts_with(domain, ".")) {
        return FALSE;
    }
    return text_set_has_folded(list->whole, domain) || has_parent(list->open, domain);
}

gboolean list_has_mailbox(const List *list, Text text) {
    Mailbox mailbox = mailbox_split(text);
    if (!mailbox.has_at) {
        return text_set_has_folded(list->whole, text);
    }
    Text trimmed = text_make(text.data, mailbox.local.length + 1 + mailbox.domain.length);
    return text_set_has_folded(list->whole, trimmed)
           || text_set_has_folded(list->open, mailbox.local);
}

gboolean list_has_string(const List *list, Text string) {
    return text_set_has(list->whole, string);
}

const NetworkSet *list_networks(const List *list) {
    return list->networks;
}

const TextSet *list_whole(const List *list) {
    return list->whole;
}

const TextSet *list_open(const List *list) {
    return list->open;
}
