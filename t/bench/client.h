/*
 * Client: a connection to a policy server over a Unix socket that asks the requests of a traffic
 * in turn, and checks each answer.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "histogram.h"
#include "traffic.h"

typedef enum {
    EXPECT_RULES, /* what reference.rules answers */
    EXPECT_DUNNO, /* what echo answers */
    EXPECT_ANY,   /* what another server's rules say */
} Expectation;

/* FALSE if the word is none of "rules", "dunno" and "any". */
gboolean expectation_find(const char *word, Expectation *out);

typedef enum { ANSWER_OK, ANSWER_DUNNO, ANSWER_REJECT, ANSWER_OTHER, ANSWER_KINDS } AnswerKind;

/* What the clients of one program share. The one who makes it sets traffic and expectation; the
 * rest starts as zeros. */
typedef struct {
    const Traffic *traffic;
    Expectation expectation;
    guint next; /* the request to ask next */
    guint64 answers[ANSWER_KINDS];
    Histogram latency;
} ClientGroup;

/* Forgets what was counted. */
void client_group_reset(ClientGroup *group);

/* Nanoseconds of the monotonic clock. */
gint64 client_now(void);

/* `"answers":{"OK":1,...},"p50_us":1.5,...`: what was counted, for the runner. To be freed. */
char *client_group_format(const ClientGroup *group);

typedef struct {
    guint request;
    gint64 asked_at;
} ClientFlight;

/* More bytes than the longest answer has that is known. */
#define CLIENT_BUFFER 1024

typedef struct {
    int fd;
    guint depth; /* requests that may be in flight */
    guint first; /* of them, in `flights`, a ring */
    guint in_flight;
    ClientFlight *flights;
    gsize held; /* bytes of an unfinished answer */
    char buffer[CLIENT_BUFFER];
} Client;

/* Raises the limit of open files so that `connections` fit. */
gboolean client_reserve(guint connections, GError **error);

/* Connects, waiting where the server's backlog is full; `depth` requests may be in flight. */
gboolean client_open(Client *client, const char *path, guint depth, GError **error);
void client_close(Client *client);

/* Sends the next requests, as many as may be in flight, in one write. An error if they don't fit
 * into the socket at once. */
gboolean client_ask(Client *client, ClientGroup *group, GError **error);

/* Receives what is there, without waiting, and answers how many answers it held in *answered. An
 * error on a wrong answer, on one that nobody asked for, and if the server has closed. */
gboolean client_receive(Client *client, ClientGroup *group, guint *answered, GError **error);

#endif
