/*
 * LogFilter: a table of criteria, each with what reads its word and what asks a line. Where a value
 * was cut and the rest passes, the answer is unknown, never a guess.
 */
#include "ctl/log/filter.h"

#include <string.h>

#include "ctl/log/decision.h"
#include "ctl/log/sender.h"
#include "fail.h"
#include "protocol/mailbox.h"
#include "rules/network.h"

typedef enum {
    CRITERION_DECISION,
    CRITERION_CLIENT,
    CRITERION_SASL,
    CRITERION_SENDER,
    CRITERION_RECIPIENT,
    CRITERION_RULE,
    CRITERION_SINCE,
    CRITERION_UNTIL,
    CRITERION_COUNT
} Criterion;

struct LogFilter {
    guint set; /* a bit for each criterion */
    Text words[CRITERION_COUNT];
    gboolean by_action;
    Action action;
    Network client;
    gint64 since;
    gint64 until;
};

typedef struct {
    Attribute attribute; /* that it asks for, or ATTRIBUTE_REQUEST */
    gboolean (*read)(LogFilter *filter, Text word, gint64 now, GError **error);
    gboolean (*ask)(const LogFilter *filter, const AuditLine *line, const LogTime *time);
} Info;

static gboolean fail(GError **error, const char *what) {
    return fail_with(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s", what);
}

static gboolean read_decision(LogFilter *filter, Text word, gint64 now, GError **error) {
    (void)now;
    if (word.length == 0) {
        return fail(error, "an empty decision; write an action, or how the decision begins");
    }
    filter->by_action = log_decision_find(word, &filter->action);
    return TRUE;
}

static gboolean ask_decision(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)time;
    Text word = filter->words[CRITERION_DECISION];
    Action action;
    if (filter->by_action) {
        return log_decision_action(line->decision, &action) && action == filter->action;
    }
    return line->decision.length >= word.length
           && memcmp(line->decision.data, word.data, word.length) == 0;
}

static gboolean read_client(LogFilter *filter, Text word, gint64 now, GError **error) {
    (void)now;
    g_autoptr(GError) wrong = NULL;
    return network_parse(word, FALSE, &filter->client, &wrong) || fail(error, wrong->message);
}

static gboolean ask_client(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)time;
    const Network *network = &filter->client;
    Address client;
    return request_address(&line->request, ATTRIBUTE_CLIENT_ADDRESS, &client)
           && client.family == network->first.family
           && memcmp(client.bytes, network->first.bytes, sizeof client.bytes) >= 0
           && memcmp(client.bytes, network->last.bytes, sizeof client.bytes) <= 0;
}

static gboolean read_sasl(LogFilter *filter, Text word, gint64 now, GError **error) {
    (void)filter;
    (void)now;
    return word.length > 0 || fail(error, "an empty login; write one as it is in the log");
}

static gboolean ask_sasl(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)time;
    return text_equal(line->request.values[ATTRIBUTE_SASL_USERNAME], filter->words[CRITERION_SASL]);
}

static gboolean read_mailbox(LogFilter *filter, Text word, gint64 now, GError **error) {
    (void)filter;
    (void)now;
    Mailbox mailbox = mailbox_split(word);
    return mailbox.local.length > 0 || mailbox.domain.length > 0
           || fail(error, "no mailbox; write one, or '@' and a domain, or a local part and '@'");
}

/* A part that the word doesn't have may be anything, but for a word without `@`. */
static gboolean has_mailbox(Text word, Text value) {
    Mailbox want = mailbox_split(word);
    Mailbox have = mailbox_split(value);
    return want.has_at == have.has_at
           && (want.local.length == 0 || text_equal_folded(want.local, have.local))
           && (want.domain.length == 0 || text_equal_folded(want.domain, have.domain));
}

static gboolean ask_sender(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)time;
    Text word = filter->words[CRITERION_SENDER];
    Text sender = line->request.values[ATTRIBUTE_SENDER];
    if (text_equal(word, TEXT_LITERAL("<>"))) {
        return log_sender_is_null(&line->request);
    }
    return sender.length > 0 && has_mailbox(word, sender);
}

static gboolean ask_recipient(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)time;
    Text recipient = line->request.values[ATTRIBUTE_RECIPIENT];
    return recipient.length > 0 && has_mailbox(filter->words[CRITERION_RECIPIENT], recipient);
}

