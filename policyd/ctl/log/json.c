/*
 * LogJson: written by hand, as an object of JSON-GLib for each of a million lines takes too long.
 */
#include "ctl/log/json.h"

#include <string.h>

static void append_unit(GString *out, guint unit) {
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\',
                           'u',
                           digits[unit >> 12],
                           digits[unit >> 8 & 15],
                           digits[unit >> 4 & 15],
                           digits[unit & 15]};
    g_string_append_len(out, escape, sizeof escape);
}

/* UTF-16, as JSON has it. */
static void append_character(GString *out, gunichar character) {
    if (character >= 0x10000) {
        append_unit(out, 0xd800 + (guint)((character - 0x10000) >> 10));
        append_unit(out, 0xdc00 + (guint)((character - 0x10000) & 0x3ff));
    } else if (character >= 0x7f) {
        append_unit(out, (guint)character);
    } else {
        g_string_append_c(out, (char)character);
    }
}

void log_json_ascii(const char *json, GString *out) {
    for (const char *at = json; *at; at += g_utf8_skip[(guchar)*at]) {
        append_character(out, g_utf8_get_char(at));
    }
}

static gboolean is_plain(Text text) {
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (!g_ascii_isprint(byte) || byte == '"' || byte == '\\') {
            return FALSE;
        }
    }
    return TRUE;
}

static void append_escaped(GString *out, Text text) {
    g_autofree char *valid = g_utf8_make_valid(text.data, (gssize)text.length);
    for (const char *at = valid; *at; at += g_utf8_skip[(guchar)*at]) {
        gunichar character = g_utf8_get_char(at);
        if (character == '"' || character == '\\') {
            g_string_append_c(out, '\\');
        }
        if (character < 0x20) {
            append_unit(out, (guint)character);
        } else {
            append_character(out, character);
        }
    }
}

static void append_string(GString *out, Text text) {
    g_string_append_c(out, '"');
    if (is_plain(text)) {
        g_string_append_len(out, text.data, (gssize)text.length);
    } else {
        append_escaped(out, text);
    }
    g_string_append_c(out, '"');
}

static void append_name(GString *out, const char *name) {
    g_string_append_c(out, '"');
    g_string_append(out, name);
    g_string_append(out, "\":");
}

static void append_member(GString *out, const char *name, Text value) {
    append_name(out, name);
    append_string(out, value);
    g_string_append_c(out, ',');
}

/* The names of the attributes whose bits are set, if there are any. */
static void append_names(GString *out, const char *name, guint64 attributes) {
    const char *comma = "";
    if (attributes == 0) {
        return;
    }
    append_name(out, name);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (attributes & (G_GUINT64_CONSTANT(1) << i)) {
            g_string_append(out, comma);
            append_string(out, text_from_string(attribute_info((Attribute)i)->name));
            comma = ",";
        }
    }
    g_string_append(out, "],");
}

void log_json_write(const AuditLine *line, GString *out) {
    g_string_append_c(out, '{');
    append_member(out, "time", line->time);
    append_member(out, "decision", line->decision);
    append_member(out, "rule", line->rule);
    append_member(out, "ruleset", line->ruleset);
    g_string_append_printf(out, "\"us\":%" G_GUINT64_FORMAT ",", line->us);
    g_string_append(out, line->dry_run ? "\"dry_run\":true," : "");
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        if (line->request.values[i].length > 0) {
            append_member(out, attribute_info((Attribute)i)->name, line->request.values[i]);
        }
    }
    append_names(out, "repeated", line->request.repeated);
    append_names(out, "cut", line->cut);
    g_string_truncate(out, out->len - 1);
    g_string_append(out, "}\n");
}
