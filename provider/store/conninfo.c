#include "store/conninfo.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/*
 * pg_temp last: a temporary table must not hide one of ours.  The client
 * check ends a statement whose client went away; without it a statement
 * that waits for a lock would hold its place.
 */
const char rv_session_sql[] =
    "select pg_catalog.set_config('statement_timeout', $1, false),"
    " pg_catalog.set_config('idle_in_transaction_session_timeout', $2,"
    " false),"
    " pg_catalog.set_config('client_connection_check_interval', '2s',"
    " false),"
    " pg_catalog.set_config('search_path', 'reeve, pg_temp', false),"
    " pg_catalog.set_config('TimeZone', 'UTC', false),"
    " pg_catalog.set_config('default_transaction_isolation',"
    " 'read committed', false)";

int
rv_conninfo_check(const char *conninfo, struct rv_error *e)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &why);

	if (options == NULL) {
		rv_error_set(e, "the connection string is not valid: %s",
		    why != NULL ? why : "out of memory");
		if (e != NULL)
			e->text[strcspn(e->text, "\n")] = '\0';
		PQfreemem(why);
		return RV_ERR_INVALID;
	}
	PQconninfoFree(options);
	return RV_OK;
}

static bool
is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 ||
	       inet_pton(AF_INET6, host, address) == 1;
}

/* The first member of a list separated by commas that is a name. */
static char *
first_name(const char *hosts)
{
	char *copy = strdup(hosts);
	char *rest = copy, *host;

	while (rest != NULL && (host = strsep(&rest, ",")) != NULL) {
		if (host[0] == '\0' || host[0] == '/' || host[0] == '@' ||
		    is_address(host))
			continue;
		host = strdup(host);
		free(copy);
		return host;
	}
	free(copy);
	return NULL;
}

char *
rv_conninfo_looked_up_host(const char *conninfo)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	const char *host = NULL, *address = NULL;
	char *name = NULL;

	if (options == NULL)
		return NULL;
	for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "host") == 0)
			host = o->val;
		else if (strcmp(o->keyword, "hostaddr") == 0)
			address = o->val;
	}
	if (host != NULL && address == NULL)
		name = first_name(host);
	PQconninfoFree(options);
	return name;
}

/* The server's notices are for people at a terminal. */
static void
drop_notice(void *arg, const PGresult *notice)
{
	(void)arg;
	(void)notice;
}

PGconn *
rv_conninfo_start(const char *conninfo)
{
	/* A later word wins: before dbname defaults, after it our own. */
	static const char *const keywords[] = { "gssencmode",
		"target_session_attrs", "dbname", "application_name",
		"client_encoding", NULL };
	const char *const values[] = { "disable", "read-write", conninfo,
		"reeved", "UTF8", NULL };
	PGconn *conn = PQconnectStartParams(keywords, values, 1);

	if (conn != NULL)
		(void)PQsetNoticeReceiver(conn, drop_notice, NULL);
	return conn;
}

void
rv_conninfo_why(const PGconn *conn, struct rv_error *ret_why)
{
	const char *text = PQerrorMessage(conn);
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n > sizeof(ret_why->text) - 1)
		n = sizeof(ret_why->text) - 1;
	rv_error_set(ret_why, "%.*s", (int)n, text);
	for (char *p = ret_why->text; *p != '\0'; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	if (n == 0)
		rv_error_set(ret_why, "no reason given by libpq");
}
