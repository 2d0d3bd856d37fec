/*
 * Units of lib/protocol/attribute: the table against a second one, written from smtpd_check.c
 * (check_policy_service) and SMTPD_POLICY_README.
 */
#include "protocol/attribute.h"

#include <string.h>

#include "unit/unit.h"

enum {
    XTEXT = 1,
    UNKNOWN_ABSENT = 2,
};

static const struct {
    const char *name;
    Attribute attribute;
    AttributeType type;
    int flags;
} rows[] = {
    {"request", ATTRIBUTE_REQUEST, ATTRIBUTE_TYPE_STRING, 0},
    {"protocol_state", ATTRIBUTE_PROTOCOL_STATE, ATTRIBUTE_TYPE_ENUMERATION, 0},
    {"protocol_name", ATTRIBUTE_PROTOCOL_NAME, ATTRIBUTE_TYPE_ENUMERATION, 0},
    {"client_address", ATTRIBUTE_CLIENT_ADDRESS, ATTRIBUTE_TYPE_ADDRESS, UNKNOWN_ABSENT},
    {"client_name", ATTRIBUTE_CLIENT_NAME, ATTRIBUTE_TYPE_HOST, UNKNOWN_ABSENT},
    {"client_port", ATTRIBUTE_CLIENT_PORT, ATTRIBUTE_TYPE_NUMBER, 0},
    {"reverse_client_name", ATTRIBUTE_REVERSE_CLIENT_NAME, ATTRIBUTE_TYPE_HOST, UNKNOWN_ABSENT},
    {"server_address", ATTRIBUTE_SERVER_ADDRESS, ATTRIBUTE_TYPE_ADDRESS, 0},
    {"server_port", ATTRIBUTE_SERVER_PORT, ATTRIBUTE_TYPE_NUMBER, 0},
    {"helo_name", ATTRIBUTE_HELO_NAME, ATTRIBUTE_TYPE_HOST, 0},
    {"sender", ATTRIBUTE_SENDER, ATTRIBUTE_TYPE_MAILBOX, 0},
    {"recipient", ATTRIBUTE_RECIPIENT, ATTRIBUTE_TYPE_MAILBOX, 0},
    {"recipient_count", ATTRIBUTE_RECIPIENT_COUNT, ATTRIBUTE_TYPE_NUMBER, 0},
    {"queue_id", ATTRIBUTE_QUEUE_ID, ATTRIBUTE_TYPE_STRING, 0},
    {"instance", ATTRIBUTE_INSTANCE, ATTRIBUTE_TYPE_STRING, 0},
    {"size", ATTRIBUTE_SIZE, ATTRIBUTE_TYPE_NUMBER, 0},
    {"etrn_domain", ATTRIBUTE_ETRN_DOMAIN, ATTRIBUTE_TYPE_HOST, 0},
    {"stress", ATTRIBUTE_STRESS, ATTRIBUTE_TYPE_STRING, 0},
    {"sasl_method", ATTRIBUTE_SASL_METHOD, ATTRIBUTE_TYPE_STRING, 0},
    {"sasl_username", ATTRIBUTE_SASL_USERNAME, ATTRIBUTE_TYPE_STRING, 0},
    {"sasl_sender", ATTRIBUTE_SASL_SENDER, ATTRIBUTE_TYPE_MAILBOX, XTEXT},
    {"ccert_subject", ATTRIBUTE_CCERT_SUBJECT, ATTRIBUTE_TYPE_STRING, XTEXT},
    {"ccert_issuer", ATTRIBUTE_CCERT_ISSUER, ATTRIBUTE_TYPE_STRING, XTEXT},
    {"ccert_fingerprint", ATTRIBUTE_CCERT_FINGERPRINT, ATTRIBUTE_TYPE_STRING, 0},
    {"ccert_pubkey_fingerprint", ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT, ATTRIBUTE_TYPE_STRING, 0},
    {"encryption_protocol", ATTRIBUTE_ENCRYPTION_PROTOCOL, ATTRIBUTE_TYPE_STRING, 0},
    {"encryption_cipher", ATTRIBUTE_ENCRYPTION_CIPHER, ATTRIBUTE_TYPE_STRING, 0},
    {"encryption_keysize", ATTRIBUTE_ENCRYPTION_KEYSIZE, ATTRIBUTE_TYPE_NUMBER, 0},
    {"tls_sni", ATTRIBUTE_TLS_SNI, ATTRIBUTE_TYPE_HOST, 0},
    {"policy_context", ATTRIBUTE_POLICY_CONTEXT, ATTRIBUTE_TYPE_STRING, 0},
    {"compatibility_level", ATTRIBUTE_COMPATIBILITY_LEVEL, ATTRIBUTE_TYPE_STRING, 0},
    {"mail_version", ATTRIBUTE_MAIL_VERSION, ATTRIBUTE_TYPE_STRING, 0},
};

