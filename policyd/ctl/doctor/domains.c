/*
 * Domains: the domains that Postfix takes mail for against `local` of the rules. trivial-rewrite,
 * which decides about them, knows main.cf alone.
 */
#include <string.h>

#include "ctl/doctor/carried.h"
#include "ctl/doctor/examination.h"

/* `localhost` and what is below it comes from this machine. */
static gboolean is_own(Text domain) {
    static const Text name = TEXT_LITERAL("localhost");
    return domain.length >= name.length
           && text_equal_folded(text_make(domain.data, name.length), name)
           && (domain.length == name.length || domain.data[name.length] == '.');
}

/* Whether all that is strictly under a domain is in the list: `.example.com`. */
static gboolean has_children(const List *list, Text domain) {
    while (domain.length > 0) {
        if (text_set_has_folded(list_open(list), domain)) {
            return TRUE;
        }
        ssize_t dot = text_find(domain, '.');
        size_t skip = dot < 0 ? domain.length : (size_t)dot + 1;
        domain = text_make(domain.data + skip, domain.length - skip);
    }
    return FALSE;
}

static void add_missing(GPtrArray *missing, const char *dot, Text domain) {
    g_autofree char *name = g_strdup_printf("%s%.*s", dot, (int)domain.length, domain.data);
    if (!g_ptr_array_find_with_equal_func(missing, name, g_str_equal, NULL)) {
        g_ptr_array_add(missing, g_steal_pointer(&name));
    }
}

/* Adds what `list` holds and none of the others, less literals: Postfix takes its own anyway. */
static void find_missing(const List *list, const List *const *others, guint count,
                         GPtrArray *missing) {
    const TextSet *whole = list_whole(list);
    const TextSet *open = list_open(list);
    for (guint i = 0; i < text_set_count(whole); i++) {
        Text domain = text_set_get(whole, i);
        gboolean found = is_own(domain);
        for (guint j = 0; j < count && !found; j++) {
            found = list_has_domain(others[j], domain);
        }
        if (!found) {
            add_missing(missing, "", domain);
        }
    }
    for (guint i = 0; i < text_set_count(open); i++) {
        Text domain = text_set_get(open, i);
        gboolean found = FALSE;
        for (guint j = 0; j < count && !found; j++) {
            found = has_children(others[j], domain);
        }
        if (!found) {
            add_missing(missing, ".", domain);
        }
    }
}

static void tell_missing(const Installation *installation, const char *parameter,
                         const GPtrArray *missing, GPtrArray *findings) {
    if (missing->len == 0) {
        return;
    }
    g_autofree char *some = carried_some(missing);
    Finding *finding =
        findings_add(findings, FINDING_WARNING, "domain-missing",
                     "Postfix takes mail for them; rules that refuse what isn't local refuse it.",
                     "'local' of the rules lacks what %s holds: %s", parameter, some);
    finding_set_place(finding, NULL, parameter);
    finding->advice =
        g_strdup_printf("add to 'local' in %s, and then policyctl reload: %s, or 'postconf %s'",
                        installation->evidence.rules, some, parameter);
}

static void tell_extra(const GPtrArray *extra, GPtrArray *findings) {
    if (extra->len == 0) {
        return;
    }
    g_autofree char *some = carried_some(extra);
    Finding *finding =
        findings_add(findings, FINDING_WARNING, "domain-extra",
                     "Mail for them is remote to Postfix: where the rules permit it, it is relayed "
                     "from anybody, and where they leave it to Postfix, it is refused.",
                     "'local' of the rules holds what Postfix takes no mail for: %s", some);
    finding->advice = g_strdup("take them out, or add them to mydestination, relay_domains or "
                               "their kin");
}

static void tell_left_out(const Carried *carried, GPtrArray *findings) {
    if (carried->left_out->len == 0) {
        return;
    }
    g_autofree char *some = carried_some(carried->left_out);
    Finding *finding =
        findings_add(findings, FINDING_NOTE, "not-compared",
                     "Lookup tables and exclusions can't be compared: their domains may be in "
                     "'local', or not.",
                     "%s is compared without %s", carried->parameter, some);
    finding_set_place(finding, NULL, carried->parameter);
}

void examine_domains(const Installation *installation, GPtrArray *findings) {
    const Ruleset *ruleset = installation->evidence.ruleset;
    const List *local = ruleset ? ruleset_list(ruleset, "local") : NULL;
    const List *lists[POSTFIX_DOMAIN_PARAMETERS];
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)carried_free);
    gboolean whole = TRUE;
    if (!local) {
        return;
    }
    for (guint i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
        Carried *carried = carried_new(installation->evidence.postfix, NULL, LIST_DOMAINS,
                                       postfix_domain_parameters[i]);
        g_ptr_array_add(all, carried);
        lists[i] = carried->list;
        find_missing(carried->list, &local, 1, missing);
        tell_missing(installation, postfix_domain_parameters[i], missing, findings);
        tell_left_out(carried, findings);
        whole = whole && carried->left_out->len == 0;
    }
    if (whole) {
        g_autoptr(GPtrArray) extra = g_ptr_array_new_with_free_func(g_free);
        find_missing(local, lists, G_N_ELEMENTS(lists), extra);
        tell_extra(extra, findings);
    }
}
