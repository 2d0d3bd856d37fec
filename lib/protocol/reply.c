/*
 * Reply: checks, then writes. Each action's argument has a check of its own, in a table.
 */
#include "protocol/reply.h"

#include <string.h>

#include "limit.h"
#include "protocol/mailbox.h"

G_DEFINE_QUARK(policy - reply - error - quark, reply_error)

#define NO_TEXT(reply) ((reply)->text.data == NULL)

static gboolean fail(GError **error, ReplyError code, const char *message) {
    g_set_error_literal(error, REPLY_ERROR, (int)code, message);
    return FALSE;
}

static size_t count_digits(Text text, size_t from) {
    size_t at = from;
    while (at < text.length && g_ascii_isdigit(text.data[at])) {
        at++;
    }
    return at - from;
}

static gboolean ends_at(Text text, size_t at) {
    return at == text.length || text.data[at] == ' ';
}

/* dsn_valid() in src/global/dsn_util.c: a digit, then twice a dot and one to three digits. */
static gboolean starts_with_status(Text text) {
    size_t at = 1;
    if (count_digits(text, 0) != 1) {
        return FALSE;
    }
    for (int part = 0; part < 2; part++) {
        if (at >= text.length || text.data[at] != '.') {
            return FALSE;
        }
        size_t digits = count_digits(text, at + 1);
        if (digits < 1 || digits > 3) {
            return FALSE;
        }
        at += 1 + digits;
    }
    return ends_at(text, at);
}

static gboolean check_bytes(Text text, GError **error) {
    if (text.length == 0) {
        return fail(error, REPLY_ERROR_TEXT, "the text is empty");
    }
    if (text.length > LIMIT_REPLY_TEXT) {
        g_set_error(error, REPLY_ERROR, REPLY_ERROR_TEXT,
                    "the text is %zu bytes long; at most %d are sent to a client", text.length,
                    LIMIT_REPLY_TEXT);
        return FALSE;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (!g_ascii_isprint(text.data[i])) {
            return fail(error, REPLY_ERROR_TEXT,
                        "the text holds a character that is not printable ASCII");
        }
    }
    if (text.data[0] == ' ' || text.data[text.length - 1] == ' ') {
        return fail(error, REPLY_ERROR_TEXT, "the text starts or ends with a space");
    }
    return TRUE;
}

static gboolean check_status(const ActionInfo *info, Text text, GError **error) {
    gboolean code = count_digits(text, 0) == 3 && ends_at(text, 3);
    if (info->class && code && (text.data[0] == '4' || text.data[0] == '5')) {
        g_set_error(
            error, REPLY_ERROR, REPLY_ERROR_TEXT,
            "the text starts with a reply code; write it before the quotes: %s %.3s \"...\"",
            text.data[0] == '5' ? "reject" : "defer", text.data);
        return FALSE;
    }
    if (info->class && starts_with_status(text) && text.data[0] != info->class) {
        g_set_error(error, REPLY_ERROR, REPLY_ERROR_TEXT,
                    "an enhanced status code of '%s' starts with %c, not %c", info->name,
                    info->class, text.data[0]);
        return FALSE;
    }
    return TRUE;
}

/* is_header() in src/global/is_header.c: a name without spaces, and a colon. */
static gboolean check_header(Text text, GError **error) {
    ssize_t colon = text_find(text, ':');
    ssize_t space = text_find(text, ' ');
    if (colon < 1 || (space >= 0 && space < colon) || (size_t)colon + 1 == text.length) {
        return fail(error, REPLY_ERROR_TEXT, "'prepend' takes a header: \"Name: value\"");
    }
    return TRUE;
}

