/*
 * Proof: the diagrams, the classes, the proofs and the witnesses of lib/analysis against the walk,
 * on random rule files: of random requests what each rule's diagram says; each class and each row
 * of classes has a request; and what is proved, refuted, reachable and not, by all requests that
 * are made of a file's constants and their neighbours.
 *
 *   proof DECISIONS     with the seed of the environment's POLICY_TEST_SEED, or one of its own
 *
 * Prints the seed first; on a fault what it is, the rule file and the request, and exits 1.
 */
#include "analysis/prove.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/group_private.h"
#include "analysis/space_private.h"
#include "engine/breach.h"
#include "engine/fault.h"
#include "engine/goals.h"
#include "engine/tuples.h"
#include "engine/walk.h"
#include "rules/compile.h"

#define REQUESTS_PER_FILE 250
#define TUPLES_PER_FILE 300

/* Every so many files as many tuples as engine.md asks for. */
#define LONG_FILES 400
#define TUPLES_OF_LONG_FILE 100000

/* Witnesses that are looked for in one group. */
#define WITNESSES_PER_GROUP 24

/* Across all files. */
typedef struct {
    Matcher *matcher;
    Walker *walker;
    guint64 decisions;
    guint64 tuples;
    guint64 witnesses;
    guint64 unwitnessed; /* of regions that regexes or comparisons make */
    guint64 verdicts[4];
} Tester;

/* One rule file. */
typedef struct {
    Tester *tester;
    char *rules;
    Ruleset *ruleset;
    Generator *generator;
    GRand *random;
    gboolean free; /* it has regexes or comparisons of attributes */
    Space *space;
    GArray *takes; /* of Bdd, by rule: what it decides */
} File;

/* Rule files. */

static Ruleset *compile(const char *rules) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("random.rules", text_from_string(rules), NULL, diagnostics);
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        printf("the rule file does not compile:\n%s", text);
    }
    return ruleset;
}

static void make_space(File *file) {
    static const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT};
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    for (guint i = 0; i < ruleset_rule_count(file->ruleset); i++) {
        const Expression *condition = ruleset_rule(file->ruleset, i)->condition;
        if (condition) {
            g_ptr_array_add(roots, (gpointer)(guintptr)condition);
        }
    }
    file->space = space_new(file->ruleset, roots, &host);
    file->takes = g_array_new(FALSE, FALSE, sizeof(Bdd));
    Bdd rest = space_universe(file->space, FALSE);
    for (guint i = 0; i < ruleset_rule_count(file->ruleset); i++) {
        Bdd condition = space_condition(file->space, ruleset_rule(file->ruleset, i)->condition);
        Bdd take = bdd_and(space_table(file->space), rest, condition);
        g_array_append_val(file->takes, take);
        rest = bdd_without(space_table(file->space), rest, condition);
    }
}

static void file_clear(File *file) {
    g_clear_pointer(&file->space, space_free);
    g_clear_pointer(&file->takes, g_array_unref);
    g_clear_pointer(&file->ruleset, ruleset_unref);
    g_clear_pointer(&file->generator, generator_free);
    g_clear_pointer(&file->random, g_rand_free);
    g_clear_pointer(&file->rules, g_free);
}

/* Diagrams of conditions. */

static guint rule_number(const File *file, const Rule *rule) {
    return (guint)(rule - ruleset_rule(file->ruleset, 0));
}

static gboolean check_conditions(const File *file, const Request *request) {
    const Tester *tester = file->tester;
    for (guint i = 0; i < file->takes->len; i++) {
        const Expression *condition = ruleset_rule(file->ruleset, i)->condition;
        if (!condition) {
            continue;
        }
        gboolean walked = walk_is_true(tester->walker, condition, request);
        Bdd diagram = space_condition(file->space, condition);
        if (match_is_true(tester->matcher, file->ruleset, request, condition) != walked) {
            return fault(file->rules, request, "match() has another outcome of rule %u", i);
        }
        if (space_contains(file->space, diagram, tester->matcher, request) != walked) {
            return fault(file->rules, request, "the diagram has another outcome of rule %u", i);
        }
    }
    return TRUE;
}

/* The matcher has decided the request, by this rule. */
static gboolean check_take(const File *file, const Request *request, const Rule *rule) {
    Matcher *matcher = file->tester->matcher;
    Bdd universe = space_universe(file->space, FALSE);
    Bdd take = g_array_index(file->takes, Bdd, rule_number(file, rule));
    if (!space_contains(file->space, universe, matcher, request)) {
        return fault(file->rules, request, "a request is not in the universe");
    }
    return space_contains(file->space, take, matcher, request)
           || fault(file->rules, request, "a request is not of the rule that decides it, %s",
                    rule->place);
}

