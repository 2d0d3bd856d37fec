/*
 * Fuzz target rules: any bytes as a rule file. What is wrong with it can be shown; what is good is
 * printed and read as the same again, its tests and assertions too, in the words in which people
 * are told of them; and lint, proofs and explanations can be shown.
 */
#include <string.h>

#include "analysis/lint.h"
#include "analysis/prove.h"
#include "analysis/reach.h"
#include "analysis/regex_sample.h"
#include "ctl/rule_text.h"
#include "fuzz/fuzz.h"
#include "fuzz/print.h"
#include "fuzz/same.h"
#include "limit.h"
#include "rules/compile.h"
#include "rules/explain.h"
#include "rules/parser.h"

/* Nodes of a diagram: some milliseconds. */
#define BUDGET 5000

#define SAMPLES 8

/* List files are looked for where there are none. */
#define NAME "/nonexistent/f"

static char *read_postconf(const char *parameter, gpointer data, GError **error) {
    static const char *const known[][2] = {
        {"mynetworks", "127.0.0.0/8 [::ffff:127.0.0.0]/104, [::1]/128"},
        {"mydestination", "example.com, localhost"},
        {"relay_domains", "a.com b.example.org"},
        {"parent_domain_matches_subdomains", "debug_peer_list,relay_domains"},
        {"virtual_alias_domains", "hash:/etc/postfix/virtual !x.com .y.com # z"},
        {"inet_interfaces", "/nonexistent/list"},
        {"empty", ""},
    };
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(parameter, known[i][0]) == 0) {
            return g_strdup(known[i][1]);
        }
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "no parameter");
    return NULL;
}

static Ruleset *compile(Text text, Diagnostics *diagnostics) {
    static const CompileHost host = {.read_postconf = read_postconf, .detail = TRUE};
    return compile_text(NAME, text, &host, diagnostics);
}

static void check_diagnostics(const Diagnostics *diagnostics) {
    g_autofree char *text = diagnostics_format(diagnostics);
    FUZZ_ASSERT(fuzz_is_showable(text), "%s", text);
}

/* A text that is good because another was; the caller frees it. */
static Ruleset *compile_again(const char *text) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile(text_from_string(text), diagnostics);
    if (!ruleset) {
        g_autofree char *faults = diagnostics_format(diagnostics);
        FUZZ_ASSERT(ruleset, "\n%s\n%s", text, faults);
    }
    return ruleset;
}

/* The tree that is printed is the tree that is read. */
static char *check_tree(Text text) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Source) source = source_new("f", text);
    if (!source_check(source, diagnostics)) {
        return NULL;
    }
    g_autoptr(GPtrArray) statements = parser_read(source, diagnostics);
    if (diagnostics_count(diagnostics) > 0) {
        return NULL;
    }
    char *printed = print_statements(statements);
    g_autoptr(Source) copy = source_new("f", text_from_string(printed));
    g_autoptr(GPtrArray) again = parser_read(copy, diagnostics);
    FUZZ_ASSERT(diagnostics_count(diagnostics) == 0, "%s", printed);
    FUZZ_ASSERT(print_is_same(statements, again), "%s", printed);
    return printed;
}

/* Of the tests of built-in conditions, one is told in other words than the language's. */
static gboolean is_written(const Expression *expression) {
    return expression->kind == EXPRESSION_TEST && expression->text
           && !g_str_equal(expression->text, "sasl_method is ANONYMOUS");
}

/* Tests as people are told of them, appended as rules to the file that they are from. */
static void check_texts(const Ruleset *ruleset, const char *printed) {
    g_autoptr(GString) text = g_string_new(printed);
    g_autoptr(GPtrArray) tests = g_ptr_array_new();
    for (guint i = 0; i < ruleset_expression_count(ruleset); i++) {
        const Expression *expression = ruleset_expression(ruleset, i);
        if (is_written(expression)) {
            g_ptr_array_add(tests, (gpointer)(guintptr)expression);
            g_string_append_printf(text, "hold if %s\n", expression->text);
        }
    }
    g_string_append(text, "dunno\n");
    g_autoptr(Ruleset) again = compile_again(text->str);
    guint count = ruleset_rule_count(ruleset);
    for (guint i = 0; i < tests->len; i++) {
        const Expression *test = g_ptr_array_index(tests, i);
        const Expression *read = ruleset_rule(again, count + i)->condition;
        FUZZ_ASSERT(read->kind == EXPRESSION_TEST && same_tests(&test->test, &read->test), "%s",
                    test->text);
    }
}

/* The same of whole rules. */
static void check_rule_texts(const Ruleset *ruleset, const char *printed) {
    g_autoptr(GString) text = g_string_new(printed);
    guint count = ruleset_rule_count(ruleset);
    for (guint i = 0; i < count; i++) {
        g_autofree char *rule = rule_text(ruleset, ruleset_rule(ruleset, i));
        FUZZ_ASSERT(!strchr(rule, '\n'), "%s", rule);
        g_string_append_printf(text, "%s\n", rule);
    }
    g_autoptr(Ruleset) again = compile_again(text->str);
    for (guint i = 0; i < count; i++) {
        const Rule *rule = ruleset_rule(again, i);
        const Rule *read = ruleset_rule(again, count + i);
        FUZZ_ASSERT(g_str_equal(rule->reply, read->reply), "%s", rule->place);
        FUZZ_ASSERT(!rule->condition == !read->condition, "%s", rule->place);
    }
}

