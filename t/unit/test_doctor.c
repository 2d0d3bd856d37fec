/*
 * Units of policyd/ctl/doctor: what is found of settings that Postfix's own postconf reads from a
 * folder, with rules, a daemon's status and interfaces that are made up.
 */
#include "ctl/doctor/examination.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utime.h>

#include "ctl/doctor/interface.h"
#include "rules/compile.h"
#include "unit/unit.h"

#define ASK "check_policy_service unix:private/policyd"
#define RELAY "smtpd_relay_restrictions = "
#define SOUND RELAY ASK ", reject_unauth_destination\n"
#define SMTP "smtp inet n - y - 20 smtpd\n"
#define PLAIN "reject\n"

/* What every row has, unless its own says otherwise behind it. */
#define MAIN                                                                                  \
    "compatibility_level = 3.6\nmyhostname = mx.example.com\nmydestination = local.example\n" \
    "mynetworks = 192.0.2.0/24\nsmtpd_policy_service_timeout = 10s\n"

static const struct {
    const char *name;
    const char *main;
    const char *master;
    const char *rules;  /* NULL: none */
    const char *status; /* NULL: no daemon */
    const char *want;   /* the kinds, each with the first letter of its level */
} rows[] = {
    {"sound", SOUND, SMTP, PLAIN, "connections_max 20\n", ""},
    {"no daemon", SOUND, SMTP, PLAIN, NULL, "w:no-daemon"},
    {"no rules either", SOUND, SMTP, NULL, NULL, "w:no-daemon"},
    {"dry run", SOUND, SMTP, PLAIN, "dry_run 1\n", "n:dry-run"},
    {"reload failed", SOUND, SMTP, PLAIN, "reload_result failed\n", "w:reload-failed"},
    {"reload good", SOUND, SMTP, PLAIN, "reload_result good\n", ""},

    {"never asked", RELAY "reject_unauth_destination\n", SMTP, PLAIN, "", "d:never-asked"},
    {"no service at all", SOUND, "pickup unix n - y 60 1 pickup\n", PLAIN, "", "d:never-asked"},
    {"asked of another", RELAY "check_policy_service inet:127.0.0.1:1, reject_unauth_destination\n",
     SMTP, PLAIN, "", "d:never-asked"},
    {"another service doesn't ask", RELAY "reject\n",
     SMTP "587 inet n - y - 5 smtpd\n -o { " RELAY ASK ", reject }\n", PLAIN, "",
     "w:service-not-asking"},
    {"but it is for filters", RELAY "reject\n",
     "127.0.0.1:10025 inet n - y - 5 smtpd\n"
     "587 inet n - y - 5 smtpd\n -o { " RELAY ASK ", reject }\n",
     PLAIN, "", "n:service-not-asking"},
    {"by localhost", RELAY "check_policy_service inet:localhost:9, reject_unauth_destination\n",
     SMTP, PLAIN, "listen inet:127.0.0.1:9\n", ""},

    {"after permit", RELAY "permit, " ASK "\nsmtpd_recipient_restrictions = reject\n", SMTP, PLAIN,
     "", "d:asked-too-late"},
    {"after reject", RELAY "reject, " ASK "\n", SMTP, PLAIN, "", "d:asked-too-late"},
    {"after a reject that only warns", RELAY "warn_if_reject reject, " ASK ", reject\n", SMTP,
     PLAIN, "", ""},
    {"after a permit that only warns", RELAY "warn_if_reject permit_mynetworks, " ASK ", reject\n",
     SMTP, PLAIN, "", "w:asked-too-late"},
    {"after permit_mynetworks", RELAY "permit_mynetworks, " ASK ", reject\n", SMTP, PLAIN, "",
     "w:asked-too-late"},
    {"but asked before in another list",
     RELAY "permit_mynetworks, " ASK ", reject\nsmtpd_sender_restrictions = " ASK "\n", SMTP, PLAIN,
     "", ""},
    {"which runs at another time",
     RELAY "permit_mynetworks, " ASK ", reject\nsmtpd_data_restrictions = " ASK "\n", SMTP, PLAIN,
     "", "w:asked-too-late"},
    {"put off until RCPT, in capitals",
     RELAY "permit_mynetworks, " ASK ", reject\nsmtpd_sender_restrictions = " ASK
           "\nsmtpd_delay_reject = YES\n",
     SMTP, PLAIN, "", ""},
    {"or is not put off until RCPT",
     RELAY "permit_mynetworks, " ASK ", reject\nsmtpd_sender_restrictions = " ASK
           "\nsmtpd_delay_reject = no\n",
     SMTP, PLAIN, "", "w:asked-too-late"},
    {"after logins that there are not", RELAY "permit_sasl_authenticated, " ASK ", reject\n", SMTP,
     PLAIN, "", ""},
    {"after logins",
     RELAY "permit_sasl_authenticated, " ASK
           ", reject\nsmtpd_sasl_auth_enable = yes\nsmtpd_tls_auth_only = yes\n",
     SMTP, PLAIN, "", "w:asked-too-late"},
    {"within a class",
     "smtpd_restriction_classes = mine\nmine = permit_mynetworks, " ASK "\n" RELAY "mine, reject\n",
     SMTP, PLAIN, "", "w:asked-too-late"},
    {"within a class with capitals",
     "smtpd_restriction_classes = GreyList\nGreyList = permit_mynetworks, " ASK "\n" RELAY
     "GreyList, reject\n",
     SMTP, PLAIN, "", "w:asked-too-late"},
    {"its name has no others",
     "smtpd_restriction_classes = GreyList\nGreyList = " ASK "\n" RELAY "greylist, reject\n", SMTP,
     PLAIN, "", "d:never-asked"},
    {"a class is no restriction of Postfix's own",
     "smtpd_restriction_classes = permit_mynetworks\npermit_mynetworks = " ASK "\n" RELAY
     "permit_mynetworks, reject\n",
     SMTP, PLAIN, "", "d:never-asked"},
    {"a class called like a check",
     "smtpd_restriction_classes = check_mine\ncheck_mine = " ASK "\n" RELAY "check_mine, reject\n",
     SMTP, PLAIN, "", ""},
    {"a refusal within a class",
     "smtpd_restriction_classes = Closed\nClosed = reject\n" RELAY ASK ", Closed\n", SMTP, PLAIN,
     "", ""},
    {"within a class that only warns",
     "smtpd_restriction_classes = Closed\nClosed = reject\n" RELAY ASK ", warn_if_reject Closed\n",
     SMTP, PLAIN, "", "d:no-refusal"},
    {"only logged, in a class in a class",
     "smtpd_restriction_classes = A, B\nA = B\nB = " ASK "\n" RELAY
     "warn_if_reject A, reject_unauth_destination\n",
     SMTP, PLAIN, "", "n:trial"},
    {"a class without end",
     "smtpd_restriction_classes = a\na = a, " ASK "\n" RELAY
     "a, reject\nsmtpd_policy_service_timeout = 1s\n",
     SMTP, PLAIN, "", ""},
    {"only logged", RELAY "warn_if_reject " ASK ", reject_unauth_destination\n", SMTP, PLAIN, "",
     "n:trial"},
    {"relaying is decided before", RELAY "reject_unauth_destination, " ASK "\n", SMTP,
     "permit if authenticated\nreject\n", "", "w:relay-decided-before;n:never-set"},
    {"relaying is decided in the list before",
     RELAY "permit_mynetworks, reject_unauth_destination\nsmtpd_recipient_restrictions = " ASK "\n",
     SMTP, "permit if authenticated\nreject\n", "", "n:relay-decided-before;n:never-set"},
    {"and nothing is permitted anyway",
     RELAY "reject_unauth_destination\nsmtpd_recipient_restrictions = " ASK "\n", SMTP, PLAIN, "",
     ""},

    {"nothing refuses", RELAY ASK "\n", SMTP, PLAIN, "", "d:no-refusal"},
    {"only behind permit", RELAY ASK ", permit, reject_unauth_destination\n", SMTP, PLAIN, "",
     "d:no-refusal"},
    {"only logged too", RELAY ASK ", warn_if_reject reject\n", SMTP, PLAIN, "", "d:no-refusal"},
    {"in the other list", RELAY ASK "\nsmtpd_recipient_restrictions = defer_unauth_destination\n",
     SMTP, PLAIN, "", ""},

    {"an absolute path in the chroot",
     RELAY "check_policy_service unix:QUEUE/private/policyd, "
           "reject\n",
     SMTP, PLAIN, "listen unix:QUEUE/private/policyd,mode=0660\n", "d:socket-chroot"},
    {"an absolute path", RELAY "check_policy_service unix:QUEUE/private/policyd, reject\n",
     "smtp inet n - n - 20 smtpd\n", PLAIN, "listen unix:QUEUE/private/policyd,mode=0660\n", ""},
    {"no socket", RELAY "check_policy_service unix:private/policyd2, reject\n", SMTP, PLAIN, "",
     "d:no-socket"},
    {"no socket but a file", RELAY "check_policy_service unix:private/policyd.txt, reject\n", SMTP,
     PLAIN, "", "d:no-socket"},
    {"nobody listens", RELAY "check_policy_service unix:private/policyd.old, reject\n", SMTP, PLAIN,
     "", "d:socket-deaf"},
    {"a folder in the way", SOUND "mail_owner = nobody\n", SMTP, PLAIN, "", "d:socket-folder"},
    {"no such user", SOUND "mail_owner = nobody-at-all\n", SMTP, PLAIN, "", "w:no-mail-owner"},

    {"networks alike", SOUND, SMTP,
     "networks trusted = 192.0.2.0/25, 192.0.2.128/25\nreject if client_address in trusted\n" PLAIN,
     "", ""},
    {"mynetworks has more", SOUND, SMTP,
     "networks trusted = 192.0.2.0/25\nreject if client_address in trusted\n" PLAIN, "",
     "w:networks-differ"},
    {"both have more", SOUND, SMTP,
     "networks trusted = 192.0.2.0/25, 2001:db8::/32\nreject if client_address in trusted\n" PLAIN,
     "", "w:networks-differ;w:networks-differ"},
    {"the rules have more", SOUND "mynetworks = [::1]/128\n", SMTP,
     "networks trusted = ::1, 127.0.0.1\nreject if client_address in trusted\n" PLAIN, "",
     "w:networks-differ"},
    {"a table among them", SOUND "mynetworks = 192.0.2.0/24, cidr:/nowhere\n", SMTP,
     "networks trusted = 192.0.2.0/24, ::1\nreject if client_address in trusted\n" PLAIN, "",
     "n:not-compared"},
    {"wider than an interface", SOUND "mynetworks = 198.51.100.0/22\n", SMTP, PLAIN, "",
     "w:networks-wide"},
    {"as wide", SOUND "mynetworks = 198.51.100.0/24\n", SMTP, PLAIN, "", ""},
    {"wider, but private and meant", SOUND "mynetworks = 10.0.0.0/8\n", SMTP,
     "networks trusted = 10.0.0.0/8\nreject if client_address in trusted\n" PLAIN, "",
     "n:networks-wide"},
    {"wider, private, not meant", SOUND "mynetworks = 10.0.0.0/8\n", SMTP, PLAIN, "",
     "w:networks-wide"},

    {"domains alike", SOUND "relay_domains = r.example\n", SMTP,
     "domains local = LOCAL.example, r.example, .r.example, [192.0.2.1]\n"
     "dunno if recipient in local\n" PLAIN,
     "", ""},
    {"subdomains missing", SOUND "relay_domains = r.example\n", SMTP,
     "domains local = local.example, r.example\ndunno if recipient in local\n" PLAIN, "",
     "w:domain-missing"},
    {"subdomains that aren't",
     SOUND "relay_domains = r.example\n"
           "parent_domain_matches_subdomains =\n",
     SMTP, "domains local = local.example, r.example\ndunno if recipient in local\n" PLAIN, "", ""},
    {"localhost missing", SOUND "mydestination = local.example, localhost, localhost.example.com\n",
     SMTP, "domains local = local.example\ndunno if recipient in local\n" PLAIN, "", ""},
    {"a domain too many", SOUND, SMTP,
     "domains local = local.example, more.example\ndunno if recipient in local\n" PLAIN, "",
     "w:domain-extra"},
    {"or perhaps in a table", SOUND "virtual_mailbox_domains = hash:/nowhere\n", SMTP,
     "domains local = local.example, more.example\ndunno if recipient in local\n" PLAIN, "",
     "n:not-compared"},

    {"AUTH in the clear", SOUND "smtpd_sasl_auth_enable = yes\nsmtpd_tls_security_level = may\n",
     SMTP, PLAIN, "", "d:auth-in-the-clear"},
    {"AUTH under TLS alone, in capitals",
     SOUND "smtpd_sasl_auth_enable = YES\nsmtpd_tls_auth_only = Yes\n", SMTP, PLAIN, "", ""},
    {"AUTH in the clear, in capitals", SOUND "smtpd_sasl_auth_enable = YES\n", SMTP, PLAIN, "",
     "d:auth-in-the-clear"},
    {"AUTH where TLS is demanded",
     SOUND "smtpd_sasl_auth_enable = yes\nsmtpd_tls_security_level = encrypt\n", SMTP, PLAIN, "",
     ""},
    {"AUTH where it is implied", SOUND "smtpd_sasl_auth_enable = yes\n",
     "465 inet n - y - 20 smtpd\n -o smtpd_tls_wrappermode=yes\n", PLAIN, "", ""},
    {"encryption where there is none", SOUND, SMTP, "reject if encrypted\n" PLAIN, "",
     "n:never-set"},

    {"open by a word", SOUND "smtpd_policy_service_default_action = dunno\n", SMTP, PLAIN, "",
     "d:fails-open"},
    {"open by digits", SOUND "smtpd_policy_service_default_action = 451\n", SMTP, PLAIN, "",
     "d:fails-open"},
    {"closed by digits and a text", SOUND "smtpd_policy_service_default_action = 451 Later\n", SMTP,
     PLAIN, "", ""},
    {"closed by Postfix", SOUND "smtpd_policy_service_default_action = reject_unauth_destination\n",
     SMTP, PLAIN, "", ""},
    {"closed for good", SOUND "smtpd_policy_service_default_action = REJECT down\n", SMTP, PLAIN,
     "", "n:fails-for-good"},
    {"open at one service",
     RELAY "check_policy_service { unix:private/policyd, default_action=OK }, reject\n", SMTP,
     PLAIN, "", "d:fails-open"},
    {"one try", SOUND "smtpd_policy_service_try_limit = 1\n", SMTP, PLAIN, "", "w:one-try"},
    {"299 seconds", SOUND "smtpd_policy_service_timeout = 149s\n", SMTP, PLAIN, "", ""},
    {"301 seconds", SOUND "smtpd_policy_service_timeout = 150s\n", SMTP, PLAIN, "",
     "w:slow-failure"},
    {"minutes", SOUND "smtpd_policy_service_timeout = 3m\n", SMTP, PLAIN, "", "w:slow-failure"},

    {"a limit that is reached", SOUND, SMTP "587 inet n - y - 5 smtpd\n", PLAIN,
     "connections_max 24\n", "w:connections"},
    {"a limit that is not", SOUND, SMTP "587 inet n - y - 5 smtpd\n", PLAIN, "connections_max 25\n",
     ""},
    {"two ways of asking",
     SOUND "smtpd_data_restrictions = check_policy_service { "
           "unix:private/policyd, policy_context=data }\n",
     SMTP, PLAIN, "connections_max 39\n", "w:connections"},
    {"one way, twice", SOUND "smtpd_data_restrictions = " ASK "\n", SMTP, PLAIN,
     "connections_max 20\n", ""},
    {"no limit of processes", SOUND, "smtp inet n - y - 0 smtpd\n", PLAIN, "connections_max 1\n",
     "n:no-limit"},

    {"recipient_count at RCPT", SOUND, SMTP, "reject if recipient_count > 9\n" PLAIN, "",
     "w:wrong-list"},
    {"recipient_count at DATA", SOUND "smtpd_data_restrictions = " ASK "\n", SMTP,
     "reject if recipient_count > 9\n" PLAIN, "", ""},
    {"a state that is not asked", SOUND, SMTP, "dunno if protocol_state == \"DATA\"\n" PLAIN, "",
     "w:state-never-asked"},
    {"a state that is not meant", SOUND, SMTP, "dunno if protocol_state != \"DATA\"\n" PLAIN, "",
     ""},
    {"a state that is meant after all", SOUND, SMTP,
     "dunno if not protocol_state != \"DATA\"\n" PLAIN, "", "w:state-never-asked"},
    {"declared size", SOUND, SMTP, "reject if size > 1M\n" PLAIN, "", "n:size-declared"},
    {"only in an assertion", SOUND, SMTP, PLAIN "never permit if recipient_count > 9\n", "", ""},
    {"several recipients at DATA", SOUND "smtpd_data_restrictions = " ASK "\n", SMTP,
     "domains local = local.example\ndunno if recipient in local\nreject\n", "",
     "d:refused-at-data"},
    {"several, asked of another",
     SOUND "smtpd_data_restrictions = check_policy_service inet:127.0.0.1:1\n", SMTP,
     "domains local = local.example\ndunno if recipient in local\nreject\n", "", ""},
    {"several, but not refused", SOUND "smtpd_data_restrictions = " ASK "\n", SMTP,
     "domains local = local.example\ndunno if protocol_state == \"DATA\"\n"
     "dunno if recipient in local\nreject\n",
     "", ""},
    {"a context that isn't sent", SOUND, SMTP, "dunno if policy_context == \"a\"\n" PLAIN, "",
     "w:context-not-sent;n:context-not-used"},
    {"a context that is",
     RELAY "check_policy_service { unix:private/policyd, policy_context=a }, "
           "reject\n",
     SMTP, "dunno if policy_context == \"a\"\n" PLAIN, "", ""},
    {"a context for all", SOUND "smtpd_policy_service_policy_context = a\n", SMTP,
     "dunno if policy_context == \"a\"\n" PLAIN, "", ""},
    {"too old", SOUND "mail_version = 3.0.1\n", SMTP, "dunno if policy_context == \"\\\"\"\n" PLAIN,
     "", "w:never-sent;w:context-not-sent;n:context-not-used"},
    {"of no version", SOUND "mail_version = mine\n", SMTP, "dunno if mail_version == \"1\"\n" PLAIN,
     "", ""},
    {"old enough", SOUND "mail_version = 3.10.1\n", SMTP, "dunno if mail_version == \"1\"\n" PLAIN,
     "", ""},
};

