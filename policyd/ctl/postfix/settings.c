/*
 * Settings of Postfix: `postconf -x` for main.cf, -F and -P for master.cf, and -x again with each
 * service's -o, as those may change what other parameters refer to. The first error ends it.
 */
#include "ctl/postfix/settings.h"

#include <string.h>

#include "postconf.h"

struct PostfixSettings {
    char *folder; /* or NULL */
    PostfixService *main;
    GPtrArray *services; /* of PostfixService */
};

const char *const postfix_domain_parameters[POSTFIX_DOMAIN_PARAMETERS] = {
    "mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains"};

static void service_free(PostfixService *service) {
    g_free(service->name);
    g_free(service->type);
    g_hash_table_unref(service->own);
    g_clear_pointer(&service->values, g_hash_table_unref);
    g_free(service);
}

static GHashTable *new_table(void) {
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* Its lines; `more` words may be NULL. */
static char **ask_postconf(const PostfixSettings *settings, const char *option, char *const *more,
                           GError **error) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (settings->folder) {
        g_strv_builder_add_many(builder, "-c", settings->folder, NULL);
    }
    g_strv_builder_add(builder, option);
    for (; more && *more; more++) {
        g_strv_builder_add(builder, *more);
    }
    g_auto(GStrv) arguments = g_strv_builder_end(builder);
    g_autofree char *text = postconf_print((const char *const *)arguments, error);
    return text ? g_strsplit(g_strchomp(text), "\n", -1) : NULL;
}

/* Splits `NAME = VALUE`, whose value may be empty, in place; NULL for another line. */
static char *cut_value(char *line) {
    char *equals = strstr(line, " =");
    if (!equals) {
        return NULL;
    }
    *equals = '\0';
    return g_strstrip(equals + 2);
}

static GHashTable *read_values(const PostfixSettings *settings, char *const *more, GError **error) {
    g_auto(GStrv) lines = ask_postconf(settings, "-x", more, error);
    if (!lines) {
        return NULL;
    }
    GHashTable *values = new_table();
    for (char **line = lines; *line; line++) {
        const char *value = cut_value(*line);
        if (value) {
            g_hash_table_replace(values, g_strdup(*line), g_strdup(value));
        }
    }
    return values;
}

/* Cuts the last component off a path, and answers it. */
static char *cut_component(char *path) {
    char *slash = strrchr(path, '/');
    if (!slash) {
        return NULL;
    }
    *slash = '\0';
    return slash + 1;
}

static PostfixService *service_new(const char *name, const char *type) {
    PostfixService *service = g_new0(PostfixService, 1);
    service->name = g_strdup(name);
    service->type = g_strdup(type);
    service->own = new_table();
    return service;
}

static PostfixService *add_service(PostfixSettings *settings, const char *name, const char *type) {
    PostfixService *service = service_new(name, type);
    g_ptr_array_add(settings->services, service);
    return service;
}

static PostfixService *find_service(PostfixSettings *settings, const char *name, const char *type) {
    for (guint i = 0; i < settings->services->len; i++) {
        PostfixService *service = g_ptr_array_index(settings->services, i);
        if (g_str_equal(service->name, name) && g_str_equal(service->type, type)) {
            return service;
        }
    }
    return NULL;
}

/* A `-` stands for the default: chroot n (y before Postfix 3.0), default_process_limit. */
static void set_field(const PostfixSettings *settings, PostfixService *service, const char *field,
                      const char *value) {
    if (g_str_equal(field, "chroot")) {
        const char *level = postfix_settings_value(settings, "compatibility_level");
        gboolean usual = level && g_str_equal(level, "0");
        service->chroot = g_str_equal(value, "-") ? usual : g_str_equal(value, "y");
    } else if (g_str_equal(field, "process_limit")) {
        const char *usual = postfix_settings_value(settings, "default_process_limit");
        const char *limit = g_str_equal(value, "-") && usual ? usual : value;
        service->limit = (guint)g_ascii_strtoull(limit, NULL, 10);
    }
}

static gboolean runs_smtpd(const char *command) {
    size_t length = strcspn(command, " \t");
    return length == strlen("smtpd") && strncmp(command, "smtpd", length) == 0;
}

