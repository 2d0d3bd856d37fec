/*
 * xtext: RFC 3461, 4, as smtpd writes it in ccert_subject, ccert_issuer and sasl_sender
 * (src/global/xtext.c): `+` and two hexadecimal digits stand for a byte.
 */
#ifndef POLICY_XTEXT_H
#define POLICY_XTEXT_H

#include "protocol/text.h"

/* Decodes into `scratch`, which holds text.length bytes; *out borrows from it. FALSE on a `+`
 * without two digits. */
gboolean xtext_decode(Text text, char *scratch, Text *out);

/* The other way; the caller frees it. */
char *xtext_encode(Text text);

#endif
