/*
 * Point: goes down two diagrams at once, field by field, and only where they still have something
 * in common. Where nothing of a field is asked any more its value is absent.
 */
#include "analysis/point.h"

#include "analysis/space_private.h"

struct Point {
    const Space *space;
    GArray *fields; /* of const Field *, in the order of their variables */
    guint8 *set;    /* by variable */
};

/* Two diagrams from where the way has come to. */
typedef struct {
    Bdd f;
    Bdd g;
} Place;

Point *point_new(const Space *space) {
    Point *point = g_new0(Point, 1);
    point->space = space;
    point->set = g_new0(guint8, space->variables + 1);
    point->fields = g_array_new(FALSE, FALSE, sizeof(const Field *));
    for (guint i = 0; i < space->groups->len; i++) {
        const GPtrArray *fields = group_fields(g_ptr_array_index(space->groups, i));
        g_array_append_vals(point->fields, fields->pdata, fields->len);
    }
    return point;
}

void point_free(Point *point) {
    if (point) {
        g_array_unref(point->fields);
        g_free(point->set);
        g_free(point);
    }
}

static Bdd step(const BddTable *table, Bdd f, guint32 variable, gboolean set) {
    if (bdd_variable(table, f) != variable) {
        return f;
    }
    return set ? bdd_high(table, f) : bdd_low(table, f);
}

static Place step_both(const BddTable *table, Place place, guint32 variable, gboolean set) {
    return (Place){step(table, place.f, variable, set), step(table, place.g, variable, set)};
}

static gboolean is_common(const Point *point, Place place) {
    return bdd_meets(point->space->table, place.f, place.g) == BDD_MEETS_YES;
}

static void set_code(Point *point, const Field *field, guint32 code) {
    for (guint bit = 0; bit < field->bits; bit++) {
        point->set[field->first + bit] = code >> (field->bits - bit - 1) & 1;
    }
}

/* TRUE if the code leads on. */
static gboolean try_code(Point *point, const Field *field, guint32 code, Place *place) {
    Place next = *place;
    set_code(point, field, code);
    for (guint bit = 0; bit < field->bits; bit++) {
        guint32 variable = field->first + bit;
        next = step_both(point->space->table, next, variable, point->set[variable]);
    }
    if (!is_common(point, next)) {
        return FALSE;
    }
    *place = next;
    return TRUE;
}

/* The first code that leads on; there is one. */
static void find_code(Point *point, const Field *field, Place *place) {
    for (guint bit = 0; bit < field->bits; bit++) {
        guint32 variable = field->first + bit;
        Place low = step_both(point->space->table, *place, variable, FALSE);
        point->set[variable] = !is_common(point, low);
        *place =
            point->set[variable] ? step_both(point->space->table, *place, variable, TRUE) : low;
    }
}

static void move_field(Point *point, const Field *field, Place *place) {
    if (try_code(point, field, CODE_ABSENT, place)) {
        return;
    }
    guint32 unlisted = field->classifier ? field_code(field, ATOM_REST) : CODE_TRUE;
    if (unlisted == CODE_ABSENT || !try_code(point, field, unlisted, place)) {
        find_code(point, field, place);
    }
}

/* Told to stop on the way, it may have come elsewhere. */
BddMeets point_move(Point *point, Bdd f, Bdd g) {
    BddMeets meets = bdd_meets(point->space->table, f, g);
    Place place = {f, g};
    for (guint i = 0; meets == BDD_MEETS_YES && i < point->fields->len; i++) {
        move_field(point, g_array_index(point->fields, const Field *, i), &place);
    }
    gboolean lost = place.f != BDD_TRUE || place.g != BDD_TRUE;
    return meets == BDD_MEETS_YES && lost ? BDD_MEETS_UNDECIDED : meets;
}

gboolean point_is_in(const Point *point, Bdd f) {
    const BddTable *table = point->space->table;
    while (f > BDD_TRUE) {
        f = point->set[bdd_variable(table, f)] ? bdd_high(table, f) : bdd_low(table, f);
    }
    return f == BDD_TRUE;
}
