/*
 * Audit: written by hand, without printf, since it runs for every request. Nothing fails: values
 * are cut, and LIMIT_AUDIT_LINE holds the longest line.
 */
#include "audit.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "server_limit.h"

/* ` name="`, padded: it is copied with a fixed size, which costs less than its length would. */
#define KEY_SIZE 32

typedef struct {
    char text[KEY_SIZE];
    size_t length;
} Key;

static Key keys[ATTRIBUTE_COUNT];

/* The worst case: all bytes of all values escaped, and each name thrice, in its field and in both
 * lists. The constant is the keys and values of the fixed fields but the two counted apart. */
G_STATIC_ASSERT(ATTRIBUTE_COUNT *(4 * LIMIT_AUDIT_VALUE + 3 * KEY_SIZE) + 4 * LIMIT_AUDIT_PLACE
                    + 4 * LIMIT_AUDIT_VALUE + 512
                <= LIMIT_AUDIT_LINE);

/* Printable ASCII but `"` and `\`. */
static const guint8 plain[256] = {[0x20 ... 0x21] = 1, [0x23 ... 0x5b] = 1, [0x5d ... 0x7e] = 1};

static void make_keys(void) {
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        const char *name = attribute_info((Attribute)i)->name;
        keys[i].length = (size_t)g_snprintf(keys[i].text, KEY_SIZE, " %s=\"", name);
        g_assert(keys[i].length < KEY_SIZE);
    }
}

/* Copies sixteen bytes, and answers TRUE if all are plain. They are compared signed, so those from
 * 0x80 on are below 0x20. */
static gboolean copy_sixteen(char *out, const char *at) {
    typedef gint8 Sixteen __attribute__((vector_size(16)));
    Sixteen bytes;
    guint64 halves[2];
    memcpy(&bytes, at, sizeof bytes);
    memcpy(out, &bytes, sizeof bytes);
    bytes = (Sixteen)((bytes >= 0x20) & (bytes != '"') & (bytes != '\\') & (bytes != 0x7f));
    memcpy(halves, &bytes, sizeof halves);
    return (halves[0] & halves[1]) == G_MAXUINT64;
}

/* The same for eight, but now and then FALSE without need. Each term has the top bit set of bytes
 * that are below 0x20, `"`, `\`, 0x7f, or above, and by a borrow of one beside them. */
static gboolean copy_eight(char *out, const char *at) {
    const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
    guint64 word;
    memcpy(&word, at, sizeof word);
    memcpy(out, &word, sizeof word);
    guint64 found = (word - ones * 0x20) | ((word ^ (ones * '"')) - ones)
                    | ((word ^ (ones * '\\')) - ones) | (word + ones) | word;
    return (found & (ones * 0x80)) == 0;
}

static char *append_byte(char *out, guchar byte) {
    static const char digits[] = "0123456789abcdef";
    if (plain[byte]) {
        *out = (char)byte;
        return out + 1;
    }
    memcpy(out, "\\x", 2);
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return out + 4;
}

static char *append_escaped(char *out, const char *value, size_t length) {
    for (size_t i = 0; i < length; i++) {
        out = append_byte(out, (guchar)value[i]);
    }
    return out;
}

/* Most values are plain: they are copied and looked at in one go, the last step overlapping the
 * one before it. One that turns out not to be is written anew. */
static char *append_value(char *out, const char *value, size_t length) {
    gboolean is_plain = length >= 8;
    if (length >= 16) {
        for (size_t i = 0; i + 16 < length; i += 16) {
            is_plain &= copy_sixteen(out + i, value + i);
        }
        is_plain &= copy_sixteen(out + length - 16, value + length - 16);
    } else if (length >= 8) {
        is_plain = copy_eight(out, value) & copy_eight(out + length - 8, value + length - 8);
    }
    return is_plain ? out + length : append_escaped(out, value, length);
}

