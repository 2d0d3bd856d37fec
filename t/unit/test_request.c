/*
 * Units of lib/protocol/request: what is read from a block, and what a value is to the rules.
 */
#include "protocol/request.h"

#include <string.h>

#include "limit.h"
#include "unit/unit.h"

#define POLICY "request=smtpd_access_policy\n"

static const struct {
    const char *name;
    Text block;
    RequestStatus status;
} blocks[] = {
    {"nothing but the request", BYTES(POLICY "\n"), REQUEST_OK},
    {"an unknown attribute", BYTES(POLICY "greylist_delay=5\n\n"), REQUEST_OK},
    {"an unknown attribute first", BYTES("x=y\n" POLICY "\n"), REQUEST_OK},
    {"the request last", BYTES("sender=a@b\n" POLICY "\n"), REQUEST_OK},
    {"an empty value", BYTES(POLICY "sender=\n\n"), REQUEST_OK},
    {"a value with =", BYTES(POLICY "recipient=a=b@c\n\n"), REQUEST_OK},
    {"a value of =", BYTES(POLICY "recipient==\n\n"), REQUEST_OK},
    {"the request twice", BYTES(POLICY "request=other\n\n"), REQUEST_OK},
    {"spaces in an unknown name", BYTES(POLICY "a b=c\n\n"), REQUEST_OK},
    {"a NUL in a value", BYTES(POLICY "sender=a\0b\n\n"), REQUEST_OK},
    {"a NUL behind a known name", BYTES(POLICY "protocol_state\0=RCPT\n\n"), REQUEST_OK},
    {"a NUL for a name", BYTES(POLICY "\0=x\n\n"), REQUEST_OK},
    {"a line without =", BYTES(POLICY "sender\n\n"), REQUEST_NO_EQUALS_SIGN},
    {"a line without = first", BYTES("sender\n" POLICY "\n"), REQUEST_NO_EQUALS_SIGN},
    {"a line of one NUL", BYTES(POLICY "\0\n\n"), REQUEST_NO_EQUALS_SIGN},
    {"the = on the next line", BYTES(POLICY "sender\n=x\n\n"), REQUEST_NO_EQUALS_SIGN},
    {"a carriage return for the end", BYTES(POLICY "\r\n\n"), REQUEST_NO_EQUALS_SIGN},
    {"an empty name", BYTES(POLICY "=x\n\n"), REQUEST_NO_NAME},
    {"an empty name and value", BYTES(POLICY "=\n\n"), REQUEST_NO_NAME},
    {"an empty name first", BYTES("=x\n" POLICY "\n"), REQUEST_NO_NAME},
    {"an empty block", BYTES("\n"), REQUEST_NOT_POLICY},
    {"no request", BYTES("sender=a@b\n\n"), REQUEST_NOT_POLICY},
    {"another request", BYTES("request=junk\n\n"), REQUEST_NOT_POLICY},
    {"an empty request", BYTES("request=\n\n"), REQUEST_NOT_POLICY},
    {"the request in capitals", BYTES("request=SMTPD_ACCESS_POLICY\n\n"), REQUEST_NOT_POLICY},
    {"the name in capitals", BYTES("REQUEST=smtpd_access_policy\n\n"), REQUEST_NOT_POLICY},
    {"a space before the value", BYTES("request= smtpd_access_policy\n\n"), REQUEST_NOT_POLICY},
    {"a carriage return", BYTES("request=smtpd_access_policy\r\n\n"), REQUEST_NOT_POLICY},
    {"a NUL behind it", BYTES("request=smtpd_access_policy\0\n\n"), REQUEST_NOT_POLICY},
    {"a NUL in its name", BYTES("request\0=smtpd_access_policy\n\n"), REQUEST_NOT_POLICY},
    {"the first request counts", BYTES("request=x\n" POLICY "\n"), REQUEST_NOT_POLICY},
};

START_TEST(test_status) {
    g_autofree char *copy = unit_copy(blocks[_i].block);
    Request request;
    RequestStatus status = request_parse(text_make(copy, blocks[_i].block.length), &request);
    ck_assert_msg(status == blocks[_i].status, "%s: status %d", blocks[_i].name, (int)status);
}
END_TEST