/* Strings that a regex may match are different, bounded, and matched within its limits. */
static void check_regex(const Regex *regex) {
    static RegexScratch *scratch;
    g_autoptr(GPtrArray) samples = regex_sample(regex_pattern(regex), SAMPLES);
    if (!scratch) {
        scratch = regex_scratch_new();
    }
    FUZZ_ASSERT(samples->len <= SAMPLES, "%u samples", samples->len);
    for (guint i = 0; i < samples->len; i++) {
        const char *sample = g_ptr_array_index(samples, i);
        FUZZ_ASSERT(strlen(sample) <= LIMIT_REGEX_SAMPLE, "%s", sample);
        regex_match(regex, scratch, text_from_string(sample));
        for (guint j = 0; j < i; j++) {
            FUZZ_ASSERT(!g_str_equal(sample, g_ptr_array_index(samples, j)), "%s", sample);
        }
    }
}

static void check_regexes(const Ruleset *ruleset) {
    for (guint i = 0; i < ruleset_expression_count(ruleset); i++) {
        const Expression *expression = ruleset_expression(ruleset, i);
        if (expression->kind == EXPRESSION_TEST && expression->test.kind == TEST_REGEX) {
            check_regex(expression->test.regex);
        }
    }
}

static void check_lint(const Ruleset *ruleset) {
    static const AnalysisHost host = {.budget = BUDGET};
    g_autoptr(Diagnostics) warnings = diagnostics_new();
    lint_text(ruleset, TRUE, warnings);
    reach_lint(ruleset, TRUE, &host, warnings);
    diagnostics_sort(warnings);
    check_diagnostics(warnings);
}

/* Explains the witness of a proof, or a request of nothing. */
static void check_explanation(const Ruleset *ruleset, const char *witness) {
    g_autofree char *block =
        g_strconcat(witness ? witness : "request=smtpd_access_policy\n", "\n", NULL);
    Request request;
    FUZZ_ASSERT(request_parse(text_from_string(block), &request) == REQUEST_OK, "%s", block);
    g_autofree char *text = explain_text(ruleset, &request);
    FUZZ_ASSERT(fuzz_is_showable(text), "%s", text);
}

static void check_proofs(const Ruleset *ruleset, const char *printed) {
    static const AnalysisHost host = {.budget = BUDGET};
    g_autoptr(GPtrArray) proofs = prove(ruleset, TRUE, &host);
    g_autoptr(GString) text = g_string_new(printed);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        g_autofree char *claim = proof_claim(proof, ruleset);
        g_autofree char *told = proof_explain(proof, ruleset, "f");
        FUZZ_ASSERT(fuzz_is_showable(claim), "%s", claim);
        FUZZ_ASSERT(!told || fuzz_is_showable(told), "%s", told);
        check_explanation(ruleset, proof->witness);
        if (proof->assertion) {
            g_string_append_printf(text, "%s\n", claim);
        }
    }
    g_autoptr(Ruleset) again = compile_again(text->str);
    guint count = ruleset_assertion_count(ruleset);
    FUZZ_ASSERT(ruleset_assertion_count(again) == 2 * count, "%s", text->str);
    for (guint i = 0; i < count; i++) {
        const Assertion *assertion = ruleset_assertion(again, i);
        const Assertion *read = ruleset_assertion(again, count + i);
        const Expression *left = assertion->condition;
        const Expression *right = read->condition;
        FUZZ_ASSERT(assertion->kind == read->kind && assertion->actions == read->actions, "%s",
                    text->str);
        FUZZ_ASSERT(left->kind == right->kind && left->count == right->count, "%s", text->str);
        FUZZ_ASSERT(left->kind != EXPRESSION_TEST || same_tests(&left->test, &right->test), "%s",
                    text->str);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Text text = fuzz_text(data, size);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Ruleset) ruleset = compile(text, diagnostics);
    g_autofree char *printed = check_tree(text);
    check_diagnostics(diagnostics);
    FUZZ_ASSERT((ruleset == NULL) == (diagnostics_count(diagnostics) > 0), "silent");
    if (!ruleset) {
        return 0;
    }
    FUZZ_ASSERT(printed, "compiled, but it can't be parsed");
    g_autoptr(Ruleset) again = compile_again(printed);
    FUZZ_ASSERT(same_rulesets(ruleset, again), "%s", printed);
    check_texts(ruleset, printed);
    check_rule_texts(ruleset, printed);
    check_regexes(ruleset);
    check_lint(ruleset);
    check_explanation(ruleset, NULL);
    check_proofs(ruleset, printed);
    return 0;
}
