/*
 * Units of policyd/ctl/audit_line: what is read and what is refused, and that reading is the
 * inverse of audit.c, on random requests and on lines with random damage.
 */
#include "ctl/audit_line.h"

#include <string.h>

#include "audit.h"
#include "server_limit.h"
#include "unit/random.h"

#define TIME "time=\"2026-11-22T17:31:41.123+01:00\""
#define START TIME " decision=\"DUNNO\" rule=\"f:14\" ruleset=\"0a1b2c3d\""
#define HEAD START " us=\"7\""
#define WHOLE AUDIT_LINE_WHOLE
#define CUT AUDIT_LINE_CUT
#define TORN AUDIT_LINE_TORN
#define FOREIGN AUDIT_LINE_FOREIGN

static const struct {
    const char *name;
    Text line;
    AuditLineStatus status;
} lines[] = {
    {"a request of nothing", BYTES(HEAD "\n"), WHOLE},
    {"an attribute", BYTES(HEAD " sender=\"a@b\"\n"), WHOLE},
    {"the first and the last", BYTES(HEAD " protocol_state=\"RCPT\" mail_version=\"3\"\n"), WHOLE},
    {"a dry run", BYTES(HEAD " dry_run=\"yes\" size=\"1\"\n"), WHOLE},
    {"an escape", BYTES(HEAD " helo_name=\"\\x22\\x5c\\x00\\xff\"\n"), WHOLE},
    {"a repeated attribute", BYTES(HEAD " size=\"1\" odd=\"repeated request,size\"\n"), WHOLE},
    {"behind syslog's tag", BYTES("Nov 22 10:00:00 mx policyd[123]: " HEAD "\n"), WHOLE},
    {"behind a tag without process", BYTES("2026-11-22T10:00:00.1+01:00 mx policyd: " HEAD "\n"),
     WHOLE},

    {"no newline", BYTES(HEAD " sender=\"a@b\""), TORN},
    {"no newline behind syslog's tag", BYTES("Nov 22 10:00:00 mx policyd[123]: " HEAD), TORN},
    {"ends in the first key", BYTES("tim\n"), TORN},
    {"ends in the time", BYTES("time=\"2026-11\n"), TORN},
    {"ends in the first key behind a tag", BYTES("Nov 22 mx policyd[1]: time=\n"), TORN},
    {"ends in a key", BYTES(HEAD " sen\n"), TORN},
    {"ends in a blank", BYTES(HEAD " \n"), TORN},
    {"ends before a value", BYTES(HEAD " sender=\"\n"), TORN},
    {"ends in a value", BYTES(HEAD " sender=\"a@\n"), TORN},
    {"ends in an escape", BYTES(HEAD " sender=\"a\\x2\n"), TORN},
    {"ends in the name of a list", BYTES(HEAD " odd=\"repe\n"), TORN},
    {"ends in a list", BYTES(HEAD " odd=\"repeated siz\n"), TORN},
    {"ends behind a name of a list", BYTES(HEAD " odd=\"repeated size\n"), TORN},
    {"ends behind a comma of a list", BYTES(HEAD " odd=\"repeated request,\n"), TORN},

    {"nothing", BYTES(""), FOREIGN},
    {"an empty line", BYTES("\n"), FOREIGN},
    {"a message of policyd", BYTES("policyd: info: version 0.1.0\n"), FOREIGN},
    {"nothing behind a tag", BYTES("Nov 22 10:00:00 mx policyd[123]: \n"), FOREIGN},
    {"behind what is no tag", BYTES("x " HEAD "\n"), FOREIGN},
    {"behind a second colon", BYTES("mx smtpd[1]: command from x[y]: " HEAD "\n"), FOREIGN},
    {"text behind it", BYTES(HEAD " sender=\"a@b\">\n"), FOREIGN},
    {"a blank behind it", BYTES(HEAD " sender=\"a@b\" \n"), TORN},
    {"a carriage return behind it", BYTES(HEAD "\r\n"), FOREIGN},
    {"a time that is none", BYTES("time=\"2026-11-22 17:31:41\" decision=\"OK\"\n"), FOREIGN},
    {"no decision", BYTES(TIME " rule=\"f:14\"\n"), FOREIGN},
    {"an empty decision", BYTES(TIME " decision=\"\" rule=\"f:1\"\n"), FOREIGN},
    {"a NUL in the decision",
     BYTES(TIME " decision=\"O\\x00\" rule=\"f:1\" ruleset=\"0a1b2c3d\" us=\"1\"\n"), FOREIGN},
    {"a ruleset in capitals", BYTES(TIME " decision=\"OK\" rule=\"f:1\" ruleset=\"0A1B2C3D\"\n"),
     FOREIGN},
    {"a longer ruleset", BYTES(TIME " decision=\"OK\" rule=\"f:1\" ruleset=\"0a1b2c3d4\"\n"),
     FOREIGN},
    {"no number", BYTES(START " us=\"x\"\n"), FOREIGN},
    {"a number of leading zeros", BYTES(START " us=\"07\"\n"), FOREIGN},
    {"the greatest number", BYTES(START " us=\"18446744073709551615\"\n"), WHOLE},
    {"one more", BYTES(START " us=\"18446744073709551616\"\n"), FOREIGN},
    {"another dry run", BYTES(HEAD " dry_run=\"no\"\n"), FOREIGN},
    {"a late dry run", BYTES(HEAD " size=\"1\" dry_run=\"yes\"\n"), FOREIGN},
    {"an unknown attribute", BYTES(HEAD " colour=\"red\"\n"), FOREIGN},
    {"the policy request", BYTES(HEAD " request=\"smtpd_access_policy\"\n"), FOREIGN},
    {"another order", BYTES(HEAD " recipient=\"a\" sender=\"b\"\n"), FOREIGN},
    {"an attribute twice", BYTES(HEAD " sender=\"a\" sender=\"b\"\n"), FOREIGN},
    {"an empty value", BYTES(HEAD " sender=\"\"\n"), FOREIGN},
    {"no blank between fields", BYTES(HEAD " sender=\"a\"recipient=\"b\"\n"), FOREIGN},
    {"two blanks between fields", BYTES(HEAD "  sender=\"a\"\n"), FOREIGN},
    {"a value without quotes", BYTES(HEAD " sender=a\n"), FOREIGN},
    {"a control character", BYTES(HEAD " sender=\"a\tb\"\n"), FOREIGN},
    {"a byte above ASCII", BYTES(HEAD " sender=\"\xc3\xbc\"\n"), FOREIGN},
    {"an escaped newline", BYTES(HEAD " sender=\"a\\x0ab\"\n"), FOREIGN},
    {"an escape without need", BYTES(HEAD " sender=\"\\x41\"\n"), FOREIGN},
    {"an escape in capitals", BYTES(HEAD " sender=\"\\xFF\"\n"), FOREIGN},
    {"an escape of one digit", BYTES(HEAD " sender=\"\\xf\"\n"), FOREIGN},
    {"another escape", BYTES(HEAD " sender=\"\\n\"\n"), FOREIGN},
    {"an escaped quote", BYTES(HEAD " sender=\"\\\"\"\n"), FOREIGN},
    {"no names in a list", BYTES(HEAD " odd=\"repeated \"\n"), FOREIGN},
    {"an unknown name in a list", BYTES(HEAD " odd=\"repeated colour\"\n"), FOREIGN},
    {"half a name in a list", BYTES(HEAD " odd=\"repeated send,size\"\n"), FOREIGN},
    {"a NUL behind a name in a list", BYTES(HEAD " odd=\"repeated size\0sender\"\n"), FOREIGN},
    {"a list in another order", BYTES(HEAD " odd=\"repeated size,sender\"\n"), FOREIGN},
    {"cut, and short", BYTES(HEAD " sender=\"a\" truncated=\"sender\"\n"), FOREIGN},
    {"cut, and not there", BYTES(HEAD " sender=\"a\" truncated=\"recipient\"\n"), FOREIGN},
};