static gboolean check_decision(const File *file, const Request *request) {
    const Rule *rule = match(file->tester->matcher, file->ruleset, request);
    file->tester->decisions++;
    if (walk(file->tester->walker, file->ruleset, request) != rule) {
        return fault(file->rules, request, "match() and the walk differ");
    }
    return check_conditions(file, request) && check_take(file, request, rule);
}

static gboolean check_requests(const File *file) {
    gboolean good = TRUE;
    for (guint i = 0; good && i < REQUESTS_PER_FILE; i++) {
        gsize length;
        Request request;
        g_autofree char *block = generator_request(file->generator, &length);
        good = (request_parse(text_make(block, length), &request) == REQUEST_OK
                || fault(file->rules, NULL, "a malformed request"))
               && check_decision(file, &request);
    }
    return good;
}

/* Classes. */

/* The classes that a witness was to have, each by a text that has it. */
static void print_path(const File *file, Bdd tried) {
    for (guint i = 0; i < file->space->groups->len; i++) {
        const GPtrArray *fields = group_fields(g_ptr_array_index(file->space->groups, i));
        for (guint j = 0; j < fields->len; j++) {
            const Field *field = g_ptr_array_index(fields, j);
            for (guint code = 0; code < field->count; code++) {
                Bdd is = field_is(field, space_table(file->space), code);
                if (bdd_without(space_table(file->space), tried, is) != BDD_FALSE) {
                    continue;
                }
                Text seed = field->seeds && code > 0 ? field->seeds[code].text : TEXT_LITERAL("");
                printf("%s, part %d, facet %d: class %u, as %.*s\n",
                       attribute_info(field->operand.attribute)->name, (int)field->operand.part,
                       field->classifier ? (int)classifier_facet(field->classifier) : -1, code,
                       (int)seed.length, seed.data);
            }
        }
    }
}

/* A request of the region, which is not empty; its block is the caller's. It may be NULL where
 * regexes or comparisons have a say. */
static gboolean find_request(const File *file, Bdd region, const char *what, char **block,
                             Request *request) {
    Bdd tried;
    g_autofree char *lines = space_witness(file->space, region, &tried);
    *block = lines ? g_strconcat(lines, "\n", NULL) : NULL;
    file->tester->witnesses++;
    if (*block && request_parse(text_from_string(*block), request) != REQUEST_OK) {
        return fault(file->rules, NULL, "%s: a malformed witness:\n%s", what, *block);
    }
    if (*block) {
        match(file->tester->matcher, file->ruleset, request);
        if (space_contains(file->space, region, file->tester->matcher, request)) {
            return TRUE;
        }
    }
    if (!file->free) {
        print_path(file, tried);
        return fault(file->rules, *block ? request : NULL, "%s: %s", what,
                     *block ? "the witness is not of its region" : "no witness");
    }
    file->tester->unwitnessed++;
    g_clear_pointer(block, g_free);
    return TRUE;
}

static gboolean check_region(const File *file, Bdd region, const char *what) {
    Request request;
    g_autofree char *block = NULL;
    region = bdd_and(space_table(file->space), region, space_universe(file->space, FALSE));
    if (region == BDD_FALSE || region == BDD_UNDECIDED) {
        return fault(file->rules, NULL, "%s: %s", what,
                     region == BDD_FALSE ? "is empty" : "not decided");
    }
    return find_request(file, region, what, &block, &request);
}

static gboolean check_codes(const File *file, const Field *field) {
    BddTable *table = space_table(file->space);
    gboolean good = TRUE;
    for (guint code = 0; good && code < field->count; code++) {
        g_autofree char *what =
            g_strdup_printf("class %u of %s, facet %d, part %d", code,
                            attribute_info(field->operand.attribute)->name,
                            field->classifier ? (int)classifier_facet(field->classifier) : -1,
                            (int)field->operand.part);
        good = check_region(file, field_is(field, table, code), what);
    }
    return good;
}

/* The rows of a relation, over the fields from this one on. */
static gboolean check_rows(const File *file, const Group *group, const Relation *relation,
                           guint from, guint width, const char *name) {
    BddTable *table = space_table(file->space);
    gboolean good = TRUE;
    for (guint i = 0; good && i < relation_count(relation); i++) {
        Bdd row = BDD_TRUE;
        for (guint j = 0; j < width; j++) {
            const Field *field = g_ptr_array_index(group->fields, from + j);
            guint32 code = relation_codes(relation, i)[j];
            row = bdd_and(table, row, field_is(field, table, code));
        }
        g_autofree char *what =
            g_strdup_printf("row %u of %s of %s", i, name, attribute_info(group->attribute)->name);
        good = check_region(file, row, what);
    }
    return good;
}