/* A folder with main.cf and master.cf, and a queue directory with sockets, for one row. */
static char *folder;
static char *queue;

static void write_file(const char *name, const char *text) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_auto(GStrv) parts = g_strsplit(text, "QUEUE", -1);
    g_autofree char *whole = g_strjoinv(queue, parts);
    ck_assert(g_file_set_contents(path, whole, -1, NULL));
    /* Postfix waits until a new file is two seconds old. */
    const struct utimbuf past = {1, 1};
    ck_assert_int_eq(utime(path, &past), 0);
}

static void add_socket(const char *name, gboolean listens) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = g_build_filename(queue, "private", name, NULL);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert(!listens || listen(fd, 8) == 0);
}

static void make_folder(const char *main_cf, const char *master_cf) {
    folder = g_dir_make_tmp("doctor-XXXXXX", NULL);
    queue = g_build_filename(folder, "queue", NULL);
    g_autofree char *private = g_build_filename(queue, "private", NULL);
    g_autofree char *text = g_strdup_printf("mail_owner = %s\nqueue_directory = QUEUE\n" MAIN "%s",
                                            getpwuid(geteuid())->pw_name, main_cf);
    ck_assert_int_eq(g_mkdir_with_parents(private, 0700), 0);
    add_socket("policyd", TRUE);
    add_socket("policyd.old", FALSE);
    write_file("queue/private/policyd.txt", "");
    write_file("main.cf", text);
    write_file("master.cf", master_cf);
}

