/*
 * RelayVerdict: what an answer to a try means. Before DATA a server has promised nothing, so only
 * what it can be known by is called so.
 */
#ifndef POLICYD_CTL_RELAY_TEST_VERDICT_H
#define POLICYD_CTL_RELAY_TEST_VERDICT_H

#include "ctl/relay_test/forms.h"
#include "ctl/relay_test/reply.h"

typedef enum {
    RELAY_CLASS_NONE,      /* there was no reply */
    RELAY_CLASS_ACCEPTED,  /* 2xx */
    RELAY_CLASS_REFUSED,   /* 5xx */
    RELAY_CLASS_TEMPORARY, /* 4xx: another time it may be accepted */
    RELAY_CLASS_DOMAIN,    /* 4xx or 5xx, but as DNS does not know the domain */
    RELAY_CLASS_ODD,       /* 3xx */
} RelayClass;

RelayClass relay_class(const RelayReply *reply);

typedef enum {
    RELAY_VERDICT_REFUSED,
    RELAY_VERDICT_RELAYS,
    RELAY_VERDICT_PERMITTED, /* relays, as a login may */
    RELAY_VERDICT_CANT_TELL,
    RELAY_VERDICT_CONTROL, /* of RELAY_KNOWN and RELAY_UNKNOWN: nothing is asked */
    RELAY_VERDICTS,
} RelayVerdict;

/* `control` is the class of the answer to the RELAY_UNKNOWN of the same place; `permitted` tells
 * that who has logged in may send to the plain remote address. */
RelayVerdict relay_verdict(RelayKind kind, RelayClass class, RelayClass control,
                           gboolean permitted);

/* Why it can't be told, a literal; NULL if it can, or if there is no reply. */
const char *relay_verdict_reason(RelayVerdict verdict, RelayClass class);

#endif
