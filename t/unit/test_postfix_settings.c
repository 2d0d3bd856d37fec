/*
 * Units of policyd/ctl/postfix/settings.c: main.cf and master.cf of the samples, read by the
 * postconf of this machine.
 */
#include "ctl/postfix/settings.h"

#include <string.h>

#include "unit/postfix.h"

static PostfixSettings *read_sample(const char *name) {
    g_autofree char *folder = g_build_filename(TEST_FOLDER "/postfix", name, NULL);
    g_autoptr(GError) error = NULL;
    PostfixSettings *settings = postfix_settings_read(folder, &error);
    ck_assert_msg(settings, "%s: %s", name, error ? error->message : "");
    return settings;
}

static const struct {
    const char *name; /* of the sample */
    const char *parameter;
    const char *value; /* NULL: there is no such parameter */
} values[] = {
    {"debian", "myhostname", "mail.Example.com"},
    {"debian", "mydestination",
     "mail.Example.com, example.com, mail.example.com, localhost.example.com, , localhost"},
    {"debian", "relayhost", ""},
    {"debian", "no_such_parameter", NULL},
    {"tutorial", "smtpd_relay_restrictions",
     "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"},
    {"tutorial", "virtual_mailbox_domains", "shop.example example.net.mailboxes.example"},
    {"old-style", "smtpd_relay_restrictions", ""},
    {"old-style", "relay_domains",
     "old.example.com, localhost.example.com, example.com, localhost"},
    {"submission", "smtpd_tls_auth_only", "no"},
};

START_TEST(test_value) {
    g_autoptr(PostfixSettings) settings = read_sample(values[_i].name);
    ck_assert_pstr_eq(postfix_settings_value(settings, values[_i].parameter), values[_i].value);
}
END_TEST

static const PostfixService *find(const PostfixSettings *settings, const char *address) {
    for (guint i = 0; i < postfix_settings_service_count(settings); i++) {
        const PostfixService *service = postfix_settings_service(settings, i);
        g_autofree char *own = postfix_service_address(service);
        if (g_str_equal(own, address)) {
            return service;
        }
    }
    return NULL;
}

static const struct {
    const char *name; /* of the service */
    const char *parameter;
    const char *value;
} service_values[] = {
    {"smtp/inet", "smtpd_relay_restrictions", "permit_mynetworks, reject_unauth_destination"},
    {"smtp/inet", "smtpd_tls_auth_only", "no"},
    {"submission/inet", "smtpd_relay_restrictions", "permit_sasl_authenticated,reject"},
    {"submission/inet", "smtpd_client_restrictions", "permit_sasl_authenticated, reject"},
    {"submission/inet", "smtpd_tls_auth_only", "yes"},
    {"submission/inet", "myhostname", "mail.example.com"},
    {"submission/inet", "no_such_parameter", NULL},
    {"smtps/inet", "smtpd_relay_restrictions", ""},
    {"127.0.0.1:10025/inet", "mynetworks", "127.0.0.0/8, 198.51.100.25"},
};

START_TEST(test_service_value) {
    g_autoptr(PostfixSettings) settings = read_sample("submission");
    const PostfixService *service = find(settings, service_values[_i].name);
    ck_assert_ptr_nonnull(service);
    ck_assert_pstr_eq(postfix_service_value(service, service_values[_i].parameter),
                      service_values[_i].value);
}
END_TEST

/* Only those of smtpd, in their order, each with its own parameters as they are written. */
START_TEST(test_services) {
    g_autoptr(PostfixSettings) settings = read_sample("submission");
    ck_assert_uint_eq(postfix_settings_service_count(settings), 4);
    const PostfixService *submission = postfix_settings_service(settings, 1);
    ck_assert_str_eq(submission->name, "submission");
    ck_assert_str_eq(submission->type, "inet");
    ck_assert(submission->chroot);
    ck_assert_uint_eq(submission->limit, 100);
    ck_assert_uint_eq(g_hash_table_size(submission->own), 6);
    ck_assert_str_eq(g_hash_table_lookup(submission->own, "smtpd_client_restrictions"),
                     "$mua_client_restrictions");
    ck_assert(!postfix_settings_service(settings, 3)->chroot);
}
END_TEST

START_TEST(test_others_are_left_out) {
    g_autoptr(PostfixSettings) settings = read_sample("debian");
    ck_assert_uint_eq(postfix_settings_service_count(settings), 1);
    ck_assert_uint_eq(g_hash_table_size(postfix_settings_service(settings, 0)->own), 0);
}
END_TEST

/* A folder of its own: the fields of master.cf at their defaults, and not. */
START_TEST(test_fields) {
    g_autoptr(PostfixSettings) settings = unit_postfix_settings(
        "default_process_limit = 7\ncompatibility_level = 3.6\n", "smtp inet n - - - - smtpd -v\n"
                                                                  "2525 inet n - y - 1 postscreen\n"
                                                                  "smtpd pass - - n - 3 smtpd\n"
                                                                  "10025 inet n - y - 0 smtpd\n");
    const PostfixService *pass = find(settings, "smtpd/pass");
    ck_assert_ptr_nonnull(pass);
    ck_assert(!pass->chroot);
    ck_assert_uint_eq(pass->limit, 3);
    const PostfixService *port = find(settings, "10025/inet");
    ck_assert_ptr_nonnull(port);
    ck_assert(port->chroot);
    ck_assert_uint_eq(port->limit, 0);
}
END_TEST

static const struct {
    const char *value;
    gboolean on;
} booleans[] = {
    {"yes", TRUE}, {"YES", TRUE}, {"Yes", TRUE}, {"no", FALSE}, {"NO", FALSE}, {"", FALSE},
};

START_TEST(test_is_on) {
    g_autofree char *main_cf = g_strdup_printf("smtpd_tls_auth_only = %s\n", booleans[_i].value);
    g_autoptr(PostfixSettings) settings = unit_postfix_settings(main_cf, "");
    ck_assert_int_eq(postfix_service_is_on(postfix_settings_main(settings), "smtpd_tls_auth_only"),
                     booleans[_i].on);
}
END_TEST

START_TEST(test_no_folder) {
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(postfix_settings_read("/nowhere", &error));
    ck_assert(strstr(error->message, "/nowhere/main.cf"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("postfix_settings");
    UNIT_ADD_TABLE(suite, test_value, values);
    UNIT_ADD_TABLE(suite, test_service_value, service_values);
    unit_add(suite, "test_services", test_services, 1);
    unit_add(suite, "test_others_are_left_out", test_others_are_left_out, 1);
    unit_add(suite, "test_fields", test_fields, 1);
    UNIT_ADD_TABLE(suite, test_is_on, booleans);
    unit_add(suite, "test_no_folder", test_no_folder, 1);
    return unit_run(suite);
}
