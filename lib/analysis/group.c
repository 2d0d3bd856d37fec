/*
 * Group: for an attribute that no test takes apart, any class that has a value. A mailbox, and a
 * login that is taken apart, is one of: absent; a local part alone; a local part before a last `@`
 * with nothing behind it; or with a domain, which is final if nothing is left to route. The classes
 * of local parts and those of domains combine freely, but for the mailboxes that a list names
 * whole: each of those has rows of its own, and where all mailboxes of a class of local parts and
 * one of domains are listed, the two are taken out of the free combinations.
 */
#include "analysis/group_private.h"

#include <string.h>

/* Where a field stands among its group's. */
enum {
    PLACE_PRESENCE,
    PLACE_EQUAL,
    PLACE_WHOLE,
    PLACE_LOCAL,
    PLACE_ROUTED,
    PLACE_DOMAIN,
    PLACE_FINAL,
    PLACE_FREE,
};

static int place_of(const Field *field) {
    if (!field->classifier) {
        if (!field->test) {
            return PLACE_PRESENCE;
        }
        if (field->test->kind == TEST_EQUAL_FOLDED) {
            return PLACE_EQUAL;
        }
        return field->test->kind == TEST_ROUTED ? PLACE_ROUTED : PLACE_FREE;
    }
    switch (field->operand.part) {
    case PART_DOMAIN:
        return PLACE_DOMAIN;
    case PART_LOCAL:
        return PLACE_LOCAL;
    case PART_WHOLE:
        break;
    }
    return classifier_facet(field->classifier) == FACET_FINAL_DOMAIN ? PLACE_FINAL : PLACE_WHOLE;
}

static gint compare_places(gconstpointer a, gconstpointer b) {
    return place_of(*(Field *const *)a) - place_of(*(Field *const *)b);
}

static void take_field(Group *group, Field *field) {
    switch (place_of(field)) {
    case PLACE_PRESENCE:
        group->presence = field;
        break;
    case PLACE_EQUAL:
        g_ptr_array_add(group->equals, field);
        break;
    case PLACE_WHOLE:
        group->whole = field;
        break;
    case PLACE_LOCAL:
        group->local = field;
        break;
    case PLACE_ROUTED:
        group->routed = field;
        break;
    case PLACE_DOMAIN:
        group->domain = field;
        break;
    case PLACE_FINAL:
        group->final = field;
        break;
    default:
        g_ptr_array_add(group->free, field);
        break;
    }
}

/* The parts of the value are asked for, so it is taken apart. */
static gboolean is_split(const Group *group) {
    return attribute_info(group->attribute)->type == ATTRIBUTE_TYPE_MAILBOX || group->local
           || group->domain;
}

/* A relation over the fields from one place to another, both included. */
static Relation *make_relation(const Group *group, int first, int last) {
    g_autoptr(GPtrArray) columns = g_ptr_array_new();
    for (guint i = 0; i < group->fields->len; i++) {
        Field *field = g_ptr_array_index(group->fields, i);
        if (place_of(field) >= first && place_of(field) <= last) {
            g_ptr_array_add(columns, field);
        }
    }
    return relation_new((Field *const *)columns->pdata, columns->len);
}

Group *group_new(Attribute attribute, const GPtrArray *fields) {
    Group *group = g_new0(Group, 1);
    group->attribute = attribute;
    group->fields = g_ptr_array_new();
    group->equals = g_ptr_array_new();
    group->free = g_ptr_array_new();
    g_ptr_array_extend(group->fields, (GPtrArray *)(guintptr)fields, NULL, NULL);
    g_ptr_array_sort(group->fields, compare_places);
    for (guint i = 0; i < fields->len; i++) {
        take_field(group, g_ptr_array_index(group->fields, i));
    }
    if (!group->whole && !group->final) {
        group->own = field_new_flag((Operand){attribute, PART_WHOLE}, NULL);
        g_ptr_array_insert(group->fields, 0, group->own);
        group->presence = group->own;
    }
    group->split = is_split(group);
    group->alone = make_relation(group, PLACE_PRESENCE, PLACE_ROUTED);
    group->bare = make_relation(group, PLACE_PRESENCE, PLACE_ROUTED);
    group->straight = make_relation(group, PLACE_PRESENCE, PLACE_ROUTED);
    group->routing = make_relation(group, PLACE_PRESENCE, PLACE_ROUTED);
    group->domains = make_relation(group, PLACE_DOMAIN, PLACE_FINAL);
    group->routed_domains = make_relation(group, PLACE_DOMAIN, PLACE_FINAL);
    group->listed = make_relation(group, PLACE_PRESENCE, PLACE_FINAL);
    group->straight_taken = make_relation(group, PLACE_PRESENCE, PLACE_FINAL);
    group->routing_taken = make_relation(group, PLACE_PRESENCE, PLACE_FINAL);
    group_collect(group);
    return group;
}

