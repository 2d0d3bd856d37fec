/*
 * RelayReply: an SMTP server's reply, of one or more lines (RFC 5321, 4.2). Its bytes are the
 * server's: whatever is shown of them is escaped and cut.
 */
#ifndef POLICYD_CTL_RELAY_TEST_REPLY_H
#define POLICYD_CTL_RELAY_TEST_REPLY_H

#include <glib.h>

typedef struct {
    guint code;    /* 200 to 599; 0: there is none */
    GString *text; /* its lines without the code, joined by newlines; any bytes */
} RelayReply;

void relay_reply_init(RelayReply *reply);
void relay_reply_clear(RelayReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RelayReply, relay_reply_clear)

/* What relay_reply_take() found. */
typedef enum {
    RELAY_REPLY_WHOLE,
    RELAY_REPLY_PART,  /* more must come */
    RELAY_REPLY_WRONG, /* an error is set, of G_IO_ERROR: no reply, or over LIMIT_RELAY_REPLY */
} RelayReplyStatus;

/* Takes a reply from the beginning of what has come. Only if it is whole, the reply is replaced and
 * its bytes are gone from `received`. */
RelayReplyStatus relay_reply_take(RelayReply *reply, GString *received, GError **error);

/* Subject and detail of the enhanced status code that the text begins with (RFC 2034), 1 and 2 of
 * 5.1.2. FALSE, and nothing is written, if there is none of the reply's own class. */
gboolean relay_reply_status(const RelayReply *reply, guint *subject, guint *detail);

/* TRUE if a line after the first begins with this word, in any case: a service that EHLO offers.
 * Behind `word`, it also must have `argument` among its words, unless that is NULL. */
gboolean relay_reply_offers(const RelayReply *reply, const char *word, const char *argument);

/* The code and the text on one line, to be freed: printable ASCII, other bytes and `\` as \xHH, and
 * newlines as blanks; after LIMIT_RELAY_ANSWER bytes `...`. */
char *relay_reply_show(const RelayReply *reply);

/* Appends bytes so escaped; no limit. */
void relay_reply_escape(const char *bytes, size_t length, GString *out);

/* The message of an error, to be freed: all but printable ASCII as \xHH. What it holds of a reply
 * is escaped already, so a `\` stays as it is. */
char *relay_reply_clean(const char *message);

#endif
