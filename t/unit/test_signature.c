/*
 * Units of lib/rules/signature: lists that are equal are one atom, and no others.
 */
#include "rules/signature.h"

#include "unit/unit.h"

static SignatureTable *table;

static void setup(void) {
    table = signature_table_new();
}

static void teardown(void) {
    signature_table_free(table);
}

START_TEST(test_rest) {
    guint count;
    ck_assert_uint_eq(signature_table_count(table), 1);
    ck_assert_uint_eq(signature_intern(table, NULL, 0), ATOM_REST);
    signature_tests(table, ATOM_REST, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert(!signature_has(table, ATOM_REST, 0));
}
END_TEST

START_TEST(test_intern) {
    const guint32 tests[] = {1, 4, 9};
    const guint32 others[] = {1, 4, 10};
    Atom atom = signature_intern(table, tests, 3);
    ck_assert_uint_eq(signature_intern(table, tests, 3), atom);
    ck_assert_uint_ne(signature_intern(table, others, 3), atom);
    ck_assert_uint_ne(signature_intern(table, tests, 2), atom);
    for (guint32 test = 0; test < 12; test++) {
        gboolean listed = test == 1 || test == 4 || test == 9;
        ck_assert_msg(signature_has(table, atom, test) == listed, "test %u", test);
    }
}
END_TEST

START_TEST(test_with) {
    Atom one = signature_with(table, ATOM_REST, 5);
    Atom two = signature_with(table, one, 2);
    const guint32 both[] = {2, 5};
    ck_assert_uint_eq(two, signature_intern(table, both, 2));
    ck_assert_uint_eq(signature_with(table, two, 5), two);
    ck_assert_uint_eq(signature_with(table, two, 2), two);
}
END_TEST

START_TEST(test_union) {
    const guint32 a[] = {1, 3, 5};
    const guint32 b[] = {0, 3, 7};
    const guint32 both[] = {0, 1, 3, 5, 7};
    Atom left = signature_intern(table, a, 3);
    Atom right = signature_intern(table, b, 3);
    ck_assert_uint_eq(signature_union(table, left, right), signature_intern(table, both, 5));
    ck_assert_uint_eq(signature_union(table, left, ATOM_REST), left);
    ck_assert_uint_eq(signature_union(table, ATOM_REST, right), right);
    ck_assert_uint_eq(signature_union(table, left, left), left);
}
END_TEST

/* Lists in the arrays that grow are copied before they move. */
START_TEST(test_growth) {
    Atom atom = ATOM_REST;
    for (guint32 test = 0; test < 2000; test++) {
        atom = signature_with(table, atom, test);
        ck_assert_uint_eq(atom, test + 1);
        atom = signature_union(table, atom, signature_with(table, ATOM_REST, 0));
    }
    for (guint32 test = 0; test < 2000; test++) {
        ck_assert(signature_has(table, atom, test));
    }
    ck_assert(!signature_has(table, atom, 2000));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("signature");
    TCase *tcase = tcase_create("signature");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_rest);
    tcase_add_test(tcase, test_intern);
    tcase_add_test(tcase, test_with);
    tcase_add_test(tcase, test_union);
    tcase_add_test(tcase, test_growth);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