/* Reads what must be well formed. */
static Request parse(const char *block) {
    Request request;
    ck_assert_int_eq(request_parse(text_from_string(block), &request), REQUEST_OK);
    return request;
}

static guint64 bit(Attribute attribute) {
    return G_GUINT64_CONSTANT(1) << attribute;
}

/* A request as Postfix 3.7.11 sent it at RCPT, and the attributes of later releases. */
static const struct {
    Attribute attribute;
    const char *value;
} postfix[] = {
    {ATTRIBUTE_REQUEST, "smtpd_access_policy"},
    {ATTRIBUTE_PROTOCOL_STATE, "RCPT"},
    {ATTRIBUTE_PROTOCOL_NAME, "ESMTP"},
    {ATTRIBUTE_CLIENT_ADDRESS, "203.0.113.9"},
    {ATTRIBUTE_CLIENT_NAME, "mx.example.net"},
    {ATTRIBUTE_CLIENT_PORT, "47124"},
    {ATTRIBUTE_REVERSE_CLIENT_NAME, "mx.example.net"},
    {ATTRIBUTE_SERVER_ADDRESS, "192.0.2.25"},
    {ATTRIBUTE_SERVER_PORT, "25"},
    {ATTRIBUTE_HELO_NAME, "mx.example.net"},
    {ATTRIBUTE_SENDER, "a=b@example.net"},
    {ATTRIBUTE_RECIPIENT, "user@example.com"},
    {ATTRIBUTE_RECIPIENT_COUNT, "0"},
    {ATTRIBUTE_QUEUE_ID, ""},
    {ATTRIBUTE_INSTANCE, "1f3.65a7c2d1.3a.0"},
    {ATTRIBUTE_SIZE, "12345"},
    {ATTRIBUTE_ETRN_DOMAIN, ""},
    {ATTRIBUTE_STRESS, ""},
    {ATTRIBUTE_SASL_METHOD, "PLAIN"},
    {ATTRIBUTE_SASL_USERNAME, "user"},
    {ATTRIBUTE_SASL_SENDER, "user+2Btag@example.com"},
    {ATTRIBUTE_CCERT_SUBJECT, "mx+20one"},
    {ATTRIBUTE_CCERT_ISSUER, "Example+20CA"},
    {ATTRIBUTE_CCERT_FINGERPRINT, "C2:9D:F4:87"},
    {ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT, "68:B3:29:DA"},
    {ATTRIBUTE_ENCRYPTION_PROTOCOL, "TLSv1.3"},
    {ATTRIBUTE_ENCRYPTION_CIPHER, "TLS_AES_256_GCM_SHA384"},
    {ATTRIBUTE_ENCRYPTION_KEYSIZE, "256"},
    {ATTRIBUTE_TLS_SNI, "mail.example.com"},
    {ATTRIBUTE_POLICY_CONTEXT, "submission"},
    {ATTRIBUTE_COMPATIBILITY_LEVEL, "3.6"},
    {ATTRIBUTE_MAIL_VERSION, "3.12"},
};

/* Attributes stand `step` rows apart in the block: a step that is prime to their number is an
 * order of its own. */
static void check_order(size_t step) {
    size_t count = G_N_ELEMENTS(postfix);
    g_autoptr(GString) block = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        size_t row = i * step % count;
        g_string_append_printf(block, "%s=%s\n", attribute_info(postfix[row].attribute)->name,
                               postfix[row].value);
    }
    g_string_append_c(block, '\n');
    Request request = parse(block->str);
    for (size_t i = 0; i < count; i++) {
        UNIT_ASSERT_TEXT(attribute_info(postfix[i].attribute)->name,
                         request.values[postfix[i].attribute], text_from_string(postfix[i].value));
    }
    ck_assert_uint_eq(request.seen, (bit(ATTRIBUTE_COUNT - 1) << 1) - 1);
    ck_assert_uint_eq(request.repeated, 0);
}

START_TEST(test_every_attribute) {
    ck_assert_uint_eq(G_N_ELEMENTS(postfix), ATTRIBUTE_COUNT);
    for (size_t step = 1; step < G_N_ELEMENTS(postfix); step += 2) {
        check_order(step);
    }
}
END_TEST

