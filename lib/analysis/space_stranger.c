/*
 * Space stranger: who is in no list that anybody was put into. A list that holds a network wider
 * than a server's own, or a whole top-level domain, names nobody: who is only in such lists is a
 * stranger.
 */
#include "analysis/space_private.h"

/* By test of a field's classifier: its list is broad. */
static gboolean *find_broad(const Space *space, const Field *field) {
    gboolean *broad = g_new0(gboolean, field->test_count + 1);
    for (guint i = 0; i < ruleset_expression_count(space->ruleset); i++) {
        const Expression *expression = ruleset_expression(space->ruleset, i);
        const Test *test = &expression->test;
        gboolean asks = expression->kind == EXPRESSION_TEST && test->facet != FACETLESS
                        && space->facets[test->facet] == field && test->index < field->test_count
                        && (test->kind == TEST_IN_NETWORKS || test->kind == TEST_IN_DOMAINS);
        if (asks && list_is_broad(test->list)) {
            broad[test->index] = TRUE;
        }
    }
    return broad;
}

static gboolean all_are_broad(const guint32 *tests, guint count, const gboolean *broad) {
    for (guint i = 0; i < count; i++) {
        if (!broad[tests[i]]) {
            return FALSE;
        }
    }
    return TRUE;
}

static Bdd is_unlisted(const Space *space, const Field *field) {
    const SignatureTable *signatures = classifier_signatures(field->classifier);
    g_autofree gboolean *broad = find_broad(space, field);
    Bdd unlisted = field_is(field, space->table, CODE_ABSENT);
    for (Atom atom = 0; atom < signature_table_count(signatures); atom++) {
        guint count;
        const guint32 *tests = signature_tests(signatures, atom, &count);
        guint32 code = field_code(field, atom);
        if (code != CODE_ABSENT && all_are_broad(tests, count, broad)) {
            unlisted = bdd_or(space->table, unlisted, field_is(field, space->table, code));
        }
    }
    return unlisted;
}

Bdd space_stranger(Space *space) {
    static const Attribute known[] = {
        ATTRIBUTE_CLIENT_ADDRESS,           ATTRIBUTE_CLIENT_NAME,    ATTRIBUTE_CCERT_FINGERPRINT,
        ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT, ATTRIBUTE_POLICY_CONTEXT,
    };
    Bdd stranger = space->too_large ? BDD_UNDECIDED : BDD_TRUE;
    for (guint i = 0; i < space->fields->len; i++) {
        const Field *field = g_ptr_array_index(space->fields, i);
        for (guint j = 0; field->classifier && j < G_N_ELEMENTS(known); j++) {
            if (field->operand.attribute == known[j]) {
                stranger = bdd_and(space->table, stranger, is_unlisted(space, field));
            }
        }
    }
    return stranger;
}
