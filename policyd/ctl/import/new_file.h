/*
 * NewFile: a file that is written whole or not at all.
 */
#ifndef POLICYD_CTL_IMPORT_NEW_FILE_H
#define POLICYD_CTL_IMPORT_NEW_FILE_H

#include <glib.h>

/* Writes a text to `path`, mode 0644 less the umask. A file that is there is replaced only if
 * `force`; else FALSE and an error in G_FILE_ERROR, and it stays as it is. */
gboolean new_file_write(const char *path, const char *text, gboolean force, GError **error);

#endif