START_TEST(test_absent) {
    Request request = parse(POLICY "stress=\n\n");
    ck_assert_uint_eq(request.seen, bit(ATTRIBUTE_REQUEST) | bit(ATTRIBUTE_STRESS));
    for (guint i = 1; i < ATTRIBUTE_COUNT; i++) {
        ck_assert_uint_eq(request.values[i].length, 0);
    }
}
END_TEST

START_TEST(test_repeated) {
    Request request = parse(POLICY "sender=\nsender=b@d\nrecipient=a@d\nrecipient=b@d\nsize=1\n"
                                   "recipient=c@d\nunknown=1\nunknown=2\n\n");
    UNIT_ASSERT_TEXT("an empty first", request.values[ATTRIBUTE_SENDER], TEXT_LITERAL(""));
    UNIT_ASSERT_TEXT("the first of three", request.values[ATTRIBUTE_RECIPIENT],
                     TEXT_LITERAL("a@d"));
    ck_assert_uint_eq(request.repeated, bit(ATTRIBUTE_SENDER) | bit(ATTRIBUTE_RECIPIENT));
}
END_TEST

/* In the table's order, but for one before them that they come to again. */
START_TEST(test_repeated_in_order) {
    Request request = parse("size=0\n" POLICY "sender=a@d\nrecipient=b@d\nrecipient_count=1\n"
                            "queue_id=\ninstance=i\nsize=1\netrn_domain=\nstress=\nsize=2\n\n");
    UNIT_ASSERT_TEXT("the first size", request.values[ATTRIBUTE_SIZE], TEXT_LITERAL("0"));
    UNIT_ASSERT_TEXT("one before it", request.values[ATTRIBUTE_INSTANCE], TEXT_LITERAL("i"));
    ck_assert_uint_eq(request.repeated, bit(ATTRIBUTE_SIZE));
    ck_assert_uint_eq(request.seen & bit(ATTRIBUTE_STRESS), bit(ATTRIBUTE_STRESS));
}
END_TEST

/* Nothing of what the Request held before shows through. */
START_TEST(test_used_before) {
    Request request;
    memset(&request, 0xa5, sizeof request);
    ck_assert_int_eq(request_parse(TEXT_LITERAL(POLICY "stress=\n\n"), &request), REQUEST_OK);
    ck_assert_uint_eq(request.seen, bit(ATTRIBUTE_REQUEST) | bit(ATTRIBUTE_STRESS));
    ck_assert_uint_eq(request.repeated, 0);
    for (guint i = 1; i < ATTRIBUTE_COUNT; i++) {
        ck_assert_uint_eq(request.values[i].length, 0);
    }
}
END_TEST

START_TEST(test_borrows) {
    g_autofree char *block = g_strdup(POLICY "sender=a@b\n\n");
    Request request = parse(block);
    ck_assert_ptr_eq(request.values[ATTRIBUTE_SENDER].data, strstr(block, "a@b"));
}
END_TEST

START_TEST(test_nul) {
    static const Text block =
        TEXT_LITERAL(POLICY "protocol_state\0=DATA\nsender=a\0b\nsize\0x=1\n\n");
    g_autofree char *copy = unit_copy(block);
    Request request;
    ck_assert_int_eq(request_parse(text_make(copy, block.length), &request), REQUEST_OK);
    UNIT_ASSERT_TEXT("a value", request.values[ATTRIBUTE_SENDER], TEXT_LITERAL("a\0b"));
    ck_assert_uint_eq(request.seen, bit(ATTRIBUTE_REQUEST) | bit(ATTRIBUTE_SENDER));
}
END_TEST

/* The longest block, of one value. */
START_TEST(test_largest) {
    static const char start[] = POLICY "sasl_username=";
    size_t length = LIMIT_BLOCK - (sizeof start - 1) - 2;
    g_autofree char *value = g_strnfill(length, 'x');
    g_autofree char *block = g_strconcat(start, value, "\n\n", NULL);
    ck_assert_uint_eq(strlen(block), LIMIT_BLOCK);
    Request request = parse(block);
    ck_assert_uint_eq(request.values[ATTRIBUTE_SASL_USERNAME].length, length);
}
END_TEST

