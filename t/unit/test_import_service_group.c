/*
 * Units of policyd/ctl/import/service_group.c: which services of a master.cf go together, and how
 * their requests are told apart.
 */
#include "ctl/import/service_group.h"

#include "unit/postfix.h"

#define MAIN_CF                                             \
    "compatibility_level = 3.6\nmynetworks = 127.0.0.0/8\n" \
    "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"

#define LOGIN " -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
#define AUTH " -o smtpd_sasl_auth_enable=yes"

/* Each group: its name, `+` if it has networks of its own, its services, each with its port. */
static const struct {
    const char *name;
    const char *master_cf;
    const char *groups;
} rows[] = {
    {"no service", "", "main.cf;"},
    {"as main.cf", "smtp inet n - y - - smtpd\n", "main.cf smtp:25;"},
    {"the same list, written otherwise",
     "smtp inet n - y - - smtpd\n2525 inet n - y - - smtpd -o "
     "smtpd_relay_restrictions=permit_mynetworks,,reject_unauth_destination\n",
     "main.cf smtp:25 2525:2525;"},
    {"submission",
     "smtp inet n - y - - smtpd\n"
     "submission inet n - y - - smtpd" LOGIN AUTH "\n"
     "smtps inet n - y - - smtpd" LOGIN AUTH "\n",
     "main.cf smtp:25;submission submission:587 smtps:465;"},
    {"logins in the clear, and under TLS",
     "submission inet n - y - - smtpd" LOGIN AUTH "\n"
     "smtps inet n - y - - smtpd -o smtpd_tls_wrappermode=yes" LOGIN AUTH "\n"
     "587 inet n - y - - smtpd -o smtpd_tls_auth_only=yes" LOGIN AUTH "\n"
     "588 inet n - y - - smtpd -o smtpd_tls_security_level=encrypt" LOGIN AUTH "\n",
     "main.cf;submission submission:0;smtps smtps:465 587:0 588:588;"},
    {"one port, two addresses",
     "192.0.2.1:25 inet n - y - - smtpd\n[::1]:smtp inet n - y - - smtpd" LOGIN "\n",
     "main.cf 192.0.2.1:25:0;___1__smtp [::1]:smtp:0;"},
    {"no port", "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd" LOGIN "\n",
     "main.cf;smtpd smtpd:0;"},
    {"a proxy tells the port",
     "10587 inet n - y - - smtpd -o smtpd_upstream_proxy_protocol=haproxy" LOGIN "\n",
     "main.cf;10587 10587:0;"},
    {"a port that nobody knows", "no-such-service inet n - y - - smtpd" LOGIN "\n",
     "main.cf;no_such_service no-such-service:0;"},
    {"names that come to one word",
     "smtpd pass - - y - - smtpd\na-b unix - - y - - smtpd" LOGIN "\n"
     "a.b unix - - y - - smtpd" LOGIN AUTH "\na_b_2 unix - - y - - smtpd -o "
     "smtpd_relay_restrictions=defer\n",
     "main.cf smtpd:0;a_b a-b:0;a_b_2 a.b:0;a_b_2_2 a_b_2:0;"},
    {"other networks", "10025 inet n - n - - smtpd -o mynetworks=192.0.2.1\n",
     "main.cf;10025+ 10025:10025;"},
    {"other networks that are not asked for",
     "465 inet n - y - - smtpd -o mynetworks=192.0.2.1" LOGIN "\n"
     "587 inet n - y - - smtpd -o mynetworks=192.0.2.2" LOGIN "\n",
     "main.cf;465 465:465 587:587;"},
};

static char *print(const GPtrArray *groups, const PostfixSettings *settings) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < groups->len; i++) {
        const ServiceGroup *group = g_ptr_array_index(groups, i);
        g_string_append_printf(text, "%s%s", group->name ? group->name : "main.cf",
                               service_group_has_networks(group, groups) ? "+" : "");
        for (guint j = 0; j < group->services->len; j++) {
            const PostfixService *service = g_ptr_array_index(group->services, j);
            g_string_append_printf(text, " %s:%u", service->name,
                                   service_group_port(group, service, settings));
        }
        g_string_append_c(text, ';');
    }
    return g_string_free(text, FALSE);
}

START_TEST(test_groups) {
    g_autoptr(PostfixSettings) settings = unit_postfix_settings(MAIN_CF, rows[_i].master_cf);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) groups = service_groups_new(settings, FALSE, notes);
    g_autofree char *got = print(groups, settings);
    ck_assert_str_eq(got, rows[_i].groups);
    ck_assert_uint_eq(notes->len, 0);
}
END_TEST

/* Told once: of main.cf, and of the first service of another group. */
START_TEST(test_notes) {
    g_autoptr(PostfixSettings) settings = unit_postfix_settings(
        MAIN_CF,
        "25 inet n - y - - smtpd\n"
        "26 inet n - y - - smtpd -o smtpd_relay_restrictions=reject_rbl_client,a,reject\n"
        "27 inet n - y - - smtpd -o smtpd_relay_restrictions=reject_rbl_client,a,reject\n");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) groups = service_groups_new(settings, FALSE, notes);
    ck_assert_uint_eq(groups->len, 2);
    ck_assert_uint_eq(notes->len, 1);
    ck_assert(g_str_has_prefix(g_ptr_array_index(notes, 0),
                               "26/inet: smtpd_relay_restrictions: 'reject_rbl_client a'"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("import_service_group");
    UNIT_ADD_TABLE(suite, test_groups, rows);
    unit_add(suite, "test_notes", test_notes, 1);
    return unit_run(suite);
}
