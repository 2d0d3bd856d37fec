/*
 * Units of lib/rules/compile_source: lists from files and from Postfix's configuration, by a
 * postconf of the test's own.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "limit.h"
#include "unit/rules.h"

static char *folder; /* of the test's list files */

static void make_folder(void) {
    folder = g_dir_make_tmp("policyd-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
}

static char *path_of(const char *name) {
    return g_build_filename(folder, name, NULL);
}

/* A text with `@/` replaced by the test's folder. */
static char *place(const char *text) {
    g_autofree char *with_slash = g_strconcat(folder, "/", NULL);
    g_auto(GStrv) parts = g_strsplit(text, "@/", -1);
    return g_strjoinv(with_slash, parts);
}

static void write_file(const char *name, const char *text) {
    g_autofree char *path = path_of(name);
    g_autofree char *placed = place(text);
    ck_assert(g_file_set_contents(path, placed, -1, NULL));
}

static void remove_folder(void) {
    static const char *const names[] = {"list", "other", "rules"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(names[i]);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_clear_pointer(&folder, g_free);
}

/* A list's kind and the parameter, what postconf has, and what then is or is not in the list. In
 * values and reports, `@/` is in the test's folder. */
typedef struct {
    const char *name;
    const char *item;    /* `networks mynetworks` */
    const char *value;   /* NULL: no such parameter */
    const char *parents; /* parent_domain_matches_subdomains; NULL: no such parameter */
    const char *inside;
    const char *outside;
    const char *faults; /* NULL: none */
} PostconfRow;

#define LOOKUP_NETWORKS                                                                       \
    "a lookup table can't be read; list its networks in a file of their own (IPv6 stands in " \
    "brackets)"
#define LOOKUP_DOMAINS                                                                          \
    "a lookup table can't be read; list its contents in a file of their own, or leave them to " \
    "Postfix with restrict \"reject_unauth_destination\""
#define LEADING_DOT "Postfix matches nothing with a leading dot here; list the domain without it"
#define EXCLUSION "an exclusion can't be carried over; list what remains in a file of its own"
#define COMMENT "Postfix ignores what stands behind '#' in a value; take it out of main.cf"

static const PostconfRow postconf_rows[] = {
    {"mynetworks", "networks mynetworks",
     "127.0.0.0/8 [::ffff:10.0.0.0]/104, [::1]/128,\t192.0.2.1,,[2001:db8::]/32", "",
     "127.0.0.1 10.1.2.3 ::1 192.0.2.1 2001:db8::9", "128.0.0.1 11.0.0.1 ::2 192.0.2.2", NULL},
    {"an empty value", "networks mynetworks", "", "", "", "127.0.0.1 ::1", NULL},
    {"a value of separators", "domains mydestination", " ,\t ,", "", "", "a.example", NULL},
    {"host bits", "networks mynetworks", "[::1] 127.0.0.1/8", "", "", "",
     "postconf mynetworks:1:7: network '127.0.0.1/8' has host bits set; write 127.0.0.0/8, or "
     "127.0.0.1 for the one address"},
    {"IPv6 without brackets", "networks mynetworks", "127.0.0.1 ::1", "", "", "",
     "postconf mynetworks:1:11: " LOOKUP_NETWORKS},
    {"a host name", "networks mynetworks", "localhost", "", "", "",
     "postconf mynetworks:1:1: 'localhost' is not an address or a CIDR block"},
    {"an excluded network", "networks mynetworks", "!192.0.2.1, 192.0.2.0/24", "", "", "",
     "postconf mynetworks:1:1: " EXCLUSION},
    {"a table of networks", "networks mynetworks", "hash:/etc/postfix/networks", "", "", "",
     "postconf mynetworks:1:1: " LOOKUP_NETWORKS},
    {"a table in brackets is none", "networks mynetworks", "[::x]", "", "", "",
     "postconf mynetworks:1:1: '[::x]' is not an address or a CIDR block"},
    {"a comment", "networks mynetworks", "192.0.2.1 # 192.0.2.2 x\n192.0.2.3", "", "", "",
     "postconf mynetworks:1:11: " COMMENT},
    {"# in a word", "domains mydestination", "a#b.example", "", "", "",
     "postconf mydestination:1:1: domain 'a#b.example' holds a character that no domain has"},

    {"mydestination", "domains mydestination",
     "mail.example, localhost.example,LOCALHOST [192.0.2.1]", "relay_domains",
     "mail.example localhost [192.0.2.1]", "sub.mail.example [192.0.2.2]", NULL},
    {"a leading dot in mydestination", "domains mydestination", "a.example .b.example", "", "", "",
     "postconf mydestination:1:11: " LEADING_DOT},
    {"in virtual_alias_domains", "domains virtual_alias_domains", ".b.example", "", "", "",
     "postconf virtual_alias_domains:1:1: " LEADING_DOT},
    {"in virtual_mailbox_domains", "domains virtual_mailbox_domains", ".b.example", "", "", "",
     "postconf virtual_mailbox_domains:1:1: " LEADING_DOT},
    {"in another parameter", "domains fast_flush_domains", ".b.example a.example", "",
     "x.b.example a.example", "b.example x.a.example", NULL},
    {"a table of domains", "domains mydestination", "a.example hash:/etc/aliases", "", "", "",
     "postconf mydestination:1:11: " LOOKUP_DOMAINS},
    {"an excluded domain", "domains relay_domains", "!a.example b.example", "", "", "",
     "postconf relay_domains:1:1: " EXCLUSION},
    {"a star", "domains mydestination", "*", "", "", "",
     "postconf mydestination:1:1: domain '*' holds a character that no domain has"},

    {"relay_domains, its domains alone", "domains relay_domains", "r.example .under.example",
     "mynetworks, xrelay_domains, relay_domainsx", "r.example x.under.example",
     "sub.r.example under.example", NULL},
    {"relay_domains and what is under them", "domains relay_domains", "r.example [192.0.2.1]",
     "debug_peer_list,relay_domains smtpd_access_maps", "r.example sub.r.example [192.0.2.1]",
     "xr.example example", NULL},
    {"then a leading dot is nothing", "domains relay_domains", "r.example .under.example",
     "relay_domains", "", "", "postconf relay_domains:1:11: " LEADING_DOT},
    {"what is under them, and not whole", "domains relay_domains", "*.r.example", "relay_domains",
     "", "",
     "postconf relay_domains:1:1: domain '*.r.example' has a '*'; write '.r.example' for "
     "all domains under it"},
    {"an exclusion among the parents", "domains relay_domains", "r.example", "!relay_domains", "",
     "",
     "1:13: '!relay_domains' in parent_domain_matches_subdomains can't be carried over; name "
     "each parameter there"},
    {"a file among the parents", "domains relay_domains", "r.example", "mynetworks, /etc/parents",
     "", "",
     "1:13: '/etc/parents' in parent_domain_matches_subdomains can't be carried over; "
     "name each parameter there"},
    {"a table among the parents", "domains relay_domains", "r.example", "hash:/etc/parents", "", "",
     "1:13: 'hash:/etc/parents' in parent_domain_matches_subdomains can't be carried over; name "
     "each parameter there"},
    {"no parents", "domains relay_domains", "r.example", NULL, "", "",
     "1:13: no parameter 'parent_domain_matches_subdomains'"},
    {"they matter for relay_domains alone", "domains mydestination", "r.example", NULL, "r.example",
     "sub.r.example", NULL},

    {"addresses", "addresses notify_users", "a@b.example, c@", "", "a@b.example c@x.example",
     "a@b.exampl d@x.example", NULL},
    {"strings", "strings words", "one, two:three", "", "one two:three", "two", NULL},
    {"no such parameter", "networks nope", NULL, "", "", "", "1:14: no parameter 'nope'"},
    {"not UTF-8", "strings words", "a \xfc", "", "", "",
     "postconf words:1:3: a byte that is not UTF-8"},

    {"a file", "domains mydestination", "a.example, @/list", "",
     "a.example file.example more.example", "x.example", NULL},
    {"what is under the domains of a file", "domains relay_domains", "@/list", "relay_domains",
     "file.example sub.file.example", "example", NULL},
    {"no such file", "networks mynetworks", "[::1] /nowhere/list", "", "", "",
     "postconf mynetworks:1:7: cannot read list file '/nowhere/list': No such file or directory"},
    {"faults in a file", "domains mydestination", "* @/other", "", "", "",
     "postconf mydestination:1:1: domain '*' holds a character that no domain has\n"
     "@/other:1:1: " EXCLUSION "\n"
     "@/other:2:3: domain '*' holds a character that no domain has\n"
     "@/other:3:1: list file '@/list' names another file; name both in main.cf"},
};

static char *read_fake(const char *parameter, gpointer data, GError **error) {
    const PostconfRow *row = data;
    gboolean parents = strcmp(parameter, "parent_domain_matches_subdomains") == 0;
    const char *value = parents ? row->parents : row->value;
    if (!value) {
        g_set_error(error, G_FILE_ERROR, 0, "no parameter '%s'", parameter);
        return NULL;
    }
    return place(value);
}

static gboolean has(const List *list, const char *word) {
    Text text = text_from_string(word);
    Address address;
    switch (list_kind(list)) {
    case LIST_NETWORKS:
        return address_parse(text, &address) && list_has_address(list, &address);
    case LIST_DOMAINS:
        return list_has_domain(list, text);
    case LIST_ADDRESSES:
        return list_has_mailbox(list, text);
    case LIST_STRINGS:
        break;
    }
    return list_has_string(list, text);
}

static void assert_each(const List *list, const char *words_text, gboolean inside,
                        const char *name) {
    g_auto(GStrv) words = g_strsplit(words_text, " ", -1);
    for (char **word = words; *word && **word; word++) {
        ck_assert_msg(has(list, *word) == inside, "%s: %s", name, *word);
    }
}

/* `networks x = postconf mynetworks`, of a row. */
static char *postconf_rules(const PostconfRow *row) {
    const char *parameter = strchr(row->item, ' ') + 1;
    g_autofree char *kind = g_strndup(row->item, (gsize)(parameter - row->item - 1));
    return g_strdup_printf("%s x = postconf %s\ndunno\n", kind, parameter);
}

START_TEST(test_postconf) {
    const PostconfRow *row = &postconf_rows[_i];
    const CompileHost postconf = {read_fake, (gpointer)(guintptr)row};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    write_file("list", "file.example # a comment\n\n#another\n more.example");
    write_file("other", "!a.example\n, *\n@/list");
    g_autofree char *rules = postconf_rules(row);
    g_autoptr(Ruleset) ruleset = compile_text("f", text_from_string(rules), &postconf, diagnostics);
    g_autofree char *faults = rules_report(diagnostics, "f");
    g_autofree char *expected = place(row->faults ? row->faults : "");
    ck_assert_msg(g_str_equal(faults, expected), "%s: %s", row->name, faults);
    if (!row->faults) {
        assert_each(ruleset_list(ruleset, "x"), row->inside, TRUE, row->name);
        assert_each(ruleset_list(ruleset, "x"), row->outside, FALSE, row->name);
    }
}
END_TEST

/* What is reported of `networks x = postconf p` with a value of so many bytes. */
static char *compile_value(size_t length) {
    g_autofree char *value = g_strnfill(length, ' ');
    PostconfRow row = {.item = "networks p", .value = value};
    const CompileHost postconf = {read_fake, &row};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    memcpy(value + length - 7, "9.9.9.9", 7);
    g_autoptr(Ruleset) ruleset =
        compile_text("f", TEXT_LITERAL("networks x = postconf p\ndunno\n"), &postconf, diagnostics);
    ck_assert_int_eq(ruleset != NULL, diagnostics_count(diagnostics) == 0);
    return rules_report(diagnostics, "f");
}

START_TEST(test_value_length) {
    g_autofree char *fits = compile_value(LIMIT_POSTCONF_VALUE);
    ck_assert_str_eq(fits, "");
    g_autofree char *too_long = compile_value(LIMIT_POSTCONF_VALUE + 1);
    ck_assert_str_eq(too_long, "1:14: the value of 'p' is over 1048576 bytes long");
}
END_TEST

/* Where there is no Postfix to ask. */
START_TEST(test_no_postconf) {
    static const CompileHost none = {0};
    g_autofree char *faults =
        rules_faults("domains x = postconf mydestination\n"
                     "permit if sender in { postconf p, a.example }\ndunno\n");
    ck_assert_str_eq(faults, "1:13: postconf can't be asked here\n"
                             "2:23: postconf can't be asked here");
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    ck_assert_ptr_null(compile_text("f", TEXT_LITERAL("domains x = postconf relay_domains\ndunno"),
                                    &none, diagnostics));
    g_autofree char *again = rules_report(diagnostics, "f");
    ck_assert_str_eq(again, "1:13: postconf can't be asked here");
}
END_TEST

/* Compiles the file `rules` of the test's folder, named by a path. */
static Ruleset *compile_path(const char *path, char **faults) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_file(path, NULL, diagnostics);
    *faults = rules_report(diagnostics, path);
    return ruleset;
}

/* A list file's path starts at the rule file's folder, whatever the working directory is. */
START_TEST(test_paths) {
    g_autofree char *base = g_path_get_basename(folder);
    g_autofree char *round = g_strdup_printf("../%s/list", base);
    const char *const written[] = {"list", "./list", "@/list", round};
    g_autofree char *path = path_of("rules");
    write_file("list", "192.0.2.1\n");
    for (size_t i = 0; i < G_N_ELEMENTS(written); i++) {
        g_autofree char *rules = g_strdup_printf("networks x = file \"%s\"\ndunno\n", written[i]);
        g_autofree char *faults = NULL;
        write_file("rules", rules);
        g_autoptr(Ruleset) ruleset = compile_path(path, &faults);
        ck_assert_str_eq(faults, "");
        assert_each(ruleset_list(ruleset, "x"), "192.0.2.1", TRUE, written[i]);
    }
}
END_TEST

/* Diagnostics of list files stand where the rule file names them, among the others. */
START_TEST(test_order) {
    g_autofree char *path = path_of("rules");
    g_autofree char *faults = NULL;
    write_file("list", "a\n\n  b # c\n");
    write_file("rules", "networks x = 10.1, file \"list\", 10.2\ndunno if sizf\nnetworks = ::1\n"
                        "domains y = \"*\", file \"list\", x\n");
    g_autoptr(Ruleset) ruleset = compile_path(path, &faults);
    g_autofree char *expected = place(
        "1:14: '10.1' is not a whole address; write four numbers from 0 to 255\n"
        "@/list:1:1: 'a' is not an address or a CIDR block\n"
        "@/list:3:3: 'b' is not an address or a CIDR block\n"
        "1:33: '10.2' is not a whole address; write four numbers from 0 to 255\n"
        "2:1: the last rule must be unconditional; add 'reject \"5.7.1 Relay access denied\"' "
        "below it\n"
        "2:10: unknown attribute or condition 'sizf'; did you mean 'size'?\n"
        "3:10: unexpected '='; a name should stand here\n"
        "4:13: domain '*' holds a character that no domain has\n"
        "4:31: list 'x' holds networks; domains are wanted here");
    ck_assert_str_eq(faults, expected);
    ck_assert_ptr_null(ruleset);
}
END_TEST

START_TEST(test_unreadable) {
    g_autofree char *path = path_of("rules");
    g_autofree char *faults = NULL;
    ck_assert_ptr_null(compile_path(path, &faults));
    ck_assert_str_eq(faults, "0:0: cannot read: No such file or directory");
    g_clear_pointer(&faults, g_free);
    ck_assert_ptr_null(compile_path(folder, &faults));
    ck_assert_str_eq(faults, "0:0: cannot read: it is not a regular file");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, int rows) {
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_loop_test(tcase, test, 0, rows);
    suite_add_tcase(suite, tcase);
}

int main(void) {
    Suite *suite = suite_create("compile_source");
    add(suite, "test_postconf", test_postconf, G_N_ELEMENTS(postconf_rows));
    add(suite, "test_value_length", test_value_length, 1);
    add(suite, "test_no_postconf", test_no_postconf, 1);
    add(suite, "test_paths", test_paths, 1);
    add(suite, "test_order", test_order, 1);
    add(suite, "test_unreadable", test_unreadable, 1);
    return unit_run(suite);
}
