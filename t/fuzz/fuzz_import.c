/*
 * Fuzz target import: settings of Postfix, as its postconf would print them, made a rule file by
 * policyctl import. Whatever they are, the file loads and is proved to be no open relay; it is the
 * same each time; and it permits no stranger whom main.cf and master.cf, by a model, don't know.
 *
 * Input: a byte of choices, then lines as in fake_postfix.h.
 */
#include <gio/gio.h>
#include <string.h>

#include "analysis/prove.h"
#include "ctl/import/rule_file.h"
#include "fuzz/bytes.h"
#include "fuzz/fake_postfix.h"
#include "fuzz/fuzz.h"
#include "postconf.h"
#include "rules/compile.h"
#include "rules/match.h"

#define SEPARATORS ", \t\r\n"
#define STRANGER "198.51.100.77"
#define FOREIGN "user@elsewhere.example"

#define FOLDER "/etc/post fix"

/* The one doesn't go with the other. */
typedef enum {
    OF_USUAL_FOLDER,
    OF_FOLDER,
    LIVE,
    CHOICES,
} Choice;

/* The file. */

static char *write_file(const PostfixSettings *settings, Choice choice, GPtrArray *notes) {
    const RuleFileOptions options = {.live = choice == LIVE,
                                     .folder = choice == OF_FOLDER ? FOLDER : NULL};
    return rule_file_write(settings, &options, notes);
}

static char *write_twice(const PostfixSettings *settings, Choice choice) {
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func(g_free);
    char *text = write_file(settings, choice, notes);
    g_autofree char *same = write_file(settings, choice, again);
    FUZZ_ASSERT(g_str_equal(text, same) && notes->len == again->len, "%s---\n%s", text, same);
    for (guint i = 0; i < notes->len; i++) {
        const char *note = g_ptr_array_index(notes, i);
        FUZZ_ASSERT(fuzz_is_printable(text_from_string(note)), "%s", note);
    }
    return text;
}

/* PostconfReader */
static char *read_postconf(const char *parameter, gpointer data, GError **error) {
    (void)data;
    return postconf_run(parameter, error);
}

static Ruleset *load(const char *text) {
    static const AnalysisHost host = {.budget = ANALYSIS_BUDGET_DEFAULT};
    static const CompileHost postfix = {.read_postconf = read_postconf, .detail = TRUE};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    FUZZ_ASSERT(fuzz_is_showable(text), "%s", text);
    Ruleset *ruleset = compile_text("f", text_from_string(text), &postfix, diagnostics);
    g_autofree char *faults = diagnostics_format(diagnostics);
    FUZZ_ASSERT(ruleset, "%s%s", text, faults);
    FUZZ_ASSERT(!ruleset_accepts_open_relay(ruleset), "%s", text);
    g_autoptr(GPtrArray) proofs = prove(ruleset, FALSE, &host);
    FUZZ_ASSERT(prove_holds(proofs), "%s", text);
    return ruleset;
}

/* Who is permitted. */

/* That this request, of nobody who is known, is not permitted. */
static void check_stranger(const Ruleset *ruleset, const char *client, const char *recipient) {
    static Matcher *matcher;
    Request request = {.seen = G_GUINT64_CONSTANT(1) << ATTRIBUTE_CLIENT_ADDRESS
                               | G_GUINT64_CONSTANT(1) << ATTRIBUTE_RECIPIENT};
    Text text = ruleset_source(ruleset)->text;
    request.values[ATTRIBUTE_CLIENT_ADDRESS] = text_from_string(client);
    request.values[ATTRIBUTE_RECIPIENT] = text_from_string(recipient);
    matcher = matcher ? matcher : matcher_new();
    const Rule *rule = match(matcher, ruleset, &request);
    FUZZ_ASSERT(!(rule->outcomes >> ACTION_PERMIT & 1), "%s to %s, by %s of\n%.*s", client,
                recipient, rule->place, (int)text.length, text.data);
}

/* The words of every value of a parameter; a name of the list file stands for its lines. */
static void add_words(GPtrArray *words, const char *parameter) {
    g_autoptr(GPtrArray) values = fake_postfix_values(parameter);
    for (guint i = 0; i < values->len; i++) {
        g_auto(GStrv) own = g_strsplit_set(g_ptr_array_index(values, i), SEPARATORS, -1);
        for (char **word = own; *word; word++) {
            g_ptr_array_add(words, g_strdup(*word));
        }
    }
    g_auto(GStrv) lines = g_strsplit_set(fake_postfix_file(), SEPARATORS, -1);
    for (char **word = lines; *word; word++) {
        g_ptr_array_add(words, g_strdup(*word));
    }
}

/* A word of mynetworks, its brackets and what a v4-mapped one hides taken off; NULL if none. */
static GInetAddressMask *read_mask(const char *word) {
    static const char mapped[] = "::ffff:";
    g_autoptr(GString) text = g_string_new(word);
    g_string_replace(text, "[", "", 0);
    g_string_replace(text, "]", "", 0);
    gboolean hidden = g_ascii_strncasecmp(text->str, mapped, strlen(mapped)) == 0;
    g_auto(GStrv) halves = g_strsplit(text->str + (hidden ? strlen(mapped) : 0), "/", 2);
    g_autoptr(GInetAddress) address = halves[0] ? g_inet_address_new_from_string(halves[0]) : NULL;
    if (!address) {
        return NULL;
    }
    guint64 most = g_inet_address_get_native_size(address) * 8;
    guint64 least = hidden ? 128 - most : 0;
    guint64 length = least + most;
    gboolean valid =
        !halves[1] || g_ascii_string_to_unsigned(halves[1], 10, least, least + most, &length, NULL);
    return valid ? g_inet_address_mask_new(address, (guint)(length - least), NULL) : NULL;
}

