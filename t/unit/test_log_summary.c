/*
 * Units of policyd/ctl/log_summary and log_rules: the counts against counting by hand, what is kept
 * at the most, and which rules count as hit.
 */
#include "ctl/log/summary.h"

#include <glib/gstdio.h>
#include <string.h>

#include "ctl/ctl_limit.h"
#include "ctl/verb.h"
#include "unit/random.h"

static const LogLeftOut nothing;

static AuditLine line_of(const char *decision, const char *rule, const char *ruleset) {
    return (AuditLine){
        .time = TEXT_LITERAL("2026-11-22T17:31:41.123+01:00"),
        .decision = text_from_string(decision),
        .rule = text_from_string(rule),
        .ruleset = text_from_string(ruleset),
    };
}

static void add(LogSummary *summary, AuditLine line) {
    LogTime time;
    ck_assert(log_time_read(line.time, &time));
    log_summary_add(summary, &line, &time);
}

/* The summary as an object; the parser owns it. */
static JsonObject *build(const LogSummary *summary, JsonParser *parser) {
    const LogSummaryHead head = {"x.log", 7, &nothing};
    g_autoptr(GString) text = g_string_new(NULL);
    log_summary_write_json(summary, &head, text);
    ck_assert(json_parser_load_from_data(parser, text->str, (gssize)text->len, NULL));
    return json_node_get_object(json_parser_get_root(parser));
}

static char *write_text(const LogSummary *summary) {
    const LogSummaryHead head = {"x.log", 7, &nothing};
    GString *text = g_string_new(NULL);
    log_summary_write(summary, &head, 80, FALSE, text);
    return g_string_free(text, FALSE);
}

/* Counts by hand, a table for each kind of text. */
typedef struct {
    GHashTable *counts;
} Tally;

static void tally(const Tally *to, const char *text) {
    gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(to->counts, text));
    if (*text) {
        g_hash_table_insert(to->counts, g_strdup(text), GSIZE_TO_POINTER(count + 1));
    }
}

/* How many texts came more often. */
static guint rank(const Tally *of, gsize count) {
    GHashTableIter iter;
    gpointer other;
    guint above = 0;
    g_hash_table_iter_init(&iter, of->counts);
    while (g_hash_table_iter_next(&iter, NULL, &other)) {
        above += GPOINTER_TO_SIZE(other) > count ? 1 : 0;
    }
    return above;
}

static void check_top(Random *random, JsonObject *object, const char *name, const Tally *known) {
    JsonObject *top = json_object_get_object_member(object, name);
    JsonArray *entries = json_object_get_array_member(top, "top");
    guint kinds = g_hash_table_size(known->counts);
    ck_assert(json_object_get_boolean_member(top, "exact"));
    ck_assert_int_eq(json_object_get_int_member(top, "kinds"), kinds);
    ck_assert_uint_eq(json_array_get_length(entries), MIN(kinds, 10));
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        const char *value = json_object_get_string_member(entry, "value");
        gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(known->counts, value));
        RANDOM_ASSERT(random, (gsize)json_object_get_int_member(entry, "lines") == count, "%s %s",
                      name, value);
        ck_assert_int_eq(json_object_get_int_member(entry, "over"), 0);
        ck_assert_uint_le(rank(known, count), i);
    }
}

static const char *const decisions[] = {"OK", "DUNNO", "REJECT 5.7.1 no", "450 4.7.1 later"};
enum { DECISIONS, CLIENTS, LOGINS, DOMAINS, RULES, KINDS };

