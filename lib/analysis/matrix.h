/*
 * Matrix: who may send where: the actions that rules may take on mail of each kind of client to
 * each kind of recipient.
 */
#ifndef POLICY_MATRIX_H
#define POLICY_MATRIX_H

#include "analysis/space.h"

typedef enum {
    MATRIX_OUTSIDER,      /* none of the following */
    MATRIX_TRUSTED,       /* client_address in trusted */
    MATRIX_LOGIN,         /* authenticated and encrypted, not trusted */
    MATRIX_LOGIN_PLAIN,   /* authenticated and not encrypted, not trusted */
    MATRIX_OTHER_INSIDER, /* insider by what the file says beside these */
    MATRIX_ROWS
} MatrixRow;

typedef enum {
    MATRIX_LOCAL,     /* recipient in local */
    MATRIX_ROUTED,    /* routed */
    MATRIX_ELSEWHERE, /* any other recipient */
    MATRIX_COLUMNS
} MatrixColumn;

typedef struct {
    ActionSet actions; /* of the rules that a request may come to; none if there is no request */
    gboolean undecided;
} MatrixCell;

typedef struct {
    MatrixCell cells[MATRIX_ROWS][MATRIX_COLUMNS];
} Matrix;

const char *matrix_row_name(MatrixRow row);
const char *matrix_column_name(MatrixColumn column);

/* Of a ruleset with detail. */
void matrix_make(const Ruleset *ruleset, const AnalysisHost *host, Matrix *matrix);

#endif