START_TEST(test_line) {
    g_autofree char *line = unit_copy(lines[_i].line);
    AuditLine read;
    AuditLineStatus status = audit_line_read(line, lines[_i].line.length, &read);
    if (status != lines[_i].status) {
        ck_abort_msg("%s: status %d, not %d", lines[_i].name, (int)status, (int)lines[_i].status);
    }
}
END_TEST

START_TEST(test_fields) {
    char line[] = "Nov 22 10:00:00 mx policyd[1]: time=\"2026-11-22T17:31:41.123+01:00\" "
                  "decision=\"REJECT \\x22no\\x22\" rule=\"a b:14\" ruleset=\"0a1b2c3d\" us=\"42\" "
                  "dry_run=\"yes\" sender=\"a\\x5cb\" size=\"1\" odd=\"repeated sender,size\"\n";
    AuditLine read;
    ck_assert_int_eq(audit_line_read(line, sizeof line - 1, &read), AUDIT_LINE_WHOLE);
    UNIT_ASSERT_TEXT("time", read.time, TEXT_LITERAL("2026-11-22T17:31:41.123+01:00"));
    UNIT_ASSERT_TEXT("decision", read.decision, TEXT_LITERAL("REJECT \"no\""));
    UNIT_ASSERT_TEXT("rule", read.rule, TEXT_LITERAL("a b:14"));
    UNIT_ASSERT_TEXT("ruleset", read.ruleset, TEXT_LITERAL("0a1b2c3d"));
    ck_assert_uint_eq(read.us, 42);
    ck_assert(read.dry_run);
    UNIT_ASSERT_TEXT("request", read.request.values[ATTRIBUTE_REQUEST],
                     TEXT_LITERAL("smtpd_access_policy"));
    UNIT_ASSERT_TEXT("sender", read.request.values[ATTRIBUTE_SENDER], TEXT_LITERAL("a\\b"));
    UNIT_ASSERT_TEXT("size", read.request.values[ATTRIBUTE_SIZE], TEXT_LITERAL("1"));
    ck_assert_uint_eq(read.request.values[ATTRIBUTE_RECIPIENT].length, 0);
    const guint64 two =
        G_GUINT64_CONSTANT(1) << ATTRIBUTE_SENDER | G_GUINT64_CONSTANT(1) << ATTRIBUTE_SIZE;
    ck_assert_uint_eq(read.request.repeated, two);
    ck_assert_uint_eq(read.request.seen, two | G_GUINT64_CONSTANT(1) << ATTRIBUTE_REQUEST);
    ck_assert_uint_eq(read.cut, 0);
}
END_TEST

