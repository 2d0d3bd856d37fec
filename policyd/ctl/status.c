/*
 * policyctl status: what the running policyd is and has done.
 */
#include <stdio.h>

#include "ctl/daemon.h"
#include "ctl/verb.h"
#include "protocol/text.h"

/* Of the decisions, in percent. */
static const guint percentiles[] = {50, 90, 99};

/* The least limit below which so many percent of the decisions lie: "below 64 us"; to be freed. */
static char *percentile(const DaemonStatus *status, guint percent) {
    guint64 all = 0;
    guint64 sum = 0;
    for (guint i = 0; i < status->latencies->len; i++) {
        all += g_array_index(status->latencies, DaemonCount, i).number;
    }
    for (guint i = 0; i < status->latencies->len; i++) {
        const DaemonCount *count = &g_array_index(status->latencies, DaemonCount, i);
        sum += count->number;
        if (all > 0 && sum * 100 >= all * percent) {
            return g_str_equal(count->name, "more") ? g_strdup("over 67 s")
                                                    : g_strdup_printf("%s us", count->name);
        }
    }
    return g_strdup("-");
}

static char *local_time(guint64 seconds) {
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)seconds);
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("-");
}

static char *span(guint64 seconds) {
    return g_strdup_printf("%" G_GUINT64_FORMAT "d %02u:%02u:%02u", seconds / 86400,
                           (guint)(seconds / 3600 % 24), (guint)(seconds / 60 % 60),
                           (guint)(seconds % 60));
}

static void print_head(const DaemonStatus *status) {
    g_autofree char *started = local_time(daemon_status_number(status, "started"));
    g_autofree char *loaded = local_time(daemon_status_number(status, "loaded"));
    g_autofree char *up = span(daemon_status_number(status, "uptime"));
    const char *text = daemon_status_text(status, "reload_text");
    printf("policyd %s, up %s, since %s%s\n", daemon_status_text(status, "version"), up, started,
           daemon_status_number(status, "dry_run") ? ", dry run" : "");
    printf("rules        %s, ruleset %s, loaded %s\n", daemon_status_text(status, "rules"),
           daemon_status_text(status, "ruleset"), loaded);
    if (text[0] != '\0') {
        g_autofree char *when = local_time(daemon_status_number(status, "reload_time"));
        printf("last reload  %s: %s: %s\n", when, daemon_status_text(status, "reload_result"),
               text);
    }
    printf("reloads      %" G_GUINT64_FORMAT " good, %" G_GUINT64_FORMAT " failed\n",
           daemon_status_number(status, "reloads"), daemon_status_number(status, "reloads_failed"));
    for (guint i = 0; i < status->listen->len; i++) {
        printf("listening    %s\n", (const char *)g_ptr_array_index(status->listen, i));
    }
    printf("workers      %s\n", daemon_status_text(status, "workers"));
    printf("sandbox      %s\n", daemon_status_text(status, "sandbox"));
    printf("connections  %s of %s, %s since the start\n", daemon_status_text(status, "connections"),
           daemon_status_text(status, "connections_max"),
           daemon_status_text(status, "connections_accepted"));
}

static void print_counts(const DaemonStatus *status) {
    printf("requests     %" G_GUINT64_FORMAT " decided, %s malformed, %s unfinished\n",
           daemon_status_decisions(status), daemon_status_text(status, "malformed"),
           daemon_status_text(status, "unfinished"));
    printf("latency     ");
    for (guint i = 0; i < G_N_ELEMENTS(percentiles); i++) {
        g_autofree char *text = percentile(status, percentiles[i]);
        printf(" %u%% within %s%s", percentiles[i], text,
               i + 1 < G_N_ELEMENTS(percentiles) ? "," : "\n");
    }
    for (guint i = 0; i < status->audit->len; i++) {
        const DaemonRow *row = &g_array_index(status->audit, DaemonRow, i);
        printf("audit        %s: %" G_GUINT64_FORMAT " lines written, %" G_GUINT64_FORMAT " lost\n",
               row->where, daemon_status_written(status, row), row->number);
    }
}

