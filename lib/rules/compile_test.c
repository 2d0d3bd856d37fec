/*
 * Compile test: one test, typed by its left side. A test that the type does not have is an error
 * that names those it has.
 */
#include <string.h>

#include "protocol/mailbox.h"
#include "rules/compiler.h"
#include "rules/nearest.h"

typedef struct {
    const char *noun;
    const char *tests;
} ClassInfo;

static const ClassInfo classes[] = {
    [OPERAND_STRING] = {"a string", "'==', '!=', 'in' strings and 'matches'"},
    [OPERAND_ADDRESS] = {"an address", "'in' networks, '==' and '!='"},
    [OPERAND_NUMBER] = {"a number", "'==', '!=', '<', '<=', '>' and '>='"},
    [OPERAND_MAILBOX] = {"a mailbox", "'in' domains or addresses, '==', '!=' and 'matches'"},
    [OPERAND_DOMAIN] = {"a host name", "'in' domains, '==', '!=' and 'matches'"},
    [OPERAND_ENUMERATION] = {"one of a few words", "'==', '!=' and 'in'"},
};

static const Expression *fail_test(Compiler *compiler, const Node *node, const char *test,
                                   OperandClass class) {
    diagnostics_add(compiler->diagnostics, node->span, "'%s' is %s and has no %s; it has %s",
                    node->name.text, classes[class].noun, test, classes[class].tests);
    return NULL;
}

static gboolean has_parts(Attribute attribute) {
    return attribute_info(attribute)->type == ATTRIBUTE_TYPE_MAILBOX
           || attribute == ATTRIBUTE_SASL_USERNAME;
}

static gboolean find_operand(Text word, Operand *out) {
    static const struct {
        Text suffix;
        AttributePart part;
    } parts[] = {{TEXT_LITERAL(".domain"), PART_DOMAIN}, {TEXT_LITERAL(".local"), PART_LOCAL}};
    Attribute attribute;
    ssize_t dot = text_find(word, '.');
    Text name = text_make(word.data, dot < 0 ? word.length : (size_t)dot);
    if (!attribute_find(name, &attribute)) {
        return FALSE;
    }
    if (dot < 0) {
        *out = (Operand){attribute, PART_WHOLE};
        return TRUE;
    }
    Text suffix = text_make(word.data + dot, word.length - name.length);
    for (size_t i = 0; i < G_N_ELEMENTS(parts) && has_parts(attribute); i++) {
        if (text_equal(suffix, parts[i].suffix)) {
            *out = (Operand){attribute, parts[i].part};
            return TRUE;
        }
    }
    return FALSE;
}

static void add_operand_names(GPtrArray *known) {
    for (guint i = 0; i < ATTRIBUTE_COUNT; i++) {
        const char *name = attribute_info((Attribute)i)->name;
        g_ptr_array_add(known, g_strdup(name));
        if (has_parts((Attribute)i)) {
            g_ptr_array_add(known, g_strconcat(name, ".domain", NULL));
            g_ptr_array_add(known, g_strconcat(name, ".local", NULL));
        }
    }
}

static void add_condition_names(const Compiler *compiler, GPtrArray *known) {
    GHashTableIter iter;
    gpointer key;
    gpointer value;
    for (const char *const *name = compile_builtin_names(); *name; name++) {
        g_ptr_array_add(known, g_strdup(*name));
    }
    g_hash_table_iter_init(&iter, compiler->names);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!((const Name *)value)->list && !((const Name *)value)->broken) {
            g_ptr_array_add(known, g_strdup(key));
        }
    }
}

/* Where a word stands that should be an attribute. */
typedef enum {
    PLACE_ALONE, /* or a condition */
    PLACE_LEFT,
    PLACE_RIGHT, /* or something in quotes */
} Place;

/* The known word that is nearest, or NULL; the caller frees it. */
static char *find_nearest(const Compiler *compiler, const char *word, Place place) {
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
    if (diagnostics_is_full(compiler->diagnostics)) {
        return NULL;
    }
    add_operand_names(known);
    if (place == PLACE_ALONE) {
        add_condition_names(compiler, known);
    }
    g_ptr_array_add(known, NULL);
    return g_strdup(nearest_find(text_from_string(word), (const char *const *)known->pdata));
}

