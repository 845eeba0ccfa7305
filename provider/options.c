#include "options.h"

#include <getopt.h>
#include <stdlib.h>

#define DEFAULT_CONFIG "/etc/reeve/reeved.conf"

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'f' },
	{ "check-config", no_argument, NULL, 'c' },
	{ "show-config", no_argument, NULL, 's' },
	{ "manual", no_argument, NULL, 'm' },
	{ "routes", no_argument, NULL, 'r' },
	{ "migrate", no_argument, NULL, 'g' },
	{ "init", no_argument, NULL, 'i' },
	{ "admin", required_argument, NULL, 'a' },
	{ "child", required_argument, NULL, 'C' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const char *
rv_options_help(void)
{
	return "usage: reeved [-f FILE]\n"
	       "       reeved [-f FILE] --check-config | --show-config\n"
	       "       reeved [-f FILE] --migrate\n"
	       "       reeved [-f FILE] --init --admin PRINCIPAL\n"
	       "       reeved --manual | --routes | --version | --help\n"
	       "\n"
	       "Without an action the provider runs in the foreground.\n"
	       "  -f FILE         configuration, else " DEFAULT_CONFIG "\n"
	       "  --check-config  read the configuration; exit 1 when it is "
	       "wrong\n"
	       "  --show-config   print every parameter with its value\n"
	       "  --migrate       bring the store's schema up to date\n"
	       "  --init          make the first Full Administrator\n"
	       "  --manual        print reeved.conf(5)\n"
	       "  --routes        print every route with the power it needs\n"
	       "See reeved(8) and reeved.conf(5).\n";
}

/* The action of an option; RV_ACTION_RUN for those that are none. */
static enum rv_action
action_of(int c)
{
	switch (c) {
	case 'c':
		return RV_ACTION_CHECK_CONFIG;
	case 's':
		return RV_ACTION_SHOW_CONFIG;
	case 'm':
		return RV_ACTION_MANUAL;
	case 'r':
		return RV_ACTION_ROUTES;
	case 'g':
		return RV_ACTION_MIGRATE;
	case 'i':
		return RV_ACTION_INIT;
	case 'V':
		return RV_ACTION_VERSION;
	case 'h':
		return RV_ACTION_HELP;
	default:
		return RV_ACTION_RUN;
	}
}

static int
take(int c, struct rv_options *o, struct rv_error *e)
{
	enum rv_action action = action_of(c);

	if (c == 'f') {
		o->config = optarg;
	} else if (c == 'a') {
		o->admin = optarg;
	} else if (c == 'C') {
		o->child = optarg;
	} else if (c == '?') {
		rv_error_set(e, "unknown option, or one without its value; "
				"see reeved --help");
		return RV_ERR_INVALID;
	} else if (o->action != RV_ACTION_RUN) {
		rv_error_set(e, "only one action can be done at once; see "
				"reeved --help");
		return RV_ERR_INVALID;
	} else {
		o->action = action;
	}
	return RV_OK;
}

int
rv_options_parse(int argc, char *const *argv, struct rv_options *ret_options,
    struct rv_error *e)
{
	struct rv_options o = { .config = DEFAULT_CONFIG };
	int c, r = RV_OK;

	optind = 1;
	opterr = 0;
	while (r == RV_OK &&
	       (c = getopt_long(argc, argv, "f:", long_options, NULL)) != -1)
		r = take(c, &o, e);
	if (r != RV_OK)
		return r;
	if (optind < argc) {
		rv_error_set(e,
		    "unexpected argument \"%s\"; see reeved "
		    "--help",
		    argv[optind]);
		return RV_ERR_INVALID;
	}
	if ((o.admin != NULL) != (o.action == RV_ACTION_INIT)) {
		rv_error_set(e, "--init and --admin PRINCIPAL go together");
		return RV_ERR_INVALID;
	}
	if (o.child != NULL && o.action != RV_ACTION_RUN) {
		rv_error_set(e, "only one action can be done at once; see "
				"reeved --help");
		return RV_ERR_INVALID;
	}
	*ret_options = o;
	return RV_OK;
}
