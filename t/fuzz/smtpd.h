/*
 * Smtpd: a small model of how smtpd decides by a restriction list: generic_checks() of
 * smtpd_check.c, without any of the code of policyd/. What a table, a service or the DNS would say
 * is made up from the restriction's text, the same wherever it stands.
 */
#ifndef FUZZ_SMTPD_H
#define FUZZ_SMTPD_H

#include <glib.h>

typedef enum {
    SMTPD_DUNNO,
    SMTPD_PERMIT,
    SMTPD_REJECT,
} SmtpdResult;

/* What a check_policy_service says. */
typedef SmtpdResult (*SmtpdPolicy)(const char *argument, gpointer data);

typedef struct {
    gboolean networks; /* permit_mynetworks permits */
    gboolean login;    /* so does permit_sasl_authenticated */
    gboolean local;    /* and permit_auth_destination */
    guint seed;        /* of what is made up */
    SmtpdPolicy policy;
    gpointer data; /* handed to it */
} SmtpdWorld;

/* A list, taken apart. */
GPtrArray *smtpd_parse(const char *list);

/* TRUE if a brace is left open, or closed that wasn't: smtpd then refuses everybody, for the list
 * as a whole is not what it says. */
gboolean smtpd_is_broken(const GPtrArray *list);

SmtpdResult smtpd_check(const SmtpdWorld *world, const GPtrArray *list);

/* What isn't known, as of a table, by its text. What begins with permit_ never rejects, and what
 * begins with reject_ or defer_ never permits; unless `any`. */
SmtpdResult smtpd_make_up(const SmtpdWorld *world, const char *text, gboolean any);

#endif
