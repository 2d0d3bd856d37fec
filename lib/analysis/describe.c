/*
 * Describe: of everything that holds for one request of the region, the first conditions in order
 * of preference that suffice are taken, and those that are not needed dropped by halves (U. Junker,
 * QuickXplain, 2004): some dozens of operations for a thousand conditions.
 */
#include "analysis/describe.h"

#include <string.h>

/* What people read with more ease comes first. */
typedef enum {
    RANK_NAME,
    RANK_LIST, /* a named list, presence, routing */
    RANK_VALUE,
    RANK_SAME,
    RANK_BRACES,
    RANK_REGEX,
} Rank;

/* One condition, of which several expressions may be. */
typedef struct {
    const Expression *expression;
    char *text;
    guint file;
    gboolean ambiguous;
    Rank rank;
    Bdd condition;
} Word;

struct Describer {
    Space *space;
    BddTable *table;
    const Ruleset *rulesets[2];
    GArray *words;           /* of Word */
    GHashTable *known;       /* of a condition's Bdd to its place in `words`, plus one */
    GHashTable *meanings[2]; /* of a text of a file to its Bdd */
    gboolean undecided;
};

static void clear_word(gpointer data) {
    g_free(((Word *)data)->text);
}

static void claim_free(gpointer data) {
    Claim *claim = data;
    g_free(claim->text);
    g_free(claim);
}

/* What people ask about, whether or not the file has a word for it. */
static void visit_landmarks(const Ruleset *ruleset,
                            void (*visit)(const Expression *, const char *, gpointer),
                            gpointer data) {
    const Landmarks *landmarks = ruleset_landmarks(ruleset);
    visit(landmarks->insider, "insider", data);
    visit(landmarks->authenticated, "authenticated", data);
    visit(landmarks->encrypted, "encrypted", data);
    visit(landmarks->routed, "routed", data);
    for (guint i = 0; i < ruleset_definition_count(ruleset); i++) {
        const Definition *definition = ruleset_definition(ruleset, i);
        if (definition->condition) {
            visit(definition->condition, definition->name, data);
        }
    }
}

static void add_root(const Expression *expression, const char *name, gpointer data) {
    (void)name;
    if (expression) {
        g_ptr_array_add(data, (gpointer)(guintptr)expression);
    }
}

void describe_add_roots(GPtrArray *roots, const Ruleset *ruleset) {
    visit_landmarks(ruleset, add_root, roots);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        add_root(ruleset_rule(ruleset, i)->condition, NULL, roots);
    }
}

static const char *part_suffix(AttributePart part) {
    return part == PART_DOMAIN ? ".domain" : part == PART_LOCAL ? ".local" : "";
}

/* Only what built-in conditions are made of has no text. */
static char *test_text(const Expression *expression) {
    const Test *test = &expression->test;
    const char *name = attribute_info(test->operand.attribute)->name;
    if (expression->text) {
        return g_strdup(expression->text);
    }
    if (test->kind == TEST_PRESENT) {
        return g_strconcat(name, part_suffix(test->operand.part), NULL);
    }
    return g_strdup_printf("%s in %s", name, list_name(test->list));
}

static Rank test_rank(const Test *test, const char *text) {
    const List *list = test_list(test);
    if (list) {
        return list_name(list) ? RANK_LIST : strstr(text, " in { ") ? RANK_BRACES : RANK_VALUE;
    }
    switch (test->kind) {
    case TEST_PRESENT:
    case TEST_ROUTED:
        return RANK_LIST;
    case TEST_SAME:
        return RANK_SAME;
    case TEST_REGEX:
        return RANK_REGEX;
    default:
        return RANK_VALUE;
    }
}

