/*
 * RelayRun: a session is used until it has had so many refusals that Postfix would slow it down,
 * and a try whose session ends under it is made once more on another. Nothing is sent but MAIL,
 * RCPT and RSET: never DATA, so no message comes to be.
 *
 * A stage is given up if the server is gone, or a session of it can't be had; a row of the table is
 * never made up.
 */
#include "ctl/relay_test/run.h"

#include <string.h>

#include "ctl/relay_test/relay_limit.h"
#include "ctl/relay_test/target.h"
#include "fail.h"

#define CONNECTION_PAUSES 10
#define CLOSING 421 /* the server closes: RFC 5321, 3.8 */

typedef struct {
    const RelaySettings *settings;
    const RelayReporter *reporter;
    RelayNames names;
    GPtrArray *tries;
    RelayStage stage;
    RelaySession *session; /* NULL: none is open */
    guint refusals;        /* in this session */
    guint asked;           /* tries in this session */
    guint connections;     /* in all */
    guint failures;        /* tries without a reply, one after the other */
    const char *sender;    /* the stage's; of `senders` */
    GPtrArray *senders;
    RelayClass controls[LIMIT_RELAY_DOMAINS + 3]; /* by place */
    gboolean permitted;                           /* the login may relay */
} Run;

static void pause_for(const Run *run, guint pauses) {
    g_usleep((gulong)run->settings->pause * 1000 * pauses);
}

static void end_session(Run *run, gboolean politely) {
    if (run->session && politely) {
        relay_session_quit(run->session);
    }
    g_clear_pointer(&run->session, relay_session_free);
    run->refusals = 0;
    run->asked = 0;
}

/* Leaves run->session NULL, and an error, if there can't be one. */
static void begin_session(Run *run, GError **error) {
    if (run->connections == LIMIT_RELAY_CONNECTIONS) {
        fail_with(error, G_IO_ERROR, G_IO_ERROR_FAILED, "it took over %d connections",
                  LIMIT_RELAY_CONNECTIONS);
        return;
    }
    if (run->connections > 0) {
        pause_for(run, CONNECTION_PAUSES);
    }
    run->connections++;
    run->session = relay_session_open(&run->settings->access, run->stage, error);
}

static gboolean ask(Run *run, const char *verb, const char *argument, RelayReply *reply,
                    GError **error) {
    g_autofree char *line = g_strconcat(verb, argument, NULL);
    return relay_dialogue_ask(run->session->dialogue, line, reply, error)
           && (reply->code != CLOSING
               || fail_with(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                            "the server closes the session"));
}

/* Asks in the open session. A 421 leaves its reply, and an error. */
static gboolean ask_form(Run *run, const char *sender, const char *recipient, RelayReply *reply,
                         GError **error) {
    g_auto(RelayReply) reset = {0};
    relay_reply_init(&reset);
    if (!ask(run, "MAIL FROM:", sender, reply, error)
        || (reply->code / 100 == 2 && !ask(run, "RCPT TO:", recipient, reply, error))) {
        return FALSE;
    }
    run->asked++;
    run->refusals += reply->code / 100 != 2;
    if (!ask(run, "RSET", "", &reset, NULL) || reset.code / 100 != 2) {
        end_session(run, FALSE);
    }
    return TRUE;
}

/* TRUE if another session would not do better. */
static gboolean is_final(const GError *error) {
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
           || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
           || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* Asks, in a new session if need be, and once more in another if that ends. */
static gboolean ask_twice(Run *run, const char *sender, const char *recipient, RelayReply *reply,
                          GError **error) {
    g_autoptr(GError) trouble = NULL;
    if (run->refusals >= LIMIT_RELAY_ERRORS || run->asked >= LIMIT_RELAY_TRIES) {
        end_session(run, TRUE);
    }
    for (guint i = 0; i < 2 && !is_final(trouble); i++) {
        g_clear_error(&trouble);
        reply->code = 0;
        if (!run->session) {
            begin_session(run, &trouble);
        }
        if (run->session && ask_form(run, sender, recipient, reply, &trouble)) {
            return TRUE;
        }
        end_session(run, FALSE);
    }
    g_propagate_error(error, g_steal_pointer(&trouble));
    return FALSE;
}

static void keep_control(Run *run, const RelayTry *try, RelayClass class) {
    if (try->kind == RELAY_UNKNOWN) {
        run->controls[try->place] = class;
    }
    if (run->stage == RELAY_STAGE_LOGIN && try->kind == RELAY_REMOTE && !try->sender
        && g_str_equal(try->form, "plain")) {
        run->permitted = class == RELAY_CLASS_ACCEPTED;
    }
}

static void tell(Run *run, const RelayTry *try, const char *sender, const RelayReply *reply,
                 const char *answer) {
    RelayResult result = {.stage = run->stage, .try = try, .sender = sender, .answer = answer};
    result.class = relay_class(reply);
    result.code = reply->code;
    keep_control(run, try, result.class);
    result.verdict =
        relay_verdict(try->kind, result.class, run->controls[try->place], run->permitted);
    run->reporter->result(&result, run->reporter->data);
}

/* Makes a try and tells of it; FALSE and an error if the stage is to be given up. */
static gboolean make_try(Run *run, const RelayTry *try, RelayReply *reply, GError **error) {
    g_autoptr(GError) trouble = NULL;
    const char *sender = try->sender ? try->sender : run->sender;
    if (run->asked > 0) {
        pause_for(run, 1);
    }
    if (ask_twice(run, sender, try->recipient, reply, &trouble)) {
        g_autofree char *shown = relay_reply_show(reply);
        run->failures = 0;
        tell(run, try, sender, reply, shown);
        return TRUE;
    }
    if (is_final(trouble) || run->failures + 1 == LIMIT_RELAY_FAILURES) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return FALSE;
    }
    g_autofree char *shown = relay_reply_clean(trouble->message);
    run->failures++;
    reply->code = 0;
    tell(run, try, sender, reply, shown);
    return TRUE;
}

