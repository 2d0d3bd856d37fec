/*
 * Units of lib/rules/domain_map: which tests hold for a domain, where `a`, `b`, ... are the tests.
 */
#include "rules/domain_map.h"

#include <string.h>

#include "unit/unit.h"

static const struct {
    const char *domain;
    gboolean under;
} tests[] = {
    {"example.com", FALSE}, /* a */
    {"example.com", TRUE},  /* b */
    {"com", TRUE},          /* c */
    {"mail.example.com", FALSE},
    {"x.mail.example.com", TRUE},
    {"localhost", FALSE},
    {"example.com", FALSE}, /* g: again */
};

static const struct {
    const char *domain;
    const char *held;
} rows[] = {
    {"example.com", "acg"},
    {"EXAMPLE.Com", "acg"},
    {"mail.example.com", "bcd"},
    {"other.example.com", "bc"},
    {"x.mail.example.com", "bc"},
    {"y.x.mail.example.com", "bce"},
    {"z.y.x.mail.example.com", "bce"},
    {"com", ""},
    {"other.com", "c"},
    {"xexample.com", "c"},
    {"a..example.com", "bc"},
    {"..example.com", ""},
    {".example.com", ""},
    {"example.com.", ""},
    {"localhost", "f"},
    {"x.localhost", ""},
    {"org", ""},
    {"", ""},
    {".", ""},
};

START_TEST(test_rows) {
    SignatureTable *signatures = signature_table_new();
    DomainMap *map = domain_map_new(signatures);
    for (guint32 i = 0; i < G_N_ELEMENTS(tests); i++) {
        domain_map_add(map, text_from_string(tests[i].domain), tests[i].under, i);
    }
    domain_map_seal(map);
    g_autofree char *copy = unit_copy(text_from_string(rows[_i].domain));
    Atom atom = domain_map_find(map, text_make(copy, strlen(rows[_i].domain)));
    for (guint32 i = 0; i < G_N_ELEMENTS(tests); i++) {
        gboolean held = strchr(rows[_i].held, (char)('a' + i)) != NULL;
        ck_assert_msg(signature_has(signatures, atom, i) == held, "'%s': test %c", rows[_i].domain,
                      'a' + (int)i);
    }
    domain_map_free(map);
    signature_table_free(signatures);
}
END_TEST

/* What domain_map_visit() tells. */
typedef struct {
    const DomainMap *map;
    GPtrArray *domains;
} Visited;

/* DomainVisitor: a domain that is named, and one under it that isn't. */
static void note(Text domain, Atom exact, Atom under, gpointer data) {
    const Visited *visited = data;
    g_autofree char *copy = g_strndup(domain.data, domain.length);
    g_autofree char *child = g_strconcat("*.", copy, NULL);
    ck_assert_msg(domain_map_find(visited->map, domain) == exact, "%s", copy);
    ck_assert_msg(domain_map_find(visited->map, text_from_string(child)) == under, "%s", child);
    g_ptr_array_add(visited->domains, g_steal_pointer(&copy));
}

START_TEST(test_visit) {
    static const char *const named[] = {"com", "example.com", "mail.example.com",
                                        "x.mail.example.com", "localhost"};
    SignatureTable *signatures = signature_table_new();
    DomainMap *map = domain_map_new(signatures);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);
    Visited visited = {map, domains};
    for (guint32 i = 0; i < G_N_ELEMENTS(tests); i++) {
        domain_map_add(map, text_from_string(tests[i].domain), tests[i].under, i);
    }
    domain_map_seal(map);
    domain_map_visit(map, note, &visited);
    ck_assert_uint_eq(domains->len, G_N_ELEMENTS(named));
    for (guint i = 0; i < G_N_ELEMENTS(named); i++) {
        ck_assert_msg(g_ptr_array_find_with_equal_func(domains, named[i], g_str_equal, NULL), "%s",
                      named[i]);
    }
    domain_map_free(map);
    signature_table_free(signatures);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("domain_map");
    UNIT_ADD_TABLE(suite, test_rows, rows);
    TCase *tcase = tcase_create("visit");
    tcase_add_test(tcase, test_visit);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
