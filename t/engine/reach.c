/*
 * Reach: what reach_lint() says of random rule files, against match() on random requests and on all
 * that are made of a file's constants. What is called unreachable decides no request; of what is
 * called unreachable or redundant, any may be taken out; the rules that are named cover what they
 * are said to, and none of them, and no fewer, suffice; and what isn't called so is reached.
 *
 *   reach FILES     with the seed of the environment's POLICY_TEST_SEED, or one of its own
 *
 * Prints the seed first; on a fault what it is, the rule file and the request, and exits 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/fault.h"
#include "engine/findings.h"
#include "engine/overlaps.h"
#include "engine/tuples.h"
#include "rules/compile.h"

#define REQUESTS_PER_FILE 150
#define TUPLES_PER_FILE 1000

/* Every so many files as many tuples as engine.md asks for; and a file of several blocks of rules.
 */
#define LONG_FILES 300
#define TUPLES_OF_LONG_FILE 100000
#define BROAD_FILES 150
#define BROAD_FILE_RULES 150

/* Nodes that suffice for what needs none, as rules behind one without a condition. */
#define TINY_BUDGET 10

/* Of other files, at the most. */
#define SMALL_FILE_RULES 10

/* Rules that are taken out of a file one by one. */
#define SINGLES_MAX 8

/* Witnesses that are looked for where regexes have a say. */
#define WITNESSES_MAX 24

/* Across all files. */
typedef struct {
    Matcher *matcher;
    guint64 requests;
    guint64 unreachable;
    guint64 covers; /* of these by several rules */
    guint64 redundant;
    guint64 shadowed;
    guint64 escaped;
    guint64 undecided; /* with a small budget */
    guint64 reached;   /* rules that a request was seen to reach */
    guint64 searched;  /* of these, by a witness only */
    guint64 unseen;    /* of files with regexes or comparisons: none was */
} Tester;

/* One rule file. */
typedef struct {
    Tester *tester;
    Generator *generator;
    GRand *random;
    char *rules;
    Ruleset *ruleset;
    guint count;
    gboolean free;       /* it has regexes or comparisons of attributes */
    GPtrArray *findings; /* of Finding */
    gboolean *spare;     /* by rule: called unreachable or redundant */
    gboolean *dead;      /* by rule: called unreachable */
    gboolean *reached;   /* by rule: by a request */
    GPtrArray *variants; /* of Ruleset: the same without some rules */
} File;

/* Rule files. */

static guint pick(const File *file, guint count) {
    return g_rand_int(file->random) % count;
}

static char *make_rules(const File *file, gboolean broad) {
    guint count = broad ? BROAD_FILE_RULES : pick(file, SMALL_FILE_RULES - 1) + 1;
    g_autofree char *plain = NULL;
    switch (broad ? 4 : pick(file, 4)) {
    case 0:
        plain = generator_rules(file->generator, count);
        break;
    case 1:
        plain = generator_small_rules(file->generator, count);
        break;
    case 4:
        plain = overlaps_narrow_rules(file->generator, count);
        break;
    default:
        plain = overlaps_rules(file->generator, count);
        break;
    }
    return overlaps_break_lines(file->generator, plain);
}

static Ruleset *compile(const File *file, const char *rules) {
    const CompileHost host = {.detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Ruleset *ruleset = compile_text("random.rules", text_from_string(rules), &host, diagnostics);
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        fault(file->rules, NULL, "the rule file does not compile:\n%s\n%s", text, rules);
    }
    return ruleset;
}

/* The file without some rules; what else it has stays in its line. */
static Ruleset *drop_rules(const File *file, const gboolean *dropped) {
    g_auto(GStrv) lines = g_strsplit(file->rules, "\n", -1);
    for (guint i = 0; i < file->count; i++) {
        char **line = lines + ruleset_rule(file->ruleset, i)->line - 1;
        for (gboolean first = TRUE; dropped[i] && *line; line++, first = FALSE) {
            if (!first && (*line)[0] != '\0' && !strchr(" \t#", (*line)[0])) {
                break;
            }
            (*line)[0] = '\0';
        }
    }
    g_autofree char *rules = g_strjoinv("\n", lines);
    return compile(file, rules);
}

static guint rule_number(const Ruleset *ruleset, const Rule *rule) {
    return (guint)(rule - ruleset_rule(ruleset, 0));
}

/* What is said of the rules. */

