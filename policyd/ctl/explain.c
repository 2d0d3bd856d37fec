/*
 * policyctl explain: why a rule file decides a request as it does.
 */
#include "rules/explain.h"

#include <stdio.h>

#include "ctl/block.h"
#include "ctl/verb.h"

static void add_boolean(JsonBuilder *builder, const char *name, gboolean value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void begin_array(JsonBuilder *builder, const char *name) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

/* The last claim is the test; those before it are conditions. */
static void add_reason(JsonBuilder *builder, const ExplainReason *reason) {
    guint last = reason->claims->len - 1;
    const ExplainClaim *test = &g_array_index(reason->claims, ExplainClaim, last);
    json_builder_begin_object(builder);
    begin_array(builder, "conditions");
    for (guint i = 0; i < last; i++) {
        const ExplainClaim *claim = &g_array_index(reason->claims, ExplainClaim, i);
        json_builder_begin_object(builder);
        verb_json_string(builder, "name", claim->text);
        add_boolean(builder, "holds", claim->holds);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    verb_json_string(builder, "test", test->text);
    add_boolean(builder, "holds", test->holds);
    verb_json_string(builder, "why", reason->why);
    json_builder_end_object(builder);
}

static void add_rule(JsonBuilder *builder, const ExplainedRule *rule) {
    json_builder_begin_object(builder);
    verb_json_number(builder, "number", rule->number);
    verb_json_string(builder, "rule", rule->rule->place);
    verb_json_string(builder, "action", action_info(rule->rule->action)->name);
    add_boolean(builder, "matched", rule->matched);
    begin_array(builder, "reasons");
    for (guint i = 0; i < rule->reasons->len; i++) {
        add_reason(builder, g_ptr_array_index(rule->reasons, i));
    }
    json_builder_end_array(builder);
    add_boolean(builder, "more_reasons", rule->more);
    json_builder_end_object(builder);
}

static void add_entry(JsonBuilder *builder, const ExplainedEntry *explained) {
    const ListEntry *entry = &explained->entry;
    g_autofree char *item = g_strndup(entry->item.data, entry->item.length);
    json_builder_begin_object(builder);
    verb_json_string(builder, "list", explained->name);
    verb_json_string(builder, "item", item);
    verb_json_string(builder, "file", entry->source);
    verb_json_number(builder, "line", entry->line);
    json_builder_end_object(builder);
}

static void add_value(JsonBuilder *builder, const ExplainedValue *value) {
    json_builder_begin_object(builder);
    verb_json_string(builder, "name", value->name);
    verb_json_string(builder, "value", value->value);
    verb_json_string(builder, "text", value->text);
    begin_array(builder, "lists");
    for (guint i = 0; i < value->entries->len; i++) {
        add_entry(builder, &g_array_index(value->entries, ExplainedEntry, i));
    }
    json_builder_end_array(builder);
    verb_json_number(builder, "more_lists", value->more);
    json_builder_end_object(builder);
}

static void print_json(const Explanation *explanation, const Ruleset *ruleset) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    verb_json_string(builder, "action", explanation->decision->decision);
    verb_json_string(builder, "rule", explanation->decision->place);
    verb_json_string(builder, "ruleset", ruleset_hash(ruleset));
    begin_array(builder, "rules");
    for (guint i = 0; i < explanation->rules->len; i++) {
        add_rule(builder, g_ptr_array_index(explanation->rules, i));
    }
    json_builder_end_array(builder);
    begin_array(builder, "values");
    for (guint i = 0; i < explanation->values->len; i++) {
        add_value(builder, g_ptr_array_index(explanation->values, i));
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static void print_text(const Explanation *explanation) {
    g_autofree char *text = explanation_format(explanation);
    fputs(text, stdout);
}

static VerbStatus explain_block(const char *path, Text block, gboolean all, gboolean json) {
    g_autoptr(Ruleset) ruleset = verb_load(path);
    Request request;
    if (!ruleset) {
        return VERB_TROUBLE;
    }
    request_parse(block, &request);
    g_autoptr(Explanation) explanation = explain(ruleset, &request, all);
    if (json) {
        print_json(explanation, ruleset);
    } else {
        print_text(explanation);
    }
    return VERB_DONE;
}

static VerbStatus explain_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) arguments = NULL;
    g_autofree char *rules = NULL;
    gboolean json = FALSE;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"rules", 0, 0, G_OPTION_ARG_FILENAME, &rules, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, NULL, NULL},
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    if (!rules) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "say which rules decide: --rules FILE");
        return VERB_TROUBLE;
    }
    g_autoptr(GString) block =
        arguments ? block_from_arguments(arguments, error) : block_read(stdin, error);
    return block ? explain_block(rules, block_text(block), all, json) : VERB_TROUBLE;
}

const Verb explain_verb = {
    .name = "explain",
    .summary = "say why a rule file decides a request as it does",
    .help =
        "usage: policyctl explain --rules FILE [--all] [--json] [NAME=VALUE...]\n"
        "\n"
        "Prints the decision, then each rule up to the deciding one with what in its condition\n"
        "failed and the value that failed it, then the values and the lists that hold them, and\n"
        "exits 0. The request is given as for 'policyctl query'.\n"
        "\n"
        "  --rules FILE  decide by the rule file FILE\n"
        "  --all         show all rules: of more than 20, only those are shown that one part of\n"
        "                their condition kept from matching\n"
        "  --json        print an object instead\n",
    .run = explain_run,
};
