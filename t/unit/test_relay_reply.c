/*
 * Units of policyd/ctl/relay_test/reply: what a server may send, and what is shown of it.
 */
#include "ctl/relay_test/reply.h"

#include <string.h>

#include "ctl/relay_test/relay_limit.h"
#include "unit/unit.h"

#define LONG_LINE "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *name;
    Text received;
    RelayReplyStatus status;
    guint code;
    const char *shown; /* or the error */
    const char *rest;  /* that is left */
} replies[] = {
    {"a line", BYTES("250 2.1.5 Ok\r\n"), RELAY_REPLY_WHOLE, 250, "250 2.1.5 Ok", ""},
    {"without CR", BYTES("250 Ok\n"), RELAY_REPLY_WHOLE, 250, "250 Ok", ""},
    {"a code alone", BYTES("554\r\n"), RELAY_REPLY_WHOLE, 554, "554", ""},
    {"lines", BYTES("250-mx\r\n250-AUTH PLAIN\r\n250 HELP\r\n"), RELAY_REPLY_WHOLE, 250,
     "250 mx AUTH PLAIN HELP", ""},
    {"what is behind it stays", BYTES("220 go\r\n250 early\r\n"), RELAY_REPLY_WHOLE, 220, "220 go",
     "250 early\r\n"},
    {"for a terminal", BYTES("554 \x1b[2J\x9b\0\\ \xc3\xa9\r\r\n"), RELAY_REPLY_WHOLE, 554,
     "554 \\x1b[2J\\x9b\\x00\\x5c \\xc3\\xa9\\x0d", ""},
    {"cut", BYTES("250 " LONG_LINE LONG_LINE "\n"), RELAY_REPLY_WHOLE, 250,
     "250 " LONG_LINE
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...",
     ""},
    {"nothing", BYTES(""), RELAY_REPLY_PART, 0, NULL, ""},
    {"half a line", BYTES("250 Ok"), RELAY_REPLY_PART, 0, NULL, "250 Ok"},
    {"the last line is to come", BYTES("250-mx\r\n"), RELAY_REPLY_PART, 0, NULL, "250-mx\r\n"},
    {"no reply", BYTES("SSH-2.0-\x1b\r\n"), RELAY_REPLY_WRONG, 0,
     "'SSH-2.0-\\x1b' is no SMTP reply", NULL},
    {"an empty line", BYTES("\r\n"), RELAY_REPLY_WRONG, 0, "'' is no SMTP reply", NULL},
    {"four digits", BYTES("2500 Ok\r\n"), RELAY_REPLY_WRONG, 0, "'2500 Ok' is no SMTP reply", NULL},
    {"two digits", BYTES("25 Ok\r\n"), RELAY_REPLY_WRONG, 0, "'25 Ok' is no SMTP reply", NULL},
    {"199", BYTES("199 Ok\r\n"), RELAY_REPLY_WRONG, 0, "'199 Ok' is no SMTP reply", NULL},
    {"200", BYTES("200 Ok\r\n"), RELAY_REPLY_WHOLE, 200, "200 Ok", ""},
    {"599", BYTES("599 No\r\n"), RELAY_REPLY_WHOLE, 599, "599 No", ""},
    {"600", BYTES("600 No\r\n"), RELAY_REPLY_WRONG, 0, "'600 No' is no SMTP reply", NULL},
    {"another code", BYTES("250-mx\r\n550 No\r\n"), RELAY_REPLY_WRONG, 0,
     "'550 No' is no SMTP reply", NULL},
};

START_TEST(test_take) {
    g_auto(RelayReply) reply = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) received =
        g_string_new_len(replies[_i].received.data, (gssize)replies[_i].received.length);
    relay_reply_init(&reply);
    ck_assert_int_eq(relay_reply_take(&reply, received, &error), replies[_i].status);
    ck_assert_uint_eq(reply.code, replies[_i].code);
    if (replies[_i].status == RELAY_REPLY_WHOLE) {
        g_autofree char *shown = relay_reply_show(&reply);
        ck_assert_str_eq(shown, replies[_i].shown);
        ck_assert_uint_le(strlen(shown), LIMIT_RELAY_ANSWER + 3);
    } else {
        ck_assert_pstr_eq(error ? error->message : NULL, replies[_i].shown);
    }
    if (replies[_i].rest) {
        ck_assert_str_eq(received->str, replies[_i].rest);
    }
}
END_TEST

