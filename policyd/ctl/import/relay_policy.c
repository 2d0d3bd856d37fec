/*
 * RelayPolicy: a list is read up to what closes it: reject_unauth_destination, reject, or their
 * deferring kin. Of what stands before,
 *
 *   - permits that policyd can tell become rules;
 *   - a restriction that only refuses goes before policyd where nothing was permitted yet, and
 *     behind it where nothing will be. Between two permits, it goes into the rules as `restrict` if
 *     it needs neither table nor service, and else before policyd, which is stricter;
 *   - what only permits goes behind policyd: then the rules refuse nobody, and leave that to what
 *     closes the list;
 *   - what may do either goes before policyd where nothing was permitted yet, behind it where
 *     nothing will be, and else before it, which is stricter.
 *
 * Nothing fails. smtpd_check.c (generic_checks()) says what restrictions do.
 */
#include "ctl/import/relay_policy.h"

#include <string.h>

#include "ctl/import/note.h"
#include "ctl/postfix/restriction.h"
#include "protocol/action.h"

#define ASKED_TOO "it is asked about those too whom a restriction before it permits"

#define SERVER "unix:private/policyd"

typedef struct {
    const RelaySources *sources;
    GPtrArray *notes;
    RelayPolicy *policy;
    const GPtrArray *list;
    guint at;
    guint permits;     /* before `at` */
    guint last_permit; /* one past the last that becomes a rule */
    gboolean stays;    /* the list stays in main.cf too */
    GString *pending;  /* restrictions that the coming rules name, each followed by ", " */
} Walk;

static void rule_free(RelayRule *rule) {
    g_free(rule->action);
    g_free(rule);
}

void relay_policy_free(RelayPolicy *policy) {
    if (policy) {
        g_ptr_array_unref(policy->rules);
        g_string_free(policy->before, TRUE);
        g_string_free(policy->behind, TRUE);
        g_free(policy);
    }
}

gboolean relay_policy_has_rule(const RelayPolicy *policy, RelayWho who) {
    for (guint i = 0; i < policy->rules->len; i++) {
        const RelayRule *rule = g_ptr_array_index(policy->rules, i);
        if (rule->who == who) {
            return TRUE;
        }
    }
    return FALSE;
}

static const Restriction *get(const GPtrArray *list, guint index) {
    return g_ptr_array_index(list, index);
}

static gboolean is_named(const Restriction *restriction, const char *name) {
    return g_str_equal(restriction->name, name);
}

static gboolean closes(const Restriction *restriction) {
    static const char *const names[] = {"reject_unauth_destination", "defer_unauth_destination",
                                        "reject", "defer", NULL};
    return !restriction->warn && g_strv_contains(names, restriction->name);
}

static gboolean is_login(const Restriction *restriction) {
    return is_named(restriction, "permit_sasl_authenticated");
}

static gboolean carried_for(const RelaySources *sources, const Restriction *restriction,
                            RelayWho *who) {
    static const struct {
        const char *name;
        RelayWho who;
    } known[] = {
        {"permit_mynetworks", RELAY_NETWORKS},
        {"permit_auth_destination", RELAY_LOCAL},
    };
    if (is_login(restriction) && sources->logins != RELAY_LOGINS_NONE) {
        *who = sources->logins == RELAY_LOGINS_TLS ? RELAY_LOGIN_TLS : RELAY_LOGIN;
        return TRUE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (is_named(restriction, known[i].name)) {
            *who = known[i].who;
            return TRUE;
        }
    }
    return FALSE;
}

/* A restriction class may be called anything. */
static gboolean may_permit(const RelaySources *sources, const Restriction *restriction) {
    return restriction_is_class(restriction, sources->classes)
           || (!g_str_has_prefix(restriction->name, "reject_")
               && !g_str_has_prefix(restriction->name, "defer_") && !is_named(restriction, "reject")
               && !is_named(restriction, "defer") && !is_named(restriction, "sleep"));
}

static gboolean may_refuse(const RelaySources *sources, const Restriction *restriction) {
    return !restriction->warn
           && (restriction_is_class(restriction, sources->classes)
               || !g_str_has_prefix(restriction->name, "permit_"));
}