static const struct {
    const char *name;
    Attribute attribute;
    const char *sent;
    Text value;
} values[] = {
    {"a string", ATTRIBUTE_INSTANCE, "1f3.0", BYTES("1f3.0")},
    {"an unknown client", ATTRIBUTE_CLIENT_NAME, "unknown", BYTES("")},
    {"an unknown reverse name", ATTRIBUTE_REVERSE_CLIENT_NAME, "unknown", BYTES("")},
    {"an unknown address", ATTRIBUTE_CLIENT_ADDRESS, "unknown", BYTES("")},
    {"unknown in capitals is a name", ATTRIBUTE_CLIENT_NAME, "UNKNOWN", BYTES("UNKNOWN")},
    {"unknown.example is a name", ATTRIBUTE_CLIENT_NAME, "unknown.a", BYTES("unknown.a")},
    {"a HELO of unknown", ATTRIBUTE_HELO_NAME, "unknown", BYTES("unknown")},
    {"a sender of unknown", ATTRIBUTE_SENDER, "unknown", BYTES("unknown")},
    {"a user of unknown", ATTRIBUTE_SASL_USERNAME, "unknown", BYTES("unknown")},
    {"a state", ATTRIBUTE_PROTOCOL_STATE, "END-OF-MESSAGE", BYTES("END-OF-MESSAGE")},
    {"no state", ATTRIBUTE_PROTOCOL_STATE, "", BYTES("")},
    {"another state", ATTRIBUTE_PROTOCOL_STATE, "BDAT", BYTES("")},
    {"a state in lower case", ATTRIBUTE_PROTOCOL_STATE, "rcpt", BYTES("")},
    {"half a state", ATTRIBUTE_PROTOCOL_STATE, "RCP", BYTES("")},
    {"a protocol", ATTRIBUTE_PROTOCOL_NAME, "SMTP", BYTES("SMTP")},
    {"another protocol", ATTRIBUTE_PROTOCOL_NAME, "LMTP", BYTES("")},
    {"xtext in a subject", ATTRIBUTE_CCERT_SUBJECT, "mx+20one", BYTES("mx one")},
    {"xtext in an issuer", ATTRIBUTE_CCERT_ISSUER, "CA+2B", BYTES("CA+")},
    {"xtext in a SASL sender", ATTRIBUTE_SASL_SENDER, "u+2Bx@d", BYTES("u+x@d")},
    {"wrong xtext", ATTRIBUTE_CCERT_SUBJECT, "mx+2", BYTES("")},
    {"no xtext elsewhere", ATTRIBUTE_SENDER, "u+20x@d", BYTES("u+20x@d")},
    {"no xtext in a user", ATTRIBUTE_SASL_USERNAME, "u+20x", BYTES("u+20x")},
    {"a number is not judged", ATTRIBUTE_SIZE, "many", BYTES("many")},
    {"nor an address", ATTRIBUTE_CLIENT_ADDRESS, "nowhere", BYTES("nowhere")},
};

START_TEST(test_value) {
    g_autofree char *scratch = g_malloc(LIMIT_BLOCK);
    g_autofree char *block = g_strdup_printf(
        POLICY "%s=%s\n\n", attribute_info(values[_i].attribute)->name, values[_i].sent);
    Request request = parse(block);
    UNIT_ASSERT_TEXT(values[_i].name, request_value(&request, values[_i].attribute, scratch),
                     values[_i].value);
    UNIT_ASSERT_TEXT(values[_i].name, request.values[values[_i].attribute],
                     text_from_string(values[_i].sent));
}
END_TEST

START_TEST(test_value_not_sent) {
    g_autofree char *scratch = g_malloc(LIMIT_BLOCK);
    Request request = parse(POLICY "\n");
    for (guint i = 1; i < ATTRIBUTE_COUNT; i++) {
        Text value = request_value(&request, (Attribute)i, scratch);
        UNIT_ASSERT_TEXT(attribute_info((Attribute)i)->name, value, TEXT_LITERAL(""));
    }
}
END_TEST