/* Takes the text. */
static void add_word(Describer *describer, guint file, const Expression *expression, char *text,
                     Rank rank) {
    Word word = {.expression = expression, .text = text, .file = file, .rank = rank};
    word.condition = space_condition(describer->space, expression);
    if (word.condition == BDD_UNDECIDED) {
        describer->undecided = TRUE;
    }
    g_hash_table_insert(describer->meanings[file], g_strdup(text),
                        GUINT_TO_POINTER(word.condition));
    guint place =
        GPOINTER_TO_UINT(g_hash_table_lookup(describer->known, GUINT_TO_POINTER(word.condition)));
    if (place == 0) {
        g_array_append_val(describer->words, word);
        g_hash_table_insert(describer->known, GUINT_TO_POINTER(word.condition),
                            GUINT_TO_POINTER(describer->words->len));
        return;
    }
    Word *other = &g_array_index(describer->words, Word, place - 1);
    if (rank < other->rank) {
        clear_word(other);
        *other = word;
    } else {
        clear_word(&word);
    }
}

/* While the words of a file are collected. */
typedef struct {
    Describer *describer;
    guint file;
    GHashTable *seen;
} Collector;

static void add_name(const Expression *expression, const char *name, gpointer data) {
    Collector *collector = data;
    if (expression) {
        add_word(collector->describer, collector->file, expression, g_strdup(name), RANK_NAME);
    }
}

static void add_tests(Collector *collector, const Expression *expression) {
    if (!g_hash_table_add(collector->seen, (gpointer)(guintptr)expression)) {
        return;
    }
    if (expression->kind == EXPRESSION_TEST) {
        char *text = test_text(expression);
        add_word(collector->describer, collector->file, expression, text,
                 test_rank(&expression->test, text));
    }
    for (guint i = 0; i < expression->count; i++) {
        add_tests(collector, expression->parts[i]);
    }
}

static void collect(Describer *describer, guint file) {
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    const Ruleset *ruleset = describer->rulesets[file];
    Collector collector = {describer, file, seen};
    visit_landmarks(ruleset, add_name, &collector);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        if (rule->condition) {
            add_tests(&collector, rule->condition);
        }
    }
}

static const Definition *find_definition(const Ruleset *ruleset, const char *name) {
    for (guint i = 0; i < ruleset_definition_count(ruleset); i++) {
        if (g_str_equal(ruleset_definition(ruleset, i)->name, name)) {
            return ruleset_definition(ruleset, i);
        }
    }
    return NULL;
}