static char *append_raw(char *out, const char *text, size_t length) {
    memcpy(out, text, length);
    return out + length;
}

#define APPEND_LITERAL(out, literal) append_raw((out), (literal), sizeof(literal) - 1)

static char *append_number(char *out, guint64 number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return append_raw(out, digits + at, sizeof digits - at);
}

static char *append_string(char *out, const char *text, size_t limit) {
    return append_value(out, text, strnlen(text, limit));
}

static char *append_head(char *out, const AuditEntry *entry) {
    out = APPEND_LITERAL(out, "time=\"");
    out = append_raw(out, entry->time, AUDIT_TIME_LENGTH);
    out = APPEND_LITERAL(out, "\" decision=\"");
    out = append_string(out, entry->rule->decision, LIMIT_AUDIT_VALUE);
    out = APPEND_LITERAL(out, "\" rule=\"");
    out = append_string(out, entry->rule->place, LIMIT_AUDIT_PLACE);
    out = APPEND_LITERAL(out, "\" ruleset=\"");
    out = append_string(out, entry->ruleset, RULESET_HASH_LENGTH);
    out = APPEND_LITERAL(out, "\" us=\"");
    out = append_number(out, entry->us);
    *out++ = '"';
    return entry->dry_run ? APPEND_LITERAL(out, " dry_run=\"yes\"") : out;
}

/* Answers a bit for each attribute that was cut in *truncated. */
static char *append_attributes(char *out, const Request *request, guint64 *truncated) {
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        size_t length = request->values[i].length;
        if (length == 0) {
            continue;
        }
        if (length > LIMIT_AUDIT_VALUE) {
            length = LIMIT_AUDIT_VALUE;
            *truncated |= G_GUINT64_CONSTANT(1) << i;
        }
        memcpy(out, keys[i].text, KEY_SIZE);
        out = append_value(out + keys[i].length, request->values[i].data, length);
        *out++ = '"';
    }
    return out;
}

static char *append_names(char *out, guint64 attributes) {
    const char *comma = "";
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (attributes & (G_GUINT64_CONSTANT(1) << i)) {
            const char *name = attribute_info((Attribute)i)->name;
            out = append_raw(out, comma, strlen(comma));
            out = append_raw(out, name, strlen(name));
            comma = ",";
        }
    }
    *out++ = '"';
    return out;
}

size_t audit_format(const AuditEntry *entry, char *out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    guint64 truncated = 0;
    pthread_once(&once, make_keys);
    char *at = append_attributes(append_head(out, entry), entry->request, &truncated);
    if (entry->request->repeated) {
        at = append_names(APPEND_LITERAL(at, " odd=\"repeated "), entry->request->repeated);
    }
    if (truncated) {
        at = append_names(APPEND_LITERAL(at, " truncated=\""), truncated);
    }
    *at++ = '\n';
    return (size_t)(at - out);
}

static void format_second(AuditClock *clock, gint64 second) {
    struct tm local;
    time_t seconds = (time_t)second;
    localtime_r(&seconds, &local);
    long minutes = local.tm_gmtoff / 60;
    char sign = minutes < 0 ? '-' : '+';
    guint away = (guint)ABS(minutes);
    g_snprintf(clock->text, sizeof clock->text, "%04d-%02d-%02dT%02d:%02d:%02d.000%c%02u:%02u",
               local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
               local.tm_sec, sign, away / 60 % 100, away % 60);
    clock->second = second;
}

void audit_clock_set(AuditClock *clock, gint64 real_time) {
    gint64 second = real_time / G_USEC_PER_SEC;
    guint milliseconds = (guint)(real_time % G_USEC_PER_SEC / 1000);
    if (clock->text[0] == '\0' || clock->second != second) {
        format_second(clock, second);
    }
    clock->text[20] = (char)('0' + milliseconds / 100);
    clock->text[21] = (char)('0' + milliseconds / 10 % 10);
    clock->text[22] = (char)('0' + milliseconds % 10);
}
