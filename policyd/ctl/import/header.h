/*
 * Header: the comments at the top of an imported rule file.
 */
#ifndef POLICYD_CTL_IMPORT_HEADER_H
#define POLICYD_CTL_IMPORT_HEADER_H

#include "ctl/import/service_group.h"

/* Adds them, and a blank line: where the rules are from; the commands that put them to use, with
 * `-c FOLDER` unless that is NULL; and the notes. `groups` as of service_groups_new(). */
void header_write(GString *text, const PostfixSettings *settings, const char *folder,
                  const GPtrArray *groups, const GPtrArray *notes);

/* "submission/inet, smtps/inet"; the caller frees it. */
char *header_services(const ServiceGroup *group);

#endif