/* Rows stand in the order in which smtpd sends, which is the table's. */
START_TEST(test_info) {
    ck_assert_int_eq((int)rows[_i].attribute, _i);
    const AttributeInfo *info = attribute_info(rows[_i].attribute);
    ck_assert_str_eq(info->name, rows[_i].name);
    ck_assert_msg(info->type == rows[_i].type, "%s: type", rows[_i].name);
    ck_assert_msg(!info->xtext == !(rows[_i].flags & XTEXT), "%s: xtext", rows[_i].name);
    ck_assert_msg(!info->unknown_absent == !(rows[_i].flags & UNKNOWN_ABSENT), "%s: unknown",
                  rows[_i].name);
    ck_assert_msg(!info->values == (info->type != ATTRIBUTE_TYPE_ENUMERATION), "%s: values",
                  rows[_i].name);
}
END_TEST

START_TEST(test_complete) {
    ck_assert_uint_eq(G_N_ELEMENTS(rows), ATTRIBUTE_COUNT);
    ck_assert_msg((int)ATTRIBUTE_COUNT <= 64, "a request has a bit for each");
}
END_TEST

static void check_values(Attribute attribute, const char *expected) {
    const AttributeInfo *info = attribute_info(attribute);
    ck_assert_ptr_nonnull(info->values);
    GStrv values = g_strdupv((char **)(guintptr)info->values);
    g_autofree char *joined = g_strjoinv(" ", values);
    g_strfreev(values);
    ck_assert_str_eq(joined, expected);
}

START_TEST(test_values) {
    check_values(ATTRIBUTE_PROTOCOL_STATE,
                 "CONNECT EHLO HELO MAIL RCPT DATA END-OF-MESSAGE VRFY ETRN");
    check_values(ATTRIBUTE_PROTOCOL_NAME, "SMTP ESMTP");
}
END_TEST

/* What smtpd 3.7.11 was seen to send with smtpd_delay_reject=no, of what it doesn't always: EHLO,
 * HELO and VRFY once outside of a mail transaction and once within. */
#define LOGIN "sasl_method sasl_username sasl_sender "
#define BEGUN LOGIN "helo_name sender size "

static const struct {
    ProtocolState state;
    const char *sent;
    const char *sent_single; /* for a message of one recipient only */
} seen[] = {
    {STATE_CONNECT, "", ""},
    {STATE_EHLO, BEGUN "recipient queue_id instance", ""},
    {STATE_HELO, BEGUN "recipient queue_id instance", ""},
    {STATE_MAIL, BEGUN, ""},
    {STATE_RCPT, BEGUN "recipient queue_id instance", ""},
    {STATE_DATA, BEGUN "queue_id instance recipient_count", "recipient"},
    {STATE_END_OF_MESSAGE, BEGUN "queue_id instance recipient_count", "recipient"},
    {STATE_VRFY, BEGUN "recipient queue_id instance", ""},
    {STATE_ETRN, LOGIN "helo_name etrn_domain", ""},
};

static gboolean has_word(const char *words, const char *word) {
    g_auto(GStrv) split = g_strsplit(words, " ", -1);
    return g_strv_contains((const char *const *)split, word);
}

