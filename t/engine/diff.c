/*
 * Diff: what is told of a change of a rule file against brute force, on random changes of small
 * random files.
 *
 *   diff CHANGES     with the seed of the environment's POLICY_TEST_SEED, or one of its own
 *
 * Candidates are requests that Postfix can send, as written down here once more: all combinations
 * of some values of the attributes that the files ask, or many of them. Where the files are called
 * equal, none may be decided otherwise; every class must be one of just the decisions that it is
 * said to be, for each candidate that is in it; and where no class is left out, each that is
 * decided otherwise must be in one. Prints the seed first; on a fault what it is, both files and
 * the request, and exits 1.
 */
#include "analysis/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/generator.h"
#include "engine/mutation.h"
#include "engine/walk.h"
#include "rules/compile.h"

/* Requests that are tried of a change: all combinations if there are no more. */
#define CANDIDATES_MAX 300

/* Values that are drawn for an attribute; those that are the same count once. */
#define DRAWS 10

/* Files that call each other equal only on what Postfix sends, and so on. */
typedef struct {
    guint64 equal;
    guint64 equal_by_axioms;
    guint64 changed;
    guint64 possible;
    guint64 undecided;
    guint64 classes;
    guint64 possible_classes;
    guint64 missed; /* changes that brute force saw, of which no witness was found */
    guint64 requests;
} Count;

typedef struct {
    Generator *generator;
    Walker *walker;
    Matcher *matcher;
    char *texts[2];
    Ruleset *rulesets[2]; /* joined */
    Ruleset *alone[2];    /* compiled by themselves */
    Diff *diff;
    GPtrArray *values[ATTRIBUTE_COUNT]; /* of an attribute that is asked; else NULL */
    Count *count;
} Trial;

static Ruleset *compile(const char *rules, const char *name) {
    static const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text(name, text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        printf("the rule file does not compile:\n%s\n%s", text, rules);
    }
    return ruleset;
}

static gboolean complain(const Trial *trial, const char *fault, const char *block) {
    printf("%s\n\n%s\n---\n\n%s\n---\n\n%s\n", fault, trial->texts[0], trial->texts[1],
           block ? block : "");
    return FALSE;
}

static void add_value(GPtrArray *values, char *value) {
    if (g_ptr_array_find_with_equal_func(values, value, g_str_equal, NULL)) {
        g_free(value);
    } else {
        g_ptr_array_add(values, value);
    }
}

/* What the axioms speak of has all values that they tell apart. */
static void add_known(GPtrArray *values, Attribute attribute) {
    static const char *const numbers[] = {"0", "1", "2", NULL};
    const char *const *known = attribute_info(attribute)->values;
    if (attribute == ATTRIBUTE_RECIPIENT_COUNT) {
        known = numbers;
    }
    for (; known && *known; known++) {
        add_value(values, g_strdup(*known));
    }
}

static void ask(Trial *trial, Attribute attribute) {
    if (!trial->values[attribute]) {
        GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
        add_value(values, g_strdup(""));
        add_known(values, attribute);
        for (guint i = 0; i < DRAWS; i++) {
            add_value(values, generator_value(trial->generator, attribute));
        }
        trial->values[attribute] = values;
    }
}

static void ask_all(Trial *trial, const Ruleset *ruleset) {
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        g_autoptr(GPtrArray) open = g_ptr_array_new();
        if (rule->condition) {
            g_ptr_array_add(open, (gpointer)(guintptr)rule->condition);
        }
        while (open->len > 0) {
            const Expression *expression = g_ptr_array_steal_index(open, open->len - 1);
            if (expression->kind == EXPRESSION_TEST) {
                ask(trial, expression->test.operand.attribute);
            }
            if (expression->kind == EXPRESSION_TEST && expression->test.kind == TEST_SAME) {
                ask(trial, expression->test.other.attribute);
            }
            for (guint j = 0; j < expression->count; j++) {
                g_ptr_array_add(open, (gpointer)(guintptr)expression->parts[j]);
            }
        }
    }
}

static gboolean has(const char *const *values, Attribute attribute) {
    return values[attribute] && values[attribute][0] != '\0';
}

