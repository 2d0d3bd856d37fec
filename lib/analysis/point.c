/*
 * Point: goes down two diagrams at once, field by field, and only where they still have something
 * in common. Of one attribute the fields are all absent or, if they can't be, as those of a value
 * that is in no list: what they are together can then mostly occur.
 */
#include "analysis/point.h"

#include "analysis/space_private.h"
#include "rules/index.h"

struct Point {
    const Space *space;
    guint8 *set;  /* by variable */
    Atom **atoms; /* by facet: the atom of each code; NULL of one that nothing asks */
    guint facet_count;
};

/* Two diagrams from where the way has come to. */
typedef struct {
    Bdd f;
    Bdd g;
} Place;

/* Turns the field's table around. */
static Atom *make_atoms(const Field *field) {
    Atom *atoms = g_new(Atom, field->count);
    guint count = signature_table_count(classifier_signatures(field->classifier));
    atoms[CODE_ABSENT] = ATOM_ABSENT;
    for (Atom atom = 0; atom < count; atom++) {
        if (field->codes[atom] != CODE_ABSENT) {
            atoms[field->codes[atom]] = atom;
        }
    }
    return atoms;
}

Point *point_new(const Space *space) {
    Point *point = g_new0(Point, 1);
    point->space = space;
    point->set = g_new0(guint8, space->variables + 1);
    point->facet_count = index_facet_count(ruleset_index(space->ruleset));
    point->atoms = g_new0(Atom *, point->facet_count + 1);
    for (guint i = 0; i < point->facet_count; i++) {
        point->atoms[i] = space->facets[i] ? make_atoms(space->facets[i]) : NULL;
    }
    return point;
}

void point_free(Point *point) {
    if (point) {
        for (guint i = 0; i < point->facet_count; i++) {
            g_free(point->atoms[i]);
        }
        g_free(point->atoms);
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

/* Of a value that is present, and that nothing knows. */
static guint32 unlisted_code(const Field *field) {
    if (field->classifier) {
        return field_code(field, ATOM_REST);
    }
    return field->test ? CODE_ABSENT : CODE_TRUE;
}

/* FALSE if it is to be absent and can't be. */
static gboolean move_group(Point *point, const Group *group, gboolean present, Place *place) {
    const GPtrArray *fields = group_fields(group);
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = g_ptr_array_index(fields, i);
        guint32 wanted = present ? unlisted_code(field) : CODE_ABSENT;
        if (!try_code(point, field, wanted, place)) {
            if (!present) {
                return FALSE;
            }
            find_code(point, field, place);
        }
    }
    return TRUE;
}

/* Told to stop on the way, it may have come elsewhere. */
BddMeets point_move(Point *point, Bdd f, Bdd g) {
    BddMeets meets = bdd_meets(point->space->table, f, g);
    Place place = {f, g};
    for (guint i = 0; meets == BDD_MEETS_YES && i < point->space->groups->len; i++) {
        const Group *group = g_ptr_array_index(point->space->groups, i);
        Place start = place;
        if (!move_group(point, group, FALSE, &place)) {
            place = start;
            move_group(point, group, TRUE, &place);
        }
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

Atom point_atom(const Point *point, guint facet) {
    const Field *field = point->space->facets[facet];
    guint32 code = CODE_ABSENT;
    for (guint bit = 0; field && bit < field->bits; bit++) {
        code = code << 1 | point->set[field->first + bit];
    }
    return code < (field ? field->count : 0) ? point->atoms[facet][code] : ATOM_ABSENT;
}