static const struct {
    const char *name;
    size_t length; /* of the reply, its end included */
    gboolean lines;
    gboolean end;
    RelayReplyStatus status;
} lengths[] = {
    {"at the limit", LIMIT_RELAY_REPLY, FALSE, TRUE, RELAY_REPLY_WHOLE},
    {"past it", LIMIT_RELAY_REPLY + 1, FALSE, TRUE, RELAY_REPLY_WRONG},
    {"lines up to the limit", LIMIT_RELAY_REPLY, TRUE, TRUE, RELAY_REPLY_WHOLE},
    {"lines past it", LIMIT_RELAY_REPLY + 8, TRUE, TRUE, RELAY_REPLY_WRONG},
    {"no end yet", LIMIT_RELAY_REPLY - 1, FALSE, FALSE, RELAY_REPLY_PART},
    {"no end at the limit", LIMIT_RELAY_REPLY, FALSE, FALSE, RELAY_REPLY_WRONG},
};

START_TEST(test_length) {
    g_auto(RelayReply) reply = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) received = g_string_new(NULL);
    relay_reply_init(&reply);
    while (lengths[_i].lines && received->len + 8 < lengths[_i].length) {
        g_string_append(received, "250-abc\n");
    }
    g_string_append(received, "250 ");
    while (received->len + 1 < lengths[_i].length) {
        g_string_append_c(received, 'x');
    }
    g_string_append(received, lengths[_i].end ? "\n" : "x");
    ck_assert_uint_eq(received->len, lengths[_i].length);
    ck_assert_int_eq(relay_reply_take(&reply, received, &error), lengths[_i].status);
    if (lengths[_i].status == RELAY_REPLY_WRONG) {
        ck_assert_str_eq(error->message, "the reply is longer than 16384 bytes");
    }
}
END_TEST

static const struct {
    const char *name;
    guint code;
    const char *text;
    gboolean found;
    guint subject;
    guint detail;
} statuses[] = {
    {"usual", 550, "5.1.2 <u@d>: Domain not found", TRUE, 1, 2},
    {"alone", 250, "2.0.0", TRUE, 0, 0},
    {"three digits", 550, "5.123.999 x", TRUE, 123, 999},
    {"four digits", 550, "5.1.1234 x", FALSE, 0, 0},
    {"none", 550, "Domain not found", FALSE, 0, 0},
    {"empty", 550, "", FALSE, 0, 0},
    {"another class", 550, "4.1.2 x", FALSE, 0, 0},
    {"no detail", 550, "5.1. x", FALSE, 0, 0},
    {"an address", 550, "5.1.2.3 x", FALSE, 0, 0},
};

START_TEST(test_status) {
    g_auto(RelayReply) reply = {.code = statuses[_i].code, .text = g_string_new(statuses[_i].text)};
    guint subject = 0;
    guint detail = 0;
    ck_assert_int_eq(relay_reply_status(&reply, &subject, &detail), statuses[_i].found);
    ck_assert_uint_eq(subject, statuses[_i].subject);
    ck_assert_uint_eq(detail, statuses[_i].detail);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *word;
    const char *argument;
    gboolean offered;
} offers[] = {
    {"offered", "mx\nSTARTTLS\nHELP", "STARTTLS", NULL, TRUE},
    {"in lower case", "mx\nstarttls", "STARTTLS", NULL, TRUE},
    {"the first line is the name", "STARTTLS\nHELP", "STARTTLS", NULL, FALSE},
    {"a longer word", "mx\nSTARTTLSX", "STARTTLS", NULL, FALSE},
    {"inside a line", "mx\nX STARTTLS", "STARTTLS", NULL, FALSE},
    {"nothing", "mx", "STARTTLS", NULL, FALSE},
    {"an argument", "mx\nAUTH LOGIN PLAIN", "AUTH", "PLAIN", TRUE},
    {"an old form", "mx\nAUTH=LOGIN PLAIN", "AUTH", "LOGIN", TRUE},
    {"another argument", "mx\nAUTH CRAM-MD5\nPLAIN", "AUTH", "PLAIN", FALSE},
    {"in the second line", "mx\nAUTH CRAM-MD5\nAUTH=PLAIN", "AUTH", "PLAIN", TRUE},
};

START_TEST(test_offers) {
    g_auto(RelayReply) reply = {.code = 250, .text = g_string_new(offers[_i].text)};
    ck_assert_int_eq(relay_reply_offers(&reply, offers[_i].word, offers[_i].argument),
                     offers[_i].offered);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay_reply");
    UNIT_ADD_TABLE(suite, test_take, replies);
    UNIT_ADD_TABLE(suite, test_length, lengths);
    UNIT_ADD_TABLE(suite, test_status, statuses);
    UNIT_ADD_TABLE(suite, test_offers, offers);
    return unit_run(suite);
}
