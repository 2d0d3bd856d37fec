/*
 * Space contains: goes the way through a region's diagram that a request's own codes lead. A value
 * is classified only where the region asks for it. Nothing here fails.
 */
#include "analysis/space_private.h"
#include "limit.h"

static gboolean is_present(Operand operand, const Request *request, char *scratch) {
    Address address;
    guint64 number;
    switch (operand_class(operand)) {
    case OPERAND_ADDRESS:
        return request_address(request, operand.attribute, &address);
    case OPERAND_NUMBER:
        return request_number(request, operand.attribute, &number);
    default:
        return operand_read(operand, request, scratch).length > 0;
    }
}

/* A flag's test is that of an expression: match() is asked for its outcome. */
static gboolean holds(const Space *space, const Test *test, Matcher *matcher,
                      const Request *request) {
    const Expression *expression =
        (const Expression *)(gconstpointer)((const char *)test - G_STRUCT_OFFSET(Expression, test));
    return match_is_true(matcher, space->ruleset, request, expression);
}

static guint32 find_code(const Space *space, const Field *field, Matcher *matcher,
                         const Request *request) {
    char scratch[LIMIT_BLOCK];
    if (field->classifier) {
        return field_code(field, classifier_find(field->classifier, request, scratch));
    }
    gboolean so = field->test ? holds(space, field->test, matcher, request)
                              : is_present(field->operand, request, scratch);
    return so ? CODE_TRUE : CODE_ABSENT;
}

/* Where the code leads from `at`; a constant asks nothing. */
static Bdd follow(const Space *space, const Field *field, guint32 code, Bdd at) {
    for (guint bit = 0; bit < field->bits; bit++) {
        if (at > BDD_TRUE && bdd_variable(space->table, at) == field->first + bit) {
            gboolean set = code >> (field->bits - bit - 1) & 1;
            at = set ? bdd_high(space->table, at) : bdd_low(space->table, at);
        }
    }
    return at;
}

gboolean space_contains(const Space *space, Bdd region, Matcher *matcher, const Request *request) {
    for (guint i = 0; i < space->groups->len; i++) {
        const GPtrArray *fields = group_fields(g_ptr_array_index(space->groups, i));
        for (guint j = 0; j < fields->len && region > BDD_TRUE; j++) {
            const Field *field = g_ptr_array_index(fields, j);
            if (bdd_variable(space->table, region) < field->first + field->bits) {
                region = follow(space, field, find_code(space, field, matcher, request), region);
            }
        }
    }
    return region == BDD_TRUE;
}
