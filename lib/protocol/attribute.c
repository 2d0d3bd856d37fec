/*
 * Attribute: the table, and a plain search of it: a request's attributes come in a known order, so
 * request.c rarely asks.
 */
#include "protocol/attribute.h"

/* smtpd_check.h and smtpd.h: the values of state->where, and of the protocol. */
static const char *const protocol_states[STATE_COUNT + 1] = {
    [STATE_CONNECT] = "CONNECT",
    [STATE_EHLO] = "EHLO",
    [STATE_HELO] = "HELO",
    [STATE_MAIL] = "MAIL",
    [STATE_RCPT] = "RCPT",
    [STATE_DATA] = "DATA",
    [STATE_END_OF_MESSAGE] = "END-OF-MESSAGE",
    [STATE_VRFY] = "VRFY",
    [STATE_ETRN] = "ETRN",
};
static const char *const protocol_names[] = {"SMTP", "ESMTP", NULL};

/*
 * What is empty in which state, seen by running Postfix 3.7.11 with smtpd_delay_reject=no. EHLO,
 * HELO and VRFY are taken within a mail transaction too, and are then asked about with its sender,
 * size, instance and queue_id, and EHLO and HELO with its first recipient; MAIL and ETRN are not
 * taken there. Before the first command nothing but the connection is known.
 */
#define AT_CONNECT STATE_SET(STATE_CONNECT)
#define NO_TRANSACTION (AT_CONNECT | STATE_SET(STATE_ETRN))
#define NO_RECIPIENT (NO_TRANSACTION | STATE_SET(STATE_MAIL))
#define AFTER_DATA (STATE_SET(STATE_DATA) | STATE_SET(STATE_END_OF_MESSAGE))
#define BUT(states) ((StateSet)(STATE_SET_ALL & ~(states)))

#define NAMED(text) .name = (text), .prefix = text "=", .prefix_length = sizeof(text)
#define STRING .type = ATTRIBUTE_TYPE_STRING
#define ADDRESS .type = ATTRIBUTE_TYPE_ADDRESS
#define NUMBER .type = ATTRIBUTE_TYPE_NUMBER
#define MAILBOX .type = ATTRIBUTE_TYPE_MAILBOX
#define HOST .type = ATTRIBUTE_TYPE_HOST
#define ENUMERATION(list) .type = ATTRIBUTE_TYPE_ENUMERATION, .values = (list)

const AttributeInfo attribute_table[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_REQUEST] = {NAMED("request"), STRING},
    [ATTRIBUTE_PROTOCOL_STATE] = {NAMED("protocol_state"), ENUMERATION(protocol_states)},
    [ATTRIBUTE_PROTOCOL_NAME] = {NAMED("protocol_name"), ENUMERATION(protocol_names)},
    [ATTRIBUTE_CLIENT_ADDRESS] = {NAMED("client_address"), ADDRESS, .unknown_absent = TRUE},
    [ATTRIBUTE_CLIENT_NAME] = {NAMED("client_name"), HOST, .unknown_absent = TRUE},
    [ATTRIBUTE_CLIENT_PORT] = {NAMED("client_port"), NUMBER},
    [ATTRIBUTE_REVERSE_CLIENT_NAME] = {NAMED("reverse_client_name"), HOST, .unknown_absent = TRUE},
    [ATTRIBUTE_SERVER_ADDRESS] = {NAMED("server_address"), ADDRESS},
    [ATTRIBUTE_SERVER_PORT] = {NAMED("server_port"), NUMBER},
    [ATTRIBUTE_HELO_NAME] = {NAMED("helo_name"), HOST, .never = AT_CONNECT},
    [ATTRIBUTE_SENDER] = {NAMED("sender"), MAILBOX, .never = NO_TRANSACTION},
    [ATTRIBUTE_RECIPIENT] = {NAMED("recipient"), MAILBOX, .never = NO_RECIPIENT,
                             .single = AFTER_DATA},
    [ATTRIBUTE_RECIPIENT_COUNT] = {NAMED("recipient_count"), NUMBER, .never = BUT(AFTER_DATA)},
    [ATTRIBUTE_QUEUE_ID] = {NAMED("queue_id"), STRING, .never = NO_RECIPIENT},
    [ATTRIBUTE_INSTANCE] = {NAMED("instance"), STRING, .never = NO_RECIPIENT},
    [ATTRIBUTE_SIZE] = {NAMED("size"), NUMBER, .never = NO_TRANSACTION},
    [ATTRIBUTE_ETRN_DOMAIN] = {NAMED("etrn_domain"), HOST, .never = BUT(STATE_SET(STATE_ETRN))},
    [ATTRIBUTE_STRESS] = {NAMED("stress"), STRING},
    [ATTRIBUTE_SASL_METHOD] = {NAMED("sasl_method"), STRING, .never = AT_CONNECT},
    [ATTRIBUTE_SASL_USERNAME] = {NAMED("sasl_username"), STRING, .never = AT_CONNECT},
    [ATTRIBUTE_SASL_SENDER] = {NAMED("sasl_sender"), MAILBOX, .xtext = TRUE, .never = AT_CONNECT},
    [ATTRIBUTE_CCERT_SUBJECT] = {NAMED("ccert_subject"), STRING, .xtext = TRUE},
    [ATTRIBUTE_CCERT_ISSUER] = {NAMED("ccert_issuer"), STRING, .xtext = TRUE},
    [ATTRIBUTE_CCERT_FINGERPRINT] = {NAMED("ccert_fingerprint"), STRING},
    [ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT] = {NAMED("ccert_pubkey_fingerprint"), STRING},
    [ATTRIBUTE_ENCRYPTION_PROTOCOL] = {NAMED("encryption_protocol"), STRING},
    [ATTRIBUTE_ENCRYPTION_CIPHER] = {NAMED("encryption_cipher"), STRING},
    [ATTRIBUTE_ENCRYPTION_KEYSIZE] = {NAMED("encryption_keysize"), NUMBER},
    [ATTRIBUTE_TLS_SNI] = {NAMED("tls_sni"), HOST},
    [ATTRIBUTE_POLICY_CONTEXT] = {NAMED("policy_context"), STRING},
    [ATTRIBUTE_COMPATIBILITY_LEVEL] = {NAMED("compatibility_level"), STRING},
    [ATTRIBUTE_MAIL_VERSION] = {NAMED("mail_version"), STRING},
};

gboolean attribute_find(Text name, Attribute *out) {
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (attribute_table[i].name[0] == (name.length > 0 ? name.data[0] : '\0')
            && text_equal(name, text_from_string(attribute_table[i].name))) {
            *out = (Attribute)i;
            return TRUE;
        }
    }
    return FALSE;
}
