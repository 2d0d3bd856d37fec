/*
 * Reach: what is left of all requests is kept for each block of rules; a rule's share is what its
 * block leaves it, which is small, and of that what is left there. The order of questions about a
 * rule is from cheap to dear, and each ends at the first answer.
 */
#include "analysis/reach.h"

/* Rules between two diagrams of what is left, which grow with the file. */
#define BLOCK_RULES 64

/* Rules that a message names. */
#define NAMED_MAX 6

/* Earlier rules that two by two are looked at for a pair that shadows: pairs are their square. */
#define PAIRED_MAX 64

/* A rule, and the one that permits what gets round it. */
typedef struct {
    const Rule *rule;
    const Rule *permitting;
} Escape;

typedef struct {
    const Ruleset *ruleset;
    const AnalysisHost *host;
    Diagnostics *warnings;
    gboolean verbose;
    Space *space;
    BddTable *table;
    guint count;
    GArray *left;    /* of Bdd, by block: the requests that come to it */
    GArray *first;   /* of Bdd, by rule: what it matches and no earlier rule of its block does */
    GArray *escaped; /* of Escape */
    gboolean undecided;
} Reach;

static Bdd condition_of(const Reach *reach, guint rule) {
    return space_condition(reach->space, ruleset_rule(reach->ruleset, rule)->condition);
}

/* Requests that the rule decides. */
static Bdd share_of(const Reach *reach, guint rule) {
    return bdd_and(reach->table, g_array_index(reach->left, Bdd, rule / BLOCK_RULES),
                   g_array_index(reach->first, Bdd, rule));
}

static gboolean is_reached(Reach *reach, guint rule) {
    BddMeets meets = bdd_meets(reach->table, g_array_index(reach->left, Bdd, rule / BLOCK_RULES),
                               g_array_index(reach->first, Bdd, rule));
    reach->undecided = reach->undecided || meets == BDD_MEETS_UNDECIDED;
    return meets != BDD_MEETS_NO;
}

static void find_shares(Reach *reach) {
    Bdd left = space_universe(reach->space, FALSE);
    Bdd taken = BDD_FALSE;
    for (guint i = 0; i < reach->count; i++) {
        if (i % BLOCK_RULES == 0) {
            left = bdd_without(reach->table, left, taken);
            taken = BDD_FALSE;
            g_array_append_val(reach->left, left);
            if (reach->host->tell) {
                reach->host->tell("comparing", i, reach->count, reach->host->data);
            }
        }
        Bdd condition = condition_of(reach, i);
        Bdd first = bdd_without(reach->table, condition, taken);
        g_array_append_val(reach->first, first);
        taken = bdd_or(reach->table, taken, condition);
    }
}

static Span span_of(const Reach *reach, const Rule *rule) {
    return source_span(ruleset_source(reach->ruleset), rule->offset, rule->length);
}