/* Makes the request one that Postfix can send, as SMTPD_POLICY_README and analysis/axiom.h say. */
static void make_sendable(const char **values) {
    const char *state = values[ATTRIBUTE_PROTOCOL_STATE] ? values[ATTRIBUTE_PROTOCOL_STATE] : "";
    gboolean late = g_str_equal(state, "DATA") || g_str_equal(state, "END-OF-MESSAGE");
    gboolean known =
        late || g_strv_contains(attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values, state);
    gboolean wanted = g_str_equal(state, "RCPT") || g_str_equal(state, "VRFY");
    if (known && !late) {
        values[ATTRIBUTE_RECIPIENT_COUNT] = "0";
    }
    if (known && !late && !wanted) {
        values[ATTRIBUTE_RECIPIENT] = "";
    }
    if (wanted && !has(values, ATTRIBUTE_RECIPIENT)) {
        values[ATTRIBUTE_RECIPIENT] = "u@a.com";
    }
    if (late && has(values, ATTRIBUTE_RECIPIENT)) {
        values[ATTRIBUTE_RECIPIENT_COUNT] = "1";
    }
    if (has(values, ATTRIBUTE_ENCRYPTION_PROTOCOL) != has(values, ATTRIBUTE_ENCRYPTION_CIPHER)) {
        values[ATTRIBUTE_ENCRYPTION_CIPHER] = has(values, ATTRIBUTE_ENCRYPTION_PROTOCOL) ? "x" : "";
    }
    if (!has(values, ATTRIBUTE_ENCRYPTION_PROTOCOL)) {
        values[ATTRIBUTE_ENCRYPTION_KEYSIZE] = "0";
    }
    if (has(values, ATTRIBUTE_SASL_USERNAME) && !has(values, ATTRIBUTE_SASL_METHOD)) {
        values[ATTRIBUTE_SASL_METHOD] = "PLAIN";
    } else if (!has(values, ATTRIBUTE_SASL_USERNAME)) {
        values[ATTRIBUTE_SASL_METHOD] = "";
    }
}

static char *make_block(const char *const *values) {
    GString *block = g_string_new("request=smtpd_access_policy\n");
    for (guint i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        if (has(values, (Attribute)i)) {
            g_string_append_printf(block, "%s=%s\n", attribute_info((Attribute)i)->name, values[i]);
        }
    }
    g_string_append_c(block, '\n');
    return g_string_free(block, FALSE);
}

/* All of them, or so many that a random one is to be taken. */
static guint64 count_combinations(const Trial *trial) {
    guint64 count = 1;
    for (guint i = 0; i < ATTRIBUTE_COUNT && count <= CANDIDATES_MAX; i++) {
        count *= trial->values[i] ? trial->values[i]->len : 1;
    }
    return count;
}

static void combine(const Trial *trial, guint64 number, gboolean random, const char **values) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        const GPtrArray *known = trial->values[i];
        values[i] = NULL;
        if (known) {
            guint at = random ? generator_below(trial->generator, known->len)
                              : (guint)(number % known->len);
            values[i] = g_ptr_array_index(known, at);
            number /= known->len;
        }
    }
}

static gboolean is_in_class(const Trial *trial, const Request *request, const Rule *const rules[2],
                            const DiffClass *class) {
    /* The rules of a file stand in an array. */
    if (class->unmatched && (rules[0] < class->rules[0] || rules[1] < class->rules[1])) {
        return FALSE;
    }
    for (guint i = 0; i < class->claims->len; i++) {
        const Claim *claim = g_ptr_array_index(class->claims, i);
        if (match_is_true(trial->matcher, trial->rulesets[1], request, claim->expression)
            != claim->holds) {
            return FALSE;
        }
    }
    return TRUE;
}

