/*
 * Settings: one table of options. The words of the command line and of the file are first gathered
 * by option, then those that count are applied by the option's setter, so that both are read by
 * the same code. Fails with an error in the G_OPTION_ERROR domain.
 */
#include "settings.h"

#include <string.h>

#include "analysis/space.h"
#include "audit_sink.h"
#include "control_default.h"
#include "fail.h"
#include "listener_address.h"
#include "server_limit.h"
#include "systemd.h"

#define GROUP "policyd"
#define DEFAULT_CONNECTIONS 10000
#define DEFAULT_TIMEOUT 30

typedef gboolean (*Setter)(Settings *settings, const char *value, GError **error);

typedef struct {
    const char *name;
    Setter set;           /* NULL: handled before all else, and not in the file */
    gboolean list;        /* may be repeated */
    const char *argument; /* NULL: a flag without one; `true` or `false` in the file */
    const char *help;
} Option;

#define FAIL(error, ...) fail_with((error), G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, __VA_ARGS__)

static gboolean parse_number(const char *value, guint least, guint most, guint *out,
                             GError **error) {
    guint64 number;
    if (!text_parse_number(text_from_string(value), &number) || number < least || number > most) {
        return FAIL(error, "'%s' is not a number from %u to %u", value, least, most);
    }
    *out = (guint)number;
    return TRUE;
}

static gboolean set_string(char **string, const char *value, GError **error) {
    if (*value == '\0') {
        return FAIL(error, "the value is empty");
    }
    *string = g_strdup(value);
    return TRUE;
}

static gboolean set_rules(Settings *settings, const char *value, GError **error) {
    return set_string(&settings->rules, value, error);
}

static gboolean set_listen(Settings *settings, const char *value, GError **error) {
    ListenerAddress *address = listener_address_parse(value, error);
    if (address) {
        g_ptr_array_add(settings->listen, address);
    }
    return address != NULL;
}

/* `none` is kept until all are read. */
static gboolean set_audit(Settings *settings, const char *value, GError **error) {
    if (!g_str_equal(value, "none") && !audit_sink_check(value, error)) {
        return FALSE;
    }
    if (g_ptr_array_find_with_equal_func(settings->audit, value, g_str_equal, NULL)) {
        return FAIL(error, "'%s' is given twice", value);
    }
    g_ptr_array_add(settings->audit, g_strdup(value));
    return TRUE;
}

static gboolean set_control(Settings *settings, const char *value, GError **error) {
    settings->control_default = FALSE;
    g_clear_pointer(&settings->control, g_free);
    if (g_str_equal(value, "none")) {
        return TRUE;
    }
    if (!g_str_has_prefix(value, "unix:/") || strpbrk(value, ",")) {
        return FAIL(error, "'%s' is neither none nor unix:PATH, a path from / on without a comma",
                    value);
    }
    settings->control = g_strdup(value + strlen("unix:"));
    return TRUE;
}

static gboolean set_workers(Settings *settings, const char *value, GError **error) {
    return parse_number(value, 1, LIMIT_WORKERS, &settings->workers, error);
}

static gboolean set_user(Settings *settings, const char *value, GError **error) {
    return set_string(&settings->user, value, error);
}

static gboolean set_dry_run(Settings *settings, const char *value, GError **error) {
    settings->dry_run = g_str_equal(value, "true");
    return settings->dry_run || g_str_equal(value, "false")
           || FAIL(error, "'%s' is neither true nor false", value);
}

static gboolean set_sandbox(Settings *settings, const char *value, GError **error) {
    settings->sandbox = g_str_equal(value, "on");
    return settings->sandbox || g_str_equal(value, "off")
           || FAIL(error, "'%s' is neither on nor off", value);
}

static gboolean set_max_connections(Settings *settings, const char *value, GError **error) {
    return parse_number(value, 1, LIMIT_CONNECTIONS, &settings->max_connections, error);
}

static gboolean set_request_timeout(Settings *settings, const char *value, GError **error) {
    return parse_number(value, 1, LIMIT_REQUEST_TIMEOUT, &settings->request_timeout, error);
}

static gboolean set_proof_budget(Settings *settings, const char *value, GError **error) {
    return parse_number(value, 1, LIMIT_PROOF_BUDGET, &settings->proof_budget, error);
}

