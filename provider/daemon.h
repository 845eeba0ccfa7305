/* The provider as a process: start, signals, end. */
#ifndef PROVIDER_DAEMON_H
#define PROVIDER_DAEMON_H

#include "reeve/base.h"

struct rv_child;
struct rv_config;

/*
 * The process net: runs the provider until SIGTERM or SIGINT, then drains.
 * SIGHUP reads the configuration again: what can change takes effect, a
 * wrong file changes nothing.  config stays the caller's.
 */
RV_MUSTUSE int rv_daemon_run(const struct rv_config *config,
    const struct rv_child *child, struct rv_error *e);

/*
 * Makes the first Full Administrator, with the immutable id that the
 * directory gives for the principal, when one is configured.
 */
RV_MUSTUSE int rv_daemon_init(
    const struct rv_config *config, const char *principal, struct rv_error *e);

#endif
