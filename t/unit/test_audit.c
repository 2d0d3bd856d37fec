/*
 * Units of policyd/audit: the line, byte by byte, and its time.
 */
#include "audit.h"

#include <string.h>
#include <time.h>

#include "server_limit.h"
#include "unit/unit.h"

#define TIME "2026-11-22T17:31:41.123+01:00"
#define POLICY "request=smtpd_access_policy\n"
#define HEAD "time=\"" TIME "\" decision=\"DUNNO\" rule=\"relay.rules:14\" ruleset=\"0a1b2c3d\""

static char decision[] = "DUNNO";
static char place[] = "relay.rules:14";

static const struct {
    const char *name;
    Text block;
    guint64 us;
    gboolean dry_run;
    Text line;
} lines[] = {
    {"nothing but the policy request", BYTES(POLICY "\n"), 0, FALSE, BYTES(HEAD " us=\"0\"\n")},
    {"many microseconds", BYTES(POLICY "\n"), G_MAXUINT64, FALSE,
     BYTES(HEAD " us=\"18446744073709551615\"\n")},
    {"dry run", BYTES(POLICY "size=1\n\n"), 7, TRUE,
     BYTES(HEAD " us=\"7\" dry_run=\"yes\" size=\"1\"\n")},
    {"the table's order, not the client's", BYTES("size=1\nsender=a@b\n" POLICY "\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" sender=\"a@b\" size=\"1\"\n")},
    {"empty values", BYTES(POLICY "sender=\nrecipient=x\nqueue_id=\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" recipient=\"x\"\n")},
    {"unknown attributes", BYTES(POLICY "colour=red\nsize=1\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" size=\"1\"\n")},
    {"values with no meaning stay", BYTES(POLICY "client_name=unknown\nsize=x\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" client_name=\"unknown\" size=\"x\"\n")},
    {"xtext stays", BYTES(POLICY "ccert_subject=CN+20x\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" ccert_subject=\"CN+20x\"\n")},
    {"an equals sign", BYTES(POLICY "helo_name=a=b=\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" helo_name=\"a=b=\"\n")},
    {"a forged field", BYTES(POLICY "helo_name=x\" decision=\"OK\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" helo_name=\"x\\x22 decision=\\x22OK\"\n")},
    {"a forged line", BYTES(POLICY "helo_name=x\"\rtime=\"\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" helo_name=\"x\\x22\\x0dtime=\\x22\"\n")},
    {"a forged escape", BYTES(POLICY "helo_name=\\x22\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" helo_name=\"\\x5cx22\"\n")},
    {"a NUL", BYTES(POLICY "helo_name=a\0b\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" helo_name=\"a\\x00b\"\n")},
    {"UTF-8", BYTES(POLICY "sender=\xc3\xbc@x\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" sender=\"\\xc3\\xbc@x\"\n")},
    {"one value of three that is not plain",
     BYTES(POLICY "client_name=a.example\nsender=\"\nrecipient=user@recipient.example\n\n"), 7,
     FALSE,
     BYTES(HEAD " us=\"7\" client_name=\"a.example\" sender=\"\\x22\""
                " recipient=\"user@recipient.example\"\n")},
    {"a repeated attribute", BYTES(POLICY "sender=a\nsender=b\n\n"), 7, FALSE,
     BYTES(HEAD " us=\"7\" sender=\"a\" odd=\"repeated sender\"\n")},
    {"repeated attributes", BYTES(POLICY "size=1\nsize=1\nrecipient=\nrecipient=b\n" POLICY "\n"),
     7, FALSE, BYTES(HEAD " us=\"7\" size=\"1\" odd=\"repeated request,recipient,size\"\n")},
};

static size_t format(const Rule *rule, const Request *request, guint64 us, gboolean dry_run,
                     char *out) {
    AuditEntry entry = {TIME, rule, "0a1b2c3d", us, dry_run, request};
    return audit_format(&entry, out);
}

START_TEST(test_line) {
    Rule rule = {.decision = decision, .place = place};
    Request request;
    g_autofree char *out = g_malloc(LIMIT_AUDIT_LINE);
    ck_assert_int_eq(request_parse(lines[_i].block, &request), REQUEST_OK);
    size_t length = format(&rule, &request, lines[_i].us, lines[_i].dry_run, out);
    UNIT_ASSERT_TEXT(lines[_i].name, text_make(out, length), lines[_i].line);
}
END_TEST

/* The value of the line's last field, which is the sender's. */
static Text format_sender(Text sender, char *out) {
    Rule rule = {.decision = decision, .place = place};
    Request request = {.values = {[ATTRIBUTE_SENDER] = sender}};
    size_t head = sizeof(HEAD " us=\"7\" sender=\"") - 1;
    size_t length = format(&rule, &request, 7, FALSE, out);
    ck_assert_uint_ge(length, head + 2);
    return text_make(out + head, length - head - sizeof("\"\n") + 1);
}

/* One byte among `a`s, and what becomes of it. */
static void check_byte(char byte, size_t at, size_t length) {
    static char out[LIMIT_AUDIT_LINE];
    g_autofree char *value = g_strnfill(length, 'a');
    g_autoptr(GString) want = g_string_new(NULL);
    gboolean plain = byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
    value[at] = byte;
    for (size_t i = 0; i < length; i++) {
        if (i != at || plain) {
            g_string_append_c(want, value[i]);
        } else {
            g_string_append_printf(want, "\\x%02x", (guint)(guchar)byte);
        }
    }
    g_autofree char *copy = g_memdup2(value, length);
    Text got = format_sender(text_make(copy, length), out);
    UNIT_ASSERT_TEXT("byte", got, text_make(want->str, want->len));
}