static gboolean is_known_client(const GPtrArray *words, GInetAddress *client) {
    for (guint i = 0; i < words->len; i++) {
        g_autoptr(GInetAddressMask) mask = read_mask(g_ptr_array_index(words, i));
        if (mask && g_inet_address_mask_matches(mask, client)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* An address in the network, or one bit outside of it. */
static GInetAddress *flip_bit(GInetAddressMask *mask, guint bit) {
    guint8 bytes[16];
    GInetAddress *first = g_inet_address_mask_get_address(mask);
    gsize size = g_inet_address_get_native_size(first);
    memcpy(bytes, g_inet_address_to_bytes(first), size);
    bytes[bit / 8 % size] ^= (guint8)(1 << (7 - bit % 8));
    return g_inet_address_new_from_bytes(bytes, g_inet_address_get_family(first));
}

static void check_client(const Ruleset *ruleset, const GPtrArray *words, GInetAddress *client) {
    g_autofree char *text = g_inet_address_to_string(client);
    if (!is_known_client(words, client)) {
        check_stranger(ruleset, text, FOREIGN);
    }
}

static void check_clients(const Ruleset *ruleset) {
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    add_words(words, "mynetworks");
    for (guint i = 0; i < words->len; i++) {
        g_autoptr(GInetAddressMask) mask = read_mask(g_ptr_array_index(words, i));
        if (mask) {
            guint length = g_inet_address_mask_get_length(mask);
            g_autoptr(GInetAddress) outside = flip_bit(mask, length > 0 ? length - 1 : 0);
            g_autoptr(GInetAddress) other = flip_bit(mask, length);
            check_client(ruleset, words, outside);
            check_client(ruleset, words, other);
        }
    }
}

/* Domains that main.cf knows. */
typedef struct {
    GPtrArray *whole;    /* words that match as they are */
    GPtrArray *children; /* of relay_domains: those under them too, as it may be */
} Domains;

static gboolean is_at(const char *domain, const char *word) {
    return g_ascii_strcasecmp(domain, word) == 0;
}

static gboolean is_under(const char *domain, const char *word) {
    size_t length = strlen(word);
    size_t whole = strlen(domain);
    return length > 0 && length < whole && is_at(domain + whole - length, word)
           && (word[0] == '.' || domain[whole - length - 1] == '.');
}

static gboolean is_known_domain(const Domains *domains, const char *domain) {
    for (guint i = 0; i < domains->whole->len; i++) {
        if (is_at(domain, g_ptr_array_index(domains->whole, i))) {
            return TRUE;
        }
    }
    for (guint i = 0; i < domains->children->len; i++) {
        const char *word = g_ptr_array_index(domains->children, i);
        if (is_at(domain, word) || is_under(domain, word)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void check_domain(const Ruleset *ruleset, const Domains *domains, const char *domain) {
    g_autofree char *recipient = g_strconcat("user@", domain, NULL);
    if (!is_known_domain(domains, domain)) {
        check_stranger(ruleset, STRANGER, recipient);
    }
}

/* At the words' domains, and around them. */
static void check_around(const Ruleset *ruleset, const Domains *domains, const GPtrArray *words) {
    for (guint i = 0; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        g_autofree char *longer = g_strconcat("x", word, NULL);
        g_autofree char *child = g_strconcat("x.", word, NULL);
        const char *dot = strchr(word, '.');
        if (word[0] != '[' && !strchr(word, '@')) {
            check_domain(ruleset, domains, longer);
            check_domain(ruleset, domains, child);
            check_domain(ruleset, domains, dot ? dot + 1 : "");
        }
    }
}

static void check_domains(const Ruleset *ruleset) {
    g_autoptr(GPtrArray) networks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) whole = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GInetAddress) stranger = g_inet_address_new_from_string(STRANGER);
    const Domains domains = {whole, children};
    add_words(networks, "mynetworks");
    for (size_t i = 0; i < POSTFIX_DOMAIN_PARAMETERS; i++) {
        gboolean relays = g_str_equal(postfix_domain_parameters[i], "relay_domains");
        add_words(relays ? children : whole, postfix_domain_parameters[i]);
    }
    if (!is_known_client(networks, stranger)) {
        check_around(ruleset, &domains, whole);
        check_around(ruleset, &domains, children);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Bytes bytes = bytes_make(data, size);
    Choice choice = bytes_below(&bytes, CHOICES);
    g_autoptr(GError) error = NULL;
    fake_postfix_set(bytes_rest(&bytes));
    const char *folder = choice == OF_FOLDER ? FOLDER : NULL;
    g_autoptr(PostfixSettings) settings = postfix_settings_read(folder, &error);
    FUZZ_ASSERT(settings, "%s", error->message);
    g_autofree char *text = write_twice(settings, choice);
    g_autoptr(Ruleset) ruleset = load(text);
    check_clients(ruleset);
    check_domains(ruleset);
    return 0;
}
