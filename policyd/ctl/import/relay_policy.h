/*
 * RelayPolicy: what smtpd's restriction lists say about relaying, as rules, and the list that is to
 * stand in their place and asks policyd.
 *
 * A recipient must pass smtpd_relay_restrictions and smtpd_recipient_restrictions. The rules stand
 * for the first, or for the second where the first lets everything through; the second stays in
 * main.cf as it is. Together, rules and lists decide as the present lists do. Where that can't be,
 * they are stricter, and it is noted.
 */
#ifndef POLICYD_CTL_IMPORT_RELAY_POLICY_H
#define POLICYD_CTL_IMPORT_RELAY_POLICY_H

#include <glib.h>

/* Whose permit_sasl_authenticated permits: without smtpd_sasl_auth_enable nobody's, whatever an
 * XCLIENT says; and with smtpd_tls_auth_only and its like nobody's without TLS. */
typedef enum {
    RELAY_LOGINS_NONE,
    RELAY_LOGINS_TLS,
    RELAY_LOGINS_ANY,
} RelayLogins;

/* Values of Postfix's parameters, its $names replaced. */
typedef struct {
    const char *place;       /* before each note: "", or "submission/inet: " */
    const char *relay;       /* smtpd_relay_restrictions */
    const char *recipient;   /* smtpd_recipient_restrictions */
    const char *classes;     /* smtpd_restriction_classes */
    const char *relay_code;  /* relay_domains_reject_code */
    const char *reject_code; /* reject_code */
    const char *defer_code;  /* defer_code */
    RelayLogins logins;
    gboolean partial_networks; /* mynetworks matches more than the rule file's list */
    gboolean partial_domains;  /* so do the lists of domains */
} RelaySources;

/* Whom a rule is about. */
typedef enum {
    RELAY_ANYBODY,
    RELAY_NETWORKS,  /* permit_mynetworks */
    RELAY_LOGIN,     /* permit_sasl_authenticated */
    RELAY_LOGIN_TLS, /* the same, where TLS is needed to log in */
    RELAY_LOCAL,     /* permit_auth_destination */
} RelayWho;

typedef struct {
    char *action; /* with its text */
    RelayWho who;
} RelayRule;

typedef struct {
    const char *source; /* the parameter that the rules stand for */
    GPtrArray *rules;   /* of RelayRule; the last is about anybody */
    GString *before;    /* what stays in the list before policyd, each followed by ", " */
    GString *behind;    /* and behind it, each after ", " */
    gboolean left;      /* a recipient elsewhere may be left to what is behind */
} RelayPolicy;

RelayPolicy *relay_policy_new(const RelaySources *sources, GPtrArray *notes);
void relay_policy_free(RelayPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayPolicy, relay_policy_free)

gboolean relay_policy_has_rule(const RelayPolicy *policy, RelayWho who);

/* TRUE if they have the same rules and the same list. */
gboolean relay_policy_equal(const RelayPolicy *a, const RelayPolicy *b);

/* The list that is to be smtpd_relay_restrictions, asking policyd with a policy_context if that
 * isn't NULL; the caller frees it. */
char *relay_policy_list(const RelayPolicy *policy, const char *context);

#endif
