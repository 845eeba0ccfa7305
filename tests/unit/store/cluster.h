/*
 * A private PostgreSQL of one test program (cluster.sh), and a superuser's
 * connection to it.
 */
#ifndef TESTS_UNIT_STORE_CLUSTER_H
#define TESTS_UNIT_STORE_CLUSTER_H

#include <stdio.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "unit/unit.h"

struct cluster {
	char folder[128];
	char conninfo[256]; /* of the superuser */
	PGconn *admin;
};

static inline void
cluster_do(const struct cluster *c, const char *verb)
{
	char command[256];

	(void)snprintf(command, sizeof(command),
	    "sh tests/unit/store/cluster.sh %s %s", verb, c->folder);
	/* A script with fixed words: NOLINTNEXTLINE(cert-env33-c) */
	assert_int_equal(system(command), 0);
}

/* Statements of the superuser; all must succeed. */
static inline void
cluster_sql(const struct cluster *c, const char *sql)
{
	PGresult *result = PQexec(c->admin, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		print_error("%s: %s", sql, PQerrorMessage(c->admin));
	PQclear(result);
	assert_true(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
}

static inline void
cluster_connect(struct cluster *c)
{
	PQfinish(c->admin);
	c->admin = PQconnectdb(c->conninfo);
	assert_int_equal(PQstatus(c->admin), CONNECTION_OK);
	cluster_sql(
	    c, "set client_min_messages = warning; set lock_timeout = '10s'");
}

static inline void
cluster_up(struct cluster *c)
{
	char command[64];
	FILE *script;

	(void)snprintf(command, sizeof(command),
	    "sh tests/unit/store/cluster.sh up %d", (int)getpid());
	/* The same: NOLINTNEXTLINE(cert-env33-c) */
	script = popen(command, "r");
	assert_non_null(script);
	assert_int_equal(fscanf(script, "%127s", c->folder), 1);
	assert_int_equal(pclose(script), 0);
	(void)snprintf(c->conninfo, sizeof(c->conninfo),
	    "host=%s user=postgres dbname=postgres", c->folder);
	cluster_connect(c);
}

static inline void
cluster_down(struct cluster *c)
{
	PQfinish(c->admin);
	c->admin = NULL;
	if (c->folder[0] != '\0')
		cluster_do(c, "down");
}

/* The statements of a file. */
static inline void
cluster_script(const struct cluster *c, const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	assert_int_equal(fclose(file), 0);
	assert_true(n < sizeof(text) - 1);
	text[n] = '\0';
	cluster_sql(c, text);
}

/* One number. */
static inline long
cluster_number(const struct cluster *c, const char *sql)
{
	PGresult *result = PQexec(c->admin, sql);
	long n;

	assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
	assert_int_equal(PQntuples(result), 1);
	n = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return n;
}

#endif
