/*
 * Carried: compiles a rule file of one list. If that fails, each word of the value by itself, so
 * that one lookup table doesn't hide the rest.
 */
#include "ctl/doctor/carried.h"

#include <string.h>

#include "rules/compile.h"

/* Words that a finding shows. */
#define SOME 5

/* What the rule file's postconf is told. */
typedef struct {
    const PostfixSettings *settings;
    const char *parameter;
    const char *value; /* of it */
} Reading;

static char *read_value(const char *parameter, gpointer data, GError **error) {
    const Reading *reading = data;
    (void)error;
    if (g_str_equal(parameter, reading->parameter)) {
        return g_strdup(reading->value);
    }
    return g_strdup(postfix_service_text(postfix_settings_main(reading->settings), parameter));
}

static Ruleset *compile(Reading *reading, ListKind kind) {
    const CompileHost host = {.read_postconf = read_value, .postconf = reading, .detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *text = g_strdup_printf("%s postfix = postconf %s\nreject\n",
                                            list_kind_name(kind), reading->parameter);
    return compile_text(reading->parameter, text_from_string(text), &host, diagnostics);
}

static gboolean take(Carried *carried, Reading *reading, ListKind kind) {
    Ruleset *ruleset = compile(reading, kind);
    if (ruleset) {
        g_ptr_array_add(carried->rulesets, ruleset);
        list_include(carried->list, ruleset_list(ruleset, "postfix"), NULL);
    }
    return ruleset != NULL;
}

static void take_words(Carried *carried, const Reading *reading, ListKind kind) {
    g_auto(GStrv) words = g_strsplit_set(reading->value, ", \t\r\n", -1);
    for (char **word = words; *word; word++) {
        Reading one = {reading->settings, reading->parameter, *word};
        if (**word && !take(carried, &one, kind)) {
            g_ptr_array_add(carried->left_out, g_strdup(*word));
        }
    }
}

Carried *carried_new(const PostfixSettings *settings, const PostfixService *service, ListKind kind,
                     const char *parameter) {
    const PostfixService *source = service ? service : postfix_settings_main(settings);
    Carried *carried = g_new0(Carried, 1);
    Reading reading = {settings, parameter, postfix_service_text(source, parameter)};
    carried->parameter = g_strdup(parameter);
    carried->rulesets = g_ptr_array_new_with_free_func((GDestroyNotify)ruleset_unref);
    carried->left_out = g_ptr_array_new_with_free_func(g_free);
    carried->list = list_new(kind, NULL);
    list_keep_entries(carried->list);
    if (!take(carried, &reading, kind)) {
        take_words(carried, &reading, kind);
    }
    list_seal(carried->list);
    return carried;
}

void carried_free(Carried *carried) {
    if (carried) {
        list_free(carried->list);
        g_ptr_array_unref(carried->rulesets);
        g_ptr_array_unref(carried->left_out);
        g_free(carried->parameter);
        g_free(carried);
    }
}

char *carried_some(const GPtrArray *words) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < MIN(words->len, SOME); i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(words, i));
    }
    if (words->len > SOME) {
        g_string_append_printf(out, " and %u more", words->len - SOME);
    }
    return g_string_free(out, FALSE);
}
