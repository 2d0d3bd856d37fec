/*
 * Fuzz target match: the engine against the walk of t/engine, on rule files and requests whose
 * choices are the input's bytes; and explanations of the decisions, which can be shown.
 *
 * Input: the number of rules, then the generator's choices: of the file, and of requests while
 * there are bytes.
 */
#include "engine/generator.h"
#include "engine/walk.h"
#include "fuzz/fuzz.h"
#include "rules/compile.h"
#include "rules/explain.h"
#include "rules/match.h"

#define RULES 16
#define REQUESTS 40

static Ruleset *compile(const char *rules) {
    static const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("f", text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        g_autofree char *faults = diagnostics_format(diagnostics);
        FUZZ_ASSERT(ruleset, "%s", faults);
    }
    return ruleset;
}

static void check_request(const Ruleset *ruleset, const char *rules, Text block, gboolean told) {
    static Matcher *matcher;
    static Walker *walker;
    Request request;
    if (!matcher) {
        matcher = matcher_new();
        walker = walker_new();
    }
    FUZZ_ASSERT(request_parse(block, &request) == REQUEST_OK, "%s", block.data);
    const Rule *engine = match(matcher, ruleset, &request);
    const Rule *oracle = walk(walker, ruleset, &request);
    FUZZ_ASSERT(engine == oracle, "the engine says %s, the walk %s\n%s\n%s", engine->place,
                oracle->place, rules, block.data);
    if (told) {
        g_autofree char *text = explain_text(ruleset, &request);
        FUZZ_ASSERT(fuzz_is_showable(text), "%s", text);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    if (size == 0) {
        return -1;
    }
    Generator *generator = generator_new_from_bytes(data + 1, size - 1);
    guint count = data[0] % RULES;
    g_autofree char *rules =
        data[0] < 128 ? generator_rules(generator, count) : generator_small_rules(generator, count);
    g_autoptr(Ruleset) ruleset = compile(rules);
    for (guint i = 0; i == 0 || (i < REQUESTS && !generator_is_spent(generator)); i++) {
        gsize length;
        g_autofree char *block = generator_request(generator, &length);
        check_request(ruleset, rules, text_make(block, length), i == 0);
    }
    generator_free(generator);
    return 0;
}
