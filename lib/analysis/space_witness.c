/*
 * Space witness: goes one way through a region's diagram, the most natural one, and looks for a
 * value for each group that has the codes found there. What is then to be equal is made equal, if
 * it can be.
 */
#include "analysis/space_private.h"
#include "protocol/mailbox.h"
#include "protocol/xtext.h"

/* What a request says where nothing asks for something else: a stranger's, at RCPT. */
static const char *natural_value(Attribute attribute) {
    static const char *const values[ATTRIBUTE_COUNT] = {
        [ATTRIBUTE_REQUEST] = "smtpd_access_policy",
        [ATTRIBUTE_PROTOCOL_STATE] = "RCPT",
        [ATTRIBUTE_PROTOCOL_NAME] = "ESMTP",
        [ATTRIBUTE_CLIENT_ADDRESS] = "203.0.113.9",
        [ATTRIBUTE_HELO_NAME] = "mail.origin.example",
        [ATTRIBUTE_SENDER] = "sender@origin.example",
        [ATTRIBUTE_RECIPIENT] = "user@elsewhere.example",
    };
    return values[attribute] ? values[attribute] : "";
}

/* A path through a diagram: a code for each field, those that matter bound. */
typedef struct {
    guint32 *codes;  /* by variable: whether it is set */
    gboolean *bound; /* by variable */
} Path;

/* Goes the natural way where it leads on. */
static void walk_field(const Space *space, const Field *field, guint32 natural, Bdd *at,
                       Path *path) {
    for (guint bit = 0; bit < field->bits; bit++) {
        guint32 variable = field->first + bit;
        guint32 set = natural >> (field->bits - bit - 1) & 1;
        if (*at != BDD_TRUE && bdd_variable(space->table, *at) == variable) {
            Bdd wanted = set ? bdd_high(space->table, *at) : bdd_low(space->table, *at);
            set = wanted != BDD_FALSE ? set : !set;
            *at = set ? bdd_high(space->table, *at) : bdd_low(space->table, *at);
            path->bound[variable] = TRUE;
        }
        path->codes[variable] = set;
    }
}

static void walk(const Space *space, Bdd region, Path *path) {
    for (guint i = 0; i < space->groups->len; i++) {
        const Group *group = g_ptr_array_index(space->groups, i);
        const GPtrArray *fields = group_fields(group);
        g_autofree guint32 *natural = group_codes(group, natural_value(group_attribute(group)));
        for (guint j = 0; j < fields->len; j++) {
            walk_field(space, g_ptr_array_index(fields, j), natural[j], &region, path);
        }
    }
}

/* Of the variables from `first` to `end`, not included. */
static Bdd path_cube(const Space *space, const Path *path, guint32 first, guint32 end) {
    Bdd cube = BDD_TRUE;
    for (guint32 i = end; i > first; i--) {
        if (path->bound[i - 1]) {
            cube = path->codes[i - 1] ? bdd_node(space->table, i - 1, BDD_FALSE, cube)
                                      : bdd_node(space->table, i - 1, cube, BDD_FALSE);
        }
    }
    return cube;
}

/* The codes of a group's fields on a path. */
typedef struct {
    guint32 *codes;
    gboolean *bound;
} Wish;

static Wish make_wish(const Group *group, const Path *path) {
    const GPtrArray *fields = group_fields(group);
    Wish wish = {g_new0(guint32, fields->len + 1), g_new0(gboolean, fields->len + 1)};
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = g_ptr_array_index(fields, i);
        for (guint bit = 0; bit < field->bits; bit++) {
            wish.codes[i] = wish.codes[i] << 1 | path->codes[field->first + bit];
            wish.bound[i] = wish.bound[i] || path->bound[field->first + bit];
        }
    }
    return wish;
}

static void clear_wish(Wish *wish) {
    g_free(wish->codes);
    g_free(wish->bound);
}

/* The requests for which no value was found for the group, whatever else they are: its classes are
 * all looked at, its flags only where they are bound. */
static Bdd failed_cube(const Space *space, const Group *group, Path *path) {
    const GPtrArray *fields = group_fields(group);
    const Field *first = g_ptr_array_index(fields, 0);
    const Field *last = g_ptr_array_index(fields, fields->len - 1);
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = g_ptr_array_index(fields, i);
        for (guint bit = 0; bit < field->bits && field->classifier; bit++) {
            path->bound[field->first + bit] = TRUE;
        }
    }
    return path_cube(space, path, first->first, last->first + last->bits);
}

