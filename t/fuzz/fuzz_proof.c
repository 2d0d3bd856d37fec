/*
 * Fuzz target proof: what is proved, refuted, found by lint and told of a change, on small rule
 * files whose choices are the input's bytes. A request that refutes or shows a change does so by
 * the walk of t/engine, and no request that the bytes make refutes what is PROVED or EQUAL.
 *
 * Input: four bytes of a seed for the assertions, the number of rules, then the generator's
 * choices: of the file, of a change of it, and of requests while there are bytes.
 */
#include "analysis/diff.h"
#include "analysis/lint.h"
#include "analysis/prove.h"
#include "analysis/reach.h"
#include "engine/breach.h"
#include "engine/generator.h"
#include "engine/goals.h"
#include "engine/mutation.h"
#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "rules/compile.h"

#define RULES 5
#define REQUESTS 20
#define BUDGET 20000

static const AnalysisHost host = {.budget = BUDGET};

static Walker *get_walker(void) {
    static Walker *walker;
    if (!walker) {
        walker = walker_new();
    }
    return walker;
}

static Ruleset *compile(const char *rules) {
    static const CompileHost detail = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(rules), &detail, diagnostics);
    if (!ruleset) {
        g_autofree char *faults = diagnostics_format(diagnostics);
        FUZZ_ASSERT(ruleset, "%s", faults);
    }
    return ruleset;
}

/* A witness with its empty line; *request borrows from it. */
static char *read_witness(const char *witness, Request *request) {
    char *block = g_strconcat(witness, "\n", NULL);
    FUZZ_ASSERT(request_parse(text_from_string(block), request) == REQUEST_OK, "%s", block);
    return block;
}

/* Proofs. */

static void check_proof(const Ruleset *ruleset, const Proof *proof, const char *rules) {
    const Breach breach = {get_walker(), ruleset};
    Request request;
    g_autofree char *claim = proof_claim(proof, ruleset);
    g_autofree char *told = proof_explain(proof, ruleset, "f");
    FUZZ_ASSERT(fuzz_is_showable(claim) && (!told || fuzz_is_showable(told)), "%s", claim);
    FUZZ_ASSERT((proof->verdict == VERDICT_REFUTED) == (proof->witness != NULL), "%s", claim);
    if (proof->witness) {
        g_autofree char *block = read_witness(proof->witness, &request);
        const Rule *rule = walk(get_walker(), ruleset, &request);
        FUZZ_ASSERT(breach_shows(&breach, proof, rule, &request), "%s\n%s\n%s", claim, rules,
                    block);
    }
}

/* The file's own are not shared, so no request of a stranger is one to all. */
static void check_against(const Ruleset *ruleset, const GPtrArray *proofs, const char *rules,
                          const Request *request) {
    const Breach breach = {get_walker(), ruleset};
    const Rule *rule = walk(get_walker(), ruleset, request);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        gboolean counts =
            proof->verdict == VERDICT_PROVED && (!proof->axioms || breach_can_be_sent(request))
            && (proof->kind != PROOF_STRANGER || breach_is_stranger(&breach, request));
        FUZZ_ASSERT(!counts || !breach_shows(&breach, proof, rule, request),
                    "PROVED, but a request shows otherwise: %u\n%s", i, rules);
    }
}

static void check_lint(const Ruleset *ruleset) {
    g_autoptr(Diagnostics) warnings = diagnostics_new();
    lint_text(ruleset, TRUE, warnings);
    reach_lint(ruleset, TRUE, &host, warnings);
    diagnostics_sort(warnings);
    g_autofree char *text = diagnostics_format(warnings);
    FUZZ_ASSERT(fuzz_is_showable(text), "%s", text);
}

/* Changes. */

typedef struct {
    char *texts[2];
    Ruleset *rulesets[2]; /* joined */
    Diff *diff;
} Change;

static gboolean is_changed(const Change *change, const Request *request) {
    const Rule *before = walk(get_walker(), change->rulesets[0], request);
    const Rule *after = walk(get_walker(), change->rulesets[1], request);
    return !g_str_equal(before->reply, after->reply);
}

static void check_class(const Change *change, const DiffClass *class) {
    Request request;
    if (class->claims) {
        static const char *const names[] = {"old", "new"};
        g_autofree char *text = describe_text(class->claims, names);
        FUZZ_ASSERT(fuzz_is_showable(text), "%s", text);
    }
    if (!class->witness) {
        return;
    }
    g_autofree char *block = read_witness(class->witness, &request);
    for (guint i = 0; i < 2; i++) {
        const Rule *rule = walk(get_walker(), change->rulesets[i], &request);
        FUZZ_ASSERT(rule == class->rules[i], "file %u: %s, not %s\n%s\n---\n%s\n---\n%s", i,
                    rule->place, class->rules[i]->place, change->texts[0], change->texts[1], block);
    }
    FUZZ_ASSERT(is_changed(change, &request), "%s", block);
}

static void check_changes(const Change *change, const DiffChanges *changes) {
    for (guint i = 0; i < changes->classes->len; i++) {
        check_class(change, g_ptr_array_index(changes->classes, i));
    }
}

static void check_equal(const Change *change, const Request *request) {
    gboolean counts = change->diff->verdict == DIFF_EQUAL
                      && (!change->diff->axioms || breach_can_be_sent(request));
    FUZZ_ASSERT(!counts || !is_changed(change, request), "EQUAL, but a request is not\n%s\n---\n%s",
                change->texts[0], change->texts[1]);
}

static void change_clear(Change *change) {
    diff_free(change->diff);
    for (guint i = 0; i < 2; i++) {
        ruleset_unref(change->rulesets[i]);
        g_free(change->texts[i]);
    }
}

/* A change of the file by the generator. */
static Change make_change(Generator *generator, const char *rules) {
    Change change = {.texts = {mutation_sort(rules)}};
    change.texts[1] = mutation_make(generator, change.texts[0]);
    for (guint i = 0; i < 2; i++) {
        change.rulesets[i] = compile(change.texts[i]);
    }
    change.diff = diff(change.rulesets[0], change.rulesets[1], 3, &host);
    check_changes(&change, &change.diff->actions);
    check_changes(&change, &change.diff->texts);
    return change;
}

static void run(Generator *generator, GRand *random, guint count) {
    g_autofree char *goals = goals_rules(generator, random, count);
    g_autoptr(Ruleset) ruleset = compile(goals);
    g_autoptr(GPtrArray) proofs = prove(ruleset, TRUE, &host);
    for (guint i = 0; i < proofs->len; i++) {
        check_proof(ruleset, g_ptr_array_index(proofs, i), goals);
    }
    check_lint(ruleset);
    g_autofree char *rules = generator_small_rules(generator, count);
    Change change = make_change(generator, rules);
    for (guint i = 0; i < REQUESTS && !generator_is_spent(generator); i++) {
        gsize length;
        Request request;
        g_autofree char *block = generator_request(generator, &length);
        FUZZ_ASSERT(request_parse(text_make(block, length), &request) == REQUEST_OK, "%s", block);
        check_against(ruleset, proofs, goals, &request);
        check_equal(&change, &request);
    }
    change_clear(&change);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Bytes bytes = bytes_make(data, size);
    GRand *random = g_rand_new_with_seed((guint32)bytes_number(&bytes, 4));
    guint count = bytes_below(&bytes, RULES) + 1;
    Generator *generator = generator_new_from_bytes(bytes.at, (gsize)(bytes.end - bytes.at));
    run(generator, random, count);
    generator_free(generator);
    g_rand_free(random);
    return 0;
}
