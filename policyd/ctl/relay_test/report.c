/*
 * RelayReport: prints to standard output. What comes from the server is escaped before it comes
 * here; the names of forms, senders and recipients are ours.
 */
#include "ctl/relay_test/report.h"

#include <stdio.h>
#include <string.h>

#include "ctl/verb.h"

typedef enum {
    NOTE_TRUSTED,
    NOTE_KNOWN,
    NOTE_DOMAIN,
    NOTES,
} Note;

static const char *const notes[NOTES] = {
    [NOTE_TRUSTED] = "the plain address relays: if the server trusts the network that this comes "
                     "from, test from another address; --source sets it",
    [NOTE_KNOWN] = "a mailbox of the server's own was refused from every sender: refusals may be "
                   "for another reason than the recipient; --local-domain and --local-mailbox set "
                   "it",
    [NOTE_DOMAIN] = "a domain that DNS does not know was refused for that: give a --remote-domain "
                    "that it knows, and that is not the server's",
};

struct RelayReport {
    RelayReporter reporter;
    const char *where;
    gboolean tls;
    JsonBuilder *builder; /* NULL: a table */
    RelayStage stage;     /* of the last line */
    gboolean begun;       /* there was one */
    gboolean known;       /* in this stage a sender was let through to a mailbox */
    gboolean asked;       /* in this stage a mailbox was asked for */
    gboolean noted[NOTES];
    guint counts[RELAY_VERDICTS];
    guint troubles; /* stages that ended too soon */
    int form_width;
    int sender_width;
    int recipient_width;
};

static const char *const verdicts[RELAY_VERDICTS] = {
    [RELAY_VERDICT_REFUSED] = "refused",     [RELAY_VERDICT_RELAYS] = "RELAYS",
    [RELAY_VERDICT_PERMITTED] = "permitted", [RELAY_VERDICT_CANT_TELL] = "CAN'T TELL",
    [RELAY_VERDICT_CONTROL] = "-",
};

static const char *const json_verdicts[RELAY_VERDICTS] = {
    [RELAY_VERDICT_REFUSED] = "refused",     [RELAY_VERDICT_RELAYS] = "relays",
    [RELAY_VERDICT_PERMITTED] = "permitted", [RELAY_VERDICT_CANT_TELL] = "unknown",
    [RELAY_VERDICT_CONTROL] = "control",
};

static const char *stage_name(const RelayReport *report, RelayStage stage) {
    static const char *const names[RELAY_STAGES] = {
        [RELAY_STAGE_PLAIN] = "plain",
        [RELAY_STAGE_STARTTLS] = "starttls",
        [RELAY_STAGE_LOGIN] = "login",
    };
    return stage == RELAY_STAGE_PLAIN && report->tls ? "tls" : names[stage];
}

static const char *stage_title(const RelayReport *report, RelayStage stage) {
    static const char *const titles[RELAY_STAGES] = {
        [RELAY_STAGE_PLAIN] = "in the clear",
        [RELAY_STAGE_STARTTLS] = "after STARTTLS",
        [RELAY_STAGE_LOGIN] = "after the login",
    };
    return stage == RELAY_STAGE_PLAIN && report->tls ? "in TLS" : titles[stage];
}

/* How wide the columns are: a stage's sender is `mailbox@place`, a recipient of some try. */
static void measure(RelayReport *report, const GPtrArray *tries) {
    for (guint i = 0; i < tries->len; i++) {
        const RelayTry *try = g_ptr_array_index(tries, i);
        report->form_width = MAX(report->form_width, (int)strlen(try->form));
        report->recipient_width = MAX(report->recipient_width, (int)strlen(try->recipient));
        if (try->sender) {
            report->sender_width = MAX(report->sender_width, (int)strlen(try->sender));
        }
    }
}

static void begin(const RelayNames *names, const GPtrArray *tries, gpointer data) {
    RelayReport *report = data;
    if (report->builder) {
        verb_json_string(report->builder, "remote_domain", names->remote);
        json_builder_set_member_name(report->builder, "local_domains");
        json_builder_begin_array(report->builder);
        for (const char *const *place = names->places; *place; place++) {
            json_builder_add_string_value(report->builder, *place);
        }
        json_builder_end_array(report->builder);
        json_builder_set_member_name(report->builder, "tries");
        json_builder_begin_array(report->builder);
        return;
    }
    measure(report, tries);
    printf("%s, of %s", report->where, names->places[0]);
    for (const char *const *place = names->places + 1; *place; place++) {
        printf(" and %s", *place);
    }
    printf("; remote is %s\n", names->remote);
}

static void end_stage(RelayReport *report) {
    if (report->asked && !report->known) {
        report->noted[NOTE_KNOWN] = TRUE;
    }
    report->asked = FALSE;
    report->known = FALSE;
}

static void begin_stage(RelayReport *report, RelayStage stage) {
    if (report->begun && stage == report->stage) {
        return;
    }
    end_stage(report);
    report->begun = TRUE;
    report->stage = stage;
    if (!report->builder) {
        printf("\n%s\n", stage_title(report, stage));
    }
}

static void take_notes(RelayReport *report, const RelayResult *result) {
    report->asked |= result->try->kind == RELAY_KNOWN;
    report->known |= result->try->kind == RELAY_KNOWN && result->class == RELAY_CLASS_ACCEPTED;
    if (result->class == RELAY_CLASS_DOMAIN && result->verdict == RELAY_VERDICT_CANT_TELL) {
        report->noted[NOTE_DOMAIN] = TRUE;
    }
    if (result->verdict == RELAY_VERDICT_RELAYS && g_str_equal(result->try->form, "plain")) {
        report->noted[NOTE_TRUSTED] = TRUE;
    }
}

