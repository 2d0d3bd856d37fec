/*
 * Note: what an imported rule file doesn't have of Postfix's settings, or decides more strictly.
 * Each is a line for the file's comments and for standard error.
 */
#ifndef POLICYD_CTL_IMPORT_NOTE_H
#define POLICYD_CTL_IMPORT_NOTE_H

#include <glib.h>

/* Adds a text to an array of char * that frees them. What main.cf brings into it may hold anything:
 * bytes other than printable ASCII are escaped. A text that is there already isn't added. */
void note_add(GPtrArray *notes, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
