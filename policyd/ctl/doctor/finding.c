/*
 * Finding: an array of them, joined, sorted and printed. Nothing here fails.
 */
#include "ctl/doctor/finding.h"

#include "ctl/verb.h"

static const char *const level_names[FINDING_LEVELS] = {
    [FINDING_DANGER] = "danger", [FINDING_WARNING] = "warning", [FINDING_NOTE] = "note"};

static void finding_free(Finding *finding) {
    g_free(finding->services);
    g_free(finding->parameter);
    g_free(finding->what);
    g_free(finding->advice);
    g_free(finding->command);
    g_free(finding);
}

GPtrArray *findings_new(void) {
    return g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

Finding *findings_add(GPtrArray *findings, FindingLevel level, const char *kind, const char *why,
                      const char *format, ...) {
    va_list arguments;
    Finding *finding = g_new0(Finding, 1);
    finding->level = level;
    finding->kind = kind;
    finding->why = why;
    va_start(arguments, format);
    finding->what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(findings, finding);
    return finding;
}

void finding_set_place(Finding *finding, const char *service, const char *parameter) {
    g_free(finding->services);
    g_free(finding->parameter);
    finding->services = g_strdup(service);
    finding->parameter = g_strdup(parameter);
}

static gboolean differ_in_service(const Finding *a, const Finding *b) {
    return a->level == b->level && a->services && b->services && g_str_equal(a->kind, b->kind)
           && g_strcmp0(a->parameter, b->parameter) == 0 && g_str_equal(a->what, b->what)
           && g_strcmp0(a->advice, b->advice) == 0 && g_strcmp0(a->command, b->command) == 0;
}

static Finding *find_alike(const GPtrArray *findings, guint before) {
    const Finding *finding = g_ptr_array_index(findings, before);
    for (guint i = 0; i < before; i++) {
        Finding *other = g_ptr_array_index(findings, i);
        if (differ_in_service(other, finding)) {
            return other;
        }
    }
    return NULL;
}

static gint compare_levels(gconstpointer a, gconstpointer b) {
    const Finding *const *first = a;
    const Finding *const *second = b;
    return (gint)(*first)->level - (gint)(*second)->level;
}

/* g_ptr_array_sort() keeps the order of equals: those of a level stay as the checks come. */
void findings_finish(GPtrArray *findings) {
    guint i = 0;
    while (i < findings->len) {
        const Finding *finding = g_ptr_array_index(findings, i);
        Finding *alike = find_alike(findings, i);
        if (!alike) {
            i++;
            continue;
        }
        char *services = g_strconcat(alike->services, ", ", finding->services, NULL);
        g_free(alike->services);
        alike->services = services;
        g_ptr_array_remove_index(findings, i);
    }
    g_ptr_array_sort(findings, compare_levels);
}

guint findings_count(const GPtrArray *findings, FindingLevel level) {
    guint count = 0;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        count += finding->level == level;
    }
    return count;
}

static void append_escaped(GString *out, const char *text) {
    for (; *text; text++) {
        if (g_ascii_isprint(*text)) {
            g_string_append_c(out, *text);
        } else {
            g_string_append_printf(out, "\\x%02x", (guint)(guchar)*text);
        }
    }
}

static void append_line(GString *out, const char *head, const char *text) {
    if (text) {
        g_string_append_printf(out, "  %-7s", head);
        append_escaped(out, text);
        g_string_append_c(out, '\n');
    }
}

static void append_finding(GString *out, const Finding *finding) {
    g_string_append_printf(out, "%s: ", level_names[finding->level]);
    append_escaped(out, finding->what);
    g_string_append_c(out, '\n');
    if (finding->services && finding->parameter) {
        g_autofree char *place = g_strdup_printf("%s of %s", finding->parameter, finding->services);
        append_line(out, "where", place);
    } else {
        append_line(out, "where", finding->parameter ? finding->parameter : finding->services);
    }
    append_line(out, "why", finding->why);
    append_line(out, "mend", finding->advice);
    append_line(out, "run", finding->command);
    g_string_append_c(out, '\n');
}

char *findings_format(const GPtrArray *findings) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        append_finding(out, g_ptr_array_index(findings, i));
    }
    return g_string_free(out, FALSE);
}

static void add_services(JsonBuilder *builder, const char *services) {
    g_auto(GStrv) names = g_strsplit(services ? services : "", ", ", -1);
    json_builder_set_member_name(builder, "services");
    json_builder_begin_array(builder);
    for (char **name = names; *name; name++) {
        g_autofree char *valid = g_utf8_make_valid(*name, -1);
        json_builder_add_string_value(builder, valid);
    }
    json_builder_end_array(builder);
}

void findings_json(JsonBuilder *builder, const GPtrArray *findings) {
    json_builder_set_member_name(builder, "findings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        json_builder_begin_object(builder);
        verb_json_string(builder, "danger", level_names[finding->level]);
        verb_json_string(builder, "kind", finding->kind);
        add_services(builder, finding->services);
        verb_json_string(builder, "parameter", finding->parameter);
        verb_json_string(builder, "what", finding->what);
        verb_json_string(builder, "why", finding->why);
        verb_json_string(builder, "advice", finding->advice);
        verb_json_string(builder, "command", finding->command);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}