static void report_unknown(Compiler *compiler, const Word *word, Place place) {
    const char *noun = place == PLACE_ALONE ? "attribute or condition" : "attribute";
    const Name *name = g_hash_table_lookup(compiler->names, word->text);
    gboolean builtin = g_strv_contains(compile_builtin_names(), word->text);
    if (name && name->broken) {
        return;
    }
    if (name || builtin) {
        diagnostics_add(compiler->diagnostics, word->span, "'%s' is a %s, not an %s", word->text,
                        name && name->list ? "list" : "condition", noun);
        return;
    }
    g_autofree char *nearest = find_nearest(compiler, word->text, place);
    if (nearest) {
        diagnostics_add(compiler->diagnostics, word->span, "unknown %s '%s'; did you mean '%s'?",
                        noun, word->text, nearest);
    } else {
        diagnostics_add(compiler->diagnostics, word->span, "unknown %s '%s'%s", noun, word->text,
                        place == PLACE_RIGHT ? "; a text is quoted" : "");
    }
}

static const Expression *negate_if(Compiler *compiler, const Node *node,
                                   const Expression *expression) {
    if (!expression || !node->negated) {
        return expression;
    }
    return compile_connective(compiler, node->span, EXPRESSION_NOT, &expression, 1);
}

/* A name that stands alone: a condition of the file, a built-in one, or a bare attribute. */
static const Expression *compile_name(Compiler *compiler, const Node *node) {
    Test test = {.kind = TEST_PRESENT};
    Text word = text_from_string(node->name.text);
    const Name *name = compile_use(compiler, node->name.text);
    if (name && !name->list) {
        return name->condition;
    }
    const Expression *builtin = compile_builtin(compiler, word);
    if (builtin) {
        return builtin;
    }
    if (find_operand(word, &test.operand)) {
        const Expression *present = compile_add_test(compiler, &test);
        compile_set_text(compiler, present, node->name.text);
        return present;
    }
    report_unknown(compiler, &node->name, PLACE_ALONE);
    return NULL;
}

/* What kind of list an operand may be looked for in; of a mailbox the items decide. */
static ListKind wanted_kind(OperandClass class) {
    static const ListKind kinds[] = {
        [OPERAND_STRING] = LIST_STRINGS,      [OPERAND_ADDRESS] = LIST_NETWORKS,
        [OPERAND_MAILBOX] = LIST_ADDRESSES,   [OPERAND_DOMAIN] = LIST_DOMAINS,
        [OPERAND_ENUMERATION] = LIST_STRINGS,
    };
    return kinds[class];
}

static TestKind list_test(OperandClass class, ListKind kind) {
    switch (kind) {
    case LIST_NETWORKS:
        return TEST_IN_NETWORKS;
    case LIST_DOMAINS:
        return class == OPERAND_MAILBOX ? TEST_AT_DOMAINS : TEST_IN_DOMAINS;
    case LIST_ADDRESSES:
        return TEST_IN_ADDRESSES;
    case LIST_STRINGS:
        break;
    }
    return TEST_IN_STRINGS;
}

static const Expression *add_list_test(Compiler *compiler, Operand operand, const List *list) {
    Test test = {
        .kind = list_test(operand_class(operand), list_kind(list)),
        .operand = operand,
        .list = list,
    };
    return compile_add_test(compiler, &test);
}

static gboolean check_value(Compiler *compiler, Operand operand, const Word *word) {
    const char *const *values = attribute_info(operand.attribute)->values;
    if (attribute_info(operand.attribute)->unknown_absent && strcmp(word->text, "unknown") == 0) {
        const char *name = attribute_info(operand.attribute)->name;
        diagnostics_add(compiler->diagnostics, word->span,
                        "'unknown' means that '%s' is absent; write 'not %s'", name, name);
        return FALSE;
    }
    if (operand_class(operand) != OPERAND_ENUMERATION || g_strv_contains(values, word->text)) {
        return TRUE;
    }
    const char *nearest = nearest_find(text_from_string(word->text), values);
    g_autofree char *all = g_strjoinv(", ", (char **)(guintptr)values);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean '%s'?", nearest)
                                    : g_strdup_printf("it is one of %s", all);
    diagnostics_add(compiler->diagnostics, word->span, "'%s' is never '%s'; %s",
                    attribute_info(operand.attribute)->name, word->text, hint);
    return FALSE;
}

static gboolean check_values(Compiler *compiler, Operand operand, const GArray *items) {
    gboolean good = TRUE;
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        if (item->kind == ITEM_STRING) {
            good = check_value(compiler, operand, &item->word) && good;
        }
    }
    return good;
}

