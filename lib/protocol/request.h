/*
 * Request: an attribute block, read. It borrows every value from the block's bytes, which must
 * outlive it.
 */
#ifndef POLICY_REQUEST_H
#define POLICY_REQUEST_H

#include "protocol/address.h"
#include "protocol/attribute.h"
#include "protocol/text.h"

typedef struct {
    Text values[ATTRIBUTE_COUNT]; /* as sent; empty where not sent */
    guint64 seen;                 /* a bit for each attribute that was sent */
    guint64 repeated; /* a bit for each attribute that was sent again: the first counts */
} Request;

typedef enum {
    REQUEST_OK,
    REQUEST_INCOMPLETE,     /* more bytes are needed */
    REQUEST_TOO_LARGE,      /* no end within LIMIT_BLOCK bytes */
    REQUEST_NO_EQUALS_SIGN, /* a line without `=` */
    REQUEST_NO_NAME,        /* a line that starts with `=` */
    REQUEST_NOT_POLICY,     /* not `request=smtpd_access_policy` */
} RequestStatus;

/*
 * Reads the block at the start of `data`, which frame_find() would find, in one pass over its
 * bytes. On REQUEST_OK *length is the block's. *scanned is 0 for new bytes; on REQUEST_INCOMPLETE
 * it says how many need not be looked at again, and is handed back with the same bytes and more
 * behind them. All else is malformed, not to be answered; a wrong line may be told before the block
 * is whole. But on REQUEST_OK *out is not to be used. Unknown attributes are ignored, as
 * SMTPD_POLICY_README demands.
 */
RequestStatus request_read(Text data, size_t *scanned, Request *out, size_t *length);

/* The same for a block that is whole. */
RequestStatus request_parse(Text block, Request *out);

/* What is wrong, for a log: "a line has no '='". */
const char *request_status_text(RequestStatus status);

/*
 * The value as the rules see it; empty means absent. `unknown` of an attribute that uses it so,
 * and a value that an enumeration doesn't list, are absent; xtext is decoded into `scratch`, which
 * holds LIMIT_BLOCK bytes, and absent if it can't be.
 */
Text request_value(const Request *request, Attribute attribute, char *scratch);

/* Typed values; FALSE if absent or not of the type, and *out untouched. */
gboolean request_number(const Request *request, Attribute attribute, guint64 *out);
gboolean request_address(const Request *request, Attribute attribute, Address *out);

#endif