START_TEST(test_typed) {
    Request request = parse(POLICY "size=18446744073709551615\nclient_port=unknown\n"
                                   "client_address=::ffff:192.0.2.1\nserver_address=unknown\n\n");
    guint64 number = 42;
    Address address = {0};
    ck_assert(request_number(&request, ATTRIBUTE_SIZE, &number));
    ck_assert_uint_eq(number, G_MAXUINT64);
    ck_assert(!request_number(&request, ATTRIBUTE_CLIENT_PORT, &number));
    ck_assert(!request_number(&request, ATTRIBUTE_RECIPIENT_COUNT, &number));
    ck_assert_uint_eq(number, G_MAXUINT64);
    ck_assert(request_address(&request, ATTRIBUTE_CLIENT_ADDRESS, &address));
    ck_assert_int_eq(address.family, ADDRESS_IPV4);
    ck_assert(!request_address(&request, ATTRIBUTE_SERVER_ADDRESS, &address));
    ck_assert_int_eq(address.bytes[0], 192);
}
END_TEST

/* Lines of every length around the steps in which newlines are sought, a name that is the start of
 * another, one that is out of order, and the longest name. */
static char *make_long_block(void) {
    GString *block = g_string_new(POLICY);
    for (guint i = 0; i < 140; i++) {
        g_autofree char *value = g_strnfill(i, 'x');
        g_string_append_printf(block, "unknown_%u=%s\n", i, value);
    }
    g_string_append(block, "sender=a@b\nsende=no\nsenders=no\nclient_address=192.0.2.1\n"
                           "ccert_pubkey_fingerprint=aa:bb\nsize=7\n\n");
    return g_string_free(block, FALSE);
}

/* Hands over the bytes in two parts, in a block of just their size. */
static void read_in_two(const char *block, size_t length, size_t first) {
    Request request;
    size_t scanned = 0;
    size_t found = 0;
    g_autofree char *copy = g_memdup2(block, length);
    g_autofree char *part = g_memdup2(block, MAX(first, 1));
    RequestStatus status = request_read(text_make(part, first), &scanned, &request, &found);
    ck_assert_msg(status == REQUEST_INCOMPLETE, "%zu bytes: status %d", first, (int)status);
    status = request_read(text_make(copy, length), &scanned, &request, &found);
    ck_assert_msg(status == REQUEST_OK && found == length, "cut at %zu: status %d", first,
                  (int)status);
    UNIT_ASSERT_TEXT("sender", request.values[ATTRIBUTE_SENDER], TEXT_LITERAL("a@b"));
    UNIT_ASSERT_TEXT("client_address", request.values[ATTRIBUTE_CLIENT_ADDRESS],
                     TEXT_LITERAL("192.0.2.1"));
    UNIT_ASSERT_TEXT("fingerprint", request.values[ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT],
                     TEXT_LITERAL("aa:bb"));
    UNIT_ASSERT_TEXT("size", request.values[ATTRIBUTE_SIZE], TEXT_LITERAL("7"));
    ck_assert_uint_eq(request.repeated, 0);
}

START_TEST(test_read_in_two) {
    g_autofree char *block = make_long_block();
    size_t length = strlen(block);
    for (size_t first = 0; first < length; first += first < 200 || first + 200 > length ? 1 : 7) {
        read_in_two(block, length, first);
    }
}
END_TEST

START_TEST(test_read_bytewise) {
    g_autofree char *block = make_long_block();
    size_t length = strlen(block);
    size_t scanned = 0;
    size_t found = 0;
    Request request;
    for (size_t held = 1; held < length; held++) {
        RequestStatus status = request_read(text_make(block, held), &scanned, &request, &found);
        ck_assert_int_eq(status, REQUEST_INCOMPLETE);
    }
    ck_assert_int_eq(request_read(text_make(block, length), &scanned, &request, &found),
                     REQUEST_OK);
    ck_assert_uint_eq(found, length);
}
END_TEST

/* What follows the block is left alone, be it the start of another. */
START_TEST(test_read_first_of_many) {
    static const char blocks_in_a_row[] = POLICY "size=1\n\n" POLICY "size=2\n\n" POLICY "si";
    Text rest = TEXT_LITERAL(blocks_in_a_row);
    for (guint64 want = 1; want <= 2; want++) {
        Request request;
        size_t scanned = 0;
        size_t length = 0;
        guint64 size = 0;
        ck_assert_int_eq(request_read(rest, &scanned, &request, &length), REQUEST_OK);
        ck_assert(request_number(&request, ATTRIBUTE_SIZE, &size) && size == want);
        rest = text_make(rest.data + length, rest.length - length);
    }
    size_t scanned = 0;
    size_t length = 0;
    Request request;
    ck_assert_int_eq(request_read(rest, &scanned, &request, &length), REQUEST_INCOMPLETE);
}
END_TEST

