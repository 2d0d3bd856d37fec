/*
 * Explain: explanations against the walk, on random rule files and requests. Of each rule up to the
 * deciding one the outcome is the walk's, and so is that of each condition and test that is named;
 * and the tests of its reasons alone, whatever the others were, are enough for the rule's outcome.
 * A value is said to be in just the lists that hold it, and by an item that alone would hold it.
 *
 *   explain DECISIONS     with the seed of the environment's POLICY_TEST_SEED, or one of its own
 *
 * Prints the seed first; on a fault what it is, the rule file, the request and the explanation, and
 * exits 1.
 */
#include "rules/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/generator.h"
#include "engine/walk.h"
#include "limit.h"
#include "protocol/mailbox.h"
#include "rules/compile.h"

#define REQUESTS_PER_FILE 20

/* What is known of an expression when only some tests are. */
typedef enum {
    KNOWN_FALSE,
    KNOWN_TRUE,
    UNKNOWN,
} Known;

static Ruleset *compile(const char *rules) {
    static const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("random.rules", text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        printf("the rule file does not compile:\n%s", text);
    }
    return ruleset;
}

static Known judge(GHashTable *known, const Expression *expression);

static Known judge_parts(GHashTable *known, const Expression *expression) {
    Known decisive = expression->kind == EXPRESSION_OR ? KNOWN_TRUE : KNOWN_FALSE;
    Known all = expression->kind == EXPRESSION_OR ? KNOWN_FALSE : KNOWN_TRUE;
    for (guint i = 0; i < expression->count; i++) {
        Known part = judge(known, expression->parts[i]);
        if (part == decisive) {
            return decisive;
        }
        all = part == UNKNOWN ? UNKNOWN : all;
    }
    return all;
}

/* Of an expression, where `known` has the tests that are, with their outcome and 1. */
static Known judge(GHashTable *known, const Expression *expression) {
    if (expression->kind == EXPRESSION_TEST) {
        guint outcome = GPOINTER_TO_UINT(g_hash_table_lookup(known, expression));
        return outcome == 0 ? UNKNOWN : (Known)(outcome - 1);
    }
    if (expression->kind == EXPRESSION_NOT) {
        Known part = judge(known, expression->parts[0]);
        return part == UNKNOWN ? UNKNOWN : part == KNOWN_TRUE ? KNOWN_FALSE : KNOWN_TRUE;
    }
    return judge_parts(known, expression);
}

/* What is wrong with a rule's explanation, or NULL. */
static const char *check_rule(Walker *walker, const Request *request, const ExplainedRule *rule) {
    const Expression *condition = rule->rule->condition;
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    if (!condition) {
        return rule->matched && rule->reasons->len == 0 ? NULL
                                                        : "an unconditional rule has reasons";
    }
    if (walk_is_true(walker, condition, request) != rule->matched) {
        return "the walk has another outcome of the rule";
    }
    for (guint i = 0; i < rule->reasons->len; i++) {
        const ExplainReason *reason = g_ptr_array_index(rule->reasons, i);
        guint last = reason->claims->len - 1;
        const ExplainClaim *claim = &g_array_index(reason->claims, ExplainClaim, last);
        gboolean holds = walk_is_true(walker, reason->test, request);
        if (claim->holds != holds || claim->text[0] == '\0') {
            return "the walk has another outcome of a test";
        }
        g_hash_table_insert(known, (gpointer)(guintptr)reason->test,
                            GUINT_TO_POINTER((holds ? KNOWN_TRUE : KNOWN_FALSE) + 1));
    }
    if (rule->more) {
        return rule->reasons->len == LIMIT_EXPLAIN_REASONS ? NULL
                                                           : "there is room for more reasons";
    }
    return judge(known, condition) == (rule->matched ? KNOWN_TRUE : KNOWN_FALSE)
               ? NULL
               : "the reasons are not enough for the outcome";
}

static gboolean holds_at(const List *list, Text value) {
    Mailbox mailbox = mailbox_split(value);
    return mailbox_final(&mailbox) && list_has_domain(list, mailbox.domain);
}

/* Whether a list of a fitting kind holds the value. */
static gboolean is_in(const List *list, Operand operand, const Request *request, char *scratch) {
    Address address;
    Text value = operand_read(operand, request, scratch);
    OperandClass class = operand_class(operand);
    switch (list_kind(list)) {
    case LIST_NETWORKS:
        return class == OPERAND_ADDRESS && request_address(request, operand.attribute, &address)
               && list_has_address(list, &address);
    case LIST_DOMAINS:
        return class == OPERAND_MAILBOX
                   ? holds_at(list, value)
                   : class == OPERAND_DOMAIN && value.length > 0 && list_has_domain(list, value);
    case LIST_ADDRESSES:
        return class == OPERAND_MAILBOX && list_has_mailbox(list, value);
    case LIST_STRINGS:
        break;
    }
    return (class == OPERAND_STRING || class == OPERAND_ENUMERATION) && value.length > 0
           && list_has_string(list, value);
}

