/*
 * policyctl reload: has the running policyd read its rule file anew, and says what came of it.
 */
#include <stdio.h>

#include "ctl/daemon.h"
#include "ctl/verb.h"

static VerbStatus reload_run(int argc, char **argv, GError **error) {
    g_autofree char *where = NULL;
    int status;
    const GOptionEntry entries[] = {
        {"control", 0, 0, G_OPTION_ARG_FILENAME, &where, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    g_autofree char *text = daemon_ask(where, "reload", &status, error);
    if (!text) {
        return VERB_TROUBLE;
    }
    fputs(text, status == VERB_DONE ? stdout : stderr);
    return status == VERB_DONE ? VERB_DONE : status == VERB_FAILED ? VERB_FAILED : VERB_TROUBLE;
}

const Verb reload_verb = {
    .name = "reload",
    .summary = "have the running policyd read its rules anew",
    .help =
        "usage: policyctl reload [--control WHERE]\n"
        "\n"
        "Asks policyd to read its rule file and all lists anew, and waits. Prints what changed\n"
        "in a line, and exits 0; or what is wrong, as check does, and exits 1 if something is\n"
        "not proved, 2 if the file can't be read or is in error: then the rules in service\n"
        "stay.\n"
        "\n"
        "  --control WHERE  the control socket, unix:PATH, if not unix:/run/policyd/control\n",
    .run = reload_run,
};
