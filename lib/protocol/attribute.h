/*
 * Attribute: every attribute of a policy request, Postfix 2.1 to 3.12, in the order in which
 * smtpd sends them (src/smtpd/smtpd_check.c, check_policy_service). SMTPD_POLICY_README says what
 * each means.
 */
#ifndef POLICY_ATTRIBUTE_H
#define POLICY_ATTRIBUTE_H

#include "protocol/text.h"

typedef enum {
    ATTRIBUTE_REQUEST,
    ATTRIBUTE_PROTOCOL_STATE,
    ATTRIBUTE_PROTOCOL_NAME,
    ATTRIBUTE_CLIENT_ADDRESS,
    ATTRIBUTE_CLIENT_NAME,
    ATTRIBUTE_CLIENT_PORT,
    ATTRIBUTE_REVERSE_CLIENT_NAME,
    ATTRIBUTE_SERVER_ADDRESS,
    ATTRIBUTE_SERVER_PORT,
    ATTRIBUTE_HELO_NAME,
    ATTRIBUTE_SENDER,
    ATTRIBUTE_RECIPIENT,
    ATTRIBUTE_RECIPIENT_COUNT,
    ATTRIBUTE_QUEUE_ID,
    ATTRIBUTE_INSTANCE,
    ATTRIBUTE_SIZE,
    ATTRIBUTE_ETRN_DOMAIN,
    ATTRIBUTE_STRESS,
    ATTRIBUTE_SASL_METHOD,
    ATTRIBUTE_SASL_USERNAME,
    ATTRIBUTE_SASL_SENDER,
    ATTRIBUTE_CCERT_SUBJECT,
    ATTRIBUTE_CCERT_ISSUER,
    ATTRIBUTE_CCERT_FINGERPRINT,
    ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT,
    ATTRIBUTE_ENCRYPTION_PROTOCOL,
    ATTRIBUTE_ENCRYPTION_CIPHER,
    ATTRIBUTE_ENCRYPTION_KEYSIZE,
    ATTRIBUTE_TLS_SNI,
    ATTRIBUTE_POLICY_CONTEXT,
    ATTRIBUTE_COMPATIBILITY_LEVEL,
    ATTRIBUTE_MAIL_VERSION,
    ATTRIBUTE_COUNT
} Attribute;

typedef enum {
    ATTRIBUTE_TYPE_STRING,
    ATTRIBUTE_TYPE_ADDRESS,
    ATTRIBUTE_TYPE_NUMBER,
    ATTRIBUTE_TYPE_MAILBOX,
    ATTRIBUTE_TYPE_HOST,
    ATTRIBUTE_TYPE_ENUMERATION,
} AttributeType;

/* The values of protocol_state. */
typedef enum {
    STATE_CONNECT,
    STATE_EHLO,
    STATE_HELO,
    STATE_MAIL,
    STATE_RCPT,
    STATE_DATA, /* of BDAT too */
    STATE_END_OF_MESSAGE,
    STATE_VRFY,
    STATE_ETRN,
    STATE_COUNT
} ProtocolState;

/* A bit for each ProtocolState. */
typedef guint16 StateSet;

#define STATE_SET(state) ((StateSet)(1 << (state)))
#define STATE_SET_ALL ((StateSet)((1 << STATE_COUNT) - 1))

/* Bytes that hold any attribute's name and its `=`, with NULs behind; with the length, two words of
 * a vector. */
#define ATTRIBUTE_PREFIX_SIZE 31

typedef struct {
    char prefix[ATTRIBUTE_PREFIX_SIZE]; /* the name and `=`: how a line of the request starts */
    guint8 prefix_length;
    const char *name;
    AttributeType type;
    gboolean xtext;            /* RFC 3461 xtext: decoded before it is compared */
    gboolean unknown_absent;   /* the value `unknown` means that Postfix has none */
    StateSet never;            /* the states in which it is empty, and a number 0 */
    StateSet single;           /* those in which only a message of one recipient has it */
    const char *const *values; /* of an enumeration, ending in NULL; else NULL */
} AttributeInfo;

extern const AttributeInfo attribute_table[ATTRIBUTE_COUNT];

static inline const AttributeInfo *attribute_info(Attribute attribute) {
    return &attribute_table[attribute];
}

/* FALSE, and *out untouched, if Postfix has no attribute of that name. */
gboolean attribute_find(Text name, Attribute *out);

#endif
