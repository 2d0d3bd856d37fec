/*
 * Match: what a decision alone costs, without a socket: match() over rule files of 10 to 100,000
 * rules, and over ten with two lists of a million entries.
 *
 *   match --folder FOLDER [--rounds N] [--requests N] [--entries N] [--seed N]
 *   match --load FILE
 *
 * The first writes the rule files into the folder, loads them, and lets each decide the same
 * requests in turn, round after round. Every fifth request has a value that one of the file's rules
 * asks for, so it gets about half way down; the others go to the end. Requests are read in chunks
 * as small as the daemon's, so they are in the cache and little of the rules is, as it is there.
 * The second loads a file into a fresh process. Each prints a line of JSON.
 */
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "process.h"
#include "rule_file.h"
#include "rules/compile.h"
#include "rules/match.h"
#include "traffic.h"

#define CHUNK 128
#define DIFFERENT_REQUESTS 32768

/* Bytes of the longest value that hits, and more. */
#define VALUE_SIZE 64

typedef struct {
    char *folder;
    char *load;
    int rounds;
    int requests; /* in a round */
    int entries;
    int seed;
} Settings;

typedef struct {
    char *name;
    RuleFile *file;
    Ruleset *ruleset;
    double load_seconds;
    guint64 decisions;
    guint64 to_end; /* that no blocking rule made */
    GArray *times;  /* of double: nanoseconds a decision, by the round */
} Contender;

static Ruleset *load(const char *path, double *seconds) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    gint64 start = client_now();
    Ruleset *ruleset = compile_file(path, NULL, diagnostics);
    *seconds = (double)(client_now() - start) / 1e9;
    if (!ruleset) {
        g_autofree char *text = diagnostics_format(diagnostics);
        fputs(text, stderr);
    }
    return ruleset;
}

static void contender_clear(gpointer data) {
    Contender *contender = data;
    g_free(contender->name);
    rule_file_free(contender->file);
    ruleset_unref(contender->ruleset);
    g_array_unref(contender->times);
}

/* Takes the file, which is NULL if it couldn't be written. */
static gboolean enter(GArray *contenders, char *name, RuleFile *file) {
    Contender contender = {.name = name, .file = file};
    contender.times = g_array_new(FALSE, FALSE, sizeof(double));
    contender.ruleset = file ? load(file->path, &contender.load_seconds) : NULL;
    g_array_append_val(contenders, contender);
    return contender.ruleset != NULL;
}

static gboolean enter_all(GArray *contenders, const Settings *settings, GError **error) {
    static const guint sizes[] = {10, 100, 1000, 10000, 100000};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        RuleFile *file = rule_file_write(settings->folder, sizes[i], error);
        if (!enter(contenders, g_strdup_printf("%u", sizes[i]), file)) {
            return FALSE;
        }
    }
    RuleFile *sets = rule_file_write_sets(settings->folder, (guint)settings->entries, error);
    return enter(contenders, g_strdup("sets"), sets);
}

/* A value that hits goes into `value`, so that it is in the cache as if it had just come. */
static void read_request(const Contender *contender, const Traffic *traffic, GRand *random,
                         Request *out, char value[VALUE_SIZE]) {
    guint32 draw = g_rand_int(random);
    guint index = draw % traffic_count(traffic);
    const GArray *hits = contender->file->hits;
    if (request_parse(traffic_block(traffic, index), out) != REQUEST_OK) {
        g_error("a malformed request");
    }
    if (g_rand_int(random) % 5 == 0) {
        const RuleHit *hit = &g_array_index(hits, RuleHit, draw % hits->len);
        g_strlcpy(value, hit->value, VALUE_SIZE);
        out->values[hit->attribute] = text_from_string(value);
    }
}

static gint64 cpu_now(void) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * G_GINT64_CONSTANT(1000000000) + used.tv_nsec;
}

/* Answers the nanoseconds that deciding a chunk took. */
static gint64 decide(Contender *contender, Matcher *matcher, const Request *requests) {
    const Rule *rules[CHUNK];
    gint64 start = cpu_now();
    for (guint i = 0; i < CHUNK; i++) {
        rules[i] = match(matcher, contender->ruleset, &requests[i]);
    }
    gint64 took = cpu_now() - start;
    guint relaying = ruleset_rule_count(contender->ruleset) - 5;
    for (guint i = 0; i < CHUNK; i++) {
        contender->to_end += rules[i] >= ruleset_rule(contender->ruleset, relaying);
    }
    contender->decisions += CHUNK;
    return took;
}

