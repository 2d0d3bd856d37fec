/*
 * Units of policyd/deployment: what deployment_compare() counts, and where hits go: over several
 * reloads, with workers that leave late, in any order, or never. The random walk is checked against
 * a model that knows each rule by its text.
 */
#include "deployment.h"

#include "rules/compile.h"
#include "unit/random.h"
#include "unit/unit.h"

#define WORKERS 3

/* Every rule is a letter, and the same letter is the same text; the last rule is always the same.
 */
static Deployment *make(const char *letters) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GString) rules = g_string_new(NULL);
    for (const char *at = letters; *at; at++) {
        g_string_append_printf(rules, "dunno if sasl_method == \"%c\"\n", *at);
    }
    g_string_append(rules, "reject\n");
    Ruleset *ruleset =
        compile_text("unit.rules", text_make(rules->str, rules->len), NULL, diagnostics);
    ck_assert_msg(ruleset != NULL, "does not compile: %s", rules->str);
    return deployment_new(ruleset, WORKERS);
}

static void follow(Deployment *deployment, Deployment *next) {
    guint added;
    guint gone;
    deployment_compare(deployment, next, &added, &gone);
    deployment_follow(deployment, next);
}

static void hit(Deployment *deployment, guint worker, guint rule, guint64 number) {
    counter_add(&deployment_hits(deployment, worker)[rule], number);
}

/* A worker's reference is given back by deployment_leave(). */
static void leave(Deployment *deployment, guint worker) {
    deployment_leave(deployment_ref(deployment), worker);
}

static const struct {
    const char *from;
    const char *to;
    guint added;
    guint gone;
    guint64 hits[6]; /* of `to`, where each rule of `from` had 10 times its place from 1 */
} moves[] = {
    {"abc", "abc", 0, 0, {10, 20, 30}},
    {"abc", "cab", 0, 0, {30, 10, 20}},
    {"abc", "abcd", 1, 0, {10, 20, 30, 0}},
    {"abc", "dabc", 1, 0, {0, 10, 20, 30}},
    {"abc", "ac", 0, 1, {10, 30}},
    {"abc", "abd", 1, 1, {10, 20, 0}},
    {"abc", "def", 3, 3, {0, 0, 0}},
    {"a", "aa", 1, 0, {10, 0}},
    {"aa", "a", 0, 1, {10}},
    {"aba", "aab", 0, 0, {10, 30, 20}},
    {"aba", "baa", 0, 0, {20, 10, 30}},
    {"aaa", "bab", 2, 2, {0, 10, 0}},
    {"aaaaaa", "aaaaaa", 0, 0, {10, 20, 30, 40, 50, 60}},
};

START_TEST(test_compare) {
    Deployment *from = make(moves[_i].from);
    Deployment *to = make(moves[_i].to);
    guint added = 99;
    guint gone = 99;
    for (guint i = 0; moves[_i].from[i]; i++) {
        hit(from, i % WORKERS, i, (i + 1) * 10);
    }
    deployment_compare(from, to, &added, &gone);
    ck_assert_msg(added == moves[_i].added && gone == moves[_i].gone, "%s to %s: %u added, %u gone",
                  moves[_i].from, moves[_i].to, added, gone);
    deployment_follow(from, to);
    for (guint turn = 0; turn <= WORKERS; turn++) {
        for (guint i = 0; moves[_i].to[i]; i++) {
            ck_assert_msg(deployment_rule_hits(to, i) == moves[_i].hits[i],
                          "%s to %s: rule %u after %u have left", moves[_i].from, moves[_i].to, i,
                          turn);
        }
        if (turn < WORKERS) {
            leave(from, turn);
        }
    }
    deployment_unref(from);
    deployment_unref(to);
}
END_TEST