static void remove_folder(void) {
    static const char *const names[] = {"queue/private/policyd",
                                        "queue/private/policyd.old",
                                        "queue/private/policyd.txt",
                                        "queue/private",
                                        "queue",
                                        "main.cf",
                                        "master.cf"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_remove(path);
    }
    g_rmdir(folder);
    g_free(folder);
    g_free(queue);
}

static GArray *make_interfaces(void) {
    static const char *const networks[] = {"198.51.100.0/24", "10.1.2.0/24", "127.0.0.0/8"};
    GArray *interfaces = interfaces_new();
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++) {
        Interface interface = {.name = g_strdup("eth0")};
        network_parse(text_from_string(networks[i]), FALSE, &interface.network, NULL);
        g_array_append_val(interfaces, interface);
    }
    return interfaces;
}

static char *show(const GPtrArray *findings) {
    static const char levels[] = {'d', 'w', 'n'};
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        g_string_append_printf(out, "%s%c:%s", i > 0 ? ";" : "", levels[finding->level],
                               finding->kind);
    }
    return g_string_free(out, FALSE);
}

static Ruleset *compile(const char *rules) {
    const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("r", text_from_string(rules), &host, diagnostics);
    g_autofree char *said = diagnostics_format(diagnostics);
    ck_assert_msg(ruleset != NULL, "%s", said);
    return ruleset;
}