static void note_obstacles(const Space *space, const Group *group, const Wish *wish) {
    const GPtrArray *fields = group_fields(group);
    for (guint i = 0; i < fields->len; i++) {
        const Field *flag = g_ptr_array_index(fields, i);
        if (flag->classifier || !flag->test || !wish->bound[i] || flag->test->kind != TEST_REGEX) {
            continue;
        }
        Text pattern = regex_pattern(flag->test->regex);
        g_string_append_printf(
            space->obstacles, "%s%s%s%s matches /%.*s/%s", space->obstacles->len > 0 ? " and " : "",
            wish->codes[i] == CODE_TRUE ? "" : "not ",
            attribute_info(flag->operand.attribute)->name,
            flag->operand.part == PART_DOMAIN  ? ".domain"
            : flag->operand.part == PART_LOCAL ? ".local"
                                               : "",
            (int)pattern.length, pattern.data, regex_caseless(flag->test->regex) ? "i" : "");
    }
}

/* Values by attribute, NULL of those that nothing asks. Returns the first group for which none was
 * found, or NULL. */
static const Group *find_values(const Space *space, const Path *path, char **values) {
    const Group *failed = NULL;
    g_string_truncate(space->obstacles, 0);
    for (guint i = 0; i < space->groups->len; i++) {
        const Group *group = g_ptr_array_index(space->groups, i);
        const char *natural = natural_value(group_attribute(group));
        Wish wish = make_wish(group, path);
        GroupTarget target = {wish.codes, wish.bound};
        char *value = group_value_has(group, natural, &target, space->scratch)
                          ? g_strdup(natural)
                          : group_witness(group, &target, space->scratch);
        note_obstacles(space, group, &wish);
        clear_wish(&wish);
        values[group_attribute(group)] = value;
        failed = failed || value ? failed : group;
    }
    return failed;
}

/* The value with one part of it replaced by that part of another. */
static char *graft(const char *value, AttributePart part, const char *other,
                   AttributePart other_part) {
    Mailbox mailbox = mailbox_split(text_from_string(value));
    Mailbox source = mailbox_split(text_from_string(other));
    Text from = other_part == PART_DOMAIN  ? source.domain
                : other_part == PART_LOCAL ? source.local
                                           : text_from_string(other);
    if (part == PART_WHOLE) {
        return g_strndup(from.data, from.length);
    }
    Text local = part == PART_LOCAL ? from : mailbox.local;
    Text domain = part == PART_DOMAIN ? from : mailbox.domain;
    return g_strdup_printf("%.*s@%.*s", (int)local.length, local.data, (int)domain.length,
                           domain.data);
}

static gboolean try_graft(const Space *space, const Path *path, char **values, Operand to,
                          Operand from) {
    const Group *group = space->by_attribute[to.attribute];
    const char *source =
        values[from.attribute] ? values[from.attribute] : natural_value(from.attribute);
    const char *value = values[to.attribute] ? values[to.attribute] : natural_value(to.attribute);
    g_autofree char *grafted = graft(value, to.part, source, from.part);
    gboolean fits = TRUE;
    if (group) {
        Wish wish = make_wish(group, path);
        GroupTarget target = {wish.codes, wish.bound};
        fits = group_value_has(group, grafted, &target, space->scratch);
        clear_wish(&wish);
    }
    if (fits) {
        g_free(values[to.attribute]);
        values[to.attribute] = g_steal_pointer(&grafted);
    }
    return fits;
}

/* Those that are to be equal are made so, where their classes allow it. */
static void unite(const Space *space, const Path *path, char **values) {
    for (guint i = 0; i < space->fields->len; i++) {
        const Field *flag = g_ptr_array_index(space->fields, i);
        if (flag->classifier || !flag->test || flag->test->kind != TEST_SAME
            || !path->bound[flag->first] || path->codes[flag->first] != CODE_TRUE) {
            continue;
        }
        if (!try_graft(space, path, values, flag->test->operand, flag->test->other)) {
            try_graft(space, path, values, flag->test->other, flag->test->operand);
        }
    }
}

static char *write_block(char *const *values) {
    GString *block = g_string_new(NULL);
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        const AttributeInfo *info = attribute_info((Attribute)i);
        const char *value = values[i] ? values[i] : natural_value((Attribute)i);
        if (value[0] != '\0') {
            g_autofree char *encoded =
                info->xtext ? xtext_encode(text_from_string(value)) : g_strdup(value);
            g_string_append_printf(block, "%s=%s\n", info->name, encoded);
        }
    }
    return g_string_free(block, FALSE);
}

char *space_witness(Space *space, Bdd region, Bdd *tried) {
    char *values[ATTRIBUTE_COUNT] = {NULL};
    char *block = NULL;
    Path path = {g_new0(guint32, space->variables + 1), g_new0(gboolean, space->variables + 1)};
    walk(space, region, &path);
    *tried = path_cube(space, &path, 0, space->variables);
    const Group *failed = find_values(space, &path, values);
    if (failed) {
        *tried = failed_cube(space, failed, &path);
    } else {
        unite(space, &path, values);
        block = write_block(values);
    }
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        g_free(values[i]);
    }
    g_free(path.codes);
    g_free(path.bound);
    return block;
}

char *space_obstacles(const Space *space) {
    return g_strdup(space->obstacles->str);
}
