/*
 * Fuzz target relay_policy: what policyctl import makes of restriction lists, against a model of
 * smtpd. For every client and recipient, with what tables and services say made up: rules and new
 * list together are never laxer than the lists were, and stricter only where it was noted.
 *
 * Input: a byte of choices, then the words of smtpd_relay_restrictions, a byte 0xff, and those of
 * smtpd_recipient_restrictions: each byte one of a table, or how many bytes are a word as it is.
 */
#include <string.h>

#include "ctl/import/relay_policy.h"
#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/smtpd.h"

#define OWN "check_policy_service { unix:private/policyd, timeout=10s }"
#define CLASSES "Some, Reject_Some permit_Some"
#define WORDS_MOST 24
#define SEEDS 4
#define END 0xff

static const char *const words[] = {
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "permit_auth_destination",
    "reject_unauth_destination",
    "defer_unauth_destination",
    "reject",
    "defer",
    "permit",
    "warn_if_reject",
    "Permit_MyNetworks",
    "PERMIT_SASL_AUTHENTICATED",
    "reject_non_fqdn_sender",
    "reject_unknown_sender_domain",
    "reject_sender_login_mismatch",
    "reject_unverified_recipient",
    "reject_unauth_pipelining",
    "reject_rbl_client bl.example",
    "reject_rhsbl_sender bl.example",
    "permit_dnswl_client wl.example",
    "permit_tls_clientcerts",
    "permit_mx_backup",
    "defer_if_permit",
    "check_client_access hash:/a",
    "check_sender_access inline:{ a=permit, b=reject }",
    "hash:/a",
    "cidr:/b",
    "check_policy_service unix:private/other",
    "check_policy_service { inet:127.0.0.1:9, timeout=3s, default_action=DUNNO }",
    OWN,
    "Some",
    "Reject_Some",
    "sleep 1",
    "check_relay_domains",
    "no_such_restriction",
    "{",
    "}",
};

/* The words up to END. */
static char *make_list(Bytes *bytes) {
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < WORDS_MOST && bytes_are_left(bytes); i++) {
        guint choice = bytes_take(bytes);
        if (choice == END) {
            break;
        }
        if (choice < 128) {
            g_string_append(list, words[choice % G_N_ELEMENTS(words)]);
        }
        for (guint left = choice < 128 ? 0 : choice % 16; left > 0; left--) {
            guint byte = bytes_take(bytes);
            g_string_append_c(list, byte == 0 ? ' ' : (char)byte);
        }
        g_string_append_c(list, choice & 64 ? ',' : ' ');
    }
    return g_string_free(list, FALSE);
}

/* A client and a recipient. */
typedef struct {
    const RelayPolicy *policy;
    gboolean networks; /* the client's address is in the file's list */
    gboolean local;    /* so is the recipient's domain */
    gboolean encrypted;
    const SmtpdWorld *world;
} Try;

static gboolean is_met(const Try *try, RelayWho who) {
    switch (who) {
    case RELAY_NETWORKS:
        return try->networks;
    case RELAY_LOGIN:
        return try->world->login;
    case RELAY_LOGIN_TLS:
        return try->world->login && try->encrypted;
    case RELAY_LOCAL:
        return try->local;
    case RELAY_ANYBODY:
        break;
    }
    return TRUE;
}

/* What Postfix makes of the reply. */
static SmtpdResult read_action(const Try *try, const char *action) {
    static const char restrict_to[] = "restrict \"";
    if (g_str_has_prefix(action, restrict_to)) {
        g_autofree char *names = g_strdup(action + strlen(restrict_to));
        FUZZ_ASSERT(g_str_has_suffix(names, "\""), "%s", action);
        names[strlen(names) - 1] = '\0';
        g_autoptr(GPtrArray) list = smtpd_parse(names);
        return smtpd_check(try->world, list);
    }
    if (g_str_equal(action, "permit")) {
        return SMTPD_PERMIT;
    }
    gboolean refuses = g_str_has_prefix(action, "reject ") || g_str_has_prefix(action, "defer ");
    FUZZ_ASSERT(refuses || g_str_equal(action, "dunno"), "%s", action);
    return refuses ? SMTPD_REJECT : SMTPD_DUNNO;
}

static SmtpdResult ask_rules(const Try *try) {
    for (guint i = 0; i < try->policy->rules->len; i++) {
        const RelayRule *rule = g_ptr_array_index(try->policy->rules, i);
        if (is_met(try, rule->who)) {
            return read_action(try, rule->action);
        }
    }
    FUZZ_ASSERT(FALSE, "no rule is about anybody");
    return SMTPD_DUNNO;
}

static gboolean is_own(const char *argument) {
    return strstr(argument, "unix:private/policyd") != NULL;
}

