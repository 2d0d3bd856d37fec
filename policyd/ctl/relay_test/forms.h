/*
 * RelayForms: the known ways to ask a server to relay, as pairs of a sender and a recipient.
 *
 * They are those of the tests that were run from elsewhere on the internet, by mail-abuse.org,
 * abuse.net, ORDB and DSBL, and of nmap's smtp-open-relay, less what is the same to a server; and
 * those of reference section 5, of how Postfix rewrites an address.
 */
#ifndef POLICYD_CTL_RELAY_TEST_FORMS_H
#define POLICYD_CTL_RELAY_TEST_FORMS_H

#include <glib.h>

#define RELAY_FORMS_USER "relaytest" /* the recipient's local part */

/* What the answer to a try says. */
typedef enum {
    RELAY_KNOWN,   /* a mailbox of the server's: whether the sender is let through */
    RELAY_UNKNOWN, /* a mailbox that there is not: whether the server knows its mailboxes */
    RELAY_REMOTE,  /* what stands behind the last `@` is remote: taken means that it relays */
    RELAY_TRICK,   /* may be a mailbox with an odd name: taken means so if an unknown one is not */
} RelayKind;

typedef struct {
    const char *form; /* a literal */
    RelayKind kind;
    guint place;     /* of the recipient: 0 without a domain, else places[place - 1] */
    char *sender;    /* as behind `FROM:`, with its angle brackets; NULL: of the stage */
    char *recipient; /* as behind `TO:` */
} RelayTry;

/* What the forms are filled in with; all of it is borrowed, and ASCII without white space. */
typedef struct {
    const char *remote;        /* a domain that the server does not serve */
    const char *mailbox;       /* the local part of a mailbox that it has */
    const char *unknown;       /* and of one that it has not */
    const char *const *places; /* its domains and address literals; NULL at the end, not empty */
} RelayNames;

/* Every form, of type RelayTry, once for each place where it has one; none is there twice. Those
 * of RELAY_UNKNOWN come first, one for each place, and then the plain one. */
GPtrArray *relay_forms_fill(const RelayNames *names);

/* The senders that may stand for a stage's, in the order in which they are to be tried, each with
 * the mailbox at places[0] as the recipient: of type RelayTry. `login` is the login's, or NULL. */
GPtrArray *relay_forms_senders(const RelayNames *names, const char *login);

#endif
