/*
 * Compile: the statements, from top to bottom. Whatever is wrong is reported and compiling goes
 * on; a ruleset comes out only if nothing was.
 */
#include "rules/compile.h"

#include <string.h>

#include "limit.h"
#include "protocol/reply.h"
#include "rules/compiler.h"
#include "rules/nearest.h"
#include "rules/parser.h"
#include "rules/source.h"

static GArray *find_newlines(Text text) {
    GArray *newlines = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (size_t at = 0; at < text.length; at++) {
        if (text.data[at] == '\n') {
            g_array_append_val(newlines, at);
        }
    }
    return newlines;
}

guint compile_line(const Compiler *compiler, size_t offset) {
    guint low = 0;
    guint high = compiler->newlines->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(compiler->newlines, size_t, middle) < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low + 1;
}

static guint line_of(const Compiler *compiler, Span span) {
    return compile_line(compiler, span.offset);
}

const Name *compile_use(Compiler *compiler, const char *name) {
    Name *known = g_hash_table_lookup(compiler->names, name);
    if (known) {
        known->used = TRUE;
    }
    return known;
}

static char *place_of(const Compiler *compiler, Span span) {
    return g_strdup_printf("%s:%u", span.source->name, line_of(compiler, span));
}

static gboolean is_spelt_right(const char *name) {
    for (const char *at = name; *at; at++) {
        gboolean letter = g_ascii_islower(*at);
        if (!letter && (at == name || (!g_ascii_isdigit(*at) && *at != '_'))) {
            return FALSE;
        }
    }
    return name[0] != '\0';
}

/* What else the language means by a word, or NULL. */
static const char *find_meaning(const char *word) {
    Action action;
    Attribute attribute;
    Text text = text_from_string(word);
    if (parser_is_keyword(text)) {
        return "a keyword";
    }
    if (action_find(text, &action)) {
        return "an action";
    }
    if (attribute_find(text, &attribute)) {
        return "an attribute";
    }
    return g_strv_contains(compile_builtin_names(), word) ? "a built-in condition" : NULL;
}

static gboolean check_kind(Compiler *compiler, const Statement *statement) {
    static const struct {
        const char *name;
        ListKind kind;
    } fixed[] = {{"trusted", LIST_NETWORKS}, {"local", LIST_DOMAINS}};
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++) {
        gboolean right = statement->kind == STATEMENT_LIST && statement->list_kind == fixed[i].kind;
        if (strcmp(statement->name.text, fixed[i].name) == 0 && !right) {
            diagnostics_add(compiler->diagnostics, statement->name.span,
                            "'%s' can only be the name of a list of %s", fixed[i].name,
                            list_kind_name(fixed[i].kind));
            return FALSE;
        }
    }
    return TRUE;
}

