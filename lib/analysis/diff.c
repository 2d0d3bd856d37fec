/*
 * Diff: where the files part is put together by the old decision and the new one. Classes are taken
 * from all these pairs in turn, so that none hides the others: a request is looked for in what no
 * class has yet, both files are asked about it, and what it stands for is described and taken away.
 */
#include "analysis/diff.h"

#include "analysis/axiom.h"
#include "analysis/divergence.h"
#include "protocol/request.h"

/* Requests that are looked for in a change, before what is left of it counts as possible only. */
#define WITNESSES_MAX 24

/* A class is told by conditions alone if no more rules than these stand above those that decide it,
 * and no more conditions are needed. */
#define RULES_ABOVE_MAX 32
#define CLAIMS_ALONE_MAX 8

#define NO_AXIOMS 0
#define ALL_AXIOMS G_MAXUINT

/* A change of one decision to another. */
typedef struct {
    const Rule *rules[2]; /* that decide so */
    Bdd region;
    Bdd rest; /* that no class has yet */
    GPtrArray *classes;
} Pair;

typedef struct {
    const Ruleset *rulesets[2];
    Space *space;
    BddTable *table;
    Matcher *matcher;
    const Describer *describer;
    GArray *divergences; /* of Divergence */
    Bdd universe;
    gboolean undecided;
} Differ;

static void class_free(gpointer data) {
    DiffClass *class = data;
    g_clear_pointer(&class->claims, g_ptr_array_unref);
    g_free(class->witness);
    g_free(class->obstacles);
    g_free(class);
}

void diff_free(Diff *diff) {
    if (diff) {
        g_clear_pointer(&diff->actions.classes, g_ptr_array_unref);
        g_clear_pointer(&diff->texts.classes, g_ptr_array_unref);
        g_clear_pointer(&diff->axioms, g_ptr_array_unref);
        g_free(diff);
    }
}

static void pair_free(gpointer data) {
    Pair *pair = data;
    g_clear_pointer(&pair->classes, g_ptr_array_unref);
    g_free(pair);
}

/* Of some actions the text is an argument, which is part of what they do. */
static gboolean does_the_same(const Rule *a, const Rule *b) {
    return a->action == b->action && action_info(a->action)->text != ACTION_TEXT_REQUIRED;
}

static const Rule *rule_at(const Differ *differ, guint file, guint rule) {
    return ruleset_rule(differ->rulesets[file], rule);
}

/* The pair of the decisions; NULL if it would be one too many. */
static Pair *find_pair(GHashTable *known, GPtrArray *pairs, const Rule *const rules[2],
                       guint limit) {
    g_autofree char *key = g_strdup_printf("%s\n%s", rules[0]->decision, rules[1]->decision);
    Pair *pair = g_hash_table_lookup(known, key);
    if (!pair && pairs->len < limit) {
        pair = g_new0(Pair, 1);
        *pair = (Pair){.rules = {rules[0], rules[1]}, .region = BDD_FALSE};
        pair->classes = g_ptr_array_new_with_free_func(class_free);
        g_ptr_array_add(pairs, pair);
        g_hash_table_insert(known, g_steal_pointer(&key), pair);
    }
    return pair;
}

/* What of the universe a divergence has is added to its pair. */
static void add_divergence(Differ *differ, const Divergence *divergence, Pair *pair) {
    Bdd region = bdd_and(differ->table, divergence->region, differ->universe);
    pair->rest = pair->region = bdd_or(differ->table, pair->region, region);
    differ->undecided = differ->undecided || pair->region == BDD_UNDECIDED;
}

