/*
 * Fuzz target reply: whatever reply can be made is one line of printable ASCII, short, and is read
 * by Postfix as the action that was asked for.
 *
 * Input: the action, two bytes of the reply code, then the text, if anything follows.
 */
#include <string.h>

#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "limit.h"
#include "protocol/reply.h"
#include "server_limit.h"

/* The first word of a reply, as check_table_result() in smtpd_check.c looks at it. */
static const struct {
    const char *word;
    Action action;
} words[] = {
    {"REJECT", ACTION_REJECT},
    {"DEFER", ACTION_DEFER},
    {"DEFER_IF_REJECT", ACTION_DEFER_IF_REJECT},
    {"DEFER_IF_PERMIT", ACTION_DEFER_IF_PERMIT},
    {"WARN", ACTION_WARN},
    {"INFO", ACTION_INFO},
    {"FILTER", ACTION_FILTER},
    {"HOLD", ACTION_HOLD},
    {"DISCARD", ACTION_DISCARD},
    {"REDIRECT", ACTION_REDIRECT},
    {"BCC", ACTION_BCC},
    {"PREPEND", ACTION_PREPEND},
    {"OK", ACTION_PERMIT},
    {"RELAY", ACTION_PERMIT},
    {"DUNNO", ACTION_DUNNO},
};

/* Digits alone are a permit, and three of them before a text a reply code. */
static Action read_digits(const char *value, size_t digits, const char *text) {
    if (value[digits] == '\0') {
        return ACTION_PERMIT;
    }
    FUZZ_ASSERT(digits == 3 && value[3] == ' ' && *text, "a bad code: %s", value);
    FUZZ_ASSERT(value[0] == '4' || value[0] == '5', "a bad code: %s", value);
    return value[0] == '4' ? ACTION_DEFER : ACTION_REJECT;
}

/* What Postfix takes the reply for. What is none of its words is a list of restrictions. */
static Action read_as_postfix(const char *value) {
    size_t length = strcspn(value, " \t");
    size_t digits = strspn(value, "0123456789");
    const char *text = value + length + strspn(value + length, " \t");
    FUZZ_ASSERT(length > 0, "an empty reply");
    if (digits > 0) {
        return read_digits(value, digits, text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strlen(words[i].word) == length
            && g_ascii_strncasecmp(value, words[i].word, length) == 0) {
            return words[i].action;
        }
    }
    return ACTION_RESTRICT;
}

/* Each name is one that Postfix has, and no other action's word. */
static void check_restrictions(const char *value) {
    g_auto(GStrv) names = g_strsplit_set(value, ", ", -1);
    for (char **name = names; *name; name++) {
        const RestrictionInfo *known = action_restrictions();
        while (known->name && !g_str_equal(known->name, *name)) {
            known++;
        }
        FUZZ_ASSERT(known->name || **name == '\0', "restriction '%s'", *name);
    }
}

/* dsn_valid(): the class of an enhanced status code at the start, or 0. */
static char find_class(const char *text) {
    gboolean valid = g_regex_match_simple("^[0-9](\\.[0-9]{1,3}){2}( |$)", text, 0, 0);
    return valid ? text[0] : '\0';
}

static void check_decision(const Reply *reply, const char *decision) {
    const ActionInfo *info = action_info(reply->action);
    Action action = read_as_postfix(decision);
    const char *text = decision + strcspn(decision, " ");
    FUZZ_ASSERT(fuzz_is_printable(text_from_string(decision)), "%s", decision);
    FUZZ_ASSERT(reply->text.length <= LIMIT_REPLY_TEXT, "%zu bytes", reply->text.length);
    if (reply->action == ACTION_RESTRICT) {
        /* One that stands alone is an action too, which does the same. */
        ActionSet outcomes = reply_restrict_outcomes(reply->text);
        FUZZ_ASSERT(action == ACTION_RESTRICT || outcomes >> action & 1, "%s", decision);
        check_restrictions(decision);
    } else {
        FUZZ_ASSERT(action == reply->action, "%s is %s", info->name, decision);
    }
    if (info->class && *text && find_class(text + 1)) {
        FUZZ_ASSERT(find_class(text + 1) == info->class, "%s", decision);
    }
}

static void check_frame(const char *decision) {
    g_autofree char *frame = reply_frame(decision);
    size_t length = strlen(frame);
    FUZZ_ASSERT(length <= LIMIT_REPLY, "%zu bytes", length);
    FUZZ_ASSERT(g_str_has_prefix(frame, "action="), "%s", frame);
    FUZZ_ASSERT(strstr(frame, "\n") == frame + length - 2, "%s", frame);
    FUZZ_ASSERT(g_str_has_suffix(frame, "\n\n"), "%s", frame);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    g_autoptr(GError) error = NULL;
    Bytes bytes = bytes_make(data, size);
    Reply reply = {.action = (Action)bytes_below(&bytes, ACTION_COUNT),
                   .code = (guint)bytes_number(&bytes, 2)};
    Text rest = bytes_rest(&bytes);
    g_autofree char *text = fuzz_copy(rest);
    reply.text = rest.length > 0 ? text_make(text, rest.length) : text_make(NULL, 0);
    g_autofree char *decision = reply_decision(&reply, &error);
    FUZZ_ASSERT((decision != NULL) == (error == NULL), "a reply and an error");
    if (decision) {
        check_decision(&reply, decision);
        check_frame(decision);
    } else {
        FUZZ_ASSERT(fuzz_is_printable(text_from_string(error->message)), "%s", error->message);
    }
    reply_restrict_outcomes(rest);
    return 0;
}
