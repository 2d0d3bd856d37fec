/*
 * Proof text: what was proved or not, for somebody who has to mend a rule file.
 */
#include <string.h>

#include "analysis/prove.h"
#include "protocol/mailbox.h"
#include "protocol/request.h"
#include "rules/lexer.h"

static char *assertion_text(const Assertion *assertion, const Ruleset *ruleset) {
    const Source *source = ruleset_source(ruleset);
    if (!source) {
        return g_strdup_printf("the assertion of %s", assertion->place);
    }
    return lexer_statement(source, assertion->offset);
}

char *proof_claim(const Proof *proof, const Ruleset *ruleset) {
    gboolean local = ruleset_landmarks(ruleset)->local != NULL;
    switch (proof->kind) {
    case PROOF_STRANGER:
        return g_strdup("no stranger is an insider");
    case PROOF_RELAY:
        return g_strdup(local ? "never permit if not insider and not recipient in local"
                              : "never permit if not insider");
    case PROOF_LEFT:
        return g_strdup("no outsider's mail to elsewhere is left to Postfix");
    case PROOF_ASSERTION:
        break;
    }
    return assertion_text(proof->assertion, ruleset);
}

/* The value of an attribute in the witness, empty if it has none. */
static char *witness_value(const Proof *proof, const char *name) {
    g_auto(GStrv) lines = g_strsplit(proof->witness, "\n", -1);
    g_autofree char *start = g_strconcat(name, "=", NULL);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, start)) {
            return g_strdup(*line + strlen(start));
        }
    }
    return g_strdup("");
}

/* What this mistake mostly is, and what to write instead; NULL if it is none of the common ones. */
static const char *find_hint(const Proof *proof, const Ruleset *ruleset) {
    if (proof->kind == PROOF_STRANGER) {
        return "let 'insider' ask only for what a stranger cannot bring: a login (authenticated), "
               "a "
               "listed network, a listed certificate fingerprint";
    }
    if (proof->kind != PROOF_RELAY || proof->verdict != VERDICT_REFUTED) {
        return NULL;
    }
    g_autofree char *method = witness_value(proof, "sasl_method");
    g_autofree char *recipient = witness_value(proof, "recipient");
    Mailbox mailbox = mailbox_split(text_from_string(recipient));
    const List *local = ruleset_list(ruleset, "local");
    if (g_ascii_strcasecmp(method, "anonymous") == 0) {
        return "an ANONYMOUS login sets sasl_username too; write 'authenticated'";
    }
    if (mailbox_routed(&mailbox) && local && list_has_domain(local, mailbox.domain)) {
        return "the recipient hides further routing before its last '@', and Postfix would follow "
               "it; write 'recipient in local', which takes that into account";
    }
    if (!local) {
        return "the file has no 'domains local', so no recipient is one of yours";
    }
    return NULL;
}

static void add_witness(GString *text, const Proof *proof, const char *path) {
    g_auto(GStrv) lines = g_strsplit(proof->witness, "\n", -1);
    g_string_append_printf(text, "  this request shows it; policyctl query --rules %s takes it:\n",
                           path);
    for (char **line = lines; *line && **line; line++) {
        g_string_append_printf(text, "    %s\n", *line);
    }
}

/* Where the file defines `insider`, or the file. */
static char *insider_place(const Ruleset *ruleset, const char *path) {
    for (guint i = 0; i < ruleset_definition_count(ruleset); i++) {
        const Definition *definition = ruleset_definition(ruleset, i);
        if (g_str_equal(definition->name, "insider")) {
            return g_strdup_printf("%s:%u", path, definition->line);
        }
    }
    return g_strdup(path);
}

static void add_breach(GString *text, const Proof *proof, const Ruleset *ruleset,
                       const char *path) {
    gboolean possible = proof->verdict == VERDICT_POSSIBLE;
    if (proof->rule) {
        g_autofree char *claim = proof_claim(proof, ruleset);
        g_string_append_printf(text, "%s: error: %s: this '%s' %s: %s\n", proof->rule->place,
                               verdict_word(proof->verdict), action_info(proof->rule->action)->name,
                               possible ? "may break" : "breaks", claim);
    } else {
        g_autofree char *place = insider_place(ruleset, path);
        g_string_append_printf(text, "%s: error: %s: a stranger %s an insider\n", place,
                               verdict_word(proof->verdict), possible ? "may be" : "is");
    }
}

char *proof_explain(const Proof *proof, const Ruleset *ruleset, const char *path) {
    g_autofree char *claim = proof_claim(proof, ruleset);
    const char *hint = find_hint(proof, ruleset);
    GString *text = g_string_new(NULL);
    if (proof->verdict == VERDICT_UNDECIDED) {
        g_string_append_printf(
            text,
            "%s: error: NOT DECIDED: %s\n  the budget of nodes does not suffice, "
            "or the proof was stopped; a larger --budget may decide it\n",
            path, claim);
        return g_string_free(text, FALSE);
    }
    add_breach(text, proof, ruleset, path);
    if (proof->assertion) {
        g_string_append_printf(text, "  asserted at %s\n", proof->assertion->place);
    }
    if (proof->verdict == VERDICT_REFUTED) {
        add_witness(text, proof, path);
    } else if (proof->obstacles && proof->obstacles[0] != '\0') {
        g_string_append_printf(text, "  no text was found for: %s\n", proof->obstacles);
    } else {
        g_string_append(text, "  no request was found that shows it\n");
    }
    if (hint) {
        g_string_append_printf(text, "  %s\n", hint);
    }
    return g_string_free(text, FALSE);
}