/* NULL, or what is wrong. */
static const char *check_classes(const Trial *trial, const Request *request,
                                 const Rule *const rules[2], const DiffChanges *changes,
                                 gboolean *covered) {
    for (guint i = 0; i < changes->classes->len; i++) {
        const DiffClass *class = g_ptr_array_index(changes->classes, i);
        if (!is_in_class(trial, request, rules, class)) {
            continue;
        }
        *covered = TRUE;
        for (guint j = 0; j < 2; j++) {
            if (!g_str_equal(rules[j]->decision, class->rules[j]->decision)) {
                return "a request of a class is decided otherwise";
            }
        }
        if (!class->witness) {
            trial->count->missed++;
        }
    }
    return NULL;
}

static gboolean check_request(const Trial *trial, const char *block, gboolean sendable) {
    const Diff *diff = trial->diff;
    const Rule *rules[2];
    Request request;
    gboolean covered = FALSE;
    if (request_parse(text_from_string(block), &request) != REQUEST_OK) {
        return complain(trial, "a malformed request", block);
    }
    trial->count->requests++;
    for (guint i = 0; i < 2; i++) {
        rules[i] = match(trial->matcher, trial->rulesets[i], &request);
    }
    gboolean differs = !g_str_equal(rules[0]->decision, rules[1]->decision);
    if (diff->verdict == DIFF_EQUAL) {
        return differs && (sendable || !diff->axioms)
                   ? complain(trial, "equal files decide a request otherwise", block)
                   : TRUE;
    }
    if (!sendable) {
        return TRUE;
    }
    const char *fault = check_classes(trial, &request, rules, &diff->actions, &covered);
    fault = fault ? fault : check_classes(trial, &request, rules, &diff->texts, &covered);
    gboolean whole = !diff->actions.more && !diff->texts.more && !diff->undecided;
    if (!fault && whole && differs && !covered) {
        fault = "a request that is decided otherwise is in no class";
    }
    return fault ? complain(trial, fault, block) : TRUE;
}

/* By both files as they are alone, and by the oracle. */
static gboolean check_witness(const Trial *trial, const DiffClass *class, gboolean text_only) {
    g_autofree char *block = g_strconcat(class->witness, "\n", NULL);
    Request request;
    if (request_parse(text_from_string(block), &request) != REQUEST_OK) {
        return complain(trial, "a malformed witness", block);
    }
    for (guint i = 0; i < 2; i++) {
        const Rule *rule = match(trial->matcher, trial->alone[i], &request);
        if (rule != walk(trial->walker, trial->alone[i], &request)
            || !g_str_equal(rule->decision, class->rules[i]->decision)
            || !g_str_equal(rule->place, class->rules[i]->place)) {
            return complain(trial, "a witness does not show its class", block);
        }
    }
    match(trial->matcher, trial->rulesets[1], &request);
    if (!is_in_class(trial, &request, (const Rule *const *)class->rules, class)) {
        return complain(trial, "a witness is not in its class", block);
    }
    if (text_only
        != (class->rules[0]->action == class->rules[1]->action
            && class->rules[0]->action != ACTION_REDIRECT)) {
        return complain(trial, "a change is of the other kind", block);
    }
    return TRUE;
}

/* The caller frees it. */
static char *class_text(const DiffClass *class) {
    static const char *const names[] = {"old", "new"};
    g_autofree char *text = describe_text(class->claims, names);
    return g_strdup_printf("%s %s%s %s", class->rules[0]->place, class->rules[1]->place,
                           class->unmatched ? " unmatched" : "", text);
}

