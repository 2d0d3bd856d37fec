/*
 * AuditLine: one pass, no allocation. Where the text runs out within what should stand there, the
 * line is torn; where something else stands, it is foreign. Each step answers FALSE for both, and
 * the cursor knows which.
 */
#include "ctl/audit_line.h"

#include <string.h>

#include "audit.h"
#include "server_limit.h"

typedef struct {
    char *at;
    char *end;
    gboolean torn; /* the text ran out, and as far as it goes is in order */
} Cursor;

/* Printable ASCII but `"` and `\`, as audit.c writes it without an escape. */
static const guint8 plain[256] = {[0x20 ... 0x21] = 1, [0x23 ... 0x5b] = 1, [0x5d ... 0x7e] = 1};

static size_t left(const Cursor *cursor) {
    return (size_t)(cursor->end - cursor->at);
}

static gboolean take(Cursor *cursor, const char *bytes, size_t length) {
    if (left(cursor) < length) {
        cursor->torn |= memcmp(cursor->at, bytes, left(cursor)) == 0;
        return FALSE;
    }
    if (memcmp(cursor->at, bytes, length) != 0) {
        return FALSE;
    }
    cursor->at += length;
    return TRUE;
}

#define TAKE(cursor, literal) take((cursor), (literal), sizeof(literal) - 1)

/* Undoes the escape at the cursor; FALSE if there is none that audit.c would have written. */
static gboolean take_escape(Cursor *cursor, char *out) {
    static const char digits[] = "0123456789abcdef";
    guint byte = 0;
    if (!TAKE(cursor, "\\x")) {
        return FALSE;
    }
    for (int i = 0; i < 2; i++, cursor->at++) {
        if (cursor->at == cursor->end) {
            cursor->torn = TRUE;
            return FALSE;
        }
        const char *digit = memchr(digits, *cursor->at, sizeof digits - 1);
        if (!digit) {
            return FALSE;
        }
        byte = byte * 16 + (guint)(digit - digits);
    }
    *out = (char)byte;
    return !plain[byte];
}

/* A value of 1 to `limit` bytes, up to and with its closing quote. */
static gboolean take_value(Cursor *cursor, size_t limit, Text *out) {
    const char *start = cursor->at;
    char *to = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if (plain[(guchar)*cursor->at]) {
            *to = *cursor->at++;
        } else if (!take_escape(cursor, to)) {
            return FALSE;
        }
        to++;
    }
    *out = text_make(start, (size_t)(to - start));
    if (out->length > limit) {
        return FALSE;
    }
    if (cursor->at == cursor->end) {
        cursor->torn = TRUE;
        return FALSE;
    }
    cursor->at++;
    return out->length > 0;
}

static gboolean is_of(char byte, char class) {
    switch (class) {
    case '0':
        return g_ascii_isdigit(byte);
    case 'f':
        return g_ascii_isdigit(byte) || (byte >= 'a' && byte <= 'f');
    case '+':
        return byte == '+' || byte == '-';
    default:
        return byte == class;
    }
}

/* A value of the form `00:f+`: a decimal digit, a hexadecimal one, a sign; all else is itself. */
static gboolean take_form(Cursor *cursor, const char *form, Text *out) {
    size_t length = strlen(form);
    for (size_t i = 0; i < length; i++) {
        if (i == left(cursor)) {
            cursor->torn = TRUE;
            return FALSE;
        }
        if (!is_of(cursor->at[i], form[i])) {
            return FALSE;
        }
    }
    *out = text_make(cursor->at, length);
    cursor->at += length;
    return TAKE(cursor, "\"");
}

static gboolean take_number(Cursor *cursor, guint64 *out) {
    Text digits;
    return take_value(cursor, sizeof "18446744073709551615" - 1, &digits)
           && text_parse_number(digits, out) && (digits.data[0] != '0' || digits.length == 1);
}

/* What was a string when it was written holds no NUL. */
static gboolean take_string(Cursor *cursor, size_t limit, Text *out) {
    return take_value(cursor, limit, out) && text_find(*out, '\0') < 0;
}

static gboolean take_head(Cursor *cursor, AuditLine *out) {
    return TAKE(cursor, "time=\"") && take_form(cursor, "0000-00-00T00:00:00.000+00:00", &out->time)
           && TAKE(cursor, " decision=\"") && take_string(cursor, LIMIT_AUDIT_VALUE, &out->decision)
           && TAKE(cursor, " rule=\"") && take_string(cursor, LIMIT_AUDIT_PLACE, &out->rule)
           && TAKE(cursor, " ruleset=\"") && take_form(cursor, "ffffffff", &out->ruleset)
           && TAKE(cursor, " us=\"") && take_number(cursor, &out->us);
}