/* Every byte, at every place of values around the steps of eight and sixteen that are looked at as
 * one. */
START_TEST(test_byte) {
    static const size_t lengths[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 50};
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        for (size_t at = 0; at < lengths[i]; at++) {
            check_byte((char)_i, at, lengths[i]);
        }
    }
}
END_TEST

static const struct {
    size_t length;
    size_t kept;
    const char *end;
} cuts[] = {
    {LIMIT_AUDIT_VALUE - 1, LIMIT_AUDIT_VALUE - 1, "\"\n"},
    {LIMIT_AUDIT_VALUE, LIMIT_AUDIT_VALUE, "\"\n"},
    {LIMIT_AUDIT_VALUE + 1, LIMIT_AUDIT_VALUE, "\" truncated=\"sender,recipient\"\n"},
    {60000, LIMIT_AUDIT_VALUE, "\" truncated=\"sender,recipient\"\n"},
};

START_TEST(test_cut) {
    static char out[LIMIT_AUDIT_LINE];
    static char value[60000];
    memset(value, 'x', sizeof value);
    Rule rule = {.decision = decision, .place = place};
    Text text = text_make(value, cuts[_i].length);
    Request request = {.values = {[ATTRIBUTE_SENDER] = text, [ATTRIBUTE_RECIPIENT] = text}};
    g_autofree char *kept = g_strndup(value, cuts[_i].kept);
    g_autofree char *want =
        g_strconcat(HEAD " us=\"7\" sender=\"", kept, "\" recipient=\"", kept, cuts[_i].end, NULL);
    size_t length = format(&rule, &request, 7, FALSE, out);
    UNIT_ASSERT_TEXT("cut", text_make(out, length), text_from_string(want));
}
END_TEST

/* All that can be long is, in a buffer of just the size. */
START_TEST(test_longest) {
    g_autofree char *out = g_malloc(LIMIT_AUDIT_LINE);
    g_autofree char *value = g_strnfill(LIMIT_AUDIT_PLACE + 1, '\x01');
    Rule rule = {.decision = value, .place = value};
    Request request = {.repeated = G_MAXUINT64};
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        request.values[i] = text_make(value, LIMIT_AUDIT_PLACE + 1);
    }
    size_t length = format(&rule, &request, G_MAXUINT64, TRUE, out);
    ck_assert_uint_le(length, LIMIT_AUDIT_LINE);
    ck_assert_uint_gt(length, ATTRIBUTE_COUNT * 4 * (LIMIT_AUDIT_VALUE - 1));
    ck_assert_int_eq(out[length - 1], '\n');
}
END_TEST

static const struct {
    const char *zone;
    gint64 time;
    const char *text;
} times[] = {
    {"UTC0", 0, "1970-01-01T00:00:00.000+00:00"},
    {"CET-1", 1795365101123000, "2026-11-22T17:31:41.123+01:00"},
    {"CET-1", 1795365101999999, "2026-11-22T17:31:41.999+01:00"},
    {"IST-5:30", 1795365101000999, "2026-11-22T22:01:41.000+05:30"},
    {"NST3:30", 1795365101010000, "2026-11-22T13:01:41.010-03:30"},
    {"XXX0:30", 1795365101010000, "2026-11-22T16:01:41.010-00:30"},
    {"CET-1CEST,M3.5.0,M10.5.0/3", 1782145901123000, "2026-06-22T18:31:41.123+02:00"},
};

static void set_zone(const char *zone) {
    g_setenv("TZ", zone, TRUE);
    tzset();
}

START_TEST(test_time) {
    AuditClock clock = {0};
    set_zone(times[_i].zone);
    audit_clock_set(&clock, times[_i].time);
    ck_assert_str_eq(clock.text, times[_i].text);
    ck_assert_uint_eq(strlen(clock.text), AUDIT_TIME_LENGTH);
}
END_TEST

/* Within a second only the milliseconds are made anew; a clock may step back. */
START_TEST(test_steps) {
    AuditClock clock = {0};
    set_zone("UTC0");
    audit_clock_set(&clock, 1795365101123000);
    audit_clock_set(&clock, 1795365101124000);
    ck_assert_str_eq(clock.text, "2026-11-22T16:31:41.124+00:00");
    audit_clock_set(&clock, 1795365102000000);
    ck_assert_str_eq(clock.text, "2026-11-22T16:31:42.000+00:00");
    audit_clock_set(&clock, 1795365041500000);
    ck_assert_str_eq(clock.text, "2026-11-22T16:30:41.500+00:00");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("audit");
    UNIT_ADD_TABLE(suite, test_line, lines);
    unit_add(suite, "test_byte", test_byte, 256);
    UNIT_ADD_TABLE(suite, test_cut, cuts);
    unit_add(suite, "test_longest", test_longest, 1);
    UNIT_ADD_TABLE(suite, test_time, times);
    unit_add(suite, "test_steps", test_steps, 1);
    return unit_run(suite);
}
