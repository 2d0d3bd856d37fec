/*
 * Analysis: what proving, lint and diff take of CPU and memory once the rule files are loaded, on
 * mixes of rules (see rule_file.h) that hold.
 *
 *   analysis --folder FOLDER [--rounds N] [--entries N]
 *
 * Writes the rule files into the folder, loads each, and works on it round after round. Prints one
 * line of JSON. Exit status: 0 what was decided came out as it has to, 1 not, 2 usage.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/diff.h"
#include "analysis/lint.h"
#include "analysis/prove.h"
#include "analysis/reach.h"
#include "process.h"
#include "rule_file.h"
#include "rules/compile.h"

typedef struct {
    char *folder;
    int rounds;
    int entries;
} Settings;

static const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT};

/* One or two rulesets to work on. */
typedef struct {
    Ruleset *rulesets[2];
    gboolean swapped; /* the second is the first with two rules swapped */
} Subject;

/* What came out of it. */
typedef enum { WORK_DECIDED, WORK_UNDECIDED, WORK_WRONG } Outcome;

static Outcome judge_proofs(const GPtrArray *proofs) {
    gboolean undecided = FALSE;
    for (guint i = 0; i < proofs->len; i++) {
        undecided = undecided
                    || ((const Proof *)g_ptr_array_index(proofs, i))->verdict == VERDICT_UNDECIDED;
    }
    return undecided ? WORK_UNDECIDED : prove_holds(proofs) ? WORK_DECIDED : WORK_WRONG;
}

/* As policyd does it at each load. */
static Outcome run_proof(const Subject *subject) {
    g_autoptr(GPtrArray) proofs = prove(subject->rulesets[0], FALSE, &host);
    return judge_proofs(proofs);
}

static gboolean has_undecided(const Diagnostics *warnings) {
    for (guint i = 0; i < diagnostics_count(warnings); i++) {
        if (g_str_equal(diagnostics_get(warnings, i)->kind, REACH_UNDECIDED)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* As policyctl check does it. */
static Outcome run_check(const Subject *subject) {
    g_autoptr(Diagnostics) warnings = diagnostics_new();
    Outcome proved = run_proof(subject);
    lint_text(subject->rulesets[0], FALSE, warnings);
    reach_lint(subject->rulesets[0], FALSE, &host, warnings);
    diagnostics_sort(warnings);
    return proved == WORK_DECIDED && has_undecided(warnings) ? WORK_UNDECIDED : proved;
}

static Outcome run_diff(const Subject *subject) {
    g_autoptr(Diff) found =
        diff(subject->rulesets[0], subject->rulesets[1], DIFF_CLASSES_DEFAULT, &host);
    if (found->verdict == DIFF_UNDECIDED || found->undecided) {
        return WORK_UNDECIDED;
    }
    return found->verdict == (subject->swapped ? DIFF_CHANGED : DIFF_EQUAL) ? WORK_DECIDED
                                                                            : WORK_WRONG;
}

typedef struct {
    const char *name;
    Outcome (*run)(const Subject *subject);
    RuleMix mix;
    guint rules;
    gboolean sets;
    gboolean swapped; /* of run_diff() */
} Task;

static const Task tasks[] = {
    {"500", run_check, RULE_MIX_PLAIN, 500, FALSE, FALSE},
    {"500 sets", run_check, RULE_MIX_PLAIN, 500, TRUE, FALSE},
    {"5000", run_check, RULE_MIX_PLAIN, 5000, FALSE, FALSE},
    {"hard 500", run_check, RULE_MIX_HARD, 500, FALSE, FALSE},
    {"hard 5000", run_check, RULE_MIX_HARD, 5000, FALSE, FALSE},
    {"diff", run_diff, RULE_MIX_PLAIN, 500, FALSE, FALSE},
    {"diff swapped", run_diff, RULE_MIX_PLAIN, 500, FALSE, TRUE},
    {"proof 100000", run_proof, RULE_MIX_PLAIN, 100000, FALSE, FALSE},
};

/* With what policyctl keeps, or as policyd does. */
static Ruleset *load(const char *path, gboolean detail) {
    const CompileHost compile_host = {.detail = detail};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_file(path, &compile_host, diagnostics);
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        fputs(text, stderr);
    }
    return ruleset;
}

static Ruleset *write_and_load(const Settings *settings, const Task *task, gboolean swapped,
                               GError **error) {
    const RuleMixOptions options = {
        .mix = task->mix,
        .rules = task->rules,
        .entries = task->sets ? (guint)settings->entries : 0,
        .swapped = swapped,
    };
    g_autoptr(RuleFile) file =
        rule_file_write_mix(settings->folder, "mixed.rules", &options, error);
    return file ? load(file->path, task->run != run_proof) : NULL;
}

/* The first round is the one whose memory is looked at: later ones find some left over. */
static Outcome run_rounds(const Settings *settings, const Task *task, const Subject *subject) {
    malloc_trim(0);
    gint64 before = process_resident(getpid());
    process_forget_peak();
    Outcome outcome = WORK_DECIDED;
    gint64 peak = 0;
    printf("{\"name\":\"%s\",\"seconds\":[", task->name);
    for (int round = 0; round < settings->rounds && outcome != WORK_WRONG; round++) {
        gint64 start = process_cpu(getpid());
        outcome = task->run(subject);
        printf("%s%.4f", round > 0 ? "," : "", (double)(process_cpu(getpid()) - start) / 1e9);
        peak = round == 0 ? process_peak(getpid()) : peak;
    }
    printf("],\"decided\":%s,\"resident\":%" G_GINT64_FORMAT "}",
           outcome == WORK_DECIDED ? "true" : "false", peak - before);
    return outcome;
}

static gboolean run_task(const Settings *settings, const Task *task, GError **error) {
    g_autoptr(Ruleset) first = write_and_load(settings, task, FALSE, error);
    g_autoptr(Ruleset) second = first && task->run == run_diff
                                    ? write_and_load(settings, task, task->swapped, error)
                                    : NULL;
    if (!first || (task->run == run_diff && !second)) {
        return FALSE;
    }
    const Subject subject = {{first, second}, task->swapped};
    if (run_rounds(settings, task, &subject) == WORK_WRONG) {
        fprintf(stderr, "analysis: '%s' came out wrong\n", task->name);
        return FALSE;
    }
    return TRUE;
}

static gboolean run(const Settings *settings, GError **error) {
    printf("{\"tasks\":[");
    for (guint i = 0; i < G_N_ELEMENTS(tasks); i++) {
        printf("%s", i > 0 ? "," : "");
        if (!run_task(settings, &tasks[i], error)) {
            return FALSE;
        }
    }
    printf("]}\n");
    return TRUE;
}

static gboolean parse(int *argc, char ***argv, Settings *out, GError **error) {
    const GOptionEntry entries[] = {
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &out->folder, "For the rule files", "FOLDER"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &out->rounds, "5", "N"},
        {"entries", 0, 0, G_OPTION_ARG_INT, &out->entries, "Of each list (1000000)", "N"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

int main(int argc, char **argv) {
    Settings settings = {.rounds = 5, .entries = 1000000};
    g_autoptr(GError) error = NULL;
    int status = 2;
    if (parse(&argc, &argv, &settings, &error)) {
        if (argc > 1 || !settings.folder || settings.rounds < 1 || settings.entries < 1) {
            fputs("analysis: see --help\n", stderr);
        } else {
            status = run(&settings, &error) ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    if (error) {
        fprintf(stderr, "analysis: %s\n", error->message);
    }
    g_free(settings.folder);
    return status;
}
