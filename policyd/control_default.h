/*
 * ControlDefault: where policyd serves its control socket and policyctl looks for it, unless
 * --control says otherwise.
 */
#ifndef POLICYD_CONTROL_DEFAULT_H
#define POLICYD_CONTROL_DEFAULT_H

#define CONTROL_DEFAULT "unix:/run/policyd/control"

#endif