static const Option options[] = {
    {"rules", set_rules, FALSE, "FILE", "The rule file"},
    {"listen", set_listen, TRUE, "ADDRESS",
     "Listen on unix:PATH[,mode=,owner=,group=] or inet:ADDRESS:PORT; may be repeated"},
    {"audit", set_audit, TRUE, "WHERE",
     "Log decisions to file:PATH, syslog, journal, stderr (the default) or none; may be repeated"},
    {"control", set_control, FALSE, "WHERE",
     "Let policyctl ask on unix:PATH (" CONTROL_DEFAULT "), or none"},
    {"workers", set_workers, FALSE, "NUMBER", "Threads that answer (a processor each, at most 8)"},
    {"user", set_user, FALSE, "NAME", "Become this user once the sockets are bound"},
    {"dry-run", set_dry_run, FALSE, NULL, "Answer DUNNO to all, and log the true decision"},
    {"max-connections", set_max_connections, FALSE, "NUMBER", "Connections at once (10000)"},
    {"request-timeout", set_request_timeout, FALSE, "SECONDS",
     "Close where a request stays unfinished, or a reply unread, this long (30)"},
    {"proof-budget", set_proof_budget, FALSE, "NODES",
     "Don't load rules whose proof needs more nodes than these (8000000)"},
    {"sandbox", set_sandbox, FALSE, "on|off",
     "Allow only the system calls that serving needs (on)"},
    {"config", NULL, FALSE, "FILE", "Read settings from this file; flags win over it"},
    {"version", NULL, FALSE, NULL, "Print the version"},
    {"help", NULL, FALSE, NULL, "Print this help"},
};

/* The words given for each option. */
typedef struct {
    GPtrArray *values[G_N_ELEMENTS(options)];
} Words;

static void words_init(Words *words) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        words->values[i] = g_ptr_array_new_with_free_func(g_free);
    }
}

static void words_clear(Words *words) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_ptr_array_unref(words->values[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, words_clear)

static gboolean find_option(const char *name, size_t *out) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (g_str_equal(options[i].name, name)) {
            *out = i;
            return TRUE;
        }
    }
    return FALSE;
}

static const char *find_word(const Words *words, const char *name) {
    size_t option;
    gboolean given = find_option(name, &option) && words->values[option]->len > 0;
    return given ? g_ptr_array_index(words->values[option], 0) : NULL;
}

/* GOptionArgFunc; `name` starts with two dashes. */
static gboolean take_flag(const gchar *name, const gchar *value, gpointer data, GError **error) {
    Words *words = data;
    size_t option;
    if (!find_option(name + 2, &option)) {
        return FAIL(error, "the option '%s' is unknown", name);
    }
    if (words->values[option]->len > 0 && !options[option].list) {
        return FAIL(error, "%s: it is given twice", name);
    }
    g_ptr_array_add(words->values[option], g_strdup(value ? value : "true"));
    return TRUE;
}

/* Values are taken as bytes, like file names: the locale has no say. */
static GOptionContext *make_context(Words *words) {
    GOptionEntry entries[G_N_ELEMENTS(options) + 1] = {0};
    GOptionContext *context = g_option_context_new("- answer Postfix by a rule file");
    GOptionGroup *group = g_option_group_new(GROUP, "", "", words, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const Option *option = &options[i];
        entries[i] = (GOptionEntry){
            .long_name = option->name,
            .flags = option->argument ? G_OPTION_FLAG_FILENAME : G_OPTION_FLAG_NO_ARG,
            .arg = G_OPTION_ARG_CALLBACK,
            .arg_data = (gpointer)take_flag,
            .description = option->help,
            .arg_description = option->argument,
        };
    }
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    g_option_context_set_help_enabled(context, FALSE);
    return context;
}

/* GOptionContext drops the value of a flag that takes none: `--dry-run=false` would switch it on.
 */
static gboolean check_flag(const char *argument, GError **error) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *start = g_strdup_printf("--%s=", options[i].name);
        if (!options[i].argument && g_str_has_prefix(argument, start)) {
            return FAIL(error, "--%s: it takes no value", options[i].name);
        }
    }
    return TRUE;
}

/* Reads the command line; *out_help is the help text, to be freed. */
static gboolean read_flags(char **arguments, Words *words, char **out_help, GError **error) {
    g_auto(GStrv) copy = g_strdupv(arguments);
    g_autoptr(GOptionContext) context = make_context(words);
    for (guint i = 0; copy[i]; i++) {
        if (!check_flag(copy[i], error)) {
            return FALSE;
        }
    }
    if (!g_option_context_parse_strv(context, &copy, error)) {
        return FALSE;
    }
    if (copy[0] && copy[1]) {
        return FAIL(error, "'%s' is no option", copy[1]);
    }
    *out_help = g_option_context_get_help(context, TRUE, NULL);
    return TRUE;
}

/* GKeyFile silently takes the last of two equal keys. */
static gboolean check_repeated(const char *text, GError **error) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; lines[i]; i++) {
        const char *equals = strchr(lines[i], '=');
        if (!equals || g_strchug(lines[i])[0] == '#') {
            continue;
        }
        char *key = g_strstrip(g_strndup(lines[i], strcspn(lines[i], "=")));
        if (g_hash_table_contains(seen, key)) {
            FAIL(error, "%s: it is given twice", key);
            g_free(key);
            return FALSE;
        }
        g_hash_table_add(seen, key);
    }
    return TRUE;
}

