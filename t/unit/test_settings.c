/*
 * Units of policyd/settings, and of policyd/listener_address, whose texts arrive through it.
 */
#include "settings.h"

#include <glib/gstdio.h>
#include <string.h>

#include "listener_address.h"
#include "unit/unit.h"

/* Words of a command line are parted by spaces; FILE stands for the settings file's path. Where
 * `file` is NULL there is none. */
typedef struct {
    const char *name;
    const char *words;
    const char *file;
    const char *error; /* all of it, with FILE for the path */
} Row;

#define GOOD "--rules r --listen unix:s "
#define CONFIG "[policyd]\nrules=r\nlisten=unix:s\n"

static const Row faults[] = {
    {"nothing", "", NULL, "there is no rule file; give --rules FILE"},
    {"no listener", "--rules r", NULL, "there is nothing to listen on; give --listen unix:PATH"},
    {"unknown option", GOOD "--port 1", NULL, "Unknown option --port"},
    {"an argument", GOOD "x", NULL, "'x' is no option"},
    {"no value", GOOD "--workers", NULL, "Missing argument for --workers"},
    {"a value for a flag", GOOD "--dry-run=false", NULL, "--dry-run: it takes no value"},
    {"empty rules", "--rules= --listen unix:s", NULL, "--rules: the value is empty"},
    {"rules twice", GOOD "--rules q", NULL, "--rules: it is given twice"},
    {"dry run twice", GOOD "--dry-run --dry-run", NULL, "--dry-run: it is given twice"},
    {"empty user", GOOD "--user=", NULL, "--user: the value is empty"},
    {"no workers", GOOD "--workers 0", NULL, "--workers: '0' is not a number from 1 to 256"},
    {"too many workers", GOOD "--workers 257", NULL,
     "--workers: '257' is not a number from 1 to 256"},
    {"a sign", GOOD "--workers +1", NULL, "--workers: '+1' is not a number from 1 to 256"},
    {"negative", GOOD "--workers -1", NULL, "--workers: '-1' is not a number from 1 to 256"},
    {"hexadecimal", GOOD "--workers 0x2", NULL, "--workers: '0x2' is not a number from 1 to 256"},
    {"a unit", GOOD "--workers 2k", NULL, "--workers: '2k' is not a number from 1 to 256"},
    {"no number", GOOD "--workers=", NULL, "--workers: '' is not a number from 1 to 256"},
    {"over 2^64", GOOD "--workers 18446744073709551617", NULL,
     "--workers: '18446744073709551617' is not a number from 1 to 256"},
    {"no connections", GOOD "--max-connections 0", NULL,
     "--max-connections: '0' is not a number from 1 to 1048576"},
    {"too many connections", GOOD "--max-connections 1048577", NULL,
     "--max-connections: '1048577' is not a number from 1 to 1048576"},
    {"no time", GOOD "--request-timeout 0", NULL,
     "--request-timeout: '0' is not a number from 1 to 3600"},
    {"a control socket of no path", GOOD "--control unix:c", NULL,
     "--control: 'unix:c' is neither none nor unix:PATH, a path from / on without a comma"},
    {"a control socket with a mode", GOOD "--control unix:/c,mode=0600", NULL,
     "--control: 'unix:/c,mode=0600' is neither none nor unix:PATH, a path from / on without a "
     "comma"},
    {"no proof", GOOD "--proof-budget 0", NULL,
     "--proof-budget: '0' is not a number from 1 to 200000000"},
    {"too much proof", GOOD "--proof-budget 200000001", NULL,
     "--proof-budget: '200000001' is not a number from 1 to 200000000"},
    {"half a sandbox", GOOD "--sandbox some", NULL, "--sandbox: 'some' is neither on nor off"},
    {"too much time", GOOD "--request-timeout 3601", NULL,
     "--request-timeout: '3601' is not a number from 1 to 3600"},
    {"unknown audit", GOOD "--audit pipe", NULL,
     "--audit: 'pipe' is none of file:PATH, syslog, journal, stderr, none"},
    {"audit without a path", GOOD "--audit file:", NULL,
     "--audit: 'file:' is none of file:PATH, syslog, journal, stderr, none"},
    {"audit twice", GOOD "--audit stderr --audit stderr", NULL, "--audit: 'stderr' is given twice"},
    {"none and more", GOOD "--audit none --audit stderr", NULL, "--audit: 'none' stands alone"},

    {"no scheme", "--rules r --listen s", NULL,
     "--listen: 's' is neither unix:PATH nor inet:ADDRESS:PORT"},
    {"no path", "--rules r --listen unix:", NULL, "--listen: the path is missing: unix:PATH"},
    {"options only", "--rules r --listen unix:,mode=0600", NULL,
     "--listen: the path is missing: unix:PATH"},
    {"unknown socket option", "--rules r --listen unix:s,backlog=5", NULL,
     "--listen: 'backlog=5' is none of mode=MODE, owner=NAME, group=NAME"},
    {"empty socket option", "--rules r --listen unix:s,", NULL,
     "--listen: '' is none of mode=MODE, owner=NAME, group=NAME"},
    {"mode not octal", "--rules r --listen unix:s,mode=0680", NULL,
     "--listen: 'mode=0680' is not an octal mode, such as mode=0660"},
    {"mode too long", "--rules r --listen unix:s,mode=1777", NULL,
     "--listen: 'mode=1777' is not an octal mode, such as mode=0660"},
    {"mode too short", "--rules r --listen unix:s,mode=66", NULL,
     "--listen: 'mode=66' is not an octal mode, such as mode=0660"},
    {"mode twice", "--rules r --listen unix:s,mode=660,mode=660", NULL,
     "--listen: 'mode=660' is empty or given twice"},
    {"owner twice", "--rules r --listen unix:s,owner=a,owner=b", NULL,
     "--listen: 'owner=b' is empty or given twice"},
    {"empty group", "--rules r --listen unix:s,group=", NULL,
     "--listen: 'group=' is empty or given twice"},
    {"no port", "--rules r --listen inet:localhost", NULL,
     "--listen: the port is missing: inet:ADDRESS:PORT"},
    {"a host name", "--rules r --listen inet:localhost:1", NULL,
     "--listen: 'localhost' is not an address, such as 127.0.0.1 or [::1]"},
    {"a short address", "--rules r --listen inet:127.1:1", NULL,
     "--listen: '127.1' is not an address, such as 127.0.0.1 or [::1]"},
    {"no brackets", "--rules r --listen inet:::1:1", NULL,
     "--listen: '::1' is not an address, such as 127.0.0.1 or [::1]"},
    {"brackets around IPv4", "--rules r --listen inet:[127.0.0.1]:1", NULL,
     "--listen: '[127.0.0.1]' is not an address, such as 127.0.0.1 or [::1]"},
    {"port 0", "--rules r --listen inet:127.0.0.1:0", NULL,
     "--listen: '0' is not a port from 1 to 65535"},
    {"port too high", "--rules r --listen inet:127.0.0.1:65536", NULL,
     "--listen: '65536' is not a port from 1 to 65535"},

    {"unknown key", "--config FILE", CONFIG "port=1\n", "FILE: the key 'port' is unknown"},
    {"config in the file", "--config FILE", CONFIG "config=x\n",
     "FILE: the key 'config' is unknown"},
    {"unknown group", "--config FILE", CONFIG "[other]\n",
     "FILE: the group '[other]' is unknown; there is only [policyd]"},
    {"repeated key", "--config FILE", CONFIG "workers=1\n workers = 2\n",
     "FILE: workers: it is given twice"},
    {"wrong number", "--config FILE", CONFIG "workers=0\n",
     "FILE: workers: '0' is not a number from 1 to 256"},
    {"wrong truth", "--config FILE", CONFIG "dry-run=yes\n",
     "FILE: dry-run: 'yes' is neither true nor false"},
    {"wrong listener", "--config FILE", "[policyd]\nrules=r\nlisten=unix:s;s\n",
     "FILE: listen: 's' is neither unix:PATH nor inet:ADDRESS:PORT"},
};

