/*
 * Exchange: one request to a running policyd, and its reply.
 */
#ifndef POLICYD_CTL_EXCHANGE_H
#define POLICYD_CTL_EXCHANGE_H

#include "protocol/text.h"

/* Seconds that connecting, sending and waiting for the reply may take together. Looking up a host
 * name counts, but only the resolver can cut it short. Postfix would wait for 100; a person would
 * not. */
#define EXCHANGE_TIMEOUT 10

/*
 * Sends the block to `where`, unix:PATH or inet:HOST:PORT, and returns the action of the reply,
 * fit for a terminal (verb_clean()), which the caller frees. NULL and an error if nobody listens
 * there, or there is no reply in time that Postfix would take.
 */
char *exchange_ask(const char *where, Text block, GError **error);

#endif
