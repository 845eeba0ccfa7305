/*
 * reeved: reads its command line and does one thing.  See reeved(8).
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/folders.h"
#include "daemon.h"
#include "log.h"
#include "options.h"
#include "pipeline/route.h"
#include "process/child.h"
#include "process/supervisor.h"
#include "store/init.h"
#include "store/migrate.h"
#include "version.h"

#define EXIT_USAGE 2

/* An empty text: the process that failed has told the reason. */
static int
report(const struct rv_error *e)
{
	if (e->text[0] != '\0')
		(void)fprintf(stderr, "reeved: %s\n", e->text);
	return EXIT_FAILURE;
}

/* The parameter that --migrate and --init need. */
static int
need_owner(const struct rv_config *config, struct rv_error *e)
{
	if (config->store_owner != NULL)
		return RV_OK;
	rv_error_set(e,
	    "%s: the parameter store_owner is not set: it names "
	    "the connection of the schema's owner",
	    config->file);
	return RV_ERR_INVALID;
}

static int
migrate(const struct rv_config *config, struct rv_error *e)
{
	const char *folder = config->sql_directory != NULL
				 ? config->sql_directory
				 : RV_DATADIR "/sql/migrations";
	int r = need_owner(config, e);

	if (r != RV_OK)
		return r;
	return rv_migrate(config->store_owner, folder, stdout, e);
}

static int
init(const struct rv_config *config, const char *admin, struct rv_error *e)
{
	int r = need_owner(config, e);

	if (r != RV_OK)
		return r;
	return rv_daemon_init(config, admin, e);
}

static int
act_on_config(const struct rv_options *o, struct rv_error *e)
{
	struct rv_config *config = NULL;
	int r = rv_config_load(o->config, &config, e);

	if (r != RV_OK)
		return r;
	switch (o->action) {
	case RV_ACTION_RUN:
		r = o->child != NULL ? rv_child_run(config, o->child, e)
				     : rv_supervise(config, e);
		break;
	case RV_ACTION_CHECK_CONFIG:
		r = rv_config_check_folders(config, e);
		if (r == RV_OK)
			(void)printf(
			    "%s: the configuration is good\n", o->config);
		break;
	case RV_ACTION_SHOW_CONFIG:
		rv_config_show(config, stdout);
		r = rv_config_show_folders(config, stdout, e);
		break;
	case RV_ACTION_MIGRATE:
		r = migrate(config, e);
		break;
	case RV_ACTION_INIT:
		r = init(config, o->admin, e);
		break;
	case RV_ACTION_MANUAL:
	case RV_ACTION_ROUTES:
	case RV_ACTION_VERSION:
	case RV_ACTION_HELP:
		break; /* need no configuration */
	}
	rv_config_free(&config);
	return r;
}

int
main(int argc, char **argv)
{
	struct rv_options options;
	struct rv_error e = { "" };
	int r = RV_OK;

	if (rv_options_parse(argc, argv, &options, &e) != RV_OK) {
		(void)report(&e);
		return EXIT_USAGE;
	}
	if (options.action == RV_ACTION_HELP)
		(void)fputs(rv_options_help(), stdout);
	else if (options.action == RV_ACTION_VERSION)
		(void)printf("reeved %s\n", rv_version());
	else if (options.action == RV_ACTION_MANUAL)
		rv_config_manual(stdout);
	else if (options.action == RV_ACTION_ROUTES)
		rv_routes_print(stdout);
	else
		r = act_on_config(&options, &e);
	if (r != RV_OK)
		return report(&e);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
