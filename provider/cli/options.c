#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_URL = 256,
	OPTION_CA,
	OPTION_JSON,
	OPTION_AT_LEAST,
	OPTION_SUBJECT,
	OPTION_GROUP,
	OPTION_COUNT,
	OPTION_ALL,
	OPTION_LIMIT,
	OPTION_TOKEN,
	OPTION_ADD,
	OPTION_REMOVE,
	OPTION_OPERATIONS,
	OPTION_ISSUER,
	OPTION_AUDIENCE,
	OPTION_TENANT,
	OPTION_KIND,
	OPTION_FOLDER,
	OPTION_TOKEN_FILE,
	OPTION_CLIENT,
	OPTION_SCOPE,
	OPTION_DEVICE,
	OPTION_YES,
	OPTION_FORCE,
	OPTION_SOCKET,
	OPTION_ACCOUNT_ID,
	OPTION_DIFF,
	OPTION_OVERWRITE,
	OPTION_NEW_NAME,
	OPTION_SIGNATURE,
	OPTION_APPLY,
	OPTION_ACCOUNTS,
	OPTION_CACERT,
	OPTION_SOURCE,
};

static const struct option table[] = {
	{ "url", required_argument, NULL, OPTION_URL },
	{ "ca", required_argument, NULL, OPTION_CA },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "at-least", required_argument, NULL, OPTION_AT_LEAST },
	{ "subject", required_argument, NULL, OPTION_SUBJECT },
	{ "group", required_argument, NULL, OPTION_GROUP },
	{ "count", no_argument, NULL, OPTION_COUNT },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "limit", required_argument, NULL, OPTION_LIMIT },
	{ "token", required_argument, NULL, OPTION_TOKEN },
	{ "add", required_argument, NULL, OPTION_ADD },
	{ "remove", required_argument, NULL, OPTION_REMOVE },
	{ "operations", no_argument, NULL, OPTION_OPERATIONS },
	{ "issuer", required_argument, NULL, OPTION_ISSUER },
	{ "audience", required_argument, NULL, OPTION_AUDIENCE },
	{ "tenant", required_argument, NULL, OPTION_TENANT },
	{ "kind", required_argument, NULL, OPTION_KIND },
	{ "folder", required_argument, NULL, OPTION_FOLDER },
	{ "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
	{ "client-id", required_argument, NULL, OPTION_CLIENT },
	{ "scope", required_argument, NULL, OPTION_SCOPE },
	{ "device", no_argument, NULL, OPTION_DEVICE },
	{ "yes", no_argument, NULL, OPTION_YES },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "account-id", required_argument, NULL, OPTION_ACCOUNT_ID },
	{ "diff", no_argument, NULL, OPTION_DIFF },
	{ "overwrite", no_argument, NULL, OPTION_OVERWRITE },
	{ "new-name", required_argument, NULL, OPTION_NEW_NAME },
	{ "signature", required_argument, NULL, OPTION_SIGNATURE },
	{ "apply", no_argument, NULL, OPTION_APPLY },
	{ "accounts", required_argument, NULL, OPTION_ACCOUNTS },
	{ "cacert", required_argument, NULL, OPTION_CACERT },
	{ "source", required_argument, NULL, OPTION_SOURCE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int
take_limit(const char *text, unsigned *ret, struct rv_error *e)
{
	uint64_t n;

	if (rv_slice_to_u64(rv_slice_of(text), 1000000, &n) != RV_OK ||
	    n == 0) {
		rv_error_set(e, "--limit %s: give a number from 1 on", text);
		return RV_ERR_INVALID;
	}
	*ret = (unsigned)n;
	return RV_OK;
}

static int
take_repeated(const char *name, const char *value, const char **list, size_t *n,
    struct rv_error *e)
{
	if (*n == RV_CLI_REPEATED_MAX) {
		rv_error_set(e, "--%s is given more than %d times", name,
		    RV_CLI_REPEATED_MAX);
		return RV_ERR_LIMIT;
	}
	list[(*n)++] = value;
	return RV_OK;
}

static int
take_flag(int option, struct rv_cli_options *o)
{
	switch (option) {
	case OPTION_JSON:
		o->json = true;
		break;
	case OPTION_COUNT:
		o->count = true;
		break;
	case OPTION_ALL:
		o->all = true;
		break;
	case OPTION_OPERATIONS:
		o->every_operation = true;
		break;
	case OPTION_DEVICE:
		o->site.device = true;
		break;
	case OPTION_YES:
		o->site.yes = true;
		break;
	case OPTION_FORCE:
		o->site.force = true;
		break;
	case OPTION_DIFF:
		o->role.diff = true;
		break;
	case OPTION_OVERWRITE:
		o->role.overwrite = true;
		break;
	case 'h':
		o->help = true;
		break;
	case 'V':
		o->version = true;
		break;
	default:
		return RV_ERR_NOTFOUND;
	}
	return RV_OK;
}

/* Options of `reeve site`. */
static int
take_site(int option, const char *value, struct rv_cli_site_options *o,
    struct rv_error *e)
{
	switch (option) {
	case OPTION_ISSUER:
		o->issuer = value;
		break;
	case OPTION_AUDIENCE:
		return take_repeated(
		    "audience", value, o->audiences, &o->n_audiences, e);
	case OPTION_TENANT:
		return take_repeated(
		    "tenant", value, o->tenants, &o->n_tenants, e);
	case OPTION_KIND:
		o->kind = value;
		break;
	case OPTION_FOLDER:
		o->folder = value;
		break;
	case OPTION_TOKEN_FILE:
		o->token_file = value;
		break;
	case OPTION_CLIENT:
		o->client = value;
		break;
	case OPTION_SCOPE:
		o->scope = value;
		break;
	default:
		return RV_ERR_NOTFOUND;
	}
	return RV_OK;
}

/* Options of `reeve import`. */
static int
take_import(int option, const char *value, struct rv_cli_import_options *o)
{
	switch (option) {
	case OPTION_APPLY:
		o->apply = true;
		break;
	case OPTION_ACCOUNTS:
		o->accounts = value;
		break;
	case OPTION_CACERT:
		o->ca = value;
		break;
	case OPTION_SOURCE:
		o->source = value;
		break;
	default:
		return RV_ERR_NOTFOUND;
	}
	return RV_OK;
}

static int
take(
    int option, const char *value, struct rv_cli_options *o, struct rv_error *e)
{
	switch (option) {
	case OPTION_URL:
		o->url = value;
		break;
	case OPTION_CA:
		o->ca = value;
		o->site.ca = value; /* not the one of REEVE_CA */
		break;
	case OPTION_AT_LEAST:
		o->at_least = value;
		break;
	case OPTION_SUBJECT:
		o->subject = value;
		break;
	case OPTION_GROUP:
		o->group = value;
		break;
	case OPTION_LIMIT:
		return take_limit(value, &o->limit, e);
	case OPTION_SOCKET:
		o->socket = value;
		break;
	case OPTION_ACCOUNT_ID:
		o->account_id = value;
		break;
	case OPTION_TOKEN:
		o->token = value;
		break;
	case OPTION_NEW_NAME:
		o->role.new_name = value;
		break;
	case OPTION_SIGNATURE:
		o->role.signature = value;
		break;
	case OPTION_ADD:
		return take_repeated("add", value, o->add, &o->n_add, e);
	case OPTION_REMOVE:
		return take_repeated(
		    "remove", value, o->removed, &o->n_removed, e);
	default:
		return take_flag(option, o);
	}
	return RV_OK;
}

/* getopt_long() has told what is wrong with an option only to stderr. */
static int
wrong_option(char *const argv[], int got, struct rv_error *e)
{
	rv_error_set(e, got == ':' ? "%s needs a value" : "%s is no option",
	    argv[optind - 1]);
	return RV_ERR_INVALID;
}

/* What is empty names nothing, and is mostly a variable that was not set. */
static int
refuse_empty(const struct rv_cli_options *o, struct rv_error *e)
{
	for (int i = 0; i < o->n_operands; i++) {
		if (o->operands[i][0] != '\0')
			continue;
		rv_error_set(e,
		    "operand %d is empty: leave the key out to name no object",
		    i + 1);
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

int
rv_cli_parse(int argc, char *const argv[], struct rv_cli_options *ret_options,
    struct rv_error *e)
{
	struct rv_cli_options o = {
		.url = getenv("REEVE_URL"),
		.ca = getenv("REEVE_CA"),
	};
	int got;

	optind = 0; /* anew, and with all that GNU does (getopt(3)) */
	while ((got = getopt_long(argc, argv, ":hV", table, NULL)) != -1) {
		int r = take(got, optarg, &o, e);

		if (r == RV_ERR_NOTFOUND)
			r = take_site(got, optarg, &o.site, e);
		if (r == RV_ERR_NOTFOUND)
			r = take_import(got, optarg, &o.import);
		if (r == RV_ERR_NOTFOUND)
			return wrong_option(argv, got, e);
		if (r != RV_OK)
			return RV_ERR_INVALID;
	}
	if (o.subject != NULL && o.group != NULL) {
		rv_error_set(e, "--subject and --group exclude each other");
		return RV_ERR_INVALID;
	}
	if (optind < argc) {
		o.command = argv[optind];
		o.operands = argv + optind + 1;
		o.n_operands = argc - optind - 1;
	}
	if (refuse_empty(&o, e) != RV_OK)
		return RV_ERR_INVALID;
	*ret_options = o;
	return RV_OK;
}
