/*
 * SyslogClient: lines to the local syslog, as mail.info, one datagram a line, with the traditional
 * header of RFC 3164 that syslog(3) sends. It never waits: what doesn't fit is lost. When syslog
 * is away it tries again, at most once a second. Any thread may send.
 */
#ifndef POLICYD_SYSLOG_CLIENT_H
#define POLICYD_SYSLOG_CLIENT_H

#include "line_writer.h"

#define SYSLOG_PATH "/dev/log"

typedef struct SyslogClient SyslogClient;

/* `path` is syslog's socket; it need not be there yet. */
SyslogClient *syslog_client_new(const char *path);
void syslog_client_free(SyslogClient *client);

/* Sends the lines in `data`, which ends in a newline. What is lost is added to *loss. `now` is the
 * monotonic time in microseconds. */
void syslog_client_send(SyslogClient *client, const char *data, size_t length, gint64 now,
                        LineLoss *loss);

#endif
