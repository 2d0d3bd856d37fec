/*
 * Natural: by attribute, or else by type. Pure; nothing fails.
 */
#include "analysis/natural.h"

const char *const *natural_values(Attribute attribute) {
    static const char *const by_attribute[ATTRIBUTE_COUNT][3] = {
        [ATTRIBUTE_SASL_METHOD] = {"PLAIN", "LOGIN"},
        [ATTRIBUTE_SASL_USERNAME] = {"user", "user@login.example"},
        [ATTRIBUTE_ENCRYPTION_PROTOCOL] = {"TLSv1.3", "TLSv1.2"},
        [ATTRIBUTE_ENCRYPTION_CIPHER] = {"TLS_AES_256_GCM_SHA384", "AES256-SHA"},
        [ATTRIBUTE_ENCRYPTION_KEYSIZE] = {"256", "128"},
        [ATTRIBUTE_CCERT_FINGERPRINT] = {"00:11:22:33", "44:55:66:77"},
        [ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT] = {"00:11:22:33", "44:55:66:77"},
        [ATTRIBUTE_CLIENT_PORT] = {"49152", "50000"},
        [ATTRIBUTE_SERVER_PORT] = {"25", "587"},
        [ATTRIBUTE_RECIPIENT_COUNT] = {"1", "2"},
    };
    static const char *const by_type[][5] = {
        [ATTRIBUTE_TYPE_STRING] = {"x", "other", "another"},
        [ATTRIBUTE_TYPE_ADDRESS] = {"203.0.113.9", "198.51.100.9", "192.0.2.9", "2001:db8::9"},
        [ATTRIBUTE_TYPE_NUMBER] = {"1024", "1", "0"},
        [ATTRIBUTE_TYPE_MAILBOX] = {"user@elsewhere.example"},
        [ATTRIBUTE_TYPE_HOST] = {"client.origin.example", "client.origin.test"},
    };
    const AttributeInfo *info = attribute_info(attribute);
    if (info->values) {
        return info->values;
    }
    return by_attribute[attribute][0] ? by_attribute[attribute] : by_type[info->type];
}
