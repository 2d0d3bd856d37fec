/*
 * Networks: mynetworks against `trusted` of the rules, as sets of addresses, and against the
 * networks that the machine is in.
 */
#include <string.h>

#include "ctl/doctor/address_gap.h"
#include "ctl/doctor/carried.h"
#include "ctl/doctor/examination.h"
#include "ctl/doctor/interface.h"
#include "ctl/doctor/mend.h"

#define PARAMETER "mynetworks"

/* More are better kept in one place than copied by a command. */
#define ENTRIES_MAX 50

/* A network as mynetworks has it: IPv6 in brackets. */
static void append_network(GString *out, Text item) {
    ssize_t slash = text_find(item, '/');
    size_t length = slash < 0 ? item.length : (size_t)slash;
    gboolean brackets = text_find(item, ':') >= 0 && item.data[0] != '[';
    g_string_append(out, out->len > 0 ? ", " : "");
    g_string_append_printf(out, brackets ? "[%.*s]" : "%.*s", (int)length, item.data);
    g_string_append_len(out, item.data + length, (gssize)(item.length - length));
}

/* NULL if it is long. */
static char *mend_to_trusted(const Installation *installation, const PostfixService *service,
                             const List *trusted) {
    g_autoptr(GString) value = g_string_new(NULL);
    if (list_entry_count(trusted) > ENTRIES_MAX) {
        return NULL;
    }
    for (guint i = 0; i < list_entry_count(trusted); i++) {
        append_network(value, list_entry(trusted, i).item);
    }
    return mend_parameter(installation, service, PARAMETER, value->str);
}

static Finding *add_difference(const PostfixService *service, const GPtrArray *gaps,
                               const char *why, const char *what, GPtrArray *findings) {
    g_autofree char *address = postfix_service_address(service);
    g_autofree char *some = carried_some(gaps);
    Finding *finding =
        findings_add(findings, FINDING_WARNING, "networks-differ", why, "%s: %s", what, some);
    finding_set_place(finding, address, PARAMETER);
    finding->advice = g_strdup("make both the same: in the rules, networks trusted = postconf "
                               "mynetworks");
    return finding;
}

/* No command makes mynetworks wider: who else is to be trusted is the administrator's to say. */
static void compare(const Installation *installation, const PostfixService *service,
                    const Carried *mynetworks, GPtrArray *findings) {
    const List *trusted = ruleset_list(installation->evidence.ruleset, "trusted");
    const NetworkSet *theirs = list_networks(mynetworks->list);
    g_autoptr(GPtrArray) more = address_gaps(theirs, list_networks(trusted));
    g_autoptr(GPtrArray) less = address_gaps(list_networks(trusted), theirs);
    if (more->len > 0) {
        Finding *finding = add_difference(
            service, more,
            "To the rules they are strangers, but permit_mynetworks lets them relay.",
            "mynetworks holds what 'trusted' of the rules doesn't", findings);
        finding->command = less->len == 0 ? mend_to_trusted(installation, service, trusted) : NULL;
    }
    if (less->len > 0 && mynetworks->left_out->len == 0) {
        add_difference(service, less, "The rules let clients relay that are strangers to Postfix.",
                       "'trusted' of the rules holds what mynetworks doesn't", findings);
    }
}

static void tell_left_out(const PostfixService *service, const Carried *mynetworks,
                          GPtrArray *findings) {
    if (mynetworks->left_out->len == 0) {
        return;
    }
    g_autofree char *address = postfix_service_address(service);
    g_autofree char *some = carried_some(mynetworks->left_out);
    Finding *finding = findings_add(
        findings, FINDING_NOTE, "not-compared",
        "Lookup tables, names and exclusions can't be compared: whom they trust is not known.",
        "mynetworks is compared without %s", some);
    finding_set_place(finding, address, PARAMETER);
}

