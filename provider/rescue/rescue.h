/*
 * The operator's door: a Unix socket on which root, or the configured user,
 * may ask for the state of the site and repair what keeps everybody out
 * (docs/rule.md section 10, "Start and rescue").
 *
 * It runs in a process of its own, the only one that can connect to the
 * store as reeve_rescue: whoever takes over the process that faces the
 * network cannot make administrators.  Its records are a chain of their own,
 * in the folder `operator` of the audit log.
 */
#ifndef PROVIDER_RESCUE_H
#define PROVIDER_RESCUE_H

#include "reeve/base.h"

struct rv_child;
struct rv_config;

/* Whether the configuration asks for the process at all. */
bool rv_rescue_is_wanted(const struct rv_config *config);

/*
 * The process, to its end: answers one caller after the other until the
 * supervisor wants the end.  RV_ERR_INVALID or RV_ERR_IO, with a line for the
 * operator, when it cannot begin.
 */
RV_MUSTUSE int rv_rescue_process(const struct rv_config *config,
    const struct rv_child *child, struct rv_error *e);

#endif
