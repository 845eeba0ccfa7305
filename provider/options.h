/* The command line of reeved(8). */
#ifndef PROVIDER_OPTIONS_H
#define PROVIDER_OPTIONS_H

#include "reeve/base.h"

enum rv_action {
	RV_ACTION_RUN,
	RV_ACTION_CHECK_CONFIG,
	RV_ACTION_SHOW_CONFIG,
	RV_ACTION_MANUAL,
	RV_ACTION_ROUTES,
	RV_ACTION_MIGRATE,
	RV_ACTION_INIT,
	RV_ACTION_VERSION,
	RV_ACTION_HELP,
};

struct rv_options {
	enum rv_action action;
	const char *config; /* path; borrowed from argv */
	const char *admin;  /* with RV_ACTION_INIT */
	/* How the supervisor starts the other processes; for nobody else. */
	const char *child;
};

/* RV_ERR_INVALID with a sentence in *e.  Two actions at once are wrong. */
RV_MUSTUSE int rv_options_parse(int argc, char *const *argv,
    struct rv_options *ret_options, struct rv_error *e);

/* What --help prints; static storage. */
const char *rv_options_help(void);

#endif