/* SmtpdPolicy, of the lists as they were: policyd itself isn't there yet. */
static SmtpdResult ask_before(const char *argument, gpointer data) {
    const Try *try = data;
    return is_own(argument) ? SMTPD_DUNNO : smtpd_make_up(try->world, argument, TRUE);
}

/* SmtpdPolicy */
static SmtpdResult ask_after(const char *argument, gpointer data) {
    const Try *try = data;
    return is_own(argument) ? ask_rules(try) : smtpd_make_up(try->world, argument, TRUE);
}

/* The lists, taken apart. */
typedef struct {
    GPtrArray *relay;
    GPtrArray *recipient;
    GPtrArray *asking; /* what is to stand in the place of the first */
    char *shown;
} Lists;

static gboolean accepts(SmtpdWorld *world, SmtpdPolicy policy, const GPtrArray *relay,
                        const GPtrArray *recipient) {
    world->policy = policy;
    if (smtpd_check(world, relay) == SMTPD_REJECT) {
        return FALSE;
    }
    world->policy = ask_before;
    return smtpd_check(world, recipient) != SMTPD_REJECT;
}

static void check_try(Try *try, SmtpdWorld *world, const Lists *lists, guint notes) {
    world->data = try;
    try->world = world;
    gboolean before = accepts(world, ask_before, lists->relay, lists->recipient);
    gboolean after = accepts(world, ask_after, lists->asking, lists->recipient);
    FUZZ_ASSERT(before || !after, "laxer: networks %d/%d login %d local %d/%d seed %u\n%s",
                world->networks, try->networks, world->login, world->local, try->local, world->seed,
                lists->shown);
    FUZZ_ASSERT(after || !before || notes > 0,
                "stricter: networks %d login %d local %d seed %u\n%s", world->networks,
                world->login, world->local, world->seed, lists->shown);
}

/* Every try there is, with some worlds of what is made up. */
static void check_tries(const RelayPolicy *policy, const RelaySources *sources, const Lists *lists,
                        guint notes) {
    for (guint bits = 0; bits < 64 * SEEDS; bits++) {
        gboolean login = (bits & 1) != 0;
        gboolean encrypted = (bits & 2) != 0;
        gboolean known_network = (bits & 16) != 0;
        gboolean known_domain = (bits & 32) != 0;
        if ((!known_network && !sources->partial_networks)
            || (!known_domain && !sources->partial_domains)
            || (login && !encrypted && sources->logins == RELAY_LOGINS_TLS)) {
            continue;
        }
        SmtpdWorld world = {.networks = (bits & 4) != 0,
                            .local = (bits & 8) != 0,
                            .login = login && sources->logins != RELAY_LOGINS_NONE,
                            .seed = bits / 64};
        Try try = {.policy = policy,
                   .networks = world.networks && known_network,
                   .local = world.local && known_domain,
                   .encrypted = encrypted};
        check_try(&try, &world, lists, notes);
    }
}

static void check_lists(const RelayPolicy *policy, const RelaySources *sources, guint notes) {
    g_autofree char *asking = relay_policy_list(policy, NULL);
    const Lists lists = {smtpd_parse(sources->relay), smtpd_parse(sources->recipient),
                         smtpd_parse(asking),
                         g_strjoin("\n", sources->relay, sources->recipient, asking, NULL)};
    if (!smtpd_is_broken(lists.relay) && !smtpd_is_broken(lists.recipient)) {
        check_tries(policy, sources, &lists, notes);
    }
    g_ptr_array_unref(lists.relay);
    g_ptr_array_unref(lists.recipient);
    g_ptr_array_unref(lists.asking);
    g_free(lists.shown);
}

static void check_notes(const GPtrArray *notes) {
    for (guint i = 0; i < notes->len; i++) {
        const char *note = g_ptr_array_index(notes, i);
        FUZZ_ASSERT(fuzz_is_printable(text_from_string(note)), "%s", note);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    static const char *const codes[] = {"554", "550", "450", "250", "", "5\xff\"", "421", "5544"};
    Bytes bytes = bytes_make(data, size);
    guint choices = bytes_take(&bytes);
    g_autofree char *relay = make_list(&bytes);
    g_autofree char *recipient = make_list(&bytes);
    const char *code = codes[choices / 32];
    const RelaySources sources = {
        .place = "",
        .relay = relay,
        .recipient = recipient,
        .classes = CLASSES,
        .relay_code = code,
        .reject_code = code,
        .defer_code = code,
        .logins = choices % 4 % 3,
        .partial_networks = (choices & 4) != 0,
        .partial_domains = (choices & 8) != 0,
    };
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(RelayPolicy) policy = relay_policy_new(&sources, notes);
    g_autoptr(RelayPolicy) same = relay_policy_new(&sources, again);
    FUZZ_ASSERT(relay_policy_equal(policy, same) && notes->len == again->len, "%s", relay);
    check_notes(notes);
    check_lists(policy, &sources, notes->len);
    return 0;
}
