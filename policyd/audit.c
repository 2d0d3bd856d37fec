/*
 * Audit: written by hand, without printf, since it runs for every request. Nothing fails: values
 * are cut, and LIMIT_AUDIT_LINE holds the longest line.
 */
#include "audit.h"

#include <string.h>
#include <time.h>

#include "protocol/word.h"
#include "server_limit.h"

/* The worst case: all bytes of all values escaped, and each name thrice, in its field and in both
 * lists. The constant is the keys and values of the fixed fields but the two counted apart. */
G_STATIC_ASSERT(ATTRIBUTE_COUNT *(4 * LIMIT_AUDIT_VALUE + 3 * ATTRIBUTE_PREFIX_SIZE)
                    + 4 * LIMIT_AUDIT_PLACE + 4 * LIMIT_AUDIT_VALUE + 512
                <= LIMIT_AUDIT_LINE);

/* Printable ASCII but `"` and `\`. */
static gboolean is_plain(guchar byte) {
    return byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
}

typedef gint8 Sixteen __attribute__((vector_size(16)));
typedef guint8 Unsigned __attribute__((vector_size(16)));
typedef guint64 Halves __attribute__((vector_size(16)));

static const Sixteen every = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

/* Which of sixteen bytes are plain: those below 0x20 and above 0x7e are not above 0x20, signed,
 * once 1 is added. */
static Sixteen find_plain(Sixteen bytes) {
    Sixteen next = (Sixteen)((Unsigned)bytes + 1);
    return (Sixteen)(next > 0x20) & ~((Sixteen)(bytes == '"') | (Sixteen)(bytes == '\\'));
}

static Sixteen copy_sixteen(char *out, const char *at) {
    Sixteen bytes;
    memcpy(&bytes, at, sizeof bytes);
    memcpy(out, &bytes, sizeof bytes);
    return find_plain(bytes);
}

static Sixteen find_plain_words(guint64 first, guint64 last) {
    Halves halves = {first, last};
    return find_plain((Sixteen)halves);
}

/* Copies a value, and takes from *plain what it has no plain bytes for. It writes at least a word:
 * there is room behind any value. Inline, so that *plain is a register and not memory. */
static inline G_ALWAYS_INLINE char *copy_value(char *out, const char *value, size_t length,
                                               Sixteen *plain) {
    if (length >= 16) {
        for (size_t i = 0; i + 16 < length; i += 16) {
            *plain &= copy_sixteen(out + i, value + i);
        }
        *plain &= copy_sixteen(out + length - 16, value + length - 16);
    } else if (length >= WORD_SIZE) {
        guint64 first = word_load(value);
        guint64 last = word_load(value + length - WORD_SIZE);
        word_store(out, first);
        word_store(out + length - WORD_SIZE, last);
        *plain &= find_plain_words(first, last);
    } else {
        guint64 word = word_load_some(value, length) | WORD_OF(' ') << length * 8;
        word_store(out, word);
        *plain &= find_plain_words(word, word);
    }
    return out + length;
}

static gboolean is_every(Sixteen bytes) {
    Halves halves = (Halves)bytes;
    return (halves[0] & halves[1]) == G_MAXUINT64;
}

static char *append_byte(char *out, guchar byte) {
    static const char digits[] = "0123456789abcdef";
    if (is_plain(byte)) {
        *out = (char)byte;
        return out + 1;
    }
    memcpy(out, "\\x", 2);
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return out + 4;
}

static G_NO_INLINE char *append_escaped(char *out, const char *value, size_t length) {
    for (size_t i = 0; i < length; i++) {
        out = append_byte(out, (guchar)value[i]);
    }
    return out;
}

static char *append_raw(char *out, const char *text, size_t length) {
    memcpy(out, text, length);
    return out + length;
}

#define APPEND_LITERAL(out, literal) append_raw((out), (literal), sizeof(literal) - 1)

static char *append_number(char *out, guint64 number) {
    guint digits = 1;
    for (guint64 rest = number; rest >= 10; rest /= 10) {
        digits++;
    }
    for (guint i = digits; i > 0; i--) {
        out[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return out + digits;
}

static char *append_string(char *out, const char *text, size_t limit) {
    size_t length = strnlen(text, limit);
    Sixteen plain = every;
    char *end = copy_value(out, text, length, &plain);
    return is_every(plain) ? end : append_escaped(out, text, length);
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

/* ` name="`; copied with a fixed size, which costs less than its length would. */
static char *append_key(char *out, Attribute attribute) {
    const AttributeInfo *info = attribute_info(attribute);
    *out = ' ';
    memcpy(out + 1, info->prefix, ATTRIBUTE_PREFIX_SIZE);
    out += 1 + info->prefix_length;
    *out = '"';
    return out + 1;
}

/* Answers a bit for each attribute that was cut in *truncated. */
static inline G_ALWAYS_INLINE char *append_values(char *out, const Request *request,
                                                  guint64 *truncated, Sixteen *plain) {
    for (size_t i = ATTRIBUTE_REQUEST + 1; i < ATTRIBUTE_COUNT; i++) {
        const char *value = request->values[i].data;
        size_t length = request->values[i].length;
        if (length == 0) {
            continue;
        }
        if (length > LIMIT_AUDIT_VALUE) {
            length = LIMIT_AUDIT_VALUE;
            *truncated |= G_GUINT64_CONSTANT(1) << i;
        }
        out = append_key(out, (Attribute)i);
        out = plain ? copy_value(out, value, length, plain) : append_escaped(out, value, length);
        *out++ = '"';
    }
    return out;
}

static G_NO_INLINE char *append_odd(char *out, const Request *request, guint64 *truncated) {
    return append_values(out, request, truncated, NULL);
}

/* Most values are plain: they are copied and looked at in one go. If one turns out not to be, all
 * are written anew. */
static char *append_attributes(char *out, const Request *request, guint64 *truncated) {
    Sixteen plain = every;
    char *end = append_values(out, request, truncated, &plain);
    return is_every(plain) ? end : append_odd(out, request, truncated);
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
    guint64 truncated = 0;
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
