/*
 * RelaySession: one step after the other, each of which must be answered as expected.
 */
#include "ctl/relay_test/session.h"

#include <string.h>

#include "ctl/relay_test/target.h"
#include "fail.h"

static gboolean fail_reply(GError **error, GIOErrorEnum code, const char *what,
                           const RelayReply *reply) {
    g_autofree char *shown = relay_reply_show(reply);
    return fail_with(error, G_IO_ERROR, (int)code, "%s refused: %s", what, shown);
}

static gboolean greet(RelaySession *session, GError **error) {
    g_auto(RelayReply) reply = {0};
    relay_reply_init(&reply);
    if (!relay_dialogue_read(session->dialogue, &reply, error)) {
        return FALSE;
    }
    if (reply.code / 100 != 2) {
        return fail_reply(error, G_IO_ERROR_FAILED, "the connection is", &reply);
    }
    g_autofree char *name = g_strndup(reply.text->str, strcspn(reply.text->str, " \n"));
    if (relay_target_is_name(name)) {
        session->name = g_steal_pointer(&name);
    }
    return TRUE;
}

static char *find_helo(RelaySession *session, const RelayAccess *access, GError **error) {
    if (access->helo) {
        return g_strdup(access->helo);
    }
    g_autoptr(GInetAddress) address = relay_dialogue_source(session->dialogue, error);
    return address ? relay_target_literal(address) : NULL;
}

static gboolean say_hello(RelaySession *session, const RelayAccess *access, GError **error) {
    g_autofree char *name = find_helo(session, access, error);
    if (!name) {
        return FALSE;
    }
    g_autofree char *ehlo = g_strconcat("EHLO ", name, NULL);
    g_autofree char *helo = g_strconcat("HELO ", name, NULL);
    if (!relay_dialogue_ask(session->dialogue, ehlo, &session->offers, error)) {
        return FALSE;
    }
    if (session->offers.code / 100 == 5
        && !relay_dialogue_ask(session->dialogue, helo, &session->offers, error)) {
        return FALSE;
    }
    return session->offers.code / 100 == 2
           || fail_reply(error, G_IO_ERROR_FAILED, "EHLO and HELO are", &session->offers);
}

static gboolean secure(RelaySession *session, const RelayAccess *access, RelayStage stage,
                       GError **error) {
    GError *trouble = NULL;
    if (!relay_dialogue_has_tls()) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         "GLib has no TLS here; install glib-networking");
    }
    gboolean verify = stage == RELAY_STAGE_LOGIN && !access->here;
    session->secured =
        relay_dialogue_secure(session->dialogue, verify ? access->host : NULL, &trouble);
    if (trouble) {
        fail_with(error, trouble->domain, trouble->code, "no TLS: %s", trouble->message);
        g_error_free(trouble);
    }
    return session->secured;
}

static gboolean start_tls(RelaySession *session, const RelayAccess *access, RelayStage stage,
                          GError **error) {
    g_auto(RelayReply) reply = {0};
    relay_reply_init(&reply);
    if (!relay_session_offers_tls(session)) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         "the server offers no STARTTLS");
    }
    if (!relay_dialogue_ask(session->dialogue, "STARTTLS", &reply, error)) {
        return FALSE;
    }
    if (reply.code / 100 != 2) {
        return fail_reply(error, G_IO_ERROR_FAILED, "STARTTLS is", &reply);
    }
    return secure(session, access, stage, error) && say_hello(session, access, error);
}

/* Wipes what it encodes. */
static char *encode(char *bytes, size_t length) {
    char *encoded = g_base64_encode((const guchar *)bytes, length);
    explicit_bzero(bytes, length);
    return encoded;
}

static gboolean login_plain(RelaySession *session, const RelayAccess *access, RelayReply *reply,
                            GError **error) {
    g_autoptr(GString) bytes = g_string_new(NULL);
    g_string_append_c(bytes, '\0');
    g_string_append(bytes, access->login);
    g_string_append_c(bytes, '\0');
    g_string_append(bytes, access->password);
    g_autofree char *encoded = encode(bytes->str, bytes->len);
    g_autofree char *line = g_strconcat("AUTH PLAIN ", encoded, NULL);
    return relay_dialogue_ask_secret(session->dialogue, line, reply, error);
}

static gboolean login_login(RelaySession *session, const RelayAccess *access, RelayReply *reply,
                            GError **error) {
    const char *const words[] = {access->login, access->password};
    gboolean asked = relay_dialogue_ask(session->dialogue, "AUTH LOGIN", reply, error);
    for (size_t i = 0; asked && i < G_N_ELEMENTS(words) && reply->code == 334; i++) {
        g_autofree char *bytes = g_strdup(words[i]);
        g_autofree char *line = encode(bytes, strlen(bytes));
        asked = relay_dialogue_ask_secret(session->dialogue, line, reply, error);
    }
    return asked;
}

static gboolean log_in(RelaySession *session, const RelayAccess *access, GError **error) {
    g_auto(RelayReply) reply = {0};
    gboolean asked;
    relay_reply_init(&reply);
    if (!session->secured && !access->here) {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         "without TLS no password is sent to another machine");
    }
    if (relay_reply_offers(&session->offers, "AUTH", "PLAIN")) {
        asked = login_plain(session, access, &reply, error);
    } else if (relay_reply_offers(&session->offers, "AUTH", "LOGIN")) {
        asked = login_login(session, access, &reply, error);
    } else {
        return fail_with(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         "the server offers neither AUTH PLAIN nor AUTH LOGIN");
    }
    if (!asked) {
        return FALSE;
    }
    return reply.code / 100 == 2
           || fail_reply(error, G_IO_ERROR_PERMISSION_DENIED, "the login is", &reply);
}

static gboolean reach_stage(RelaySession *session, const RelayAccess *access, RelayStage stage,
                            GError **error) {
    if ((access->tls && !secure(session, access, stage, error)) || !greet(session, error)
        || !say_hello(session, access, error)) {
        return FALSE;
    }
    gboolean wanted =
        stage == RELAY_STAGE_STARTTLS
        || (stage == RELAY_STAGE_LOGIN && !session->secured && relay_session_offers_tls(session));
    if (wanted && !start_tls(session, access, stage, error)) {
        return FALSE;
    }
    return stage != RELAY_STAGE_LOGIN || log_in(session, access, error);
}

RelaySession *relay_session_open(const RelayAccess *access, RelayStage stage, GError **error) {
    RelayDialogue *dialogue = relay_dialogue_open(&access->endpoint, error);
    if (!dialogue) {
        return NULL;
    }
    g_autoptr(RelaySession) session = g_new0(RelaySession, 1);
    session->dialogue = dialogue;
    relay_reply_init(&session->offers);
    return reach_stage(session, access, stage, error) ? g_steal_pointer(&session) : NULL;
}

void relay_session_free(RelaySession *session) {
    if (session) {
        relay_dialogue_free(session->dialogue);
        relay_reply_clear(&session->offers);
        g_free(session->name);
        g_free(session);
    }
}

void relay_session_quit(RelaySession *session) {
    g_auto(RelayReply) reply = {0};
    relay_reply_init(&reply);
    relay_dialogue_ask(session->dialogue, "QUIT", &reply, NULL);
}

gboolean relay_session_offers_tls(const RelaySession *session) {
    return relay_reply_offers(&session->offers, "STARTTLS", NULL);
}
