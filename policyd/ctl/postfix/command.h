/*
 * Command: a command line of Postfix's own programs, for an administrator to paste into a shell.
 */
#ifndef POLICYD_CTL_POSTFIX_COMMAND_H
#define POLICYD_CTL_POSTFIX_COMMAND_H

#include <glib.h>

/* "postfix -c FOLDER", without -c where `folder`, of main.cf and master.cf, is NULL: the usual one.
 * The caller frees it. */
char *command_start(const char *program, const char *folder);

/* The same of postconf, with "-e" or "-P" and what it is to set: "NAME = VALUE",
 * "smtp/inet/NAME=VALUE". The caller frees it. */
char *command_postconf(const char *folder, const char *option, const char *setting);

#endif