START_TEST(test_examination) {
    g_autoptr(GError) error = NULL;
    make_folder(rows[_i].main, rows[_i].master);
    g_autoptr(PostfixSettings) postfix = postfix_settings_read(folder, &error);
    ck_assert_msg(postfix != NULL, "%s", error ? error->message : "");
    g_auto(GStrv) parts = g_strsplit(rows[_i].status ? rows[_i].status : "", "QUEUE", -1);
    g_autofree char *status = g_strjoinv(queue, parts);
    g_autoptr(DaemonStatus) daemon = rows[_i].status ? daemon_status_parse(status) : NULL;
    g_autoptr(GArray) interfaces = make_interfaces();
    g_autoptr(Ruleset) ruleset = rows[_i].rules ? compile(rows[_i].rules) : NULL;
    const Evidence evidence = {.postfix = postfix,
                               .folder = folder,
                               .ruleset = ruleset,
                               .rules = "r",
                               .rules_given = TRUE,
                               .daemon = daemon,
                               .interfaces = interfaces};
    g_autoptr(Installation) installation = installation_new(&evidence);
    g_autoptr(GPtrArray) findings = examination_run(installation);
    g_autofree char *got = show(findings);
    g_autofree char *text = findings_format(findings);
    remove_folder();
    ck_assert_msg(g_str_equal(got, rows[_i].want), "%s: got '%s', not '%s'\n%s", rows[_i].name, got,
                  rows[_i].want, text);
}
END_TEST

