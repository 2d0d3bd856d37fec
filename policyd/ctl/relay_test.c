/*
 * policyctl relay-test: whether an SMTP server of one's own relays for strangers, by the known
 * tricks.
 *
 * It is for the server's own administrator: without a word that the server is theirs, only this
 * machine is tested. It sends no message: each try ends before DATA.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/relay_test/password.h"
#include "ctl/relay_test/relay_limit.h"
#include "ctl/relay_test/report.h"
#include "ctl/relay_test/target.h"
#include "ctl/relay_test/watch.h"
#include "ctl/verb.h"
#include "fail.h"

/* Reserved by RFC 6761: no server has it, and no mail can go there. */
#define DEFAULT_REMOTE "relaytest.example"
#define DEFAULT_MAILBOX "postmaster"
#define DEFAULT_PAUSE 100
#define DEFAULT_TIMEOUT 30

typedef struct {
    char **arguments;
    char *remote;
    char **domains;
    char *mailbox;
    char *helo;
    char *source;
    char *login;
    char *password_file;
    gboolean tls;
    gboolean mine;
    gboolean json;
    gboolean verbose;
    int pause;
    int timeout;
} Options;

static void options_clear(Options *options) {
    g_strfreev(options->arguments);
    g_strfreev(options->domains);
    g_free(options->remote);
    g_free(options->mailbox);
    g_free(options->helo);
    g_free(options->source);
    g_free(options->login);
    g_free(options->password_file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean read_options(Options *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"remote-domain", 0, 0, G_OPTION_ARG_STRING, &options->remote, NULL, NULL},
        {"local-domain", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->domains, NULL, NULL},
        {"local-mailbox", 0, 0, G_OPTION_ARG_STRING, &options->mailbox, NULL, NULL},
        {"helo", 0, 0, G_OPTION_ARG_STRING, &options->helo, NULL, NULL},
        {"source", 0, 0, G_OPTION_ARG_STRING, &options->source, NULL, NULL},
        {"tls", 0, 0, G_OPTION_ARG_NONE, &options->tls, NULL, NULL},
        {"login", 0, 0, G_OPTION_ARG_STRING, &options->login, NULL, NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &options->password_file, NULL, NULL},
        {"pause", 0, 0, G_OPTION_ARG_INT, &options->pause, NULL, NULL},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &options->timeout, NULL, NULL},
        {"verbose", 0, 0, G_OPTION_ARG_NONE, &options->verbose, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, NULL, NULL},
        {"yes-this-server-is-mine", 0, 0, G_OPTION_ARG_NONE, &options->mine, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->arguments, NULL, NULL},
        {NULL},
    };
    if (!verb_options(entries, argc, argv, error)) {
        return FALSE;
    }
    options->remote = options->remote ? options->remote : g_strdup(DEFAULT_REMOTE);
    options->mailbox = options->mailbox ? options->mailbox : g_strdup(DEFAULT_MAILBOX);
    return TRUE;
}

#define FAIL(error, ...) fail_with((error), G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, __VA_ARGS__)

static gboolean is_mailbox(const char *text) {
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("-_.+=", *at)) {
            return FALSE;
        }
    }
    return *text != '\0' && strlen(text) <= LIMIT_RELAY_MAILBOX;
}

static gboolean check_domains(char **domains, GError **error) {
    if (domains && g_strv_length(domains) > LIMIT_RELAY_DOMAINS) {
        return FAIL(error, "--local-domain may be given %d times", LIMIT_RELAY_DOMAINS);
    }
    for (char **domain = domains; domain && *domain; domain++) {
        if (!relay_target_is_domain(*domain)) {
            return FAIL(error, "--local-domain: '%s' is no domain", *domain);
        }
    }
    return TRUE;
}

static gboolean check_names(const Options *options, GError **error) {
    if (!relay_target_is_name(options->remote)) {
        return FAIL(error, "--remote-domain: '%s' is no domain", options->remote);
    }
    if (!is_mailbox(options->mailbox)) {
        return FAIL(error, "--local-mailbox: '%s' is no local part of a mailbox", options->mailbox);
    }
    if (options->helo && !relay_target_is_domain(options->helo)) {
        return FAIL(error, "--helo: '%s' is neither a name nor an address literal", options->helo);
    }
    return check_domains(options->domains, error);
}

static gboolean check_numbers(const Options *options, GError **error) {
    if (options->pause < 0 || options->pause > LIMIT_RELAY_PAUSE) {
        return FAIL(error, "--pause: %d is not from 0 to %d milliseconds", options->pause,
                    LIMIT_RELAY_PAUSE);
    }
    if (options->timeout < 1 || options->timeout > LIMIT_RELAY_TIMEOUT) {
        return FAIL(error, "--timeout: %d is not from 1 to %d seconds", options->timeout,
                    LIMIT_RELAY_TIMEOUT);
    }
    return TRUE;
}

static gboolean check_login(const Options *options, GError **error) {
    if (options->password_file && !options->login) {
        return FAIL(error, "--password-file is for --login");
    }
    if (options->login && (*options->login == '\0' || strlen(options->login) > LIMIT_RELAY_LOGIN)) {
        return FAIL(error, "--login: a login has 1 to %d bytes", LIMIT_RELAY_LOGIN);
    }
    return TRUE;
}

static gboolean check_options(const Options *options, GError **error) {
    if (!options->arguments || options->arguments[1]) {
        return FAIL(error, "it takes one server: policyctl relay-test [OPTION...] HOST[:PORT]");
    }
    return check_names(options, error) && check_numbers(options, error)
           && check_login(options, error);
}

