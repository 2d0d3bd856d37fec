/*
 * Matrix: each cell is a region, pushed down the file. Regexes and comparisons of attributes are
 * free there, so a cell may name an action that no request gets, and lacks none.
 */
#include "analysis/matrix.h"

#include <string.h>

typedef struct {
    const Ruleset *ruleset;
    Space *space;
    BddTable *table;
} Maker;

const char *matrix_row_name(MatrixRow row) {
    static const char *const names[] = {
        [MATRIX_OUTSIDER] = "outsider",
        [MATRIX_TRUSTED] = "trusted",
        [MATRIX_LOGIN] = "authenticated, with TLS",
        [MATRIX_LOGIN_PLAIN] = "authenticated, without TLS",
        [MATRIX_OTHER_INSIDER] = "other insider",
    };
    return names[row];
}

const char *matrix_column_name(MatrixColumn column) {
    static const char *const names[] = {
        [MATRIX_LOCAL] = "local",
        [MATRIX_ROUTED] = "routed",
        [MATRIX_ELSEWHERE] = "elsewhere",
    };
    return names[column];
}

/* Nobody, where the file has no such list. */
static Bdd landmark(const Maker *maker, const Expression *condition) {
    return condition ? space_condition(maker->space, condition) : BDD_FALSE;
}

static Bdd row_region(const Maker *maker, MatrixRow row) {
    const Landmarks *landmarks = ruleset_landmarks(maker->ruleset);
    BddTable *table = maker->table;
    Bdd trusted = landmark(maker, landmarks->trusted);
    Bdd login = bdd_without(table, landmark(maker, landmarks->authenticated), trusted);
    Bdd insider = landmark(maker, landmarks->insider);
    Bdd known = bdd_or(table, trusted, login);
    Bdd encrypted = landmark(maker, landmarks->encrypted);
    switch (row) {
    case MATRIX_TRUSTED:
        return trusted;
    case MATRIX_LOGIN:
        return bdd_and(table, login, encrypted);
    case MATRIX_LOGIN_PLAIN:
        return bdd_without(table, login, encrypted);
    case MATRIX_OTHER_INSIDER:
        return bdd_without(table, insider, known);
    default:
        return bdd_not(table, bdd_or(table, insider, known));
    }
}

static Bdd column_region(const Maker *maker, MatrixColumn column) {
    const Landmarks *landmarks = ruleset_landmarks(maker->ruleset);
    Bdd local = landmark(maker, landmarks->local);
    Bdd routed = landmark(maker, landmarks->routed);
    if (column == MATRIX_LOCAL) {
        return local;
    }
    if (column == MATRIX_ROUTED) {
        return routed;
    }
    return bdd_without(maker->table, space_present(maker->space, ATTRIBUTE_RECIPIENT),
                       bdd_or(maker->table, local, routed));
}

static void fill(const Maker *maker, Bdd region, MatrixCell *cell) {
    for (guint i = 0; i < ruleset_rule_count(maker->ruleset) && region != BDD_FALSE; i++) {
        const Rule *rule = ruleset_rule(maker->ruleset, i);
        Bdd condition = space_condition(maker->space, rule->condition);
        BddMeets meets = bdd_meets(maker->table, region, condition);
        if (meets == BDD_MEETS_YES) {
            cell->actions |= (ActionSet)1 << rule->action;
            region = bdd_without(maker->table, region, condition);
        }
        if (meets == BDD_MEETS_UNDECIDED || region == BDD_UNDECIDED) {
            cell->undecided = TRUE;
            return;
        }
    }
}

static void add_root(GPtrArray *roots, const Expression *expression) {
    if (expression) {
        g_ptr_array_add(roots, (gpointer)(guintptr)expression);
    }
}

static GPtrArray *find_roots(const Ruleset *ruleset) {
    const Landmarks *landmarks = ruleset_landmarks(ruleset);
    GPtrArray *roots = g_ptr_array_new();
    add_root(roots, landmarks->insider);
    add_root(roots, landmarks->authenticated);
    add_root(roots, landmarks->trusted);
    add_root(roots, landmarks->local);
    add_root(roots, landmarks->encrypted);
    add_root(roots, landmarks->routed);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        add_root(roots, ruleset_rule(ruleset, i)->condition);
    }
    return roots;
}

void matrix_make(const Ruleset *ruleset, const AnalysisHost *host, Matrix *matrix) {
    g_autoptr(GPtrArray) roots = find_roots(ruleset);
    g_autoptr(Space) space = space_new(ruleset, roots, host);
    Maker maker = {ruleset, space, space_table(space)};
    memset(matrix, 0, sizeof *matrix);
    for (guint row = 0; row < MATRIX_ROWS; row++) {
        for (guint column = 0; column < MATRIX_COLUMNS; column++) {
            Bdd region = bdd_and(maker.table, row_region(&maker, (MatrixRow)row),
                                 column_region(&maker, (MatrixColumn)column));
            region = bdd_and(maker.table, region, space_universe(space, TRUE));
            fill(&maker, region, &matrix->cells[row][column]);
            if (host->tell) {
                host->tell("filling the matrix", row * MATRIX_COLUMNS + column,
                           MATRIX_ROWS * MATRIX_COLUMNS, host->data);
            }
        }
    }
}
