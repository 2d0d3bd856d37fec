/*
 * policyctl replay: decides the requests of an audit log anew, and tells what changed. What can't
 * be decided is counted by its reason: no line is passed over in silence.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/audit_line.h"
#include "ctl/audit_log.h"
#include "ctl/changes.h"
#include "ctl/ctl_limit.h"
#include "ctl/verb.h"
#include "rules/match.h"

#define LEFT_OUT_EXAMPLES 3

/* Lines of one AuditLineStatus. */
typedef struct {
    guint64 count;
    guint64 lines[LEFT_OUT_EXAMPLES]; /* the numbers of the first */
} Lines;

typedef struct {
    char hash[RULESET_HASH_LENGTH + 1];
    guint64 count;
} Past;

typedef struct {
    const char *path; /* of the log */
    const char *name; /* for people */
    const Ruleset *ruleset;
    Matcher *matcher;
    Changes *changes;
    guint64 line_count;
    Lines lines[AUDIT_LINE_FOREIGN + 1];
    guint past_count;
    guint64 past_others;
    Past past[LIMIT_REPLAY_RULESETS]; /* the rulesets that decided, in the log's order */
} Replay;

/* Why lines are left out, as text and as JSON has it. */
static const struct {
    AuditLineStatus status;
    const char *text;
    const char *name;
} reasons[] = {
    {AUDIT_LINE_CUT, "for a cut value", "cut"},
    {AUDIT_LINE_TORN, "torn", "torn"},
    {AUDIT_LINE_FOREIGN, "no audit line", "foreign"},
};

static void count_line(Lines *lines, guint64 number) {
    if (lines->count < LEFT_OUT_EXAMPLES) {
        lines->lines[lines->count] = number;
    }
    lines->count++;
}

static void count_ruleset(Replay *replay, Text hash) {
    for (guint i = 0; i < replay->past_count; i++) {
        if (memcmp(replay->past[i].hash, hash.data, RULESET_HASH_LENGTH) == 0) {
            replay->past[i].count++;
            return;
        }
    }
    if (replay->past_count == LIMIT_REPLAY_RULESETS) {
        replay->past_others++;
        return;
    }
    Past *past = &replay->past[replay->past_count++];
    memcpy(past->hash, hash.data, RULESET_HASH_LENGTH);
    past->count = 1;
}

static void decide(Replay *replay, const AuditLine *logged, guint64 number) {
    const Rule *now = match(replay->matcher, replay->ruleset, &logged->request);
    count_ruleset(replay, logged->ruleset);
    if (!text_equal(logged->decision, text_from_string(now->decision))) {
        changes_add(replay->changes, logged, number, now);
    }
}

static gboolean read_log(Replay *replay, GError **error) {
    g_autoptr(GError) wrong = NULL;
    g_autoptr(AuditLog) log = audit_log_open(replay->path, error);
    AuditLine logged;
    size_t length;
    char *line;
    if (!log) {
        return FALSE;
    }
    while ((line = audit_log_next(log, &length, &wrong))) {
        AuditLineStatus status = audit_line_read(line, length, &logged);
        count_line(&replay->lines[status], audit_log_line(log));
        if (status == AUDIT_LINE_WHOLE) {
            decide(replay, &logged, audit_log_line(log));
        }
    }
    replay->line_count = audit_log_line(log);
    if (wrong) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return FALSE;
    }
    return TRUE;
}

static const char *lines_word(guint64 count) {
    return count == 1 ? "line" : "lines";
}

static void print_lines(const Lines *lines, const char *reason) {
    if (lines->count == 0) {
        return;
    }
    printf("%" G_GUINT64_FORMAT " %s left out, %s:", lines->count, lines_word(lines->count),
           reason);
    for (guint64 i = 0; i < MIN(lines->count, LEFT_OUT_EXAMPLES); i++) {
        printf("%s %" G_GUINT64_FORMAT, i > 0 ? "," : "", lines->lines[i]);
    }
    puts(lines->count > LEFT_OUT_EXAMPLES ? ", ..." : "");
}

static void print_rulesets(const Replay *replay) {
    for (guint i = 0; i < replay->past_count && replay->past_count > 1; i++) {
        const Past *past = &replay->past[i];
        printf("%" G_GUINT64_FORMAT " %s decided by ruleset %s\n", past->count,
               lines_word(past->count), past->hash);
    }
    if (replay->past_others > 0) {
        printf("%" G_GUINT64_FORMAT " %s decided by other rulesets\n", replay->past_others,
               lines_word(replay->past_others));
    }
}

static void print_change(const Change *change) {
    printf("\n%" G_GUINT64_FORMAT " %s: %s (%s) -> %s (%s)\n", change->count,
           lines_word(change->count), change->decision, change->rule, change->now->decision,
           change->now->place);
    for (guint i = 0; i < change->example_count; i++) {
        const ChangeExample *example = &change->examples[i];
        printf("  line %" G_GUINT64_FORMAT ": %s\n", example->line,
               example->words ? example->words : "a value holds a NUL byte, which no word can");
    }
}