/* A random line, added to the summary and to each tally. */
static void add_random(Random *random, LogSummary *summary, const Tally *tallies) {
    const char *decision = decisions[random_below(random, G_N_ELEMENTS(decisions))];
    guint domain = random_below(random, 1 + random_below(random, 50));
    g_autofree char *rule = g_strdup_printf("relay.rules:%u", random_below(random, 5));
    g_autofree char *client = g_strdup_printf("192.0.2.%u", random_below(random, 256));
    g_autofree char *login =
        random_below(random, 2) ? g_strdup("") : g_strdup_printf("u%u", random_below(random, 30));
    g_autofree char *folded = g_strdup_printf("d%u.example", domain);
    g_autofree char *recipient =
        g_strdup_printf("x%%y@%c%u.Example%s", random_below(random, 2) ? 'd' : 'D', domain,
                        random_below(random, 2) ? "" : ".");
    AuditLine line = line_of(decision, rule, "0a1b2c3d");
    line.request.values[ATTRIBUTE_CLIENT_ADDRESS] = text_from_string(client);
    line.request.values[ATTRIBUTE_SASL_USERNAME] = text_from_string(login);
    line.request.values[ATTRIBUTE_RECIPIENT] = text_from_string(recipient);
    add(summary, line);
    tally(&tallies[DECISIONS], decision);
    tally(&tallies[CLIENTS], client);
    tally(&tallies[LOGINS], login);
    tally(&tallies[DOMAINS], folded);
    tally(&tallies[RULES], rule);
}

