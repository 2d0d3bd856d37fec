/*
 * Every limit of policyctl, with its reason; those of relay-test are in relay_limit.h, of libpolicy
 * in limit.h, of the daemon in server_limit.h. A limit is tested at its value and one past it.
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

/* Days that --since and --until go back: a hundred years, within every calendar. */
#define LIMIT_LOG_DAYS 36525

/* Bytes of a value that log shows to a person: a mailbox has at most 320, most have 30. */
#define LIMIT_LOG_VALUE 256

/* What a summary keeps of a log, whatever the log holds: texts of each kind whose lines are
 * counted, and bytes of each; and lengths of time. Together some 20 MiB at the most. */
#define LIMIT_LOG_TEXTS 8192
#define LIMIT_LOG_KEY 256
#define LIMIT_LOG_BINS 2048

/* Columns of a plot: no terminal is wider in which it could be read. */
#define LIMIT_LOG_COLUMNS 200

#endif
