/*
 * Reach: each question is whether some request comes to one rule or to one of several, which a
 * Sieve answers. Only which earlier rules match all that an unreachable one does is worked out with
 * whole regions. What isn't decided is noted by each operation, and ends it all: nothing is said
 * that was worked out from it.
 */
#include "analysis/reach.h"

#include "analysis/sieve.h"

/* Rules between two words on how far it is. */
#define TELL_STEP 64

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
    Sieve *sieve;
    gboolean *spare; /* by rule: said to be unreachable or redundant */
    GArray *escaped; /* of Escape */
    gboolean undecided;
} Reach;

static Bdd note(Reach *reach, Bdd result) {
    reach->undecided = reach->undecided || result == BDD_UNDECIDED;
    return result;
}

static Bdd intersect(Reach *reach, Bdd f, Bdd g) {
    return note(reach, bdd_and(reach->table, f, g));
}

static Bdd subtract(Reach *reach, Bdd f, Bdd g) {
    return note(reach, bdd_without(reach->table, f, g));
}

/* FALSE too if it isn't decided. */
static gboolean meets(Reach *reach, Bdd f, Bdd g) {
    BddMeets result = bdd_meets(reach->table, f, g);
    reach->undecided = reach->undecided || result == BDD_MEETS_UNDECIDED;
    return result == BDD_MEETS_YES;
}

static Bdd condition_of(const Reach *reach, guint rule) {
    return space_condition(reach->space, ruleset_rule(reach->ruleset, rule)->condition);
}

/* SIEVE_NONE too if it isn't decided. */
static guint find(Reach *reach, SieveSearch *search) {
    guint found = sieve_find(reach->sieve, search);
    reach->undecided = reach->undecided || found == SIEVE_UNDECIDED;
    return found == SIEVE_UNDECIDED ? SIEVE_NONE : found;
}