void group_free(Group *group) {
    if (group) {
        relation_free(group->alone);
        relation_free(group->bare);
        relation_free(group->straight);
        relation_free(group->routing);
        relation_free(group->domains);
        relation_free(group->routed_domains);
        relation_free(group->listed);
        relation_free(group->straight_taken);
        relation_free(group->routing_taken);
        g_ptr_array_unref(group->fields);
        g_ptr_array_unref(group->equals);
        g_ptr_array_unref(group->free);
        g_clear_pointer(&group->texts, g_string_chunk_free);
        field_free(group->own);
        g_free(group);
    }
}

Attribute group_attribute(const Group *group) {
    return group->attribute;
}

const GPtrArray *group_fields(const Group *group) {
    return group->fields;
}

Bdd group_present(const Group *group, BddTable *table, AttributePart part) {
    const Field *field = group->presence ? group->presence : group->whole;
    field = field ? field : group->final;
    if (part == PART_DOMAIN && group->domain) {
        field = group->domain;
    } else if (part == PART_LOCAL && group->local) {
        field = group->local;
    }
    return field_present(field, table);
}

static Bdd is_absent(const Group *group, BddTable *table) {
    Bdd absent = BDD_TRUE;
    for (guint i = group->fields->len; i > 0; i--) {
        const Field *field = g_ptr_array_index(group->fields, i - 1);
        absent = bdd_and(table, field_is(field, table, CODE_ABSENT), absent);
    }
    return absent;
}

static Bdd has_no_domain(const Group *group, BddTable *table) {
    Bdd none = BDD_TRUE;
    if (group->domain) {
        none = field_is(group->domain, table, CODE_ABSENT);
    }
    if (group->final) {
        none = bdd_and(table, none,
                       field_is(group->final, table, field_code(group->final, ATOM_REST)));
    }
    return none;
}

static Bdd split_values(const Group *group, BddTable *table) {
    Bdd alone =
        bdd_or(table, relation_build(group->alone, table), relation_build(group->bare, table));
    Bdd straight = bdd_and(table, relation_build(group->straight, table),
                           relation_build(group->domains, table));
    Bdd routing = bdd_and(table, relation_build(group->routing, table),
                          relation_build(group->routed_domains, table));
    straight = bdd_without(table, straight, relation_build(group->straight_taken, table));
    routing = bdd_without(table, routing, relation_build(group->routing_taken, table));
    Bdd values = bdd_or(table, straight, routing);
    values = bdd_or(table, values, relation_build(group->listed, table));
    return bdd_or(table, values, bdd_and(table, alone, has_no_domain(group, table)));
}

/* An enumeration has no values but those of Postfix. */
static Bdd enumerated_values(const Group *group, BddTable *table) {
    const char *const *value = attribute_info(group->attribute)->values;
    Bdd values = BDD_FALSE;
    for (; *value; value++) {
        Atom atom = classifier_find_text(group->whole->classifier, text_from_string(*value));
        values =
            bdd_or(table, values, field_is(group->whole, table, field_code(group->whole, atom)));
    }
    return values;
}

static Bdd plain_values(const Group *group, BddTable *table) {
    if (relation_count(group->alone) > 0) {
        return relation_build(group->alone, table);
    }
    if (attribute_info(group->attribute)->values && group->whole) {
        return enumerated_values(group, table);
    }
    return group->whole ? bdd_without(table, field_valid(group->whole, table),
                                      field_is(group->whole, table, CODE_ABSENT))
                        : field_is(group->presence, table, CODE_TRUE);
}

/* A flag says nothing of a value that isn't there. */
static Bdd bind_free(const Group *group, BddTable *table, Bdd values) {
    for (guint i = 0; i < group->free->len; i++) {
        const Field *flag = g_ptr_array_index(group->free, i);
        Bdd unbound = bdd_without(table, field_is(flag, table, CODE_TRUE),
                                  group_present(group, table, flag->operand.part));
        values = bdd_without(table, values, unbound);
    }
    return values;
}

Bdd group_universe(Group *group, BddTable *table) {
    Bdd values = group->split ? split_values(group, table) : plain_values(group, table);
    return bdd_or(table, is_absent(group, table), bind_free(group, table, values));
}
