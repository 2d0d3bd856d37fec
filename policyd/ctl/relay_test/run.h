/*
 * RelayRun: the whole test: every form at every stage, on one connection at a time, with pauses.
 */
#ifndef POLICYD_CTL_RELAY_TEST_RUN_H
#define POLICYD_CTL_RELAY_TEST_RUN_H

#include "ctl/relay_test/session.h"
#include "ctl/relay_test/verdict.h"

/* What came of a try. */
typedef struct {
    RelayStage stage;
    const RelayTry *try;
    const char *sender; /* the one that was tried */
    RelayVerdict verdict;
    RelayClass class;
    guint code;         /* of the server's reply; 0: there is none */
    const char *answer; /* it, or what went wrong, as relay_reply_show() has it */
} RelayResult;

/* Who is told of it, while it goes on. Everything is borrowed for the call. */
typedef struct {
    void (*begin)(const RelayNames *names, const GPtrArray *tries, gpointer data);
    void (*result)(const RelayResult *result, gpointer data);
    /* A stage that there is not, or that ends before its forms were all tried; why. */
    void (*missing)(RelayStage stage, const char *why, gboolean trouble, gpointer data);
    gpointer data;
} RelayReporter;

typedef struct {
    RelayAccess access;
    GInetAddress *address;      /* the server's */
    const char *remote;         /* see RelayNames */
    const char *mailbox;        /* see RelayNames */
    const char *const *domains; /* the server's; NULL: the name that it greets with */
    guint pause;                /* milliseconds between tries; ten times that between connections */
} RelaySettings;

/* FALSE and an error if there can't be a first session. What happens after that is told to the
 * reporter: of each stage every form has a result, or it is missing. */
gboolean relay_run(const RelaySettings *settings, const RelayReporter *reporter, GError **error);

#endif
