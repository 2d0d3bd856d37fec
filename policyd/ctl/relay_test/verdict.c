/*
 * RelayVerdict: pure functions of codes. They never fail.
 */
#include "ctl/relay_test/verdict.h"

/* Enhanced status codes of a domain that is not in DNS, or that takes no mail (RFC 3463, 7505). */
static gboolean is_about_domain(const RelayReply *reply) {
    static const struct {
        guint subject;
        guint detail;
    } codes[] = {{1, 2}, {1, 8}, {1, 10}, {4, 4}, {7, 27}};
    guint subject;
    guint detail;
    if (!relay_reply_status(reply, &subject, &detail)) {
        return FALSE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (subject == codes[i].subject && detail == codes[i].detail) {
            return TRUE;
        }
    }
    return FALSE;
}

RelayClass relay_class(const RelayReply *reply) {
    switch (reply->code / 100) {
    case 0:
        return RELAY_CLASS_NONE;
    case 2:
        return RELAY_CLASS_ACCEPTED;
    case 4:
        return is_about_domain(reply) ? RELAY_CLASS_DOMAIN : RELAY_CLASS_TEMPORARY;
    case 5:
        return is_about_domain(reply) ? RELAY_CLASS_DOMAIN : RELAY_CLASS_REFUSED;
    default:
        return RELAY_CLASS_ODD;
    }
}

RelayVerdict relay_verdict(RelayKind kind, RelayClass class, RelayClass control,
                           gboolean permitted) {
    if (kind == RELAY_KNOWN || kind == RELAY_UNKNOWN) {
        return RELAY_VERDICT_CONTROL;
    }
    if (class == RELAY_CLASS_REFUSED) {
        return RELAY_VERDICT_REFUSED;
    }
    if (class != RELAY_CLASS_ACCEPTED) {
        return RELAY_VERDICT_CANT_TELL;
    }
    if (permitted) {
        return RELAY_VERDICT_PERMITTED;
    }
    return kind == RELAY_REMOTE || control == RELAY_CLASS_REFUSED ? RELAY_VERDICT_RELAYS
                                                                  : RELAY_VERDICT_CANT_TELL;
}

const char *relay_verdict_reason(RelayVerdict verdict, RelayClass class) {
    if (verdict != RELAY_VERDICT_CANT_TELL) {
        return NULL;
    }
    switch (class) {
    case RELAY_CLASS_ACCEPTED:
        return "it may take any mailbox there";
    case RELAY_CLASS_TEMPORARY:
        return "refused only for now";
    case RELAY_CLASS_DOMAIN:
        return "refused as DNS does not know the domain";
    case RELAY_CLASS_ODD:
        return "no answer to this command";
    default:
        return NULL;
    }
}
