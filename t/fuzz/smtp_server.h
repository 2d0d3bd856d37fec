/*
 * SmtpServer: a server that says what it was told to say, whatever it is asked, and keeps account
 * of what relay-test asks.
 */
#ifndef FUZZ_SMTP_SERVER_H
#define FUZZ_SMTP_SERVER_H

#include "protocol/text.h"

typedef struct {
    Text opening;   /* what each client gets first */
    Text cycle;     /* and then, for all clients together; over and over */
    size_t piece;   /* as of peer_send() */
    gboolean login; /* clients may log in */

    size_t at;       /* in the cycle */
    guint clients;   /* that were served */
    guint code;      /* of the last answer to MAIL or RCPT; 0: none, or no reply */
    char *recipient; /* what was asked last, behind `RCPT TO:`; NULL: only MAIL was */
} SmtpServer;

/* A PeerServe; the data is an SmtpServer. A line that no client should send ends the process. */
void smtp_server_serve(int fd, gpointer data);

void smtp_server_clear(SmtpServer *server);

/* A model of relay_reply_take(), without any of its code: RELAY_REPLY_... of bytes that came, how
 * many of them are the reply, its code, and its text with newlines, which the caller frees. */
int smtp_server_model(Text received, size_t *length, guint *code, GString **text);

#endif