/* What a line is made of, in memory of its own. */
typedef struct {
    char values[ATTRIBUTE_COUNT][LIMIT_AUDIT_VALUE + 2];
    char decision[LIMIT_AUDIT_VALUE + 1];
    char place[64];
    Rule rule;
    Request request;
    AuditEntry entry;
} Sample;

static char random_byte(Random *random) {
    static const char odd[] = "\"\\ =,xx00";
    if (random_below(random, 4) > 0) {
        return (char)('a' + random_below(random, 26));
    }
    char byte = random_below(random, 2) > 0 ? odd[random_below(random, sizeof odd - 1)]
                                            : (char)random_below(random, 256);
    return byte == '\n' ? 'n' : byte;
}

static size_t random_length(Random *random) {
    static const size_t lengths[] = {LIMIT_AUDIT_VALUE - 1, LIMIT_AUDIT_VALUE,
                                     LIMIT_AUDIT_VALUE + 1};
    return random_below(random, 40) > 0 ? random_below(random, 40)
                                        : lengths[random_below(random, G_N_ELEMENTS(lengths))];
}

static void random_text(Random *random, char *out, size_t length) {
    for (size_t i = 0; i < length; i++) {
        out[i] = random_byte(random);
        out[i] = out[i] == '\0' ? '0' : out[i];
    }
    out[length] = '\0';
}