/* Whether an entry alone would hold the value. */
static gboolean is_in_entry(const List *list, const ListEntry *entry, Operand operand,
                            const Request *request, char *scratch) {
    g_autoptr(List) alone = list_new(list_kind(list), NULL);
    if (!list_add(alone, entry->item, LIST_ITEM_WRITTEN, NULL)) {
        return FALSE;
    }
    list_seal(alone);
    return is_in(alone, operand, request, scratch);
}

static const ExplainedEntry *find_entry(const ExplainedValue *value, const char *name) {
    for (guint i = 0; i < value->entries->len; i++) {
        const ExplainedEntry *entry = &g_array_index(value->entries, ExplainedEntry, i);
        if (g_str_equal(entry->name, name)) {
            return entry;
        }
    }
    return NULL;
}

static gboolean find_operand(const char *name, Operand *out) {
    const char *dot = strchr(name, '.');
    Text word = text_make(name, dot ? (size_t)(dot - name) : strlen(name));
    out->part = !dot ? PART_WHOLE : g_str_equal(dot, ".domain") ? PART_DOMAIN : PART_LOCAL;
    return attribute_find(word, &out->attribute);
}

/* What is wrong with the lists of a value, or NULL. */
static const char *check_value(const Ruleset *ruleset, const Request *request,
                               const ExplainedValue *value, char *scratch) {
    Operand operand;
    guint count = 0;
    if (!find_operand(value->name, &operand)) {
        return "a value has an unknown name";
    }
    for (guint i = 0; i < ruleset_definition_count(ruleset); i++) {
        const Definition *definition = ruleset_definition(ruleset, i);
        if (!definition->list || !is_in(definition->list, operand, request, scratch)) {
            continue;
        }
        const ExplainedEntry *entry = find_entry(value, definition->name);
        if (!entry && count < LIMIT_EXPLAIN_ENTRIES) {
            return "a list that holds a value is not told";
        }
        if (entry && !is_in_entry(definition->list, &entry->entry, operand, request, scratch)) {
            return "an entry does not hold the value";
        }
        count++;
    }
    return count == value->entries->len + value->more ? NULL : "a list does not hold a value";
}

static const char *check(Walker *walker, const Ruleset *ruleset, const Request *request,
                         const Explanation *explanation, gboolean all) {
    static char scratch[LIMIT_BLOCK];
    const char *fault = NULL;
    guint count = explanation->rules->len;
    const ExplainedRule *last = g_ptr_array_index(explanation->rules, count - 1);
    if (explanation->decision != walk(walker, ruleset, request)
        || last->rule != explanation->decision || !last->matched) {
        return "the walk decides by another rule";
    }
    if ((all || last->number <= LIMIT_EXPLAIN_RULES) && count != last->number) {
        return "a rule is not told";
    }
    if (!all && count > LIMIT_EXPLAIN_RULES) {
        return "too many rules are told";
    }
    for (guint i = 0; i < count && !fault; i++) {
        fault = check_rule(walker, request, g_ptr_array_index(explanation->rules, i));
    }
    for (guint i = 0; i < explanation->values->len && !fault; i++) {
        fault = check_value(ruleset, request, g_ptr_array_index(explanation->values, i), scratch);
    }
    return fault;
}

static gboolean explain_block(Walker *walker, const Ruleset *ruleset, const char *rules, Text block,
                              gboolean all) {
    Request request;
    if (request_parse(block, &request) != REQUEST_OK) {
        printf("a malformed request:\n%s", block.data);
        return FALSE;
    }
    g_autoptr(Explanation) explanation = explain(ruleset, &request, all);
    const char *fault = check(walker, ruleset, &request, explanation, all);
    g_autofree char *text = explanation_format(explanation);
    if (fault || !g_utf8_validate(text, -1, NULL)) {
        printf("%s\n\n%s\n%s\n%s", fault ? fault : "not UTF-8", rules, block.data, text);
        return FALSE;
    }
    return TRUE;
}

/* Explains requests on one random file; FALSE if it has shown a fault. */
static gboolean run_file(Walker *walker, guint32 seed) {
    static const guint sizes[] = {0, 1, 2, 5, 10, 20, 40, 150};
    Generator *generator = generator_new(seed);
    g_autofree char *rules = generator_rules(generator, sizes[seed % G_N_ELEMENTS(sizes)]);
    g_autoptr(Ruleset) ruleset = compile(rules);
    gboolean good = ruleset != NULL;
    for (guint i = 0; good && i < REQUESTS_PER_FILE; i++) {
        gsize length;
        g_autofree char *block = generator_request(generator, &length);
        good = explain_block(walker, ruleset, rules, text_make(block, length), i % 2 == 0);
    }
    generator_free(generator);
    return good;
}

int main(int argc, char **argv) {
    const char *given = g_getenv("POLICY_TEST_SEED");
    guint64 decisions = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 20000;
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    Walker *walker = walker_new();
    gboolean good = TRUE;
    guint64 done = 0;
    printf("seed %u: POLICY_TEST_SEED=%u runs this again\n", seed, seed);
    for (guint32 file = 0; good && done < decisions; file++) {
        good = run_file(walker, seed * 0x9e3779b1u + file);
        done += REQUESTS_PER_FILE;
    }
    walker_free(walker);
    printf("%s after %" G_GUINT64_FORMAT " decisions\n", good ? "no fault" : "failed", done);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
