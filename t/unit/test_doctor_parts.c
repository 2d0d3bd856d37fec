/*
 * Units of policyd/ctl/doctor's parts: sets of addresses compared, findings joined, sorted and
 * printed, and whether a user gets to a socket.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/doctor/address_gap.h"
#include "ctl/doctor/finding.h"
#include "ctl/doctor/socket_reach.h"
#include "unit/unit.h"

static const struct {
    const char *name;
    const char *set;
    const char *other;
    const char *want;
} gaps[] = {
    {"nothing", "", "", ""},
    {"nothing to miss", "", "10.0.0.0/8", ""},
    {"all", "10.0.0.0/8", "", "10.0.0.0/8"},
    {"the same", "10.0.0.0/8", "10.0.0.0/8", ""},
    {"the same in parts", "10.0.0.0/8", "10.0.0.0/9 10.128.0.0/9", ""},
    {"within", "10.1.0.0/16", "10.0.0.0/8", ""},
    {"the end", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9"},
    {"the beginning", "10.0.0.0/8", "10.128.0.0/9", "10.0.0.0/9"},
    {"a hole", "10.0.0.0/8", "10.1.2.0/24", "10.0.0.0-10.1.1.255 10.1.3.0-10.255.255.255"},
    {"two holes", "10.0.0.0/30", "10.0.0.0 10.0.0.2", "10.0.0.1 10.0.0.3"},
    {"of no block's size", "10.0.0.0/30", "10.0.0.3", "10.0.0.0-10.0.0.2"},
    {"not at a block's place", "10.0.0.0/29", "10.0.0.0 10.0.0.3/32 10.0.0.4/30",
     "10.0.0.1-10.0.0.2"},
    {"all of IPv4", "0.0.0.0/0", "", "0.0.0.0/0"},
    {"all but the last", "0.0.0.0/0", "255.255.255.255", "0.0.0.0-255.255.255.254"},
    {"all of IPv6", "::/0", "", "::/0"},
    {"all but the first of IPv6", "::/0", "::", "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"families apart", "10.0.0.0/8 2001:db8::/32", "2001:db8::/33",
     "10.0.0.0/8 2001:db8:8000::/33"},
};

static NetworkSet *make_set(const char *text) {
    NetworkSet *set = network_set_new();
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word; word++) {
        Network network;
        if (**word) {
            ck_assert(network_parse(text_from_string(*word), FALSE, &network, NULL));
            network_set_add(set, &network);
        }
    }
    network_set_seal(set);
    return set;
}

START_TEST(test_gaps) {
    NetworkSet *set = make_set(gaps[_i].set);
    NetworkSet *other = make_set(gaps[_i].other);
    g_autoptr(GPtrArray) found = address_gaps(set, other);
    g_autoptr(GString) got = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        g_string_append_printf(got, "%s%s", i > 0 ? " " : "",
                               (const char *)g_ptr_array_index(found, i));
    }
    network_set_free(set);
    network_set_free(other);
    UNIT_ASSERT_TEXT(gaps[_i].name, text_from_string(got->str), text_from_string(gaps[_i].want));
}
END_TEST

static void add(GPtrArray *findings, FindingLevel level, const char *service, const char *what) {
    Finding *finding = findings_add(findings, level, "kind", "Why.", "%s", what);
    finding_set_place(finding, service, "parameter");
}

START_TEST(test_join_and_sort) {
    g_autoptr(GPtrArray) findings = findings_new();
    add(findings, FINDING_NOTE, "a/inet", "first");
    add(findings, FINDING_WARNING, "a/inet", "second");
    add(findings, FINDING_NOTE, "b/inet", "first");
    add(findings, FINDING_DANGER, NULL, "third");
    add(findings, FINDING_DANGER, NULL, "third");
    add(findings, FINDING_WARNING, "b/inet", "fourth");
    findings_finish(findings);
    g_autofree char *text = findings_format(findings);
    ck_assert_str_eq(text, "danger: third\n  where  parameter\n  why    Why.\n\n"
                           "danger: third\n  where  parameter\n  why    Why.\n\n"
                           "warning: second\n  where  parameter of a/inet\n  why    Why.\n\n"
                           "warning: fourth\n  where  parameter of b/inet\n  why    Why.\n\n"
                           "note: first\n  where  parameter of a/inet, b/inet\n  why    Why.\n\n");
    ck_assert_uint_eq(findings_count(findings, FINDING_DANGER), 2);
    ck_assert_uint_eq(findings_count(findings, FINDING_NOTE), 1);
}
END_TEST

START_TEST(test_escapes) {
    g_autoptr(GPtrArray) findings = findings_new();
    Finding *finding =
        findings_add(findings, FINDING_NOTE, "kind", "Why.", "%s", "a\x1b[31m\n\xff\xc2\x9b");
    finding->command = g_strdup("run\r");
    g_autofree char *text = findings_format(findings);
    ck_assert_str_eq(text, "note: a\\x1b[31m\\x0a\\xff\\xc2\\x9b\n  why    Why.\n"
                           "  run    run\\x0d\n\n");
}
END_TEST

/* The modes of folder, folder within it, and socket; they are ours, and OTHER is in our group, or
 * is somebody else. */
