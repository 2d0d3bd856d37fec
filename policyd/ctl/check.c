/*
 * policyctl check: compiles a rule file and prints every error of it. What it accepts, policyd
 * loads: both call compile_file().
 */
#include <stdio.h>

#include "ctl/verb.h"
#include "limit.h"

static void print_count(guint count, const char *what) {
    printf("%u %s%s, ", count, what, count == 1 ? "" : "s");
}

static void print_found(const char *path, const Ruleset *ruleset, const Diagnostics *diagnostics) {
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        fputs(text, stderr);
        return;
    }
    printf("%s: ok: ", path);
    print_count(ruleset_rule_count(ruleset), "rule");
    print_count(ruleset_named_list_count(ruleset), "list");
    print_count(ruleset_assertion_count(ruleset), "assertion");
    printf("ruleset %s\n", ruleset_hash(ruleset));
}

static void add_error(JsonBuilder *builder, const Diagnostic *diagnostic) {
    json_builder_begin_object(builder);
    verb_json_string(builder, "file", diagnostic->file);
    verb_json_number(builder, "line", diagnostic->line);
    verb_json_number(builder, "column", diagnostic->column);
    verb_json_string(builder, "message", diagnostic->message);
    json_builder_end_object(builder);
}

static void print_json(const char *path, const Ruleset *ruleset, const Diagnostics *diagnostics) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    guint count = diagnostics_count(diagnostics);
    json_builder_begin_object(builder);
    verb_json_string(builder, "file", path);
    json_builder_set_member_name(builder, "ok");
    json_builder_add_boolean_value(builder, ruleset != NULL);
    verb_json_string(builder, "ruleset", ruleset ? ruleset_hash(ruleset) : NULL);
    verb_json_number(builder, "rules", ruleset ? ruleset_rule_count(ruleset) : 0);
    verb_json_number(builder, "error_count", count);
    json_builder_set_member_name(builder, "errors");
    json_builder_begin_array(builder);
    for (guint i = 0; i < MIN(count, LIMIT_DIAGNOSTICS); i++) {
        add_error(builder, diagnostics_get(diagnostics, i));
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus check_run(int argc, char **argv, GError **error) {
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
    if (!paths || g_strv_length(paths) != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%u rule files given; it takes one: policyctl check RULES",
                    paths ? g_strv_length(paths) : 0);
        return VERB_TROUBLE;
    }
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Ruleset) ruleset = verb_compile(paths[0], diagnostics);
    (json ? print_json : print_found)(paths[0], ruleset, diagnostics);
    return ruleset ? VERB_DONE : VERB_TROUBLE;
}

const Verb check_verb = {
    .name = "check",
    .summary = "read a rule file and print every error in it",
    .help =
        "usage: policyctl check RULES [--json]\n"
        "\n"
        "Reads the rule file RULES and the lists that it names. Prints one line if it is good,\n"
        "and exits 0; else every error with its place, on standard error, and exits 2.\n"
        "\n"
        "  --json  print an object instead, on standard output\n",
    .run = check_run,
};
