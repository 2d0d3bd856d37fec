/*
 * RelayReport: what a run tells, as a table that grows while it goes on, or as an object of JSON at
 * the end.
 */
#ifndef POLICYD_CTL_RELAY_TEST_REPORT_H
#define POLICYD_CTL_RELAY_TEST_REPORT_H

#include "ctl/relay_test/run.h"

typedef struct RelayReport RelayReport;

/* `where` names the server, with its address; it is borrowed. `tls`: the first stage is in TLS. */
RelayReport *relay_report_new(const char *where, gboolean tls, gboolean json);
void relay_report_free(RelayReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayReport, relay_report_free)

/* To be given to relay_run(); the report owns it. */
const RelayReporter *relay_report_reporter(const RelayReport *report);

/* Prints the end. TRUE if nothing relays, and each try could be told. */
gboolean relay_report_end(RelayReport *report);

#endif
