/*
 * A process that the supervisor started: what it was given, how it tells
 * its state, and how it ends when the supervisor does.
 *
 * The supervisor makes every descriptor with socketpair(2) and hands it over
 * by inheritance; their numbers stand in the operand of --child:
 *
 *   NAME:CONTROL:WATCHDOG_MS:LETTERFD,LETTERFD,...
 *
 * a = a link between one loop of net and the acceptor, k = that between net
 * and the keeper, s = that between net and rescue.  All are SOCK_SEQPACKET.
 */
#ifndef PROVIDER_PROCESS_CHILD_H
#define PROVIDER_PROCESS_CHILD_H

#include <sys/types.h>

#include "reeve/base.h"

struct rv_config;
struct rv_notify;

#define RV_CHILD_LINKS_MAX 256 /* as many as loops can be */

struct rv_child {
	char name[16];
	int control; /* to the supervisor; end of file: end */
	int64_t watchdog_ms;
	pid_t supervisor;
	int links[RV_CHILD_LINKS_MAX]; /* 'a' */
	size_t n_links;
	int keeper; /* 'k'; -1: there is none */
	int rescue; /* 's'; -1: there is none */
	struct rv_notify *notify;
};

/*
 * Reads the operand of --child.  RV_ERR_DENIED when this process was not
 * started by the supervisor: each descriptor must be one end of a
 * socketpair(2) that our parent made.  Closes none of them on failure: the
 * process ends.
 */
RV_MUSTUSE int rv_child_take(
    const char *operand, struct rv_child *ret_child, struct rv_error *e);
/* The form alone, without a look at any descriptor. */
RV_MUSTUSE int rv_child_parse(
    struct rv_slice operand, struct rv_child *ret_child);

/*
 * From here on the kernel ends this process when the supervisor ends.  A
 * change of user undoes that: call it after it.  RV_ERR_UNAVAILABLE when
 * the supervisor has gone already.
 */
RV_MUSTUSE int rv_child_bind(const struct rv_child *child, struct rv_error *e);

/* What the supervisor tells net; the others are told the end alone. */
enum rv_child_word {
	RV_CHILD_NOTHING,
	RV_CHILD_RELOAD,
	RV_CHILD_STOP, /* also: the supervisor has gone */
};
#define RV_CHILD_SAYS_RELOAD "RELOAD"
#define RV_CHILD_SAYS_STOP   "STOP"

/* Waits for a word for at most a second; nothing when none came. */
enum rv_child_word rv_child_listen(const struct rv_child *child);

/*
 * For a child without an event loop: waits until the supervisor wants the
 * end.  Each second alive() is asked, and a yes told to the supervisor where
 * there is a watchdog.
 */
void rv_child_wait(
    const struct rv_child *child, bool (*alive)(void *arg), void *arg);

/* Runs the child that the operand of --child names, to its end. */
RV_MUSTUSE int rv_child_run(
    const struct rv_config *config, const char *operand, struct rv_error *e);

#endif
