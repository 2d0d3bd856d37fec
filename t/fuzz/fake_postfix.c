/*
 * FakePostfix: main.cf and master.cf as postconf -x, -F and -P print them. It is asked nothing
 * else.
 */
#include "fuzz/fake_postfix.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/peer.h"
#include "postconf.h"

#define SERVICES_MOST 4

typedef struct {
    char *address; /* NAME/TYPE */
    GString *lines;
} Service;

static struct {
    GString *main;
    GArray *services; /* of Service */
    GString *file;
    char *path; /* of the list file */
} postfix;

const char *const fake_postfix_parameters[] = {
    "mynetworks",
    "mydestination",
    "relay_domains",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_restriction_classes",
    "parent_domain_matches_subdomains",
    "inet_interfaces",
    "proxy_interfaces",
    "inet_protocols",
    "smtpd_sasl_auth_enable",
    "smtpd_tls_auth_only",
    "smtpd_tls_security_level",
    "smtpd_tls_wrappermode",
    "smtpd_upstream_proxy_protocol",
    "allow_untrusted_routing",
    "relay_domains_reject_code",
    "reject_code",
    "defer_code",
    "myhostname",
    "compatibility_level",
    "default_process_limit",
    NULL,
};

/* As Postfix 3.7 has them. */
static const char defaults[] =
    "mynetworks = 127.0.0.0/8 [::1]/128\n"
    "mydestination = mx.example, localhost.example, localhost\n"
    "relay_domains = mx.example, localhost.example, localhost\n"
    "virtual_alias_domains = \n"
    "virtual_mailbox_domains = \n"
    "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, "
    "defer_unauth_destination\n"
    "smtpd_recipient_restrictions = \n"
    "smtpd_restriction_classes = \n"
    "parent_domain_matches_subdomains = debug_peer_list,relay_domains\n"
    "inet_interfaces = all\n"
    "proxy_interfaces = \n"
    "inet_protocols = all\n"
    "relay_domains_reject_code = 554\n"
    "reject_code = 554\n"
    "defer_code = 450\n"
    "myhostname = mx.example\n"
    "compatibility_level = 3.6\n"
    "default_process_limit = 100\n";

static void clear_service(gpointer data) {
    Service *service = data;
    g_free(service->address);
    g_string_free(service->lines, TRUE);
}

static void clear(void) {
    if (!postfix.main) {
        postfix.main = g_string_new(NULL);
        postfix.file = g_string_new(NULL);
        postfix.services = g_array_new(FALSE, FALSE, sizeof(Service));
        postfix.path = peer_file("list");
        g_array_set_clear_func(postfix.services, clear_service);
    }
    g_string_truncate(postfix.main, 0);
    g_string_truncate(postfix.file, 0);
    g_array_set_size(postfix.services, 0);
}

/* As master(5) has them: no white space, and one of these types. */
static gboolean is_address(const char *address) {
    static const char *const types[] = {"inet", "unix", "pass", NULL};
    const char *slash = strrchr(address, '/');
    return slash > address && g_strv_contains(types, slash + 1) && !strpbrk(address, " \t\r\v\f");
}

static gboolean is_new(const char *address) {
    for (guint i = 0; i < postfix.services->len; i++) {
        if (g_str_equal(g_array_index(postfix.services, Service, i).address, address)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void add_service(const char *address) {
    Service service = {g_strdup(address), g_string_new(NULL)};
    if (postfix.services->len < SERVICES_MOST && is_address(address) && is_new(address)) {
        g_array_append_val(postfix.services, service);
    } else {
        clear_service(&service);
    }
}

/* With the list file's name for each word that begins with `/`. */
static void add_words(GString *out, const char *text) {
    gboolean start = TRUE;
    for (; *text; text++) {
        gboolean file = start && *text == '/';
        start = strchr(", \t\r!", *text) != NULL;
        if (file) {
            g_string_append(out, postfix.path);
            text += strcspn(text, ", \t\r") - 1;
        } else {
            g_string_append_c(out, *text);
        }
    }
    g_string_append_c(out, '\n');
}

/* Without white space at its ends, as Postfix reads values. */
static void add_value(GString *out, const char *parameter, const char *text) {
    static const char blanks[] = " \t\r\v\f";
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1])) {
        length--;
    }
    g_autofree char *value = g_strndup(text, length);
    g_string_append_printf(out, "%s = ", parameter);
    add_words(out, value);
}