/* Changes in the universe: at most `limit` pairs. */
static GPtrArray *find_pairs(Differ *differ, gboolean text_only, guint limit) {
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free);
    for (guint i = 0; i < differ->divergences->len && !differ->undecided; i++) {
        const Divergence *divergence = &g_array_index(differ->divergences, Divergence, i);
        const Rule *const rules[] = {rule_at(differ, 0, divergence->rules[0]),
                                     rule_at(differ, 1, divergence->rules[1])};
        if (does_the_same(rules[0], rules[1]) != text_only
            || bdd_meets(differ->table, divergence->region, differ->universe) == BDD_MEETS_NO) {
            continue;
        }
        Pair *pair = find_pair(known, pairs, rules, limit);
        if (pair) {
            add_divergence(differ, divergence, pair);
        }
    }
    return pairs;
}

/* Asks both files themselves; the request stays the new file's in the matcher. */
static gboolean replay(const Differ *differ, const Pair *pair, const Request *request,
                       const Rule **rules) {
    for (guint i = 0; i < 2; i++) {
        rules[i] = match(differ->matcher, differ->rulesets[i], request);
        if (!g_str_equal(rules[i]->decision, pair->rules[i]->decision)) {
            return FALSE;
        }
    }
    return TRUE;
}

static guint rule_index(const Differ *differ, const DiffClass *class, guint file) {
    return (guint)(class->rules[file] - rule_at(differ, file, 0));
}

/* All that the two rules decide. */
static Bdd find_region(const Differ *differ, const DiffClass *class) {
    for (guint i = 0; i < differ->divergences->len; i++) {
        const Divergence *divergence = &g_array_index(differ->divergences, Divergence, i);
        if (divergence->rules[0] == rule_index(differ, class, 0)
            && divergence->rules[1] == rule_index(differ, class, 1)) {
            return divergence->region;
        }
    }
    return BDD_FALSE;
}

/* Claims that are enough for the region. NULL if the budget does not suffice. */
static GPtrArray *describe_region(const Differ *differ, const DiffClass *class, Bdd region,
                                  const gboolean *truth, Bdd *part) {
    const DescribeRegion target = {differ->universe,
                                   bdd_without(differ->table, differ->universe, region),
                                   {class->rules[0], class->rules[1]}};
    return describe(differ->describer, &target, truth, part);
}

/* By conditions alone. FALSE if they are too many. */
static gboolean describe_alone(const Differ *differ, DiffClass *class, Bdd region,
                               const gboolean *truth, Bdd *part) {
    if (rule_index(differ, class, 0) > RULES_ABOVE_MAX
        || rule_index(differ, class, 1) > RULES_ABOVE_MAX) {
        return FALSE;
    }
    g_autoptr(GPtrArray) claims = describe_region(differ, class, region, truth, part);
    if (claims && claims->len > CLAIMS_ALONE_MAX) {
        return FALSE;
    }
    class->claims = g_steal_pointer(&claims);
    return TRUE;
}

/* By conditions that are enough for the two rules to match. */
static void describe_rules(const Differ *differ, DiffClass *class, Bdd region,
                           const gboolean *truth, Bdd *part) {
    Bdd both = bdd_and(differ->table, space_condition(differ->space, class->rules[0]->condition),
                       space_condition(differ->space, class->rules[1]->condition));
    class->claims = describe_region(differ, class, both, truth, part);
    if (class->claims && bdd_without(differ->table, *part, region) != BDD_FALSE) {
        class->unmatched = TRUE;
        *part = bdd_and(differ->table, *part, find_region(differ, class));
    }
}

/* Describes what is inside of `region`, as `truth` is, and takes it from the rest of the pair.
 * FALSE if there is nothing new in it: then what `truth` is of wasn't in the rest. */
static gboolean take_class(Differ *differ, Pair *pair, Bdd region, const gboolean *truth,
                           DiffClass *class) {
    Bdd part = BDD_FALSE;
    class->unmatched = FALSE;
    if (!describe_alone(differ, class, region, truth, &part)) {
        describe_rules(differ, class, region, truth, &part);
    }
    BddMeets fresh = bdd_meets(differ->table, part, pair->rest);
    if (!class->claims || fresh == BDD_MEETS_UNDECIDED) {
        differ->undecided = TRUE;
        return TRUE;
    }
    if (fresh == BDD_MEETS_NO) {
        g_clear_pointer(&class->claims, g_ptr_array_unref);
        return FALSE;
    }
    pair->rest = bdd_without(differ->table, pair->rest, part);
    return TRUE;
}

