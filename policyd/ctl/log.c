/*
 * policyctl log: prints the lines of an audit log that are asked for, as they come if it follows
 * the log, or sums them up. What can't be shown is counted by its reason.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/audit_line.h"
#include "ctl/audit_log.h"
#include "ctl/log/columns.h"
#include "ctl/log/filter.h"
#include "ctl/log/follow.h"
#include "ctl/log/json.h"
#include "ctl/log/left_out.h"
#include "ctl/log/output.h"
#include "ctl/log/summary.h"
#include "ctl/verb.h"

#define DEFAULT_PATH "/var/log/policyd/audit.log"

/* Lines of what is there already that following begins with, as tail(1) does. */
#define RECENT 10

/* Milliseconds between two looks at a log that is followed, and the looks until it is told that
 * there is none: between a rename and the new file there are few. */
#define LOOK_INTERVAL 100
#define LOOKS_UNTIL_TOLD 10

typedef struct {
    gboolean follow;
    gboolean raw;
    gboolean json;
    gboolean summary;
    gboolean since; /* a filter says where to begin */
    const char *rules;
    const char *path;
    const char *name; /* for people */
} Options;

typedef struct {
    const Options *options;
    const LogFilter *filter;
    LogOutput *output;
    LogSummary *summary; /* or NULL */
    GString *line;       /* as it is: reading changes it */
    GQueue *recent;      /* lines that may be shown, or NULL where all are */
    gboolean eager;      /* each line is written at once */
    gboolean closed;     /* nobody reads the output any more */
    LogColumns columns;
    LogLeftOut left_out;
    guint64 lines;
    guint64 matched;
} Run;

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

/* A terminal gets nothing to obey: a tag before the audit line may hold any byte. */
static void write_raw(const Run *run, GString *out) {
    Text line = text_make(run->line->str, run->line->len);
    if (!log_output_is_terminal(run->output)) {
        g_string_append_len(out, line.data, (gssize)line.length);
        return;
    }
    for (size_t i = 0; i + 1 < line.length; i++) {
        g_string_append_printf(out, g_ascii_isprint(line.data[i]) ? "%c" : "\\x%02x",
                               (guint)(guchar)line.data[i]);
    }
    g_string_append_c(out, '\n');
}

static void write_line(Run *run, const AuditLine *line) {
    GString *out = log_output_text(run->output);
    if (run->options->raw) {
        write_raw(run, out);
    } else if (run->options->json) {
        log_json_write(line, out);
    } else {
        log_columns_write(&run->columns, line, out);
    }
}

/* The same, to be shown if it turns out to be one of the last. */
static void keep_line(Run *run, const AuditLine *line) {
    GString *out = log_output_text(run->output);
    write_line(run, line);
    g_queue_push_tail(run->recent, g_strndup(out->str, out->len));
    g_string_truncate(out, 0);
    if (g_queue_get_length(run->recent) > RECENT) {
        g_free(g_queue_pop_head(run->recent));
    }
}

static void show_recent(Run *run) {
    for (char *line; run->recent && (line = g_queue_pop_head(run->recent)); g_free(line)) {
        g_string_append(log_output_text(run->output), line);
    }
    g_clear_pointer(&run->recent, g_queue_free);
}

static void show_line(Run *run, const AuditLine *line, const LogTime *time) {
    run->matched++;
    if (run->summary) {
        log_summary_add(run->summary, line, time);
    } else if (run->recent) {
        keep_line(run, line);
    } else {
        write_line(run, line);
    }
}

/* An audit line whose time is none was not written by policyd. */
static AuditLineStatus read_line(char *text, size_t length, AuditLine *line, LogTime *time) {
    AuditLineStatus status = audit_line_read(text, length, line);
    return status <= AUDIT_LINE_CUT && !log_time_read(line->time, time) ? AUDIT_LINE_FOREIGN
                                                                        : status;
}