/* The rules that are named stand above, but for the one that permits what gets round. */
static gboolean read_finding(File *file, const Finding *finding) {
    Tester *tester = file->tester;
    gboolean escaped = finding_is(finding, REACH_ESCAPED);
    gboolean unreachable = finding_is(finding, REACH_UNREACHABLE);
    gboolean redundant = finding_is(finding, REACH_REDUNDANT);
    tester->unreachable += unreachable ? 1 : 0;
    tester->covers += unreachable && finding->others->len > 1 ? 1 : 0;
    tester->redundant += redundant ? 1 : 0;
    tester->shadowed += finding_is(finding, REACH_SHADOWED) ? 1 : 0;
    tester->escaped += escaped ? 1 : 0;
    if (finding_is(finding, REACH_UNDECIDED) || finding->rule == file->count) {
        return fault(file->rules, NULL, "%s", finding->kind);
    }
    if ((unreachable || redundant) && file->spare[finding->rule]) {
        return fault(file->rules, NULL, "rule %u is to be taken out twice", finding->rule);
    }
    file->dead[finding->rule] = file->dead[finding->rule] || unreachable;
    file->spare[finding->rule] = file->spare[finding->rule] || unreachable || redundant;
    for (guint i = 0; i < finding->others->len; i++) {
        guint other = g_array_index(finding->others, guint, i);
        if (other == file->count || other == finding->rule || (other > finding->rule) != escaped) {
            return fault(file->rules, NULL, "a wrong line for rule %u: %s", finding->rule,
                         finding->kind);
        }
    }
    return TRUE;
}

static gboolean read_findings(File *file) {
    gboolean good = TRUE;
    file->findings = findings_of(file->ruleset, ANALYSIS_BUDGET_DEFAULT);
    for (guint i = 0; good && i < file->findings->len; i++) {
        good = read_finding(file, g_ptr_array_index(file->findings, i));
    }
    return good;
}

/* It is said with the whole budget too, and of the same rules, or of none. */
static gboolean is_known(const File *file, const Finding *finding) {
    const Finding *known = findings_find(file->findings, finding->kind, finding->rule);
    guint count = finding->others->len;
    return known
           && (count == 0
               || (count == known->others->len
                   && memcmp(finding->others->data, known->others->data, count * sizeof(guint))
                          == 0));
}

/* A small budget says nothing that a large one doesn't; nor less, unless it says so. */
static gboolean check_budget(const File *file, guint32 budget) {
    g_autoptr(GPtrArray) poor = findings_of(file->ruleset, budget);
    gboolean undecided = FALSE;
    for (guint i = 0; i < poor->len; i++) {
        const Finding *finding = g_ptr_array_index(poor, i);
        if (finding_is(finding, REACH_UNDECIDED)) {
            undecided = TRUE;
        } else if (!finding_is(finding, REACH_ESCAPED) && !is_known(file, finding)) {
            return fault(file->rules, NULL, "only with %u nodes this is said of rule %u: %s",
                         budget, finding->rule, finding->kind);
        }
    }
    file->tester->undecided += undecided ? 1 : 0;
    return undecided || poor->len == file->findings->len
           || fault(file->rules, NULL, "with %u nodes less is said, but not why", budget);
}

static gboolean check_budgets(const File *file) {
    gboolean good = check_budget(file, TINY_BUDGET);
    for (guint32 most = 64; good && most <= 4096; most *= 4) {
        good = check_budget(file, pick(file, most));
    }
    return good;
}

/* Requests that show it. */

static Bdd condition_of(Space *space, const Ruleset *ruleset, guint rule) {
    return space_condition(space, ruleset_rule(ruleset, rule)->condition);
}

/* What the rule decides and the other one matches as well; or decides, once the rule is gone. */
static Bdd find_region(Space *space, const Ruleset *ruleset, guint rule, guint other,
                       gboolean next) {
    BddTable *table = space_table(space);
    Bdd region = bdd_and(table, condition_of(space, ruleset, rule), space_universe(space, FALSE));
    region = bdd_and(table, region, condition_of(space, ruleset, other));
    for (guint i = 0; i < (next ? other : rule); i++) {
        region = i == rule ? region : bdd_without(table, region, condition_of(space, ruleset, i));
    }
    return region;
}

static Space *make_space(const Ruleset *ruleset) {
    static const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT};
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    for (guint i = 0; i + 1 < ruleset_rule_count(ruleset); i++) {
        const Expression *condition = ruleset_rule(ruleset, i)->condition;
        if (condition) {
            g_ptr_array_add(roots, (gpointer)(guintptr)condition);
        }
    }
    return space_new(ruleset, roots, &host);
}