/* "lines 3, 5 and 8"; the caller frees it. */
static char *name_lines(const Reach *reach, const GArray *rules) {
    g_autoptr(GString) text = g_string_new(rules->len == 1 ? "line " : "lines ");
    for (guint i = 0; i < MIN(rules->len, NAMED_MAX); i++) {
        gboolean last = i + 1 == rules->len;
        g_string_append_printf(text, "%s%u",
                               i == 0 ? ""
                               : last ? " and "
                                      : ", ",
                               ruleset_rule(reach->ruleset, g_array_index(rules, guint, i))->line);
    }
    if (rules->len > NAMED_MAX) {
        g_string_append_printf(text, " and %u more", rules->len - NAMED_MAX);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Earlier rules that match something of a region. */
static GArray *find_meeting(const Reach *reach, Bdd region, guint end) {
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < end; i++) {
        if (bdd_meets(reach->table, region, condition_of(reach, i)) == BDD_MEETS_YES) {
            g_array_append_val(rules, i);
        }
    }
    return rules;
}

static Bdd subtract(const Reach *reach, Bdd region, const GArray *rules, guint index) {
    return bdd_without(reach->table, region,
                       condition_of(reach, g_array_index(rules, guint, index)));
}

/* Leaves of the rules one alone that covers the region, if there is one. */
static gboolean cover_by_one(const Reach *reach, Bdd region, GArray *rules) {
    for (guint i = 0; i < rules->len; i++) {
        if (subtract(reach, region, rules, i) == BDD_FALSE) {
            guint only = g_array_index(rules, guint, i);
            g_array_set_size(rules, 0);
            g_array_append_val(rules, only);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean cover_by_two(const Reach *reach, Bdd region, GArray *rules) {
    if (rules->len > PAIRED_MAX) {
        return FALSE;
    }
    for (guint i = 0; i < rules->len; i++) {
        Bdd rest = subtract(reach, region, rules, i);
        for (guint j = i + 1; j < rules->len; j++) {
            if (subtract(reach, rest, rules, j) == BDD_FALSE) {
                guint pair[] = {g_array_index(rules, guint, i), g_array_index(rules, guint, j)};
                g_array_set_size(rules, 0);
                g_array_append_vals(rules, pair, 2);
                return TRUE;
            }
        }
    }
    return FALSE;
}

/* Drops each rule without which the others still cover the region: none of the rest can go. */
static void cover_by_few(const Reach *reach, Bdd region, GArray *rules) {
    for (guint i = rules->len; i > 0; i--) {
        Bdd rest = region;
        for (guint j = 0; j < rules->len && rest != BDD_FALSE; j++) {
            rest = j == i - 1 ? rest : subtract(reach, rest, rules, j);
        }
        if (rest == BDD_FALSE) {
            g_array_remove_index(rules, i - 1);
        }
    }
}

/* The last rule has to be there, reached or not. */
static void warn_unreachable(Reach *reach, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    Bdd region =
        bdd_and(reach->table, condition_of(reach, index), space_universe(reach->space, FALSE));
    if (region == BDD_FALSE) {
        diagnostics_warn(reach->warnings, REACH_UNREACHABLE, span_of(reach, rule),
                         "this rule never matches: no request has all that it asks for");
        return;
    }
    g_autoptr(GArray) rules = find_meeting(reach, region, index);
    if (!cover_by_one(reach, region, rules)) {
        if (index + 1 == reach->count) {
            return;
        }
        if (!cover_by_two(reach, region, rules)) {
            cover_by_few(reach, region, rules);
        }
    }
    g_autofree char *lines = name_lines(reach, rules);
    diagnostics_warn(reach->warnings, REACH_UNREACHABLE, span_of(reach, rule),
                     "this rule is never reached: %s match%s all that it matches; move it up, or "
                     "take it out",
                     lines, rules->len == 1 ? "es" : "");
}

/* TRUE if each request of the region gets this decision from the rules behind this one. */
static gboolean is_decided_alike(Reach *reach, Bdd region, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    for (guint i = index + 1; i < reach->count && region != BDD_FALSE; i++) {
        Bdd condition = condition_of(reach, i);
        BddMeets meets = bdd_meets(reach->table, region, condition);
        if (meets == BDD_MEETS_NO) {
            continue;
        }
        if (meets == BDD_MEETS_UNDECIDED
            || !g_str_equal(ruleset_rule(reach->ruleset, i)->decision, rule->decision)) {
            return FALSE;
        }
        region = bdd_without(reach->table, region, condition);
    }
    return region == BDD_FALSE;
}

static void check_redundant(Reach *reach, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    if (index + 1 < reach->count && is_decided_alike(reach, share_of(reach, index), index)) {
        diagnostics_warn(reach->warnings, REACH_REDUNDANT, span_of(reach, rule),
                         "this rule changes nothing: the rules below it decide all that it matches "
                         "alike; take it out");
    }
}

static void check_shadowed(Reach *reach, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    if (!rule->condition) {
        return;
    }
    Bdd region =
        bdd_and(reach->table, condition_of(reach, index), space_universe(reach->space, FALSE));
    g_autoptr(GArray) rules = find_meeting(reach, region, index);
    for (guint i = rules->len; i > 0; i--) {
        guint earlier = g_array_index(rules, guint, i - 1);
        if (g_str_equal(ruleset_rule(reach->ruleset, earlier)->decision, rule->decision)) {
            g_array_remove_index(rules, i - 1);
        }
    }
    if (rules->len > 0) {
        g_autofree char *lines = name_lines(reach, rules);
        diagnostics_warn(reach->warnings, REACH_SHADOWED, span_of(reach, rule),
                         "%s decide%s a part of what this rule matches otherwise", lines,
                         rules->len == 1 ? "s" : "");
    }
}

static gboolean refuses(const Rule *rule) {
    static const ActionSet refusals = (ActionSet)1 << ACTION_REJECT | (ActionSet)1 << ACTION_DEFER;
    return (refusals >> rule->action & 1) != 0;
}

/* The first later rule that permits something of the region, or NULL. */
static const Rule *find_permitting(const Reach *reach, Bdd region, guint index) {
    for (guint i = index + 1; i < reach->count && region != BDD_FALSE; i++) {
        const Rule *rule = ruleset_rule(reach->ruleset, i);
        Bdd condition = condition_of(reach, i);
        if (bdd_meets(reach->table, region, condition) != BDD_MEETS_YES) {
            continue;
        }
        if (rule->outcomes >> ACTION_PERMIT & 1) {
            return rule;
        }
        region = bdd_without(reach->table, region, condition);
    }
    return NULL;
}

/* A refusal of listed recipients, and one that is routed and else just as refused: it goes on. */
static void check_escaped(Reach *reach, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    const Expression *routed = ruleset_landmarks(reach->ruleset)->routed;
    if (!refuses(rule)) {
        return;
    }
    Bdd condition = condition_of(reach, index);
    Bdd escaped = space_condition_of_any_recipient(reach->space, rule->condition);
    if (escaped == condition) {
        return;
    }
    escaped = bdd_without(reach->table, escaped, condition);
    escaped = bdd_and(reach->table, escaped, space_condition(reach->space, routed));
    escaped = bdd_and(reach->table, escaped, g_array_index(reach->left, Bdd, index / BLOCK_RULES));
    for (guint i = index - index % BLOCK_RULES; i < index; i++) {
        escaped = bdd_without(reach->table, escaped, condition_of(reach, i));
    }
    const Rule *permitting =
        escaped == BDD_UNDECIDED ? NULL : find_permitting(reach, escaped, index);
    if (permitting) {
        Escape escape = {rule, permitting};
        g_array_append_val(reach->escaped, escape);
    }
}

/* One 'reject if routed' mends them all. */
static void warn_escaped(const Reach *reach) {
    if (reach->escaped->len == 0) {
        return;
    }
    const Escape *first = &g_array_index(reach->escaped, Escape, 0);
    guint others = reach->escaped->len - 1;
    g_autofree char *more = others > 0
                                ? g_strdup_printf(" and %u other%s", others, others > 1 ? "s" : "")
                                : g_strdup("");
    diagnostics_warn(reach->warnings, REACH_ESCAPED, span_of(reach, first->rule),
                     "whom line %u permits gets round this rule%s with a recipient like "
                     "'user%%blocked@local', which Postfix routes on; put 'reject if routed' above "
                     "it",
                     first->permitting->line, more);
}

static void check_rule(Reach *reach, guint index) {
    if (!is_reached(reach, index)) {
        warn_unreachable(reach, index);
        return;
    }
    check_redundant(reach, index);
    check_escaped(reach, index);
    if (reach->verbose) {
        check_shadowed(reach, index);
    }
}

static GPtrArray *find_roots(const Ruleset *ruleset) {
    GPtrArray *roots = g_ptr_array_new();
    g_ptr_array_add(roots, (gpointer)(guintptr)ruleset_landmarks(ruleset)->routed);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        if (rule->condition) {
            g_ptr_array_add(roots, (gpointer)(guintptr)rule->condition);
        }
    }
    return roots;
}

void reach_lint(const Ruleset *ruleset, gboolean verbose, const AnalysisHost *host,
                Diagnostics *warnings) {
    g_autoptr(GPtrArray) roots = find_roots(ruleset);
    g_autoptr(Space) space = space_new(ruleset, roots, host);
    Reach reach = {
        .ruleset = ruleset,
        .host = host,
        .warnings = warnings,
        .verbose = verbose,
        .space = space,
        .table = space_table(space),
        .count = ruleset_rule_count(ruleset),
        .left = g_array_new(FALSE, FALSE, sizeof(Bdd)),
        .first = g_array_new(FALSE, FALSE, sizeof(Bdd)),
        .escaped = g_array_new(FALSE, FALSE, sizeof(Escape)),
    };
    find_shares(&reach);
    for (guint i = 0; i < reach.count && !reach.undecided; i++) {
        if (host->tell && i % BLOCK_RULES == 0) {
            host->tell("looking at each of", i, reach.count, host->data);
        }
        check_rule(&reach, i);
    }
    if (reach.undecided) {
        diagnostics_warn(warnings, REACH_UNDECIDED, source_span(ruleset_source(ruleset), 0, 0),
                         "which rules are reached was not decided: the budget of nodes does not "
                         "suffice, or it was stopped; a larger --budget may decide it");
    }
    warn_escaped(&reach);
    g_array_unref(reach.escaped);
    g_array_unref(reach.left);
    g_array_unref(reach.first);
}
