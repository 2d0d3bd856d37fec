/*
 * Interface: a network that this machine is in, by an address of its own (getifaddrs(3)).
 */
#ifndef POLICYD_CTL_DOCTOR_INTERFACE_H
#define POLICYD_CTL_DOCTOR_INTERFACE_H

#include "rules/network.h"

typedef struct {
    char *name; /* "eth0" */
    Network network;
} Interface;

/* Of Interface, without links to one other host, which tell no network; empty where the system
 * doesn't say. The caller unrefs it. */
GArray *interfaces_read(void);

/* An array for Interface. */
GArray *interfaces_new(void);

#endif
