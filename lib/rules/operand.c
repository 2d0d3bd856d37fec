/*
 * Operand: pure; an absent value is an empty text.
 */
#include "rules/operand.h"

#include "protocol/mailbox.h"

OperandClass operand_class(Operand operand) {
    static const OperandClass classes[] = {
        [ATTRIBUTE_TYPE_STRING] = OPERAND_STRING,
        [ATTRIBUTE_TYPE_ADDRESS] = OPERAND_ADDRESS,
        [ATTRIBUTE_TYPE_NUMBER] = OPERAND_NUMBER,
        [ATTRIBUTE_TYPE_MAILBOX] = OPERAND_MAILBOX,
        [ATTRIBUTE_TYPE_HOST] = OPERAND_DOMAIN,
        [ATTRIBUTE_TYPE_ENUMERATION] = OPERAND_ENUMERATION,
    };
    if (operand.part == PART_WHOLE) {
        return classes[attribute_info(operand.attribute)->type];
    }
    return operand.part == PART_DOMAIN ? OPERAND_DOMAIN : OPERAND_STRING;
}

Text operand_read(Operand operand, const Request *request, char *scratch) {
    Text value = request_value(request, operand.attribute, scratch);
    if (operand.part == PART_WHOLE) {
        return operand_class(operand) == OPERAND_DOMAIN ? domain_trim(value) : value;
    }
    Mailbox mailbox = mailbox_split(value);
    return operand.part == PART_DOMAIN ? mailbox.domain : mailbox.local;
}