/* A block of so many bytes, its end beyond what was handed over before or not. */
static RequestStatus read_size(size_t size, size_t first) {
    Request request;
    size_t scanned = 0;
    size_t length = 0;
    GString *block = g_string_new(POLICY "sender=");
    while (block->len + 2 < size) {
        g_string_append_c(block, 'x');
    }
    g_string_append(block, "\n\n");
    RequestStatus status =
        request_read(text_make(block->str, MIN(first, size)), &scanned, &request, &length);
    if (status == REQUEST_INCOMPLETE) {
        status = request_read(text_make(block->str, size), &scanned, &request, &length);
    }
    g_string_free(block, TRUE);
    return status;
}

START_TEST(test_read_limit) {
    static const size_t firsts[] = {0, 1, 4096, LIMIT_BLOCK - 1, LIMIT_BLOCK + 1};
    for (guint i = 0; i < G_N_ELEMENTS(firsts); i++) {
        ck_assert_int_eq(read_size(LIMIT_BLOCK, firsts[i]), REQUEST_OK);
        ck_assert_int_eq(read_size(LIMIT_BLOCK + 1, firsts[i]), REQUEST_TOO_LARGE);
    }
}
END_TEST

/* A wrong line is told before the block is whole. */
START_TEST(test_read_wrong_early) {
    Request request;
    size_t scanned = 0;
    size_t length = 0;
    ck_assert_int_eq(request_read(TEXT_LITERAL(POLICY "junk\nsize="), &scanned, &request, &length),
                     REQUEST_NO_EQUALS_SIGN);
    ck_assert_int_eq(request_read(TEXT_LITERAL(POLICY "=x\nsize="), &scanned, &request, &length),
                     REQUEST_NO_NAME);
    ck_assert_int_eq(request_read(TEXT_LITERAL(POLICY "junk"), &scanned, &request, &length),
                     REQUEST_INCOMPLETE);
}
END_TEST

static const struct {
    const char *text;
    RequestStatus status;
} texts[] = {
    {"well formed", REQUEST_OK},
    {"it is not whole", REQUEST_INCOMPLETE},
    {"it is larger than 65536 bytes", REQUEST_TOO_LARGE},
    {"a line has no '='", REQUEST_NO_EQUALS_SIGN},
    {"a line has no name before '='", REQUEST_NO_NAME},
    {"it has no 'request=smtpd_access_policy'", REQUEST_NOT_POLICY},
};

START_TEST(test_status_text) {
    ck_assert_str_eq(request_status_text(texts[_i].status), texts[_i].text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("request");
    UNIT_ADD_TABLE(suite, test_status, blocks);
    unit_add(suite, "test_every_attribute", test_every_attribute, 1);
    unit_add(suite, "test_absent", test_absent, 1);
    unit_add(suite, "test_repeated", test_repeated, 1);
    unit_add(suite, "test_repeated_in_order", test_repeated_in_order, 1);
    unit_add(suite, "test_used_before", test_used_before, 1);
    unit_add(suite, "test_borrows", test_borrows, 1);
    unit_add(suite, "test_nul", test_nul, 1);
    unit_add(suite, "test_largest", test_largest, 1);
    UNIT_ADD_TABLE(suite, test_value, values);
    unit_add(suite, "test_value_not_sent", test_value_not_sent, 1);
    unit_add(suite, "test_typed", test_typed, 1);
    UNIT_ADD_TABLE(suite, test_status_text, texts);
    unit_add(suite, "test_read_in_two", test_read_in_two, 1);
    unit_add(suite, "test_read_bytewise", test_read_bytewise, 1);
    unit_add(suite, "test_read_first_of_many", test_read_first_of_many, 1);
    unit_add(suite, "test_read_limit", test_read_limit, 1);
    unit_add(suite, "test_read_wrong_early", test_read_wrong_early, 1);
    return unit_run(suite);
}
