/*
 * Every limit of the daemon, with its reason; those of libpolicy are in limit.h. A limit is tested
 * at its value and one past it.
 */
#ifndef POLICYD_SERVER_LIMIT_H
#define POLICYD_SERVER_LIMIT_H

#include <limits.h>

/* Threads that answer. No machine that runs Postfix has more processors to give. */
#define LIMIT_WORKERS 256

/* Workers unless the settings say otherwise: one answers some 100,000 requests a second. */
#define LIMIT_DEFAULT_WORKERS 8

/* Connections that may be allowed at once: the kernel's default for fs.nr_open. */
#define LIMIT_CONNECTIONS 1048576

/* Seconds that may be allowed for a request: Postfix itself gives up after 100 by default. */
#define LIMIT_REQUEST_TIMEOUT 3600

/* Bytes of a settings file: written by hand. */
#define LIMIT_CONFIG_FILE 65536

/* Descriptors besides connections, listeners, audit files and two for each worker: standard
 * streams, GLib's own, the postconf helper, syslog, and the files of a rule file being loaded. */
#define LIMIT_RESERVED_DESCRIPTORS 24

/* Connections taken from a socket before the others have their turn, and milliseconds until
 * accepting is tried again when it had to pause. */
#define LIMIT_ACCEPTS 64
#define LIMIT_ACCEPT_PAUSE 100

/* Connections that one turn of a worker's loop serves: enough to share its system calls, few
 * enough that the first reply waits less than a millisecond. */
#define LIMIT_EVENTS 256

/* Replies and bytes of audit lines that wait for one write. A client that pipelines thousands of
 * requests reaches them; they bound a worker's memory. */
#define LIMIT_BATCH_REPLIES 1024
#define LIMIT_BATCH_AUDIT (256 * 1024)

/* Bytes of one reply: LIMIT_REPLY_TEXT, doubled where restriction names get commas, and `action=`.
 */
#define LIMIT_REPLY 1024

/* Bytes of replies to one connection between two flushes: what is kept for a client that does not
 * read. A page; Postfix has one request in flight. */
#define LIMIT_OUTPUT 4096

/* Bytes of a small pooled buffer: a request of Postfix has about 800. */
#define LIMIT_SMALL_BUFFER 4096

/* Spare buffers that a worker keeps: what a burst of split requests needs, about 512 KiB. */
#define LIMIT_SPARE_SMALL 64
#define LIMIT_SPARE_LARGE 4

/* Bytes of an attribute's value in an audit line. Longer ones are an attack or a certificate's
 * subject; cut, they cannot fill the disk. */
#define LIMIT_AUDIT_VALUE 1024

/* Bytes of a rule's place, path and line number. */
#define LIMIT_AUDIT_PLACE (PATH_MAX + 16)

/* Bytes of an audit line: every attribute of the greatest length and each byte escaped, which
 * takes 127 KiB, the place 16 KiB, and 8 KiB for all else. audit.c asserts it. */
#define LIMIT_AUDIT_LINE (192 * 1024)

/* Bytes of a message of the daemon: below PIPE_BUF, so that it is written whole. */
#define LIMIT_LOG_LINE 2048

/* Audit lines in one sendmmsg(). */
#define LIMIT_DATAGRAMS 64

/* Seconds that must pass without a loss before it is called over, and between attempts to reach
 * a syslog or journal that is away: losses that come and go must not flood the log. */
#define LIMIT_LOSS_QUIET 1
#define LIMIT_RECONNECT 1

/* Seconds between two warnings about the limit of regexes. */
#define LIMIT_REGEX_WARNING 60

/* Bytes received from one connection before the others have their turn: ten requests of Postfix,
 * which sends one at a time. */
#define LIMIT_RECEIVE 8192

/* Connections that are received from before the first of them is answered: what decides stays in
 * the processor's caches from one to the next, out of which the kernel's recv() pushes it. */
#define LIMIT_RECEIVES_AHEAD 16

/* Receives from one connection when the daemon stops: 1 MiB of requests. */
#define LIMIT_LAST_RECEIVES 128

/* Seconds for one run of postconf, and bytes of a parameter's name. */
#define LIMIT_POSTCONF_SECONDS 10
#define LIMIT_POSTCONF_NAME 128

/* Clients of the control socket at once, bytes of a command, and seconds that one may be silent. A
 * reload may take as long as it takes. */
#define LIMIT_CONTROL_CLIENTS 8
#define LIMIT_CONTROL_COMMAND 64
#define LIMIT_CONTROL_SECONDS 10

/* Bytes that must be left once the rules are loaded: threads' stacks, and the connections of a
 * large server. Where a limit of memory leaves less, the daemon would end on its first clients. */
#define LIMIT_SPARE_MEMORY (32 * 1024 * 1024)

/* Nodes of a proof's diagram, of some 20 bytes each: 4 GB. */
#define LIMIT_PROOF_BUDGET 200000000

#endif