/* The matcher has decided the request last. */
static gboolean matches(const File *file, guint rule, const Ruleset *ruleset,
                        const Request *request) {
    const Expression *condition = ruleset_rule(ruleset, rule)->condition;
    return !condition || match_is_true(file->tester->matcher, ruleset, request, condition);
}

/* Whether such a request is found. */
static gboolean is_seen(const File *file, const Ruleset *ruleset, guint rule, guint other,
                        gboolean next) {
    g_autoptr(Space) space = make_space(ruleset);
    Bdd region = find_region(space, ruleset, rule, other, next);
    for (guint i = 0; i < WITNESSES_MAX && region != BDD_FALSE; i++) {
        Bdd tried;
        Request request;
        g_autofree char *lines = space_witness(space, region, &tried);
        g_autofree char *block = lines ? g_strconcat(lines, "\n", NULL) : NULL;
        if (block && request_parse(text_from_string(block), &request) == REQUEST_OK
            && rule_number(ruleset, match(file->tester->matcher, ruleset, &request)) == rule
            && matches(file, other, ruleset, &request)) {
            return TRUE;
        }
        region = bdd_without(space_table(space), region, tried);
    }
    return FALSE;
}

/* Each rule that isn't called unreachable is reached, but for what regexes may hide. */
static gboolean check_reached(const File *file) {
    for (guint i = 0; i + 1 < file->count; i++) {
        if (file->dead[i]) {
            continue;
        }
        gboolean found = file->reached[i] || is_seen(file, file->ruleset, i, i, FALSE);
        if (!found && !file->free) {
            return fault(file->rules, NULL, "rule %u is not called unreachable, but is not reached",
                         i);
        }
        file->tester->reached += found ? 1 : 0;
        file->tester->searched += found && !file->reached[i] ? 1 : 0;
        file->tester->unseen += found ? 0 : 1;
    }
    return TRUE;
}

