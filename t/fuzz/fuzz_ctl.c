/*
 * Fuzz target ctl: the same bytes as what policyctl reads of others: the status that a control
 * socket answers, a restriction list of Postfix's and a policy service of one, and the time that a
 * person asks for.
 */
#include <string.h>

#include "ctl/daemon.h"
#include "ctl/log/time.h"
#include "ctl/postfix/restriction.h"
#include "fuzz/fuzz.h"

static void read_status(const char *text) {
    g_autoptr(DaemonStatus) status = daemon_status_parse(text);
    guint64 decisions = daemon_status_decisions(status);
    daemon_status_text(status, "version");
    daemon_status_number(status, "connections");
    for (guint i = 0; i < status->audit->len; i++) {
        const DaemonRow *row = &g_array_index(status->audit, DaemonRow, i);
        FUZZ_ASSERT(row->where && daemon_status_written(status, row) <= decisions, "audit");
    }
    for (guint i = 0; i < status->rules->len; i++) {
        const DaemonRow *row = &g_array_index(status->rules, DaemonRow, i);
        FUZZ_ASSERT(row->where && row->action, "rule");
    }
    for (guint i = 0; i < status->decisions->len; i++) {
        FUZZ_ASSERT(g_array_index(status->decisions, DaemonCount, i).name, "decisions");
    }
}

static void read_service(const char *argument) {
    g_autoptr(PolicyService) service = policy_service_parse(argument);
    GHashTableIter iter;
    gpointer name;
    gpointer value;
    FUZZ_ASSERT(service->server, "%s", argument);
    g_hash_table_iter_init(&iter, service->attributes);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        FUZZ_ASSERT(name && value && !strchr(name, '='), "%s", argument);
    }
}

/* Nothing is lost but separators, and what a word holds stood in the value. */
static void read_restrictions(const char *value) {
    g_autoptr(GPtrArray) restrictions = restrictions_parse(value);
    size_t length = 0;
    for (guint i = 0; i < restrictions->len; i++) {
        const Restriction *restriction = g_ptr_array_index(restrictions, i);
        FUZZ_ASSERT(restriction->name[0] != '\0', "%s", value);
        FUZZ_ASSERT(restriction->name[0] == '{' || !strpbrk(restriction->name, ", \t\r\n")
                        || strchr(restriction->name, '{'),
                    "%s", restriction->name);
        length += strlen(restriction->name);
        if (restriction->argument) {
            length += strlen(restriction->argument);
            read_service(restriction->argument);
        }
    }
    FUZZ_ASSERT(length <= strlen(value), "%s", value);
}

/* A time that is read and shown is the same again. */
static void read_time(const char *word) {
    char shown[LOG_TIME_SIZE];
    LogTime time;
    LogTime again;
    gint64 at;
    log_time_parse(word, 0, &at, NULL);
    if (log_time_read(text_from_string(word), &time)) {
        log_time_format(time.wall, shown);
        g_autofree char *whole = g_strconcat(shown, "Z", NULL);
        FUZZ_ASSERT(log_time_read(text_from_string(whole), &again), "%s", whole);
        FUZZ_ASSERT(again.wall == time.wall, "%s is shown as %s", word, shown);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    read_status(text);
    read_restrictions(text);
    read_service(text);
    read_time(text);
    return 0;
}
