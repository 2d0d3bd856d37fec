/*
 * Mailbox: the text of sender, recipient and sasl_sender, split and judged as Postfix would. It
 * arrives in the unquoted internal form, so "u@c.example"@local.example and
 * u@c.example@local.example are the same bytes: only what stands around the last `@`, and whether
 * more routing is hidden before it, can be told.
 */
#ifndef POLICY_MAILBOX_H
#define POLICY_MAILBOX_H

#include "protocol/address.h"
#include "protocol/text.h"

typedef struct {
    Text local;  /* before the last `@`; the whole text where there is none */
    Text domain; /* after the last `@`, less one trailing dot, case kept */
    gboolean has_at;
} Mailbox;

Mailbox mailbox_split(Text text);

/* TRUE if the mailbox names further routing: its local part holds one of `@ % !`, or its domain
 * is there and empty. Postfix's resolve_addr() would look behind the last domain. */
gboolean mailbox_routed(const Mailbox *mailbox);

/* TRUE if the mailbox has a domain and nothing left to route: then that domain alone says where
 * mail to it goes, and it may be compared with the list of local domains. Postfix's
 * reject_unauth_destination asks the same, and lets more forms pass: `user`, `user%local@local`,
 * `local!user`, and a literal with leading zeros, `user@[192.0.2.010]`. */
gboolean mailbox_final(const Mailbox *mailbox);

/* The text less one trailing dot. */
Text domain_trim(Text domain);

/* What is wrong with a domain in a list, as the rest of a sentence, or NULL if it is one. It may
 * hold ASCII letters, digits, `-`, `_` and UTF-8, in labels of at most 63 bytes. */
const char *domain_fault(Text domain);

#endif