static gboolean is_wanted(OperandClass class, ListKind kind) {
    return kind == wanted_kind(class) || (class == OPERAND_MAILBOX && kind == LIST_DOMAINS);
}

/* An item as the rule file has it. */
static char *write_item(const Item *item) {
    switch (item->kind) {
    case ITEM_FILE:
        return g_strdup_printf("file \"%s\"", item->word.text);
    case ITEM_POSTCONF:
        return g_strdup_printf("postconf %s", item->word.text);
    default:
        return g_strdup(item->word.text);
    }
}

static void set_text(Compiler *compiler, const Expression *test, const Node *node,
                     const char *operator, const char * right) {
    if (test && compiler->host->detail) {
        g_autofree char *text = g_strdup_printf("%s %s %s", node->name.text, operator, right);
        compile_set_text(compiler, test, text);
    }
}

/* As a string of the rule file. */
static char *quote(const char *text) {
    GString *quoted = g_string_new("\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            g_string_append_c(quoted, '\\');
        }
        g_string_append_c(quoted, *text);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

/* `in NAME`. A list of a kind that the operand isn't looked for in is an error. */
static const Expression *compile_in_name(Compiler *compiler, const Node *node, Operand operand) {
    const Item *item = &g_array_index(node->items, Item, 0);
    OperandClass class = operand_class(operand);
    const Name *name = compile_use(compiler, item->word.text);
    if (item->kind != ITEM_LIST) {
        g_autofree char *written = write_item(item);
        diagnostics_add(compiler->diagnostics, item->word.span,
                        "items stand in braces: %s in { %s }", node->name.text, written);
        return NULL;
    }
    if (name && name->list && !is_wanted(class, list_kind(name->list))) {
        diagnostics_add(compiler->diagnostics, item->word.span,
                        "list '%s' holds %s, and '%s' is %s; it has %s", item->word.text,
                        list_kind_name(list_kind(name->list)), node->name.text, classes[class].noun,
                        classes[class].tests);
        return NULL;
    }
    if (name && name->list) {
        const Expression *test = add_list_test(compiler, operand, name->list);
        set_text(compiler, test, node, "in", item->word.text);
        return test;
    }
    compile_list(compiler, wanted_kind(class), NULL, node->items);
    return NULL;
}

/* In a mailbox's braces an item with an `@` is a mailbox, and one without is a domain. */
static ListKind item_kind(const Compiler *compiler, OperandClass class, const Item *item) {
    if (class != OPERAND_MAILBOX) {
        return wanted_kind(class);
    }
    const Name *name = g_hash_table_lookup(compiler->names, item->word.text);
    if (item->kind == ITEM_LIST && name && name->list && is_wanted(class, list_kind(name->list))) {
        return list_kind(name->list);
    }
    gboolean spelt = item->kind == ITEM_BARE || item->kind == ITEM_STRING;
    return spelt && strchr(item->word.text, '@') ? LIST_ADDRESSES : LIST_DOMAINS;
}

/* The items of one kind, borrowed. */
static GArray *pick_items(const Compiler *compiler, const Node *node, OperandClass class,
                          ListKind kind) {
    GArray *picked = g_array_new(FALSE, FALSE, sizeof(Item));
    for (guint i = 0; i < node->items->len; i++) {
        const Item *item = &g_array_index(node->items, Item, i);
        if (item_kind(compiler, class, item) == kind) {
            g_array_append_val(picked, *item);
        }
    }
    return picked;
}

/* What a person calls a test for one of these items. */
static void set_list_text(Compiler *compiler, const Expression *test, const Node *node,
                          const GArray *items) {
    g_autoptr(GString) text = g_string_new(NULL);
    if (!compiler->host->detail) {
        return;
    }
    g_string_append_printf(text, "%s in {", node->name.text);
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        gboolean quoted = item->kind == ITEM_STRING;
        g_autofree char *written = quoted ? quote(item->word.text) : write_item(item);
        g_string_append_printf(text, "%s %s", i > 0 ? "," : "", written);
    }
    g_string_append(text, " }");
    compile_set_text(compiler, test, text->str);
}