/* Written alike, item by item. */
static gboolean are_alike(const List *a, const List *b) {
    guint count = list_entry_count(a);
    if (!b || list_kind(a) != list_kind(b) || list_entry_count(b) != count) {
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        if (!text_equal(list_entry(a, i).item, list_entry(b, i).item)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The other file may mean something else, or may just not ask for it. */
static gboolean is_ambiguous(const Describer *describer, const Word *word) {
    const Ruleset *other = describer->rulesets[1 - word->file];
    const List *list = word->rank == RANK_LIST ? test_list(&word->expression->test) : NULL;
    gpointer meaning;
    if (g_hash_table_lookup_extended(describer->meanings[1 - word->file], word->text, NULL,
                                     &meaning)) {
        return GPOINTER_TO_UINT(meaning) != word->condition;
    }
    const Definition *definition = list ? find_definition(other, list_name(list)) : NULL;
    return definition && !are_alike(list, definition->list);
}

Describer *describer_new(Space *space, const Ruleset *const rulesets[2]) {
    g_autoptr(Describer) describer = g_new0(Describer, 1);
    describer->space = space;
    describer->table = space_table(space);
    describer->words = g_array_new(FALSE, FALSE, sizeof(Word));
    g_array_set_clear_func(describer->words, clear_word);
    describer->known = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < 2; i++) {
        describer->rulesets[i] = rulesets[i];
        describer->meanings[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        collect(describer, i);
    }
    for (guint i = 0; i < describer->words->len; i++) {
        Word *word = &g_array_index(describer->words, Word, i);
        word->ambiguous = is_ambiguous(describer, word);
    }
    return describer->undecided ? NULL : g_steal_pointer(&describer);
}

void describer_free(Describer *describer) {
    if (describer) {
        g_array_unref(describer->words);
        g_hash_table_unref(describer->known);
        g_hash_table_unref(describer->meanings[0]);
        g_hash_table_unref(describer->meanings[1]);
        g_free(describer);
    }
}

gboolean *describer_ask(const Describer *describer, Matcher *matcher, const Ruleset *ruleset,
                        const Request *request) {
    gboolean *truth = g_new(gboolean, describer->words->len + 1);
    for (guint i = 0; i < describer->words->len; i++) {
        const Word *word = &g_array_index(describer->words, Word, i);
        truth[i] = match_is_true(matcher, ruleset, request, word->expression);
    }
    return truth;
}

gboolean *describer_settle(const Describer *describer, Bdd *part) {
    g_autofree gboolean *truth = g_new(gboolean, describer->words->len + 1);
    for (guint i = 0; i < describer->words->len && *part != BDD_UNDECIDED; i++) {
        const Word *word = &g_array_index(describer->words, Word, i);
        Bdd without = bdd_without(describer->table, *part, word->condition);
        truth[i] = without == BDD_FALSE;
        *part = truth[i] ? *part : without;
    }
    return *part == BDD_UNDECIDED ? NULL : g_steal_pointer(&truth);
}

/* A word and what it is here, by how much it is preferred: less is more. */
typedef struct {
    guint word;
    guint64 order;
} Choice;

typedef struct {
    const Describer *describer;
    const gboolean *truth;
    GArray *choices; /* of Choice, sorted */
    GArray *needed;  /* of guint, places in `choices` */
} Search;

static void note_relevant(const Describer *describer, const Expression *expression,
                          GHashTable *relevant) {
    Bdd condition = space_condition(describer->space, expression);
    if (g_hash_table_add(relevant, GUINT_TO_POINTER(condition))) {
        for (guint i = 0; i < expression->count; i++) {
            note_relevant(describer, expression->parts[i], relevant);
        }
    }
}

static gint compare_choices(gconstpointer a, gconstpointer b) {
    guint64 left = ((const Choice *)a)->order;
    guint64 right = ((const Choice *)b)->order;
    return (left > right) - (left < right);
}

static GArray *make_choices(const Describer *describer, const DescribeRegion *region,
                            const gboolean *truth) {
    g_autoptr(GHashTable) relevant = g_hash_table_new(NULL, NULL);
    GArray *choices = g_array_new(FALSE, FALSE, sizeof(Choice));
    for (guint i = 0; i < 2; i++) {
        if (region->rules[i] && region->rules[i]->condition) {
            note_relevant(describer, region->rules[i]->condition, relevant);
        }
    }
    for (guint i = 0; i < describer->words->len; i++) {
        const Word *word = &g_array_index(describer->words, Word, i);
        gboolean far = !g_hash_table_contains(relevant, GUINT_TO_POINTER(word->condition));
        Choice choice = {i, (guint64)far << 40 | (guint64)!truth[i] << 39
                                | (guint64)word->rank << 32 | i};
        g_array_append_val(choices, choice);
    }
    g_array_sort(choices, compare_choices);
    return choices;
}

/* What of the requests has the choice as it is here. */
static Bdd narrow(const Search *search, Bdd requests, guint place) {
    guint index = g_array_index(search->choices, Choice, place).word;
    Bdd condition = g_array_index(search->describer->words, Word, index).condition;
    return search->truth[index] ? bdd_and(search->describer->table, requests, condition)
                                : bdd_without(search->describer->table, requests, condition);
}

/* How many of the choices, from the first, leave nothing of the requests. */
static guint count_sufficient(const Search *search, Bdd requests) {
    guint count = 0;
    while (count < search->choices->len && requests != BDD_FALSE && requests != BDD_UNDECIDED) {
        requests = narrow(search, requests, count++);
    }
    return count;
}

/* Notes which of the choices from `from` to `to` are needed so that nothing of the requests is
 * left; `narrowed` if that may already be so. FALSE if the budget does not suffice. */
static gboolean minimize(const Search *search, Bdd requests, gboolean narrowed, guint from,
                         guint to) {
    if (requests == BDD_UNDECIDED || (narrowed && requests == BDD_FALSE) || from == to) {
        return requests != BDD_UNDECIDED;
    }
    if (to - from == 1) {
        g_array_append_val(search->needed, from);
        return TRUE;
    }
    guint middle = from + (to - from) / 2;
    guint before = search->needed->len;
    Bdd first = requests;
    for (guint i = from; i < middle; i++) {
        first = narrow(search, first, i);
    }
    if (!minimize(search, first, TRUE, middle, to)) {
        return FALSE;
    }
    for (guint i = before; i < search->needed->len; i++) {
        requests = narrow(search, requests, g_array_index(search->needed, guint, i));
    }
    return minimize(search, requests, search->needed->len > before, from, middle);
}

static gint compare_places(gconstpointer a, gconstpointer b) {
    return *(const guint *)a > *(const guint *)b ? 1 : -1;
}

/* Positive ones first, and each in order of preference. */
static GPtrArray *make_claims(const Search *search) {
    GPtrArray *claims = g_ptr_array_new_with_free_func(claim_free);
    g_array_sort(search->needed, compare_places);
    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < search->needed->len; i++) {
            guint place = g_array_index(search->needed, guint, i);
            guint index = g_array_index(search->choices, Choice, place).word;
            const Word *word = &g_array_index(search->describer->words, Word, index);
            if (search->truth[index] == (pass == 0)) {
                Claim *claim = g_new0(Claim, 1);
                *claim = (Claim){word->expression, g_strdup(word->text), word->file,
                                 word->ambiguous, pass == 0};
                g_ptr_array_add(claims, claim);
            }
        }
    }
    return claims;
}

GPtrArray *describe(const Describer *describer, const DescribeRegion *region, const gboolean *truth,
                    Bdd *part) {
    g_autoptr(GArray) choices = make_choices(describer, region, truth);
    g_autoptr(GArray) needed = g_array_new(FALSE, FALSE, sizeof(guint));
    const Search search = {describer, truth, choices, needed};
    guint count = count_sufficient(&search, region->outside);
    if (!minimize(&search, region->outside, TRUE, 0, count)) {
        return NULL;
    }
    *part = region->universe;
    for (guint i = 0; i < needed->len; i++) {
        *part = narrow(&search, *part, g_array_index(needed, guint, i));
    }
    return *part == BDD_UNDECIDED ? NULL : make_claims(&search);
}

static gboolean asks_recipient(const Expression *expression, GHashTable *seen) {
    const Test *test = &expression->test;
    gboolean asks = FALSE;
    if (expression->kind == EXPRESSION_TEST) {
        return test->operand.attribute == ATTRIBUTE_RECIPIENT
               || (test->kind == TEST_SAME && test->other.attribute == ATTRIBUTE_RECIPIENT);
    }
    for (guint i = 0; i < expression->count && !asks; i++) {
        asks = g_hash_table_add(seen, (gpointer)(guintptr)expression->parts[i])
               && asks_recipient(expression->parts[i], seen);
    }
    return asks;
}

char *describe_text(const GPtrArray *claims, const char *const names[2]) {
    GString *text = g_string_new(claims->len > 0 ? NULL : "any request");
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    gboolean recipient = claims->len == 0;
    for (guint i = 0; i < claims->len; i++) {
        const Claim *claim = g_ptr_array_index(claims, i);
        recipient = recipient || asks_recipient(claim->expression, seen);
        if (i < DESCRIBE_CLAIMS_MAX) {
            g_string_append_printf(text, "%s%s%s", i > 0 ? " and " : "", claim->holds ? "" : "not ",
                                   claim->text);
        }
        if (i < DESCRIBE_CLAIMS_MAX && claim->ambiguous) {
            g_string_append_printf(text, " (%s)", names[claim->file]);
        }
    }
    if (claims->len > DESCRIBE_CLAIMS_MAX) {
        guint more = claims->len - DESCRIBE_CLAIMS_MAX;
        g_string_append_printf(text, " and %u more condition%s", more, more == 1 ? "" : "s");
    }
    g_string_append(text, recipient ? "" : ", any recipient");
    return g_string_free(text, FALSE);
}
