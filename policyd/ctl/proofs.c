/*
 * Proofs: see the header.
 */
#include "ctl/proofs.h"

#include <stdio.h>

#include "ctl/verb.h"

/* Nothing is wrong with what is left to Postfix, if Postfix is told to reject it. */
static void print_left(const Proof *proof) {
    if (proof->verdict == VERDICT_PROVED) {
        printf("nothing of an outsider's mail to elsewhere is left to Postfix\n");
    } else if (proof->verdict == VERDICT_UNDECIDED) {
        printf("NOT DECIDED   whether an outsider's mail to elsewhere is left to Postfix: keep "
               "reject_unauth_destination behind this service\n");
    } else {
        printf("%s: an outsider's mail to elsewhere is left to Postfix: keep "
               "reject_unauth_destination behind this service\n",
               proof->rule->place);
    }
}

static void print_proof(const Proof *proof, const Ruleset *ruleset, const char *path) {
    if (proof->kind == PROOF_LEFT) {
        print_left(proof);
        return;
    }
    g_autofree char *claim = proof_claim(proof, ruleset);
    printf("%-12s  %s\n", verdict_word(proof->verdict), claim);
    for (guint i = 0; proof->axioms && i < proof->axioms->len; i++) {
        printf("              as %s\n", (const char *)g_ptr_array_index(proof->axioms, i));
    }
    if (proof->verdict != VERDICT_PROVED) {
        g_autofree char *text = proof_explain(proof, ruleset, path);
        fputs(text, stdout);
    }
}

void proofs_print(const GPtrArray *proofs, const Ruleset *ruleset, const char *path) {
    for (guint i = 0; i < proofs->len; i++) {
        print_proof(g_ptr_array_index(proofs, i), ruleset, path);
    }
}

void proofs_complain(const GPtrArray *proofs, const Ruleset *ruleset, const char *path) {
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        if (proof->kind != PROOF_LEFT && proof->verdict != VERDICT_PROVED) {
            g_autofree char *text = proof_explain(proof, ruleset, path);
            fputs(text, stderr);
        }
    }
}

static const char *kind_word(ProofKind kind) {
    static const char *const words[] = {
        [PROOF_STRANGER] = "stranger",
        [PROOF_RELAY] = "relay",
        [PROOF_ASSERTION] = "assertion",
        [PROOF_LEFT] = "left",
    };
    return words[kind];
}

static void add_lines(JsonBuilder *builder, const char *name, const char *lines) {
    g_auto(GStrv) split = g_strsplit(lines ? lines : "", "\n", -1);
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (char **line = split; *line; line++) {
        if (**line) {
            g_autofree char *valid = g_utf8_make_valid(*line, -1);
            json_builder_add_string_value(builder, valid);
        }
    }
    json_builder_end_array(builder);
}

static void add_axioms(JsonBuilder *builder, const Proof *proof) {
    json_builder_set_member_name(builder, "axioms");
    json_builder_begin_array(builder);
    for (guint i = 0; proof->axioms && i < proof->axioms->len; i++) {
        json_builder_add_string_value(builder, g_ptr_array_index(proof->axioms, i));
    }
    json_builder_end_array(builder);
}

void proofs_json(JsonBuilder *builder, const GPtrArray *proofs, const Ruleset *ruleset) {
    json_builder_set_member_name(builder, "proofs");
    json_builder_begin_array(builder);
    for (guint i = 0; i < proofs->len; i++) {
        const Proof *proof = g_ptr_array_index(proofs, i);
        g_autofree char *claim = proof_claim(proof, ruleset);
        json_builder_begin_object(builder);
        verb_json_string(builder, "kind", kind_word(proof->kind));
        verb_json_string(builder, "claim", claim);
        verb_json_string(builder, "verdict", verdict_word(proof->verdict));
        verb_json_string(builder, "place", proof->assertion ? proof->assertion->place : NULL);
        verb_json_string(builder, "rule", proof->rule ? proof->rule->place : NULL);
        verb_json_string(builder, "action", proof->rule ? proof->rule->decision : NULL);
        add_lines(builder, "witness", proof->witness);
        verb_json_string(builder, "obstacles", proof->obstacles);
        add_axioms(builder, proof);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}