/* The key of a field, as ` sender="`. */
static gboolean take_key(Cursor *cursor, const AttributeInfo *info) {
    char key[ATTRIBUTE_PREFIX_SIZE + 2] = " ";
    if (left(cursor) > 1 && cursor->at[1] != info->prefix[0]) {
        return FALSE;
    }
    memcpy(key + 1, info->prefix, info->prefix_length);
    key[1 + info->prefix_length] = '"';
    return take(cursor, key, info->prefix_length + (size_t)2);
}

/* Those that are there, in the table's order. */
static gboolean take_attributes(Cursor *cursor, Request *request) {
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT && left(cursor) > 0; i++) {
        if (!take_key(cursor, attribute_info((Attribute)i))) {
            continue;
        }
        Text *value = &request->values[i];
        if (!take_value(cursor, LIMIT_AUDIT_VALUE, value) || text_find(*value, '\n') >= 0) {
            return FALSE;
        }
        request->seen |= G_GUINT64_CONSTANT(1) << i;
    }
    return TRUE;
}

/* `NAME,NAME"`, at least one, in the table's order. */
static gboolean take_names(Cursor *cursor, guint64 *out) {
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        const AttributeInfo *info = attribute_info((Attribute)i);
        size_t length = info->prefix_length - (size_t)1;
        if (left(cursor) > length && cursor->at[length] != ',' && cursor->at[length] != '"') {
            continue;
        }
        if (!take(cursor, info->name, length)) {
            continue;
        }
        *out |= G_GUINT64_CONSTANT(1) << i;
        if (left(cursor) == 0) {
            cursor->torn = TRUE;
            return FALSE;
        }
        if (*cursor->at++ == '"') {
            return TRUE;
        }
    }
    return FALSE;
}

/* TRUE if all those that are said to be cut are as long as they are cut to. */
static gboolean check_cut(const Request *request, guint64 cut) {
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if ((cut & (G_GUINT64_CONSTANT(1) << i))
            && request->values[i].length != LIMIT_AUDIT_VALUE) {
            return FALSE;
        }
    }
    return TRUE;
}

/* A field that need not be there; FALSE if it is there and wrong. */
static gboolean take_list(Cursor *cursor, const char *key, guint64 *out) {
    return left(cursor) == 0 || !take(cursor, key, strlen(key)) || take_names(cursor, out);
}

static gboolean take_line(Cursor *cursor, AuditLine *out) {
    if (!take_head(cursor, out)) {
        return FALSE;
    }
    out->dry_run = left(cursor) > 0 && TAKE(cursor, " dry_run=\"yes\"");
    return take_attributes(cursor, &out->request)
           && take_list(cursor, " odd=\"repeated ", &out->request.repeated)
           && take_list(cursor, " truncated=\"", &out->cut) && left(cursor) == 0
           && check_cut(&out->request, out->cut);
}

/* Goes to where the audit line begins. The tag that syslog and the journal put before it ends in
 * the first `: `; what follows a later one may be the words of a client in another program's log.
 */
static void skip_tag(Cursor *cursor) {
    static const Text start = TEXT_LITERAL("time=\"");
    if (memcmp(cursor->at, start.data, MIN(left(cursor), start.length)) != 0) {
        char *tag = memmem(cursor->at, left(cursor), ": ", 2);
        cursor->at = tag ? tag + 2 : cursor->end;
    }
}

AuditLineStatus audit_line_read(char *line, size_t length, AuditLine *out) {
    gboolean ended = length > 0 && line[length - 1] == '\n';
    Cursor cursor = {line, line + length - (ended ? 1 : 0), FALSE};
    *out = (AuditLine){0};
    skip_tag(&cursor);
    if (left(&cursor) == 0) {
        return AUDIT_LINE_FOREIGN;
    }
    if (!take_line(&cursor, out)) {
        return cursor.torn ? AUDIT_LINE_TORN : AUDIT_LINE_FOREIGN;
    }
    if (!ended) {
        return AUDIT_LINE_TORN;
    }
    out->request.values[ATTRIBUTE_REQUEST] = TEXT_LITERAL("smtpd_access_policy");
    out->request.seen |= G_GUINT64_CONSTANT(1) << ATTRIBUTE_REQUEST;
    return out->cut ? AUDIT_LINE_CUT : AUDIT_LINE_WHOLE;
}
