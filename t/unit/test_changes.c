/*
 * Units of policyd/ctl/changes: groups, their order and examples, and what is kept at the most.
 */
#include "ctl/changes.h"

#include <string.h>

#include "ctl/ctl_limit.h"
#include "unit/unit.h"

static const Rule permit = {.decision = (char[]){"OK"}, .place = (char[]){"new:1"}};
static const Rule reject = {.decision = (char[]){"REJECT"}, .place = (char[]){"new:2"}};

static AuditLine line_of(const char *decision, const char *rule, const char *sender) {
    return (AuditLine){
        .decision = text_from_string(decision),
        .rule = text_from_string(rule),
        .request = {.values = {[ATTRIBUTE_SENDER] = text_from_string(sender)}},
    };
}

static void add(Changes *changes, const char *decision, const char *rule, guint64 number,
                const Rule *now) {
    g_autofree char *sender = g_strdup_printf("s%" G_GUINT64_FORMAT, number);
    AuditLine line = line_of(decision, rule, sender);
    changes_add(changes, &line, number, now);
}

/* `COUNT DECISION RULE -> DECISION: LINE WORDS, ...` for each group. */
static char *describe(const Changes *changes) {
    g_autoptr(GPtrArray) sorted = changes_sorted(changes);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < sorted->len; i++) {
        const Change *change = g_ptr_array_index(sorted, i);
        g_string_append_printf(out, "%" G_GUINT64_FORMAT " %s %s -> %s:", change->count,
                               change->decision, change->rule, change->now->decision);
        for (guint j = 0; j < change->example_count; j++) {
            g_string_append_printf(out, " %" G_GUINT64_FORMAT " %s", change->examples[j].line,
                                   change->examples[j].words);
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

START_TEST(test_groups) {
    g_autoptr(Changes) changes = changes_new();
    add(changes, "DUNNO", "old:1", 1, &permit);
    add(changes, "DUNNO", "old:2", 2, &permit);
    add(changes, "DUNNO", "old:1", 3, &reject);
    add(changes, "OK", "old:1", 4, &reject);
    for (guint64 i = 5; i < 9; i++) {
        add(changes, "OK", "old:1", i, &reject);
    }
    add(changes, "DUNNO", "old:1", 9, &reject);
    g_autofree char *got = describe(changes);
    ck_assert_str_eq(got, "5 OK old:1 -> REJECT: 4 sender=s4 5 sender=s5 6 sender=s6\n"
                          "2 DUNNO old:1 -> REJECT: 3 sender=s3 9 sender=s9\n"
                          "1 DUNNO old:1 -> OK: 1 sender=s1\n"
                          "1 DUNNO old:2 -> OK: 2 sender=s2\n");
    ck_assert_uint_eq(changes_total(changes), 9);
    ck_assert_uint_eq(changes_ungrouped(changes), 0);
}
END_TEST

/* A key is told by its bytes, whatever they are, and shown in what a terminal can show. "ab" and
 * "bA" have the same hash. */
START_TEST(test_bytes) {
    g_autoptr(Changes) changes = changes_new();
    add(changes, "a\x1b", "c", 1, &permit);
    add(changes, "a",
        "\x1b"
        "c",
        2, &permit);
    add(changes, "a", "ab", 3, &permit);
    add(changes, "a", "bA", 4, &permit);
    add(changes, "bA", "a", 5, &permit);
    add(changes, "ab", "a", 6, &permit);
    g_autofree char *got = describe(changes);
    ck_assert_str_eq(got, "1 a\\x1b c -> OK: 1 sender=s1\n1 a \\x1bc -> OK: 2 sender=s2\n"
                          "1 a ab -> OK: 3 sender=s3\n1 a bA -> OK: 4 sender=s4\n"
                          "1 bA a -> OK: 5 sender=s5\n1 ab a -> OK: 6 sender=s6\n");
}
END_TEST

/* As many groups as there may be, and one more. */
START_TEST(test_many_groups) {
    g_autoptr(Changes) changes = changes_new();
    for (guint i = 0; i < LIMIT_REPLAY_CHANGES; i++) {
        g_autofree char *rule = g_strdup_printf("old:%u", i);
        add(changes, "OK", rule, i, &reject);
    }
    ck_assert_uint_eq(changes_ungrouped(changes), 0);
    add(changes, "OK", "one more", 1, &reject);
    add(changes, "OK", "old:7", 1, &reject);
    g_autoptr(GPtrArray) sorted = changes_sorted(changes);
    const Change *first = g_ptr_array_index(sorted, 0);
    ck_assert_uint_eq(sorted->len, LIMIT_REPLAY_CHANGES);
    ck_assert_str_eq(first->rule, "old:7");
    ck_assert_uint_eq(first->count, 2);
    ck_assert_uint_eq(changes_ungrouped(changes), 1);
    ck_assert_uint_eq(changes_total(changes), LIMIT_REPLAY_CHANGES + 2);
}
END_TEST

/* Examples until their bytes are as many as may be; groups beyond have none, and are counted. */
START_TEST(test_many_bytes) {
    enum { BYTES_EACH = 65536, EXAMPLES = LIMIT_REPLAY_EXAMPLES / BYTES_EACH };
    g_autoptr(Changes) changes = changes_new();
    g_autofree char *sender = g_strnfill(BYTES_EACH - strlen("sender="), 'x');
    for (guint i = 0; i < EXAMPLES + 1; i++) {
        g_autofree char *rule = g_strdup_printf("old:%u", i);
        AuditLine line = line_of("OK", rule, sender);
        changes_add(changes, &line, i, &reject);
    }
    g_autoptr(GPtrArray) sorted = changes_sorted(changes);
    ck_assert_uint_eq(sorted->len, EXAMPLES + 1);
    for (guint i = 0; i < sorted->len; i++) {
        const Change *change = g_ptr_array_index(sorted, i);
        ck_assert_uint_eq(change->example_count, i < EXAMPLES ? 1 : 0);
        ck_assert_uint_eq(change->count, 1);
    }
}
END_TEST

/* A NUL is in no word: the example has its line alone. */
START_TEST(test_nul) {
    g_autoptr(Changes) changes = changes_new();
    AuditLine line = line_of("OK", "old:1", NULL);
    line.request.values[ATTRIBUTE_SENDER] = text_make("a\0b", 3);
    changes_add(changes, &line, 7, &reject);
    g_autoptr(GPtrArray) sorted = changes_sorted(changes);
    const Change *change = g_ptr_array_index(sorted, 0);
    ck_assert_uint_eq(change->example_count, 1);
    ck_assert_uint_eq(change->examples[0].line, 7);
    ck_assert_ptr_null(change->examples[0].words);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("changes");
    unit_add(suite, "test_groups", test_groups, 1);
    unit_add(suite, "test_bytes", test_bytes, 1);
    unit_add(suite, "test_many_groups", test_many_groups, 1);
    unit_add(suite, "test_many_bytes", test_many_bytes, 1);
    unit_add(suite, "test_nul", test_nul, 1);
    return unit_run(suite);
}