static gboolean check_relations(const File *file, const Group *group) {
    guint right = (guint)(group->domain != NULL) + (guint)(group->final != NULL);
    guint left = group->fields->len - group->free->len - right;
    return check_rows(file, group, group->alone, 0, left, "alone")
           && check_rows(file, group, group->bare, 0, left, "bare")
           && check_rows(file, group, group->straight, 0, left, "straight")
           && check_rows(file, group, group->routing, 0, left, "routing")
           && check_rows(file, group, group->domains, left, right, "domains")
           && check_rows(file, group, group->routed_domains, left, right, "routed domains")
           && check_rows(file, group, group->listed, 0, left + right, "listed");
}

/* Requests with the same classes of this attribute. */
static Bdd find_class(const File *file, const Group *group, const Request *request) {
    BddTable *table = space_table(file->space);
    Bdd class = BDD_TRUE;
    for (guint i = 0; i < group->fields->len; i++) {
        const Field *field = g_ptr_array_index(group->fields, i);
        for (guint code = 0; code < field->count; code++) {
            Bdd is = field_is(field, table, code);
            if (space_contains(file->space, is, file->tester->matcher, request)) {
                class = bdd_and(table, class, is);
            }
        }
    }
    return class;
}

/* Whatever codes a group allows together, a value has. */
static gboolean check_combinations(const File *file, const Group *group) {
    Bdd rest = space_universe(file->space, FALSE);
    for (guint i = 0; i < WITNESSES_PER_GROUP && rest != BDD_FALSE; i++) {
        Request request;
        g_autofree char *block = NULL;
        if (!find_request(file, rest, attribute_info(group->attribute)->name, &block, &request)) {
            return FALSE;
        }
        if (!block) {
            break;
        }
        rest = bdd_without(space_table(file->space), rest, find_class(file, group, &request));
    }
    return TRUE;
}

static gboolean check_classes(const File *file) {
    gboolean good = TRUE;
    for (guint i = 0; good && i < file->space->groups->len; i++) {
        const Group *group = g_ptr_array_index(file->space->groups, i);
        for (guint j = 0; good && j < group->fields->len; j++) {
            good = check_codes(file, g_ptr_array_index(group->fields, j));
        }
        good = good && check_relations(file, group) && check_combinations(file, group);
    }
    return good;
}

/* A rule that takes something decides some request. */
static gboolean check_reachable(const File *file) {
    gboolean good = TRUE;
    for (guint i = 0; good && i < file->takes->len; i++) {
        Request request;
        g_autofree char *block = NULL;
        Bdd take = g_array_index(file->takes, Bdd, i);
        good = take == BDD_FALSE || find_request(file, take, "a rule's take", &block, &request);
        if (good && block
            && rule_number(file, match(file->tester->matcher, file->ruleset, &request)) != i) {
            good = fault(file->rules, &request, "a witness of rule %u is not decided by it", i);
        }
    }
    return good;
}

/* Proofs. */

static gboolean check_witness(const File *file, const Proof *proof) {
    const Breach breach = {file->tester->walker, file->ruleset};
    Request request;
    g_autofree char *block = g_strconcat(proof->witness, "\n", NULL);
    if (request_parse(text_from_string(block), &request) != REQUEST_OK) {
        return fault(file->rules, NULL, "a malformed witness:\n%s", block);
    }
    const Rule *rule = walk(file->tester->walker, file->ruleset, &request);
    if (!breach_shows(&breach, proof, rule, &request)) {
        return fault(file->rules, &request, "a witness does not refute goal %d", (int)proof->kind);
    }
    return proof->kind == PROOF_STRANGER || proof->rule == rule
           || fault(file->rules, &request, "a witness is of another rule");
}

/* What can be told of a verdict by itself. */
static gboolean check_verdict(const File *file, const Proof *proof) {
    file->tester->verdicts[proof->verdict]++;
    switch (proof->verdict) {
    case VERDICT_PROVED:
        return TRUE;
    case VERDICT_REFUTED:
        return check_witness(file, proof);
    case VERDICT_POSSIBLE:
        return file->free
               || fault(file->rules, NULL, "POSSIBLE without a regex, goal %d", proof->kind);
    case VERDICT_UNDECIDED:
        break;
    }
    return fault(file->rules, NULL, "NOT DECIDED, goal %d", (int)proof->kind);
}