/* The rules that the daemon itself names, and its hash of them: theirs, or another one. */
START_TEST(test_rules_older) {
    g_autoptr(GError) error = NULL;
    make_folder(SOUND, SMTP);
    g_autoptr(PostfixSettings) postfix = postfix_settings_read(folder, &error);
    ck_assert_msg(postfix != NULL, "%s", error ? error->message : "");
    g_autoptr(Ruleset) ruleset = compile(PLAIN);
    g_autofree char *status =
        g_strdup_printf("ruleset %s\n", _i == 0 ? ruleset_hash(ruleset) : "00000000");
    g_autoptr(DaemonStatus) daemon = daemon_status_parse(status);
    g_autoptr(GArray) interfaces = make_interfaces();
    const Evidence evidence = {.postfix = postfix,
                               .ruleset = ruleset,
                               .rules = "r",
                               .daemon = daemon,
                               .interfaces = interfaces};
    g_autoptr(Installation) installation = installation_new(&evidence);
    g_autoptr(GPtrArray) findings = examination_run(installation);
    g_autofree char *got = show(findings);
    remove_folder();
    ck_assert_str_eq(got, _i == 0 ? "" : "w:rules-older");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("doctor");
    unit_add(suite, "test_rules_older", test_rules_older, 2);
    UNIT_ADD_TABLE(suite, test_examination, rows);
    return unit_run(suite);
}