/* Where the argument is lacking, at the end of a list, braces stand for it: else it would be what
 * comes behind in the new list. */
static char *write_restriction(const Restriction *restriction) {
    const char *argument = restriction->argument;
    return g_strconcat(restriction->warn ? "warn_if_reject " : "", restriction->written,
                       argument ? " " : "", argument && !*argument ? "{}" : argument, NULL);
}

static void put_before(RelayPolicy *policy, const char *text) {
    g_string_append_printf(policy->before, "%s, ", text);
}

static void put_behind(RelayPolicy *policy, const char *text) {
    g_string_append_printf(policy->behind, ", %s", text);
}

static void add_rule(Walk *walk, RelayWho who, const char *action) {
    RelayRule *rule = g_new0(RelayRule, 1);
    rule->who = who;
    rule->action = g_strdup(action);
    g_ptr_array_add(walk->policy->rules, rule);
}

/* An action behind the restrictions that are pending; `last` is what Postfix is to do then, as a
 * restriction, or NULL: go on. */
static void add_pending_rule(Walk *walk, RelayWho who, const char *action, const char *last) {
    if (walk->pending->len == 0) {
        add_rule(walk, who, action);
        return;
    }
    g_autofree char *names = last ? g_strconcat(walk->pending->str, last, NULL)
                                  : g_strndup(walk->pending->str, walk->pending->len - 2);
    g_autofree char *text = g_strdup_printf("restrict \"%s\"", names);
    add_rule(walk, who, text);
}

static void note_place(const Walk *walk, const char *text, const char *where) {
    note_add(walk->notes, "%s%s: '%s' %s", walk->sources->place, walk->policy->source, text, where);
}

static void leave_behind(Walk *walk, const Restriction *restriction, const char *text) {
    put_behind(walk->policy, text);
    if (may_permit(walk->sources, restriction)) {
        walk->policy->left = TRUE;
        note_place(walk, text,
                   "can't be carried over: it stays in main.cf, behind policyd, which leaves to it "
                   "whom the rules don't permit");
    } else {
        note_place(walk, text, "can't be carried over: it stays in main.cf, behind policyd");
    }
}

/* Between permits. What is pending must not come behind a permit that comes before policyd. */
static void leave_before_all(Walk *walk, const char *text) {
    g_string_append(walk->policy->before, walk->pending->str);
    g_string_truncate(walk->pending, 0);
    put_before(walk->policy, text);
    note_place(walk, text,
               "can't be carried over: it stays in main.cf, before policyd, which is "
               "stricter: " ASKED_TOO);
}

static gboolean asks_policyd(const Restriction *restriction) {
    if (!is_named(restriction, "check_policy_service")) {
        return FALSE;
    }
    g_autoptr(PolicyService) service = policy_service_parse(restriction->argument);
    return g_str_equal(service->server, SERVER);
}

/* What asks policyd itself, in this list. */
static gboolean leave_out(const Walk *walk, const char *parameter, const Restriction *restriction,
                          const char *text) {
    if (!asks_policyd(restriction)) {
        return FALSE;
    }
    note_add(walk->notes,
             "%s%s: '%s' is left out: it asks policyd already, whose rules aren't read",
             walk->sources->place, parameter, text);
    return TRUE;
}

/* Where it stands now, a restriction that can't become a rule of its own. */
static void leave(Walk *walk, const Restriction *restriction) {
    g_autofree char *text = write_restriction(restriction);
    gboolean permits = may_permit(walk->sources, restriction);
    gboolean refuses = may_refuse(walk->sources, restriction);
    if (walk->stays && !permits) {
        return;
    }
    if (leave_out(walk, walk->policy->source, restriction, text)) {
        return;
    }
    if (!refuses || walk->at >= walk->last_permit) {
        leave_behind(walk, restriction, text);
    } else if (walk->permits == 0) {
        put_before(walk->policy, text);
        note_place(walk, text,
                   permits ? "can't be carried over: it stays in main.cf, before "
                             "policyd, which is not asked where it decides"
                           : "can't be carried over: it stays in main.cf, before "
                             "policyd");
    } else if (!permits && action_find_restriction(text_from_string(restriction->name))) {
        g_string_append_printf(walk->pending, "%s, ", text);
        if (walk->policy->left) {
            note_place(walk, text, "is stricter: " ASKED_TOO);
        }
    } else {
        leave_before_all(walk, text);
    }
    walk->permits += permits && !refuses;
}

