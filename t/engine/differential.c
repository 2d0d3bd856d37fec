/*
 * Differential: the engine against the walk, on random rule files and requests.
 *
 *   differential DECISIONS     with the seed of the environment's POLICY_TEST_SEED, or one of its
 * own
 *
 * Prints the seed first; on a difference the rule file, the request and both answers, and exits 1.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/generator.h"
#include "engine/walk.h"
#include "rules/compile.h"
#include "rules/match.h"

#define REQUESTS_PER_FILE 200

static Ruleset *compile(const char *rules) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("random.rules", text_from_string(rules), NULL, diagnostics);
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        printf("the rule file does not compile:\n%s", text);
    }
    return ruleset;
}

static gboolean compare(Matcher *matcher, Walker *walker, const Ruleset *ruleset, const char *rules,
                        const char *block, gsize length) {
    Request request;
    if (request_parse(text_make(block, length), &request) != REQUEST_OK) {
        printf("a malformed request:\n%s", block);
        return FALSE;
    }
    const Rule *engine = match(matcher, ruleset, &request);
    const Rule *oracle = walk(walker, ruleset, &request);
    if (engine != oracle) {
        printf("the engine says %s (%s), the walk says %s (%s)\n\n%s\n%s", engine->decision,
               engine->place, oracle->decision, oracle->place, rules, block);
    }
    return engine == oracle;
}

/* Decides requests on one random file; FALSE if it has shown a difference. */
static gboolean run_file(Matcher *matcher, Walker *walker, guint32 seed) {
    static const guint sizes[] = {0, 1, 2, 5, 10, 20, 40, 150};
    Generator *generator = generator_new(seed);
    g_autofree char *rules = generator_rules(generator, sizes[seed % G_N_ELEMENTS(sizes)]);
    g_autoptr(Ruleset) ruleset = compile(rules);
    gboolean good = ruleset != NULL;
    for (guint i = 0; good && i < REQUESTS_PER_FILE; i++) {
        gsize length;
        g_autofree char *block = generator_request(generator, &length);
        good = compare(matcher, walker, ruleset, rules, block, length);
    }
    generator_free(generator);
    return good;
}

int main(int argc, char **argv) {
    const char *given = g_getenv("POLICY_TEST_SEED");
    guint64 decisions = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 1000000;
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    g_autoptr(Matcher) matcher = matcher_new();
    Walker *walker = walker_new();
    gboolean good = TRUE;
    guint64 done = 0;
    printf("seed %u: POLICY_TEST_SEED=%u runs this again\n", seed, seed);
    for (guint32 file = 0; good && done < decisions; file++) {
        good = run_file(matcher, walker, seed * 0x9e3779b1u + file);
        done += REQUESTS_PER_FILE;
    }
    walker_free(walker);
    printf("%s after %" G_GUINT64_FORMAT " decisions\n", good ? "no difference" : "failed", done);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
