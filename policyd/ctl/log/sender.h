/*
 * LogSender: the null sender, `MAIL FROM:<>`, of which an audit line says nothing, as it has no
 * empty values.
 */
#ifndef POLICYD_CTL_LOG_SENDER_H
#define POLICYD_CTL_LOG_SENDER_H

#include "protocol/request.h"

/* TRUE if the request has no sender, in a state that comes only behind MAIL FROM. */
gboolean log_sender_is_null(const Request *request);

#endif
