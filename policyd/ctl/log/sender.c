/*
 * LogSender: a table of states.
 */
#include "ctl/log/sender.h"

gboolean log_sender_is_null(const Request *request) {
    static const Text behind_mail[] = {
        TEXT_LITERAL("MAIL"),
        TEXT_LITERAL("RCPT"),
        TEXT_LITERAL("DATA"),
        TEXT_LITERAL("END-OF-MESSAGE"),
    };
    Text state = request->values[ATTRIBUTE_PROTOCOL_STATE];
    if (request->values[ATTRIBUTE_SENDER].length > 0) {
        return FALSE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(behind_mail); i++) {
        if (text_equal(state, behind_mail[i])) {
            return TRUE;
        }
    }
    return FALSE;
}