static gboolean read_rule(LogFilter *filter, Text word, gint64 now, GError **error) {
    (void)filter;
    (void)now;
    guint64 number;
    ssize_t colon = text_find_last(word, ':');
    Text digits = text_make(word.data + colon + 1, word.length - (size_t)(colon + 1));
    return (colon != 0 && text_parse_number(digits, &number))
           || fail(error, "no rule; write its line number, or file:14");
}

/* The place ends in the word, and the word begins where a name does: behind `:` or `/`. */
static gboolean ask_rule(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)time;
    Text word = filter->words[CRITERION_RULE];
    Text place = line->rule;
    char before = text_find(word, ':') < 0 ? ':' : '/';
    if (place.length < word.length) {
        return FALSE;
    }
    const char *end = place.data + place.length - word.length;
    return memcmp(end, word.data, word.length) == 0
           && (place.length == word.length || word.data[0] == before || end[-1] == before);
}

static gboolean read_since(LogFilter *filter, Text word, gint64 now, GError **error) {
    return log_time_parse(word.data, now, &filter->since, error);
}

static gboolean ask_since(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)line;
    return time->at >= filter->since;
}

static gboolean read_until(LogFilter *filter, Text word, gint64 now, GError **error) {
    return log_time_parse(word.data, now, &filter->until, error);
}

static gboolean ask_until(const LogFilter *filter, const AuditLine *line, const LogTime *time) {
    (void)line;
    return time->at < filter->until;
}

static const char *const names[] = {
    "decision", "client", "sasl", "sender", "recipient", "rule", "since", "until",
};
G_STATIC_ASSERT(G_N_ELEMENTS(names) == CRITERION_COUNT && LOG_FILTER_NAMES == CRITERION_COUNT);

static const Info infos[CRITERION_COUNT] = {
    [CRITERION_DECISION] = {ATTRIBUTE_REQUEST, read_decision, ask_decision},
    [CRITERION_CLIENT] = {ATTRIBUTE_CLIENT_ADDRESS, read_client, ask_client},
    [CRITERION_SASL] = {ATTRIBUTE_SASL_USERNAME, read_sasl, ask_sasl},
    [CRITERION_SENDER] = {ATTRIBUTE_SENDER, read_mailbox, ask_sender},
    [CRITERION_RECIPIENT] = {ATTRIBUTE_RECIPIENT, read_mailbox, ask_recipient},
    [CRITERION_RULE] = {ATTRIBUTE_REQUEST, read_rule, ask_rule},
    [CRITERION_SINCE] = {ATTRIBUTE_REQUEST, read_since, ask_since},
    [CRITERION_UNTIL] = {ATTRIBUTE_REQUEST, read_until, ask_until},
};

LogFilter *log_filter_new(void) {
    return g_new0(LogFilter, 1);
}

void log_filter_free(LogFilter *filter) {
    g_free(filter);
}

const char *const *log_filter_names(void) {
    return names;
}

static size_t find_criterion(const char *name) {
    size_t i = 0;
    while (!g_str_equal(names[i], name)) {
        i++;
    }
    return i;
}

gboolean log_filter_has(const LogFilter *filter, const char *name) {
    return (filter->set & (1u << find_criterion(name))) != 0;
}

gboolean log_filter_set(LogFilter *filter, const char *name, const char *word, gint64 now,
                        GError **error) {
    size_t i = find_criterion(name);
    Text text = text_from_string(word);
    if (!infos[i].read(filter, text, now, error)) {
        return FALSE;
    }
    filter->words[i] = text;
    filter->set |= 1u << i;
    return TRUE;
}

static LogFilterAnswer ask(const LogFilter *filter, const Info *info, const AuditLine *line,
                           const LogTime *time) {
    if (line->cut & (G_GUINT64_CONSTANT(1) << info->attribute)) {
        return LOG_FILTER_UNKNOWN;
    }
    return info->ask(filter, line, time) ? LOG_FILTER_YES : LOG_FILTER_NO;
}

LogFilterAnswer log_filter_ask(const LogFilter *filter, const AuditLine *line,
                               const LogTime *time) {
    LogFilterAnswer all = LOG_FILTER_YES;
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        if (!(filter->set & (1u << i))) {
            continue;
        }
        LogFilterAnswer one = ask(filter, &infos[i], line, time);
        if (one == LOG_FILTER_NO) {
            return LOG_FILTER_NO;
        }
        all = one == LOG_FILTER_UNKNOWN ? one : all;
    }
    return all;
}