static gboolean take_key(GKeyFile *file, const char *key, Words *words, GError **error) {
    size_t option;
    if (!find_option(key, &option) || !options[option].set) {
        return FAIL(error, "the key '%s' is unknown", key);
    }
    GPtrArray *values = words->values[option];
    if (!options[option].list) {
        char *value = g_key_file_get_string(file, GROUP, key, error);
        g_ptr_array_add(values, value);
        return value != NULL;
    }
    g_auto(GStrv) list = g_key_file_get_string_list(file, GROUP, key, NULL, error);
    for (guint i = 0; list && list[i]; i++) {
        g_ptr_array_add(values, g_strdup(list[i]));
    }
    return list != NULL;
}

static gboolean take_keys(GKeyFile *file, Words *words, GError **error) {
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i]; i++) {
        if (!g_str_equal(groups[i], GROUP)) {
            return FAIL(error, "the group '[%s]' is unknown; there is only [" GROUP "]", groups[i]);
        }
    }
    g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
    for (guint i = 0; keys && keys[i]; i++) {
        if (!take_key(file, keys[i], words, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean read_file(const char *path, Words *words, GError **error) {
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize length;
    gboolean done;
    if (!g_file_get_contents(path, &text, &length, error)) {
        return FALSE;
    }
    if (length > LIMIT_CONFIG_FILE) {
        done = FAIL(error, "it is longer than %d bytes", LIMIT_CONFIG_FILE);
    } else {
        done = g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, error)
               && check_repeated(text, error) && take_keys(file, words, error);
    }
    if (!done) {
        g_prefix_error(error, "%s: ", path);
    }
    return done;
}

/* `origin` is what stands before the option's name in an error. */
static gboolean apply_values(Settings *settings, size_t option, const GPtrArray *values,
                             const char *origin, GError **error) {
    for (guint i = 0; i < values->len; i++) {
        if (!options[option].set(settings, g_ptr_array_index(values, i), error)) {
            g_prefix_error(error, "%s%s: ", origin, options[option].name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean apply(Settings *settings, const Words *flags, const Words *file, const char *path,
                      GError **error) {
    g_autofree char *origin = g_strdup_printf("%s: ", path ? path : "");
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        gboolean flag = flags->values[i]->len > 0;
        if (options[i].set
            && !apply_values(settings, i, flag ? flags->values[i] : file->values[i],
                             flag ? "--" : origin, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_complete(Settings *settings, GError **error) {
    GPtrArray *audit = settings->audit;
    if (!settings->rules) {
        return FAIL(error, "there is no rule file; give --rules FILE");
    }
    if (settings->listen->len == 0 && !systemd_hands_sockets()) {
        return FAIL(error, "there is nothing to listen on; give --listen unix:PATH");
    }
    if (audit->len == 0) {
        g_ptr_array_add(audit, g_strdup("stderr"));
    } else if (g_ptr_array_find_with_equal_func(audit, "none", g_str_equal, NULL)) {
        if (audit->len > 1) {
            return FAIL(error, "--audit: 'none' stands alone");
        }
        g_ptr_array_set_size(audit, 0);
    }
    return TRUE;
}

static Settings *settings_new(void) {
    Settings *settings = g_new0(Settings, 1);
    settings->listen = g_ptr_array_new_with_free_func((GDestroyNotify)listener_address_free);
    settings->audit = g_ptr_array_new_with_free_func(g_free);
    settings->workers = MIN(g_get_num_processors(), LIMIT_DEFAULT_WORKERS);
    settings->max_connections = DEFAULT_CONNECTIONS;
    settings->request_timeout = DEFAULT_TIMEOUT;
    settings->proof_budget = ANALYSIS_BUDGET_DEFAULT;
    settings->control = g_strdup(&CONTROL_DEFAULT[strlen("unix:")]);
    settings->control_default = TRUE;
    settings->sandbox = TRUE;
    return settings;
}

void settings_free(Settings *settings) {
    if (settings) {
        g_free(settings->print);
        g_free(settings->rules);
        g_ptr_array_unref(settings->listen);
        g_ptr_array_unref(settings->audit);
        g_free(settings->user);
        g_free(settings->control);
        g_free(settings);
    }
}

Settings *settings_parse(char **arguments, GError **error) {
    g_autoptr(Settings) settings = settings_new();
    g_auto(Words) flags = {0};
    g_auto(Words) file = {0};
    g_autofree char *help = NULL;
    words_init(&flags);
    words_init(&file);
    if (!read_flags(arguments, &flags, &help, error)) {
        return NULL;
    }
    const char *path = find_word(&flags, "config");
    if (find_word(&flags, "help")) {
        settings->print = g_steal_pointer(&help);
    } else if (find_word(&flags, "version")) {
        settings->print = g_strdup("policyd " POLICYD_VERSION "\n");
    } else if ((path && !read_file(path, &file, error))
               || !apply(settings, &flags, &file, path, error)
               || !check_complete(settings, error)) {
        return NULL;
    }
    return g_steal_pointer(&settings);
}
