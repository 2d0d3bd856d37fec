/*
 * Fault: how a random test says what is wrong.
 */
#ifndef FAULT_H
#define FAULT_H

#include "protocol/request.h"

/* Prints the message, the rule file and the attributes of the request, which may be NULL; always
 * FALSE. */
gboolean fault(const char *rules, const Request *request, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif
