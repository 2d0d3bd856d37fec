/*
 * RelayForms: a table of templates, filled in. {here} stands for each of the places in turn.
 */
#include "ctl/relay_test/forms.h"

#include <string.h>

typedef struct {
    const char *name;
    RelayKind kind;
    const char *sender; /* NULL: the stage's */
    const char *recipient;
} Template;

#define PLAIN "<{user}@{remote}>"

static const Template forms[] = {
    {"unknown mailbox", RELAY_UNKNOWN, NULL, "<{unknown}>"},
    {"unknown mailbox", RELAY_UNKNOWN, NULL, "<{unknown}@{here}>"},

    {"plain", RELAY_REMOTE, NULL, PLAIN},
    {"null sender", RELAY_REMOTE, "<>", PLAIN},
    {"remote sender", RELAY_REMOTE, "<{mailbox}@{remote}>", PLAIN},
    {"sender = recipient", RELAY_REMOTE, "<{user}@{remote}>", PLAIN},
    {"local sender", RELAY_REMOTE, "<{mailbox}@{here}>", PLAIN},
    {"local sender", RELAY_REMOTE, "<{mailbox}@localhost>", PLAIN},
    {"sender, no domain", RELAY_REMOTE, "<{mailbox}>", PLAIN},
    {"bang sender", RELAY_REMOTE, "<{remote}!{mailbox}>", PLAIN},
    {"no brackets", RELAY_REMOTE, "{mailbox}@{remote}", "{user}@{remote}"},
    {"quoted local part", RELAY_REMOTE, NULL, "<\"{user}\"@{remote}>"},
    {"trailing dot", RELAY_REMOTE, NULL, "<{user}@{remote}.>"},

    {"source route", RELAY_REMOTE, NULL, "<@{here}:{user}@{remote}>"},
    {"source route", RELAY_REMOTE, NULL, "<@{here},@{remote}:{user}@{remote}>"},
    {"source route", RELAY_REMOTE, NULL, "<@{remote}:{user}@{remote}>"},
    {"route, percent", RELAY_TRICK, NULL, "<@{here}:{user}%{remote}@{here}>"},

    {"percent", RELAY_TRICK, NULL, "<{user}%{remote}@{here}>"},
    {"percent twice", RELAY_TRICK, NULL, "<{user}%{remote}%{here}@{here}>"},
    {"percent", RELAY_TRICK, NULL, "<{user}%{remote}>"},
    {"percent", RELAY_REMOTE, NULL, "<{user}%{here}@{remote}>"},

    {"bang", RELAY_TRICK, NULL, "<{remote}!{user}@{here}>"},
    {"bang path", RELAY_TRICK, NULL, "<{here}!{remote}!{user}>"},
    {"bang, percent", RELAY_TRICK, NULL, "<{here}!{user}%{remote}>"},
    {"bang", RELAY_TRICK, NULL, "<{remote}!{user}>"},
    {"bang", RELAY_REMOTE, NULL, "<{here}!{user}@{remote}>"},

    {"quoted", RELAY_TRICK, NULL, "<\"{user}@{remote}\"@{here}>"},
    {"quoted percent", RELAY_TRICK, NULL, "<\"{user}%{remote}\"@{here}>"},
    {"quoted bang", RELAY_TRICK, NULL, "<\"{remote}!{user}\"@{here}>"},
    {"quoted", RELAY_TRICK, NULL, "<\"{user}@{remote}\">"},
    {"quoted percent", RELAY_TRICK, NULL, "<\"{user}%{remote}\">"},
    {"quoted bang", RELAY_TRICK, NULL, "<\"{remote}!{user}\">"},

    {"two domains", RELAY_TRICK, NULL, "<{user}@{remote}@{here}>"},
    {"two domains", RELAY_REMOTE, NULL, "<{user}@{here}@{remote}>"},
    {"trailing @", RELAY_TRICK, NULL, "<{user}@{remote}@>"},
    {"percent, trailing @", RELAY_TRICK, NULL, "<{user}%{remote}@>"},
    {"encapsulated", RELAY_TRICK, NULL, "<IMCEASMTP-{user}+40{remote}@{here}>"},
};

static const char here[] = "{here}";

typedef struct {
    const char *name;
    const char *value;
} Filling;

/* Appends what stands at a brace, and answers what is behind it. */
static const char *fill_one(const char *brace, const Filling *fillings, GString *out) {
    for (const Filling *at = fillings; at->name; at++) {
        if (g_str_has_prefix(brace, at->name)) {
            g_string_append(out, at->value);
            return brace + strlen(at->name);
        }
    }
    g_assert_not_reached();
}

static char *fill(const char *template, const RelayNames *names, const char *place) {
    const Filling fillings[] = {
        {"{user}", RELAY_FORMS_USER},
        {"{remote}", names->remote},
        {"{mailbox}", names->mailbox},
        {"{unknown}", names->unknown},
        {here, place},
        {NULL, NULL},
    };
    GString *out = g_string_new(NULL);
    while (*template) {
        size_t length = strcspn(template, "{");
        g_string_append_len(out, template, (gssize)length);
        template += length;
        if (*template) {
            template = fill_one(template, fillings, out);
        }
    }
    return g_string_free(out, FALSE);
}

static void try_free(gpointer data) {
    RelayTry *try = data;
    g_free(try->sender);
    g_free(try->recipient);
    g_free(try);
}

static gboolean is_there(const GPtrArray *tries, const RelayTry *try) {
    for (guint i = 0; i < tries->len; i++) {
        const RelayTry *other = g_ptr_array_index(tries, i);
        if (g_strcmp0(other->sender, try->sender) == 0
            && g_str_equal(other->recipient, try->recipient)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void add(GPtrArray *tries, const Template *form, const RelayNames *names, guint place) {
    RelayTry *try = g_new0(RelayTry, 1);
    try->form = form->name;
    try->kind = form->kind;
    try->place = g_str_has_suffix(form->recipient, "@{here}>") ? place + 1 : 0;
    try->sender = form->sender ? fill(form->sender, names, names->places[place]) : NULL;
    try->recipient = fill(form->recipient, names, names->places[place]);
    if (is_there(tries, try)) {
        try_free(try);
    } else {
        g_ptr_array_add(tries, try);
    }
}

static gboolean has_place(const Template *form) {
    return strstr(form->recipient, here) || (form->sender && strstr(form->sender, here));
}

GPtrArray *relay_forms_fill(const RelayNames *names) {
    GPtrArray *tries = g_ptr_array_new_with_free_func(try_free);
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        add(tries, &forms[i], names, 0);
        for (guint place = 1; has_place(&forms[i]) && names->places[place]; place++) {
            add(tries, &forms[i], names, place);
        }
    }
    return tries;
}

/* The last place is the address literal, with which the other tests try their tricks. */
GPtrArray *relay_forms_senders(const RelayNames *names, const char *login) {
    GPtrArray *tries = g_ptr_array_new_with_free_func(try_free);
    const char *const senders[] = {"<{mailbox}@{here}>", "<>", "<{mailbox}@{remote}>"};
    guint last = 0;
    while (names->places[last + 1]) {
        last++;
    }
    for (size_t i = login ? 0 : 1; i <= G_N_ELEMENTS(senders); i++) {
        RelayTry *try = g_new0(RelayTry, 1);
        try->form = "known mailbox";
        try->kind = RELAY_KNOWN;
        try->place = 1;
        try->sender = i == 0 ? g_strdup_printf("<%s>", login)
                             : fill(senders[i - 1], names, names->places[last]);
        try->recipient = fill("<{mailbox}@{here}>", names, names->places[0]);
        g_ptr_array_add(tries, try);
    }
    return tries;
}