static void print_replay(const Replay *replay) {
    g_autoptr(GPtrArray) changes = changes_sorted(replay->changes);
    guint64 ungrouped = changes_ungrouped(replay->changes);
    printf("%s: %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " decided anew, %" G_GUINT64_FORMAT
           " changed\n",
           replay->name, replay->line_count, lines_word(replay->line_count),
           replay->lines[AUDIT_LINE_WHOLE].count, changes_total(replay->changes));
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        print_lines(&replay->lines[reasons[i].status], reasons[i].text);
    }
    print_rulesets(replay);
    for (guint i = 0; i < changes->len; i++) {
        print_change(g_ptr_array_index(changes, i));
    }
    if (ungrouped > 0) {
        printf("\n%" G_GUINT64_FORMAT " more changed, in more ways than are told apart\n",
               ungrouped);
    }
}

static void add_number(JsonBuilder *builder, const char *name, guint64 value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)value);
}

static void begin_array(JsonBuilder *builder, const char *name) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

static void add_lines(JsonBuilder *builder, const Lines *lines, const char *name) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    add_number(builder, "count", lines->count);
    begin_array(builder, "first");
    for (guint64 i = 0; i < MIN(lines->count, LEFT_OUT_EXAMPLES); i++) {
        json_builder_add_int_value(builder, (gint64)lines->lines[i]);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void add_rulesets(JsonBuilder *builder, const Replay *replay) {
    begin_array(builder, "rulesets");
    for (guint i = 0; i < replay->past_count; i++) {
        json_builder_begin_object(builder);
        verb_json_string(builder, "ruleset", replay->past[i].hash);
        add_number(builder, "lines", replay->past[i].count);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_decision(JsonBuilder *builder, const char *name, const char *decision,
                         const char *rule) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    verb_json_string(builder, "action", decision);
    verb_json_string(builder, "rule", rule);
    json_builder_end_object(builder);
}

static void add_change(JsonBuilder *builder, const Change *change) {
    json_builder_begin_object(builder);
    add_number(builder, "lines", change->count);
    add_decision(builder, "old", change->decision, change->rule);
    add_decision(builder, "new", change->now->decision, change->now->place);
    begin_array(builder, "examples");
    for (guint i = 0; i < change->example_count; i++) {
        json_builder_begin_object(builder);
        add_number(builder, "line", change->examples[i].line);
        verb_json_string(builder, "request", change->examples[i].words);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void print_json(const Replay *replay) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(GPtrArray) changes = changes_sorted(replay->changes);
    json_builder_begin_object(builder);
    verb_json_string(builder, "log", replay->name);
    verb_json_string(builder, "ruleset", ruleset_hash(replay->ruleset));
    add_number(builder, "lines", replay->line_count);
    add_number(builder, "decided", replay->lines[AUDIT_LINE_WHOLE].count);
    add_number(builder, "changed", changes_total(replay->changes));
    json_builder_set_member_name(builder, "left_out");
    json_builder_begin_object(builder);
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        add_lines(builder, &replay->lines[reasons[i].status], reasons[i].name);
    }
    json_builder_end_object(builder);
    add_rulesets(builder, replay);
    add_number(builder, "other_rulesets", replay->past_others);
    begin_array(builder, "changes");
    for (guint i = 0; i < changes->len; i++) {
        add_change(builder, g_ptr_array_index(changes, i));
    }
    json_builder_end_array(builder);
    add_number(builder, "other_changes", changes_ungrouped(replay->changes));
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus replay_log(const char *rules, const char *log, gboolean json, GError **error) {
    g_autoptr(Ruleset) ruleset = verb_load(rules);
    g_autoptr(Matcher) matcher = matcher_new();
    g_autoptr(Changes) changes = changes_new();
    const char *name = g_str_equal(log, "-") ? "standard input" : log;
    Replay replay = {
        .path = log, .name = name, .ruleset = ruleset, .matcher = matcher, .changes = changes};
    if (!ruleset) {
        return VERB_TROUBLE;
    }
    if (!read_log(&replay, error)) {
        return VERB_TROUBLE;
    }
    (json ? print_json : print_replay)(&replay);
    if (matcher_regex_limits(matcher) > 0) {
        fprintf(stderr,
                "policyctl replay: a regex hit its limit %" G_GUINT64_FORMAT
                " times: its test was false\n",
                matcher_regex_limits(matcher));
    }
    if (replay.lines[AUDIT_LINE_WHOLE].count == 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "no request could be read from '%s'",
                    name);
        return VERB_TROUBLE;
    }
    return changes_total(changes) > 0 ? VERB_FAILED : VERB_DONE;
}

static VerbStatus replay_run(int argc, char **argv, GError **error) {
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
    if (!paths || g_strv_length(paths) != 2) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "it takes a rule file and a log: policyctl replay RULES AUDITLOG");
        return VERB_TROUBLE;
    }
    return replay_log(paths[0], paths[1], json, error);
}

const Verb replay_verb = {
    .name = "replay",
    .summary = "decide the requests of an audit log anew, and show what changes",
    .help =
        "usage: policyctl replay RULES AUDITLOG [--json]\n"
        "\n"
        "Decides every request of the audit log AUDITLOG, or of standard input for '-', by the\n"
        "rule file RULES. Prints the decisions that are others now, in groups by what decided\n"
        "then and now, with up to 3 examples each, to be pasted behind 'policyctl query'.\n"
        "Exits 0 if nothing changed, 1 if something did.\n"
        "\n"
        "  --json  print an object instead\n",
    .run = replay_run,
};
