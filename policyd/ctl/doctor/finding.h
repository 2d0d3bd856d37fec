/*
 * Finding: something that is wrong with how Postfix and policyd are set up, and what mends it.
 */
#ifndef POLICYD_CTL_DOCTOR_FINDING_H
#define POLICYD_CTL_DOCTOR_FINDING_H

#include <json-glib/json-glib.h>

typedef enum {
    FINDING_DANGER,  /* mail is relayed, refused or lost that should not be */
    FINDING_WARNING, /* the rules don't mean what they say, or will not when it matters */
    FINDING_NOTE,    /* nothing is wrong, but it should be known */
    FINDING_LEVELS
} FindingLevel;

typedef struct {
    FindingLevel level;
    const char *kind; /* a word for programs, as "never-asked" */
    char *services;   /* "smtp/inet, submission/inet", NULL: of none in particular */
    char *parameter;  /* of Postfix, or NULL */
    char *what;       /* lower case, no full stop; may hold any byte of main.cf */
    const char *why;  /* sentences */
    char *advice;     /* what mends it, in words, or NULL */
    char *command;    /* what mends it, for a shell, or NULL */
} Finding;

/* Of Finding. */
GPtrArray *findings_new(void);

/* Adds one, which stays the array's. `kind` and `why` are static. */
Finding *findings_add(GPtrArray *findings, FindingLevel level, const char *kind, const char *why,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Says where; both are copied, or NULL. */
void finding_set_place(Finding *finding, const char *service, const char *parameter);

/* Joins those that differ in their service alone, as all that main.cf says is found again in each,
 * and sorts: the most dangerous first. */
void findings_finish(GPtrArray *findings);

guint findings_count(const GPtrArray *findings, FindingLevel level);

/* A block of lines each, for a person; control characters are \xHH. The caller frees it. */
char *findings_format(const GPtrArray *findings);

/* Adds the member `findings`, an array, to the object that `builder` has open. */
void findings_json(JsonBuilder *builder, const GPtrArray *findings);

#endif
