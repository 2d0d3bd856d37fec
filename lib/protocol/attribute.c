/*
 * Attribute: the table, and a plain search of it: a request's attributes come in a known order, so
 * request.c rarely asks.
 */
#include "protocol/attribute.h"

/* smtpd_check.h and smtpd.h: the values of state->where, and of the protocol. */
static const char *const protocol_states[] = {"CONNECT", "EHLO",           "HELO", "MAIL", "RCPT",
                                              "DATA",    "END-OF-MESSAGE", "VRFY", "ETRN", NULL};
static const char *const protocol_names[] = {"SMTP", "ESMTP", NULL};

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
    [ATTRIBUTE_HELO_NAME] = {NAMED("helo_name"), HOST},
    [ATTRIBUTE_SENDER] = {NAMED("sender"), MAILBOX},
    [ATTRIBUTE_RECIPIENT] = {NAMED("recipient"), MAILBOX},
    [ATTRIBUTE_RECIPIENT_COUNT] = {NAMED("recipient_count"), NUMBER},
    [ATTRIBUTE_QUEUE_ID] = {NAMED("queue_id"), STRING},
    [ATTRIBUTE_INSTANCE] = {NAMED("instance"), STRING},
    [ATTRIBUTE_SIZE] = {NAMED("size"), NUMBER},
    [ATTRIBUTE_ETRN_DOMAIN] = {NAMED("etrn_domain"), HOST},
    [ATTRIBUTE_STRESS] = {NAMED("stress"), STRING},
    [ATTRIBUTE_SASL_METHOD] = {NAMED("sasl_method"), STRING},
    [ATTRIBUTE_SASL_USERNAME] = {NAMED("sasl_username"), STRING},
    [ATTRIBUTE_SASL_SENDER] = {NAMED("sasl_sender"), MAILBOX, .xtext = TRUE},
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