static gboolean holds(const Network *outer, const Network *inner) {
    return outer->first.family == inner->first.family && outer->prefix <= inner->prefix
           && memcmp(outer->first.bytes, inner->first.bytes, sizeof inner->first.bytes) <= 0
           && memcmp(inner->last.bytes, outer->last.bytes, sizeof inner->last.bytes) <= 0;
}

/* RFC 1918, 4193 and 6598, and loopback: no stranger sends from there. */
static gboolean is_private(const Network *network) {
    static const char *const blocks[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
                                         "100.64.0.0/10", "127.0.0.0/8",   "fc00::/7",
                                         "fe80::/10"};
    for (guint i = 0; i < G_N_ELEMENTS(blocks); i++) {
        Network block;
        if (network_parse(text_from_string(blocks[i]), FALSE, &block, NULL)
            && holds(&block, network)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Who writes a network in the rules too means it. */
static gboolean is_meant(const Installation *installation, const Network *network) {
    const Ruleset *ruleset = installation->evidence.ruleset;
    const List *trusted = ruleset ? ruleset_list(ruleset, "trusted") : NULL;
    return trusted && is_private(network)
           && network_set_has(list_networks(trusted), &network->first)
           && network_set_has(list_networks(trusted), &network->last);
}

/* The value with the interface's network instead of that entry. */
static char *mend_width(const Installation *installation, const PostfixService *service,
                        const List *list, guint index, const Network *network) {
    g_autoptr(GString) value = g_string_new(NULL);
    for (guint i = 0; i < list_entry_count(list); i++) {
        g_autofree char *narrow = network_format(network);
        append_network(value, i == index ? text_from_string(narrow) : list_entry(list, i).item);
    }
    return mend_parameter(installation, service, PARAMETER, value->str);
}

static const Interface *find_inside(const Installation *installation, const Network *network) {
    const GArray *interfaces = installation->evidence.interfaces;
    for (guint i = 0; interfaces && i < interfaces->len; i++) {
        const Interface *interface = &g_array_index(interfaces, Interface, i);
        if (network->prefix < interface->network.prefix && holds(network, &interface->network)) {
            return interface;
        }
    }
    return NULL;
}

static void examine_width(const Installation *installation, const PostfixService *service,
                          const Carried *mynetworks, GPtrArray *findings) {
    for (guint i = 0; i < list_entry_count(mynetworks->list); i++) {
        Network network;
        Text item = list_entry(mynetworks->list, i).item;
        const Interface *interface =
            network_parse(item, TRUE, &network, NULL) ? find_inside(installation, &network) : NULL;
        if (!interface) {
            continue;
        }
        g_autofree char *address = postfix_service_address(service);
        g_autofree char *inside = network_format(&interface->network);
        Finding *finding = findings_add(
            findings, is_meant(installation, &network) ? FINDING_NOTE : FINDING_WARNING,
            "networks-wide", "Whoever is in the rest of it may send through this server.",
            "mynetworks holds %.*s, while %s is in %s", (int)item.length, item.data,
            interface->name, inside);
        finding_set_place(finding, address, PARAMETER);
        finding->command =
            mend_width(installation, service, mynetworks->list, i, &interface->network);
    }
}

void examine_networks(const Installation *installation, GPtrArray *findings) {
    const PostfixSettings *postfix = installation->evidence.postfix;
    const Ruleset *ruleset = installation->evidence.ruleset;
    for (guint i = 0; i < postfix_settings_service_count(postfix); i++) {
        const PostfixService *service = postfix_settings_service(postfix, i);
        g_autoptr(Carried) mynetworks = carried_new(postfix, service, LIST_NETWORKS, PARAMETER);
        examine_width(installation, service, mynetworks, findings);
        if (ruleset && ruleset_list(ruleset, "trusted")
            && installation_first_ask(installation, service)) {
            compare(installation, service, mynetworks, findings);
            tell_left_out(service, mynetworks, findings);
        }
    }
}