static gboolean take_witnessed(Differ *differ, Pair *pair, const char *witness, DiffClass *class) {
    g_autofree char *block = g_strconcat(witness, "\n", NULL);
    Request request;
    if (request_parse(text_from_string(block), &request) != REQUEST_OK
        || !replay(differ, pair, &request, class->rules)) {
        return FALSE;
    }
    g_autofree gboolean *truth =
        describer_ask(differ->describer, differ->matcher, differ->rulesets[1], &request);
    return take_class(differ, pair, pair->region, truth, class);
}

/* The first rule that takes a part of the space on which no rule is divided. */
static const Rule *find_rule(const Differ *differ, guint file, Bdd part) {
    const Ruleset *ruleset = differ->rulesets[file];
    guint i = 0;
    while (bdd_meets(differ->table, part,
                     space_condition(differ->space, ruleset_rule(ruleset, i)->condition))
           == BDD_MEETS_NO) {
        i++;
    }
    return ruleset_rule(ruleset, i);
}

/* Other than a class with a witness it has nothing of those before: what is possible in it is not
 * what they have shown. FALSE if the budget does not suffice. */
static gboolean take_possible(Differ *differ, Pair *pair, Bdd part, DiffClass *class) {
    g_autofree gboolean *truth = describer_settle(differ->describer, &part);
    if (!truth) {
        return FALSE;
    }
    for (guint i = 0; i < 2; i++) {
        class->rules[i] = find_rule(differ, i, part);
    }
    return take_class(differ, pair, pair->rest, truth, class) && class->claims;
}

/* A class of what is left of the pair. NULL if the budget does not suffice. */
static DiffClass *find_class(Differ *differ, Pair *pair) {
    DiffClass *class = g_new0(DiffClass, 1);
    Bdd first = BDD_FALSE;
    Bdd rest = pair->rest;
    for (guint i = 0; i < WITNESSES_MAX && rest != BDD_FALSE && rest != BDD_UNDECIDED; i++) {
        Bdd tried;
        g_autofree char *witness = space_witness(differ->space, rest, &tried);
        if (witness && take_witnessed(differ, pair, witness, class)) {
            class->witness = g_steal_pointer(&witness);
            g_clear_pointer(&class->obstacles, g_free);
            return class;
        }
        if (i == 0) {
            first = bdd_and(differ->table, rest, tried);
            class->obstacles = space_obstacles(differ->space);
        }
        rest = bdd_without(differ->table, rest, tried);
    }
    if (rest == BDD_UNDECIDED || !take_possible(differ, pair, first, class)) {
        class_free(class);
        return NULL;
    }
    return class;
}

/* One more class of each pair that has one, as long as there may be more. Returns how many. */
static guint take_round(Differ *differ, const GPtrArray *pairs, guint room) {
    guint count = 0;
    for (guint i = 0; i < pairs->len && count < room && !differ->undecided; i++) {
        Pair *pair = g_ptr_array_index(pairs, i);
        if (pair->rest == BDD_FALSE) {
            continue;
        }
        DiffClass *class = pair->rest == BDD_UNDECIDED ? NULL : find_class(differ, pair);
        if (class) {
            g_ptr_array_add(pair->classes, class);
            count++;
        } else {
            differ->undecided = TRUE;
        }
    }
    return count;
}

static void find_changes(Differ *differ, gboolean text_only, guint classes, DiffChanges *changes) {
    g_autoptr(GPtrArray) pairs = find_pairs(differ, text_only, classes + 1);
    guint count = 0;
    guint taken;
    do {
        taken = take_round(differ, pairs, classes - count);
        count += taken;
    } while (taken > 0);
    for (guint i = 0; i < pairs->len; i++) {
        Pair *pair = g_ptr_array_index(pairs, i);
        changes->more = changes->more || pair->rest != BDD_FALSE;
        g_ptr_array_extend_and_steal(changes->classes, g_steal_pointer(&pair->classes));
    }
}

