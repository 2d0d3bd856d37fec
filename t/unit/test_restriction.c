/*
 * Units of policyd/ctl/postfix/restriction: lists as main.cf may hold them, and policy services.
 */
#include "ctl/postfix/restriction.h"

#include <string.h>

#include "unit/unit.h"

static const struct {
    const char *name;
    const char *value;
    const char *entries; /* as print() has them */
} lists[] = {
    {"nothing", "", ""},
    {"only separators", " ,\t, ", ""},
    {"commas and white space", "permit_mynetworks,  reject\t permit",
     "permit_mynetworks;reject;permit;"},
    {"capitals", "Permit_MyNetworks, REJECT", "permit_mynetworks;reject;"},
    {"a table's name keeps its capitals", "hash:/etc/Access, reject", "hash:/etc/Access;reject;"},
    {"an argument", "check_client_access hash:/a reject", "check_client_access(hash:/a);reject;"},
    {"a block list", "reject_rbl_client bl.example=127.0.0.2, permit",
     "reject_rbl_client(bl.example=127.0.0.2);permit;"},
    {"check_relay_domains takes none", "check_relay_domains, permit",
     "check_relay_domains;permit;"},
    {"a class takes none", "check_Mine, permit", "check_mine;permit;"},
    {"a table of another kind", "check_reverse_client_hostname_mx_access hash:/a",
     "check_reverse_client_hostname_mx_access(hash:/a);"},
    {"sleep", "sleep 1, permit", "sleep(1);permit;"},
    {"only a warning", "warn_if_reject reject_unauth_destination, reject",
     "?reject_unauth_destination;reject;"},
    {"only a warning, with an argument", "warn_if_reject check_policy_service unix:a reject",
     "?check_policy_service(unix:a);reject;"},
    {"an argument is missing", "check_policy_service", "check_policy_service();"},
    {"braces", "check_policy_service { unix:private/p, timeout=10s, x=y },reject",
     "check_policy_service({ unix:private/p, timeout=10s, x=y });reject;"},
    {"braces in braces", "check_policy_service {unix:p { default_action = 450 4.3.0 a, b }} permit",
     "check_policy_service({unix:p { default_action = 450 4.3.0 a, b }});permit;"},
    {"a brace too many", "permit}, reject", "permit};reject;"},
    {"a brace too few", "check_policy_service { unix:p, reject",
     "check_policy_service({ unix:p, reject);"},
};

static char *print(const GPtrArray *restrictions) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < restrictions->len; i++) {
        const Restriction *restriction = g_ptr_array_index(restrictions, i);
        g_string_append_printf(text, "%s%s", restriction->warn ? "?" : "", restriction->name);
        if (restriction->argument) {
            g_string_append_printf(text, "(%s)", restriction->argument);
        }
        g_string_append_c(text, ';');
    }
    return g_string_free(text, FALSE);
}

START_TEST(test_list) {
    g_autoptr(GPtrArray) restrictions = restrictions_parse(lists[_i].value);
    g_autofree char *got = print(restrictions);
    ck_assert_str_eq(got, lists[_i].entries);
}
END_TEST

START_TEST(test_written) {
    g_autoptr(GPtrArray) restrictions = restrictions_parse("Some_Class, Permit_MyNetworks");
    const Restriction *class = g_ptr_array_index(restrictions, 0);
    const Restriction *networks = g_ptr_array_index(restrictions, 1);
    ck_assert_str_eq(class->name, "some_class");
    ck_assert_str_eq(class->written, "Some_Class");
    ck_assert_str_eq(networks->written, "Permit_MyNetworks");
}
END_TEST

/* As smtpd of Postfix 3.7 was seen to take them. */
static const struct {
    const char *value; /* of a list, whose first entry is meant */
    const char *classes;
    gboolean is_class;
} classes[] = {
    {"GreyList, reject", "GreyList", TRUE},
    {"greylist", "GreyList", FALSE},
    {"GreyList", "greylist", FALSE},
    {"GreyList", "a, b\tGreyList,c", TRUE},
    {"GreyList", "a,\nGreyList", TRUE},
    {"Grey", "GreyList", FALSE},
    {"warn_if_reject GreyList", "GreyList", TRUE},
    {"check_mine", "check_mine", TRUE},
    {"reject_mine", "reject_mine", TRUE},
    {"permit_auth_destination", "permit_auth_destination", FALSE},
    {"Permit", "Permit", FALSE},
    {"check_client_access hash:/a", "check_client_access", FALSE},
    {"hash:/a", "hash:/a", FALSE},
    {"GreyList", "", FALSE},
};

START_TEST(test_class) {
    g_autoptr(GPtrArray) restrictions = restrictions_parse(classes[_i].value);
    const Restriction *first = g_ptr_array_index(restrictions, 0);
    ck_assert_msg(restriction_is_class(first, classes[_i].classes) == classes[_i].is_class,
                  "'%s' of '%s'", classes[_i].value, classes[_i].classes);
}
END_TEST

static const struct {
    const char *name;
    const char *argument;
    const char *server;
    const char *timeout; /* NULL: none is given */
    const char *action;
    const char *context;
} services[] = {
    {"plain", "unix:private/policyd", "unix:private/policyd", NULL, NULL, NULL},
    {"braces alone", "{unix:private/policyd}", "unix:private/policyd", NULL, NULL, NULL},
    {"nothing", "", "", NULL, NULL, NULL},
    {"empty braces", "{ }", "", NULL, NULL, NULL},
    {"attributes", "{ inet:127.0.0.1:9, timeout=10s, default_action=DUNNO policy_context=mx }",
     "inet:127.0.0.1:9", "10s", "DUNNO", "mx"},
    {"an attribute in braces",
     "{ unix:p, { default_action = 450 4.3.0 Later, please }, timeout=1s }", "unix:p", "1s",
     "450 4.3.0 Later, please", NULL},
    {"an attribute without a value", "{ unix:p, policy_context= , timeout }", "unix:p", NULL, NULL,
     ""},
    {"the last counts", "{ unix:p, timeout=1s, timeout=2s }", "unix:p", "2s", NULL, NULL},
};

START_TEST(test_service) {
    g_autoptr(PolicyService) service = policy_service_parse(services[_i].argument);
    GHashTable *attributes = service->attributes;
    ck_assert_str_eq(service->server, services[_i].server);
    ck_assert_pstr_eq(g_hash_table_lookup(attributes, "timeout"), services[_i].timeout);
    ck_assert_pstr_eq(g_hash_table_lookup(attributes, "default_action"), services[_i].action);
    ck_assert_pstr_eq(g_hash_table_lookup(attributes, "policy_context"), services[_i].context);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("restriction");
    UNIT_ADD_TABLE(suite, test_list, lists);
    unit_add(suite, "test_written", test_written, 1);
    UNIT_ADD_TABLE(suite, test_class, classes);
    UNIT_ADD_TABLE(suite, test_service, services);
    return unit_run(suite);
}
