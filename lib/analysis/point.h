/*
 * Point: one request of a space, as far as the space tells requests apart.
 */
#ifndef POLICY_POINT_H
#define POLICY_POINT_H

#include "analysis/space.h"

typedef struct Point Point;

/* The space is borrowed. */
Point *point_new(const Space *space);
void point_free(Point *point);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Point, point_free)

/* Moves it to where both f and g are true, if they are so anywhere: to values that are absent or in
 * no list where those will do, as fewest rules match them. No nodes are made. */
BddMeets point_move(Point *point, Bdd f, Bdd g);

/* f, which is not BDD_UNDECIDED, is true there. */
gboolean point_is_in(const Point *point, Bdd f);

/* Which class of values it has under a facet of the ruleset's index; ATOM_ABSENT too of one that
 * the space has no field of. */
Atom point_atom(const Point *point, guint facet);

#endif