/* White space between words is no change, and neither is a comment; anything else is. */
static const struct {
    const char *from;
    const char *to;
    gboolean same;
} edits[] = {
    {"dunno if sender\n", "dunno   if\n    sender\n", TRUE},
    {"dunno if sender\n", "# a comment\n\n\ndunno if sender\n", TRUE},
    {"dunno if sender\n", "dunno if sender # behind it\n", TRUE},
    {"dunno if sender\n", "dunno # why\n if\n# not\n sender\n", TRUE},
    {"dunno if helo_name in {a.example,b.example}\n",
     "dunno if helo_name in { a.example, b.example }\n", TRUE},
    {"dunno if not sender\n", "dunno if not  sender\n", TRUE},
    {"condition notsender = size\ndunno if not sender\n",
     "condition notsender = size\ndunno if notsender\n", FALSE},
    {"reject \"a b\" if sender\n", "reject\n \"a b\"  if sender\n", TRUE},
    {"reject \"a b\" if sender\n", "reject \"a  b\" if sender\n", FALSE},
    {"reject \"a b\" if sender\n", "reject \"ab\" if sender\n", FALSE},
    {"dunno if helo_name matches /a b/\n", "dunno if helo_name matches /ab/\n", FALSE},
    {"dunno if helo_name matches /a/\n", "dunno if helo_name matches /a/i\n", FALSE},
    {"dunno if sasl_method == \"a b\"\n", "dunno if sasl_method == \"a b \"\n", FALSE},
    {"dunno if (sender)\n", "dunno if sender\n", FALSE},
    {"dunno if sender\n", "reject if sender\n", FALSE},
    {"dunno if sender\n", "dunno if not sender\n", FALSE},
    {"dunno if sender\n", "dunno if recipient\n", FALSE},
    {"dunno if sender\n", "dunno\n", FALSE},
    {"reject \"5.7.1 a\" if sender\n", "reject \"5.7.1 b\" if sender\n", FALSE},
    {"domains d = a.example\ndunno if sender in d\n",
     "domains d = b.example\ndunno if sender in d\n", TRUE},
};

START_TEST(test_edit) {
    const char *texts[] = {edits[_i].from, edits[_i].to};
    Deployment *both[2];
    guint added;
    guint gone;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        g_autofree char *text = g_strconcat(texts[i], "reject\n", NULL);
        Ruleset *ruleset = compile_text("unit.rules", text_from_string(text), NULL, diagnostics);
        ck_assert_msg(ruleset != NULL, "does not compile: %s", texts[i]);
        both[i] = deployment_new(ruleset, WORKERS);
    }
    deployment_compare(both[0], both[1], &added, &gone);
    ck_assert_msg(added == gone && gone == (edits[_i].same ? 0 : 1), "%s to %s: %u", edits[_i].from,
                  edits[_i].to, gone);
    deployment_unref(both[0]);
    deployment_unref(both[1]);
}
END_TEST

/* A worker that is late by three reloads; one of its rules was gone for a while. */
START_TEST(test_late) {
    Deployment *first = make("ab");
    Deployment *second = make("ba");
    Deployment *third = make("a");
    Deployment *fourth = make("xab");
    hit(first, 0, 0, 1);
    hit(first, 0, 1, 100);
    follow(first, second);
    follow(second, third);
    follow(third, fourth);
    hit(first, 0, 0, 2);   /* `a`, until it notices */
    hit(first, 0, 1, 200); /* `b`: what it had before was forgotten by the third */
    hit(second, 1, 1, 5);  /* another worker's, of `a` */
    leave(first, 0);
    ck_assert_uint_eq(deployment_rule_hits(fourth, 1), 3);
    leave(second, 1);
    ck_assert_uint_eq(deployment_rule_hits(fourth, 1), 8);
    ck_assert_uint_eq(deployment_rule_hits(fourth, 0), 0);
    ck_assert_uint_eq(deployment_rule_hits(fourth, 2), 0);
    deployment_unref(first);
    deployment_unref(second);
    deployment_unref(third);
    deployment_unref(fourth);
}
END_TEST