static gboolean check_witnesses(const Trial *trial, const DiffChanges *changes,
                                gboolean text_only) {
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < changes->classes->len; i++) {
        const DiffClass *class = g_ptr_array_index(changes->classes, i);
        trial->count->classes++;
        trial->count->possible_classes += class->witness ? 0 : 1;
        if (!class->claims) {
            return complain(trial, "a class is not described", NULL);
        }
        if (!g_hash_table_add(told, class_text(class))) {
            return complain(trial, "a class is told twice", NULL);
        }
        if (class->witness && !check_witness(trial, class, text_only)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_requests(const Trial *trial) {
    guint64 combinations = count_combinations(trial);
    for (guint64 i = 0; i < MIN(combinations, CANDIDATES_MAX); i++) {
        const char *values[ATTRIBUTE_COUNT];
        combine(trial, i, combinations > CANDIDATES_MAX, values);
        g_autofree char *raw = make_block(values);
        make_sendable(values);
        g_autofree char *sendable = make_block(values);
        if ((trial->diff->verdict == DIFF_EQUAL && !check_request(trial, raw, FALSE))
            || !check_request(trial, sendable, TRUE)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void count_verdict(const Trial *trial) {
    Count *count = trial->count;
    guint64 *verdicts[] = {
        [DIFF_EQUAL] = trial->diff->axioms ? &count->equal_by_axioms : &count->equal,
        [DIFF_CHANGED] = &count->changed,
        [DIFF_POSSIBLE] = &count->possible,
        [DIFF_UNDECIDED] = &count->undecided,
    };
    ++*verdicts[trial->diff->verdict];
}

static gboolean check_diff(Trial *trial) {
    const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT};
    guint classes = 1 + generator_below(trial->generator, 12);
    trial->diff = diff(trial->rulesets[0], trial->rulesets[1], classes, &host);
    ask_all(trial, trial->rulesets[0]);
    ask_all(trial, trial->rulesets[1]);
    count_verdict(trial);
    if (trial->diff->verdict == DIFF_UNDECIDED || trial->diff->undecided) {
        return complain(trial, "a small file is not decided", NULL);
    }
    return check_witnesses(trial, &trial->diff->actions, FALSE)
           && check_witnesses(trial, &trial->diff->texts, TRUE) && check_requests(trial);
}

/* A random file, and what one to three changes make of it; FALSE if it has shown a fault. */
static gboolean run(Trial *trial, guint32 seed) {
    trial->generator = generator_new(seed);
    g_autofree char *rules = generator_small_rules(trial->generator, seed % 7);
    gboolean good = TRUE;
    trial->texts[0] = mutation_sort(rules);
    trial->texts[1] = g_strdup(trial->texts[0]);
    for (guint i = 1 + generator_below(trial->generator, 3); i > 0; i--) {
        char *changed = mutation_make(trial->generator, trial->texts[1]);
        g_free(trial->texts[1]);
        trial->texts[1] = changed;
    }
    for (guint i = 0; i < 2; i++) {
        trial->rulesets[i] = compile(trial->texts[i], i == 0 ? "old" : "new");
        trial->alone[i] = compile(trial->texts[i], i == 0 ? "old" : "new");
        good = good && trial->rulesets[i] && trial->alone[i];
    }
    good = good && check_diff(trial);
    for (guint i = 0; i < 2; i++) {
        g_clear_pointer(&trial->rulesets[i], ruleset_unref);
        g_clear_pointer(&trial->alone[i], ruleset_unref);
        g_clear_pointer(&trial->texts[i], g_free);
    }
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        g_clear_pointer(&trial->values[i], g_ptr_array_unref);
    }
    g_clear_pointer(&trial->diff, diff_free);
    generator_free(trial->generator);
    return good;
}

static void print_count(const Count *count) {
#define NUMBER "%" G_GUINT64_FORMAT
    printf("equal " NUMBER ", by axioms " NUMBER ", changed " NUMBER ", possible " NUMBER "\n",
           count->equal, count->equal_by_axioms, count->changed, count->possible);
    printf("classes " NUMBER ", of them only possible " NUMBER ", which " NUMBER
           " requests of " NUMBER " show\n",
           count->classes, count->possible_classes, count->missed, count->requests);
#undef NUMBER
}

int main(int argc, char **argv) {
    const char *given = g_getenv("POLICY_TEST_SEED");
    guint64 changes = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 10000;
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    g_autoptr(Matcher) matcher = matcher_new();
    Count count = {0};
    Trial trial = {.walker = walker_new(), .matcher = matcher, .count = &count};
    gboolean good = TRUE;
    guint64 done = 0;
    printf("seed %u: POLICY_TEST_SEED=%u runs this again\n", seed, seed);
    for (; good && done < changes; done++) {
        good = run(&trial, seed * 0x9e3779b1u + (guint32)done);
    }
    walker_free(trial.walker);
    print_count(&count);
    printf("%s after %" G_GUINT64_FORMAT " changes\n", good ? "no fault" : "failed", done);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