static void take_line(Run *run, char *text, size_t length) {
    AuditLine line;
    LogTime time;
    run->lines++;
    if (run->options->raw) {
        g_string_truncate(run->line, 0);
        g_string_append_len(run->line, text, (gssize)length);
    }
    AuditLineStatus status = read_line(text, length, &line, &time);
    if (status > AUDIT_LINE_CUT) {
        log_left_out_add(&run->left_out,
                         status == AUDIT_LINE_TORN ? LOG_LEFT_OUT_TORN : LOG_LEFT_OUT_FOREIGN,
                         run->lines);
        return;
    }
    switch (log_filter_ask(run->filter, &line, &time)) {
    case LOG_FILTER_YES:
        show_line(run, &line, &time);
        break;
    case LOG_FILTER_UNKNOWN:
        log_left_out_add(&run->left_out, LOG_LEFT_OUT_CUT, run->lines);
        break;
    case LOG_FILTER_NO:
        break;
    }
}

/* FALSE if that was the end of the output; with an error, unless nobody reads it any more. */
static gboolean write_out(Run *run, gboolean all, GError **error) {
    run->closed = !(all ? log_output_flush : log_output_spill)(run->output, error);
    return !run->closed;
}

static gboolean read_log(Run *run, GError **error) {
    g_autoptr(GError) wrong = NULL;
    g_autoptr(AuditLog) log = audit_log_open(run->options->path, error);
    size_t length;
    char *line;
    if (!log) {
        return FALSE;
    }
    while ((line = audit_log_next(log, &length, &wrong))) {
        take_line(run, line, length);
        if (!write_out(run, run->eager, error)) {
            return FALSE;
        }
    }
    if (wrong) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return FALSE;
    }
    return TRUE;
}

/* Tells once that there is nothing to follow, if that doesn't pass. */
static void tell_trouble(const Run *run, int trouble, guint *looks) {
    guint until = run->lines > 0 ? LOOKS_UNTIL_TOLD : 1;
    *looks = trouble ? MIN(*looks + 1, LOOKS_UNTIL_TOLD + 1) : 0;
    if (*looks == until) {
        fprintf(stderr, "policyctl log: waiting for '%s': %s\n", run->options->path,
                g_strerror(trouble));
        *looks = LOOKS_UNTIL_TOLD + 1;
    }
}

static void tell_truncated(const Run *run) {
    fprintf(stderr,
            "policyctl log: '%s' was truncated, and no copy of it is beside it: lines may be "
            "missing here\n",
            run->options->path);
}

/* Until an interrupt, or the end of the output. */
static gboolean follow_lines(Run *run, LogFollow *follow, GError **error) {
    guint looks = 0;
    size_t length;
    char *line;
    while (!interrupted) {
        LogFollowStatus status = log_follow_next(follow, &line, &length, error);
        if (status == LOG_FOLLOW_FAILED) {
            return FALSE;
        }
        if (status == LOG_FOLLOW_LINE) {
            take_line(run, line, length);
        } else {
            show_recent(run);
        }
        if (!write_out(run, status != LOG_FOLLOW_LINE, error)) {
            return FALSE;
        }
        if (status == LOG_FOLLOW_TRUNCATED) {
            tell_truncated(run);
        } else if (status == LOG_FOLLOW_WAIT) {
            tell_trouble(run, log_follow_trouble(follow), &looks);
            if (!log_output_wait(run->output, LOOK_INTERVAL)) {
                return TRUE;
            }
        }
    }
    return TRUE;
}