static gboolean is_partial(const Walk *walk, RelayWho who) {
    return (who == RELAY_NETWORKS && walk->sources->partial_networks)
           || (who == RELAY_LOCAL && walk->sources->partial_domains);
}

static void take(Walk *walk, const Restriction *restriction) {
    RelayWho who;
    if (is_login(restriction) && walk->sources->logins == RELAY_LOGINS_NONE) {
        return;
    }
    if (!carried_for(walk->sources, restriction, &who)) {
        leave(walk, restriction);
        return;
    }
    walk->permits++;
    if (relay_policy_has_rule(walk->policy, who)) {
        return;
    }
    add_pending_rule(walk, who, "permit", "permit");
    if (is_partial(walk, who)) {
        put_behind(walk->policy, restriction->name);
        walk->policy->left = TRUE;
        note_place(walk, restriction->name,
                   "stays in main.cf, behind policyd, for what of it is not in the file");
    }
}

/* Where all is decided: what stands behind is not for mail to elsewhere, or never reached. */
static guint find_end(const GPtrArray *list) {
    guint end = 0;
    while (end < list->len && !closes(get(list, end)) && !is_named(get(list, end), "permit")) {
        end++;
    }
    return end;
}

/* TRUE if mail to elsewhere is refused at the end of a list. */
static gboolean is_closed(const GPtrArray *list, guint end) {
    return end < list->len && closes(get(list, end));
}

static guint find_last_permit(const RelaySources *sources, const GPtrArray *list, guint end) {
    RelayWho who;
    while (end > 0 && !carried_for(sources, get(list, end - 1), &who)) {
        end--;
    }
    return end;
}

static void take_all(Walk *walk, guint end) {
    walk->last_permit = find_last_permit(walk->sources, walk->list, end);
    for (walk->at = 0; walk->at < end; walk->at++) {
        take(walk, get(walk->list, walk->at));
    }
}

/* Postfix's code for it as an action: `reject` and `defer` stand for the usual ones. */
static char *write_refusal(const char *code, const char *text) {
    gboolean valid =
        strlen(code) == 3 && strspn(code, "0123456789") == 3 && (code[0] == '4' || code[0] == '5');
    if (!valid || g_str_equal(code, "554")) {
        return g_strdup_printf("reject \"5.7.1 %s\"", text);
    }
    return g_strdup_printf("%s %s \"%c.7.1 %s\"", code[0] == '4' ? "defer" : "reject", code,
                           code[0], text);
}

/* defer_unauth_destination answers with the code of reject_unauth_destination less 100. */
static char *write_defer_unauth(const char *code) {
    g_autofree char *deferring = g_strconcat("4", code[0] == '5' ? code + 1 : "54", NULL);
    return write_refusal(deferring, "Relay access denied");
}

/* What the rules answer where the list is closed by `name`. */
static char *write_last(const RelaySources *sources, const char *name) {
    if (g_str_equal(name, "reject")) {
        return write_refusal(sources->reject_code, "Access denied");
    }
    if (g_str_equal(name, "defer")) {
        return write_refusal(sources->defer_code, "Try again later");
    }
    return g_str_equal(name, "defer_unauth_destination")
               ? write_defer_unauth(sources->relay_code)
               : write_refusal(sources->relay_code, "Relay access denied");
}

static void add_last_rules(Walk *walk, const char *name) {
    RelayPolicy *policy = walk->policy;
    gboolean local = g_str_has_suffix(name, "_unauth_destination");
    g_autofree char *last = write_last(walk->sources, name);
    if (policy->left) {
        add_pending_rule(walk, RELAY_ANYBODY, "dunno", NULL);
        return;
    }
    if (local && !relay_policy_has_rule(policy, RELAY_LOCAL)) {
        add_pending_rule(walk, RELAY_LOCAL, "dunno", NULL);
    }
    if (local && walk->sources->partial_domains) {
        g_string_append_printf(walk->pending, "%s, ", name);
        add_pending_rule(walk, RELAY_ANYBODY, "dunno", NULL);
        return;
    }
    add_rule(walk, RELAY_ANYBODY, last);
}

