/*
 * Examination: a table.
 */
#include "ctl/doctor/examination.h"

static void (*const subjects[])(const Installation *installation, GPtrArray *findings) = {
    examine_refusals, examine_restrictions, examine_sockets, examine_failure, examine_logins,
    examine_networks, examine_domains,      examine_rules,   examine_limits,  examine_daemon,
};

GPtrArray *examination_run(const Installation *installation) {
    GPtrArray *findings = findings_new();
    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++) {
        subjects[i](installation, findings);
    }
    findings_finish(findings);
    return findings;
}
