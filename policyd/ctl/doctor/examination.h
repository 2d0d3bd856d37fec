/*
 * Examination: every check of the doctor, one after the other. Each adds what it finds; what it
 * lacks evidence for it leaves out.
 */
#ifndef POLICYD_CTL_DOCTOR_EXAMINATION_H
#define POLICYD_CTL_DOCTOR_EXAMINATION_H

#include "ctl/doctor/installation.h"

/* What is wrong, sorted. The caller frees it. */
GPtrArray *examination_run(const Installation *installation);

/* One subject each, of the file of its name; examination_run() calls them all. */
void examine_restrictions(const Installation *installation, GPtrArray *findings);
void examine_refusals(const Installation *installation, GPtrArray *findings);
void examine_sockets(const Installation *installation, GPtrArray *findings);
void examine_networks(const Installation *installation, GPtrArray *findings);
void examine_domains(const Installation *installation, GPtrArray *findings);
void examine_logins(const Installation *installation, GPtrArray *findings);
void examine_failure(const Installation *installation, GPtrArray *findings);
void examine_rules(const Installation *installation, GPtrArray *findings);
void examine_limits(const Installation *installation, GPtrArray *findings);
void examine_daemon(const Installation *installation, GPtrArray *findings);

#endif
