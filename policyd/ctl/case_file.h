/*
 * CaseFile: requests with the decisions that are expected of them, as `policyctl test` reads them.
 *
 *   # a comment, between cases
 *   permit client_address=192.168.1.20 recipient=friend@example.net
 *   reject "5.7.1 Relay access denied" client_address=203.0.113.9 sender="a b@example.com"
 *
 *   dunno
 *   request=smtpd_access_policy
 *   client_address=203.0.113.9
 *   recipient=alice@example.com
 *
 * A case begins in the first column with what a rule would begin with: the action, and perhaps a
 * reply code and a text. Then, on the same line, NAME=VALUE words, a value with white space or `"`
 * in quotes, with the escapes \", \\ and \xHH, which is how an audit line has its attributes. Or
 * nothing, and the lines of an attribute block below it, up to an empty line or the file's end.
 * There every byte behind the `=` is the value's. A name stands once, and is one that Postfix has.
 */
#ifndef POLICYD_CTL_CASE_FILE_H
#define POLICYD_CTL_CASE_FILE_H

#include "protocol/action.h"
#include "rules/source.h"

typedef struct {
    Action action;
    char *decision; /* the whole of it, as Rule.decision; NULL: only the action is expected */
    char *place;    /* "relay.cases:14" */
    GString *block; /* what request_parse() is content with */
} Case;

void case_free(Case *expected);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Case, case_free)

/* An array that frees its Cases. */
GPtrArray *case_file_new(void);

/* Adds the cases of the file at `path`, of at most LIMIT_CASE_FILE bytes, to `cases`. What is wrong
 * is reported, all of it, and then the cases are not all there. */
void case_file_read(const char *path, GPtrArray *cases, Diagnostics *diagnostics);

/* The same of a source. */
void case_file_read_source(const Source *source, GPtrArray *cases, Diagnostics *diagnostics);

#endif
