/*
 * policyctl: finds the verb and runs it. An error is one line on standard error, and exit status 2.
 */
#include <stdio.h>

#include "ctl/verb.h"
#include "rules/nearest.h"

static const Verb *const verbs[] = {&check_verb,  &diff_verb,       &doctor_verb,  &explain_verb,
                                    &import_verb, &log_verb,        &metrics_verb, &prove_verb,
                                    &query_verb,  &relay_test_verb, &reload_verb,  &replay_verb,
                                    &status_verb, &test_verb};

static void print_help(FILE *stream) {
    fputs("usage: policyctl VERB [OPTION...] [ARGUMENT...]\n\n", stream);
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        fprintf(stream, "  %-12s%s\n", verbs[i]->name, verbs[i]->summary);
    }
    fputs("\n'policyctl VERB --help' tells a verb's options; policyctl(1) tells the rest.\n",
          stream);
}

static const Verb *find_verb(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (g_str_equal(name, verbs[i]->name)) {
            return verbs[i];
        }
    }
    return NULL;
}

static void refuse_verb(const char *name) {
    const char *known[G_N_ELEMENTS(verbs) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        known[i] = verbs[i]->name;
    }
    const char *nearest = nearest_find(text_from_string(name), known);
    if (nearest) {
        fprintf(stderr, "policyctl: unknown verb '%s'; did you mean '%s'?\n", name, nearest);
    } else {
        fprintf(stderr, "policyctl: unknown verb '%s'; 'policyctl --help' lists them\n", name);
    }
}

static gboolean wants_help(int argc, char **argv) {
    for (int i = 1; i < argc && !g_str_equal(argv[i], "--"); i++) {
        if (g_str_equal(argv[i], "--help")) {
            return TRUE;
        }
    }
    return FALSE;
}

static VerbStatus run(const Verb *verb, int argc, char **argv) {
    g_autoptr(GError) error = NULL;
    if (wants_help(argc, argv)) {
        fputs(verb->help, stdout);
        return VERB_DONE;
    }
    VerbStatus status = verb->run(argc, argv, &error);
    if (error) {
        verb_clean(error->message);
        fprintf(stderr, "policyctl %s: %s\n", verb->name, error->message);
    }
    return status;
}

static VerbStatus run_named(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (g_str_equal(name, "--help")) {
        print_help(stdout);
        return VERB_DONE;
    }
    if (g_str_equal(name, "--version")) {
        puts("policyctl " POLICYD_VERSION);
        return VERB_DONE;
    }
    const Verb *verb = find_verb(name);
    if (verb) {
        return run(verb, argc - 1, argv + 1);
    }
    if (argc > 1) {
        refuse_verb(name);
    } else {
        print_help(stderr);
    }
    return VERB_TROUBLE;
}

int main(int argc, char **argv) {
    VerbStatus status = run_named(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("policyctl: cannot write standard output\n", stderr);
        return VERB_TROUBLE;
    }
    return (int)status;
}
