/*
 * Compile builtin: the conditions that every file has.
 *
 * authenticated: smtpd's permit_sasl_authenticated() wants sasl_method set and not ANONYMOUS; a
 * username is wanted too, as each login has one. encrypted: encryption_protocol is empty in
 * plaintext. routed: see mailbox_routed(). insider: who may relay.
 */
#include "rules/compiler.h"

static const Expression *add_present(Compiler *compiler, Attribute attribute) {
    return compile_add_test(compiler,
                            &(Test){.kind = TEST_PRESENT, .operand = {attribute, PART_WHOLE}});
}

static const Expression *add_connective(Compiler *compiler, ExpressionKind kind,
                                        const Expression *const *parts, guint count) {
    return ruleset_add_expression(compiler->ruleset, expression_new(kind, parts, count));
}

static const Expression *make_authenticated(Compiler *compiler) {
    const Expression *anonymous =
        compile_add_test(compiler, &(Test){.kind = TEST_EQUAL_FOLDED,
                                           .operand = {ATTRIBUTE_SASL_METHOD},
                                           .text = "anonymous"});
    ((Expression *)(guintptr)anonymous)->text = "sasl_method is ANONYMOUS";
    const Expression *parts[] = {
        add_present(compiler, ATTRIBUTE_SASL_USERNAME),
        add_present(compiler, ATTRIBUTE_SASL_METHOD),
        add_connective(compiler, EXPRESSION_NOT, &anonymous, 1),
    };
    return add_connective(compiler, EXPRESSION_AND, parts, G_N_ELEMENTS(parts));
}

static const Expression *make_encrypted(Compiler *compiler) {
    return add_present(compiler, ATTRIBUTE_ENCRYPTION_PROTOCOL);
}

static const Expression *make_routed(Compiler *compiler) {
    return compile_add_test(compiler,
                            &(Test){.kind = TEST_ROUTED, .operand = {ATTRIBUTE_RECIPIENT}});
}

static const Expression *make_insider(Compiler *compiler) {
    const Name *trusted = compile_use(compiler, "trusted");
    const Expression *authenticated = compile_builtin(compiler, TEXT_LITERAL("authenticated"));
    compiler->insider_used = TRUE;
    if (!trusted || !trusted->list || list_kind(trusted->list) != LIST_NETWORKS) {
        return authenticated;
    }
    Test test = {
        .kind = TEST_IN_NETWORKS, .operand = {ATTRIBUTE_CLIENT_ADDRESS}, .list = trusted->list};
    const Expression *parts[] = {compile_add_test(compiler, &test), authenticated};
    return add_connective(compiler, EXPRESSION_OR, parts, G_N_ELEMENTS(parts));
}

static const struct {
    const char *name;
    const Expression *(*make)(Compiler *compiler);
} builtins[COMPILER_BUILTINS] = {
    {"authenticated", make_authenticated},
    {"encrypted", make_encrypted},
    {"routed", make_routed},
    {"insider", make_insider},
};

/* `insider` may be `authenticated`, which keeps its name. */
static const Expression *make(Compiler *compiler, size_t index) {
    Expression *made = (Expression *)(guintptr)builtins[index].make(compiler);
    made->text = made->text ? made->text : builtins[index].name;
    return made;
}

const Expression *compile_builtin(Compiler *compiler, Text name) {
    for (size_t i = 0; i < G_N_ELEMENTS(builtins); i++) {
        if (text_equal(name, text_from_string(builtins[i].name))) {
            if (!compiler->builtins[i]) {
                compiler->builtins[i] = make(compiler, i);
            }
            return compiler->builtins[i];
        }
    }
    return NULL;
}

const char *const *compile_builtin_names(void) {
    static const char *const names[] = {"authenticated", "encrypted", "routed", "insider", NULL};
    return names;
}
