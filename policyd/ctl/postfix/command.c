/*
 * Command: each word that is not fixed is quoted, so that the shell takes it as it is. Nothing
 * fails.
 */
#include "ctl/postfix/command.h"

char *command_start(const char *program, const char *folder) {
    if (!folder) {
        return g_strdup(program);
    }
    g_autofree char *quoted = g_shell_quote(folder);
    return g_strdup_printf("%s -c %s", program, quoted);
}

char *command_postconf(const char *folder, const char *option, const char *setting) {
    g_autofree char *start = command_start("postconf", folder);
    g_autofree char *quoted = g_shell_quote(setting);
    return g_strdup_printf("%s %s %s", start, option, quoted);
}
