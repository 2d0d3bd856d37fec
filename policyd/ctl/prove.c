/*
 * policyctl prove: the standing assertion and the file's own, each with its verdict.
 */
#include <stdio.h>

#include "analysis/matrix.h"
#include "ctl/progress.h"
#include "ctl/proofs.h"
#include "ctl/verb.h"

typedef struct {
    gboolean json;
    gboolean matrix;
    gint64 budget;
} ProveOptions;

/* "permit", "permit or reject", or "-" where there is no such request; the caller frees it. */
static char *cell_text(const MatrixCell *cell) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < ACTION_COUNT; i++) {
        if (cell->actions >> i & 1) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? " or " : "",
                                   action_info((Action)i)->name);
        }
    }
    if (cell->undecided) {
        g_string_append(text, text->len > 0 ? " or not decided" : "not decided");
    }
    return g_string_free(text->len > 0 ? text : g_string_append_c(text, '-'), FALSE);
}

static gboolean is_empty_row(const Matrix *matrix, guint row) {
    for (guint column = 0; column < MATRIX_COLUMNS; column++) {
        if (matrix->cells[row][column].actions || matrix->cells[row][column].undecided) {
            return FALSE;
        }
    }
    return TRUE;
}

static void print_matrix(const Matrix *matrix) {
    printf("%-28s", "");
    for (guint column = 0; column < MATRIX_COLUMNS; column++) {
        printf(column + 1 < MATRIX_COLUMNS ? "%-20s" : "%s\n",
               matrix_column_name((MatrixColumn)column));
    }
    for (guint row = 0; row < MATRIX_ROWS; row++) {
        if (is_empty_row(matrix, row)) {
            continue;
        }
        printf("%-28s", matrix_row_name((MatrixRow)row));
        for (guint column = 0; column < MATRIX_COLUMNS; column++) {
            g_autofree char *text = cell_text(&matrix->cells[row][column]);
            printf(column + 1 < MATRIX_COLUMNS ? "%-20s" : "%s\n", text);
        }
    }
}

static void add_cell(JsonBuilder *builder, const MatrixCell *cell) {
    json_builder_begin_array(builder);
    for (guint i = 0; i < ACTION_COUNT; i++) {
        if (cell->actions >> i & 1) {
            json_builder_add_string_value(builder, action_info((Action)i)->name);
        }
    }
    if (cell->undecided) {
        json_builder_add_string_value(builder, "not decided");
    }
    json_builder_end_array(builder);
}

static void add_matrix(JsonBuilder *builder, const Matrix *matrix) {
    json_builder_set_member_name(builder, "matrix");
    json_builder_begin_object(builder);
    for (guint row = 0; row < MATRIX_ROWS; row++) {
        json_builder_set_member_name(builder, matrix_row_name((MatrixRow)row));
        json_builder_begin_object(builder);
        for (guint column = 0; column < MATRIX_COLUMNS; column++) {
            json_builder_set_member_name(builder, matrix_column_name((MatrixColumn)column));
            add_cell(builder, &matrix->cells[row][column]);
        }
        json_builder_end_object(builder);
    }
    json_builder_end_object(builder);
}

/* `matrix` is NULL where it wasn't asked for. */
static void print_json(const char *path, const Ruleset *ruleset, const GPtrArray *proofs,
                       const Matrix *matrix) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    verb_json_string(builder, "file", path);
    verb_json_string(builder, "ruleset", ruleset_hash(ruleset));
    json_builder_set_member_name(builder, "holds");
    json_builder_add_boolean_value(builder, prove_holds(proofs));
    proofs_json(builder, proofs, ruleset);
    if (matrix) {
        add_matrix(builder, matrix);
    }
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus prove_file(const char *path, const ProveOptions *options) {
    g_autoptr(Ruleset) ruleset = verb_load(path);
    Matrix matrix;
    if (!ruleset) {
        return VERB_TROUBLE;
    }
    const AnalysisHost *host = progress_begin(progress_budget(options->budget));
    g_autoptr(GPtrArray) proofs = prove(ruleset, TRUE, host);
    if (options->matrix) {
        matrix_make(ruleset, host, &matrix);
    }
    gboolean interrupted = progress_end();
    if (interrupted) {
        fputs("policyctl prove: interrupted; what is not decided yet stays so\n", stderr);
    }
    if (options->json) {
        print_json(path, ruleset, proofs, options->matrix ? &matrix : NULL);
    } else {
        proofs_print(proofs, ruleset, path);
        if (options->matrix) {
            puts("");
            print_matrix(&matrix);
        }
    }
    return prove_holds(proofs) && !interrupted ? VERB_DONE : VERB_FAILED;
}

static VerbStatus prove_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) paths = NULL;
    ProveOptions options = {.budget = ANALYSIS_BUDGET_DEFAULT};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, NULL, NULL},
        {"matrix", 0, 0, G_OPTION_ARG_NONE, &options.matrix, NULL, NULL},
        {"budget", 0, 0, G_OPTION_ARG_INT64, &options.budget, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    if (!paths || g_strv_length(paths) != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%u rule files given; it takes one: policyctl prove RULES",
                    paths ? g_strv_length(paths) : 0);
        return VERB_TROUBLE;
    }
    return prove_file(paths[0], &options);
}

const Verb prove_verb = {
    .name = "prove",
    .summary = "prove that a rule file is no open relay, and its assertions",
    .help = "usage: policyctl prove RULES [--json] [--matrix] [--budget NODES]\n"
            "\n"
            "Says of the standing assertion, and of each never and always of the rule file\n"
            "RULES: PROVED, REFUTED with a request that shows it, POSSIBLE, or NOT DECIDED.\n"
            "Exits 0 if all are PROVED, so that policyd loads the file, and else 1.\n"
            "\n"
            "  --json          print an object instead\n"
            "  --matrix        tell who may send where, too: each cell the possible actions\n"
            "  --budget NODES  give up where a diagram would need more nodes than these\n",
    .run = prove_run,
};