/* Nothing changes of the requests that have these axioms, see space_universe_with(). */
static gboolean is_equal(Differ *differ, guint axioms) {
    differ->universe = space_universe_with(differ->space, axioms);
    for (guint i = 0; i < differ->divergences->len; i++) {
        const Divergence *divergence = &g_array_index(differ->divergences, Divergence, i);
        BddMeets meets = bdd_meets(differ->table, divergence->region, differ->universe);
        if (meets != BDD_MEETS_NO) {
            differ->undecided = meets == BDD_MEETS_UNDECIDED;
            return FALSE;
        }
    }
    return TRUE;
}

/* Those without which it can't be said, one after the other dropped. */
static void keep_axioms(Differ *differ, Diff *found) {
    guint needed = ALL_AXIOMS;
    found->axioms = g_ptr_array_new();
    for (guint i = 0; axiom_table()[i].text; i++) {
        guint fewer = needed & ~(1u << i);
        if (is_equal(differ, fewer)) {
            needed = fewer;
        } else {
            g_ptr_array_add(found->axioms, (gpointer)(guintptr)axiom_table()[i].text);
        }
    }
}

static gboolean has_witness(const DiffChanges *changes) {
    for (guint i = 0; i < changes->classes->len; i++) {
        if (((const DiffClass *)g_ptr_array_index(changes->classes, i))->witness) {
            return TRUE;
        }
    }
    return FALSE;
}

static DiffVerdict find_verdict(const Diff *found) {
    if (has_witness(&found->actions) || has_witness(&found->texts)) {
        return DIFF_CHANGED;
    }
    return found->undecided ? DIFF_UNDECIDED : DIFF_POSSIBLE;
}

static void list_changes(Differ *differ, guint classes, Diff *found) {
    g_autoptr(Describer) describer = describer_new(differ->space, differ->rulesets);
    if (describer) {
        differ->describer = describer;
        find_changes(differ, FALSE, classes, &found->actions);
        find_changes(differ, TRUE, classes, &found->texts);
        found->undecided = differ->undecided;
        found->verdict = find_verdict(found);
    }
}

/* It is not decided until something else is known. */
static void compare(Differ *differ, guint classes, Diff *found) {
    gboolean equal = differ->divergences && is_equal(differ, NO_AXIOMS);
    if (!equal && differ->divergences && !differ->undecided && is_equal(differ, ALL_AXIOMS)) {
        equal = TRUE;
        keep_axioms(differ, found);
    }
    if (equal) {
        found->verdict = DIFF_EQUAL;
        found->undecided = FALSE;
    } else if (differ->divergences && !differ->undecided) {
        list_changes(differ, classes, found);
    }
}

Diff *diff(Ruleset *old_ruleset, Ruleset *new_ruleset, guint classes, const AnalysisHost *host) {
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    g_autoptr(Matcher) matcher = matcher_new();
    Differ differ = {.rulesets = {old_ruleset, new_ruleset}, .matcher = matcher};
    Diff *found = g_new0(Diff, 1);
    found->verdict = DIFF_UNDECIDED;
    found->undecided = TRUE;
    found->actions.classes = g_ptr_array_new_with_free_func(class_free);
    found->texts.classes = g_ptr_array_new_with_free_func(class_free);
    ruleset_join(old_ruleset, new_ruleset);
    describe_add_roots(roots, old_ruleset);
    describe_add_roots(roots, new_ruleset);
    differ.space = space_new(new_ruleset, roots, host);
    differ.table = space_table(differ.space);
    differ.divergences = divergence_find(differ.space, differ.rulesets, host);
    compare(&differ, MIN(classes, DIFF_CLASSES_MAX), found);
    g_clear_pointer(&differ.divergences, g_array_unref);
    space_free(differ.space);
    return found;
}
