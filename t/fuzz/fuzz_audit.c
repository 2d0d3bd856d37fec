/*
 * Fuzz target audit: the same bytes twice. As a request they are written as an audit line and read
 * back: each attribute is the same, and the line is one line of printable ASCII. As a log they are
 * read line by line: what is taken for an audit line is just what would be written of it, and
 * nothing that is shown of it can do harm.
 */
#include <string.h>

#include "audit.h"
#include "ctl/audit_line.h"
#include "ctl/log/columns.h"
#include "ctl/log/decision.h"
#include "ctl/log/filter.h"
#include "ctl/log/json.h"
#include "ctl/log/summary.h"
#include "fuzz/fuzz.h"
#include "server_limit.h"

static char line[LIMIT_AUDIT_LINE];

/* Writing. */

/* A text of an administrator's: it has no NUL, and something in it. */
static char *make_text(const Request *request, Attribute attribute, size_t limit) {
    Text value = request->values[attribute];
    gboolean empty = value.length == 0 || value.data[0] == '\0';
    return empty ? g_strdup("DUNNO") : g_strndup(value.data, MIN(value.length, limit));
}

static void check_request(const AuditLine *read, const Request *request) {
    for (guint i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        Text value = request->values[i];
        gboolean cut = value.length > LIMIT_AUDIT_VALUE;
        value.length = MIN(value.length, LIMIT_AUDIT_VALUE);
        FUZZ_ASSERT(text_equal(read->request.values[i], value), "attribute %u", i);
        FUZZ_ASSERT((read->cut >> i & 1) == (guint64)cut, "attribute %u: cut", i);
    }
    FUZZ_ASSERT(read->request.repeated == request->repeated, "repeated");
}

static void write_request(const Request *request) {
    g_autofree char *decision = make_text(request, ATTRIBUTE_HELO_NAME, LIMIT_AUDIT_VALUE);
    g_autofree char *place = make_text(request, ATTRIBUTE_CLIENT_NAME, LIMIT_AUDIT_PLACE);
    const Rule rule = {.decision = decision, .place = place};
    AuditClock clock = {0};
    AuditEntry entry = {.rule = &rule, .ruleset = "0a1b2c3d", .request = request};
    AuditLine read;
    audit_clock_set(&clock, (gint64)strlen(decision) * G_GINT64_CONSTANT(1000000123456));
    entry.time = clock.text;
    entry.us = request->values[ATTRIBUTE_SENDER].length;
    entry.dry_run = request->values[ATTRIBUTE_STRESS].length > 0;
    size_t length = audit_format(&entry, line);
    FUZZ_ASSERT(line[length - 1] == '\n', "no newline");
    FUZZ_ASSERT(fuzz_is_printable(text_make(line, length - 1)), "%.*s", (int)length, line);
    g_autofree char *copy = fuzz_copy(text_make(line, length));
    AuditLineStatus status = audit_line_read(copy, length, &read);
    FUZZ_ASSERT(status == (read.cut ? AUDIT_LINE_CUT : AUDIT_LINE_WHOLE), "%.*s", (int)length,
                line);
    check_request(&read, request);
    FUZZ_ASSERT(text_equal(read.decision, text_from_string(decision)), "%s", decision);
    FUZZ_ASSERT(text_equal(read.rule, text_from_string(place)), "%s", place);
    FUZZ_ASSERT(read.us == entry.us && read.dry_run == entry.dry_run, "us, dry_run");
    FUZZ_ASSERT(text_equal(read.time, text_from_string(clock.text)), "%s", clock.text);
}

/* Reading. */