static const Expression *compile_in_braces(Compiler *compiler, const Node *node, Operand operand) {
    const Expression *parts[2] = {NULL};
    guint count = 0;
    OperandClass class = operand_class(operand);
    const ListKind kinds[] = {wanted_kind(class), LIST_DOMAINS};
    if (!check_values(compiler, operand, node->items)) {
        return NULL;
    }
    for (guint i = 0; i < (class == OPERAND_MAILBOX ? 2 : 1); i++) {
        g_autoptr(GArray) items = pick_items(compiler, node, class, kinds[i]);
        if (items->len > 0) {
            const List *list = compile_list(compiler, kinds[i], NULL, items);
            parts[count] = add_list_test(compiler, operand, list);
            set_list_text(compiler, parts[count++], node, items);
        }
    }
    return count == 1 ? parts[0]
                      : compile_connective(compiler, node->span, EXPRESSION_OR, parts, count);
}

static const Expression *compile_in(Compiler *compiler, const Node *node, Operand operand) {
    if (operand_class(operand) == OPERAND_NUMBER) {
        return fail_test(compiler, node, "'in'", OPERAND_NUMBER);
    }
    return node->braces ? compile_in_braces(compiler, node, operand)
                        : compile_in_name(compiler, node, operand);
}

/* A mailbox without a domain can be compared with, but is no item of a list. */
static const Expression *compile_bare_mailbox(Compiler *compiler, const Node *node,
                                              Operand operand) {
    Test test = {.kind = TEST_EQUAL_FOLDED, .operand = operand, .text = NULL};
    test.text = ruleset_add_text(compiler->ruleset, node->right.text);
    return compile_add_test(compiler, &test);
}

static gboolean is_open_item(OperandClass class, const char *text) {
    return (class == OPERAND_DOMAIN && text[0] == '.')
           || (class == OPERAND_MAILBOX && g_str_has_suffix(text, "@"))
           || (class == OPERAND_ADDRESS && strchr(text, '/'));
}

static const Expression *compile_equal_string(Compiler *compiler, const Node *node,
                                              Operand operand) {
    const char *text = node->right.text;
    OperandClass class = operand_class(operand);
    if (class == OPERAND_NUMBER) {
        diagnostics_add(compiler->diagnostics, node->right.span,
                        "'%s' is a number; write it without quotes", node->name.text);
        return NULL;
    }
    if (text[0] == '\0') {
        diagnostics_add(compiler->diagnostics, node->right.span,
                        "an empty string equals no value; write 'not %s' where it is absent",
                        node->name.text);
        return NULL;
    }
    if (is_open_item(class, text)) {
        diagnostics_add(compiler->diagnostics, node->right.span,
                        "'==' compares the whole; write %s in { %s }", node->name.text, text);
        return NULL;
    }
    if (!check_value(compiler, operand, &node->right)) {
        return NULL;
    }
    if (class == OPERAND_MAILBOX && !strchr(text, '@')) {
        return compile_bare_mailbox(compiler, node, operand);
    }
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(Item));
    Item item = {.kind = ITEM_STRING, .word = node->right};
    g_array_append_val(items, item);
    const List *list = compile_list(compiler, wanted_kind(class), NULL, items);
    return add_list_test(compiler, operand, list);
}

/* Digits, and `k`, `M` or `G` for powers of 1024. */
static gboolean parse_number(Text text, guint64 *out) {
    static const Text units = TEXT_LITERAL("kMG");
    ssize_t unit = text.length > 1 ? text_find(units, text.data[text.length - 1]) : -1;
    guint shift = unit < 0 ? 0 : 10 * ((guint)unit + 1);
    guint64 value;
    if (unit >= 0) {
        text.length--;
    }
    if (!text_parse_number(text, &value) || value > G_MAXUINT64 >> shift) {
        return FALSE;
    }
    *out = value << shift;
    return TRUE;
}

static const Expression *compile_number(Compiler *compiler, const Node *node, Operand operand) {
    Test test = {.kind = TEST_NUMBER, .operand = operand};
    test.number.comparison = node->comparison;
    if (operand_class(operand) != OPERAND_NUMBER) {
        diagnostics_add(compiler->diagnostics, node->right.span,
                        "'%s' is %s; it is not compared with a number%s", node->name.text,
                        classes[operand_class(operand)].noun,
                        node->comparison == COMPARISON_EQUAL ? ", and a text is quoted" : "");
        return NULL;
    }
    if (!parse_number(text_from_string(node->right.text), &test.number.value)) {
        diagnostics_add(compiler->diagnostics, node->right.span,
                        "'%s' is not a number below 2^64; a number is digits, and k, M or G",
                        node->right.text);
        return NULL;
    }
    return compile_add_test(compiler, &test);
}

