/*
 * Goals: the conditions of a file's rules make its assertions, so that the two meet.
 */
#include "engine/goals.h"

#include <string.h>

#include "engine/ties.h"

typedef struct {
    Generator *generator;
    GRand *random;
} Goals;

static const char *pick(const Goals *goals, const char *const *table, guint count) {
    return table[g_rand_int(goals->random) % count];
}

/* An assertion over the conditions of two rules. */
static void write_assertion(const Goals *goals, const GPtrArray *conditions, GString *out) {
    static const char *const heads[] = {"never permit", "never reject", "always dunno, reject",
                                        "never permit, dunno", "always reject"};
    static const char *const joints[] = {"(%s) and (%s)", "(%s) and not (%s)", "not (%s) and (%s)",
                                         "not ((%s) or (%s))"};
    const char *const *known = (const char *const *)conditions->pdata;
    const char *head = pick(goals, heads, G_N_ELEMENTS(heads));
    g_auto(GStrv) pieces = g_strsplit(pick(goals, joints, G_N_ELEMENTS(joints)), "%s", -1);
    const char *left = pick(goals, known, conditions->len);
    const char *right = pick(goals, known, conditions->len);
    g_string_append_printf(out, "%s if %s%s%s%s%s\n", head, pieces[0], left, pieces[1], right,
                           pieces[2]);
}

static char *make_plain_rules(const Goals *goals, guint count) {
    switch (g_rand_int(goals->random) % 3) {
    case 0:
        return generator_rules(goals->generator, count);
    case 1:
        return generator_small_rules(goals->generator, count);
    default:
        return ties_rules(goals->random, count);
    }
}

/* What stands before the rules. */
static void write_head(const Goals *goals, GString *out) {
    static const char *const insiders[] = {"client_address in { 10.0.0.0/8 }",
                                           "client_address not in { 192.0.2.0/24 }",
                                           "client_name in { .example.com }",
                                           "client_name and policy_context",
                                           "ccert_fingerprint in { \"aa:bb\" }",
                                           "ccert_fingerprint",
                                           "policy_context == \"k\"",
                                           "sender.domain == \"a.com\"",
                                           "recipient"};
    if (g_rand_int(goals->random) % 3 == 0) {
        g_string_append(out, "accept open relay\n");
    }
    if (g_rand_boolean(goals->random)) {
        g_string_append(out, "domains local = a.com, .example.org, [192.0.2.1]\n");
    }
    if (g_rand_boolean(goals->random)) {
        g_string_append_printf(out, "condition insider = authenticated or %s\n",
                               pick(goals, insiders, G_N_ELEMENTS(insiders)));
    }
}

/* A rule with another action; its condition is remembered. Other lines stay. */
static void write_line(const Goals *goals, char *line, GPtrArray *conditions, GString *out) {
    static const char *const actions[] = {"permit",
                                          "permit",
                                          "dunno",
                                          "reject",
                                          "hold",
                                          "restrict \"permit_mynetworks, reject\"",
                                          "restrict \"permit_auth_destination, reject\""};
    char *condition = strstr(line, " if ");
    if (condition) {
        g_ptr_array_add(conditions, condition + 4);
        g_string_append_printf(out, "%s%s\n", pick(goals, actions, G_N_ELEMENTS(actions)),
                               condition);
    } else if (line[0] != '\0') {
        g_string_append_printf(out, "%s\n", line);
    }
}

char *goals_rules(Generator *generator, GRand *random, guint count) {
    const Goals goals = {generator, random};
    g_autofree char *plain = make_plain_rules(&goals, count);
    g_auto(GStrv) lines = g_strsplit(plain, "\n", -1);
    g_autoptr(GPtrArray) conditions = g_ptr_array_new();
    GString *out = g_string_new(NULL);
    write_head(&goals, out);
    for (char **line = lines + 1; *line; line++) {
        write_line(&goals, *line, conditions, out);
    }
    for (guint i = 0; i < 3 && conditions->len > 0; i++) {
        write_assertion(&goals, conditions, out);
    }
    return g_string_free(out, FALSE);
}