START_TEST(test_states) {
    static const Attribute sometimes[] = {ATTRIBUTE_HELO_NAME,   ATTRIBUTE_SENDER,
                                          ATTRIBUTE_RECIPIENT,   ATTRIBUTE_RECIPIENT_COUNT,
                                          ATTRIBUTE_QUEUE_ID,    ATTRIBUTE_INSTANCE,
                                          ATTRIBUTE_SIZE,        ATTRIBUTE_ETRN_DOMAIN,
                                          ATTRIBUTE_SASL_METHOD, ATTRIBUTE_SASL_USERNAME,
                                          ATTRIBUTE_SASL_SENDER};
    StateSet state = STATE_SET(seen[_i].state);
    ck_assert_uint_eq(G_N_ELEMENTS(seen), STATE_COUNT);
    for (guint i = 0; i < G_N_ELEMENTS(sometimes); i++) {
        const AttributeInfo *info = attribute_info(sometimes[i]);
        gboolean single = has_word(seen[_i].sent_single, info->name);
        gboolean sent = single || has_word(seen[_i].sent, info->name);
        ck_assert_msg(((info->never & state) != 0) != sent, "%s", info->name);
        ck_assert_msg(((info->single & state) != 0) == single, "%s", info->name);
    }
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        ck_assert_uint_le(attribute_info((Attribute)i)->never, STATE_SET_ALL);
    }
    ck_assert_uint_eq(attribute_info(ATTRIBUTE_CLIENT_ADDRESS)->never, 0);
    ck_assert_uint_eq(attribute_info(ATTRIBUTE_ENCRYPTION_PROTOCOL)->never, 0);
}
END_TEST

static gboolean is_found(Text name, Attribute *out) {
    g_autofree char *copy = unit_copy(name);
    return attribute_find(text_make(copy, name.length), out);
}

/* Each name, and what is like it: cut by a byte, a byte longer, in capitals. */
START_TEST(test_find) {
    const char *name = rows[_i].name;
    size_t length = strlen(name);
    Attribute found = ATTRIBUTE_COUNT;
    ck_assert_msg(is_found(text_make(name, length), &found), "%s", name);
    ck_assert_int_eq(found, rows[_i].attribute);
    found = ATTRIBUTE_COUNT;
    g_autofree char *longer = g_strconcat(name, "x", NULL);
    g_autofree char *upper = g_ascii_strup(name, -1);
    ck_assert_msg(!is_found(text_make(name, length - 1), &found), "%s, cut", name);
    ck_assert_msg(!is_found(text_make(name, length + 1), &found), "%s and its NUL", name);
    ck_assert_msg(!is_found(text_from_string(longer), &found), "%s", longer);
    ck_assert_msg(!is_found(text_from_string(upper), &found), "%s", upper);
    ck_assert_int_eq(found, ATTRIBUTE_COUNT);
}
END_TEST

static const struct {
    const char *name;
    Text text;
} strangers[] = {
    {"empty", BYTES("")},
    {"no data", {NULL, 0}},
    {"a NUL", BYTES("\0")},
    {"a prefix of several", BYTES("client_")},
    {"a space before", BYTES(" request")},
    {"a space behind", BYTES("request ")},
    {"a NUL inside", BYTES("req\0uest")},
    {"another name of smtpd's", BYTES("sasl_authzid")},
    {"a part of a name", BYTES("sender.domain")},
};

START_TEST(test_find_nothing) {
    Attribute found = ATTRIBUTE_COUNT;
    ck_assert_msg(!is_found(strangers[_i].text, &found), "%s", strangers[_i].name);
    ck_assert_int_eq(found, ATTRIBUTE_COUNT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attribute");
    UNIT_ADD_TABLE(suite, test_info, rows);
    unit_add(suite, "test_complete", test_complete, 1);
    unit_add(suite, "test_values", test_values, 1);
    UNIT_ADD_TABLE(suite, test_states, seen);
    UNIT_ADD_TABLE(suite, test_find, rows);
    UNIT_ADD_TABLE(suite, test_find_nothing, strangers);
    return unit_run(suite);
}
