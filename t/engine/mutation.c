/*
 * Mutation: the file as lines; each change is one of text.
 */
#include "engine/mutation.h"

#include <string.h>

static gboolean is_rule(const char *line) {
    static const char *const others[] = {"accept ",    "networks ", "domains ",
                                         "addresses ", "strings ",  "condition "};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_str_has_prefix(line, others[i])) {
            return FALSE;
        }
    }
    return line[0] != '\0';
}

char *mutation_sort(const char *rules) {
    g_auto(GStrv) lines = g_strsplit(rules, "\n", -1);
    GString *out = g_string_new(NULL);
    for (guint pass = 0; pass < 2; pass++) {
        for (char **line = lines; *line; line++) {
            if (**line && is_rule(*line) == (pass == 1)) {
                g_string_append_printf(out, "%s\n", *line);
            }
        }
    }
    return g_string_free(out, FALSE);
}

/* The rules but the last, which has no condition. */
static GArray *find_rules(const GPtrArray *lines) {
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i + 1 < lines->len; i++) {
        if (is_rule(g_ptr_array_index(lines, i))) {
            g_array_append_val(rules, i);
        }
    }
    return rules;
}

static guint pick(Generator *generator, const GArray *rules) {
    return g_array_index(rules, guint, generator_below(generator, rules->len));
}

static void replace(GPtrArray *lines, guint at, char *line) {
    g_free(lines->pdata[at]);
    lines->pdata[at] = line;
}

static void swap_rules(Generator *generator, GPtrArray *lines, const GArray *rules) {
    guint a = pick(generator, rules);
    guint b = pick(generator, rules);
    gpointer line = lines->pdata[a];
    lines->pdata[a] = lines->pdata[b];
    lines->pdata[b] = line;
}

static void repeat_rule(Generator *generator, GPtrArray *lines, const GArray *rules) {
    const char *line = lines->pdata[pick(generator, rules)];
    g_ptr_array_insert(lines, (gint)pick(generator, rules), g_strdup(line));
}

static void delete_rule(Generator *generator, GPtrArray *lines, const GArray *rules) {
    g_ptr_array_remove_index(lines, pick(generator, rules));
}

static void change_action(Generator *generator, GPtrArray *lines, const GArray *rules) {
    guint at = pick(generator, rules);
    const char *condition = strstr(lines->pdata[at], " if ");
    replace(lines, at, g_strconcat(generator_action(generator), condition, NULL));
}

/* All of a condition, or what stands in parentheses. */
static void negate(Generator *generator, GPtrArray *lines, const GArray *rules) {
    guint at = pick(generator, rules);
    const char *line = lines->pdata[at];
    const char *condition = strstr(line, " if ") + 4;
    guint skip = generator_below(generator, 4);
    const char *open = condition;
    while (skip-- > 0 && open) {
        open = strchr(open + 1, '(');
    }
    if (open && *open == '(') {
        replace(lines, at, g_strdup_printf("%.*snot %s", (int)(open - line), line, open));
    } else {
        replace(lines, at,
                g_strdup_printf("%.*snot (%s)", (int)(condition - line), line, condition));
    }
}

/* Of any line that has two. */
static void drop_item(Generator *generator, GPtrArray *lines, const GArray *rules) {
    guint start = generator_below(generator, lines->len);
    (void)rules;
    for (guint i = 0; i < lines->len; i++) {
        guint at = (start + i) % lines->len;
        const char *line = lines->pdata[at];
        const char *comma = strstr(line, ", ");
        if (!comma) {
            continue;
        }
        const char *end = strstr(comma + 2, ", ");
        const char *brace = strstr(comma + 2, " }");
        end = end && (!brace || end < brace) ? end : brace ? brace : line + strlen(line);
        replace(lines, at, g_strdup_printf("%.*s%s", (int)(comma - line), line, end));
        return;
    }
}

static void leave(Generator *generator, GPtrArray *lines, const GArray *rules) {
    (void)generator;
    (void)lines;
    (void)rules;
}

char *mutation_make(Generator *generator, const char *rules) {
    static void (*const changes[])(Generator *, GPtrArray *, const GArray *) = {
        swap_rules,    swap_rules, repeat_rule, delete_rule, change_action,
        change_action, negate,     drop_item,   drop_item,   leave,
    };
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    char **split = g_strsplit(rules, "\n", -1);
    for (char **line = split; *line; line++) {
        if (**line) {
            g_ptr_array_add(lines, *line);
        } else {
            g_free(*line);
        }
    }
    g_free(split);
    g_autoptr(GArray) places = find_rules(lines);
    if (places->len > 0) {
        changes[generator_below(generator, G_N_ELEMENTS(changes))](generator, lines, places);
    }
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(out, "%s\n", (char *)g_ptr_array_index(lines, i));
    }
    return g_string_free(out, FALSE);
}
