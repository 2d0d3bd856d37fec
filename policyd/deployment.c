/*
 * Deployment: rules that are written alike are told apart by their order among themselves.
 */
#include "deployment.h"

#include <malloc.h>
#include <pthread.h>

struct Deployment {
    gatomicrefcount references;
    Ruleset *ruleset;
    guint rules;
    guint workers;
    Counter **hits;     /* by worker, by rule */
    guint64 **passed;   /* by worker, by rule: of its hits, those that the next one has; or NULL */
    Counter *carried;   /* by rule: of earlier deployments */
    Deployment *next;   /* NULL: it is the latest */
    guint32 *next_rule; /* by rule: the same in the next one, or NOWHERE */
    guint32 *compared;  /* what is to be next_rule of the one before it, or NULL */
};

#define NOWHERE G_MAXUINT32

Deployment *deployment_new(Ruleset *ruleset, guint workers) {
    Deployment *deployment = g_new0(Deployment, 1);
    g_atomic_ref_count_init(&deployment->references);
    deployment->ruleset = ruleset;
    deployment->rules = ruleset_rule_count(ruleset);
    deployment->workers = workers;
    deployment->hits = g_new(Counter *, workers);
    deployment->passed = g_new0(guint64 *, workers);
    deployment->carried = g_new0(Counter, deployment->rules);
    for (guint i = 0; i < workers; i++) {
        deployment->hits[i] = g_new0(Counter, deployment->rules);
    }
    return deployment;
}

Deployment *deployment_ref(Deployment *deployment) {
    g_atomic_ref_count_inc(&deployment->references);
    return deployment;
}

/* Gives free memory back to the kernel. One at a time: the first call may set malloc up. */
static void trim(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    malloc_trim(0);
    pthread_mutex_unlock(&lock);
}

/* GThreadFunc. A ruleset is in many pieces, and the next one comes as soon as this one goes. */
static gpointer free_deployment(gpointer data) {
    Deployment *deployment = data;
    ruleset_unref(deployment->ruleset);
    for (guint i = 0; i < deployment->workers; i++) {
        g_free(deployment->hits[i]);
        g_free(deployment->passed[i]);
    }
    g_free(deployment->hits);
    g_free(deployment->passed);
    g_free(deployment->carried);
    g_free(deployment->next_rule);
    g_free(deployment->compared);
    g_free(deployment);
    trim();
    return NULL;
}

void deployment_unref(Deployment *deployment) {
    if (!deployment || !g_atomic_ref_count_dec(&deployment->references)) {
        return;
    }
    Deployment *next = g_steal_pointer(&deployment->next);
    GThread *thread = g_thread_try_new("free", free_deployment, deployment, NULL);
    if (thread) {
        g_thread_unref(thread);
    } else {
        free_deployment(deployment);
    }
    deployment_unref(next);
}

const Ruleset *deployment_ruleset(const Deployment *deployment) {
    return deployment->ruleset;
}

Counter *deployment_hits(Deployment *deployment, guint worker) {
    return deployment->hits[worker];
}

/* A rule's text, and which of those that have it. */
typedef struct {
    guint64 text;
    guint64 number;
} RuleKey;

static guint hash_key(gconstpointer data) {
    const RuleKey *key = data;
    return (guint)(key->text ^ key->text >> 32 ^ key->number * 0x9e3779b1u);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b) {
    const RuleKey *left = a;
    const RuleKey *right = b;
    return left->text == right->text && left->number == right->number;
}

/* The key of each rule, in their order; an array of RuleKey. */
static GArray *find_keys(const Ruleset *ruleset) {
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(RuleKey));
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, NULL);
    for (guint i = 0; i < ruleset_rule_count(ruleset); i++) {
        const Rule *rule = ruleset_rule(ruleset, i);
        gsize number = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, &rule->text_hash));
        RuleKey key = {rule->text_hash, number};
        g_hash_table_insert(counts, (gpointer)(guintptr)&rule->text_hash,
                            GSIZE_TO_POINTER(number + 1));
        g_array_append_val(keys, key);
    }
    return keys;
}

/* By rule of the first: the same rule in the second, or NOWHERE. */
static guint32 *map_rules(const Ruleset *from, const Ruleset *to) {
    g_autoptr(GArray) from_keys = find_keys(from);
    g_autoptr(GArray) to_keys = find_keys(to);
    g_autoptr(GHashTable) places = g_hash_table_new(hash_key, equal_keys);
    guint32 *map = g_new0(guint32, from_keys->len);
    for (guint i = 0; i < to_keys->len; i++) {
        g_hash_table_insert(places, &g_array_index(to_keys, RuleKey, i), GUINT_TO_POINTER(i));
    }
    for (guint i = 0; i < from_keys->len; i++) {
        gpointer place;
        map[i] = g_hash_table_lookup_extended(places, &g_array_index(from_keys, RuleKey, i), NULL,
                                              &place)
                     ? GPOINTER_TO_UINT(place)
                     : NOWHERE;
    }
    return map;
}

/* Adds hits of a rule to the same one in the latest deployment. */
static void carry(Deployment *deployment, guint32 rule, guint64 hits) {
    while (deployment->next && rule != NOWHERE) {
        rule = deployment->next_rule[rule];
        deployment = deployment->next;
    }
    if (rule != NOWHERE) {
        counter_add(&deployment->carried[rule], hits);
    }
}

void deployment_compare(const Deployment *deployment, Deployment *next, guint *added, guint *gone) {
    next->compared = map_rules(deployment->ruleset, next->ruleset);
    *gone = 0;
    for (guint i = 0; i < deployment->rules; i++) {
        *gone += next->compared[i] == NOWHERE;
    }
    *added = next->rules + *gone - deployment->rules;
}

/* Those that were not passed on before. */
static void pass_on(Deployment *deployment, guint worker) {
    guint64 *passed = deployment->passed[worker];
    for (guint i = 0; i < deployment->rules; i++) {
        guint64 hits = counter_get(&deployment->hits[worker][i]);
        if (hits > passed[i]) {
            carry(deployment, i, hits - passed[i]);
            passed[i] = hits;
        }
    }
}

/* The hits go along at once, so that no count is ever seen to fall; those that a worker adds until
 * it leaves come later. */
void deployment_follow(Deployment *deployment, Deployment *next) {
    deployment->next_rule = g_steal_pointer(&next->compared);
    deployment->next = deployment_ref(next);
    for (guint i = 0; i < deployment->rules; i++) {
        carry(deployment, i, counter_get(&deployment->carried[i]));
    }
    for (guint i = 0; i < deployment->workers; i++) {
        deployment->passed[i] = g_new0(guint64, deployment->rules);
        pass_on(deployment, i);
    }
}

void deployment_leave(Deployment *deployment, guint worker) {
    pass_on(deployment, worker);
    deployment_unref(deployment);
}

guint64 deployment_rule_hits(const Deployment *deployment, guint rule) {
    guint64 hits = counter_get(&deployment->carried[rule]);
    for (guint i = 0; i < deployment->workers; i++) {
        hits += counter_get(&deployment->hits[i][rule]);
    }
    return hits;
}