/* Behind reject_unauth_destination the list goes on for authorised recipients. */
static void close_with(Walk *walk, const char *name, guint next) {
    add_last_rules(walk, name);
    put_behind(walk->policy, name);
    for (; !walk->stays && next < walk->list->len && g_str_has_suffix(name, "_destination");
         next++) {
        g_autofree char *text = write_restriction(get(walk->list, next));
        put_behind(walk->policy, text);
    }
}

static void close_list(Walk *walk, guint end) {
    if (is_closed(walk->list, end)) {
        close_with(walk, get(walk->list, end)->name, end + 1);
        return;
    }
    note_add(walk->notes,
             "%ssmtpd_relay_restrictions and smtpd_recipient_restrictions refuse nobody: an open "
             "relay; the file is stricter, and refuses what reject_unauth_destination does",
             walk->sources->place);
    close_with(walk, "reject_unauth_destination", walk->list->len);
}

/* What refuses somebody in a smtpd_relay_restrictions that lets everything else through. */
static void keep_refusals(Walk *walk, const GPtrArray *open, guint end) {
    static const char parameter[] = "smtpd_relay_restrictions";
    RelayWho who;
    gboolean permitted = FALSE;
    for (guint i = 0; i < end; i++) {
        g_autofree char *text = write_restriction(get(open, i));
        permitted = permitted || carried_for(walk->sources, get(open, i), &who);
        if (may_refuse(walk->sources, get(open, i))
            && !leave_out(walk, parameter, get(open, i), text)) {
            put_before(walk->policy, text);
            note_add(walk->notes,
                     "%s%s: '%s' can't be carried over: it stays in main.cf, before policyd%s",
                     walk->sources->place, parameter, text,
                     permitted ? ", which is stricter: " ASKED_TOO : "");
        }
    }
}

RelayPolicy *relay_policy_new(const RelaySources *sources, GPtrArray *notes) {
    g_autoptr(GPtrArray) relay = restrictions_parse(sources->relay);
    g_autoptr(GPtrArray) recipient = restrictions_parse(sources->recipient);
    g_autoptr(GString) pending = g_string_new(NULL);
    RelayPolicy *policy = g_new0(RelayPolicy, 1);
    Walk walk = {.sources = sources, .notes = notes, .policy = policy, .pending = pending};
    guint end = find_end(relay);
    gboolean open = !is_closed(relay, end);
    policy->source = open ? "smtpd_recipient_restrictions" : "smtpd_relay_restrictions";
    policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    policy->before = g_string_new(NULL);
    policy->behind = g_string_new(NULL);
    walk.list = open ? recipient : relay;
    walk.stays = open;
    if (open) {
        keep_refusals(&walk, relay, end);
        end = find_end(recipient);
    }
    take_all(&walk, end);
    close_list(&walk, end);
    return policy;
}

static gboolean rules_equal(const RelayPolicy *a, const RelayPolicy *b) {
    if (a->rules->len != b->rules->len) {
        return FALSE;
    }
    for (guint i = 0; i < a->rules->len; i++) {
        const RelayRule *one = g_ptr_array_index(a->rules, i);
        const RelayRule *other = g_ptr_array_index(b->rules, i);
        if (one->who != other->who || !g_str_equal(one->action, other->action)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean relay_policy_equal(const RelayPolicy *a, const RelayPolicy *b) {
    return g_string_equal(a->before, b->before) && g_string_equal(a->behind, b->behind)
           && rules_equal(a, b);
}

char *relay_policy_list(const RelayPolicy *policy, const char *context) {
    return g_strdup_printf("%scheck_policy_service { " SERVER ", timeout=10s%s%s }%s",
                           policy->before->str, context ? ", policy_context=" : "",
                           context ? context : "", policy->behind->str);
}
