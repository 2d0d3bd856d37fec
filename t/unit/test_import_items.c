/*
 * Units of policyd/ctl/import/items.c: values of list parameters as items of rule files.
 */
#include "ctl/import/items.h"

#include <glib/gstdio.h>
#include <string.h>

#include "unit/unit.h"

#define EXACT FALSE, FALSE
#define PARTIAL TRUE, TRUE

#define FIFTEEN_EIGHTS                                                                         \
    "11.0.0.0/8 12.0.0.0/8 13.0.0.0/8 14.0.0.0/8 15.0.0.0/8 16.0.0.0/8 17.0.0.0/8 18.0.0.0/8 " \
    "19.0.0.0/8 20.0.0.0/8 21.0.0.0/8 22.0.0.0/8 23.0.0.0/8 24.0.0.0/8 25.0.0.0/8 "

typedef struct {
    const char *name;
    const char *value;
    const char *texts; /* each with a `;` behind it */
    gboolean partial;
    gboolean fixed;
    const char *note; /* part of the first; NULL: there is none */
} Row;

static const Row networks[] = {
    {"empty", "", "", EXACT, NULL},
    {"Debian's", "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128", "127.0.0.0/8;::1;", EXACT, NULL},
    {"commas and tabs", "192.0.2.1,\t10.0.0.0/8 ,", "192.0.2.1;10.0.0.0/8;", EXACT, NULL},
    {"carriage returns", "192.0.2.1\r 10.0.0.0/8", "192.0.2.1;10.0.0.0/8;", FALSE, TRUE, NULL},
    {"twice", "192.0.2.1 192.0.2.1/32", "192.0.2.1;", EXACT, NULL},
    {"IPv6", "[2001:DB8::]/32", "2001:db8::/32;", EXACT, NULL},
    {"IPv6 without brackets", "2001:db8::/32", "", PARTIAL, "lookup table"},
    {"a table", "cidr:/x 192.0.2.1", "192.0.2.1;", PARTIAL, "'cidr:/x' is not in the file"},
    {"a name", "mx.example.com", "", PARTIAL, "not an address or a CIDR block"},
    {"host bits", "10.0.0.1/8", "", PARTIAL, "host bits"},
    {"an exclusion", "192.0.2.1 !192.0.2.9 192.0.2.0/24", "192.0.2.1;", PARTIAL, "exclusion"},
    {"an exclusion last", "192.0.2.0/24 !192.0.2.9", "192.0.2.0/24;", PARTIAL, "exclusion"},
    {"/8", "11.0.0.0/8", "11.0.0.0/8;", EXACT, NULL},
    {"/7", "10.0.0.0/7", "", FALSE, TRUE, "open relay"},
    {"all", "0.0.0.0/0", "", FALSE, TRUE, "open relay"},
    {"IPv6 /16", "[2001::]/16", "2001::/16;", EXACT, NULL},
    {"IPv6 /15", "[2000::]/15", "", FALSE, TRUE, "open relay"},
    {"as many addresses as fifteen /8", FIFTEEN_EIGHTS,
     "11.0.0.0/8;12.0.0.0/8;13.0.0.0/8;14.0.0.0/8;15.0.0.0/8;16.0.0.0/8;17.0.0.0/8;18.0.0.0/8;"
     "19.0.0.0/8;20.0.0.0/8;21.0.0.0/8;22.0.0.0/8;23.0.0.0/8;24.0.0.0/8;25.0.0.0/8;",
     EXACT, NULL},
    {"as sixteen", FIFTEEN_EIGHTS "26.0.0.0/9 26.128.0.0/9", "", FALSE, TRUE, "open relay"},
    {"a comment", "192.0.2.1 # 192.0.2.2", "192.0.2.1;", FALSE, TRUE, NULL},
    {"a file", TEST_FOLDER "/postfix/virtual/networks",
     "file \"" TEST_FOLDER "/postfix/virtual/networks\";", EXACT, NULL},
    {"no file", "/nowhere/networks", "", PARTIAL, "No such file"},
    {"a control character", "a\033b", "", PARTIAL, "'a\\033b'"},
};