static void add_line(const char *line) {
    guint last = postfix.services->len;
    GString *lines =
        last > 0 ? g_array_index(postfix.services, Service, last - 1).lines : postfix.main;
    if (line[0] == '!') {
        add_service(line + 1);
    } else if (line[0] == '#') {
        add_words(postfix.file, line + 1);
    } else if (line[0] >= 'a' && line[0] < 'a' + (int)G_N_ELEMENTS(fake_postfix_parameters) - 1) {
        add_value(lines, fake_postfix_parameters[line[0] - 'a'], line + 1);
    }
}

static void write_file(void) {
    FILE *file = fopen(postfix.path, "we");
    FUZZ_ASSERT(file && fputs(postfix.file->str, file) >= 0 && fclose(file) == 0, "%s",
                postfix.path);
}

void fake_postfix_set(Text text) {
    g_autofree char *copy = g_strndup(text.data, text.length);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    clear();
    for (char **line = lines; *line; line++) {
        add_line(*line);
    }
    write_file();
}

const char *fake_postfix_file(void) {
    return postfix.file->str;
}

/* The last of the lines that set it, or NULL. */
static char *find_value(const char *lines, const char *parameter) {
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    g_autofree char *start = g_strconcat(parameter, " = ", NULL);
    const char *found = NULL;
    for (char **line = all; *line; line++) {
        found = g_str_has_prefix(*line, start) ? *line + strlen(start) : found;
    }
    return g_strdup(found);
}

GPtrArray *fake_postfix_values(const char *parameter) {
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    char *own = find_value(postfix.main->str, parameter);
    g_ptr_array_add(values, own ? own : find_value(defaults, parameter));
    for (guint i = 0; i < postfix.services->len; i++) {
        const Service *service = &g_array_index(postfix.services, Service, i);
        if ((own = find_value(service->lines->str, parameter))) {
            g_ptr_array_add(values, own);
        }
    }
    return values;
}

/* -x: all parameters, those of -o last. */
static void print_values(GString *out, const char *const *arguments) {
    g_string_append(out, defaults);
    g_string_append(out, postfix.main->str);
    for (; *arguments; arguments += 2) {
        FUZZ_ASSERT(g_str_equal(*arguments, "-o") && arguments[1], "%s", *arguments);
        g_auto(GStrv) halves = g_strsplit(arguments[1], "=", 2);
        g_string_append_printf(out, "%s = %s\n", halves[0], halves[1]);
    }
}

/* -F */
static void print_fields(GString *out) {
    for (guint i = 0; i < postfix.services->len; i++) {
        const char *address = g_array_index(postfix.services, Service, i).address;
        g_string_append_printf(out,
                               "%s/chroot = -\n%s/process_limit = -\n%s/command = smtpd -v\n"
                               "%s2/command = smtp\n",
                               address, address, address, address);
    }
}

/* -P */
static void print_own(GString *out) {
    for (guint i = 0; i < postfix.services->len; i++) {
        const Service *service = &g_array_index(postfix.services, Service, i);
        g_auto(GStrv) lines = g_strsplit(service->lines->str, "\n", -1);
        for (char **line = lines; *line && **line; line++) {
            g_string_append_printf(out, "%s/%s\n", service->address, *line);
        }
    }
}

char *postconf_print(const char *const *arguments, GError **error) {
    GString *out = g_string_new(NULL);
    (void)error;
    if (g_str_equal(arguments[0], "-c")) {
        arguments += 2;
    }
    if (g_str_equal(arguments[0], "-x")) {
        print_values(out, arguments + 1);
    } else if (g_str_equal(arguments[0], "-F")) {
        print_fields(out);
    } else {
        FUZZ_ASSERT(g_str_equal(arguments[0], "-P"), "%s", arguments[0]);
        print_own(out);
    }
    return g_string_free(out, FALSE);
}

char *postconf_run(const char *parameter, GError **error) {
    g_autoptr(GPtrArray) values = fake_postfix_values(parameter);
    (void)error;
    FUZZ_ASSERT(g_ptr_array_index(values, 0), "%s", parameter);
    return g_strdup(g_ptr_array_index(values, 0));
}
