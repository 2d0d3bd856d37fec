/*
 * Operand: what a test looks at: an attribute, or a part of a mailbox attribute.
 */
#ifndef POLICY_OPERAND_H
#define POLICY_OPERAND_H

#include "protocol/request.h"

typedef enum {
    PART_WHOLE,
    PART_DOMAIN, /* after the last `@`, letters folded, less one trailing dot */
    PART_LOCAL,  /* before the last `@`; the whole where there is none */
} AttributePart;

typedef struct {
    Attribute attribute;
    AttributePart part;
} Operand;

/* What may be asked of an operand, and how its values compare. */
typedef enum {
    OPERAND_STRING,      /* exactly */
    OPERAND_ADDRESS,     /* as addresses */
    OPERAND_NUMBER,      /* as numbers */
    OPERAND_MAILBOX,     /* ASCII letters folded, less one trailing dot of the domain */
    OPERAND_DOMAIN,      /* a host name or a .domain: folded, less one trailing dot */
    OPERAND_ENUMERATION, /* exactly */
} OperandClass;

OperandClass operand_class(Operand operand);

/* The value of an operand that is no number and no address, empty if absent: of a domain less one
 * trailing dot, letters not folded. It borrows from the request, or from `scratch`, which holds
 * LIMIT_BLOCK bytes. */
Text operand_read(Operand operand, const Request *request, char *scratch);

#endif