static const Row domains[] = {
    {"empty", " ", "", EXACT, NULL},
    {"folded, once", "Example.COM, example.com", "example.com;", EXACT, NULL},
    {"one label", "localhost", "\"localhost\";", EXACT, NULL},
    {"not ASCII",
     "b\xc3\xbc"
     "cher.example",
     "b\xc3\xbc"
     "cher.example;",
     EXACT, NULL},
    {"a literal", "[192.0.2.1], [IPv6:2001:DB8::1]", "[192.0.2.1];[ipv6:2001:db8::1];", EXACT,
     NULL},
    {"a leading dot", ".example.com", "", PARTIAL, "leading dot"},
    {"a trailing dot", "example.com.", "", PARTIAL, "ends in a dot"},
    {"an address", "192.0.2.1", "", PARTIAL, "is an address"},
    {"not UTF-8", "\xff, a.example", "a.example;", PARTIAL, "'\\377' is not in the file"},
    {"a control character", "a\xc2\x9b.example", "", PARTIAL, "control character"},
    {"a table", "hash:/etc/domains a.example", "a.example;", PARTIAL, "lookup table"},
    {"an exclusion", "a.example !b.example c.example", "a.example;", PARTIAL, "exclusion"},
    {"a file", TEST_FOLDER "/postfix/virtual/alias-domains",
     "file \"" TEST_FOLDER "/postfix/virtual/alias-domains\";", EXACT, NULL},
    {"a file that is none of domains", TEST_FOLDER "/postfix/virtual/mailbox-domains",
     "file \"" TEST_FOLDER "/postfix/virtual/mailbox-domains\";", EXACT, NULL},
};

static const Row relays[] = {
    {"children", "a.example, b.example", "a.example;.a.example;b.example;.b.example;", EXACT, NULL},
    {"children of one label", "intern", "\"intern\";", PARTIAL, "'.intern'"},
    {"a literal has none", "[192.0.2.1]", "[192.0.2.1];", EXACT, NULL},
    {"a leading dot", ".a.example", "", PARTIAL, "leading dot"},
    {"a file is copied", TEST_FOLDER "/postfix/virtual/alias-domains",
     "one.example;.one.example;two.example;.two.example;three.example;.three.example;", EXACT,
     NULL},
};

static const Row plain_relays[] = {
    {"no children", "a.example", "a.example;", EXACT, NULL},
    {"a leading dot", ".a.example", ".a.example;", EXACT, NULL},
    {"a top-level domain", ".com", "", PARTIAL, "top-level"},
};

static void check(const Row *row, const Items *items, const GPtrArray *notes) {
    GString *texts = g_string_new(NULL);
    for (guint i = 0; i < items->texts->len; i++) {
        g_string_append_printf(texts, "%s;", (const char *)g_ptr_array_index(items->texts, i));
    }
    ck_assert_str_eq(texts->str, row->texts);
    ck_assert_int_eq(items->partial, row->partial);
    ck_assert_int_eq(items->fixed, row->fixed);
    ck_assert_int_eq(notes->len > 0, row->note != NULL);
    ck_assert(!row->note || strstr(g_ptr_array_index(notes, 0), row->note));
    g_string_free(texts, TRUE);
}

static void check_domains(const Row *row, const char *parameter, gboolean children) {
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Items) items = items_from_domains(parameter, row->value, children, notes);
    check(row, items, notes);
}

START_TEST(test_networks) {
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Items) items = items_from_networks("mynetworks", networks[_i].value, notes);
    check(&networks[_i], items, notes);
}
END_TEST

START_TEST(test_domains) {
    check_domains(&domains[_i], "mydestination", FALSE);
}
END_TEST

START_TEST(test_relays) {
    check_domains(&relays[_i], "relay_domains", TRUE);
}
END_TEST

START_TEST(test_plain_relays) {
    check_domains(&plain_relays[_i], "relay_domains", FALSE);
}
END_TEST

/* Files within files, to the deepest that is read and one past it. */
START_TEST(test_deep_files) {
    g_autofree char *folder = g_dir_make_tmp("items-XXXXXX", NULL);
    g_autofree char *first = g_strdup_printf("%s/1", folder);
    for (int i = 1; i <= 5; i++) {
        g_autofree char *path = g_strdup_printf("%s/%d", folder, i);
        g_autofree char *text = g_strdup_printf("%d.example %s/%d", i, folder, i + 1);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
    }
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Items) items = items_from_domains("mydestination", first, FALSE, notes);
    ck_assert_uint_eq(items->texts->len, 4);
    ck_assert_str_eq(g_ptr_array_index(items->texts, 3), "4.example");
    ck_assert(items->partial && items->fixed);
    ck_assert(strstr(g_ptr_array_index(notes, 0), "too many files"));
    for (int i = 1; i <= 5; i++) {
        g_autofree char *path = g_strdup_printf("%s/%d", folder, i);
        ck_assert_int_eq(g_remove(path), 0);
    }
    ck_assert_int_eq(g_rmdir(folder), 0);
}
END_TEST

