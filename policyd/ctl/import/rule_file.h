/*
 * RuleFile: the rule file that decides as Postfix's relay restrictions do. Its comments tell where
 * it is from, how to put it to use, and what it doesn't have of them.
 */
#ifndef POLICYD_CTL_IMPORT_RULE_FILE_H
#define POLICYD_CTL_IMPORT_RULE_FILE_H

#include "ctl/postfix/settings.h"

typedef struct {
    const char *folder; /* of main.cf, as commands are to name it; NULL: the usual one */
    gboolean live;      /* lists are read from Postfix at each load, where that may be */
} RuleFileOptions;

/* The text, which the caller frees. What isn't carried over, or decided more strictly, is added to
 * the notes, as note_add() does; the comments have it too. */
char *rule_file_write(const PostfixSettings *settings, const RuleFileOptions *options,
                      GPtrArray *notes);

#endif