/* `insider` alone may be defined anew, and only where no use has seen the built-in one. */
static gboolean check_redefinition(Compiler *compiler, const Statement *statement) {
    const char *name = statement->name.text;
    gboolean insider = strcmp(name, "insider") == 0 && statement->kind == STATEMENT_CONDITION;
    gboolean trusted = strcmp(name, "trusted") == 0;
    if ((insider || trusted) && compiler->insider_used) {
        diagnostics_add(compiler->diagnostics, statement->name.span,
                        "'%s' is defined below the first use of 'insider'; define it above", name);
        return FALSE;
    }
    const char *meaning = insider ? NULL : find_meaning(name);
    if (meaning) {
        diagnostics_add(compiler->diagnostics, statement->name.span,
                        "'%s' is %s and can't be a name", name, meaning);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_name(Compiler *compiler, const Statement *statement) {
    const Word *word = &statement->name;
    const Name *known = g_hash_table_lookup(compiler->names, word->text);
    if (!is_spelt_right(word->text)) {
        diagnostics_add(compiler->diagnostics, word->span,
                        "'%s' is no name; a name is small letters, digits and '_', a letter first",
                        word->text);
        return FALSE;
    }
    if (known) {
        diagnostics_add(compiler->diagnostics, word->span, "'%s' is defined already in line %u",
                        word->text, known->line);
        return FALSE;
    }
    return check_kind(compiler, statement) && check_redefinition(compiler, statement);
}

static void define(Compiler *compiler, const Statement *statement, const Name *meaning) {
    Name *name = g_new(Name, 1);
    *name = *meaning;
    name->statement = statement;
    name->line = line_of(compiler, statement->name.span);
    g_hash_table_insert(compiler->names, g_strdup(statement->name.text), name);
}

/* A name whose definition is in error is known all the same: its uses are not in error too. */
static void define_broken(Compiler *compiler, const Statement *statement) {
    const char *name = statement->name.text;
    if (name && !g_hash_table_contains(compiler->names, name)) {
        define(compiler, statement, &(Name){.broken = TRUE});
    }
}

static void compile_list_statement(Compiler *compiler, const Statement *statement) {
    gboolean good = check_name(compiler, statement);
    const List *list =
        compile_list(compiler, statement->list_kind, statement->name.text, statement->items);
    if (good) {
        define(compiler, statement, &(Name){.list = list});
    } else {
        define_broken(compiler, statement);
    }
}

static void compile_condition_statement(Compiler *compiler, const Statement *statement) {
    gboolean good = check_name(compiler, statement);
    const Expression *condition = compile_condition(compiler, statement->condition);
    if (good) {
        if (condition && condition->kind != EXPRESSION_TEST) {
            compile_set_text(compiler, condition, statement->name.text);
        }
        define(compiler, statement, &(Name){.condition = condition});
    } else {
        define_broken(compiler, statement);
    }
}

static gboolean find_action(Compiler *compiler, const Word *word, Action *out) {
    const char *known[ACTION_COUNT + 1] = {NULL};
    if (action_find(text_from_string(word->text), out)) {
        return TRUE;
    }
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        known[i] = action_info((Action)i)->name;
    }
    const char *nearest = nearest_find(text_from_string(word->text), known);
    if (nearest) {
        diagnostics_add(compiler->diagnostics, word->span,
                        "unknown action '%s'; did you mean '%s'?", word->text, nearest);
    } else {
        diagnostics_add(compiler->diagnostics, word->span, "unknown action '%s'", word->text);
    }
    return FALSE;
}

static gboolean parse_code(Compiler *compiler, const Word *word, guint *out) {
    guint64 code = 0;
    if (word->text
        && (strlen(word->text) != 3 || !text_parse_number(text_from_string(word->text), &code))) {
        diagnostics_add(compiler->diagnostics, word->span, "'%s' is no reply code of three digits",
                        word->text);
        return FALSE;
    }
    *out = (guint)code;
    return TRUE;
}

static char *compile_decision(Compiler *compiler, const Statement *statement, const Reply *reply) {
    g_autoptr(GError) error = NULL;
    char *decision = reply_decision(reply, &error);
    if (!decision) {
        Span span = statement->span;
        if (error->code == REPLY_ERROR_CODE) {
            span = statement->code.span;
        } else if (statement->text.text) {
            span = statement->text.span;
        }
        diagnostics_add(compiler->diagnostics, span, "%s", error->message);
    }
    return decision;
}

static ActionSet find_outcomes(const Reply *reply) {
    ActionSet outcomes = (ActionSet)1 << reply->action;
    if (reply->action == ACTION_RESTRICT) {
        outcomes |= reply_restrict_outcomes(reply->text);
    }
    return outcomes;
}

static void compile_rule(Compiler *compiler, const Statement *statement) {
    Reply reply = {.text = text_make(NULL, 0)};
    const Expression *condition = NULL;
    g_autofree char *decision = NULL;
    if (statement->condition) {
        condition = compile_condition(compiler, statement->condition);
    }
    if (statement->text.text) {
        reply.text = text_from_string(statement->text.text);
    }
    if (find_action(compiler, &g_array_index(statement->actions, Word, 0), &reply.action)
        && parse_code(compiler, &statement->code, &reply.code)) {
        decision = compile_decision(compiler, statement, &reply);
    }
    if (!decision || (statement->condition && !condition)) {
        return;
    }
    Rule rule = {
        .action = reply.action,
        .outcomes = find_outcomes(&reply),
        .condition = condition,
        .line = line_of(compiler, statement->span),
        .offset = statement->span.offset,
        .length = statement->span.length,
        .text_hash = statement->text_hash,
        .place = place_of(compiler, statement->span),
        .reply = reply_frame(decision),
    };
    rule.reply_length = strlen(rule.reply);
    rule.decision = g_steal_pointer(&decision);
    ruleset_add_rule(compiler->ruleset, &rule);
}

static void compile_assertion(Compiler *compiler, const Statement *statement) {
    Assertion assertion = {.kind = statement->kind == STATEMENT_NEVER ? ASSERTION_NEVER
                                                                      : ASSERTION_ALWAYS};
    gboolean good = TRUE;
    for (guint i = 0; i < statement->actions->len; i++) {
        Action action;
        if (find_action(compiler, &g_array_index(statement->actions, Word, i), &action)) {
            assertion.actions |= (ActionSet)1 << action;
        } else {
            good = FALSE;
        }
    }
    assertion.condition = compile_condition(compiler, statement->condition);
    if (good && assertion.condition) {
        Span whole = syntax_join(statement->span, statement->condition->span);
        assertion.line = line_of(compiler, statement->span);
        assertion.offset = whole.offset;
        assertion.length = whole.length;
        assertion.place = place_of(compiler, statement->span);
        ruleset_add_assertion(compiler->ruleset, &assertion);
    }
}

static void compile_statement(Compiler *compiler, const Statement *statement) {
    if (statement->broken) {
        define_broken(compiler, statement);
        return;
    }
    switch (statement->kind) {
    case STATEMENT_LIST:
        compile_list_statement(compiler, statement);
        return;
    case STATEMENT_CONDITION:
        compile_condition_statement(compiler, statement);
        return;
    case STATEMENT_RULE:
        compile_rule(compiler, statement);
        return;
    case STATEMENT_NEVER:
    case STATEMENT_ALWAYS:
        compile_assertion(compiler, statement);
        return;
    case STATEMENT_ACCEPT_OPEN_RELAY:
        ruleset_set_accepts_open_relay(compiler->ruleset);
        return;
    case STATEMENT_UNKNOWN:
        return;
    }
}

/* A request that no rule matches would have no answer: the last rule must take all that is left. A
 * statement that could not be parsed may have been that rule. */
static void check_end(Compiler *compiler, const GPtrArray *statements) {
    const Statement *last = NULL;
    for (guint i = 0; i < statements->len; i++) {
        const Statement *statement = g_ptr_array_index(statements, i);
        gboolean rule = statement->kind == STATEMENT_RULE || statement->kind == STATEMENT_UNKNOWN;
        last = rule ? statement : last;
    }
    if (!last) {
        diagnostics_add(compiler->diagnostics, source_span(compiler->source, 0, 0),
                        "the file has no rule; the least is 'dunno', which leaves all to Postfix");
    } else if (last->condition && !last->broken) {
        diagnostics_add(compiler->diagnostics, last->span,
                        "the last rule must be unconditional; add 'reject \"5.7.1 Relay access "
                        "denied\"' below it");
    }
}

static const Expression *add_list_landmark(Compiler *compiler, const char *name, TestKind kind,
                                           Attribute attribute) {
    const Name *known = compile_use(compiler, name);
    if (!known || !known->list) {
        return NULL;
    }
    return compile_add_test(
        compiler, &(Test){.kind = kind, .operand = {attribute, PART_WHOLE}, .list = known->list});
}

static void set_landmarks(Compiler *compiler) {
    const Name *insider = compile_use(compiler, "insider");
    Landmarks landmarks = {
        .insider =
            insider ? insider->condition : compile_builtin(compiler, TEXT_LITERAL("insider")),
        .authenticated = compile_builtin(compiler, TEXT_LITERAL("authenticated")),
        .trusted =
            add_list_landmark(compiler, "trusted", TEST_IN_NETWORKS, ATTRIBUTE_CLIENT_ADDRESS),
        .local = add_list_landmark(compiler, "local", TEST_AT_DOMAINS, ATTRIBUTE_RECIPIENT),
    };
    if (compiler->host->detail) {
        landmarks.encrypted = compile_builtin(compiler, TEXT_LITERAL("encrypted"));
        landmarks.routed = compile_builtin(compiler, TEXT_LITERAL("routed"));
    }
    ruleset_set_landmarks(compiler->ruleset, &landmarks);
}

static void keep_detail(Compiler *compiler, const GPtrArray *statements) {
    ruleset_set_source(compiler->ruleset,
                       source_new(compiler->source->name, compiler->source->text));
    for (guint i = 0; i < statements->len; i++) {
        const Statement *statement = g_ptr_array_index(statements, i);
        const Name *name = statement->name.text
                               ? g_hash_table_lookup(compiler->names, statement->name.text)
                               : NULL;
        if (name && name->statement == statement) {
            Definition definition = {
                .name = ruleset_add_text(compiler->ruleset, statement->name.text),
                .list = name->list,
                .condition = name->condition,
                .used = name->used,
                .line = name->line,
                .offset = statement->name.span.offset,
                .length = statement->name.span.length,
            };
            ruleset_add_definition(compiler->ruleset, &definition);
        }
    }
}

static gboolean says_open_relay(const GPtrArray *statements) {
    for (guint i = 0; i < statements->len; i++) {
        const Statement *statement = g_ptr_array_index(statements, i);
        if (statement->kind == STATEMENT_ACCEPT_OPEN_RELAY && !statement->broken) {
            return TRUE;
        }
    }
    return FALSE;
}

static void compile_statements(Compiler *compiler) {
    g_autoptr(GPtrArray) statements = parser_read(compiler->source, compiler->diagnostics);
    compiler->accepts_open_relay = says_open_relay(statements);
    for (guint i = 0; i < statements->len; i++) {
        compile_statement(compiler, g_ptr_array_index(statements, i));
    }
    set_landmarks(compiler);
    check_end(compiler, statements);
    if (compiler->host->detail) {
        keep_detail(compiler, statements);
    }
}

static const CompileHost nobody = {0};

static Ruleset *compile_source(const Source *source, const CompileHost *host,
                               Diagnostics *diagnostics) {
    g_autoptr(Ruleset) ruleset = ruleset_new();
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) braces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GArray) newlines = find_newlines(source->text);
    Compiler compiler = {
        .source = source,
        .host = host ? host : &nobody,
        .diagnostics = diagnostics,
        .ruleset = ruleset,
        .names = names,
        .braces = braces,
        .checksum = checksum,
        .newlines = newlines,
    };
    ruleset_add_file(ruleset, source->name);
    compile_hash(&compiler, source->text);
    if (source_check(source, diagnostics)) {
        compile_statements(&compiler);
    }
    diagnostics_sort(diagnostics);
    if (diagnostics_count(diagnostics) > 0) {
        return NULL;
    }
    ruleset_set_hash(ruleset, g_checksum_get_string(checksum));
    ruleset_seal(ruleset);
    return g_steal_pointer(&ruleset);
}

Ruleset *compile_file(const char *path, const CompileHost *host, Diagnostics *diagnostics) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_read(path, path, LIMIT_RULE_FILE, &error);
    if (!source) {
        diagnostics_add_file(diagnostics, path, "cannot read: %s", error->message);
        return NULL;
    }
    return compile_source(source, host, diagnostics);
}

Ruleset *compile_text(const char *name, Text text, const CompileHost *host,
                      Diagnostics *diagnostics) {
    g_autoptr(Source) source = source_new(name, text);
    return compile_source(source, host, diagnostics);
}
