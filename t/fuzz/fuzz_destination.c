/*
 * Fuzz target destination: `recipient in LIST OF DOMAINS` against a model of Postfix's resolver. It
 * is never laxer, whichever of the domains Postfix calls local; and stricter only where the
 * recipient has no `@` or more routing before its last one, as policyd.rules(5) says.
 */
#include <string.h>

#include "fuzz/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/resolver.h"
#include "limit.h"
#include "protocol/mailbox.h"
#include "rules/compile.h"
#include "rules/match.h"

static const char *const domains[] = {"local.example", "relay.example", ".relay.example",
                                      "a.b",           "[127.0.0.1]",   "[IPv6:::1]",
                                      "\xc3\xbc.de",   "x-1_y.example"};

#define DOMAINS G_N_ELEMENTS(domains)

/* Those whose bit is set; empty, which no list may be, is one that no recipient is at. */
static Ruleset *compile(guint set) {
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    GString *text = g_string_new("accept open relay\ndomains local = not.listed.example");
    for (guint i = 0; i < DOMAINS; i++) {
        if (set >> i & 1) {
            g_string_append_printf(text, ", %s", domains[i]);
        }
    }
    g_string_append(text, "\npermit if recipient in local\ndunno if routed\nreject\n");
    Ruleset *ruleset = compile_text("f", text_make(text->str, text->len), NULL, diagnostics);
    FUZZ_ASSERT(ruleset, "%s", text->str);
    g_string_free(text, TRUE);
    return ruleset;
}

static const Ruleset *get_ruleset(guint set) {
    static Ruleset *rulesets[1 << DOMAINS];
    if (!rulesets[set]) {
        rulesets[set] = compile(set);
    }
    return rulesets[set];
}

static Action decide(guint set, Text recipient) {
    static Matcher *matcher;
    Request request = {.seen = G_GUINT64_CONSTANT(1) << ATTRIBUTE_RECIPIENT};
    request.values[ATTRIBUTE_RECIPIENT] = recipient;
    if (!matcher) {
        matcher = matcher_new();
    }
    return match(matcher, get_ruleset(set), &request)->action;
}

/* `locals` are the ones that Postfix has in mydestination. */
static gboolean ask_model(guint set, guint locals, const char *recipient) {
    ResolverDomain known[DOMAINS];
    guint count = 0;
    for (guint i = 0; i < DOMAINS; i++) {
        if (set >> i & 1) {
            gboolean literal = domains[i][0] == '[';
            gboolean children = domains[i][0] == '.'; /* mydestination has none */
            known[count++] =
                (ResolverDomain){domains[i], literal || (!children && (locals >> i & 1))};
        }
    }
    return resolver_authorises(known, count, recipient);
}

static gboolean is_routed(const char *recipient) {
    const char *at = strrchr(recipient, '@');
    return !at || strcspn(recipient, "@%!") < (size_t)(at - recipient);
}

/* Other readings of the same text, on their own. */
static void check_parts(Text text) {
    char printed[ADDRESS_TEXT_SIZE];
    Mailbox mailbox = mailbox_split(text);
    Address address;
    Address again;
    FUZZ_ASSERT(!(mailbox_final(&mailbox) && mailbox_routed(&mailbox)), "final and routed");
    size_t parts = mailbox.local.length + mailbox.domain.length + (mailbox.has_at ? 1 : 0);
    FUZZ_ASSERT(parts == text.length || parts + 1 == text.length, "split");
    if (address_parse_literal(mailbox.domain, &address)) {
        address_print(&address, printed);
        gboolean v6 = address.family == ADDRESS_IPV6;
        g_autofree char *literal = g_strdup_printf("[%s%s]", v6 ? "IPv6:" : "", printed);
        FUZZ_ASSERT(address_parse_literal(text_from_string(literal), &again), "%s", literal);
        FUZZ_ASSERT(address_equal(&address, &again), "%s", literal);
    }
    if (!domain_fault(mailbox.domain)) {
        FUZZ_ASSERT(mailbox.domain.length <= LIMIT_DOMAIN, "length of a domain");
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size) {
    Bytes bytes = bytes_make(data, size);
    guint set = bytes_take(&bytes);
    guint locals = bytes_take(&bytes);
    Text rest = bytes_rest(&bytes);
    if (rest.length == 0 || text_find(rest, '\0') >= 0 || text_find(rest, '\n') >= 0) {
        return -1; /* neither can stand in a request */
    }
    g_autofree char *recipient = g_strndup(rest.data, rest.length);
    Action action = decide(set, rest);
    gboolean allowed = ask_model(set, locals, recipient);
    FUZZ_ASSERT(action != ACTION_PERMIT || allowed, "laxer than Postfix");
    FUZZ_ASSERT(!allowed || action == ACTION_PERMIT || is_routed(recipient),
                "stricter than Postfix");
    check_parts(rest);
    return 0;
}