static void add_json(RelayReport *report, const RelayResult *result, const char *reason) {
    json_builder_begin_object(report->builder);
    verb_json_string(report->builder, "stage", stage_name(report, result->stage));
    verb_json_string(report->builder, "form", result->try->form);
    verb_json_string(report->builder, "sender", result->sender);
    verb_json_string(report->builder, "recipient", result->try->recipient);
    verb_json_string(report->builder, "verdict", json_verdicts[result->verdict]);
    verb_json_string(report->builder, "reason", reason);
    verb_json_number(report->builder, "code", result->code);
    verb_json_string(report->builder, "answer", result->answer);
    json_builder_end_object(report->builder);
}

static void show_result(const RelayResult *result, gpointer data) {
    RelayReport *report = data;
    const char *reason = relay_verdict_reason(result->verdict, result->class);
    begin_stage(report, result->stage);
    take_notes(report, result);
    report->counts[result->verdict]++;
    if (report->builder) {
        add_json(report, result, reason);
        return;
    }
    printf("  %-10s  %-*s  %-*s  %-*s  %s", verdicts[result->verdict], report->form_width,
           result->try->form, report->sender_width, result->sender, report->recipient_width,
           result->try->recipient, result->answer);
    printf(reason ? " (%s)\n" : "%s\n", reason ? reason : "");
    fflush(stdout);
}

static void show_missing(RelayStage stage, const char *why, gboolean trouble, gpointer data) {
    RelayReport *report = data;
    begin_stage(report, stage);
    report->troubles += trouble ? 1 : 0;
    if (!report->builder) {
        printf("  %-10s  %s\n", trouble ? verdicts[RELAY_VERDICT_CANT_TELL] : "-", why);
        return;
    }
    json_builder_begin_object(report->builder);
    verb_json_string(report->builder, "stage", stage_name(report, stage));
    verb_json_string(report->builder, "form", NULL);
    verb_json_string(report->builder, "verdict",
                     json_verdicts[trouble ? RELAY_VERDICT_CANT_TELL : RELAY_VERDICT_CONTROL]);
    verb_json_string(report->builder, "reason", why);
    json_builder_end_object(report->builder);
}

RelayReport *relay_report_new(const char *where, gboolean tls, gboolean json) {
    RelayReport *report = g_new0(RelayReport, 1);
    report->reporter = (RelayReporter){
        .begin = begin, .result = show_result, .missing = show_missing, .data = report};
    report->where = where;
    report->tls = tls;
    if (json) {
        report->builder = json_builder_new();
        json_builder_begin_object(report->builder);
        verb_json_string(report->builder, "server", where);
    }
    return report;
}

void relay_report_free(RelayReport *report) {
    if (report) {
        g_clear_object(&report->builder);
        g_free(report);
    }
}

const RelayReporter *relay_report_reporter(const RelayReport *report) {
    return &report->reporter;
}

static void end_json(RelayReport *report, RelayVerdict verdict) {
    json_builder_end_array(report->builder);
    json_builder_set_member_name(report->builder, "notes");
    json_builder_begin_array(report->builder);
    for (size_t i = 0; i < NOTES; i++) {
        if (report->noted[i]) {
            json_builder_add_string_value(report->builder, notes[i]);
        }
    }
    json_builder_end_array(report->builder);
    for (size_t i = 0; i < RELAY_VERDICT_CONTROL; i++) {
        verb_json_number(report->builder, json_verdicts[i], report->counts[i]);
    }
    verb_json_string(report->builder, "verdict", json_verdicts[verdict]);
    json_builder_end_object(report->builder);
    verb_json_print(report->builder);
}

static void end_text(const RelayReport *report, RelayVerdict verdict) {
    static const char *const words[RELAY_VERDICTS] = {
        [RELAY_VERDICT_REFUSED] = "nothing relays",
        [RELAY_VERDICT_RELAYS] = "it RELAYS",
        [RELAY_VERDICT_CANT_TELL] = "it can't be told whether it relays",
    };
    const guint *counts = report->counts;
    printf("\n");
    for (size_t i = 0; i < NOTES; i++) {
        if (report->noted[i]) {
            printf("note: %s\n", notes[i]);
        }
    }
    printf("%u relay, %u can't be told, %u permitted to the login, %u refused: %s\n",
           counts[RELAY_VERDICT_RELAYS], counts[RELAY_VERDICT_CANT_TELL],
           counts[RELAY_VERDICT_PERMITTED], counts[RELAY_VERDICT_REFUSED], words[verdict]);
}

gboolean relay_report_end(RelayReport *report) {
    RelayVerdict verdict = RELAY_VERDICT_REFUSED;
    if (report->counts[RELAY_VERDICT_RELAYS] > 0) {
        verdict = RELAY_VERDICT_RELAYS;
    } else if (report->counts[RELAY_VERDICT_CANT_TELL] > 0 || report->troubles > 0) {
        verdict = RELAY_VERDICT_CANT_TELL;
    }
    end_stage(report);
    if (report->builder) {
        end_json(report, verdict);
    } else {
        end_text(report, verdict);
    }
    return verdict == RELAY_VERDICT_REFUSED;
}
