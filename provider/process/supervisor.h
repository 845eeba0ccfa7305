/*
 * The first process: it starts the others, passes signals on to them, and
 * ends all of them when one ends.  It touches no network.
 */
#ifndef PROVIDER_PROCESS_SUPERVISOR_H
#define PROVIDER_PROCESS_SUPERVISOR_H

#include "reeve/base.h"

struct rv_config;

/*
 * Runs the provider in the foreground until SIGTERM or SIGINT.  SIGHUP goes
 * on to net, which reads the configuration again.  The processes begin with
 * the same executable and environment as this one.
 *
 * Any failure of a process is one of the whole; *e is empty when the
 * process has told the reason itself.
 */
RV_MUSTUSE int rv_supervise(const struct rv_config *config, struct rv_error *e);

#endif