static gboolean is_atom(Text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (!g_ascii_isalnum(text.data[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", text.data[i])) {
            return FALSE;
        }
    }
    return text.length > 0;
}

static gboolean check_mailbox(Text text, GError **error) {
    Mailbox mailbox = mailbox_split(text);
    if (!mailbox_final(&mailbox) || !is_atom(mailbox.local) || domain_fault(mailbox.domain)) {
        return fail(error, REPLY_ERROR_TEXT, "the argument is not a mailbox: \"user@example.com\"");
    }
    return TRUE;
}

static gboolean check_transport(Text text, GError **error) {
    ssize_t colon = text_find(text, ':');
    if (colon < 1 || (size_t)colon + 1 == text.length || text_find(text, ' ') >= 0) {
        return fail(error, REPLY_ERROR_TEXT,
                    "'filter' takes a transport and where to: \"smtp:[127.0.0.1]:10025\"");
    }
    return TRUE;
}

/* Takes the next name off *rest; FALSE at the end. Names stand between commas and spaces. */
static gboolean next_restriction(Text *rest, Text *name) {
    size_t start = 0;
    while (start < rest->length && strchr(", ", rest->data[start])) {
        start++;
    }
    size_t end = start;
    while (end < rest->length && !strchr(", ", rest->data[end])) {
        end++;
    }
    *name = text_make(rest->data + start, end - start);
    *rest = text_make(rest->data + end, rest->length - end);
    return name->length > 0;
}

static gboolean check_restrictions(Text text, GError **error) {
    Text rest = text;
    Text name;
    guint count = 0;
    for (; next_restriction(&rest, &name); count++) {
        if (!action_find_restriction(name)) {
            g_set_error(error, REPLY_ERROR, REPLY_ERROR_TEXT,
                        "'%.*s' is not a restriction of Postfix that needs neither a table nor a "
                        "service",
                        (int)name.length, name.data);
            return FALSE;
        }
    }
    return count > 0 || fail(error, REPLY_ERROR_TEXT, "'restrict' takes restriction names");
}

typedef gboolean (*ArgumentCheck)(Text text, GError **error);

static const ArgumentCheck argument_checks[ACTION_COUNT] = {
    [ACTION_PREPEND] = check_header,        [ACTION_REDIRECT] = check_mailbox,
    [ACTION_BCC] = check_mailbox,           [ACTION_FILTER] = check_transport,
    [ACTION_RESTRICT] = check_restrictions,
};

static gboolean check_code(const Reply *reply, const ActionInfo *info, GError **error) {
    if (!info->code) {
        g_set_error(error, REPLY_ERROR, REPLY_ERROR_CODE, "'%s' takes no reply code", info->name);
        return FALSE;
    }
    guint first = (guint)(info->class - '0');
    if (reply->code < first * 100 || reply->code > first * 100 + 99) {
        g_set_error(error, REPLY_ERROR, REPLY_ERROR_CODE,
                    "a reply code of '%s' is between %u00 and %u99", info->name, first, first);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_presence(const Reply *reply, const ActionInfo *info, GError **error) {
    const char *wrong = NULL;
    if (info->text == ACTION_TEXT_NONE && !NO_TEXT(reply)) {
        wrong = "takes no text";
    } else if (info->text == ACTION_TEXT_REQUIRED && NO_TEXT(reply)) {
        wrong = "needs an argument in quotes";
    } else if (reply->code && NO_TEXT(reply)) {
        wrong = "with a reply code needs a text: Postfix takes digits alone for a permit";
    }
    if (wrong) {
        g_set_error(error, REPLY_ERROR, REPLY_ERROR_TEXT, "'%s' %s", info->name, wrong);
    }
    return wrong == NULL;
}

static gboolean check(const Reply *reply, GError **error) {
    const ActionInfo *info = action_info(reply->action);
    ArgumentCheck check_argument = argument_checks[reply->action];
    if ((reply->code && !check_code(reply, info, error)) || !check_presence(reply, info, error)) {
        return FALSE;
    }
    return NO_TEXT(reply)
           || (check_bytes(reply->text, error) && check_status(info, reply->text, error)
               && (!check_argument || check_argument(reply->text, error)));
}

/* Commas part the names: a first word that a comma follows is not taken for an action. */
static char *join_restrictions(Text text) {
    GString *joined = g_string_new(NULL);
    Text rest = text;
    Text name;
    while (next_restriction(&rest, &name)) {
        if (joined->len > 0) {
            g_string_append(joined, ", ");
        }
        g_string_append_len(joined, name.data, (gssize)name.length);
    }
    return g_string_free(joined, FALSE);
}

char *reply_decision(const Reply *reply, GError **error) {
    const ActionInfo *info = action_info(reply->action);
    int length = (int)reply->text.length;
    if (!check(reply, error)) {
        return NULL;
    }
    if (reply->action == ACTION_RESTRICT) {
        return join_restrictions(reply->text);
    }
    if (NO_TEXT(reply)) {
        return g_strdup(info->word);
    }
    if (reply->code) {
        return g_strdup_printf("%u %.*s", reply->code, length, reply->text.data);
    }
    return g_strdup_printf("%s %.*s", info->word, length, reply->text.data);
}

char *reply_frame(const char *decision) {
    return g_strdup_printf("action=%s\n\n", decision);
}

ActionSet reply_restrict_outcomes(Text text) {
    Text rest = text;
    Text name;
    ActionSet outcomes = 0;
    while (next_restriction(&rest, &name)) {
        const RestrictionInfo *known = action_find_restriction(name);
        outcomes |= known ? known->outcomes : 0;
    }
    return outcomes;
}
