/*
 * Divergence: rules that stand in both files in the same order, with the same condition and
 * decision, are gone through together: a request that comes to one undecided by either file is
 * decided by both, and alike. So all that is kept is what rules of one file alone match: what comes
 * to them, and, once they have decided it, what of it the other file has not decided yet.
 */
#include "analysis/divergence.h"

#include "analysis/alignment.h"

/* Rules between two words on how far it is. */
#define TELL_STEP 64

/* Requests that a rule of one file decides, and no rule of the other yet. */
typedef struct {
    guint rule;
    Bdd region;
} Waiting;

typedef struct {
    Space *space;
    BddTable *table;
    const Ruleset *const *rulesets;
    const AnalysisHost *host;
    AlignmentSide sides[2];
    GArray *waiting[2]; /* by the file that has decided */
    Bdd undecided;      /* of what rules of one file alone match: what neither file decides yet */
    guint lone;         /* rules of one file alone that are still to come */
    guint done;
    GArray *found;
    gboolean failed; /* the budget does not suffice */
} Finder;

static const Rule *rule_at(const Finder *finder, guint file, guint rule) {
    return ruleset_rule(finder->rulesets[file], rule);
}

static Bdd condition_at(const Finder *finder, guint file, guint rule) {
    return space_condition(finder->space, rule_at(finder, file, rule)->condition);
}

/* A number for each text of a decision. */
static guint number_decision(GHashTable *numbers, const Rule *rule) {
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, rule->decision));
    if (number == 0) {
        number = g_hash_table_size(numbers) + 1;
        g_hash_table_insert(numbers, rule->decision, GUINT_TO_POINTER(number));
    }
    return number;
}

/* Rules of the same key do the same. */
static void make_side(Finder *finder, guint file, GHashTable *numbers) {
    guint count = ruleset_rule_count(finder->rulesets[file]);
    guint64 *keys = g_new(guint64, count);
    for (guint i = 0; i < count; i++) {
        Bdd condition = condition_at(finder, file, i);
        finder->failed = finder->failed || condition == BDD_UNDECIDED;
        keys[i] = (guint64)condition << 32 | number_decision(numbers, rule_at(finder, file, i));
    }
    finder->sides[file] = (AlignmentSide){keys, count, g_new0(gboolean, count)};
}

static void align(Finder *finder) {
    g_autoptr(GHashTable) numbers = g_hash_table_new(g_str_hash, g_str_equal);
    make_side(finder, 0, numbers);
    make_side(finder, 1, numbers);
    alignment_find(&finder->sides[0], &finder->sides[1]);
}

/* What the rules match that are not in common. */
static void find_suspects(Finder *finder) {
    Bdd suspects = BDD_FALSE;
    for (guint file = 0; file < 2; file++) {
        const AlignmentSide *side = &finder->sides[file];
        for (guint i = 0; i < side->count; i++) {
            if (!side->aligned[i]) {
                finder->lone++;
                suspects = suspects == BDD_TRUE
                               ? suspects
                               : bdd_or(finder->table, suspects, condition_at(finder, file, i));
            }
        }
    }
    finder->undecided = bdd_and(finder->table, suspects, space_universe(finder->space, FALSE));
    finder->failed = finder->failed || finder->undecided == BDD_UNDECIDED;
}

static void note(Finder *finder, guint file, guint rule, guint other, Bdd region) {
    Divergence divergence = {.region = region};
    divergence.rules[file] = rule;
    divergence.rules[1 - file] = other;
    if (!g_str_equal(rule_at(finder, file, rule)->decision,
                     rule_at(finder, 1 - file, other)->decision)) {
        g_array_append_val(finder->found, divergence);
    }
}

/* The rule decides what the other file has decided before. */
static void settle(Finder *finder, guint file, guint rule) {
    Bdd condition = condition_at(finder, file, rule);
    GArray *waiting = finder->waiting[1 - file];
    guint kept = 0;
    for (guint i = 0; i < waiting->len && !finder->failed; i++) {
        Waiting *at = &g_array_index(waiting, Waiting, i);
        BddMeets meets = bdd_meets(finder->table, at->region, condition);
        if (meets != BDD_MEETS_NO) {
            Bdd region = bdd_and(finder->table, at->region, condition);
            at->region = bdd_without(finder->table, at->region, condition);
            finder->failed = region == BDD_UNDECIDED || at->region == BDD_UNDECIDED;
            note(finder, file, rule, at->rule, region);
        }
        if (at->region != BDD_FALSE) {
            g_array_index(waiting, Waiting, kept++) = *at;
        }
    }
    g_array_set_size(waiting, finder->failed ? waiting->len : kept);
}

