/*
 * Restriction: smtpd splits a list at commas and white space, where braces hold together what is
 * in them (mystrtokq()). It never fails: what smtpd would complain of is kept as it stands.
 */
#include "ctl/postfix/restriction.h"

#include <string.h>

#include "protocol/action.h"

#define SEPARATORS ", \t\r\n"

static void restriction_free(Restriction *restriction) {
    g_free(restriction->name);
    g_free(restriction->written);
    g_free(restriction->argument);
    g_free(restriction);
}

/* The length of what stands before the next separator outside braces. */
static size_t token_length(const char *text) {
    int depth = 0;
    size_t length = 0;
    for (; text[length] && (depth > 0 || !strchr(SEPARATORS, text[length])); length++) {
        depth += text[length] == '{';
        depth -= text[length] == '}' && depth > 0;
    }
    return length;
}

/* Moves past the next token, to be freed; NULL at the end. */
static char *next_token(const char **text) {
    *text += strspn(*text, SEPARATORS);
    size_t length = token_length(*text);
    const char *token = *text;
    *text += length;
    return length > 0 ? g_strndup(token, length) : NULL;
}

static gboolean takes_argument(const char *name) {
    static const char *const others[] = {"check_policy_service",
                                         "permit_dnswl_client",
                                         "permit_rhswl_client",
                                         "reject_rbl",
                                         "reject_rbl_client",
                                         "sleep",
                                         NULL};
    return (g_str_has_prefix(name, "check_") && g_str_has_suffix(name, "_access"))
           || g_str_has_prefix(name, "reject_rhsbl_") || g_strv_contains(others, name);
}

static char *read_argument(const char **text) {
    char *argument = next_token(text);
    return argument ? argument : g_strdup("");
}

GPtrArray *restrictions_parse(const char *value) {
    GPtrArray *restrictions = g_ptr_array_new_with_free_func((GDestroyNotify)restriction_free);
    gboolean warn = FALSE;
    char *word;
    while ((word = next_token(&value))) {
        g_autofree char *token = word;
        if (g_ascii_strcasecmp(token, "warn_if_reject") == 0) {
            warn = TRUE;
            continue;
        }
        Restriction *restriction = g_new0(Restriction, 1);
        restriction->name = strchr(token, ':') ? g_strdup(token) : g_ascii_strdown(token, -1);
        restriction->written = g_strdup(token);
        restriction->warn = warn;
        restriction->argument = takes_argument(restriction->name) ? read_argument(&value) : NULL;
        g_ptr_array_add(restrictions, restriction);
        warn = FALSE;
    }
    return restrictions;
}

/* Of smtpd itself, which looks for a class last. */
static gboolean is_built_in(const Restriction *restriction) {
    return restriction->argument || strchr(restriction->name, ':')
           || action_find_restriction(text_from_string(restriction->name));
}

gboolean restriction_is_class(const Restriction *restriction, const char *classes) {
    g_auto(GStrv) names = g_strsplit_set(classes, SEPARATORS, -1);
    return g_strv_contains((const char *const *)names, restriction->written)
           && !is_built_in(restriction);
}

/* What stands in the outermost braces. */
static char *open_braces(const char *argument) {
    size_t length = strlen(argument);
    if (length < 2 || argument[0] != '{' || argument[length - 1] != '}') {
        return g_strdup(argument);
    }
    return g_strstrip(g_strndup(argument + 1, length - 2));
}

/* `name=value`, or `{ name = value }`, whose value may hold separators. */
static void add_attribute(GHashTable *attributes, const char *token) {
    g_autofree char *inside = open_braces(token);
    char *equals = strchr(inside, '=');
    if (equals) {
        *equals = '\0';
        g_hash_table_replace(attributes, g_strdup(g_strstrip(inside)),
                             g_strdup(g_strstrip(equals + 1)));
    }
}

PolicyService *policy_service_parse(const char *argument) {
    PolicyService *service = g_new0(PolicyService, 1);
    g_autofree char *inside = open_braces(argument);
    const char *rest = inside;
    char *token;
    service->attributes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    service->server = read_argument(&rest);
    while ((token = next_token(&rest))) {
        add_attribute(service->attributes, token);
        g_free(token);
    }
    return service;
}

void policy_service_free(PolicyService *service) {
    if (service) {
        g_free(service->server);
        g_hash_table_unref(service->attributes);
        g_free(service);
    }
}
