/*
 * Field: the codes are the atoms that have a value, in the order in which the classifier names
 * them, so that neighbours among addresses are neighbours among codes and a network is few nodes.
 */
#include "analysis/field.h"

typedef struct {
    Field *field;
    GArray *seeds;
    GArray *atoms; /* by code */
} Collection;

/* SeedVisitor */
static void collect(Atom atom, const Seed *seed, gpointer data) {
    Collection *collection = data;
    guint32 *code = &collection->field->codes[atom];
    if (*code == CODE_ABSENT) {
        *code = collection->seeds->len;
        g_array_append_val(collection->seeds, *seed);
        g_array_append_val(collection->atoms, atom);
    }
}

static guint count_bits(guint codes) {
    guint bits = 1;
    while (bits < 32 && (codes - 1) >> bits > 0) {
        bits++;
    }
    return bits;
}

static guint find_test_count(const SignatureTable *signatures, const GArray *atoms) {
    guint found = 0;
    for (guint code = 1; code < atoms->len; code++) {
        guint count;
        const guint32 *tests =
            signature_tests(signatures, g_array_index(atoms, Atom, code), &count);
        found = count > 0 ? MAX(found, tests[count - 1] + 1) : found;
    }
    return found;
}

/* Turns the signatures around: from the tests of each code to the codes of each test. */
static void invert(Field *field, const SignatureTable *signatures, const GArray *atoms) {
    field->test_count = find_test_count(signatures, atoms);
    field->offsets = g_new0(guint32, field->test_count + 2);
    guint32 *ends = field->offsets + 1;
    for (int pass = 0; pass < 2; pass++) {
        for (guint code = 1; code < atoms->len; code++) {
            guint count;
            const guint32 *tests =
                signature_tests(signatures, g_array_index(atoms, Atom, code), &count);
            for (guint i = 0; i < count; i++) {
                if (pass == 0) {
                    ends[tests[i] + 1]++;
                } else {
                    field->test_codes[ends[tests[i]]++] = code;
                }
            }
        }
        if (pass == 0) {
            for (guint i = 1; i <= field->test_count; i++) {
                ends[i] += ends[i - 1];
            }
            field->test_codes = g_new(guint32, ends[field->test_count] + 1);
        }
    }
}

Field *field_new_classes(const Classifier *classifier) {
    const SignatureTable *signatures = classifier_signatures(classifier);
    g_autoptr(GArray) atoms = g_array_new(FALSE, TRUE, sizeof(Atom));
    Field *field = g_new0(Field, 1);
    Collection collection = {field, g_array_new(FALSE, TRUE, sizeof(Seed)), atoms};
    field->classifier = classifier;
    field->operand = classifier_operand(classifier);
    field->codes = g_new0(guint32, signature_table_count(signatures));
    g_array_set_size(collection.seeds, 1);
    g_array_set_size(atoms, 1);
    classifier_visit(classifier, collect, &collection);
    field->count = atoms->len;
    field->bits = count_bits(field->count);
    field->seeds = (Seed *)(gpointer)g_array_free(collection.seeds, FALSE);
    invert(field, signatures, atoms);
    field->tests = g_new(Bdd, field->test_count + 1);
    for (guint i = 0; i <= field->test_count; i++) {
        field->tests[i] = BDD_UNDECIDED;
    }
    return field;
}

Field *field_new_flag(Operand operand, const Test *test) {
    Field *field = g_new0(Field, 1);
    field->operand = operand;
    field->test = test;
    field->count = 2;
    field->bits = 1;
    return field;
}

void field_free(Field *field) {
    if (field) {
        g_free(field->seeds);
        g_free(field->codes);
        g_free(field->offsets);
        g_free(field->test_codes);
        g_free(field->tests);
        g_free(field);
    }
}

guint32 field_code(const Field *field, Atom atom) {
    return atom == ATOM_ABSENT ? CODE_ABSENT : field->codes[atom];
}

/* The codes below `limit`, of those whose upper `bit` bits are as those of the path here. */
static Bdd below(const Field *field, BddTable *table, guint bit, guint64 limit) {
    guint rest = field->bits - bit;
    if (limit == 0) {
        return BDD_FALSE;
    }
    if (limit >= (guint64)1 << rest) {
        return BDD_TRUE;
    }
    guint64 half = (guint64)1 << (rest - 1);
    Bdd low = below(field, table, bit + 1, MIN(limit, half));
    Bdd high = below(field, table, bit + 1, limit > half ? limit - half : 0);
    return bdd_node(table, field->first + bit, low, high);
}

Bdd field_valid(const Field *field, BddTable *table) {
    return below(field, table, 0, field->count);
}

Bdd field_is(const Field *field, BddTable *table, guint32 code) {
    return field_among(field, table, &code, 1);
}

static Bdd among(const Field *field, BddTable *table, guint bit, const guint32 *codes,
                 guint count) {
    guint rest = field->bits - bit;
    if (count == 0) {
        return BDD_FALSE;
    }
    if (count == (guint64)1 << rest) {
        return BDD_TRUE;
    }
    guint split = 0;
    while (split < count && !(codes[split] >> (rest - 1) & 1)) {
        split++;
    }
    Bdd low = among(field, table, bit + 1, codes, split);
    Bdd high = among(field, table, bit + 1, codes + split, count - split);
    return bdd_node(table, field->first + bit, low, high);
}

Bdd field_among(const Field *field, BddTable *table, const guint32 *codes, guint count) {
    return among(field, table, 0, codes, count);
}

Bdd field_present(const Field *field, BddTable *table) {
    return bdd_not(table, field_is(field, table, CODE_ABSENT));
}

Bdd field_test(Field *field, BddTable *table, guint32 test) {
    if (!field->classifier || test == INDEX_PRESENT) {
        return field_present(field, table);
    }
    if (test >= field->test_count) {
        return BDD_FALSE; /* no value satisfies it */
    }
    if (field->tests[test] == BDD_UNDECIDED) {
        guint32 start = field->offsets[test];
        field->tests[test] =
            field_among(field, table, field->test_codes + start, field->offsets[test + 1] - start);
    }
    return field->tests[test];
}
