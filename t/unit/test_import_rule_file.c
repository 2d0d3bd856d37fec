/*
 * Units of policyd/ctl/import/rule_file.c: what only odd settings come to. The usual ones are in
 * t/verbs/import.case.
 */
#include "ctl/import/rule_file.h"

#include <string.h>

#include "rules/compile.h"
#include "unit/postfix.h"

#define MAIN_CF                                                       \
    "compatibility_level = 3.6\nmyhostname = mx.example\n"            \
    "mynetworks = 127.0.0.0/8\nmydestination = mx.example\n"          \
    "relay_domains = a.example\nparent_domain_matches_subdomains =\n" \
    "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"

#define LOGIN " - - y - - smtpd -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"

static const struct {
    const char *name;
    const char *main_cf; /* behind MAIN_CF */
    const char *master_cf;
    const char *has;  /* in the file */
    const char *note; /* in the first; NULL: there is none */
} rows[] = {
    {"domains alone", "", "", "        # relay_domains\n        a.example,\n", NULL},
    {"and those under them", "parent_domain_matches_subdomains = relay_domains\n", "",
     "        # relay_domains\n        a.example, .a.example,\n", NULL},
    {"a file says which", "parent_domain_matches_subdomains = relay_domains, /nowhere\n", "",
     "restrict \"reject_unauth_destination\"\n", "relay_domains is not in the file"},
    {"an exclusion says which", "parent_domain_matches_subdomains = !relay_domains\n", "",
     "        mx.example,\n        # inet_interfaces", "relay_domains is not in the file"},
    {"a quote in a service's name", "", "a\"b unix" LOGIN,
     "condition at_a_b = policy_context == \"a_b\"\n", NULL},
    {"a service's name that is not UTF-8", "", "a\xff unix" LOGIN,
     "condition at_a_ = policy_context == \"a_\"\n", NULL},
    {"two names that come to one word", "", "a-b unix" LOGIN "a.b unix" LOGIN,
     "condition at_a_b = policy_context == \"a_b\" or policy_context == \"a_b_2\"\n", NULL},
};

START_TEST(test_file) {
    const RuleFileOptions options = {0};
    g_autofree char *main_cf = g_strconcat(MAIN_CF, rows[_i].main_cf, NULL);
    g_autoptr(PostfixSettings) settings = unit_postfix_settings(main_cf, rows[_i].master_cf);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *text = rule_file_write(settings, &options, notes);
    ck_assert_msg(strstr(text, rows[_i].has) != NULL, "%s: %s", rows[_i].name, text);
    ck_assert_int_eq(notes->len > 0, rows[_i].note != NULL);
    ck_assert(!rows[_i].note || strstr(g_ptr_array_index(notes, 0), rows[_i].note));
    g_autoptr(Ruleset) ruleset = compile_text("f", text_from_string(text), NULL, diagnostics);
    ck_assert_msg(ruleset != NULL, "%s: %s", rows[_i].name, text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("import_rule_file");
    UNIT_ADD_TABLE(suite, test_file, rows);
    return unit_run(suite);
}
