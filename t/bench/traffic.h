/*
 * Traffic: requests as smtpd of Postfix 3.7 sends them, about 800 bytes each, and what
 * reference.rules answers to them. The same seed gives the same requests.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "protocol/text.h"

typedef enum {
    TRAFFIC_TRUSTED,   /* a client in a trusted network relays */
    TRAFFIC_LOGIN_TLS, /* a login over TLS relays */
    TRAFFIC_LOGIN,     /* a login in the clear tries to */
    TRAFFIC_LOCAL,     /* an outsider sends to a local domain */
    TRAFFIC_OUTSIDER,  /* an outsider tries to relay */
    TRAFFIC_ROUTED,    /* an outsider tries to relay by routing through a local domain */
    TRAFFIC_CLASSES
} TrafficClass;

typedef struct Traffic Traffic;

/* Makes `count` requests. */
Traffic *traffic_new(guint32 seed, guint count);
void traffic_free(Traffic *traffic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Traffic, traffic_free)

guint traffic_count(const Traffic *traffic);

/* The attribute block, its empty line included. */
Text traffic_block(const Traffic *traffic, guint index);

/* The answer of reference.rules, with its framing. */
Text traffic_answer(const Traffic *traffic, guint index);

#endif