#define STRANGER 1
#define KIN 2
static const struct {
    const char *name;
    mode_t modes[3];
    int who; /* 0: the owner */
    SocketReach want;
} ways[] = {
    {"open", {0755, 0755, 0666}, STRANGER, SOCKET_REACHED},
    {"only search and write", {0711, 0711, 0222}, STRANGER, SOCKET_REACHED},
    {"the owner", {0700, 0700, 0600}, 0, SOCKET_REACHED},
    {"a stranger", {0755, 0755, 0600}, STRANGER, SOCKET_READONLY},
    {"a stranger, for the group", {0755, 0755, 0660}, STRANGER, SOCKET_READONLY},
    {"the group", {0755, 0750, 0660}, KIN, SOCKET_REACHED},
    {"others but not the group", {0755, 0755, 0606}, KIN, SOCKET_READONLY},
    {"the first folder", {0744, 0755, 0666}, STRANGER, SOCKET_FOLDER},
    {"the second folder", {0755, 0700, 0666}, STRANGER, SOCKET_FOLDER},
    {"the folder, for the group", {0755, 0700, 0660}, KIN, SOCKET_FOLDER},
};

static int bind_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

START_TEST(test_reach) {
    g_autofree char *base = g_dir_make_tmp("doctor-XXXXXX", NULL);
    g_autofree char *first = g_build_filename(base, "a", NULL);
    g_autofree char *second = g_build_filename(first, "b", NULL);
    g_autofree char *path = g_build_filename(second, "s", NULL);
    g_autofree char *culprit = NULL;
    g_autoptr(Account) account = g_new0(Account, 1);
    struct stat own;
    ck_assert_int_eq(g_mkdir_with_parents(second, 0700), 0);
    int fd = bind_at(path);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(stat(path, &own), 0);
    account->user = ways[_i].who ? own.st_uid + 12345 : own.st_uid;
    account->groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    gid_t group = ways[_i].who == KIN ? own.st_gid : own.st_gid + 12345;
    g_array_append_val(account->groups, group);
    chmod(base, 0755);
    chmod(path, ways[_i].modes[2]);
    chmod(second, ways[_i].modes[1]);
    chmod(first, ways[_i].modes[0]);
    SocketReach got = socket_reach(base, path, account, &culprit);
    chmod(first, 0700);
    chmod(second, 0700);
    close(fd);
    g_remove(path);
    g_rmdir(second);
    g_rmdir(first);
    g_rmdir(base);
    ck_assert_msg(got == ways[_i].want, "%s: got %d, at %s", ways[_i].name, (int)got,
                  culprit ? culprit : "none");
}
END_TEST

START_TEST(test_no_socket) {
    g_autofree char *base = g_dir_make_tmp("doctor-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(base, "s", NULL);
    g_autofree char *way = NULL;
    g_autofree char *end = NULL;
    g_autofree char *deaf = NULL;
    g_autoptr(Account) account = g_new0(Account, 1);
    account->user = geteuid();
    account->groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    ck_assert_int_eq(socket_reach(base, path, account, &way), SOCKET_MISSING);
    ck_assert_str_eq(way, path);
    ck_assert(g_file_set_contents(path, "", 0, NULL));
    ck_assert_int_eq(socket_reach("", path, account, &end), SOCKET_OTHER);
    g_remove(path);
    int fd = bind_at(path);
    ck_assert_int_eq(socket_reach(base, path, account, &deaf), SOCKET_DEAF);
    close(fd);
    g_remove(path);
    g_rmdir(base);
}
END_TEST

START_TEST(test_account) {
    g_autoptr(Account) root = account_new("root");
    ck_assert_uint_eq(root->user, 0);
    ck_assert_uint_ge(root->groups->len, 1);
    ck_assert_ptr_null(account_new("nobody-at-all"));
    account_free(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("doctor_parts");
    UNIT_ADD_TABLE(suite, test_gaps, gaps);
    unit_add(suite, "join_and_sort", test_join_and_sort, 1);
    unit_add(suite, "escapes", test_escapes, 1);
    UNIT_ADD_TABLE(suite, test_reach, ways);
    unit_add(suite, "no_socket", test_no_socket, 1);
    unit_add(suite, "account", test_account, 1);
    return unit_run(suite);
}
