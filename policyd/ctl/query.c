/*
 * policyctl query: one decision, by a rule file here or by a running policyd.
 */
#include <stdio.h>

#include "ctl/block.h"
#include "ctl/exchange.h"
#include "ctl/verb.h"
#include "protocol/request.h"
#include "rules/match.h"

/* `rule` and `ruleset` are NULL where policyd answered: a reply has neither. */
static void print_answer(const char *action, const char *rule, const char *ruleset) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    verb_json_string(builder, "action", action);
    if (rule) {
        verb_json_string(builder, "rule", rule);
        verb_json_string(builder, "ruleset", ruleset);
    }
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus ask_rules(const char *path, Text block, gboolean json) {
    g_autoptr(Ruleset) ruleset = verb_load(path);
    g_autoptr(Matcher) matcher = matcher_new();
    Request request;
    if (!ruleset) {
        return VERB_TROUBLE;
    }
    request_parse(block, &request);
    const Rule *rule = match(matcher, ruleset, &request);
    if (matcher_regex_limits(matcher) > 0) {
        fputs("policyctl query: a regex hit its limit: its test was false\n", stderr);
    }
    if (json) {
        print_answer(rule->decision, rule->place, ruleset_hash(ruleset));
    } else {
        printf("action=%s\n", rule->decision);
    }
    return VERB_DONE;
}

static VerbStatus ask_socket(const char *where, Text block, gboolean json, GError **error) {
    g_autofree char *action = exchange_ask(where, block, error);
    if (!action) {
        return VERB_TROUBLE;
    }
    if (json) {
        print_answer(action, NULL, NULL);
    } else {
        printf("action=%s\n", action);
    }
    return VERB_DONE;
}

static VerbStatus query_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) arguments = NULL;
    g_autofree char *rules = NULL;
    g_autofree char *socket = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"rules", 0, 0, G_OPTION_ARG_FILENAME, &rules, NULL, NULL},
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &socket, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    if (!rules == !socket) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "say who decides: either --rules FILE or --socket unix:PATH");
        return VERB_TROUBLE;
    }
    g_autoptr(GString) block =
        arguments ? block_from_arguments(arguments, error) : block_read(stdin, error);
    if (!block) {
        return VERB_TROUBLE;
    }
    return rules ? ask_rules(rules, block_text(block), json)
                 : ask_socket(socket, block_text(block), json, error);
}

const Verb query_verb = {
    .name = "query",
    .summary = "decide one request, by a rule file or by a running policyd",
    .help =
        "usage: policyctl query --rules FILE [--json] [NAME=VALUE...]\n"
        "       policyctl query --socket unix:PATH|inet:HOST:PORT [--json] [NAME=VALUE...]\n"
        "\n"
        "Prints what policyd would answer to a request, as action=..., and exits 0. The request\n"
        "is the arguments, or without any an attribute block on standard input; its\n"
        "request=smtpd_access_policy may be left out.\n"
        "\n"
        "  --rules FILE    decide by the rule file FILE\n"
        "  --socket WHERE  ask the policyd that listens at WHERE\n"
        "  --json          print an object instead\n",
    .run = query_run,
};
