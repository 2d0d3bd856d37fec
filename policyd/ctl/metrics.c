/*
 * policyctl metrics: the status of the running policyd in Prometheus' text form (its documentation,
 * "Exposition formats").
 */
#include <stdio.h>
#include <string.h>

#include "ctl/daemon.h"
#include "ctl/verb.h"

static void print_head(const char *name, const char *type, const char *help) {
    printf("# HELP policyd_%s %s\n# TYPE policyd_%s %s\n", name, help, name, type);
}

/* A label's value: `\`, `"` and newlines are escaped, of which the status has only the first two.
 */
static char *label(const char *text) {
    GString *out = g_string_new(NULL);
    for (; *text; text++) {
        if (*text == '\\' || *text == '"') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name;
    const char *type;
    const char *line; /* of the status */
    const char *help;
} plain[] = {
    {"start_time_seconds", "gauge", "started", "When policyd started, in Unix time."},
    {"rules_loaded_time_seconds", "gauge", "loaded", "When the rules in service were loaded."},
    {"dry_run", "gauge", "dry_run", "1 if every answer is DUNNO."},
    {"workers", "gauge", "workers", "Threads that answer."},
    {"connections", "gauge", "connections", "Connections open now."},
    {"connections_limit", "gauge", "connections_max", "Connections that may be open."},
    {"connections_accepted_total", "counter", "connections_accepted", "Connections taken."},
    {"requests_malformed_total", "counter", "malformed", "Requests closed without a reply."},
    {"requests_unfinished_total", "counter", "unfinished",
     "Requests or replies that were given up for time, or ended early."},
    {"regex_limits_total", "counter", "regex_limits",
     "Tests that were false because a regex reached its limit."},
    {"reloads_total", "counter", "reloads", "Reloads that loaded the rules."},
    {"reloads_failed_total", "counter", "reloads_failed", "Reloads that kept the old rules."},
};

static void print_plain(const DaemonStatus *status) {
    for (guint i = 0; i < G_N_ELEMENTS(plain); i++) {
        print_head(plain[i].name, plain[i].type, plain[i].help);
        printf("policyd_%s %" G_GUINT64_FORMAT "\n", plain[i].name,
               daemon_status_number(status, plain[i].line));
    }
}

static void print_info(const DaemonStatus *status) {
    g_autofree char *version = label(daemon_status_text(status, "version"));
    g_autofree char *ruleset = label(daemon_status_text(status, "ruleset"));
    const char *result = daemon_status_text(status, "reload_result");
    print_head("info", "gauge", "The version, and the hash of the rules in service.");
    printf("policyd_info{version=\"%s\",ruleset=\"%s\"} 1\n", version, ruleset);
    print_head("reload_success", "gauge", "1 unless the last reload kept the old rules.");
    printf("policyd_reload_success %d\n", result[0] == '\0' || g_str_equal(result, "good"));
}

static void print_decisions(const DaemonStatus *status) {
    print_head("decisions_total", "counter", "Decisions, by the action of the rule.");
    for (guint i = 0; i < status->decisions->len; i++) {
        const DaemonCount *count = &g_array_index(status->decisions, DaemonCount, i);
        printf("policyd_decisions_total{action=\"%s\"} %" G_GUINT64_FORMAT "\n", count->name,
               count->number);
    }
}

/* The histogram is cumulative, in seconds. */
static void print_latencies(const DaemonStatus *status) {
    guint64 sum = 0;
    print_head("decision_seconds", "histogram",
               "Time of a decision from the wake-up of its worker.");
    for (guint i = 0; i < status->latencies->len; i++) {
        const DaemonCount *count = &g_array_index(status->latencies, DaemonCount, i);
        sum += count->number;
        if (g_str_equal(count->name, "more")) {
            printf("policyd_decision_seconds_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", sum);
        } else {
            printf("policyd_decision_seconds_bucket{le=\"%.6f\"} %" G_GUINT64_FORMAT "\n",
                   (double)g_ascii_strtoull(count->name, NULL, 10) / G_USEC_PER_SEC, sum);
        }
    }
    printf("policyd_decision_seconds_sum %.6f\npolicyd_decision_seconds_count %" G_GUINT64_FORMAT
           "\n",
           (double)daemon_status_number(status, "latency_sum") / G_USEC_PER_SEC, sum);
}

static void print_audit(const DaemonStatus *status) {
    print_head("audit_lines_total", "counter", "Audit lines written.");
    for (guint i = 0; i < status->audit->len; i++) {
        const DaemonRow *row = &g_array_index(status->audit, DaemonRow, i);
        g_autofree char *where = label(row->where);
        printf("policyd_audit_lines_total{where=\"%s\"} %" G_GUINT64_FORMAT "\n", where,
               daemon_status_written(status, row));
    }
    print_head("audit_lines_lost_total", "counter", "Audit lines that could not be written.");
    for (guint i = 0; i < status->audit->len; i++) {
        const DaemonRow *row = &g_array_index(status->audit, DaemonRow, i);
        g_autofree char *where = label(row->where);
        printf("policyd_audit_lines_lost_total{where=\"%s\"} %" G_GUINT64_FORMAT "\n", where,
               row->number);
    }
}

static void print_rules(const DaemonStatus *status) {
    print_head("rule_hits_total", "counter", "Decisions of a rule, since its text is as it is.");
    for (guint i = 0; i < status->rules->len; i++) {
        const DaemonRow *row = &g_array_index(status->rules, DaemonRow, i);
        g_autofree char *place = label(row->where);
        printf("policyd_rule_hits_total{rule=\"%s\",action=\"%s\"} %" G_GUINT64_FORMAT "\n", place,
               row->action, row->number);
    }
}

static VerbStatus metrics_run(int argc, char **argv, GError **error) {
    g_autofree char *where = NULL;
    const GOptionEntry entries[] = {
        {"control", 0, 0, G_OPTION_ARG_FILENAME, &where, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    g_autoptr(DaemonStatus) status = daemon_status(where, error);
    if (!status) {
        return VERB_TROUBLE;
    }
    print_info(status);
    print_plain(status);
    print_decisions(status);
    print_latencies(status);
    print_audit(status);
    print_rules(status);
    return VERB_DONE;
}

const Verb metrics_verb = {
    .name = "metrics",
    .summary = "print the running policyd's metrics for Prometheus",
    .help = "usage: policyctl metrics [--control WHERE]\n"
            "\n"
            "Prints what the running policyd counts, in Prometheus' text form, and exits 0.\n"
            "\n"
            "  --control WHERE  the control socket, unix:PATH, if not unix:/run/policyd/control\n",
    .run = metrics_run,
};