START_TEST(test_random) {
    static const char *const names[KINDS] = {"decisions", "clients", "logins", "domains", "rules"};
    Random random = random_start();
    g_autoptr(LogSummary) summary = log_summary_new(NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    Tally tallies[KINDS];
    for (guint i = 0; i < KINDS; i++) {
        tallies[i].counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    for (guint i = 0; i < 5000; i++) {
        add_random(&random, summary, tallies);
    }
    JsonObject *object = build(summary, parser);
    ck_assert_int_eq(json_object_get_int_member(object, "matched"), 5000);
    for (guint i = 0; i < KINDS; i++) {
        check_top(&random, object, names[i], &tallies[i]);
        g_hash_table_unref(tallies[i].counts);
    }
}
END_TEST

/* The row of the plot that a decision counts in. */
static const struct {
    const char *decision;
    const char *row;
} rows[] = {
    {"OK", "permit"},
    {"DUNNO", "dunno"},
    {"REJECT", "reject"},
    {"550 5.7.1 no", "reject"},
    {"DEFER 4.7.1 later", "defer"},
    {"450 4.7.1 later", "defer"},
    {"DEFER_IF_REJECT later", "defer"},
    {"HOLD", "other"},
    {"DISCARD", "other"},
    {"reject_unauth_destination, permit", "other"},
    {"SOMETHING", "other"},
};

START_TEST(test_row) {
    g_autoptr(LogSummary) summary = log_summary_new(NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    add(summary, line_of(rows[_i].decision, "f:1", "0a1b2c3d"));
    JsonObject *plot = json_object_get_object_member(build(summary, parser), "plot");
    ck_assert_int_eq(
        json_array_get_int_element(json_object_get_array_member(plot, rows[_i].row), 0), 1);
    ck_assert_str_eq(json_object_get_string_member(plot, "start"), "2026-11-22 17:31:41");
}
END_TEST

/* The first and the last are by time, not by place: a clock may be put back. */
START_TEST(test_times) {
    static const Text times[] = {
        TEXT_LITERAL("2026-11-22T17:31:41.123+01:00"),
        TEXT_LITERAL("2026-11-22T17:31:41.122+01:00"),
        TEXT_LITERAL("2026-11-22T16:31:41.124+00:00"),
        TEXT_LITERAL("2026-11-22T17:31:41.123+01:00"),
    };
    g_autoptr(LogSummary) summary = log_summary_new(NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    AuditLine line = line_of("OK", "f:1", "0a1b2c3d");
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        line.time = times[i];
        add(summary, line);
    }
    JsonObject *object = build(summary, parser);
    ck_assert_str_eq(json_object_get_string_member(object, "first"), times[1].data);
    ck_assert_str_eq(json_object_get_string_member(object, "last"), times[2].data);
}
END_TEST

/* As many clients as are counted exactly, and one more; and what the text says of them. */
START_TEST(test_limit) {
    g_autoptr(LogSummary) summary = log_summary_new(NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    for (int i = 0; i < LIMIT_LOG_TEXTS + _i; i++) {
        g_autofree char *client = g_strdup_printf("10.0.%d.%d", i / 256, i % 256);
        AuditLine line = line_of("OK", "f:1", "0a1b2c3d");
        line.request.values[ATTRIBUTE_CLIENT_ADDRESS] = text_from_string(client);
        add(summary, line);
        line.request.values[ATTRIBUTE_CLIENT_ADDRESS] = TEXT_LITERAL("192.0.2.1");
        if (i < 100) {
            add(summary, line);
        }
    }
    JsonObject *clients = json_object_get_object_member(build(summary, parser), "clients");
    g_autofree char *text = write_text(summary);
    gboolean exact = _i < 0;
    ck_assert_int_eq(json_object_get_boolean_member(clients, "exact"), exact);
    ck_assert_int_eq(json_object_get_int_member(clients, "kinds"), LIMIT_LOG_TEXTS);
    ck_assert_int_eq(!strstr(text, "\nclients, with approximate counts\n"), exact);
    ck_assert_ptr_nonnull(strstr(text, "         100    1.2 %  192.0.2.1\n"));
    ck_assert_int_eq(!strstr(text, "  and over 8191 more, each in at most 2 lines\n"), exact);
    ck_assert_int_eq(!strstr(text, "  and 8182 more\n"), !exact);
}
END_TEST

#define RULE_FILE                           \
    "networks trusted = 127.0.0.0/8\n"      \
    "permit if client_address in trusted\n" \
    "# A comment.\n"                        \
    "reject \"5.7.1 no\"\n"                 \
    "  # and one more\n"                    \
    "       if sender\n"                    \
    "dunno  if encrypted\n"                 \
    "reject\n"

/* A line's rule and whether the same ruleset decided it; the uses of the four rules then. */
static const struct {
    const char *name;
    const char *rule;
    gboolean same;
    LogRulesUse uses[4];
} hits[] = {
    {"the first", "my.rules:2", TRUE, {LOG_RULES_HIT}},
    {"one of many lines", "my.rules:4", TRUE, {0, LOG_RULES_HIT}},
    {"the last", "my.rules:8", TRUE, {0, 0, 0, LOG_RULES_HIT}},
    {"by another path", "/etc/policyd/other.rules:7", TRUE, {0, 0, LOG_RULES_HIT}},
    {"a line that begins no rule", "my.rules:5", TRUE, {0}},
    {"a line behind the last", "my.rules:9", TRUE, {0}},
    {"no line", "my.rules", TRUE, {0}},
    {"no number", "my.rules:x", TRUE, {0}},
    {"nothing behind the colon", "my.rules:", TRUE, {0}},
    {"another version", "/etc/policyd/my.rules:7", FALSE, {0, 0, LOG_RULES_ELSEWHERE}},
    {"another file", "/etc/policyd/other.rules:7", FALSE, {0}},
};

START_TEST(test_rules) {
    g_autofree char *folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "my.rules", NULL);
    ck_assert(g_file_set_contents(path, RULE_FILE, -1, NULL));
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Ruleset) ruleset = verb_compile(path, diagnostics);
    ck_assert_ptr_nonnull(ruleset);
    g_autoptr(LogRules) rules = log_rules_new(ruleset);
    AuditLine line =
        line_of("OK", hits[_i].rule, hits[_i].same ? ruleset_hash(ruleset) : "00000000");
    log_rules_add(rules, &line);
    for (guint i = 0; i < 4; i++) {
        ck_assert_int_eq(log_rules_use(rules, i), hits[_i].uses[i]);
    }
    ck_assert_uint_eq(log_rules_others(rules), hits[_i].same ? 0 : 1);
    g_autofree char *text = log_rules_text(rules, 1);
    ck_assert_str_eq(text, "reject \"5.7.1 no\" if sender");
    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(g_rmdir(folder), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log_summary");
    unit_add(suite, "test_random", test_random, 1);
    UNIT_ADD_TABLE(suite, test_row, rows);
    unit_add(suite, "test_times", test_times, 1);
    TCase *limits = tcase_create("test_limit");
    tcase_add_loop_test(limits, test_limit, -1, 1);
    suite_add_tcase(suite, limits);
    UNIT_ADD_TABLE(suite, test_rules, hits);
    return unit_run(suite);
}
