/*
 * policyctl check: compiles a rule file and prints every error of it, or what is likely a mistake
 * in it. What it accepts, policyd loads: both call compile_file().
 */
#include <stdio.h>

#include "analysis/lint.h"
#include "analysis/reach.h"
#include "ctl/progress.h"
#include "ctl/proofs.h"
#include "ctl/verb.h"
#include "limit.h"

typedef struct {
    const char *path;
    gboolean json;
    gboolean strict;
    gboolean verbose;
    gint64 budget;
} Check;

/* What came out. */
typedef struct {
    Ruleset *ruleset;      /* NULL: the file is in error */
    GPtrArray *proofs;     /* NULL then too */
    Diagnostics *errors;   /* of compiling */
    Diagnostics *warnings; /* sorted */
    gboolean interrupted;
} Findings;

static void print_count(guint count, const char *what) {
    printf("%u %s%s, ", count, what, count == 1 ? "" : "s");
}

static void print_found(const Check *check, const Findings *findings) {
    const Ruleset *ruleset = findings->ruleset;
    verb_complain(ruleset ? findings->warnings : findings->errors);
    if (!ruleset) {
        return;
    }
    proofs_complain(findings->proofs, ruleset, check->path);
    if (!prove_holds(findings->proofs) || findings->interrupted) {
        return;
    }
    printf("%s: ok: ", check->path);
    print_count(ruleset_rule_count(ruleset), "rule");
    print_count(ruleset_named_list_count(ruleset), "list");
    print_count(ruleset_assertion_count(ruleset), "assertion");
    printf("ruleset %s\n", ruleset_hash(ruleset));
}

static void add_diagnostic(JsonBuilder *builder, const Diagnostic *diagnostic) {
    json_builder_begin_object(builder);
    verb_json_string(builder, "file", diagnostic->file);
    verb_json_number(builder, "line", diagnostic->line);
    verb_json_number(builder, "column", diagnostic->column);
    if (diagnostic->kind) {
        verb_json_string(builder, "kind", diagnostic->kind);
    }
    verb_json_string(builder, "message", diagnostic->message);
    json_builder_end_object(builder);
}

static void add_diagnostics(JsonBuilder *builder, const char *name,
                            const Diagnostics *diagnostics) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < MIN(diagnostics_count(diagnostics), LIMIT_DIAGNOSTICS); i++) {
        add_diagnostic(builder, diagnostics_get(diagnostics, i));
    }
    json_builder_end_array(builder);
}

static void print_json(const Check *check, const Findings *findings) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    const Ruleset *ruleset = findings->ruleset;
    json_builder_begin_object(builder);
    verb_json_string(builder, "file", check->path);
    json_builder_set_member_name(builder, "ok");
    json_builder_add_boolean_value(builder, ruleset && prove_holds(findings->proofs)
                                                && !findings->interrupted);
    verb_json_string(builder, "ruleset", ruleset ? ruleset_hash(ruleset) : NULL);
    verb_json_number(builder, "rules", ruleset ? ruleset_rule_count(ruleset) : 0);
    verb_json_number(builder, "error_count", diagnostics_count(findings->errors));
    add_diagnostics(builder, "errors", findings->errors);
    verb_json_number(builder, "warning_count", diagnostics_count(findings->warnings));
    add_diagnostics(builder, "warnings", findings->warnings);
    if (ruleset) {
        proofs_json(builder, findings->proofs, ruleset);
    }
    json_builder_end_object(builder);
    verb_json_print(builder);
}

/* All that is to be said about a file without errors. */
static void find_all(const Check *check, Findings *findings) {
    const AnalysisHost *host = progress_begin(progress_budget(check->budget));
    findings->proofs = prove(findings->ruleset, FALSE, host);
    lint_text(findings->ruleset, check->verbose, findings->warnings);
    reach_lint(findings->ruleset, check->verbose, host, findings->warnings);
    diagnostics_sort(findings->warnings);
    findings->interrupted = progress_end();
    if (findings->interrupted) {
        fputs("policyctl check: interrupted; what is not decided yet stays so\n", stderr);
    }
}

/* A rule of which others take a part is how most files are meant. */
static gboolean has_warning(const Diagnostics *warnings) {
    for (guint i = 0; i < MIN(diagnostics_count(warnings), LIMIT_DIAGNOSTICS); i++) {
        if (!g_str_equal(diagnostics_get(warnings, i)->kind, REACH_SHADOWED)) {
            return TRUE;
        }
    }
    return FALSE;
}

static VerbStatus find_status(const Check *check, const Findings *findings) {
    if (!findings->ruleset) {
        return VERB_TROUBLE;
    }
    gboolean warned = check->strict && has_warning(findings->warnings);
    return warned || findings->interrupted || !prove_holds(findings->proofs) ? VERB_FAILED
                                                                             : VERB_DONE;
}

static VerbStatus run_check(const Check *check) {
    g_autoptr(Diagnostics) errors = diagnostics_new();
    g_autoptr(Diagnostics) warnings = diagnostics_new();
    g_autoptr(Ruleset) ruleset = verb_compile(check->path, errors);
    Findings findings = {.ruleset = ruleset, .errors = errors, .warnings = warnings};
    if (ruleset) {
        find_all(check, &findings);
    }
    (check->json ? print_json : print_found)(check, &findings);
    VerbStatus status = find_status(check, &findings);
    g_clear_pointer(&findings.proofs, g_ptr_array_unref);
    return status;
}

static VerbStatus check_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) paths = NULL;
    Check check = {.budget = ANALYSIS_BUDGET_DEFAULT};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &check.json, NULL, NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &check.strict, NULL, NULL},
        {"verbose", 0, 0, G_OPTION_ARG_NONE, &check.verbose, NULL, NULL},
        {"budget", 0, 0, G_OPTION_ARG_INT64, &check.budget, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    if (!paths || g_strv_length(paths) != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%u rule files given; it takes one: policyctl check RULES",
                    paths ? g_strv_length(paths) : 0);
        return VERB_TROUBLE;
    }
    check.path = paths[0];
    return run_check(&check);
}

const Verb check_verb = {
    .name = "check",
    .summary = "read a rule file and print every error in it",
    .help =
        "usage: policyctl check RULES [--strict] [--verbose] [--json] [--budget NODES]\n"
        "\n"
        "Reads the rule file RULES and the lists that it names. Prints every error with its\n"
        "place, on standard error, and exits 2. Of a file without errors it proves what policyd\n"
        "proves before it loads it, and exits 1 if that fails; and it prints warnings of what is\n"
        "likely a mistake. Else it prints one line, and exits 0.\n"
        "\n"
        "  --strict        exit 1 if there is a warning\n"
        "  --verbose       print each warning where else some are only counted, and which rules\n"
        "                  others take a part of\n"
        "  --json          print an object instead, on standard output\n"
        "  --budget NODES  give up where a diagram would need more nodes than these\n",
    .run = check_run,
};
