/*
 * Verb: the shared parts. Errors of options come from GLib, as G_OPTION_ERROR.
 */
#include "ctl/verb.h"

#include <stdio.h>
#include <string.h>

#include "postconf.h"

gboolean verb_options(const GOptionEntry *entries, int argc, char **argv, GError **error) {
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    GError *wrong = NULL;
    if (g_option_context_parse(context, &argc, &argv, &wrong)) {
        return TRUE;
    }
    /* GLib's messages begin with a capital. */
    wrong->message[0] = g_ascii_tolower(wrong->message[0]);
    g_propagate_error(error, wrong);
    return FALSE;
}

static char *read_postconf(const char *parameter, gpointer data, GError **error) {
    (void)data;
    return postconf_run(parameter, error);
}

static const CompileHost host = {.read_postconf = read_postconf, .detail = TRUE};

Ruleset *verb_compile(const char *path, Diagnostics *diagnostics) {
    return compile_file(path, &host, diagnostics);
}

void verb_complain(const Diagnostics *diagnostics) {
    g_autofree char *text = diagnostics_format(diagnostics);
    verb_clean(text); /* names of files are as they are */
    fputs(text, stderr);
}

Ruleset *verb_load(const char *path) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = verb_compile(path, diagnostics);
    verb_complain(diagnostics);
    return ruleset;
}

Ruleset *verb_load_text(const char *name, Text text) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text(name, text, &host, diagnostics);
    verb_complain(diagnostics);
    return ruleset;
}

void verb_clean(char *text) {
    while (*text) {
        gunichar character = g_utf8_get_char_validated(text, -1);
        gboolean valid = g_unichar_validate(character);
        size_t length = valid ? (size_t)(g_utf8_next_char(text) - text) : 1;
        if (!valid || (g_unichar_iscntrl(character) && *text != '\n' && *text != '\t')) {
            memset(text, '?', length);
        }
        text += length;
    }
}

void verb_json_string(JsonBuilder *builder, const char *name, const char *value) {
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;
    json_builder_set_member_name(builder, name);
    if (valid) {
        json_builder_add_string_value(builder, valid);
    } else {
        json_builder_add_null_value(builder);
    }
}

void verb_json_number(JsonBuilder *builder, const char *name, guint value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

void verb_json_print(JsonBuilder *builder) {
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, TRUE);
    puts(text);
}