static void tell(const Reach *reach, const char *what, guint done) {
    if (reach->host->tell && done % TELL_STEP == 0) {
        reach->host->tell(what, done, reach->count, reach->host->data);
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

/* Earlier rules that match something of a region; what makes up for the last rule must stay. */
static GArray *find_meeting(Reach *reach, Bdd region, guint end) {
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(guint));
    gboolean last = end + 1 == reach->count;
    for (guint i = 0; i < end && !reach->undecided; i++) {
        gboolean stays = !last || !reach->spare[i];
        if (stays && meets(reach, region, condition_of(reach, i))) {
            g_array_append_val(rules, i);
        }
    }
    return rules;
}

static Bdd subtract_rule(Reach *reach, Bdd region, const GArray *rules, guint index) {
    return subtract(reach, region, condition_of(reach, g_array_index(rules, guint, index)));
}

/* Leaves of the rules one alone that covers the region, if there is one. */
static gboolean cover_by_one(Reach *reach, Bdd region, GArray *rules) {
    for (guint i = 0; i < rules->len && !reach->undecided; i++) {
        if (subtract_rule(reach, region, rules, i) == BDD_FALSE) {
            guint only = g_array_index(rules, guint, i);
            g_array_set_size(rules, 0);
            g_array_append_val(rules, only);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean cover_by_two(Reach *reach, Bdd region, GArray *rules) {
    if (rules->len > PAIRED_MAX) {
        return FALSE;
    }
    for (guint i = 0; i < rules->len; i++) {
        Bdd rest = subtract_rule(reach, region, rules, i);
        for (guint j = i + 1; j < rules->len && !reach->undecided; j++) {
            if (subtract_rule(reach, rest, rules, j) == BDD_FALSE) {
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
static void cover_by_few(Reach *reach, Bdd region, GArray *rules) {
    for (guint i = rules->len; i > 0 && !reach->undecided; i--) {
        Bdd rest = region;
        for (guint j = 0; j < rules->len && rest != BDD_FALSE && !reach->undecided; j++) {
            rest = j == i - 1 ? rest : subtract_rule(reach, rest, rules, j);
        }
        if (rest == BDD_FALSE) {
            g_array_remove_index(rules, i - 1);
        }
    }
}

static gint compare_rules(gconstpointer a, gconstpointer b) {
    guint left = *(const guint *)a;
    guint right = *(const guint *)b;
    return (left > right) - (left < right);
}

static void warn_shadowed_by(const Reach *reach, const Rule *rule, const GArray *rules) {
    g_autofree char *lines =
        reach->undecided ? g_strdup("the rules above it") : name_lines(reach, rules);
    diagnostics_warn(reach->warnings, REACH_UNREACHABLE, span_of(reach, rule),
                     "this rule is never reached: %s match%s all that it matches; move it up, or "
                     "take it out",
                     lines, !reach->undecided && rules->len == 1 ? "es" : "");
}

/* `takers` are rules that together match all that this one does. FALSE if there is nothing to say:
 * the last rule has to be there, reached or not. */
static gboolean warn_unreachable(Reach *reach, guint index, GArray *takers) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    Bdd region = intersect(reach, condition_of(reach, index), space_universe(reach->space, FALSE));
    if (region == BDD_FALSE) {
        diagnostics_warn(reach->warnings, REACH_UNREACHABLE, span_of(reach, rule),
                         "this rule never matches: no request has all that it asks for");
        return TRUE;
    }
    g_autoptr(GArray) rules = find_meeting(reach, region, index);
    if (!cover_by_one(reach, region, rules)) {
        if (index + 1 == reach->count) {
            return FALSE;
        }
        if (!cover_by_two(reach, region, rules)) {
            g_array_sort(takers, compare_rules);
            cover_by_few(reach, region, takers);
            warn_shadowed_by(reach, rule, takers);
            return TRUE;
        }
    }
    warn_shadowed_by(reach, rule, rules);
    return TRUE;
}

/* A rule, and what looks at others for it. */
typedef struct {
    const Reach *reach;
    guint index;
} Asker;

static gboolean decides_otherwise(guint rule, gpointer data) {
    const Asker *asker = data;
    const Ruleset *ruleset = asker->reach->ruleset;
    return !g_str_equal(ruleset_rule(ruleset, rule)->decision,
                        ruleset_rule(ruleset, asker->index)->decision);
}

/* The last rule, once it is to be taken out, decides nothing. */
static gboolean may_change(guint rule, gpointer data) {
    const Asker *asker = data;
    const Reach *reach = asker->reach;
    return (rule + 1 == reach->count && reach->spare[rule]) || decides_otherwise(rule, data);
}

/* TRUE if each request that comes to the rule gets its decision from those behind it, whichever of
 * the spare ones among them are taken out first. */
static gboolean is_redundant(Reach *reach, guint index) {
    Asker asker = {reach, index};
    SieveSearch search = {
        .region = condition_of(reach, index),
        .first = index + 1,
        .end = reach->count,
        .wants = may_change,
        .data = &asker,
        .ignored = reach->spare,
    };
    reach->spare[index] = TRUE;
    reach->spare[index] = sieve_guess(reach->sieve, &search) == SIEVE_NONE
                          && find(reach, &search) == SIEVE_NONE && !reach->undecided;
    return reach->spare[index];
}

/* From the last to the first: all that are named can be taken out together. */
static void find_redundant(Reach *reach) {
    for (guint i = reach->count - 1; i > 0 && !reach->undecided; i--) {
        tell(reach, "looking behind each rule", reach->count - i);
        if (!reach->spare[i - 1] && is_redundant(reach, i - 1)) {
            diagnostics_warn(reach->warnings, REACH_REDUNDANT,
                             span_of(reach, ruleset_rule(reach->ruleset, i - 1)),
                             "this rule changes nothing: the rules below it decide all that it "
                             "matches alike; take it out");
        }
    }
}

static void check_shadowed(Reach *reach, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(guint));
    Asker asker = {reach, index};
    SieveSearch search = {
        .region = condition_of(reach, index),
        .end = rule->condition ? index : 0,
        .wants = decides_otherwise,
        .data = &asker,
    };
    guint found;
    while ((found = find(reach, &search)) != SIEVE_NONE) {
        g_array_append_val(rules, found);
        search.first = found + 1;
    }
    if (rules->len > 0 && !reach->undecided) {
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

static gboolean permits(guint rule, gpointer data) {
    const Reach *reach = data;
    return (ruleset_rule(reach->ruleset, rule)->outcomes >> ACTION_PERMIT & 1) != 0;
}

/* A refusal of listed recipients, and one that is routed and else just as refused: it goes on. */
static void check_escaped(Reach *reach, guint index) {
    const Rule *rule = ruleset_rule(reach->ruleset, index);
    const Expression *routed = ruleset_landmarks(reach->ruleset)->routed;
    if (!refuses(rule)) {
        return;
    }
    Bdd condition = condition_of(reach, index);
    Bdd escaped = note(reach, space_condition_of_any_recipient(reach->space, rule->condition));
    if (escaped == condition) {
        return;
    }
    escaped = subtract(reach, escaped, condition);
    escaped = intersect(reach, escaped, space_condition(reach->space, routed));
    SieveSearch search = {
        .region = escaped,
        .first = index + 1,
        .end = reach->count,
        .wants = permits,
        .data = reach,
    };
    guint permitting = find(reach, &search);
    if (permitting != SIEVE_NONE) {
        Escape escape = {rule, ruleset_rule(reach->ruleset, permitting)};
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
    g_autoptr(GArray) takers = g_array_new(FALSE, FALSE, sizeof(guint));
    SieveSearch search = {
        .region = condition_of(reach, index),
        .first = index,
        .end = index + 1,
        .takers = takers,
    };
    gboolean reached = find(reach, &search) == index;
    if (reach->undecided) {
        return;
    }
    if (!reached) {
        reach->spare[index] = warn_unreachable(reach, index, takers);
        return;
    }
    check_escaped(reach, index);
    if (reach->verbose) {
        check_shadowed(reach, index);
    }
}

static void check_rules(Reach *reach) {
    for (guint i = 0; i < reach->count && !reach->undecided; i++) {
        tell(reach, "looking at each rule", i);
        check_rule(reach, i);
    }
    find_redundant(reach);
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
    g_autoptr(Sieve) sieve = sieve_new(space, ruleset);
    Reach reach = {
        .ruleset = ruleset,
        .host = host,
        .warnings = warnings,
        .verbose = verbose,
        .space = space,
        .table = space_table(space),
        .count = ruleset_rule_count(ruleset),
        .sieve = sieve,
        .spare = g_new0(gboolean, ruleset_rule_count(ruleset)),
        .escaped = g_array_new(FALSE, FALSE, sizeof(Escape)),
    };
    check_rules(&reach);
    if (reach.undecided) {
        diagnostics_warn(warnings, REACH_UNDECIDED, source_span(ruleset_source(ruleset), 0, 0),
                         "which rules are reached was not decided: the budget of nodes does not "
                         "suffice, or it was stopped; a larger --budget may decide it");
    }
    warn_escaped(&reach);
    g_array_unref(reach.escaped);
    g_free(reach.spare);
}
