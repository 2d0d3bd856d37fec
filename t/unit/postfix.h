/*
 * Postfix: settings as a test writes them, read by the postconf of this machine.
 */
#ifndef UNIT_POSTFIX_H
#define UNIT_POSTFIX_H

#include <glib/gstdio.h>

#include "ctl/postfix/settings.h"
#include "unit/unit.h"

/* Their files are gone when it returns. */
static inline PostfixSettings *unit_postfix_settings(const char *main_cf, const char *master_cf) {
    g_autofree char *folder = g_dir_make_tmp("policyd-unit-XXXXXX", NULL);
    g_autofree char *main_path = g_build_filename(folder, "main.cf", NULL);
    g_autofree char *master_path = g_build_filename(folder, "master.cf", NULL);
    ck_assert(g_file_set_contents(main_path, main_cf, -1, NULL));
    ck_assert(g_file_set_contents(master_path, master_cf, -1, NULL));
    PostfixSettings *settings = postfix_settings_read(folder, NULL);
    ck_assert_int_eq(g_remove(main_path), 0);
    ck_assert_int_eq(g_remove(master_path), 0);
    ck_assert_int_eq(g_rmdir(folder), 0);
    ck_assert_ptr_nonnull(settings);
    return settings;
}

#endif