/* The lines NAME/TYPE/FIELD = VALUE of -F; those of a service stand together, its command last. */
static gboolean read_services(PostfixSettings *settings, GError **error) {
    g_auto(GStrv) lines = ask_postconf(settings, "-F", NULL, error);
    if (!lines) {
        return FALSE;
    }
    for (char **line = lines; *line; line++) {
        const char *value = cut_value(*line);
        const char *field = value ? cut_component(*line) : NULL;
        const char *type = field ? cut_component(*line) : NULL;
        if (!type) {
            continue;
        }
        PostfixService *service = find_service(settings, *line, type);
        service = service ? service : add_service(settings, *line, type);
        set_field(settings, service, field, value);
        if (g_str_equal(field, "command") && !runs_smtpd(value)) {
            g_ptr_array_remove(settings->services, service);
        }
    }
    return TRUE;
}

/* The lines NAME/TYPE/PARAMETER = VALUE of -P. */
static gboolean read_own(PostfixSettings *settings, GError **error) {
    g_auto(GStrv) lines = ask_postconf(settings, "-P", NULL, error);
    if (!lines) {
        return FALSE;
    }
    for (char **line = lines; *line; line++) {
        const char *value = cut_value(*line);
        const char *parameter = value ? cut_component(*line) : NULL;
        const char *type = parameter ? cut_component(*line) : NULL;
        PostfixService *service = type ? find_service(settings, *line, type) : NULL;
        if (service) {
            g_hash_table_replace(service->own, g_strdup(parameter), g_strdup(value));
        }
    }
    return TRUE;
}

static gboolean read_service_values(const PostfixSettings *settings, PostfixService *service,
                                    GError **error) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    GHashTableIter iter;
    gpointer name;
    gpointer value;
    if (g_hash_table_size(service->own) == 0) {
        service->values = g_hash_table_ref(settings->main->values);
        return TRUE;
    }
    g_hash_table_iter_init(&iter, service->own);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_autofree char *setting = g_strdup_printf("%s=%s", (char *)name, (char *)value);
        g_strv_builder_add_many(builder, "-o", setting, NULL);
    }
    g_auto(GStrv) more = g_strv_builder_end(builder);
    service->values = read_values(settings, more, error);
    return service->values != NULL;
}

static gboolean read_all(PostfixSettings *settings, GError **error) {
    settings->main->values = read_values(settings, NULL, error);
    if (!settings->main->values || !read_services(settings, error) || !read_own(settings, error)) {
        return FALSE;
    }
    for (guint i = 0; i < settings->services->len; i++) {
        if (!read_service_values(settings, g_ptr_array_index(settings->services, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

PostfixSettings *postfix_settings_read(const char *config_directory, GError **error) {
    g_autoptr(PostfixSettings) settings = g_new0(PostfixSettings, 1);
    settings->folder = g_strdup(config_directory);
    settings->main = service_new(NULL, NULL);
    settings->services = g_ptr_array_new_with_free_func((GDestroyNotify)service_free);
    return read_all(settings, error) ? g_steal_pointer(&settings) : NULL;
}

void postfix_settings_free(PostfixSettings *settings) {
    if (settings) {
        g_free(settings->folder);
        service_free(settings->main);
        g_ptr_array_unref(settings->services);
        g_free(settings);
    }
}

const char *postfix_settings_value(const PostfixSettings *settings, const char *parameter) {
    return postfix_service_value(settings->main, parameter);
}

const PostfixService *postfix_settings_main(const PostfixSettings *settings) {
    return settings->main;
}

guint postfix_settings_service_count(const PostfixSettings *settings) {
    return settings->services->len;
}

const PostfixService *postfix_settings_service(const PostfixSettings *settings, guint index) {
    return g_ptr_array_index(settings->services, index);
}

const char *postfix_service_value(const PostfixService *service, const char *parameter) {
    return g_hash_table_lookup(service->values, parameter);
}

const char *postfix_service_text(const PostfixService *service, const char *parameter) {
    const char *value = postfix_service_value(service, parameter);
    return value ? value : "";
}

gboolean postfix_service_is_on(const PostfixService *service, const char *parameter) {
    return g_ascii_strcasecmp(postfix_service_text(service, parameter), "yes") == 0;
}

gboolean postfix_service_demands_tls(const PostfixService *service) {
    const char *level = postfix_service_text(service, "smtpd_tls_security_level");
    if (postfix_service_is_on(service, "smtpd_tls_wrappermode")) {
        return TRUE;
    }
    return *level ? g_ascii_strcasecmp(level, "none") != 0 && g_ascii_strcasecmp(level, "may") != 0
                  : postfix_service_is_on(service, "smtpd_enforce_tls");
}

char *postfix_service_address(const PostfixService *service) {
    return g_strdup_printf("%s/%s", service->name, service->type);
}
