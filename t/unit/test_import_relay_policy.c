/*
 * Units of policyd/ctl/import/relay_policy.c: which rules, and which list, restriction lists give.
 */
#include "ctl/import/relay_policy.h"

#include <string.h>

#include "unit/unit.h"

static const struct {
    const char *name;
    const char *relay;
    const char *recipient;
    const char *rules; /* as print() has them */
    const char *list;  /* P stands for check_policy_service ... */
    guint notes;
} rows[] = {
    {"Debian's", "permit_mynetworks permit_sasl_authenticated defer_unauth_destination", "",
     "n:permit;l:permit;d:dunno;*:defer 454 \"4.7.1 Relay access denied\";",
     "P, defer_unauth_destination", 0},
    {"the usual", "permit_mynetworks, reject_unauth_destination", "permit_sasl_authenticated",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";", "P, reject_unauth_destination", 0},
    {"the order is kept", "permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination",
     "", "l:permit;n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "P, reject_unauth_destination", 0},
    {"submission", "permit_sasl_authenticated,reject", "",
     "l:permit;*:reject \"5.7.1 Access denied\";", "P, reject", 0},
    {"defer", "permit_mynetworks, defer", "", "n:permit;*:defer 450 \"4.7.1 Try again later\";",
     "P, defer", 0},
    {"twice", "permit_mynetworks permit_mynetworks reject", "",
     "n:permit;*:reject \"5.7.1 Access denied\";", "P, reject", 0},
    {"authorised destinations", "permit_auth_destination, permit_mynetworks, reject", "",
     "d:permit;n:permit;*:reject \"5.7.1 Access denied\";", "P, reject", 0},
    {"authorised destinations twice", "permit_auth_destination, reject_unauth_destination", "",
     "d:permit;*:reject \"5.7.1 Relay access denied\";", "P, reject_unauth_destination", 0},
    {"behind what closes",
     "permit_mynetworks, reject_unauth_destination, reject_rbl_client bl.example, permit", "",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "P, reject_unauth_destination, reject_rbl_client bl.example, permit", 0},
    {"behind reject nothing is reached", "permit_mynetworks, reject, permit_sasl_authenticated", "",
     "n:permit;*:reject \"5.7.1 Access denied\";", "P, reject", 0},

    {"old style", "", "permit_mynetworks, reject_unauth_destination, reject_non_fqdn_sender",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";", "P, reject_unauth_destination", 0},
    {"old style, refusals stay there", "",
     "reject_non_fqdn_sender, permit_mynetworks, reject_rbl_client a, reject_unauth_destination",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";", "P, reject_unauth_destination", 0},
    {"old style, a table may permit", "",
     "permit_mynetworks, check_client_access hash:/a, reject_unauth_destination",
     "n:permit;*:dunno;", "P, check_client_access hash:/a, reject_unauth_destination", 1},
    {"an open list before one that is not", "reject_unauth_pipelining, permit",
     "permit_mynetworks, reject_unauth_destination",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "reject_unauth_pipelining, P, reject_unauth_destination", 1},
    {"and with a permit before",
     "permit_mynetworks, check_client_access hash:/a, permit_tls_clientcerts",
     "permit_sasl_authenticated, reject", "l:permit;*:reject \"5.7.1 Access denied\";",
     "check_client_access hash:/a, P, reject", 1},
    {"an open relay", "permit", "permit_mynetworks, permit",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";", "P, reject_unauth_destination", 1},
    {"nothing at all", "", "", "d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "P, reject_unauth_destination", 1},
    {"only a warning is no refusal", "permit_mynetworks, warn_if_reject reject_unauth_destination",
     "", "d:dunno;*:reject \"5.7.1 Relay access denied\";", "P, reject_unauth_destination", 1},
    {"a warned reject", "permit_mynetworks, warn_if_reject reject, permit", "reject",
     "*:reject \"5.7.1 Access denied\";", "P, reject", 0},

    {"a refusal first", "reject_rbl_client a, permit_mynetworks, reject_unauth_destination", "",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "reject_rbl_client a, P, reject_unauth_destination", 1},
    {"a refusal last", "permit_mynetworks, reject_rbl_client a, reject_unauth_destination", "",
     "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "P, reject_rbl_client a, reject_unauth_destination", 1},
    {"a refusal between, of Postfix's own",
     "permit_mynetworks, reject_sender_login_mismatch, permit_sasl_authenticated, "
     "reject_unauth_destination",
     "",
     "n:permit;l:restrict \"reject_sender_login_mismatch, permit\";d:restrict "
     "\"reject_sender_login_mismatch\";*:reject \"5.7.1 Relay access denied\";",
     "P, reject_unauth_destination", 0},
    {"a refusal between, by a table",
     "permit_mynetworks, reject_rbl_client a, permit_sasl_authenticated, reject", "",
     "n:permit;l:permit;*:reject \"5.7.1 Access denied\";", "reject_rbl_client a, P, reject", 1},
    {"a table first", "check_client_access hash:/a, permit_mynetworks, reject_unauth_destination",
     "", "n:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "check_client_access hash:/a, P, reject_unauth_destination", 1},
    {"a table last", "permit_mynetworks, check_client_access hash:/a, reject", "",
     "n:permit;*:dunno;", "P, check_client_access hash:/a, reject", 1},
    {"a table between",
     "permit_mynetworks, hash:/a, permit_sasl_authenticated, reject_unauth_destination", "",
     "n:permit;l:permit;d:dunno;*:reject \"5.7.1 Relay access denied\";",
     "hash:/a, P, reject_unauth_destination", 1},
    {"what is pending comes before a table that comes before",
     "permit_mynetworks, reject_non_fqdn_sender, hash:/a, permit_sasl_authenticated, reject", "",
     "n:permit;l:permit;*:reject \"5.7.1 Access denied\";",
     "reject_non_fqdn_sender, hash:/a, P, reject", 1},
    {"what only permits", "permit_tls_clientcerts, permit_mynetworks, reject_unauth_destination",
     "", "n:permit;*:dunno;", "P, permit_tls_clientcerts, reject_unauth_destination", 1},
    {"a refusal behind what only permits",
     "permit_tls_clientcerts, reject_non_fqdn_sender, permit_mynetworks, reject", "",
     "n:restrict \"reject_non_fqdn_sender, permit\";*:restrict \"reject_non_fqdn_sender\";",
     "P, permit_tls_clientcerts, reject", 2},
    {"a class may do anything", "permit_mynetworks, reject_Some, reject", "", "n:permit;*:dunno;",
     "P, reject_Some, reject", 1},
    {"and has no other capitals", "permit_mynetworks, reject_some, reject", "",
     "n:permit;*:reject \"5.7.1 Access denied\";", "P, reject_some, reject", 1},
    {"a warning is kept", "permit_mynetworks, warn_if_reject reject_rbl_client a, reject", "",
     "n:permit;*:reject \"5.7.1 Access denied\";", "P, warn_if_reject reject_rbl_client a, reject",
     1},
    {"a warned table may permit",
     "permit_mynetworks, warn_if_reject check_client_access hash:/a, reject", "",
     "n:permit;*:dunno;", "P, warn_if_reject check_client_access hash:/a, reject", 1},
    {"another service", "permit_mynetworks, check_policy_service unix:private/b, reject", "",
     "n:permit;*:dunno;", "P, check_policy_service unix:private/b, reject", 1},
    {"policyd itself", "permit_mynetworks, check_policy_service {unix:private/policyd}, reject", "",
     "n:permit;*:reject \"5.7.1 Access denied\";", "P, reject", 1},
    {"policyd itself, in an open list", "check_policy_service unix:private/policyd, permit",
     "permit_mynetworks, reject", "n:permit;*:reject \"5.7.1 Access denied\";", "P, reject", 1},
    {"an argument is lacking", "reject_rbl_client", "permit_mynetworks, reject",
     "n:permit;*:reject \"5.7.1 Access denied\";", "reject_rbl_client {}, P, reject", 1},
};

static char *print(const RelayPolicy *policy) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < policy->rules->len; i++) {
        const RelayRule *rule = g_ptr_array_index(policy->rules, i);
        g_string_append_printf(text, "%c:%s;", "*nltd"[rule->who], rule -> action);
    }
    return g_string_free(text, FALSE);
}

/* Main.cf's defaults. */
static RelaySources sources_of(const char *relay, const char *recipient) {
    return (RelaySources){
        .place = "",
        .relay = relay,
        .recipient = recipient,
        .classes = "other reject_Some",
        .relay_code = "554",
        .reject_code = "554",
        .defer_code = "450",
        .logins = RELAY_LOGINS_ANY,
    };
}

static void check(const RelaySources *sources, const char *rules, const char *list, guint count) {
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(RelayPolicy) policy = relay_policy_new(sources, notes);
    g_autofree char *got = print(policy);
    GString *written = g_string_new(list);
    g_string_replace(written, "P", "check_policy_service { unix:private/policyd, timeout=10s }", 1);
    g_autofree char *wanted = g_string_free(written, FALSE);
    g_autofree char *got_list = relay_policy_list(policy, NULL);
    ck_assert_str_eq(got, rules);
    ck_assert_str_eq(got_list, wanted);
    ck_assert_uint_eq(notes->len, count);
}

START_TEST(test_lists) {
    RelaySources sources = sources_of(rows[_i].relay, rows[_i].recipient);
    check(&sources, rows[_i].rules, rows[_i].list, rows[_i].notes);
}
END_TEST

static const struct {
    const char *name;
    const char *code;
    const char *rejects;
    const char *defers;
} codes[] = {
    {"usual", "554", "reject \"5.7.1 Relay access denied\"",
     "defer 454 \"4.7.1 Relay access denied\""},
    {"another", "550", "reject 550 \"5.7.1 Relay access denied\"",
     "defer 450 \"4.7.1 Relay access denied\""},
    {"temporary", "450", "defer 450 \"4.7.1 Relay access denied\"",
     "defer 454 \"4.7.1 Relay access denied\""},
    {"no code", "55", "reject \"5.7.1 Relay access denied\"",
     "reject \"5.7.1 Relay access denied\""},
    {"a permitting code", "250", "reject \"5.7.1 Relay access denied\"",
     "defer 454 \"4.7.1 Relay access denied\""},
};

START_TEST(test_codes) {
    RelaySources sources = sources_of("reject_unauth_destination", "");
    g_autofree char *rejects = g_strdup_printf("d:dunno;*:%s;", codes[_i].rejects);
    g_autofree char *defers = g_strdup_printf("d:dunno;*:%s;", codes[_i].defers);
    sources.relay_code = codes[_i].code;
    check(&sources, rejects, "P, reject_unauth_destination", 0);
    sources.relay = "defer_unauth_destination";
    check(&sources, defers, "P, defer_unauth_destination", 0);
}
END_TEST

START_TEST(test_logins) {
    RelaySources sources =
        sources_of("reject_non_fqdn_sender, permit_sasl_authenticated, reject", "");
    sources.logins = RELAY_LOGINS_TLS;
    check(&sources, "t:permit;*:reject \"5.7.1 Access denied\";",
          "reject_non_fqdn_sender, P, reject", 1);
    sources.logins = RELAY_LOGINS_NONE;
    check(&sources, "*:reject \"5.7.1 Access denied\";", "P, reject_non_fqdn_sender, reject", 1);
}
END_TEST

START_TEST(test_partial_networks) {
    RelaySources sources =
        sources_of("permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination", "");
    sources.partial_networks = TRUE;
    check(&sources, "n:permit;l:permit;*:dunno;", "P, permit_mynetworks, reject_unauth_destination",
          1);
}
END_TEST

START_TEST(test_partial_domains) {
    RelaySources sources = sources_of("permit_mynetworks, defer_unauth_destination", "");
    sources.partial_domains = TRUE;
    check(&sources, "n:permit;d:dunno;*:restrict \"defer_unauth_destination\";",
          "P, defer_unauth_destination", 0);
    sources.relay = "permit_mynetworks, permit_auth_destination, reject";
    check(&sources, "n:permit;d:permit;*:dunno;", "P, permit_auth_destination, reject", 1);
}
END_TEST

START_TEST(test_context) {
    RelaySources sources = sources_of("reject", "");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(RelayPolicy) policy = relay_policy_new(&sources, notes);
    g_autofree char *list = relay_policy_list(policy, "smtps");
    ck_assert_str_eq(list, "check_policy_service { unix:private/policyd, timeout=10s, "
                           "policy_context=smtps }, reject");
}
END_TEST

START_TEST(test_equal) {
    RelaySources sources = sources_of("permit_mynetworks, reject", "");
    RelaySources same = sources_of("Permit_MyNetworks reject permit", "permit");
    RelaySources other_rule = sources_of("permit_sasl_authenticated, reject", "");
    RelaySources other_list = sources_of("permit_mynetworks, reject_rbl_client a, reject", "");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(RelayPolicy) a = relay_policy_new(&sources, notes);
    g_autoptr(RelayPolicy) b = relay_policy_new(&same, notes);
    g_autoptr(RelayPolicy) c = relay_policy_new(&other_rule, notes);
    g_autoptr(RelayPolicy) d = relay_policy_new(&other_list, notes);
    ck_assert(relay_policy_equal(a, b));
    ck_assert(!relay_policy_equal(a, c));
    ck_assert(!relay_policy_equal(a, d));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("import_relay_policy");
    UNIT_ADD_TABLE(suite, test_lists, rows);
    UNIT_ADD_TABLE(suite, test_codes, codes);
    unit_add(suite, "test_logins", test_logins, 1);
    unit_add(suite, "test_partial_networks", test_partial_networks, 1);
    unit_add(suite, "test_partial_domains", test_partial_domains, 1);
    unit_add(suite, "test_context", test_context, 1);
    unit_add(suite, "test_equal", test_equal, 1);
    return unit_run(suite);
}