/* The mailbox that a login has, to be freed; NULL if it can't be one without quotes. */
static char *find_own_sender(const Run *run) {
    const char *login = run->settings->access.login;
    if (run->stage != RELAY_STAGE_LOGIN) {
        return NULL;
    }
    for (const char *at = login; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("-_.+=@", *at)) {
            return NULL;
        }
    }
    return strchr(login, '@') ? g_strdup(login)
                              : g_strdup_printf("%s@%s", login, run->names.places[0]);
}

/* The first sender that may write to a mailbox of the server's: so a refusal of another recipient
 * is not for the sender. If there is none, the first one. */
static gboolean choose_sender(Run *run, RelayReply *reply, GError **error) {
    g_autofree char *own = find_own_sender(run);
    g_clear_pointer(&run->senders, g_ptr_array_unref);
    run->senders = relay_forms_senders(&run->names, own);
    run->sender = ((const RelayTry *)g_ptr_array_index(run->senders, 0))->sender;
    for (guint i = 0; i < run->senders->len; i++) {
        const RelayTry *try = g_ptr_array_index(run->senders, i);
        if (!make_try(run, try, reply, error)) {
            return FALSE;
        }
        if (relay_class(reply) == RELAY_CLASS_ACCEPTED) {
            run->sender = try->sender;
            break;
        }
    }
    return TRUE;
}

static gboolean try_all(Run *run, GError **error) {
    g_auto(RelayReply) reply = {0};
    relay_reply_init(&reply);
    if (!choose_sender(run, &reply, error)) {
        return FALSE;
    }
    for (guint i = 0; i < run->tries->len; i++) {
        if (!make_try(run, g_ptr_array_index(run->tries, i), &reply, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void run_stage(Run *run, RelayStage stage) {
    g_autoptr(GError) trouble = NULL;
    run->stage = stage;
    run->failures = 0;
    run->permitted = FALSE;
    memset(run->controls, 0, sizeof run->controls);
    if (!try_all(run, &trouble)) {
        gboolean late = g_error_matches(trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        g_autofree char *why = relay_reply_clean(late ? "it took too long" : trouble->message);
        run->reporter->missing(stage, why, TRUE, run->reporter->data);
        end_session(run, FALSE);
    }
    end_session(run, TRUE);
}

static void run_stages(Run *run, gboolean offers_tls) {
    const RelayAccess *access = &run->settings->access;
    run_stage(run, RELAY_STAGE_PLAIN);
    if (!access->tls && offers_tls) {
        run_stage(run, RELAY_STAGE_STARTTLS);
    } else if (!access->tls) {
        run->reporter->missing(RELAY_STAGE_STARTTLS, "the server does not offer it", FALSE,
                               run->reporter->data);
    }
    if (access->login) {
        run_stage(run, RELAY_STAGE_LOGIN);
    }
}

/* The server's own domains and its address literal; to be freed with its array. */
static GPtrArray *find_places(const RelaySettings *settings, const char *name) {
    GPtrArray *places = g_ptr_array_new_with_free_func(g_free);
    for (const char *const *domain = settings->domains; domain && *domain; domain++) {
        g_ptr_array_add(places, g_strdup(*domain));
    }
    if (name) {
        g_ptr_array_add(places, g_strdup(name));
    }
    g_ptr_array_add(places, relay_target_literal(settings->address));
    g_ptr_array_add(places, NULL);
    return places;
}

gboolean relay_run(const RelaySettings *settings, const RelayReporter *reporter, GError **error) {
    Run run = {.settings = settings, .reporter = reporter};
    begin_session(&run, error);
    if (!run.session) {
        return FALSE;
    }
    g_autoptr(GPtrArray) places = find_places(settings, run.session->name);
    g_autofree char *unknown =
        g_strdup_printf(RELAY_FORMS_USER "-%08x%08x", g_random_int(), g_random_int());
    run.names = (RelayNames){.remote = settings->remote,
                             .mailbox = settings->mailbox,
                             .unknown = unknown,
                             .places = (const char *const *)places->pdata};
    run.tries = relay_forms_fill(&run.names);
    reporter->begin(&run.names, run.tries, reporter->data);
    run_stages(&run, relay_session_offers_tls(run.session));
    g_clear_pointer(&run.senders, g_ptr_array_unref);
    g_ptr_array_unref(run.tries);
    return TRUE;
}