/* What only a reader of Postfix's takes so: the file is copied, or not all of it. */
static const struct {
    const char *name;
    const char *text;
    const char *texts;
    gboolean partial;
} files[] = {
    {"plain", "# comment\na.example\n\nb.example", NULL, FALSE},
    {"commas", "a.example, b.example\n", "a.example;b.example;", FALSE},
    {"carriage returns", "a.example\r\nb.example\r\n", "a.example;b.example;", FALSE},
    {"a comment behind", "a.example # b.example\nc.example\n", "a.example;c.example;", FALSE},
    {"a table", "a.example\nhash:/x\n", "a.example;", TRUE},
    {"an exclusion", "a.example\n!b.example\nc.example\n", "a.example;", TRUE},
    {"empty", "# nothing\n", "", FALSE},
    {"a comment that is not UTF-8", "# \xff\na.example\n", "a.example;", FALSE},
};

START_TEST(test_file) {
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("items-XXXXXX", &path, NULL);
    ck_assert_int_ge(fd, 0);
    ck_assert(g_close(fd, NULL));
    ck_assert(g_file_set_contents(path, files[_i].text, -1, NULL));
    g_autofree char *named = g_strdup_printf("file \"%s\";", path);
    Row row = {
        .value = path,
        .texts = files[_i].texts ? files[_i].texts : named,
        .partial = files[_i].partial,
        .note = files[_i].partial ? "not in the file" : NULL,
    };
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Items) items = items_from_domains("mydestination", path, FALSE, notes);
    row.fixed = items->fixed;
    check(&row, items, notes);
    ck_assert_int_eq(g_remove(path), 0);
}
END_TEST

/* It is read once, however often it is named; else this would take hours. */
START_TEST(test_file_that_names_itself) {
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("items-XXXXXX", &path, NULL);
    ck_assert_int_ge(fd, 0);
    ck_assert(g_close(fd, NULL));
    g_autoptr(GString) text = g_string_new("a.example\n");
    for (guint i = 0; i < 100; i++) {
        g_string_append_printf(text, "%s\n", path);
    }
    ck_assert(g_file_set_contents(path, text->str, -1, NULL));
    Row row = {.value = path, .texts = "a.example;", FALSE, TRUE};
    check_domains(&row, "mydestination", FALSE);
    ck_assert_int_eq(g_remove(path), 0);
}
END_TEST

START_TEST(test_file_with_nul) {
    static const char text[] = "a.example\0b.example\n";
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("items-XXXXXX", &path, NULL);
    ck_assert_int_ge(fd, 0);
    ck_assert(g_close(fd, NULL));
    ck_assert(g_file_set_contents(path, text, sizeof text - 1, NULL));
    Row row = {.value = path, .texts = "", PARTIAL, .note = "NUL"};
    check_domains(&row, "mydestination", FALSE);
    ck_assert_int_eq(g_remove(path), 0);
}
END_TEST

static const struct {
    const char *name;
    const char *value;
    const char *protocols;
    const char *texts;
} interfaces[] = {
    {"all", "all ", "all", "[127.0.0.1];"},
    {"all, of IPv6 only", "all ", "ipv6", ""},
    {"loopback", "loopback-only ", "ipv4", "[127.0.0.1];"},
    {"addresses", "192.0.2.1, [2001:db8::1], ::1", "all",
     "[192.0.2.1];[IPv6:2001:db8::1];[IPv6:::1];"},
    {"names", "mx.example.com, localhost", "all", "[127.0.0.1];"},
    {"no address", "10.0.0.0/8", "all", ""},
};

START_TEST(test_interfaces) {
    g_autoptr(GPtrArray) notes = g_ptr_array_new();
    g_autoptr(Items) items = items_from_interfaces(interfaces[_i].value, interfaces[_i].protocols);
    Row row = {.texts = interfaces[_i].texts};
    check(&row, items, notes);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("import_items");
    UNIT_ADD_TABLE(suite, test_networks, networks);
    UNIT_ADD_TABLE(suite, test_domains, domains);
    UNIT_ADD_TABLE(suite, test_relays, relays);
    UNIT_ADD_TABLE(suite, test_plain_relays, plain_relays);
    UNIT_ADD_TABLE(suite, test_file, files);
    UNIT_ADD_TABLE(suite, test_interfaces, interfaces);
    unit_add(suite, "test_deep_files", test_deep_files, 1);
    unit_add(suite, "test_file_that_names_itself", test_file_that_names_itself, 1);
    unit_add(suite, "test_file_with_nul", test_file_with_nul, 1);
    return unit_run(suite);
}
