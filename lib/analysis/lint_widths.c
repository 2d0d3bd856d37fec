/*
 * Lint widths: networks that hold more than anybody means. The compiler refuses the widest in
 * `trusted`; these are those that few have.
 *
 * In `trusted`, an IPv4 network wider than a /16 that is not private: a registry gives a /16 to the
 * largest of sites at most, and mynetworks_style=class makes a /8 of an address in 52.0.0.0. Of
 * IPv6 a registry gives providers a /32. What lies in private space is nobody else's.
 *
 * In a list with a name, a /0 beside narrower entries: alone it asks for the address family, which
 * is a use, but what else the list holds is of the other family or means nothing.
 */
#include "analysis/linter.h"

#define TRUSTED_IPV4 16
#define TRUSTED_IPV6 32

/* RFC 1918, RFC 1122 (loopback), RFC 6598 (shared by a carrier's customers), RFC 3927 and RFC 4291
 * (link-local), RFC 4193 (unique local). */
static const char *const private_networks[] = {"10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16",
                                               "127.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
                                               "fe80::/10",   "fc00::/7"};

static gboolean is_private(const LintNetwork *network) {
    for (size_t i = 0; i < G_N_ELEMENTS(private_networks); i++) {
        LintNetwork private;
        if (linter_read_network(text_from_string(private_networks[i]), &private)
            && linter_contains(&private, network)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void check_trusted(Linter *linter, const LintList *list, const ListEntry *entry,
                          const LintNetwork *network) {
    gboolean v4 = network->family == ADDRESS_IPV4;
    guint limit = v4 ? TRUSTED_IPV4 : TRUSTED_IPV6;
    if (network->prefix < limit && !is_private(network)) {
        linter_warn_entry(linter, LINT_WIDE, list, entry, 0,
                          "'%.*s' in 'trusted' is wider than /%u: all of it may relay; list your "
                          "own networks",
                          (int)entry->item.length, entry->item.data, limit);
    }
}

static void check_all(Linter *linter, const LintList *list, const ListEntry *entry,
                      const LintNetwork *network) {
    if (network->prefix == 0) {
        linter_warn_entry(linter, LINT_WIDE, list, entry, 0,
                          "'%.*s' in '%s' is every IPv%d address, beside other entries; take it "
                          "out, or them",
                          (int)entry->item.length, entry->item.data, list->definition->name,
                          network->family == ADDRESS_IPV4 ? 4 : 6);
    }
}

typedef void (*WidthCheck)(Linter *linter, const LintList *list, const ListEntry *entry,
                           const LintNetwork *network);

static void check_entries(Linter *linter, const LintList *list, WidthCheck check) {
    for (guint i = 0; i < list_entry_count(list->list); i++) {
        ListEntry entry = list_entry(list->list, i);
        LintNetwork network;
        if (linter_read_network(entry.item, &network)) {
            check(linter, list, &entry, &network);
        }
    }
}

static gboolean may_be_wide(const List *list, guint v4, guint v6) {
    return list_shortest_prefix(list, ADDRESS_IPV4) < v4
           || list_shortest_prefix(list, ADDRESS_IPV6) < v6;
}

/* TRUE unless the list means every address, of one family or both. */
static gboolean holds_less(const List *list) {
    for (guint i = 0; i < list_entry_count(list); i++) {
        LintNetwork network;
        if (linter_read_network(list_entry(list, i).item, &network) && network.prefix > 0) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Whoever accepts an open relay has said that the width of `trusted` is no matter. */
void linter_widths(Linter *linter) {
    const Ruleset *ruleset = linter->ruleset;
    for (guint i = 0; i < ruleset_definition_count(ruleset); i++) {
        const Definition *definition = ruleset_definition(ruleset, i);
        LintList list = {
            .list = definition->list,
            .definition = definition,
            .span = source_span(ruleset_source(ruleset), definition->offset, definition->length),
        };
        if (!list.list || list_kind(list.list) != LIST_NETWORKS) {
            continue;
        }
        if (list.list == ruleset_list(ruleset, "trusted") && !ruleset_accepts_open_relay(ruleset)
            && may_be_wide(list.list, TRUSTED_IPV4, TRUSTED_IPV6)) {
            check_entries(linter, &list, check_trusted);
        }
        if (may_be_wide(list.list, 1, 1) && holds_less(list.list)) {
            check_entries(linter, &list, check_all);
        }
    }
}
