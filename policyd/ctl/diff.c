/*
 * policyctl diff: what a change of the rule file changes, in the files' own words.
 */
#include <stdio.h>

#include "analysis/diff.h"
#include "ctl/progress.h"
#include "ctl/verb.h"
#include "ctl/words.h"

typedef struct {
    const char *paths[2];
    gboolean json;
    guint classes;
    guint32 budget;
} Arguments;

static const char *const sides[] = {"old", "new"};

/* Words to paste behind `policyctl query`; the caller frees them. */
static char *find_words(const char *witness) {
    g_autofree char *block = g_strconcat(witness, "\n", NULL);
    Request request;
    return request_parse(text_from_string(block), &request) == REQUEST_OK
               ? words_from_request(&request)
               : NULL;
}

static char *class_text(const DiffClass *class) {
    g_autofree char *text =
        class->claims ? describe_text(class->claims, sides) : g_strdup("some requests");
    return g_strconcat(text, class->unmatched ? ", where no rule above matches" : "", NULL);
}

static void print_class(const DiffClass *class, gboolean text_only) {
    const Rule *before = class->rules[0];
    const Rule *after = class->rules[1];
    g_autofree char *text = class_text(class);
    printf("\n%s%s%s: %s\n", action_info(before->action)->name, text_only ? "" : " -> ",
           text_only ? ", only the text" : action_info(after->action)->name, text);
    printf("  %s (%s) -> %s (%s)\n", before->decision, before->place, after->decision,
           after->place);
    if (class->witness) {
        g_autofree char *words = find_words(class->witness);
        printf("  %s\n", words);
    } else if (class->obstacles[0] != '\0') {
        printf("  possible; no text was found for: %s\n", class->obstacles);
    } else {
        printf("  possible; no request was found that shows it\n");
    }
}

static void print_changes(const DiffChanges *changes, gboolean text_only) {
    for (guint i = 0; i < changes->classes->len; i++) {
        print_class(g_ptr_array_index(changes->classes, i), text_only);
    }
    if (changes->more) {
        printf("\nand more%s\n", text_only ? " of which only the text changes" : "");
    }
}

/* What changes, in a line. */
static const char *find_summary(const Diff *found) {
    switch (found->verdict) {
    case DIFF_EQUAL:
        return found->axioms ? "equal in every decision on what Postfix can send"
                             : "equal in every decision";
    case DIFF_CHANGED:
        return found->actions.classes->len > 0 ? "decisions change" : "only texts change";
    case DIFF_POSSIBLE:
        return "decisions may change, but no request was found that shows it";
    case DIFF_UNDECIDED:
        break;
    }
    return "NOT DECIDED";
}

static void print_diff(const Arguments *arguments, const Diff *found) {
    printf("%s -> %s: %s\n", arguments->paths[0], arguments->paths[1], find_summary(found));
    for (guint i = 0; found->axioms && i < found->axioms->len; i++) {
        printf("  as %s\n", (const char *)g_ptr_array_index(found->axioms, i));
    }
    print_changes(&found->actions, FALSE);
    print_changes(&found->texts, TRUE);
    if (found->undecided) {
        printf("%sthe budget of nodes does not suffice, or the comparison was stopped; a larger "
               "--budget may decide it\n",
               found->verdict == DIFF_UNDECIDED ? "  " : "\nNOT DECIDED whether there is more: ");
    }
}

static void begin_array(JsonBuilder *builder, const char *name) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

static void add_flag(JsonBuilder *builder, const char *name, gboolean value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void add_rule(JsonBuilder *builder, const char *name, const Rule *rule) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    verb_json_string(builder, "action", rule->decision);
    verb_json_string(builder, "rule", rule->place);
    json_builder_end_object(builder);
}