static void print_tables(const DaemonStatus *status) {
    printf("\n%12s  action\n", "decisions");
    for (guint i = 0; i < status->decisions->len; i++) {
        const DaemonCount *count = &g_array_index(status->decisions, DaemonCount, i);
        if (count->number > 0) {
            printf("%12" G_GUINT64_FORMAT "  %s\n", count->number, count->name);
        }
    }
    printf("\n%12s  rule\n", "hits");
    for (guint i = 0; i < status->rules->len; i++) {
        const DaemonRow *row = &g_array_index(status->rules, DaemonRow, i);
        printf("%12" G_GUINT64_FORMAT "  %s %s\n", row->number, row->where, row->action);
    }
}

/* A hash may be all digits. */
static gboolean is_text(const char *name) {
    static const char *const texts[] = {"version",       "rules",       "ruleset",
                                        "reload_result", "reload_text", NULL};
    return g_strv_contains(texts, name);
}

static void add_values(JsonBuilder *builder, const DaemonStatus *status) {
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(status->values), (GCompareFunc)(void (*)(void))g_strcmp0);
    for (const GList *at = names; at; at = at->next) {
        const char *name = at->data;
        const char *text = daemon_status_text(status, name);
        guint64 number;
        json_builder_set_member_name(builder, name);
        if (!is_text(name) && text_parse_number(text_from_string(text), &number)
            && number <= G_MAXINT64) {
            json_builder_add_int_value(builder, (gint64)number);
        } else {
            json_builder_add_string_value(builder, text);
        }
    }
}

static void add_number(JsonBuilder *builder, const char *name, guint64 number) {
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)number);
}

static void add_addresses(JsonBuilder *builder, const GPtrArray *listen) {
    json_builder_set_member_name(builder, "listen");
    json_builder_begin_array(builder);
    for (guint i = 0; i < listen->len; i++) {
        json_builder_add_string_value(builder, g_ptr_array_index(listen, i));
    }
    json_builder_end_array(builder);
}

static void add_counts(JsonBuilder *builder, const char *name, const GArray *counts) {
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    for (guint i = 0; i < counts->len; i++) {
        const DaemonCount *count = &g_array_index(counts, DaemonCount, i);
        add_number(builder, count->name, count->number);
    }
    json_builder_end_object(builder);
}

static void add_audit(JsonBuilder *builder, const DaemonStatus *status) {
    json_builder_set_member_name(builder, "audit");
    json_builder_begin_array(builder);
    for (guint i = 0; i < status->audit->len; i++) {
        const DaemonRow *row = &g_array_index(status->audit, DaemonRow, i);
        json_builder_begin_object(builder);
        verb_json_string(builder, "where", row->where);
        add_number(builder, "written", daemon_status_written(status, row));
        add_number(builder, "lost", row->number);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_hits(JsonBuilder *builder, const DaemonStatus *status) {
    json_builder_set_member_name(builder, "rule_hits");
    json_builder_begin_array(builder);
    for (guint i = 0; i < status->rules->len; i++) {
        const DaemonRow *row = &g_array_index(status->rules, DaemonRow, i);
        json_builder_begin_object(builder);
        verb_json_string(builder, "rule", row->where);
        verb_json_string(builder, "action", row->action);
        add_number(builder, "hits", row->number);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void print_json(const DaemonStatus *status) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    add_values(builder, status);
    add_addresses(builder, status->listen);
    add_counts(builder, "decisions", status->decisions);
    add_counts(builder, "latency_microseconds", status->latencies);
    add_audit(builder, status);
    add_hits(builder, status);
    json_builder_end_object(builder);
    verb_json_print(builder);
}

static VerbStatus status_run(int argc, char **argv, GError **error) {
    g_autofree char *where = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"control", 0, 0, G_OPTION_ARG_FILENAME, &where, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return VERB_TROUBLE;
    }
    g_autoptr(DaemonStatus) status = daemon_status(where, error);
    if (!status) {
        return VERB_TROUBLE;
    }
    if (json) {
        print_json(status);
    } else {
        print_head(status);
        print_counts(status);
        print_tables(status);
    }
    return VERB_DONE;
}

const Verb status_verb = {
    .name = "status",
    .summary = "say what the running policyd is and has done",
    .help = "usage: policyctl status [--json] [--control WHERE]\n"
            "\n"
            "Prints what the running policyd serves, what came of the last reload, and what it\n"
            "has decided, by action and by rule, and exits 0.\n"
            "\n"
            "  --json           print an object instead\n"
            "  --control WHERE  the control socket, unix:PATH, if not unix:/run/policyd/control\n",
    .run = status_run,
};
