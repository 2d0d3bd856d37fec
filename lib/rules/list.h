/*
 * List: the items behind a name, or between braces, of one kind. Grows while a rule file is
 * compiled, is sealed, and then only read.
 */
#ifndef POLICY_LIST_H
#define POLICY_LIST_H

#include "protocol/address.h"
#include "protocol/text.h"
#include "rules/network_set.h"
#include "rules/text_set.h"

typedef enum {
    LIST_NETWORKS,  /* addresses and CIDR blocks */
    LIST_DOMAINS,   /* `example.com`, `.example.com` for all strictly under it, literals */
    LIST_ADDRESSES, /* mailboxes: `user@example.com`, `user@` at any domain */
    LIST_STRINGS,   /* compared exactly */
} ListKind;

/* Where an item stands, for what its spelling may be. */
typedef enum {
    LIST_ITEM_WRITTEN,  /* in a rule file or a list file */
    LIST_ITEM_POSTCONF, /* in a postconf value: IPv6 in brackets, v4-mapped blocks */
} ListItemOrigin;

#define LIST_ERROR (list_error_quark())
GQuark list_error_quark(void);

typedef enum {
    LIST_ERROR_SYNTAX,
    LIST_ERROR_FULL, /* over 4 GiB of text */
} ListError;

typedef struct List List;

/* `name` is NULL for braces. */
List *list_new(ListKind kind, const char *name);
void list_free(List *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(List, list_free)

ListKind list_kind(const List *list);
const char *list_name(const List *list);

/* "networks", as the rule file says it. */
const char *list_kind_name(ListKind kind);

/* FALSE and an error in LIST_ERROR or NETWORK_ERROR if the item is not of the list's kind. */
gboolean list_add(List *list, Text item, ListItemOrigin origin, GError **error);

/* Adds all items of another list of the same kind. */
gboolean list_include(List *list, const List *other, GError **error);

void list_seal(List *list);

/* An item, with its place. */
typedef struct {
    Text item;          /* as it is written */
    const char *source; /* a path, or "postconf mynetworks" */
    guint line;         /* from 1 */
} ListEntry;

/* From here on list_include() copies entries too. */
void list_keep_entries(List *list);

/* Notes what was added, in a list that keeps entries; the text is copied, the source borrowed. */
void list_note_entry(List *list, const ListEntry *entry);

/* In the order in which they were added; borrowed until the next one is noted. */
guint list_entry_count(const List *list);
ListEntry list_entry(const List *list, guint index);

/* The shortest prefix among a family's networks; over 128 if there are none. */
guint list_shortest_prefix(const List *list, AddressFamily family);

/* Networks with a shorter prefix are broad. */
#define LIST_BROAD_IPV4 8
#define LIST_BROAD_IPV6 16

/* So many of the widest that are not broad are vast. */
#define LIST_BROAD_COUNT 16

/* TRUE if the list holds all that is under a top-level domain: `.com`, or a network wider than /8,
 * of IPv6 than /16, or is vast: more than anybody's own. A /8 is the most that anybody was given,
 * and IPv6's /16 is beyond what a registry gives. */
gboolean list_is_broad(const List *list);

/* TRUE if the networks of a sealed list, however they are cut, hold as many addresses as
 * LIST_BROAD_COUNT of a /8, of IPv6 of a /16. */
gboolean list_is_vast(const List *list);

/* Each is for lists of its kind. Letters of domains and mailboxes are folded. A domain comes
 * without its one trailing dot (domain_trim()), is in no list if it starts with a dot, and is taken
 * as its address if it is a literal; a mailbox comes whole, and a literal in it is taken as text.
 */
gboolean list_has_address(const List *list, const Address *address);
gboolean list_has_domain(const List *list, Text domain);
gboolean list_has_mailbox(const List *list, Text text);
gboolean list_has_string(const List *list, Text string);

/* What the list is made of, letters folded but in strings. Networks are addresses, and of domains
 * the literals; whole are strings, domains and mailboxes; open are domains behind a leading dot,
 * and local parts before a final `@`. */
const NetworkSet *list_networks(const List *list);
const TextSet *list_whole(const List *list);
const TextSet *list_open(const List *list);

#endif