/* The old ones go before the worker that is still in the first one leaves. */
START_TEST(test_references) {
    Deployment *first = make("a");
    Deployment *late = deployment_ref(first);
    Deployment *second = make("a");
    Deployment *third = make("a");
    follow(first, second);
    deployment_unref(first);
    follow(second, third);
    deployment_unref(second);
    hit(late, 2, 0, 7);
    deployment_leave(late, 2);
    ck_assert_uint_eq(deployment_rule_hits(third, 0), 7);
    deployment_unref(third);
    deployment_unref(NULL);
}
END_TEST

/* Rules in one order after the other, so that none is ever gone, and the workers follow at random:
 * no count may ever fall, nor a hit be lost once all have come to the latest. */
#define RULES 6

typedef struct {
    Deployment *deployment;
    char order[RULES + 1];
} Place;

typedef struct {
    Random random;
    Place latest;
    Place at[WORKERS];     /* where each worker is */
    guint64 hits[RULES];   /* of each letter: what was added */
    guint64 before[RULES]; /* and what was last seen */
} Walk;

static void come_to_latest(Walk *walk, guint worker) {
    Deployment *before = walk->at[worker].deployment;
    walk->at[worker] = walk->latest;
    deployment_ref(walk->latest.deployment);
    if (before == walk->latest.deployment) {
        deployment_unref(before);
    } else {
        deployment_leave(before, worker);
    }
}

static void swap_two_rules(Walk *walk) {
    Place next = walk->latest;
    guint a = random_below(&walk->random, RULES);
    guint b = random_below(&walk->random, RULES);
    next.order[a] = walk->latest.order[b];
    next.order[b] = walk->latest.order[a];
    next.deployment = make(next.order);
    follow(walk->latest.deployment, next.deployment);
    deployment_unref(walk->latest.deployment);
    walk->latest = next;
}

static void check_walk(Walk *walk) {
    for (guint i = 0; i < RULES; i++) {
        guint letter = (guint)(walk->latest.order[i] - 'a');
        guint64 hits = deployment_rule_hits(walk->latest.deployment, i);
        RANDOM_ASSERT(&walk->random, hits >= walk->before[letter] && hits <= walk->hits[letter],
                      "rule %c: %u hits", 'a' + letter, (guint)hits);
        walk->before[letter] = hits;
    }
}

START_TEST(test_walk) {
    Walk walk = {.random = random_start(), .latest = {.order = "abcdef"}};
    walk.latest.deployment = make(walk.latest.order);
    for (guint i = 0; i < WORKERS; i++) {
        walk.at[i] = walk.latest;
        deployment_ref(walk.latest.deployment);
    }
    for (guint step = 0; step < 2000; step++) {
        guint worker = random_below(&walk.random, WORKERS);
        guint rule = random_below(&walk.random, RULES);
        guint dice = random_below(&walk.random, 10);
        if (dice == 0) {
            swap_two_rules(&walk);
        } else if (dice == 1) {
            come_to_latest(&walk, worker);
        } else {
            hit(walk.at[worker].deployment, worker, rule, 1);
            walk.hits[walk.at[worker].order[rule] - 'a']++;
        }
        check_walk(&walk);
    }
    for (guint i = 0; i < WORKERS; i++) {
        come_to_latest(&walk, i);
        deployment_unref(walk.at[i].deployment);
    }
    check_walk(&walk);
    for (guint i = 0; i < RULES; i++) {
        RANDOM_ASSERT(&walk.random, walk.before[i] == walk.hits[i], "rule %c", 'a' + i);
    }
    deployment_unref(walk.latest.deployment);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("deployment");
    TCase *tcase = tcase_create("plain");
    UNIT_ADD_TABLE(suite, test_compare, moves);
    UNIT_ADD_TABLE(suite, test_edit, edits);
    tcase_add_test(tcase, test_late);
    tcase_add_test(tcase, test_references);
    tcase_add_test(tcase, test_walk);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