/* The first interrupt ends it in order, a second one at once. */
static gboolean follow_log(Run *run, GError **error) {
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    g_autoptr(LogFollow) follow = log_follow_open(run->options->path, error);
    if (!follow) {
        return FALSE;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (log_follow_trouble(follow) == 0 && !run->options->since) {
        run->recent = g_queue_new();
    }
    gboolean done = follow_lines(run, follow, error);
    show_recent(run);
    return done;
}

static void write_summary(const Run *run) {
    GString *out = log_output_text(run->output);
    const LogSummaryHead head = {run->options->name, run->lines, &run->left_out};
    if (run->options->json) {
        log_summary_write_json(run->summary, &head, out);
    } else {
        log_summary_write(run->summary, &head, log_output_width(run->output), log_output_is_utf8(),
                          out);
    }
}

static void tell_left_out(const Run *run) {
    g_autoptr(GString) text = g_string_new(NULL);
    log_left_out_write(&run->left_out, "policyctl log: ", !run->options->follow, text);
    fputs(text->str, stderr);
}

static gboolean is_regular(const char *path) {
    struct stat status;
    return (g_str_equal(path, "-") ? fstat(STDIN_FILENO, &status) : stat(path, &status)) == 0
           && S_ISREG(status.st_mode);
}

/* FALSE if it is over: with an error, or as nobody reads the output any more. */
static gboolean run_all(Run *run, GError **error) {
    gboolean follows = run->options->follow && !g_str_equal(run->options->path, "-");
    if (!(follows ? follow_log : read_log)(run, error)) {
        return FALSE;
    }
    if (run->summary) {
        write_summary(run);
    }
    return write_out(run, TRUE, error);
}

static VerbStatus show_log(const Options *options, const LogFilter *filter, LogRules *rules,
                           GError **error) {
    g_autoptr(LogOutput) output = log_output_new(STDOUT_FILENO);
    g_autoptr(LogSummary) summary = options->summary ? log_summary_new(rules) : NULL;
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GError) wrong = NULL;
    Run run = {
        .options = options,
        .filter = filter,
        .output = output,
        .summary = summary,
        .line = line,
        .eager = !is_regular(options->path),
    };
    log_columns_init(&run.columns, log_output_has_colour(output));
    if (!run_all(&run, &wrong) && wrong && !run.closed) {
        /* What was read is shown, and then why there is no more. */
        write_out(&run, TRUE, NULL);
    }
    if (!options->summary) {
        tell_left_out(&run);
    }
    if (wrong) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return VERB_TROUBLE;
    }
    return run.matched > 0 ? VERB_DONE : VERB_FAILED;
}

static VerbStatus show_with_rules(const Options *options, const LogFilter *filter, GError **error) {
    if (!options->rules) {
        return show_log(options, filter, NULL, error);
    }
    g_autoptr(Ruleset) ruleset = verb_load(options->rules);
    if (!ruleset) {
        return VERB_TROUBLE;
    }
    return show_log(options, filter, log_rules_new(ruleset), error);
}

static gboolean check_options(const Options *options, GError **error) {
    const char *fault = NULL;
    if (options->summary && (options->follow || options->raw)) {
        fault = "'--summary' goes with neither '--follow' nor '--raw'";
    } else if (options->raw && options->json) {
        fault = "'--raw' and '--json' are two forms of a line; choose one";
    } else if (options->rules && !options->summary) {
        fault = "'--rules' is for '--summary'";
    }
    if (fault) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, fault);
    }
    return !fault;
}

/* The words that were given for an option, of which there may be one. */
static gboolean set_filter(LogFilter *filter, const char *name, char *const *words,
                           GError **error) {
    g_autoptr(GError) wrong = NULL;
    if (!words) {
        return TRUE;
    }
    if (words[1]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'--%s' is given twice", name);
        return FALSE;
    }
    if (!log_filter_set(filter, name, words[0], g_get_real_time() / 1000, &wrong)) {
        g_set_error(error, wrong->domain, wrong->code, "--%s: %s", name, wrong->message);
        return FALSE;
    }
    return TRUE;
}

/* One list of words for each of log_filter_names(). */
typedef struct {
    char **words[LOG_FILTER_NAMES];
} FilterWords;

