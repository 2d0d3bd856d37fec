/*
 * policyctl test: decides the requests of case files, and tells where the decision is another than
 * expected, and which rules no case reached.
 */
#include <stdio.h>

#include "ctl/case_file.h"
#include "ctl/rule_text.h"
#include "ctl/verb.h"
#include "limit.h"
#include "protocol/request.h"
#include "rules/explain.h"
#include "rules/match.h"

/* A case that failed. */
typedef struct {
    const Case *expected;
    const Rule *rule; /* that decided */
} Failure;

typedef struct {
    const Ruleset *ruleset;
    const GPtrArray *cases;
    GArray *failures;
    gboolean *reached; /* by rule */
} Outcome;

static gboolean is_expected(const Case *expected, const Rule *rule) {
    return rule->action == expected->action
           && (!expected->decision || g_str_equal(rule->decision, expected->decision));
}

static void mark_reached(Outcome *outcome, const Rule *rule) {
    /* The rules stand in one array. */
    outcome->reached[rule - ruleset_rule(outcome->ruleset, 0)] = TRUE;
}

static void read_request(const Case *expected, Request *out) {
    request_parse(text_make(expected->block->str, expected->block->len), out);
}

static void run_cases(Outcome *outcome) {
    g_autoptr(Matcher) matcher = matcher_new();
    for (guint i = 0; i < outcome->cases->len; i++) {
        const Case *expected = g_ptr_array_index(outcome->cases, i);
        Request request;
        read_request(expected, &request);
        const Rule *rule = match(matcher, outcome->ruleset, &request);
        mark_reached(outcome, rule);
        if (!is_expected(expected, rule)) {
            g_array_append_val(outcome->failures, ((Failure){expected, rule}));
        }
    }
    if (matcher_regex_limits(matcher) > 0) {
        fputs("policyctl test: a regex hit its limit: its test was false\n", stderr);
    }
}

static const char *expectation(const Case *expected) {
    return expected->decision ? expected->decision : action_info(expected->action)->name;
}

static char *explain_case(const Ruleset *ruleset, const Case *expected) {
    Request request;
    read_request(expected, &request);
    return explain_text(ruleset, &request);
}

static void print_indented(const char *text) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (lines[i][0] != '\0') {
            printf("  %s\n", lines[i]);
        }
    }
}

static void print_failure(const Ruleset *ruleset, const Failure *failure) {
    g_autofree char *why = explain_case(ruleset, failure->expected);
    printf("%s: expected %s, got %s (%s)\n", failure->expected->place,
           expectation(failure->expected), failure->rule->decision, failure->rule->place);
    print_indented(why);
}

static void print_unreached(const Outcome *outcome) {
    for (guint i = 0; i < ruleset_rule_count(outcome->ruleset); i++) {
        if (!outcome->reached[i]) {
            const Rule *rule = ruleset_rule(outcome->ruleset, i);
            g_autofree char *text = rule_text(outcome->ruleset, rule);
            printf("%s: no case reached this rule: %s\n", rule->place, text);
        }
    }
}

static void print_outcome(const Outcome *outcome) {
    guint count = outcome->cases->len;
    for (guint i = 0; i < outcome->failures->len; i++) {
        print_failure(outcome->ruleset, &g_array_index(outcome->failures, Failure, i));
    }
    print_unreached(outcome);
    printf("%u case%s, %u failed\n", count, count == 1 ? "" : "s", outcome->failures->len);
}

static void add_failure(JsonBuilder *builder, const Ruleset *ruleset, const Failure *failure) {
    g_autofree char *why = explain_case(ruleset, failure->expected);
    json_builder_begin_object(builder);
    verb_json_string(builder, "case", failure->expected->place);
    verb_json_string(builder, "expected", expectation(failure->expected));
    verb_json_string(builder, "action", failure->rule->decision);
    verb_json_string(builder, "rule", failure->rule->place);
    verb_json_string(builder, "explanation", why);
    json_builder_end_object(builder);
}

static void add_unreached(JsonBuilder *builder, const Outcome *outcome) {
    for (guint i = 0; i < ruleset_rule_count(outcome->ruleset); i++) {
        if (!outcome->reached[i]) {
            const Rule *rule = ruleset_rule(outcome->ruleset, i);
            g_autofree char *text = rule_text(outcome->ruleset, rule);
            json_builder_begin_object(builder);
            verb_json_string(builder, "rule", rule->place);
            verb_json_string(builder, "text", text);
            json_builder_end_object(builder);
        }
    }
}

static void print_json(const Outcome *outcome) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    verb_json_string(builder, "ruleset", ruleset_hash(outcome->ruleset));
    verb_json_number(builder, "cases", outcome->cases->len);
    verb_json_number(builder, "failed", outcome->failures->len);
    json_builder_set_member_name(builder, "failures");
    json_builder_begin_array(builder);
    for (guint i = 0; i < outcome->failures->len; i++) {
        add_failure(builder, outcome->ruleset, &g_array_index(outcome->failures, Failure, i));
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "unreached");
    json_builder_begin_array(builder);
    add_unreached(builder, outcome);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus run_and_print(const Ruleset *ruleset, const GPtrArray *cases, gboolean json) {
    g_autoptr(GArray) failures = g_array_new(FALSE, FALSE, sizeof(Failure));
    g_autofree gboolean *reached = g_new0(gboolean, ruleset_rule_count(ruleset));
    Outcome outcome = {ruleset, cases, failures, reached};
    run_cases(&outcome);
    (json ? print_json : print_outcome)(&outcome);
    return failures->len > 0 ? VERB_FAILED : VERB_DONE;
}

static VerbStatus test_files(char *const *paths, gboolean json, GError **error) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Ruleset) ruleset = verb_load(paths[0]);
    g_autoptr(GPtrArray) cases = case_file_new();
    for (guint i = 1; paths[i]; i++) {
        case_file_read(paths[i], cases, diagnostics);
    }
    verb_complain(diagnostics);
    if (!ruleset || diagnostics_count(diagnostics) > 0) {
        return VERB_TROUBLE;
    }
    if (cases->len == 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "there is no case in '%s'%s", paths[1],
                    paths[2] ? " and the other files" : "");
        return VERB_TROUBLE;
    }
    return run_and_print(ruleset, cases, json);
}

static VerbStatus test_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) paths = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    if (!paths || !paths[1]) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "it takes a rule file and case files: policyctl test RULES CASES...");
        return VERB_TROUBLE;
    }
    return test_files(paths, json, error);
}

const Verb test_verb = {
    .name = "test",
    .summary = "run cases with their expected decisions, and find rules without any",
    .help = "usage: policyctl test RULES CASES... [--json]\n"
            "\n"
            "Decides the requests of the files CASES by the rule file RULES. Prints those whose\n"
            "decision is not the expected one, with an explanation, and the rules that no case\n"
            "reached. Exits 0 if all are as expected, 1 if one is not. A case is a line\n"
            "\n"
            "  permit client_address=192.0.2.1 recipient=user@example.com\n"
            "  reject \"5.7.1 Relay access denied\" sender=\"a b@example.com\"\n"
            "\n"
            "or the action on a line of its own, an attribute block below it, and an empty line.\n"
            "\n"
            "  --json  print an object instead\n",
    .run = test_run,
};