/* The rule decides something that nobody has decided; returns what. */
static Bdd take(Finder *finder, guint file, guint rule) {
    Bdd condition = condition_at(finder, file, rule);
    if (bdd_meets(finder->table, finder->undecided, condition) == BDD_MEETS_NO) {
        return BDD_FALSE;
    }
    Bdd taken = bdd_and(finder->table, finder->undecided, condition);
    finder->undecided = bdd_without(finder->table, finder->undecided, condition);
    finder->failed = finder->failed || taken == BDD_UNDECIDED || finder->undecided == BDD_UNDECIDED;
    return taken;
}

static void tell(Finder *finder) {
    if (finder->host->tell && finder->done % TELL_STEP == 0) {
        finder->host->tell("comparing", finder->done,
                           finder->sides[0].count + finder->sides[1].count, finder->host->data);
    }
    finder->done++;
}

/* The rules of a file from one on that the other doesn't have; returns the next one. */
static guint pass_lone(Finder *finder, guint file, guint rule) {
    const AlignmentSide *side = &finder->sides[file];
    for (; rule < side->count && !side->aligned[rule] && !finder->failed; rule++) {
        settle(finder, file, rule);
        Waiting waiting = {rule, take(finder, file, rule)};
        if (waiting.region != BDD_FALSE) {
            g_array_append_val(finder->waiting[file], waiting);
        }
        finder->lone--;
        tell(finder);
    }
    return rule;
}

/* A rule of both files. Behind the last lone one, what nobody has decided is of no interest. */
static void pass_common(Finder *finder, guint old_rule, guint new_rule) {
    settle(finder, 0, old_rule);
    settle(finder, 1, new_rule);
    if (finder->lone == 0) {
        finder->undecided = BDD_FALSE;
    } else if (finder->undecided != BDD_FALSE && !finder->failed) {
        finder->undecided =
            bdd_without(finder->table, finder->undecided, condition_at(finder, 0, old_rule));
        finder->failed = finder->undecided == BDD_UNDECIDED;
    }
    tell(finder);
    tell(finder);
}

static void pass_all(Finder *finder) {
    guint rules[] = {0, 0};
    while (!finder->failed) {
        rules[0] = pass_lone(finder, 0, rules[0]);
        rules[1] = pass_lone(finder, 1, rules[1]);
        gboolean waits = finder->waiting[0]->len > 0 || finder->waiting[1]->len > 0;
        if (finder->failed || rules[0] == finder->sides[0].count
            || (!waits && finder->undecided == BDD_FALSE)) {
            return;
        }
        pass_common(finder, rules[0]++, rules[1]++);
    }
}

static gint compare(gconstpointer a, gconstpointer b) {
    const Divergence *left = a;
    const Divergence *right = b;
    guint file = left->rules[0] == right->rules[0] ? 1 : 0;
    return left->rules[file] < right->rules[file] ? -1 : left->rules[file] > right->rules[file];
}

GArray *divergence_find(Space *space, const Ruleset *const rulesets[2], const AnalysisHost *host) {
    Finder finder = {
        .space = space, .table = space_table(space), .rulesets = rulesets, .host = host};
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Divergence));
    finder.found = found;
    align(&finder);
    find_suspects(&finder);
    for (guint i = 0; i < 2; i++) {
        finder.waiting[i] = g_array_new(FALSE, FALSE, sizeof(Waiting));
    }
    pass_all(&finder);
    for (guint i = 0; i < 2; i++) {
        g_array_unref(finder.waiting[i]);
        g_free((gpointer)(guintptr)finder.sides[i].keys);
        g_free(finder.sides[i].aligned);
    }
    g_array_sort(found, compare);
    return finder.failed ? NULL : g_steal_pointer(&found);
}