/* Without the rule some request is decided otherwise. */
static gboolean is_needed(const File *file, guint rule) {
    const char *decision = ruleset_rule(file->ruleset, rule)->decision;
    for (guint i = rule + 1; i < file->count; i++) {
        if (!g_str_equal(ruleset_rule(file->ruleset, i)->decision, decision)
            && is_seen(file, file->ruleset, rule, i, TRUE)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Each rule that isn't called redundant is needed, unless one of those behind it can go instead. */
static gboolean check_needed(const File *file) {
    for (guint i = file->count - 1; i > 0 && !file->free && file->count <= SMALL_FILE_RULES; i--) {
        if (file->spare[i] || file->spare[i - 1]) {
            break;
        }
        if (!is_needed(file, i - 1)) {
            return fault(file->rules, NULL, "rule %u is not called redundant, but is", i - 1);
        }
    }
    return TRUE;
}

/* Those that are named decide a part of what the rule matches, and otherwise. */
static gboolean check_shadowed(const File *file, const Finding *finding) {
    const char *decision = ruleset_rule(file->ruleset, finding->rule)->decision;
    for (guint i = 0; i < finding->others->len; i++) {
        guint other = g_array_index(finding->others, guint, i);
        if (g_str_equal(decision, ruleset_rule(file->ruleset, other)->decision)
            || (!file->free && !is_seen(file, file->ruleset, other, finding->rule, FALSE))) {
            return fault(file->rules, NULL, "rule %u decides no part of rule %u otherwise", other,
                         finding->rule);
        }
    }
    return TRUE;
}

/* Rules that cover others. */

/* Whether the rule is called unreachable in a file of these alone, itself and the last; if it is
 * not, it is reached. */
static gboolean is_dead_behind(const File *file, const GArray *rules, guint skipped, guint rule) {
    g_autofree gboolean *dropped = g_new(gboolean, file->count);
    for (guint i = 0; i < file->count; i++) {
        dropped[i] = i != rule && i + 1 < file->count;
    }
    for (guint i = 0; i < rules->len; i++) {
        dropped[g_array_index(rules, guint, i)] = i == skipped;
    }
    g_autoptr(Ruleset) ruleset = drop_rules(file, dropped);
    g_autoptr(GPtrArray) findings =
        ruleset ? findings_of(ruleset, ANALYSIS_BUDGET_DEFAULT) : g_ptr_array_new();
    guint number = ruleset ? findings_rule_at(ruleset, ruleset_rule(file->ruleset, rule)->line) : 0;
    gboolean dead = findings_find(findings, REACH_UNREACHABLE, number) != NULL;
    if (ruleset && !dead && !file->free && !is_seen(file, ruleset, number, number, FALSE)) {
        fault(file->rules, NULL, "rule %u without some is not reached", rule);
        return TRUE;
    }
    return dead;
}

/* Whether so many of the rules above cover it: one, or two. */
static gboolean is_covered_by(const File *file, guint rule, guint count) {
    g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < rule; i++) {
        for (guint j = count == 2 ? i + 1 : i; j < (count == 2 ? rule : i + 1); j++) {
            guint both[] = {i, j};
            g_array_set_size(rules, 0);
            g_array_append_vals(rules, both, count);
            if (is_dead_behind(file, rules, G_MAXUINT, rule)) {
                return TRUE;
            }
        }
    }
    return FALSE;
}

/* Of fewer rules less is known of what comparisons may be; but what is called unreachable is. */
static gboolean check_cover(const File *file, const Finding *finding) {
    guint count = finding->others->len;
    if (finding->more) {
        return TRUE;
    }
    if (finding->rule + 1 == file->count && file->spare[g_array_index(finding->others, guint, 0)]) {
        return fault(file->rules, NULL,
                     "the last rule is to be taken out with what makes up for it");
    }
    if (!is_dead_behind(file, finding->others, G_MAXUINT, finding->rule)) {
        return file->free
               || fault(file->rules, NULL, "those that are named do not cover rule %u",
                        finding->rule);
    }
    for (guint i = 0; i < count; i++) {
        if (is_dead_behind(file, finding->others, i, finding->rule)) {
            return fault(file->rules, NULL, "not all that are named cover rule %u", finding->rule);
        }
    }
    for (guint fewer = 1; fewer < MIN(count, 3) && file->count <= SMALL_FILE_RULES; fewer++) {
        if (is_covered_by(file, finding->rule, fewer)) {
            return fault(file->rules, NULL, "%u would do to cover rule %u", fewer, finding->rule);
        }
    }
    return TRUE;
}

static gboolean check_findings(const File *file) {
    gboolean good = TRUE;
    for (guint i = 0; good && i < file->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(file->findings, i);
        if (finding_is(finding, REACH_UNREACHABLE)) {
            good = check_cover(file, finding);
        } else if (finding_is(finding, REACH_SHADOWED) && file->count <= SMALL_FILE_RULES) {
            good = check_shadowed(file, finding);
        }
    }
    return good;
}

/* Files with rules taken out. */

static gboolean add_variant(File *file, const gboolean *dropped) {
    Ruleset *ruleset = drop_rules(file, dropped);
    if (ruleset) {
        g_ptr_array_add(file->variants, ruleset);
    }
    return ruleset != NULL;
}

/* The last can go if another one is then last that has no condition. */
static gboolean can_drop_last(const File *file) {
    guint before = file->count - 1;
    while (before > 0 && file->spare[before]) {
        before--;
    }
    return before + 1 < file->count && !ruleset_rule(file->ruleset, before)->condition;
}

/* Without all that are spare, without half of them, and without each of a few. */
static gboolean make_variants(File *file) {
    g_autofree gboolean *all = g_memdup2(file->spare, file->count * sizeof *file->spare);
    g_autofree gboolean *half = g_new0(gboolean, file->count);
    guint singles = 0;
    gboolean good = TRUE;
    file->variants = g_ptr_array_new_with_free_func((GDestroyNotify)ruleset_unref);
    all[file->count - 1] = all[file->count - 1] && can_drop_last(file);
    for (guint i = 0; good && i + 1 < file->count; i++) {
        half[i] = all[i] && pick(file, 2);
        if (all[i] && singles++ < SINGLES_MAX) {
            g_autofree gboolean *one = g_new0(gboolean, file->count);
            one[i] = TRUE;
            good = add_variant(file, one);
        }
    }
    return good && (singles == 0 || (add_variant(file, all) && add_variant(file, half)));
}

/* Requests. */

static gboolean check_covered(const File *file, const Request *request) {
    for (guint i = 0; i < file->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(file->findings, i);
        if (!finding_is(finding, REACH_UNREACHABLE) || finding->more
            || !matches(file, finding->rule, file->ruleset, request)) {
            continue;
        }
        gboolean covered = FALSE;
        for (guint j = 0; j < finding->others->len && !covered; j++) {
            guint other = g_array_index(finding->others, guint, j);
            covered = matches(file, other, file->ruleset, request);
        }
        if (!covered) {
            return fault(file->rules, request, "a request of rule %u is of none that are named",
                         finding->rule);
        }
    }
    return TRUE;
}

static gboolean check_request(const File *file, const Request *request) {
    const Rule *rule = match(file->tester->matcher, file->ruleset, request);
    guint number = rule_number(file->ruleset, rule);
    file->tester->requests++;
    file->reached[number] = TRUE;
    if (file->dead[number]) {
        return fault(file->rules, request, "rule %u is reached", number);
    }
    if (!check_covered(file, request)) {
        return FALSE;
    }
    for (guint i = 0; i < file->variants->len; i++) {
        const Ruleset *variant = g_ptr_array_index(file->variants, i);
        const Rule *other = match(file->tester->matcher, variant, request);
        if (!g_str_equal(other->decision, rule->decision)) {
            return fault(file->rules, request,
                         "rule %u decides it, but line %u without what is spare", number,
                         other->line);
        }
    }
    return TRUE;
}

static gboolean check_requests(const File *file) {
    gboolean good = TRUE;
    for (guint i = 0; good && i < REQUESTS_PER_FILE; i++) {
        gsize length;
        Request request;
        g_autofree char *block = generator_request(file->generator, &length);
        good = (request_parse(text_make(block, length), &request) == REQUEST_OK
                || fault(file->rules, NULL, "a malformed request"))
               && check_request(file, &request);
    }
    return good;
}

static gboolean check_tuples(const File *file, guint maximum) {
    Tuples *tuples = tuples_new(file->ruleset, maximum, g_rand_int(file->random));
    Request request;
    gboolean good = TRUE;
    while (good && tuples_next(tuples, &request)) {
        good = check_request(file, &request);
    }
    tuples_free(tuples);
    return good;
}

static gboolean check_file(File *file, guint maximum) {
    file->count = ruleset_rule_count(file->ruleset);
    file->free = tuples_may_miss(file->ruleset);
    file->spare = g_new0(gboolean, file->count);
    file->dead = g_new0(gboolean, file->count);
    file->reached = g_new0(gboolean, file->count);
    return read_findings(file) && make_variants(file) && check_requests(file)
           && check_tuples(file, maximum) && check_reached(file) && check_needed(file)
           && check_findings(file) && check_budgets(file);
}

static void file_clear(File *file) {
    g_clear_pointer(&file->variants, g_ptr_array_unref);
    g_clear_pointer(&file->findings, g_ptr_array_unref);
    g_clear_pointer(&file->ruleset, ruleset_unref);
    g_clear_pointer(&file->generator, generator_free);
    g_clear_pointer(&file->random, g_rand_free);
    g_free(file->spare);
    g_free(file->dead);
    g_free(file->reached);
    g_free(file->rules);
}

static gboolean run_file(Tester *tester, guint number, guint32 seed) {
    gboolean broad = number % BROAD_FILES == BROAD_FILES - 1;
    File file = {.tester = tester};
    file.generator = generator_new(seed);
    file.random = g_rand_new_with_seed(seed);
    file.rules = make_rules(&file, broad);
    file.ruleset = compile(&file, file.rules);
    gboolean good =
        file.ruleset
        && check_file(&file, number % LONG_FILES == 0 ? TUPLES_OF_LONG_FILE : TUPLES_PER_FILE);
    file_clear(&file);
    return good;
}

int main(int argc, char **argv) {
    const char *given = g_getenv("POLICY_TEST_SEED");
    guint64 files = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 1000;
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    Tester tester = {.matcher = matcher_new()};
    gboolean good = TRUE;
    guint file = 0;
    printf("seed %u: POLICY_TEST_SEED=%u runs this again\n", seed, seed);
    for (; good && file < files; file++) {
        good = run_file(&tester, file, seed * 0x9e3779b1u + file);
    }
    printf("%s after %u files and %" G_GUINT64_FORMAT " requests; unreachable %" G_GUINT64_FORMAT
           " (by several %" G_GUINT64_FORMAT "), redundant %" G_GUINT64_FORMAT
           ", shadowed %" G_GUINT64_FORMAT ", escaped %" G_GUINT64_FORMAT
           "; not decided with few nodes %" G_GUINT64_FORMAT "; reached %" G_GUINT64_FORMAT
           " (only searched for %" G_GUINT64_FORMAT "), not seen, with regexes, %" G_GUINT64_FORMAT
           "\n",
           good ? "no fault" : "failed", file, tester.requests, tester.unreachable, tester.covers,
           tester.redundant, tester.shadowed, tester.escaped, tester.undecided, tester.reached,
           tester.searched, tester.unseen);
    matcher_free(tester.matcher);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