static void filter_words_clear(FilterWords *words) {
    for (size_t i = 0; i < LOG_FILTER_NAMES; i++) {
        g_strfreev(words->words[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilterWords, filter_words_clear)

static gboolean set_filters(LogFilter *filter, const FilterWords *words, GError **error) {
    for (size_t i = 0; i < LOG_FILTER_NAMES; i++) {
        if (!set_filter(filter, log_filter_names()[i], words->words[i], error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Reads the options of a line, and puts those of the filter behind them. */
static gboolean read_options(Options *options, char **rules, char ***paths, FilterWords *words,
                             int argc, char **argv, GError **error) {
    GOptionEntry entries[LOG_FILTER_NAMES + 7] = {
        {"follow", 0, 0, G_OPTION_ARG_NONE, &options->follow, NULL, NULL},
        {"raw", 0, 0, G_OPTION_ARG_NONE, &options->raw, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, NULL, NULL},
        {"summary", 0, 0, G_OPTION_ARG_NONE, &options->summary, NULL, NULL},
        {"rules", 0, 0, G_OPTION_ARG_FILENAME, rules, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, paths, NULL, NULL},
    };
    size_t count = 6;
    for (size_t i = 0; i < LOG_FILTER_NAMES; i++) {
        entries[count++] = (GOptionEntry){
            log_filter_names()[i], 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words->words[i], NULL, NULL};
    }
    return verb_options(entries, argc, argv, error);
}

static VerbStatus log_run(int argc, char **argv, GError **error) {
    g_auto(GStrv) paths = NULL;
    g_auto(FilterWords) words = {0};
    g_autofree char *rules = NULL;
    g_autoptr(LogFilter) filter = log_filter_new();
    Options options = {0};
    if (!read_options(&options, &rules, &paths, &words, argc, argv, error)
        || !set_filters(filter, &words, error)) {
        return VERB_TROUBLE;
    }
    if (paths && paths[1]) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "it takes one log: policyctl log [OPTION...] [FILE]");
        return VERB_TROUBLE;
    }
    options.rules = rules;
    options.path = paths ? paths[0] : DEFAULT_PATH;
    options.name = g_str_equal(options.path, "-") ? "standard input" : options.path;
    options.since = log_filter_has(filter, "since");
    if (!check_options(&options, error)) {
        return VERB_TROUBLE;
    }
    signal(SIGPIPE, SIG_IGN);
    return show_with_rules(&options, filter, error);
}

const Verb log_verb = {
    .name = "log",
    .summary = "show, follow, filter and sum up an audit log",
    .help =
        "usage: policyctl log [OPTION...] [FILE]\n"
        "\n"
        "Prints the lines of the audit log FILE, or of standard input for '-', in columns: time,\n"
        "decision, rule, client, login, sender, recipient, the decision's text. FILE "
        "is\n" DEFAULT_PATH " if it is not given. Exits 0 if a line was asked for, 1 if\n"
        "none was.\n"
        "\n"
        "Only lines that meet all of these:\n"
        "  --decision WHAT  an action, as 'reject'; else how the decision begins\n"
        "  --client WHO     an address, or a CIDR block as 203.0.113.0/24\n"
        "  --sasl LOGIN     a login, exactly\n"
        "  --sender WHO     a mailbox, @example.com, user@, or '<>'\n"
        "  --recipient WHO  a mailbox, @example.com or user@\n"
        "  --rule RULE      the line of a rule, as 14 or relay.rules:14\n"
        "  --since WHEN     a duration as 90s, 15m, 6h or 7d, a date as 2026-11-22, or a time\n"
        "  --until WHEN     before that\n"
        "\n"
        "  --follow         go on with what is written to FILE, through its rotation\n"
        "  --raw            print the lines as they are\n"
        "  --json           print an object a line; with --summary, one object\n"
        "  --summary        print counts: over time, and by decision, client, login, domain, rule\n"
        "  --rules RULES    with --summary, list the rules of this file that were never hit\n",
    .run = log_run,
};