static gboolean check_target(const RelayTarget *target, const Options *options, GError **error) {
    return options->mine || relay_target_is_here(target)
           || fail_with(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                        "'%s' is not this machine; to test a server is for those whose it is: if "
                        "it is yours, add --yes-this-server-is-mine",
                        target->host);
}

/* What --source says, NULL if it is not given. */
static gboolean find_source(const Options *options, GSocketAddress **source, GError **error) {
    if (!options->source) {
        return TRUE;
    }
    *source = g_inet_socket_address_new_from_string(options->source, 0);
    return *source || FAIL(error, "--source: '%s' is no address", options->source);
}

static gboolean find_password(const Options *options, char **password, GError **error) {
    if (!options->login) {
        return TRUE;
    }
    *password = options->password_file ? relay_password_read(options->password_file, error)
                                       : relay_password_ask(options->login, error);
    return *password != NULL;
}

/* Tests the server at one address. FALSE and an error if there is none. */
static gboolean test_address(RelaySettings *settings, const RelayTarget *target,
                             const Options *options, GInetAddress *address, VerbStatus *status,
                             GError **error) {
    g_autoptr(GSocketAddress) server = g_inet_socket_address_new(address, target->port);
    g_autofree char *text = g_inet_address_to_string(address);
    g_autofree char *where =
        g_strdup_printf(strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, (guint)target->port);
    g_autoptr(RelayReport) report = relay_report_new(where, options->tls, options->json);
    GError *trouble = NULL;
    settings->access.endpoint.server = server;
    settings->address = address;
    if (!relay_run(settings, relay_report_reporter(report), &trouble)) {
        g_autofree char *why = relay_reply_clean(trouble->message);
        fail_with(error, trouble->domain, trouble->code, "cannot test %s: %s", where, why);
        g_error_free(trouble);
        return FALSE;
    }
    *status = relay_report_end(report) ? VERB_DONE : VERB_FAILED;
    return TRUE;
}

/* As a client does that looks a name up, at the first address that answers. */
static VerbStatus test_target(RelaySettings *settings, const RelayTarget *target,
                              const Options *options, GError **error) {
    VerbStatus status = VERB_TROUBLE;
    g_autoptr(GError) trouble = NULL;
    for (const GList *at = target->addresses; at; at = at->next) {
        g_clear_error(&trouble);
        if (test_address(settings, target, options, at->data, &status, &trouble)) {
            return status;
        }
    }
    g_propagate_error(error, g_steal_pointer(&trouble));
    return status;
}

static VerbStatus test_with(const Options *options, const RelayTarget *target,
                            GSocketAddress *source, const char *password, GError **error) {
    g_autoptr(RelayWatch) watch = relay_watch_new(LIMIT_RELAY_SECONDS, error);
    if (!watch) {
        return VERB_TROUBLE;
    }
    RelaySettings settings = {
        .access = {.endpoint = {.source = source,
                                .timeout = (guint)options->timeout,
                                .cancellable = relay_watch_cancellable(watch),
                                .trace = options->verbose},
                   .host = target->host,
                   .helo = options->helo,
                   .tls = options->tls,
                   .here = relay_target_is_here(target),
                   .login = options->login,
                   .password = password},
        .remote = options->remote,
        .mailbox = options->mailbox,
        .domains = (const char *const *)options->domains,
        .pause = (guint)options->pause,
    };
    return test_target(&settings, target, options, error);
}

static VerbStatus relay_test_run(int argc, char **argv, GError **error) {
    g_auto(Options) options = {.pause = DEFAULT_PAUSE, .timeout = DEFAULT_TIMEOUT};
    g_autoptr(GSocketAddress) source = NULL;
    g_autofree char *password = NULL;
    if (!read_options(&options, argc, argv, error) || !check_options(&options, error)
        || !find_source(&options, &source, error)) {
        return VERB_TROUBLE;
    }
    g_autoptr(RelayTarget) target =
        relay_target_find(options.arguments[0], options.tls ? 465 : 25, error);
    if (!target || !check_target(target, &options, error)
        || !find_password(&options, &password, error)) {
        return VERB_TROUBLE;
    }
    return test_with(&options, target, source, password, error);
}

const Verb relay_test_verb = {
    .name = "relay-test",
    .summary = "try the known relay tricks against a server of one's own",
    .help =
        "usage: policyctl relay-test [OPTION...] HOST[:PORT]\n"
        "\n"
        "Asks an SMTP server of yours to relay, in every known form of an address, and says of\n"
        "each whether it would: in the clear, after STARTTLS, and after a login. It ends each try\n"
        "before DATA, so no message is sent. Exits 0 if nothing relays, 1 if something does or it\n"
        "can't be told.\n"
        "\n"
        "  --remote-domain DOMAIN   one that is not the server's, if not " DEFAULT_REMOTE "\n"
        "  --local-domain DOMAIN    one of the server's, if not the name it greets with; it may\n"
        "                           be given more than once\n"
        "  --local-mailbox NAME     a mailbox there, if not " DEFAULT_MAILBOX "\n"
        "  --source ADDRESS         come from this address of this machine\n"
        "  --helo NAME              say EHLO with this name, not with that address\n"
        "  --tls                    begin with TLS; the port is 465 if it is not given\n"
        "  --login LOGIN            log in too, by AUTH PLAIN or LOGIN; asks for the password\n"
        "  --password-file FILE     take the password from a file's first line\n"
        "  --pause MS               between tries, if not 100; ten times that to connect again\n"
        "  --timeout SECONDS        for each reply, if not 30\n"
        "  --verbose                show the dialogue on standard error\n"
        "  --json                   print an object instead\n"
        "  --yes-this-server-is-mine\n"
        "                           test it though it is not this machine\n",
    .run = relay_test_run,
};