/* A login is a string, and yet compares with a mailbox as one. */
static gboolean are_comparable(Operand left, Operand right) {
    OperandClass a = operand_class(left);
    OperandClass b = operand_class(right);
    gboolean login = left.part == PART_WHOLE && right.part == PART_WHOLE
                     && ((left.attribute == ATTRIBUTE_SASL_USERNAME && b == OPERAND_MAILBOX)
                         || (right.attribute == ATTRIBUTE_SASL_USERNAME && a == OPERAND_MAILBOX));
    return login || (a == b && a != OPERAND_ENUMERATION);
}

static const Expression *compile_same(Compiler *compiler, const Node *node, Operand operand) {
    Test test = {.kind = TEST_SAME, .operand = operand};
    if (!find_operand(text_from_string(node->right.text), &test.other)) {
        report_unknown(compiler, &node->right, PLACE_RIGHT);
        return NULL;
    }
    if (!are_comparable(operand, test.other)) {
        diagnostics_add(compiler->diagnostics, node->span,
                        "'%s' is %s and '%s' is %s; they do not compare", node->name.text,
                        classes[operand_class(operand)].noun, node->right.text,
                        classes[operand_class(test.other)].noun);
        return NULL;
    }
    return compile_add_test(compiler, &test);
}

static const Expression *compile_compare(Compiler *compiler, const Node *node, Operand operand) {
    static const char *const operators[] = {
        [COMPARISON_EQUAL] = "==",
        [COMPARISON_LESS] = "<",
        [COMPARISON_LESS_OR_EQUAL] = "<=",
        [COMPARISON_GREATER] = ">",
        [COMPARISON_GREATER_OR_EQUAL] = ">=",
    };
    gboolean number = !node->quoted && g_ascii_isdigit(node->right.text[0]);
    g_autofree char *right = node->quoted ? quote(node->right.text) : g_strdup(node->right.text);
    const Expression *test;
    if (number) {
        test = compile_number(compiler, node, operand);
        set_text(compiler, test, node, operators[node->comparison], right);
        return test;
    }
    if (node->comparison != COMPARISON_EQUAL) {
        diagnostics_add(compiler->diagnostics, node->right.span,
                        "'<', '<=', '>' and '>=' compare with a number");
        return NULL;
    }
    test = node->quoted ? compile_equal_string(compiler, node, operand)
                        : compile_same(compiler, node, operand);
    set_text(compiler, test, node, "==", right);
    return test;
}

static const Expression *compile_matches(Compiler *compiler, const Node *node, Operand operand) {
    OperandClass class = operand_class(operand);
    g_autoptr(GError) error = NULL;
    size_t offset = 0;
    if (class == OPERAND_ADDRESS || class == OPERAND_NUMBER || class == OPERAND_ENUMERATION) {
        return fail_test(compiler, node, "'matches'", class);
    }
    Regex *regex = regex_new(text_from_string(node->right.text), node->caseless, &offset, &error);
    if (!regex) {
        Span span = node->right.span;
        span.offset = MIN(span.offset + 1 + offset, span.offset + span.length - 1);
        span.length = 1;
        diagnostics_add(compiler->diagnostics, span, "bad regex: %s", error->message);
        return NULL;
    }
    Test test = {.kind = TEST_REGEX, .operand = operand};
    test.regex = ruleset_add_regex(compiler->ruleset, regex);
    const Expression *made = compile_add_test(compiler, &test);
    g_autofree char *pattern =
        g_strdup_printf("/%s/%s", node->right.text, node->caseless ? "i" : "");
    set_text(compiler, made, node, "matches", pattern);
    return made;
}

const Expression *compile_test(Compiler *compiler, const Node *node) {
    Operand operand;
    const Expression *test;
    if (node->kind == NODE_NAME) {
        return compile_name(compiler, node);
    }
    if (!find_operand(text_from_string(node->name.text), &operand)) {
        report_unknown(compiler, &node->name, PLACE_LEFT);
        return NULL;
    }
    if (node->kind == NODE_IN) {
        test = compile_in(compiler, node, operand);
    } else if (node->kind == NODE_COMPARE) {
        test = compile_compare(compiler, node, operand);
    } else {
        test = compile_matches(compiler, node, operand);
    }
    return negate_if(compiler, node, test);
}
