/*
 * Units of policyd/ctl/postfix/command: what the shell makes of it is what was meant.
 */
#include "ctl/postfix/command.h"

#include "unit/unit.h"

static const struct {
    const char *folder;
    const char *option;
    const char *setting;
    const char *command;
} rows[] = {
    {NULL, "-e", "mynetworks = ::1", "postconf -e 'mynetworks = ::1'"},
    {"/etc/postfix-out", "-P", "smtp/inet/a=$b",
     "postconf -c '/etc/postfix-out' -P 'smtp/inet/a=$b'"},
    {"/a b", "-e", "x = it's", "postconf -c '/a b' -e 'x = it'\\''s'"},
};

START_TEST(test_postconf) {
    g_autofree char *command = command_postconf(rows[_i].folder, rows[_i].option, rows[_i].setting);
    ck_assert_str_eq(command, rows[_i].command);
}
END_TEST

START_TEST(test_start) {
    g_autofree char *usual = command_start("postfix", NULL);
    g_autofree char *other = command_start("postfix", "/it's");
    ck_assert_str_eq(usual, "postfix");
    ck_assert_str_eq(other, "postfix -c '/it'\\''s'");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("postfix_command");
    UNIT_ADD_TABLE(suite, test_postconf, rows);
    unit_add(suite, "test_start", test_start, 1);
    return unit_run(suite);
}
