/*
 * Every limit of policyctl relay-test, with its reason; the others are in ctl/ctl_limit.h. A limit
 * is tested at its value and one past it, but for those of a whole run, which would take minutes to
 * reach: its watch is tested with fewer seconds, its connections are not.
 */
#ifndef POLICYD_CTL_RELAY_LIMIT_H
#define POLICYD_CTL_RELAY_LIMIT_H

/* Bytes of a reply, all its lines. RFC 5321, 4.5.3.1.5, gives a line 512 bytes, and EHLO is
 * answered by some 20 lines. */
#define LIMIT_RELAY_REPLY 16384

/* Bytes of a reply that are shown. */
#define LIMIT_RELAY_ANSWER 160

/* Bytes of a login and of a password: an AUTH PLAIN with both is within the 12,288 bytes of RFC
 * 4954, 4. */
#define LIMIT_RELAY_LOGIN 255
#define LIMIT_RELAY_PASSWORD 1024

/* Local domains that are tried: each adds some 20 forms. */
#define LIMIT_RELAY_DOMAINS 8

/* Bytes of a local part: RFC 5321, 4.5.3.1.1. */
#define LIMIT_RELAY_MAILBOX 64

/* Refusals on one connection. Behind smtpd_soft_error_limit, 10, smtpd answers only after a second,
 * and at smtpd_hard_error_limit, 20, it closes. */
#define LIMIT_RELAY_ERRORS 9

/* Tries on one connection: at smtpd_junk_command_limit, 100, RSET begins to count as an error. */
#define LIMIT_RELAY_TRIES 90

/* Failed tries in a row after which a server counts as gone. */
#define LIMIT_RELAY_FAILURES 3

/* Connections and seconds of a whole run. A server that closes after each refusal needs one for
 * each form. */
#define LIMIT_RELAY_CONNECTIONS 1000
#define LIMIT_RELAY_SECONDS 1800

/* Milliseconds of --pause, and seconds of --timeout. */
#define LIMIT_RELAY_PAUSE 10000
#define LIMIT_RELAY_TIMEOUT 300

#endif
