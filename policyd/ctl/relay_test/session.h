/*
 * RelaySession: an SMTP session that is ready for MAIL: greeted, and, as its stage has it, with TLS
 * and logged in.
 */
#ifndef POLICYD_CTL_RELAY_TEST_SESSION_H
#define POLICYD_CTL_RELAY_TEST_SESSION_H

#include "ctl/relay_test/dialogue.h"

typedef enum {
    RELAY_STAGE_PLAIN, /* as connected: in the clear, or in TLS from the beginning */
    RELAY_STAGE_STARTTLS,
    RELAY_STAGE_LOGIN, /* after STARTTLS too, if it is offered */
    RELAY_STAGES,
} RelayStage;

/* How to open sessions; all of it is borrowed. */
typedef struct {
    RelayEndpoint endpoint;
    const char *host;     /* for which a certificate is to be valid */
    const char *helo;     /* NULL: the literal of the address that the session comes from */
    gboolean tls;         /* from the beginning */
    gboolean here;        /* the server is on this machine */
    const char *login;    /* NULL: none */
    const char *password; /* with a login */
} RelayAccess;

typedef struct {
    RelayDialogue *dialogue;
    char *name;        /* as the server greets with; NULL if that is no domain */
    RelayReply offers; /* its last answer to EHLO */
    gboolean secured;  /* in TLS */
} RelaySession;

/*
 * NULL and an error, mostly of G_IO_ERROR, if a session of this stage can't be had.
 * G_IO_ERROR_PERMISSION_DENIED: the login was refused; G_IO_ERROR_NOT_SUPPORTED: the server has no
 * STARTTLS or no AUTH that can be used, or GLib has no TLS. Another try would end so too.
 *
 * A password is sent in the clear only to this machine, and to another one only if its certificate
 * is valid. Else no certificate is verified: it is the server of whoever runs this, and what is
 * said to it is no secret.
 */
RelaySession *relay_session_open(const RelayAccess *access, RelayStage stage, GError **error);

/* Closes it as it is. */
void relay_session_free(RelaySession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelaySession, relay_session_free)

/* Says QUIT, and does not care for the answer. */
void relay_session_quit(RelaySession *session);

/* TRUE if STARTTLS is offered. */
gboolean relay_session_offers_tls(const RelaySession *session);

#endif
