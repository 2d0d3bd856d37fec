/*
 * policyctl doctor: gathers what Postfix's settings, the rules and the running policyd say, and
 * prints what the checks of doctor/ find. Postfix's settings and the rules it must have; without
 * the daemon it goes on.
 */
#include <stdio.h>

#include "ctl/doctor/examination.h"
#include "ctl/doctor/interface.h"
#include "ctl/verb.h"
#include "fail.h"

typedef struct {
    char *folder;
    char *control;
    char *socket;
    char **paths;
    gboolean json;
} Options;

static void options_clear(Options *options) {
    g_free(options->folder);
    g_free(options->control);
    g_free(options->socket);
    g_strfreev(options->paths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* PostconfReader: of the folder that was named. */
static char *read_value(const char *parameter, gpointer data, GError **error) {
    const char *value = postfix_settings_value(data, parameter);
    if (!value) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "Postfix has no parameter '%s'",
                    parameter);
        return NULL;
    }
    return g_strdup(value);
}

/* NULL if it can't be loaded, which is told. */
static Ruleset *compile(PostfixSettings *postfix, const Options *options, const char *path) {
    const CompileHost host = {.read_postconf = read_value, .postconf = postfix, .detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    if (!options->folder) {
        return verb_load(path);
    }
    Ruleset *ruleset = compile_file(path, &host, diagnostics);
    verb_complain(diagnostics);
    return ruleset;
}

static void print_count(guint count, const char *what) {
    printf("%u %s%s", count, what, count == 1 ? "" : "s");
}

/* How many services ask policyd. */
static guint count_asking(const Installation *installation) {
    const PostfixSettings *postfix = installation->evidence.postfix;
    guint count = 0;
    for (guint i = 0; i < postfix_settings_service_count(postfix); i++) {
        count += installation_first_ask(installation, postfix_settings_service(postfix, i)) != NULL;
    }
    return count;
}

static void print_text(const Installation *installation, const GPtrArray *findings) {
    g_autofree char *text = findings_format(findings);
    guint dangers = findings_count(findings, FINDING_DANGER);
    guint warnings = findings_count(findings, FINDING_WARNING);
    fputs(text, stdout);
    if (dangers + warnings == 0) {
        printf("nothing is wrong: ");
        print_count(count_asking(installation), "smtpd service");
        puts(" asking policyd; lists, sockets, networks, domains, logins, failure, limits and "
             "rules were looked at");
        return;
    }
    print_count(dangers, "danger");
    fputs(", ", stdout);
    print_count(warnings, "warning");
    fputs(", ", stdout);
    print_count(findings_count(findings, FINDING_NOTE), "note");
    puts("; a command sets its parameter whole: run one, 'postfix reload', and ask again");
}

static void print_json(const Installation *installation, const GPtrArray *findings) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    verb_json_string(builder, "rules", installation->evidence.rules);
    verb_json_number(builder, "services_asking", count_asking(installation));
    verb_json_number(builder, "dangers", findings_count(findings, FINDING_DANGER));
    verb_json_number(builder, "warnings", findings_count(findings, FINDING_WARNING));
    verb_json_number(builder, "notes", findings_count(findings, FINDING_NOTE));
    findings_json(builder, findings);
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus examine(const Options *options, const Evidence *evidence) {
    g_autoptr(Installation) installation = installation_new(evidence);
    g_autoptr(GPtrArray) findings = examination_run(installation);
    if (options->json) {
        print_json(installation, findings);
    } else {
        print_text(installation, findings);
    }
    return findings_count(findings, FINDING_DANGER) + findings_count(findings, FINDING_WARNING) > 0
               ? VERB_FAILED
               : VERB_DONE;
}

/* The rule file that was named, or else the daemon's. */
static const char *choose_rules(const Options *options, const DaemonStatus *daemon) {
    if (options->paths) {
        return options->paths[0];
    }
    const char *path = daemon ? daemon_status_text(daemon, "rules") : "";
    return path[0] ? path : NULL;
}

static VerbStatus run_doctor(const Options *options, GError **error) {
    g_autoptr(GError) silence = NULL;
    g_autoptr(PostfixSettings) postfix = postfix_settings_read(options->folder, error);
    if (!postfix) {
        return VERB_TROUBLE;
    }
    g_autoptr(DaemonStatus) daemon = daemon_status(options->control, &silence);
    g_autoptr(GArray) interfaces = interfaces_read();
    const char *rules = choose_rules(options, daemon);
    g_autoptr(Ruleset) ruleset = rules ? compile(postfix, options, rules) : NULL;
    if (rules && !ruleset) {
        return VERB_TROUBLE;
    }
    const Evidence evidence = {
        .postfix = postfix,
        .folder = options->folder,
        .rules = rules,
        .rules_given = options->paths != NULL,
        .ruleset = ruleset,
        .daemon = daemon,
        .silence = silence ? silence->message : NULL,
        .socket = options->socket,
        .interfaces = interfaces,
    };
    return examine(options, &evidence);
}

static gboolean check_options(const Options *options, GError **error) {
    if (options->paths && g_strv_length(options->paths) > 1) {
        return fail_with(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                         "%u rule files given; it takes one: policyctl doctor RULES",
                         g_strv_length(options->paths));
    }
    if (options->socket && !g_str_has_prefix(options->socket, "unix:")
        && !g_str_has_prefix(options->socket, "inet:")) {
        return fail_with(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         "'%s' is neither unix:PATH nor inet:HOST:PORT", options->socket);
    }
    return TRUE;
}

static VerbStatus doctor_run(int argc, char **argv, GError **error) {
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"config-directory", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, NULL, NULL},
        {"control", 0, 0, G_OPTION_ARG_FILENAME, &options.control, NULL, NULL},
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &options.socket, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.paths, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error) || !check_options(&options, error)) {
        return VERB_TROUBLE;
    }
    return run_doctor(&options, error);
}

const Verb doctor_verb = {
    .name = "doctor",
    .summary = "check how Postfix and policyd are set up together",
    .help =
        "usage: policyctl doctor [RULES] [--config-directory DIR] [--control WHERE]\n"
        "                        [--socket ADDRESS] [--json]\n"
        "\n"
        "Compares main.cf and master.cf with the running policyd and the rule file RULES, by\n"
        "default the daemon's, and says what is wrong, the most dangerous first: where it is,\n"
        "why it matters, and the command that mends it. It changes nothing. Exits 0 if nothing\n"
        "is wrong (there may be notes), and else 1.\n"
        "\n"
        "  --config-directory DIR  where main.cf and master.cf are, if not where Postfix says\n"
        "  --control WHERE         policyd's control socket, if not unix:/run/policyd/control\n"
        "  --socket ADDRESS        where Postfix is to ask policyd, as check_policy_service\n"
        "                          has it, if not where the daemon listens\n"
        "  --json                  print an object instead\n",
    .run = doctor_run,
};
