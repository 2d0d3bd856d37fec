/*
 * Daemon: whether policyd runs, and with the rules that were looked at.
 */
#include "ctl/daemon.h"

#include "ctl/doctor/examination.h"

static void tell_silence(const Installation *installation, GPtrArray *findings) {
    const Evidence *evidence = &installation->evidence;
    Finding *finding = findings_add(
        findings, FINDING_WARNING, "no-daemon",
        evidence->ruleset ? "Its sockets, its limits and the rules in service are not known."
                          : "Its sockets and limits are not known, and nothing is compared with "
                            "rules: name the rule file, policyctl doctor RULES.",
        "policyd doesn't answer: %s", evidence->silence ? evidence->silence : "not asked");
    finding->advice = g_strdup("start policyd, or name its control socket with --control");
}

/* The hash is over all that the lists read, too: of another folder's main.cf it would be another.
 */
static gboolean is_other(const Evidence *evidence) {
    const char *served = daemon_status_text(evidence->daemon, "ruleset");
    return evidence->ruleset && !evidence->rules_given && !evidence->folder
           && !g_str_equal(served, ruleset_hash(evidence->ruleset));
}

void examine_daemon(const Installation *installation, GPtrArray *findings) {
    const Evidence *evidence = &installation->evidence;
    const DaemonStatus *daemon = evidence->daemon;
    if (!daemon) {
        tell_silence(installation, findings);
        return;
    }
    if (g_str_equal(daemon_status_text(daemon, "reload_result"), "failed")
        || g_str_equal(daemon_status_text(daemon, "reload_result"), "unproved")) {
        Finding *finding =
            findings_add(findings, FINDING_WARNING, "reload-failed",
                         "It goes on with the rules from before.", "policyd's last reload failed");
        finding->advice = g_strdup("mend the rules until policyctl check accepts them");
        finding->command = g_strdup("policyctl reload");
    } else if (is_other(evidence)) {
        Finding *finding = findings_add(findings, FINDING_WARNING, "rules-older",
                                        "What was looked at here is not what decides.",
                                        "%s has changed since policyd read it", evidence->rules);
        finding->command = g_strdup("policyctl reload");
    }
    if (daemon_status_number(daemon, "dry_run") == 1) {
        findings_add(findings, FINDING_NOTE, "dry-run",
                     "Every request is answered DUNNO; the audit log has what the rules say.",
                     "policyd runs with --dry-run: nothing is enforced");
    }
}