/* What audit_format() makes of what was read, `text`'s line behind its tag. */
static void check_inverse(const AuditLine *read, Text text) {
    g_autofree char *decision = g_strndup(read->decision.data, read->decision.length);
    g_autofree char *place = g_strndup(read->rule.data, read->rule.length);
    g_autofree char *ruleset = g_strndup(read->ruleset.data, read->ruleset.length);
    g_autofree char *time = g_strndup(read->time.data, read->time.length);
    char longer[LIMIT_AUDIT_VALUE + 1];
    Request request = read->request;
    const Rule rule = {.decision = decision, .place = place};
    AuditEntry entry = {time, &rule, ruleset, read->us, read->dry_run, &request};
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (read->cut >> i & 1) {
            /* It was longer, by what is not known. */
            memcpy(longer, request.values[i].data, LIMIT_AUDIT_VALUE);
            longer[LIMIT_AUDIT_VALUE] = 'x';
            request.values[i] = text_make(g_memdup2(longer, sizeof longer), sizeof longer);
        }
    }
    size_t length = audit_format(&entry, line);
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (read->cut >> i & 1) {
            g_free((char *)(guintptr)request.values[i].data);
        }
    }
    FUZZ_ASSERT(text.length >= length, "%.*s", (int)length, line);
    Text end = text_make(text.data + text.length - length, length);
    FUZZ_ASSERT(text_equal(end, text_make(line, length)), "%.*s", (int)length, line);
}

/* On lines for people and for programs. */
static void check_shown(const AuditLine *read) {
    g_autoptr(GString) shown = g_string_new(NULL);
    LogColumns columns;
    log_columns_init(&columns, FALSE);
    log_columns_write(&columns, read, shown);
    log_json_write(read, shown);
    g_auto(GStrv) lines = g_strsplit(shown->str, "\n", -1);
    FUZZ_ASSERT(g_strv_length(lines) == 3, "%s", shown->str);
    FUZZ_ASSERT(fuzz_is_printable(text_from_string(lines[0])), "%s", lines[0]);
    FUZZ_ASSERT(fuzz_is_printable(text_from_string(lines[1])), "%s", lines[1]);
}

static void ask_filters(const AuditLine *read, const LogTime *time) {
    static const char *const words[][2] = {
        {"decision", "reject"},   {"client", "10.0.0.0/8"}, {"sasl", "u"},
        {"sender", "@a.example"}, {"recipient", "u@"},      {"rule", "14"},
        {"since", "2026-01-01"},
    };
    Action action;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(LogFilter) filter = log_filter_new();
        FUZZ_ASSERT(log_filter_set(filter, words[i][0], words[i][1], 0, NULL), "%s", words[i][0]);
        log_filter_ask(filter, read, time);
    }
    log_decision_action(read->decision, &action);
}

static void read_log(Text text) {
    static const LogLeftOut left_out = {0};
    static const LogSummaryHead head = {"log", 1, &left_out};
    g_autoptr(LogSummary) summary = log_summary_new(NULL);
    g_autoptr(GString) shown = g_string_new(NULL);
    gboolean any = FALSE;
    while (text.length > 0) {
        ssize_t newline = text_find(text, '\n');
        size_t length = newline < 0 ? text.length : (size_t)newline + 1;
        Text whole = text_make(text.data, length);
        g_autofree char *copy = fuzz_copy(whole);
        AuditLine read;
        LogTime time;
        AuditLineStatus status = audit_line_read(copy, length, &read);
        if (status == AUDIT_LINE_WHOLE || status == AUDIT_LINE_CUT) {
            check_inverse(&read, whole);
            check_shown(&read);
            if (log_time_read(read.time, &time)) {
                ask_filters(&read, &time);
                log_summary_add(summary, &read, &time);
                any = TRUE;
            }
        }
        text = text_make(text.data + length, text.length - length);
    }
    if (any) {
        log_summary_write(summary, &head, 80, FALSE, shown);
        g_strdelimit(shown->str, "\n", ' ');
        FUZZ_ASSERT(fuzz_is_printable(text_make(shown->str, shown->len)), "%s", shown->str);
        log_summary_write_json(summary, &head, shown);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Text text = fuzz_text(data, size);
    Request request;
    size_t scanned = 0;
    size_t length = 0;
    if (request_read(text, &scanned, &request, &length) == REQUEST_OK) {
        write_request(&request);
    }
    read_log(text);
    return 0;
}
