/*
 * Ties: a few locals and domains make every mailbox, so that they meet.
 */
#include "engine/ties.h"

static const char *const locals[] = {"u", "U", "u%x", "U%x", "bob", "Bob", "v"};
static const char *const domains[] = {"d.com",  "e.com", "w.d.com", "[192.0.2.1]",
                                      ".d.com", ".com",  "D.com"};
static const char *const logins[] = {"u",      "U",         "u@d.com", "U@d.com", "u@", "u@D.com",
                                     "@d.com", "u%x@d.com", "bob",     "v@e.com", "v"};
static const char *const methods[] = {"PLAIN", "anonymous", "ANONYMOUS", "Anonymous", "x"};

#define PICK(random, table) ((table)[g_rand_int(random) % G_N_ELEMENTS(table)])

/* So many of all domains can be the domain of a mailbox in a list. */
#define LISTED_DOMAINS 4

static void write_string(GRand *random, GString *out, const char *name, const char *const *table,
                         guint count) {
    g_string_append_printf(out, "%s in { \"%s\"", name, table[g_rand_int(random) % count]);
    for (guint i = g_rand_int(random) % 3; i > 0; i--) {
        g_string_append_printf(out, ", \"%s\"", table[g_rand_int(random) % count]);
    }
    g_string_append(out, " }");
}

static void write_domains(GRand *random, GString *out, const char *name) {
    g_string_append_printf(out, "%s in { %s", name, PICK(random, domains));
    for (guint i = g_rand_int(random) % 3; i > 0; i--) {
        g_string_append_printf(out, ", %s", PICK(random, domains));
    }
    g_string_append(out, " }");
}

static void write_mailboxes(GRand *random, GString *out, const char *name) {
    g_string_append_printf(out, "%s in { ", name);
    for (guint i = g_rand_int(random) % 3 + 1; i > 0; i--) {
        const char *domain = domains[g_rand_int(random) % LISTED_DOMAINS];
        g_string_append_printf(out, "%s@%s%s", PICK(random, locals),
                               g_rand_int(random) % 4 == 0 ? "" : domain, i > 1 ? ", " : " }");
    }
}

static void write_mailbox_test(GRand *random, GString *out, const char *name) {
    switch (g_rand_int(random) % 4) {
    case 0:
        g_string_append_printf(out, "%s == \"%s\"", name, PICK(random, locals));
        break;
    case 1:
        write_domains(random, out, name);
        break;
    case 2:
        g_string_append(out, g_str_equal(name, "recipient") ? "routed" : name);
        break;
    default:
        write_mailboxes(random, out, name);
        break;
    }
}

static void write_part_test(GRand *random, GString *out, const char *name) {
    g_autofree char *local = g_strconcat(name, ".local", NULL);
    g_autofree char *domain = g_strconcat(name, ".domain", NULL);
    switch (g_rand_int(random) % 5) {
    case 0:
        g_string_append(out, g_rand_boolean(random) ? local : domain);
        break;
    case 1:
    case 2:
        write_domains(random, out, domain);
        break;
    default:
        write_string(random, out, local, locals, G_N_ELEMENTS(locals));
        break;
    }
}

static void write_method_test(GRand *random, GString *out) {
    if (g_rand_int(random) % 3 == 0) {
        g_string_append(out, "authenticated");
    } else {
        write_string(random, out, "sasl_method", methods, G_N_ELEMENTS(methods));
    }
}

static void write_test(GRand *random, GString *out, const char *name) {
    if (g_str_equal(name, "sasl_method")) {
        write_method_test(random, out);
    } else if (g_rand_boolean(random)) {
        write_part_test(random, out, name);
    } else if (g_str_equal(name, "sasl_username")) {
        write_string(random, out, name, logins, G_N_ELEMENTS(logins));
    } else {
        write_mailbox_test(random, out, name);
    }
}

char *ties_rules(GRand *random, guint rules) {
    static const char *const names[] = {"recipient",   "recipient",     "sender",
                                        "sasl_sender", "sasl_username", "sasl_method"};
    const char *name = PICK(random, names);
    GString *out = g_string_new("accept open relay\n");
    for (guint i = 0; i < rules; i++) {
        g_string_append(out, "reject if ");
        for (guint j = g_rand_int(random) % 3 + 1; j > 0; j--) {
            g_string_append(out, g_rand_boolean(random) ? "not (" : "(");
            write_test(random, out, name);
            g_string_append(out, j > 1 ? ") and " : ")\n");
        }
    }
    g_string_append(out, "dunno\n");
    return g_string_free(out, FALSE);
}
