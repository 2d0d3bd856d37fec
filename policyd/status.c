/*
 * Status: lines, one after the other.
 */
#include "status.h"

#include <string.h>

#include "audit_sink.h"
#include "sandbox.h"

void status_free(Status *status) {
    if (status) {
        deployment_unref(status->deployment);
        g_strfreev(status->listen);
        g_free(status->reload_text);
        g_free(status);
    }
}

static void add_escaped(GString *out, const char *text) {
    for (; *text; text++) {
        if (*text == '\\' || !g_ascii_isprint(*text)) {
            g_string_append_printf(out, "\\x%02x", (guint)(guchar)*text);
        } else {
            g_string_append_c(out, *text);
        }
    }
}

static void add_text(GString *out, const char *name, const char *value) {
    g_string_append_printf(out, "%s ", name);
    add_escaped(out, value);
    g_string_append_c(out, '\n');
}

static void add_number(GString *out, const char *name, guint64 value) {
    g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

/* Seconds since 1970. */
static void add_time(GString *out, const char *name, gint64 time) {
    add_number(out, name, (guint64)(time / G_USEC_PER_SEC));
}

static void add_reload(GString *out, const Status *status) {
    static const char *const words[] = {
        [LOAD_GOOD] = "good", [LOAD_UNPROVED] = "unproved", [LOAD_FAILED] = "failed"};
    add_number(out, "reloads", status->reloads);
    add_number(out, "reloads_failed", status->reloads_failed);
    if (status->reload_text) {
        add_time(out, "reload_time", status->reloaded);
        add_text(out, "reload_result", words[status->reload_status]);
        add_text(out, "reload_text", status->reload_text);
    }
}

static void add_counters(GString *out, const Counters *counters) {
    for (guint i = 0; i < ACTION_COUNT; i++) {
        g_string_append_printf(out, "decisions %s %" G_GUINT64_FORMAT "\n",
                               action_info((Action)i)->name, counter_get(&counters->decisions[i]));
    }
    add_number(out, "malformed", counter_get(&counters->malformed));
    add_number(out, "unfinished", counter_get(&counters->unfinished));
    add_number(out, "regex_limits", counter_get(&counters->regex_limits));
    add_number(out, "latency_sum", counter_get(&counters->latency_sum));
    for (guint i = 0; i < COUNTERS_LATENCIES; i++) {
        guint64 limit = counters_latency_limit(i);
        guint64 count = counter_get(&counters->latencies[i]);
        if (limit == G_MAXUINT64) {
            g_string_append_printf(out, "latency more %" G_GUINT64_FORMAT "\n", count);
        } else {
            g_string_append_printf(out, "latency %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
                                   limit, count);
        }
    }
}

static void add_sinks(GString *out, const Status *status) {
    for (guint i = 0; i < status->sinks->len; i++) {
        guint64 lost = audit_sink_lost(g_ptr_array_index(status->sinks, i));
        g_string_append_printf(out, "audit %" G_GUINT64_FORMAT " ", lost);
        add_escaped(out, g_ptr_array_index(status->settings->audit, i));
        g_string_append_c(out, '\n');
    }
}

static void add_listen(GString *out, char *const *listen) {
    for (; *listen; listen++) {
        add_text(out, "listen", *listen);
    }
}

static void add_rules(GString *out, const Deployment *deployment) {
    const Ruleset *ruleset = deployment_ruleset(deployment);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        g_string_append_printf(out, "rule %" G_GUINT64_FORMAT " %s ",
                               deployment_rule_hits(deployment, i),
                               action_info(rule->action)->name);
        add_escaped(out, rule->place);
        g_string_append_c(out, '\n');
    }
}

GString *status_format(const Status *status) {
    GString *out = g_string_new(NULL);
    const Ruleset *ruleset = deployment_ruleset(status->deployment);
    add_text(out, "version", POLICYD_VERSION);
    add_time(out, "time", status->now);
    add_time(out, "started", status->started);
    add_number(out, "uptime", (guint64)(status->uptime / G_USEC_PER_SEC));
    add_text(out, "rules", status->settings->rules);
    add_text(out, "ruleset", ruleset_hash(ruleset));
    add_time(out, "loaded", status->loaded);
    add_number(out, "dry_run", status->settings->dry_run ? 1 : 0);
    add_text(out, "sandbox", sandbox_text(status->settings));
    add_reload(out, status);
    add_number(out, "workers", status->settings->workers);
    add_number(out, "connections", status->connections);
    add_number(out, "connections_max", status->max_connections);
    add_number(out, "connections_accepted", status->accepted);
    add_listen(out, status->listen);
    add_counters(out, &status->counters);
    add_sinks(out, status);
    add_rules(out, status->deployment);
    return out;
}
