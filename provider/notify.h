/*
 * Tells the service manager how the daemon is: the datagrams of
 * sd_notify(3), sent by hand.  Without a service manager every call does
 * nothing.  Any thread after rv_notify_open().
 */
#ifndef PROVIDER_NOTIFY_H
#define PROVIDER_NOTIFY_H

#include "reeve/base.h"

struct rv_notify;

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the
 * environment, so that no child inherits them; call it before the first
 * thread.  RV_OK also when there is no service manager: *ret_notify is
 * then NULL, which every function here accepts.
 */
RV_MUSTUSE int rv_notify_open(
    struct rv_notify **ret_notify, struct rv_error *e);
/*
 * For a process that the supervisor started: what it tells goes over fd, the
 * caller's, to the supervisor.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_notify_over(int fd, int64_t watchdog_ms,
    struct rv_notify **ret_notify, struct rv_error *e);
/*
 * Passes on what another process told, when it is one of the states below
 * as this module writes them; RV_ERR_INVALID for anything else.
 */
RV_MUSTUSE int rv_notify_pass(
    const struct rv_notify *notify, struct rv_slice state);
/* *notify may be NULL and becomes NULL. */
void rv_notify_close(struct rv_notify **notify);

/* Requests are answered from now on; also ends a reload. */
void rv_notify_ready(const struct rv_notify *notify);
/* A reload begins; carries the time (MONOTONIC_USEC). */
void rv_notify_reloading(const struct rv_notify *notify);
/* The daemon drains and will end. */
void rv_notify_stopping(const struct rv_notify *notify);

/*
 * How often rv_notify_watchdog() is to be called, in ms: half of what the
 * service manager demands.  0: never.
 */
int64_t rv_notify_watchdog_ms(const struct rv_notify *notify);
/* Call it from a loop that serves requests, not from a thread of its own. */
void rv_notify_watchdog(const struct rv_notify *notify);

#endif