static void add_claims(JsonBuilder *builder, const GPtrArray *claims) {
    begin_array(builder, "conditions");
    for (guint i = 0; claims && i < claims->len; i++) {
        const Claim *claim = g_ptr_array_index(claims, i);
        json_builder_begin_object(builder);
        verb_json_string(builder, "condition", claim->text);
        add_flag(builder, "holds", claim->holds);
        verb_json_string(builder, "file", claim->ambiguous ? sides[claim->file] : NULL);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_class(JsonBuilder *builder, const DiffClass *class, gboolean text_only) {
    g_autofree char *text = class_text(class);
    g_autofree char *words = class->witness ? find_words(class->witness) : NULL;
    json_builder_begin_object(builder);
    add_flag(builder, "text_only", text_only);
    add_rule(builder, "old", class->rules[0]);
    add_rule(builder, "new", class->rules[1]);
    verb_json_string(builder, "class", text);
    add_claims(builder, class->claims);
    add_flag(builder, "unmatched_above", class->unmatched);
    verb_json_string(builder, "request", words);
    verb_json_string(builder, "obstacles", class->obstacles);
    json_builder_end_object(builder);
}

static void add_changes(JsonBuilder *builder, const DiffChanges *changes, gboolean text_only) {
    for (guint i = 0; i < changes->classes->len; i++) {
        add_class(builder, g_ptr_array_index(changes->classes, i), text_only);
    }
}

static void add_file(JsonBuilder *builder, const char *name, const char *path,
                     const Ruleset *ruleset) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    verb_json_string(builder, "file", path);
    verb_json_string(builder, "ruleset", ruleset_hash(ruleset));
    json_builder_end_object(builder);
}

static void print_json(const Arguments *arguments, const Ruleset *const rulesets[2],
                       const Diff *found) {
    static const char *const verdicts[] = {
        [DIFF_EQUAL] = "equal",
        [DIFF_CHANGED] = "changed",
        [DIFF_POSSIBLE] = "possible",
        [DIFF_UNDECIDED] = "not decided",
    };
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        add_file(builder, sides[i], arguments->paths[i], rulesets[i]);
    }
    verb_json_string(builder, "verdict", verdicts[found->verdict]);
    begin_array(builder, "axioms");
    for (guint i = 0; found->axioms && i < found->axioms->len; i++) {
        json_builder_add_string_value(builder, g_ptr_array_index(found->axioms, i));
    }
    json_builder_end_array(builder);
    begin_array(builder, "changes");
    add_changes(builder, &found->actions, FALSE);
    add_changes(builder, &found->texts, TRUE);
    json_builder_end_array(builder);
    add_flag(builder, "more", found->actions.more);
    add_flag(builder, "more_texts", found->texts.more);
    add_flag(builder, "undecided", found->undecided);
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus compare_files(const Arguments *arguments) {
    g_autoptr(Ruleset) before = verb_load(arguments->paths[0]);
    g_autoptr(Ruleset) after = verb_load(arguments->paths[1]);
    if (!before || !after) {
        return VERB_TROUBLE;
    }
    g_autoptr(Diff) found =
        diff(before, after, arguments->classes, progress_begin(arguments->budget));
    if (progress_end()) {
        fputs("policyctl diff: interrupted; what is not decided yet stays so\n", stderr);
    }
    if (arguments->json) {
        const Ruleset *const rulesets[] = {before, after};
        print_json(arguments, rulesets, found);
    } else {
        print_diff(arguments, found);
    }
    return found->verdict == DIFF_EQUAL ? VERB_DONE : VERB_FAILED;
}

static VerbStatus diff_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) paths = NULL;
    Arguments arguments = {.classes = DIFF_CLASSES_DEFAULT};
    gboolean all = FALSE;
    gint64 budget = ANALYSIS_BUDGET_DEFAULT;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, NULL, NULL},
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, NULL, NULL},
        {"budget", 0, 0, G_OPTION_ARG_INT64, &budget, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    if (!paths || g_strv_length(paths) != 2) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "it takes two rule files: policyctl diff OLD NEW");
        return VERB_TROUBLE;
    }
    arguments.paths[0] = paths[0];
    arguments.paths[1] = paths[1];
    arguments.classes = all ? DIFF_CLASSES_MAX : DIFF_CLASSES_DEFAULT;
    arguments.budget = (guint32)CLAMP(budget, 0, G_MAXUINT32);
    return compare_files(&arguments);
}

const Verb diff_verb = {
    .name = "diff",
    .summary = "tell which requests two rule files decide otherwise",
    .help =
        "usage: policyctl diff OLD NEW [--all] [--json] [--budget NODES]\n"
        "\n"
        "Compares the decisions of the rule files OLD and NEW on all requests there are. Prints\n"
        "what changes as classes of requests, each with the rules that decide, and a request to\n"
        "be pasted behind 'policyctl query'. Exits 0 if every decision is equal, and else 1,\n"
        "also where only the texts of replies change, or it was not decided.\n"
        "\n"
        "  --all           print up to 1,000 classes, not 10\n"
        "  --json          print an object instead\n"
        "  --budget NODES  give up where a diagram would need more nodes than these\n",
    .run = diff_run,
};
