/*
 * Axiom: each is made only where the space has all that it speaks of. A class of protocol states,
 * or of counts, may hold several values; what is said of it is what any of them allows.
 */
#include "analysis/axiom.h"

#include "analysis/group.h"

/* The space has a field of this attribute. */
static gboolean has(const Space *space, Attribute attribute) {
    return space_group(space, attribute) != NULL;
}

/* The field that tells the attribute's values apart, or NULL. */
static const Field *find_field(const Space *space, Attribute attribute) {
    const GPtrArray *fields =
        has(space, attribute) ? group_fields(space_group(space, attribute)) : NULL;
    for (guint i = 0; fields && i < fields->len; i++) {
        const Field *field = g_ptr_array_index(fields, i);
        if (field->classifier && field->operand.part == PART_WHOLE) {
            return field;
        }
    }
    return NULL;
}

static Bdd implies(const Space *space, Bdd condition, Bdd consequence) {
    BddTable *table = space_table(space);
    return bdd_not(table, bdd_without(table, condition, consequence));
}

static Bdd is_number(const Space *space, const Field *field, guint64 number) {
    guint32 codes[] = {CODE_ABSENT,
                       field_code(field, classifier_find_number(field->classifier, number))};
    return field_among(field, space_table(space), codes, 2);
}

/* What a state demands. */
typedef Bdd (*Demand)(const Space *space, ProtocolState state);

/* In each state what it demands, of a class of states what one of them does. */
static Bdd in_each_state(const Space *space, Demand demand) {
    const Field *field = find_field(space, ATTRIBUTE_PROTOCOL_STATE);
    BddTable *table = space_table(space);
    const char *const *words = attribute_info(ATTRIBUTE_PROTOCOL_STATE)->values;
    Bdd held = field ? field_is(field, table, CODE_ABSENT) : BDD_TRUE;
    for (guint i = 0; field && i < STATE_COUNT; i++) {
        Atom atom = classifier_find_text(field->classifier, text_from_string(words[i]));
        Bdd in = field_is(field, table, field_code(field, atom));
        held = bdd_or(table, held, bdd_and(table, in, demand(space, (ProtocolState)i)));
    }
    return held;
}

/* Demand */
static Bdd demand_count(const Space *space, ProtocolState state) {
    const Field *count = find_field(space, ATTRIBUTE_RECIPIENT_COUNT);
    gboolean never = attribute_info(ATTRIBUTE_RECIPIENT_COUNT)->never & STATE_SET(state);
    return never ? is_number(space, count, 0) : BDD_TRUE;
}

static Bdd make_count(const Space *space) {
    return find_field(space, ATTRIBUTE_RECIPIENT_COUNT)
                   && find_field(space, ATTRIBUTE_PROTOCOL_STATE)
               ? in_each_state(space, demand_count)
               : BDD_TRUE;
}

/* Demand. EHLO and HELO are taken within a mail transaction too, and then come with its recipient.
 */
static Bdd demand_recipient(const Space *space, ProtocolState state) {
    const AttributeInfo *info = attribute_info(ATTRIBUTE_RECIPIENT);
    const Field *count = find_field(space, ATTRIBUTE_RECIPIENT_COUNT);
    Bdd present = space_present(space, ATTRIBUTE_RECIPIENT);
    if (info->never & STATE_SET(state)) {
        return bdd_not(space_table(space), present);
    }
    if (info->single & STATE_SET(state)) {
        return count ? implies(space, present, is_number(space, count, 1)) : BDD_TRUE;
    }
    return state == STATE_RCPT || state == STATE_VRFY ? present : BDD_TRUE;
}

static Bdd make_recipient(const Space *space) {
    return has(space, ATTRIBUTE_RECIPIENT) && find_field(space, ATTRIBUTE_PROTOCOL_STATE)
               ? in_each_state(space, demand_recipient)
               : BDD_TRUE;
}

/* Present or absent together. */
static Bdd tie(const Space *space, Attribute a, Attribute b) {
    if (!has(space, a) || !has(space, b)) {
        return BDD_TRUE;
    }
    Bdd left = space_present(space, a);
    Bdd right = space_present(space, b);
    return bdd_and(space_table(space), implies(space, left, right), implies(space, right, left));
}

static Bdd make_encryption(const Space *space) {
    BddTable *table = space_table(space);
    const Field *keysize = find_field(space, ATTRIBUTE_ENCRYPTION_KEYSIZE);
    Bdd held = tie(space, ATTRIBUTE_ENCRYPTION_PROTOCOL, ATTRIBUTE_ENCRYPTION_CIPHER);
    Attribute other = has(space, ATTRIBUTE_ENCRYPTION_PROTOCOL) ? ATTRIBUTE_ENCRYPTION_PROTOCOL
                                                                : ATTRIBUTE_ENCRYPTION_CIPHER;
    if (keysize && has(space, other)) {
        Bdd plain = bdd_not(table, space_present(space, other));
        held = bdd_and(table, held, implies(space, plain, is_number(space, keysize, 0)));
    }
    return held;
}

static Bdd make_login(const Space *space) {
    return tie(space, ATTRIBUTE_SASL_METHOD, ATTRIBUTE_SASL_USERNAME);
}

const Axiom *axiom_table(void) {
    static const Axiom table[] = {
        {"recipient_count is 0 but at DATA and END-OF-MESSAGE", make_count},
        {"recipient is set at RCPT and VRFY, at DATA and END-OF-MESSAGE for a single recipient "
         "only, and never at CONNECT, MAIL and ETRN",
         make_recipient},
        {"encryption_protocol and encryption_cipher are set together, and encryption_keysize is 0 "
         "without them",
         make_encryption},
        {"sasl_method and sasl_username are set together", make_login},
        {NULL, NULL},
    };
    return table;
}