static void random_sample(Random *random, Sample *out) {
    out->request = (Request){0};
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        size_t length = random_below(random, 3) > 0 ? random_length(random) : 0;
        for (size_t j = 0; j < length; j++) {
            out->values[i][j] = random_byte(random);
        }
        out->request.values[i] = text_make(out->values[i], length);
    }
    if (random_below(random, 4) == 0) {
        out->request.repeated =
            random_next(random) & ((G_GUINT64_CONSTANT(1) << ATTRIBUTE_COUNT) - 1);
    }
    random_text(random, out->decision, 1 + random_below(random, 60));
    random_text(random, out->place, 1 + random_below(random, sizeof out->place - 1));
    out->rule = (Rule){.decision = out->decision, .place = out->place};
    out->entry = (AuditEntry){
        .time = "2026-11-22T17:31:41.123-03:30",
        .rule = &out->rule,
        .ruleset = "0a1b2c3d",
        .us = random_next(random) >> random_below(random, 64),
        .dry_run = random_below(random, 4) == 0,
        .request = &out->request,
    };
}

static void check_request(const char *seed, const Request *got, const Request *want) {
    ck_assert_uint_eq(got->repeated, want->repeated);
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        Text value = want->values[i];
        value.length = MIN(value.length, LIMIT_AUDIT_VALUE);
        UNIT_ASSERT_TEXT(seed, got->values[i], value);
    }
}

static guint64 find_cut(const Request *request) {
    guint64 cut = 0;
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        cut |= (guint64)(request->values[i].length > LIMIT_AUDIT_VALUE) << i;
    }
    return cut;
}

START_TEST(test_round_trip) {
    static char out[LIMIT_AUDIT_LINE];
    Random random = random_start();
    g_autofree char *seed = g_strdup_printf("POLICY_TEST_SEED=%" G_GUINT64_FORMAT, random.seed);
    g_autofree Sample *sample = g_new(Sample, 1);
    for (int i = 0; i < 5000; i++) {
        AuditLine read;
        random_sample(&random, sample);
        size_t length = audit_format(&sample->entry, out);
        g_autofree char *line = g_memdup2(out, length);
        guint64 cut = find_cut(&sample->request);
        RANDOM_ASSERT(&random,
                      audit_line_read(line, length, &read)
                          == (cut ? AUDIT_LINE_CUT : AUDIT_LINE_WHOLE),
                      "%s", unit_show(text_make(out, length)));
        UNIT_ASSERT_TEXT(seed, read.decision, text_from_string(sample->decision));
        UNIT_ASSERT_TEXT(seed, read.rule, text_from_string(sample->place));
        UNIT_ASSERT_TEXT(seed, read.time, text_from_string(sample->entry.time));
        ck_assert_uint_eq(read.us, sample->entry.us);
        ck_assert_int_eq(read.dry_run, sample->entry.dry_run);
        ck_assert_uint_eq(read.cut, cut);
        check_request(seed, &read.request, &sample->request);
    }
}
END_TEST

/* The line that audit.c makes of what was read. */
static size_t format_again(const AuditLine *read, Sample *sample, char *out) {
    g_autofree char *time = g_strndup(read->time.data, read->time.length);
    g_autofree char *decision = g_strndup(read->decision.data, read->decision.length);
    g_autofree char *place = g_strndup(read->rule.data, read->rule.length);
    g_autofree char *ruleset = g_strndup(read->ruleset.data, read->ruleset.length);
    Rule rule = {.decision = decision, .place = place};
    Request request = read->request;
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (read->cut & (G_GUINT64_CONSTANT(1) << i)) {
            memcpy(sample->values[i], request.values[i].data, LIMIT_AUDIT_VALUE);
            request.values[i] = text_make(sample->values[i], LIMIT_AUDIT_VALUE + 1);
        }
    }
    AuditEntry entry = {time, &rule, ruleset, read->us, read->dry_run, &request};
    return audit_format(&entry, out);
}

static size_t damage(Random *random, char *line, size_t length) {
    static const char likely[] = "\"\\ ,=x0a";
    size_t at = random_below(random, (guint)length);
    switch (random_below(random, 3)) {
    case 0:
        line[at] = likely[random_below(random, sizeof likely - 1)];
        return length;
    case 1:
        line[at] = (char)random_below(random, 256);
        return length;
    default:
        memmove(line + at, line + at + 1, length - at - 1);
        return length - 1;
    }
}

