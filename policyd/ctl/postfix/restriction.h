/*
 * Restriction: one entry of a restriction list of smtpd, as smtpd_relay_restrictions (postconf(5);
 * smtpd_check.c, generic_checks()).
 */
#ifndef POLICYD_CTL_POSTFIX_RESTRICTION_H
#define POLICYD_CTL_POSTFIX_RESTRICTION_H

#include <glib.h>

typedef struct {
    char *name;    /* in lower case: "permit_mynetworks", "check_policy_service"; a table's own name
                      ("hash:/etc/postfix/access") stands for check_..._access of its list */
    char *written; /* as the list has it: restriction classes keep their capitals */
    char *argument; /* NULL: it takes none; for check_policy_service with its braces */
    gboolean warn;  /* after warn_if_reject: only logged */
} Restriction;

/* The entries of a value whose $names are replaced, of type Restriction, in their order. What lacks
 * its argument at the end has an empty one. */
GPtrArray *restrictions_parse(const char *value);

/* TRUE if it is one of the classes that the value of smtpd_restriction_classes names: with the same
 * capitals, and not one of smtpd's own. */
gboolean restriction_is_class(const Restriction *restriction, const char *classes);

/* The service that a check_policy_service asks. */
typedef struct {
    char *server;           /* "unix:private/policyd", "inet:127.0.0.1:9998" */
    GHashTable *attributes; /* of char * to char *: timeout, default_action, policy_context, ... */
} PolicyService;

/* Takes the argument of check_policy_service apart, with or without braces. */
PolicyService *policy_service_parse(const char *argument);
void policy_service_free(PolicyService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PolicyService, policy_service_free)

#endif
