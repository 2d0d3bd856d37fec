/*
 * Explain value: what the rules see of an attribute, and if that is nothing, why. Nothing fails.
 */
#include "limit.h"
#include "rules/explainer.h"

void explain_operand(Operand operand, GString *out) {
    static const char *const parts[] = {
        [PART_WHOLE] = "", [PART_DOMAIN] = ".domain", [PART_LOCAL] = ".local"};
    g_string_append(out, attribute_info(operand.attribute)->name);
    g_string_append(out, parts[operand.part]);
}

void explain_escape(Text value, GString *out) {
    for (size_t i = 0; i < MIN(value.length, LIMIT_EXPLAIN_VALUE); i++) {
        guchar byte = (guchar)value.data[i];
        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\') {
            g_string_append_printf(out, "\\x%02x", byte);
        } else {
            g_string_append_c(out, (char)byte);
        }
    }
}

void explain_quote(Text value, GString *out) {
    g_string_append_c(out, '"');
    explain_escape(value, out);
    g_string_append_c(out, '"');
    if (value.length > LIMIT_EXPLAIN_VALUE) {
        g_string_append_printf(out, " (cut: it has %zu bytes)", value.length);
    }
}

/* What it means that an attribute is empty or 0, beyond what its table says. */
static const struct {
    Attribute attribute;
    StateSet states;
    const char *meaning;
} meanings[] = {
    {ATTRIBUTE_SENDER,
     STATE_SET(STATE_MAIL) | STATE_SET(STATE_RCPT) | STATE_SET(STATE_DATA)
         | STATE_SET(STATE_END_OF_MESSAGE),
     "it is the null sender"},
    {ATTRIBUTE_SIZE, STATE_SET(STATE_MAIL) | STATE_SET(STATE_RCPT) | STATE_SET(STATE_DATA),
     "the client announced none"},
};

/* What it means in a state; NULL if nothing. */
static const char *find_meaning(Attribute attribute, StateSet state) {
    const AttributeInfo *info = attribute_info(attribute);
    if (info->never & state) {
        return info->type == ATTRIBUTE_TYPE_NUMBER ? "it is always 0" : "it is always absent";
    }
    if (info->single & state) {
        return "Postfix sends it only if there is just one";
    }
    for (size_t i = 0; i < G_N_ELEMENTS(meanings); i++) {
        if (meanings[i].attribute == attribute && (meanings[i].states & state)) {
            return meanings[i].meaning;
        }
    }
    return NULL;
}

static void write_meaning(const Explainer *explainer, Attribute attribute, GString *out) {
    const char *const *states = attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values;
    Text sent = explainer->request->values[ATTRIBUTE_PROTOCOL_STATE];
    for (int i = 0; i < STATE_COUNT; i++) {
        const char *meaning = text_equal(sent, text_from_string(states[i]))
                                  ? find_meaning(attribute, STATE_SET(i))
                                  : NULL;
        if (meaning) {
            g_string_append_printf(out, ": at %s, %s", states[i], meaning);
        }
    }
}

/* Why a value that was sent is not one to the rules; NULL if it is one. */
static const char *find_fault(Explainer *explainer, Attribute attribute) {
    const AttributeInfo *info = attribute_info(attribute);
    const Request *request = explainer->request;
    Operand whole = {attribute, PART_WHOLE};
    Address address;
    guint64 number;
    if (info->unknown_absent && text_equal(request->values[attribute], TEXT_LITERAL("unknown"))) {
        return "which counts as absent";
    }
    if (info->type == ATTRIBUTE_TYPE_ADDRESS) {
        return request_address(request, attribute, &address)
                   ? NULL
                   : "which is no address: it counts as absent";
    }
    if (info->type == ATTRIBUTE_TYPE_NUMBER) {
        return request_number(request, attribute, &number)
                   ? NULL
                   : "which is no number below 2^64: it counts as absent";
    }
    if (operand_read(whole, request, explainer->scratch).length > 0) {
        return NULL;
    }
    return info->values  ? "which is none of its known values: it counts as absent"
           : info->xtext ? "which is no xtext: it counts as absent"
                         : "which counts as absent";
}

static gboolean is_zero(const Explainer *explainer, Attribute attribute) {
    guint64 number;
    return attribute_info(attribute)->type == ATTRIBUTE_TYPE_NUMBER
           && request_number(explainer->request, attribute, &number) && number == 0;
}

static gboolean write_whole(Explainer *explainer, Attribute attribute, GString *out) {
    Operand whole = {attribute, PART_WHOLE};
    Text sent = explainer->request->values[attribute];
    g_string_append(out, attribute_info(attribute)->name);
    if (sent.length == 0) {
        g_string_append(out, " is absent");
        write_meaning(explainer, attribute, out);
        return FALSE;
    }
    const char *fault = find_fault(explainer, attribute);
    Text value = operand_read(whole, explainer->request, explainer->scratch);
    g_string_append(out, " is ");
    explain_quote(fault ? sent : value, out);
    if (fault) {
        g_string_append_printf(out, ", %s", fault);
    } else if (is_zero(explainer, attribute)) {
        write_meaning(explainer, attribute, out);
    }
    return !fault;
}

gboolean explain_value(Explainer *explainer, Operand operand, GString *out) {
    if (operand.part == PART_WHOLE) {
        return write_whole(explainer, operand.attribute, out);
    }
    Text value = operand_read(operand, explainer->request, explainer->scratch);
    explain_operand(operand, out);
    if (value.length > 0) {
        g_string_append(out, " is ");
        explain_quote(value, out);
        return TRUE;
    }
    g_string_append(out, " is absent: ");
    write_whole(explainer, operand.attribute, out);
    return FALSE;
}