/* What no request may show. */
static gboolean check_against(const File *file, const GPtrArray *proofs, const Rule *rule,
                              const Request *request) {
    const Breach breach = {file->tester->walker, file->ruleset};
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        if (proof->verdict == VERDICT_PROVED && breach_shows(&breach, proof, rule, request)
            && (!proof->axioms || breach_can_be_sent(request))
            && (proof->kind != PROOF_STRANGER || breach_is_stranger(&breach, request))) {
            return fault(file->rules, request,
                         "PROVED, but a request shows otherwise: goal %u of kind %d", i,
                         (int)proof->kind);
        }
    }
    return TRUE;
}

static gboolean check_tuples(const File *file, const GPtrArray *proofs, guint maximum) {
    Tuples *tuples = tuples_new(file->ruleset, maximum, g_rand_int(file->random));
    Request request;
    gboolean good = TRUE;
    while (good && tuples_next(tuples, &request)) {
        const Rule *rule = match(file->tester->matcher, file->ruleset, &request);
        file->tester->tuples++;
        good = (walk(file->tester->walker, file->ruleset, &request) == rule
                || fault(file->rules, &request, "match() and the walk differ"))
               && check_take(file, &request, rule) && check_against(file, proofs, rule, &request);
    }
    tuples_free(tuples);
    return good;
}

/* A budget too small gives no other verdict than that. */
static gboolean check_budget(const File *file, const GPtrArray *proofs, guint32 budget) {
    const AnalysisHost host = {.budget = budget};
    g_autoptr(GPtrArray) poor = prove(file->ruleset, TRUE, &host);
    for (guint i = 0; i < proofs->len; i++) {
        Verdict verdict = ((const Proof *)g_ptr_array_index(poor, i))->verdict;
        if (verdict != VERDICT_UNDECIDED
            && verdict != ((const Proof *)g_ptr_array_index(proofs, i))->verdict) {
            return fault(file->rules, NULL, "with %u nodes goal %u is %s", budget, i,
                         verdict_word(verdict));
        }
    }
    return TRUE;
}

static gboolean check_proofs(const File *file, guint maximum) {
    const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT};
    g_autoptr(GPtrArray) proofs = prove(file->ruleset, TRUE, &host);
    for (guint i = 0; i < proofs->len; i++) {
        if (!check_verdict(file, g_ptr_array_index(proofs, i))) {
            return FALSE;
        }
    }
    return check_tuples(file, proofs, maximum) && check_budget(file, proofs, 10)
           && check_budget(file, proofs, 10 + g_rand_int(file->random) % 2000);
}

static gboolean run_file(Tester *tester, guint32 number, guint32 seed) {
    static const guint sizes[] = {1, 2, 3, 4, 6, 9};
    guint maximum = number % LONG_FILES == 0 ? TUPLES_OF_LONG_FILE : TUPLES_PER_FILE;
    File file = {.tester = tester};
    file.generator = generator_new(seed);
    file.random = g_rand_new_with_seed(seed);
    file.rules = goals_rules(file.generator, file.random, sizes[number % G_N_ELEMENTS(sizes)]);
    file.ruleset = compile(file.rules);
    gboolean good = file.ruleset != NULL;
    if (good) {
        file.free = tuples_may_miss(file.ruleset);
        make_space(&file);
        good = check_requests(&file) && check_classes(&file) && check_reachable(&file)
               && check_proofs(&file, maximum);
    }
    file_clear(&file);
    return good;
}

int main(int argc, char **argv) {
    const char *given = g_getenv("POLICY_TEST_SEED");
    guint64 decisions = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 1000000;
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    Tester tester = {.matcher = matcher_new(), .walker = walker_new()};
    gboolean good = TRUE;
    printf("seed %u: POLICY_TEST_SEED=%u runs this again\n", seed, seed);
    for (guint32 file = 0; good && tester.decisions < decisions; file++) {
        good = run_file(&tester, file, seed * 0x9e3779b1u + file);
    }
    printf("%s after %" G_GUINT64_FORMAT " decisions, %" G_GUINT64_FORMAT
           " requests of constants, %" G_GUINT64_FORMAT " witnesses (%" G_GUINT64_FORMAT
           " not found); PROVED %" G_GUINT64_FORMAT ", REFUTED %" G_GUINT64_FORMAT
           ", POSSIBLE %" G_GUINT64_FORMAT "\n",
           good ? "no fault" : "failed", tester.decisions, tester.tuples, tester.witnesses,
           tester.unwitnessed, tester.verdicts[VERDICT_PROVED], tester.verdicts[VERDICT_REFUTED],
           tester.verdicts[VERDICT_POSSIBLE]);
    matcher_free(tester.matcher);
    walker_free(tester.walker);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
