/*
 * Every limit of policyctl, with its reason; those of libpolicy are in limit.h, those of the daemon
 * in server_limit.h. A limit is tested at its value and one past it.
 */
#ifndef POLICYD_CTL_LIMIT_H
#define POLICYD_CTL_LIMIT_H

/* Bytes of a file of cases: written by hand, or some 20,000 requests as Postfix sends them. */
#define LIMIT_CASE_FILE (16 * 1024 * 1024)

/* Bytes of a log that are read at once, which is also more than a line of policyd's can have. */
#define LIMIT_LOG_BLOCK (1024 * 1024)

/* What replay keeps of a log, whatever the log holds: kinds of changes, bytes of their examples,
 * and rulesets. Rule files that people read have far fewer rules, and nobody reads more. */
#define LIMIT_REPLAY_CHANGES 10000
#define LIMIT_REPLAY_EXAMPLES (16 * 1024 * 1024)
#define LIMIT_REPLAY_RULESETS 100

#endif
