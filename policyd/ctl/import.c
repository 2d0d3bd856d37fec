/*
 * policyctl import: a rule file that decides as this machine's Postfix does. What is written was
 * compiled and proved before.
 */
#include <stdio.h>

#include "analysis/prove.h"
#include "ctl/import/new_file.h"
#include "ctl/import/rule_file.h"
#include "ctl/progress.h"
#include "ctl/proofs.h"
#include "ctl/verb.h"

typedef struct {
    char *folder; /* NULL: the usual one */
    char *output; /* NULL: standard output */
    gboolean live;
    gboolean force;
} Options;

static void options_clear(Options *options) {
    g_free(options->folder);
    g_free(options->output);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean is_proved(const Ruleset *ruleset, const char *name) {
    g_autoptr(GPtrArray) proofs =
        prove(ruleset, FALSE, progress_begin(progress_budget(ANALYSIS_BUDGET_DEFAULT)));
    gboolean interrupted = progress_end();
    proofs_complain(proofs, ruleset, name);
    return prove_holds(proofs) && !interrupted;
}

/* FALSE, and the reasons told, if policyd wouldn't load it. */
static gboolean holds(const char *name, const char *text) {
    g_autoptr(Ruleset) ruleset = verb_load_text(name, text_from_string(text));
    return ruleset && is_proved(ruleset, name);
}

static gboolean write_file(const Options *options, const char *text, GError **error) {
    if (options->output) {
        return new_file_write(options->output, text, options->force, error);
    }
    fputs(text, stdout);
    return TRUE;
}

static VerbStatus import_settings(const Options *options, const PostfixSettings *settings,
                                  GError **error) {
    const RuleFileOptions how = {.folder = options->folder, .live = options->live};
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = rule_file_write(settings, &how, notes);
    const char *name = options->output ? options->output : "imported.rules";
    if (!holds(name, text)) {
        fputs("policyctl import: these settings give a file that policyd would not load, so "
              "nothing is written\n",
              stderr);
        return VERB_FAILED;
    }
    if (!write_file(options, text, error)) {
        return VERB_TROUBLE;
    }
    for (guint i = 0; i < notes->len; i++) {
        fprintf(stderr, "policyctl import: %s\n", (const char *)g_ptr_array_index(notes, i));
    }
    return notes->len > 0 ? VERB_FAILED : VERB_DONE;
}

static gboolean check_options(const Options *options, char *const *rest, GError **error) {
    const char *fault = NULL;
    if (rest) {
        fault = "it takes no argument: policyctl import [OPTION...]";
    } else if (options->live && options->folder) {
        fault = "'--postconf' makes policyd read the usual folder, so it does not go with "
                "'--config-directory'";
    } else if (options->force && !options->output) {
        fault = "'--force' is for '--output'";
    }
    if (fault) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, fault);
    }
    return !fault;
}

static VerbStatus import_run(int argc, char **argv, GError **error) {
    g_auto(Options) options = {0};
    g_auto(GStrv) rest = NULL;
    const GOptionEntry entries[] = {
        {"config-directory", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, NULL, NULL},
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &options.output, NULL, NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, NULL, NULL},
        {"postconf", 0, 0, G_OPTION_ARG_NONE, &options.live, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rest, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error) || !check_options(&options, rest, error)) {
        return VERB_TROUBLE;
    }
    if (options.folder) {
        char *absolute = g_canonicalize_filename(options.folder, NULL);
        g_free(options.folder);
        options.folder = absolute;
    }
    g_autoptr(PostfixSettings) settings = postfix_settings_read(options.folder, error);
    return settings ? import_settings(&options, settings, error) : VERB_TROUBLE;
}

const Verb import_verb = {
    .name = "import",
    .summary = "write a rule file that decides as Postfix does now",
    .help =
        "usage: policyctl import [OPTION...]\n"
        "\n"
        "Reads main.cf and master.cf, and prints a rule file that decides about relaying as they\n"
        "do. Its comments tell how to put it to use, and what of them is not in it or decided\n"
        "more strictly; standard error has the latter too. The file passes check and prove.\n"
        "Exits 0 if everything was carried over, 1 if not, 2 if it can't read the settings or\n"
        "write the file.\n"
        "\n"
        "  --config-directory DIR  read the settings in DIR, not the usual ones\n"
        "  --postconf              have policyd read the lists from Postfix, at each load\n"
        "  --output FILE           write to FILE, which must not be there\n"
        "  --force                 replace FILE\n",
    .run = import_run,
};
