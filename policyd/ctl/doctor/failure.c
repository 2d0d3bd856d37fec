/*
 * Failure: what becomes of mail when policyd can't be asked: default_action, and how long smtpd
 * tries before that (smtpd_check.c, check_policy_service(); attr_clnt.c).
 */
#include <string.h>

#include "ctl/doctor/examination.h"
#include "ctl/doctor/mend.h"

/* Seconds that a client waits for the reply to a RCPT: RFC 5321, 4.5.3.2.3. */
#define PATIENCE 300

/* An attribute of the policy service, or else the parameter that stands for it in all. */
static const char *find_value(const Ask *ask, const char *attribute, const char *parameter) {
    const char *own = g_hash_table_lookup(ask->entry->attributes, attribute);
    return own ? own : postfix_service_text(ask->list->service, parameter);
}

static gboolean has_own(const Ask *ask, const char *attribute) {
    return g_hash_table_contains(ask->entry->attributes, attribute);
}

static gboolean is_number(const char *word) {
    return word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

/* What an answer does to a message that the rules would have refused: nothing, if it goes on, and
 * digits alone permit. */
static gboolean fails_open(const char *action) {
    static const char *const closed[] = {"reject",
                                         "defer",
                                         "defer_if_permit",
                                         "reject_unauth_destination",
                                         "defer_unauth_destination",
                                         NULL};
    g_auto(GStrv) words = g_strsplit_set(action, " \t,", 2);
    const char *word = words[0] ? words[0] : "";
    g_autofree char *folded = g_ascii_strdown(word, -1);
    if (g_strv_contains(closed, folded)) {
        return FALSE;
    }
    gboolean code = is_number(word) && strlen(word) == 3 && (word[0] == '4' || word[0] == '5');
    return !code || !words[1] || g_strstrip(words[1])[0] == '\0';
}

static gboolean is_final(const char *action) {
    return action[0] == '5' || g_ascii_strncasecmp(action, "reject ", strlen("reject ")) == 0
           || g_ascii_strcasecmp(action, "reject") == 0;
}

/* Back to Postfix's own, 451. */
static char *mend_action(const Installation *installation, const Ask *ask) {
    if (has_own(ask, "default_action")) {
        return mend_policy(installation, ask, NULL, "default_action");
    }
    return mend_parameter(installation, ask->list->service, "smtpd_policy_service_default_action",
                          "451 4.3.5 Server configuration problem");
}

static void set_place(Finding *finding, const Ask *ask, const char *attribute,
                      const char *parameter) {
    g_autofree char *address = postfix_service_address(ask->list->service);
    finding_set_place(finding, address, has_own(ask, attribute) ? ask->list->parameter : parameter);
}

static void examine_action(const Installation *installation, const Ask *ask, GPtrArray *findings) {
    static const char *const attribute = "default_action";
    static const char *const parameter = "smtpd_policy_service_default_action";
    const char *action = find_value(ask, attribute, parameter);
    Finding *finding = NULL;
    if (fails_open(action)) {
        finding = findings_add(
            findings, FINDING_DANGER, "fails-open",
            "While policyd is away, or restarts, none of its rules is enforced; and whoever it "
            "would have let relay is refused for good where reject_unauth_destination decides.",
            "default_action is '%s': mail goes on without policyd", action);
    } else if (is_final(action)) {
        finding = findings_add(findings, FINDING_NOTE, "fails-for-good",
                               "Clients give up and return the mail, instead of trying again.",
                               "default_action is '%s': mail that comes while policyd is away is "
                               "refused for good",
                               action);
    }
    if (finding) {
        set_place(finding, ask, attribute, parameter);
        finding->command = mend_action(installation, ask);
    }
}

static void examine_tries(const Installation *installation, const Ask *ask, GPtrArray *findings) {
    static const char *const attribute = "try_limit";
    static const char *const parameter = "smtpd_policy_service_try_limit";
    if (!g_str_equal(find_value(ask, attribute, parameter), "1")) {
        return;
    }
    Finding *finding = findings_add(
        findings, FINDING_WARNING, "one-try",
        "After a try that fails smtpd keeps the broken connection, and never asks again: once "
        "policyd was restarted, it answers default_action as long as the process lives.",
        "smtpd tries only once to ask policyd");
    set_place(finding, ask, attribute, parameter);
    finding->command = has_own(ask, attribute)
                           ? mend_policy(installation, ask, NULL, attribute)
                           : mend_parameter(installation, ask->list->service, parameter, "2");
}

/* A time as postconf(5) has it, in seconds: a bare number is of seconds here. */
static guint64 read_seconds(const char *text) {
    static const struct {
        char unit;
        guint seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char *end;
    guint64 number = MIN(g_ascii_strtoull(text, &end, 10), G_MAXUINT32);
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        if (*end == units[i].unit) {
            return number * units[i].seconds;
        }
    }
    return number;
}

/* How long smtpd may be held up by one place. */
static guint64 find_wait(const Ask *ask) {
    guint64 timeout = read_seconds(find_value(ask, "timeout", "smtpd_policy_service_timeout"));
    guint64 tries = read_seconds(find_value(ask, "try_limit", "smtpd_policy_service_try_limit"));
    guint64 delay =
        read_seconds(find_value(ask, "retry_delay", "smtpd_policy_service_retry_delay"));
    return tries > 0 ? timeout * tries + delay * (tries - 1) : 0;
}

static void examine_patience(const Installation *installation, const PostfixService *service,
                             GPtrArray *findings) {
    guint64 wait = 0;
    guint count = 0;
    const Ask *first = NULL;
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours && ask->list->service == service && smtpd_list_is_of_recipients(ask->list)) {
            wait += find_wait(ask);
            first = first ? first : ask;
            count++;
        }
    }
    if (wait <= PATIENCE) {
        return;
    }
    Finding *finding = findings_add(
        findings, FINDING_WARNING, "slow-failure",
        "If policyd hangs, clients give up after 5 minutes, before they are told to try again.",
        "smtpd may wait %" G_GUINT64_FORMAT " seconds for policyd at a RCPT", wait);
    set_place(finding, first, "timeout", "smtpd_policy_service_timeout");
    finding->command =
        has_own(first, "timeout")
            ? mend_policy(installation, first, NULL, "timeout")
            : mend_parameter(installation, service, "smtpd_policy_service_timeout", "10s");
}

void examine_failure(const Installation *installation, GPtrArray *findings) {
    const PostfixSettings *postfix = installation->evidence.postfix;
    for (guint i = 0; i < installation->asks->len; i++) {
        const Ask *ask = g_ptr_array_index(installation->asks, i);
        if (ask->ours) {
            examine_action(installation, ask, findings);
            examine_tries(installation, ask, findings);
        }
    }
    for (guint i = 0; i < postfix_settings_service_count(postfix); i++) {
        examine_patience(installation, postfix_settings_service(postfix, i), findings);
    }
}
