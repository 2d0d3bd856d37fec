/*
 * Smtpd: one word after the other. It knows the names of restriction classes by their capital
 * first letter.
 */
#include "fuzz/smtpd.h"

#include <string.h>

#define SEPARATORS ", \t\r\n"

typedef struct {
    char *word;
    char *name;     /* in lower case */
    char *argument; /* empty: none */
    char *text;     /* by which what isn't known is made up */
    gboolean class;
    gboolean warn; /* after warn_if_reject */
} Check;

static void check_free(Check *check) {
    g_free(check->word);
    g_free(check->name);
    g_free(check->argument);
    g_free(check->text);
    g_free(check);
}

/* mystrtokq() with CHARS_BRACE: the next word, to be freed, or NULL. */
static char *next_word(const char **list) {
    const char *at = *list + strspn(*list, SEPARATORS);
    const char *start = at;
    guint open = 0;
    while (*at && (open > 0 || !strchr(SEPARATORS, *at))) {
        if (*at == '{') {
            open++;
        } else if (*at == '}' && open > 0) {
            open--;
        }
        at++;
    }
    *list = at;
    return at > start ? g_strndup(start, (gsize)(at - start)) : NULL;
}

/* Whether the next word is this one's argument. */
static gboolean has_argument(const char *name) {
    static const char *const names[] = {"permit_dnswl_client",
                                        "permit_rhswl_client",
                                        "reject_rbl",
                                        "reject_rbl_client",
                                        "check_policy_service",
                                        "sleep",
                                        NULL};
    return g_strv_contains(names, name) || g_str_has_prefix(name, "reject_rhsbl_")
           || (g_str_has_prefix(name, "check_") && g_str_has_suffix(name, "_access"));
}

SmtpdResult smtpd_make_up(const SmtpdWorld *world, const char *text, gboolean any) {
    static const SmtpdResult results[] = {SMTPD_DUNNO, SMTPD_REJECT, SMTPD_PERMIT};
    SmtpdResult result =
        results[((g_str_hash(text) ^ world->seed) * 2654435761u >> 16) % G_N_ELEMENTS(results)];
    gboolean permits =
        any || !(g_str_has_prefix(text, "reject_") || g_str_has_prefix(text, "defer_"));
    gboolean rejects = any || !g_str_has_prefix(text, "permit_");
    return (result == SMTPD_PERMIT && !permits) || (result == SMTPD_REJECT && !rejects)
               ? SMTPD_DUNNO
               : result;
}

static SmtpdResult check_one(const SmtpdWorld *world, const Check *check) {
    const struct {
        const char *name;
        SmtpdResult result;
    } known[] = {
        {"permit", SMTPD_PERMIT},
        {"reject", SMTPD_REJECT},
        {"defer", SMTPD_REJECT},
        {"sleep", SMTPD_DUNNO},
        {"permit_mynetworks", world->networks ? SMTPD_PERMIT : SMTPD_DUNNO},
        {"permit_sasl_authenticated", world->login ? SMTPD_PERMIT : SMTPD_DUNNO},
        {"permit_auth_destination", world->local ? SMTPD_PERMIT : SMTPD_DUNNO},
        {"reject_unauth_destination", world->local ? SMTPD_DUNNO : SMTPD_REJECT},
        {"defer_unauth_destination", world->local ? SMTPD_DUNNO : SMTPD_REJECT},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_str_equal(check->name, known[i].name)) {
            return known[i].result;
        }
    }
    return g_str_equal(check->name, "check_policy_service")
               ? world->policy(check->argument, world->data)
               : smtpd_make_up(world, check->text, check->class);
}

static Check *check_new(char *word, gboolean warn, const char **list) {
    Check *check = g_new0(Check, 1);
    check->word = word;
    check->name = g_ascii_strdown(word, -1);
    check->argument = has_argument(check->name) ? next_word(list) : NULL;
    if (!check->argument || g_str_equal(check->argument, "{}")) {
        g_free(check->argument);
        check->argument = g_strdup("");
    }
    check->class = g_ascii_isupper(word[0]);
    check->text = g_strjoin(" ", check->class ? word : check->name, check->argument, NULL);
    check->warn = warn;
    return check;
}

GPtrArray *smtpd_parse(const char *list) {
    GPtrArray *checks = g_ptr_array_new_with_free_func((GDestroyNotify)check_free);
    gboolean warn = FALSE;
    char *word;
    while ((word = next_word(&list))) {
        if (g_ascii_strcasecmp(word, "warn_if_reject") == 0) {
            warn = TRUE;
            g_free(word);
        } else {
            g_ptr_array_add(checks, check_new(word, warn, &list));
            warn = FALSE;
        }
    }
    return checks;
}

static gboolean is_balanced(const char *text) {
    int depth = 0;
    for (; *text && depth >= 0; text++) {
        depth += (*text == '{') - (*text == '}');
    }
    return depth == 0;
}

gboolean smtpd_is_broken(const GPtrArray *list) {
    for (guint i = 0; i < list->len; i++) {
        const Check *check = g_ptr_array_index(list, i);
        if (!is_balanced(check->text)) {
            return TRUE;
        }
    }
    return FALSE;
}

SmtpdResult smtpd_check(const SmtpdWorld *world, const GPtrArray *list) {
    for (guint i = 0; i < list->len; i++) {
        const Check *check = g_ptr_array_index(list, i);
        SmtpdResult result = check_one(world, check);
        if (result == SMTPD_PERMIT || (result == SMTPD_REJECT && !check->warn)) {
            return result;
        }
    }
    return SMTPD_DUNNO;
}