static void run_round(Contender *contender, const Settings *settings, Matcher *matcher,
                      const Traffic *traffic, guint32 seed) {
    static Request requests[CHUNK];
    static char values[CHUNK][VALUE_SIZE];
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    gint64 took = 0;
    int done = 0;
    for (; done < settings->requests; done += CHUNK) {
        for (guint i = 0; i < CHUNK; i++) {
            read_request(contender, traffic, random, &requests[i], values[i]);
        }
        took += decide(contender, matcher, requests);
    }
    double each = (double)took / done;
    g_array_append_val(contender->times, each);
}

static gint compare_doubles(gconstpointer a, gconstpointer b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(const GArray *times) {
    g_autoptr(GArray) sorted = g_array_copy((GArray *)(guintptr)times);
    g_array_sort(sorted, compare_doubles);
    return g_array_index(sorted, double, sorted->len / 2);
}

/* `ratios`: to the first contender, in each round. */
static void print_contender(const Contender *contender, const GArray *base) {
    printf("{\"name\":\"%s\",\"rules\":%u,\"load_seconds\":%.3f,\"to_end\":%.3f,\"ns\":%.1f,"
           "\"ratios\":[",
           contender->name, ruleset_rule_count(contender->ruleset), contender->load_seconds,
           (double)contender->to_end / (double)contender->decisions, median(contender->times));
    for (guint i = 0; i < base->len; i++) {
        printf("%s%.3f", i > 0 ? "," : "",
               g_array_index(contender->times, double, i) / g_array_index(base, double, i));
    }
    printf("]}");
}

static void print(const GArray *contenders) {
    printf("{\"files\":[");
    for (guint i = 0; i < contenders->len; i++) {
        printf("%s", i > 0 ? "," : "");
        print_contender(&g_array_index(contenders, Contender, i),
                        g_array_index(contenders, Contender, 0).times);
    }
    printf("]}\n");
}

static gboolean compare(const Settings *settings, GError **error) {
    g_autoptr(GArray) contenders = g_array_new(FALSE, TRUE, sizeof(Contender));
    g_autoptr(Traffic) traffic = traffic_new((guint32)settings->seed, DIFFERENT_REQUESTS);
    g_autoptr(Matcher) matcher = matcher_new();
    g_array_set_clear_func(contenders, contender_clear);
    if (!enter_all(contenders, settings, error)) {
        return FALSE;
    }
    for (int round = 0; round < settings->rounds; round++) {
        for (guint i = 0; i < contenders->len; i++) {
            run_round(&g_array_index(contenders, Contender, i), settings, matcher, traffic,
                      (guint32)(settings->seed + round));
        }
    }
    print(contenders);
    return TRUE;
}

static gboolean load_alone(const Settings *settings) {
    double seconds;
    gint64 before = process_resident(getpid());
    g_autoptr(Ruleset) ruleset = load(settings->load, &seconds);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (ruleset) {
        printf("{\"load_seconds\":%.3f,\"resident_before\":%" G_GINT64_FORMAT
               ",\"resident\":%" G_GINT64_FORMAT ",\"resident_peak\":%" G_GINT64_FORMAT "}\n",
               seconds, before, process_resident(getpid()),
               usage.ru_maxrss * G_GINT64_CONSTANT(1024));
    }
    return ruleset != NULL;
}

static gboolean parse(int *argc, char ***argv, Settings *out, GError **error) {
    const GOptionEntry entries[] = {
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &out->folder, "For the rule files", "FOLDER"},
        {"load", 0, 0, G_OPTION_ARG_FILENAME, &out->load, "Load this file, and no more", "FILE"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &out->rounds, "11", "N"},
        {"requests", 0, 0, G_OPTION_ARG_INT, &out->requests, "In a round (32768)", "N"},
        {"entries", 0, 0, G_OPTION_ARG_INT, &out->entries, "Of each list (1000000)", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &out->seed, "Of the requests (1)", "N"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

int main(int argc, char **argv) {
    Settings settings = {.rounds = 11, .requests = 32768, .entries = 1000000, .seed = 1};
    g_autoptr(GError) error = NULL;
    int status = 2;
    if (parse(&argc, &argv, &settings, &error)) {
        if (argc > 1 || !settings.folder == !settings.load || settings.rounds < 1
            || settings.requests < 1 || settings.entries < 1) {
            fputs("match: see --help\n", stderr);
        } else {
            gboolean good = settings.load ? load_alone(&settings) : compare(&settings, &error);
            status = good ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    if (error) {
        fprintf(stderr, "match: %s\n", error->message);
    }
    g_free(settings.folder);
    g_free(settings.load);
    return status;
}