static char *replace_file(const char *text, const char *path) {
    g_auto(GStrv) parts = g_strsplit(text, "FILE", 2);
    gboolean there = strstr(text, "FILE") && !strstr(text, "--rules FILE");
    return there ? g_strjoinv(path, parts) : g_strdup(text);
}

/* Parses a command line, with the settings file in a folder of its own; *out_path is to be freed.
 */
static Settings *parse(const char *words, const char *file, char **out_path, GError **error) {
    g_autofree char *folder = g_dir_make_tmp("settings-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "policyd.conf", NULL);
    g_autofree char *replaced = replace_file(words, path);
    g_autofree char *line = g_strconcat("policyd ", replaced, NULL);
    g_auto(GStrv) arguments = g_strsplit(g_strstrip(line), " ", -1);
    ck_assert(!file || g_file_set_contents(path, file, -1, NULL));
    Settings *settings = settings_parse(arguments, error);
    g_unlink(path);
    g_rmdir(folder);
    *out_path = g_steal_pointer(&path);
    return settings;
}

START_TEST(test_fault) {
    const Row *row = &faults[_i];
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = parse(row->words, row->file, &path, &error);
    ck_assert_msg(!settings && error, "%s: no error", row->name);
    g_autofree char *want = replace_file(row->error, path);
    ck_assert_msg(g_str_equal(error->message, want), "%s: got \"%s\", not \"%s\"", row->name,
                  error->message, want);
}
END_TEST

/* What is read, in one line. */
static char *show(const Settings *settings) {
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text,
        "rules=%s workers=%u connections=%u timeout=%u proof=%u dry=%d sandbox=%d user=%s "
        "control=%s%s",
        settings->rules, settings->workers, settings->max_connections, settings->request_timeout,
        settings->proof_budget, settings->dry_run, settings->sandbox,
        settings->user ? settings->user : "-", settings->control ? settings->control : "-",
        settings->control_default ? "?" : "");
    for (guint i = 0; i < settings->listen->len; i++) {
        const ListenerAddress *address = g_ptr_array_index(settings->listen, i);
        g_string_append_printf(text, " listen=%s", address->text);
    }
    for (guint i = 0; i < settings->audit->len; i++) {
        g_string_append_printf(text, " audit=%s", (char *)g_ptr_array_index(settings->audit, i));
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *name;
    const char *words;
    const char *file;
    const char *shown;
} rows[] = {
    {"the defaults", GOOD "--workers 1", NULL,
     "rules=r workers=1 connections=10000 timeout=30 proof=8000000 dry=0 sandbox=1 user=- "
     "control=/run/policyd/control? listen=unix:s "
     "audit=stderr"},
    {"all options",
     "--rules=r --listen unix:s,mode=0600 --listen inet:[::1]:65535 --audit file:a --audit syslog "
     "--workers 256 --user nobody --dry-run --max-connections 1048576 --request-timeout 3600 "
     "--proof-budget 200000000 --control unix:/c --sandbox off",
     NULL,
     "rules=r workers=256 connections=1048576 timeout=3600 proof=200000000 dry=1 sandbox=0 "
     "user=nobody "
     "control=/c listen=unix:s,mode=0600 listen=inet:[::1]:65535 audit=file:a audit=syslog"},
    {"the least",
     GOOD "--workers 1 --max-connections 1 --request-timeout 1 --proof-budget 1 --audit none", NULL,
     "rules=r workers=1 connections=1 timeout=1 proof=1 dry=0 sandbox=1 user=- "
     "control=/run/policyd/control? "
     "listen=unix:s"},
    {"a file", "--config FILE",
     "# comment\n[policyd]\nrules = r\nlisten=unix:s;inet:127.0.0.1:1\naudit=file:a;stderr;\n"
     "workers=2\nuser=nobody\ndry-run=true\nmax-connections=5\nrequest-timeout=6\nproof-budget="
     "7\ncontrol=none\nsandbox=off\n",
     "rules=r workers=2 connections=5 timeout=6 proof=7 dry=1 sandbox=0 user=nobody control=- "
     "listen=unix:s "
     "listen=inet:127.0.0.1:1 audit=file:a audit=stderr"},
    {"flags win over the file", "--config FILE --workers 3 --audit none --listen unix:t",
     CONFIG "workers=2\naudit=stderr\n",
     "rules=r workers=3 connections=10000 timeout=30 proof=8000000 dry=0 sandbox=1 user=- "
     "control=/run/policyd/control? listen=unix:t"},
    {"also over a wrong value", "--config FILE --workers 3", CONFIG "workers=x\n",
     "rules=r workers=3 connections=10000 timeout=30 proof=8000000 dry=0 sandbox=1 user=- "
     "control=/run/policyd/control? listen=unix:s "
     "audit=stderr"},
    {"false in a file", "--config FILE --workers 3", CONFIG "dry-run=false\n",
     "rules=r workers=3 connections=10000 timeout=30 proof=8000000 dry=0 sandbox=1 user=- "
     "control=/run/policyd/control? listen=unix:s "
     "audit=stderr"},
    {"bytes that are not UTF-8", GOOD "--workers 1 --user \xff", NULL,
     "rules=r workers=1 connections=10000 timeout=30 proof=8000000 dry=0 sandbox=1 user=\xff "
     "control=/run/policyd/control? listen=unix:s "
     "audit=stderr"},
};

START_TEST(test_read) {
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = parse(rows[_i].words, rows[_i].file, &path, &error);
    ck_assert_msg(settings != NULL, "%s: %s", rows[_i].name, error ? error->message : "");
    g_autofree char *shown = show(settings);
    ck_assert_msg(g_str_equal(shown, rows[_i].shown), "%s: got \"%s\"", rows[_i].name, shown);
}
END_TEST

static const struct {
    const char *text;
    const char *path;
    guint mode;
    const char *owner;
    const char *group;
    const char *host;
    guint port;
} addresses[] = {
    {"unix:/run/s", "/run/s", 0660, NULL, NULL, NULL, 0},
    {"unix:/run/s,mode=0600", "/run/s", 0600, NULL, NULL, NULL, 0},
    {"unix:a:b,mode=777,owner=me,group=7", "a:b", 0777, "me", "7", NULL, 0},
    {"unix:s,group=g", "s", 0660, NULL, "g", NULL, 0},
    {"inet:127.0.0.1:10040", NULL, 0, NULL, NULL, "127.0.0.1", 10040},
    {"inet:0.0.0.0:1", NULL, 0, NULL, NULL, "0.0.0.0", 1},
    {"inet:[::]:65535", NULL, 0, NULL, NULL, "::", 65535},
    {"inet:[2001:db8::1]:80", NULL, 0, NULL, NULL, "2001:db8::1", 80},
};

START_TEST(test_address) {
    g_autoptr(ListenerAddress) address = listener_address_parse(addresses[_i].text, NULL);
    const char *name = addresses[_i].text;
    ck_assert_msg(address != NULL, "%s: refused", name);
    ck_assert_str_eq(address->text, name);
    ck_assert_pstr_eq(address->path, addresses[_i].path);
    ck_assert_pstr_eq(address->owner, addresses[_i].owner);
    ck_assert_pstr_eq(address->group, addresses[_i].group);
    ck_assert_uint_eq(address->mode, addresses[_i].mode);
    ck_assert_uint_eq(address->port, addresses[_i].port);
    if (addresses[_i].host) {
        char host[ADDRESS_TEXT_SIZE];
        address_print(&address->host, host);
        ck_assert_str_eq(host, addresses[_i].host);
    }
}
END_TEST

/* sun_path holds 107 bytes and a NUL. */
START_TEST(test_path_length) {
    g_autofree char *path = g_strnfill(108, 'x');
    g_autofree char *too_long = g_strconcat("unix:", path, NULL);
    g_autofree char *longest = g_strndup(too_long, strlen("unix:") + 107);
    g_autoptr(GError) error = NULL;
    g_autoptr(ListenerAddress) address = listener_address_parse(longest, NULL);
    ck_assert_ptr_nonnull(address);
    ck_assert_ptr_null(listener_address_parse(too_long, &error));
    ck_assert(g_str_has_suffix(error->message, "is longer than 107 bytes"));
}
END_TEST

static const struct {
    const char *words;
    const char *start;
} prints[] = {
    {"--help", "Usage:"},
    {"--version", "policyd "},
    {"--version --rules r", "policyd "},
};

START_TEST(test_print) {
    g_autofree char *path = NULL;
    g_autoptr(Settings) settings = parse(prints[_i].words, NULL, &path, NULL);
    ck_assert_msg(settings && settings->print
                      && g_str_has_prefix(settings->print, prints[_i].start),
                  "%s", prints[_i].words);
}
END_TEST

START_TEST(test_no_file) {
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(parse("--config FILE", NULL, &path, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "No such file or directory"));
}
END_TEST

static const struct {
    const char *name;
    gsize length;
    gboolean taken;
} sizes[] = {
    {"at the limit", 65536, TRUE},
    {"one past it", 65537, FALSE},
};

START_TEST(test_file_length) {
    g_autofree char *path = NULL;
    g_autoptr(GString) file = g_string_new(CONFIG "#");
    while (file->len < sizes[_i].length) {
        g_string_append_c(file, 'x');
    }
    g_autoptr(Settings) settings = parse("--config FILE", file->str, &path, NULL);
    ck_assert_msg((settings != NULL) == sizes[_i].taken, "%s", sizes[_i].name);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("settings");
    UNIT_ADD_TABLE(suite, test_fault, faults);
    UNIT_ADD_TABLE(suite, test_read, rows);
    UNIT_ADD_TABLE(suite, test_address, addresses);
    unit_add(suite, "test_path_length", test_path_length, 1);
    UNIT_ADD_TABLE(suite, test_print, prints);
    unit_add(suite, "test_no_file", test_no_file, 1);
    UNIT_ADD_TABLE(suite, test_file_length, sizes);
    return unit_run(suite);
}