/* A damaged line is refused, or is one that audit.c writes. */
START_TEST(test_damage) {
    static char again[LIMIT_AUDIT_LINE];
    static char out[LIMIT_AUDIT_LINE];
    Random random = random_start();
    g_autofree Sample *sample = g_new(Sample, 1);
    guint accepted = 0;
    for (int i = 0; i < 20000; i++) {
        AuditLine read;
        random_sample(&random, sample);
        size_t length = damage(&random, out, audit_format(&sample->entry, out));
        g_autofree char *line = g_memdup2(out, length);
        if (audit_line_read(line, length, &read) <= AUDIT_LINE_CUT) {
            size_t formatted = format_again(&read, sample, again);
            RANDOM_ASSERT(&random, text_equal(text_make(again, formatted), text_make(out, length)),
                          "%s", unit_show(text_make(out, length)));
            accepted++;
        }
    }
    ck_assert_uint_gt(accepted, 1000);
}
END_TEST

/* However a line is torn, with a newline behind it as policyd puts one or without: it is torn, but
 * where a field has just ended. */
START_TEST(test_torn) {
    static const char whole[] = HEAD " dry_run=\"yes\" helo_name=\"\\x5c\" sender=\"a@b\" "
                                     "size=\"10\" odd=\"repeated request,sender,size\"";
    const size_t head = sizeof HEAD - 1;
    for (size_t length = 1; length < sizeof whole; length++) {
        g_autofree char *line = g_strndup(whole, length);
        g_autofree char *ended = g_strdup_printf("%.*s\n", (int)length, whole);
        gboolean field = length >= head && (whole[length] == ' ' || whole[length] == '\0')
                         && whole[length - 1] == '"';
        AuditLine read;
        ck_assert_int_eq(audit_line_read(line, length, &read), AUDIT_LINE_TORN);
        ck_assert_int_eq(audit_line_read(ended, length + 1, &read),
                         field ? AUDIT_LINE_WHOLE : AUDIT_LINE_TORN);
    }
}
END_TEST

/* A value of the greatest length, and one byte longer: whole, cut, and never written. */
static const struct {
    size_t length;
    const char *end;
    AuditLineStatus status;
} lengths[] = {
    {LIMIT_AUDIT_VALUE - 1, "\"\n", WHOLE},
    {LIMIT_AUDIT_VALUE, "\"\n", WHOLE},
    {LIMIT_AUDIT_VALUE, "\" truncated=\"sender\"\n", CUT},
    {LIMIT_AUDIT_VALUE - 1, "\" truncated=\"sender\"\n", FOREIGN},
    {LIMIT_AUDIT_VALUE + 1, "\"\n", FOREIGN},
    {LIMIT_AUDIT_VALUE + 1, "\" truncated=\"sender\"\n", FOREIGN},
};

START_TEST(test_length) {
    g_autofree char *value = g_strnfill(lengths[_i].length, 'x');
    g_autofree char *line = g_strconcat(HEAD " sender=\"", value, lengths[_i].end, NULL);
    AuditLine read;
    ck_assert_int_eq(audit_line_read(line, strlen(line), &read), lengths[_i].status);
}
END_TEST

/* Of a rule's place. */
START_TEST(test_place) {
    g_autofree char *place = g_strnfill((size_t)(LIMIT_AUDIT_PLACE + _i), 'x');
    g_autofree char *line = g_strconcat(TIME " decision=\"OK\" rule=\"", place,
                                        "\" ruleset=\"0a1b2c3d\" us=\"1\"\n", NULL);
    AuditLine read;
    ck_assert_int_eq(audit_line_read(line, strlen(line), &read),
                     _i == 0 ? AUDIT_LINE_WHOLE : AUDIT_LINE_FOREIGN);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("audit_line");
    UNIT_ADD_TABLE(suite, test_line, lines);
    unit_add(suite, "test_fields", test_fields, 1);
    unit_add(suite, "test_round_trip", test_round_trip, 1);
    unit_add(suite, "test_damage", test_damage, 1);
    unit_add(suite, "test_torn", test_torn, 1);
    UNIT_ADD_TABLE(suite, test_length, lengths);
    unit_add(suite, "test_place", test_place, 2);
    return unit_run(suite);
}
