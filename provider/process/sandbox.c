/*
 * Who may what.  The lists are as short as the libraries allow: libkrb5,
 * libldap, libpq, libcurl and glibc open files when they are used, not when
 * they are loaded.
 */
#include "process/sandbox.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "config/authority.h"
#include "config/config.h"
#include "config/issuer.h"
#include "log.h"

#define GIB ((rlim_t)1 << 30)

/* Libraries, their plug-ins and data; nothing of this machine's. */
static const char *const system_paths[] = { "/usr", "/lib", "/lib64",
	"/etc/ld.so.cache", "/etc/localtime", "/etc/gss", "/etc/krb5.conf",
	"/etc/krb5.conf.d", "/etc/crypto-policies", "/var/lib/sss/pubconf",
	"/dev/null", "/dev/urandom", NULL };

/* Names, addresses, certificates of authorities. */
static const char *const network_paths[] = { "/etc/hosts", "/etc/resolv.conf",
	"/etc/host.conf", "/etc/gai.conf", "/etc/nsswitch.conf",
	"/etc/services", "/etc/protocols", "/etc/passwd", "/etc/group",
	"/etc/ssl", "/etc/ca-certificates", "/etc/ldap", "/etc/sasl2",
	"/etc/postgresql-common", "/sys/devices/system/cpu",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	NULL };

/* These hold files for libkrb5, separated by ':'. */
static const char *const krb5_variables[] = { "KRB5_CONFIG", NULL };

static int
read_all(struct rv_landlock *l, const char *const *paths, struct rv_error *e)
{
	int r = RV_OK;

	for (; r == RV_OK && *paths != NULL; paths++)
		r = rv_landlock_read(l, *paths, e);
	return r;
}

static int
read_list(struct rv_landlock *l, const char *list, struct rv_error *e)
{
	char *copy = strdup(list), *rest = copy, *path;
	int r = RV_OK;

	if (copy == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	while (r == RV_OK && (path = strsep(&rest, ":")) != NULL)
		if (path[0] != '\0')
			r = rv_landlock_read(l, path, e);
	free(copy);
	return r;
}

static int
read_system(struct rv_landlock *l, struct rv_error *e)
{
	int r = read_all(l, system_paths, e);

	for (const char *const *v = krb5_variables; r == RV_OK && *v != NULL;
	     v++)
		if (getenv(*v) != NULL)
			r = read_list(l, getenv(*v), e);
	return r;
}

/* ---- The rules of each process ------------------------------------------------ */

/* What is done with each file that a connection string names. */
typedef int conninfo_fn(
    struct rv_landlock *l, const char *path, struct rv_error *e);

/* libpq(3)'s certificates, keys and passwords. */
static int
each_of_conninfo(struct rv_landlock *l, const char *conninfo, conninfo_fn *fn,
    struct rv_error *e)
{
	static const char *const keywords[] = { "sslcert", "sslkey",
		"sslrootcert", "sslcrl", "sslcrldir", "passfile" };
	PQconninfoOption *options =
	    conninfo != NULL ? PQconninfoParse(conninfo, NULL) : NULL;
	int r = RV_OK;

	/* A string that is none is refused where it is used. */
	for (PQconninfoOption *o = options;
	     r == RV_OK && o != NULL && o->keyword != NULL; o++)
		for (size_t i = 0; o->val != NULL && r == RV_OK &&
				   i < sizeof(keywords) / sizeof(keywords[0]);
		     i++)
			if (strcmp(o->keyword, keywords[i]) == 0)
				r = fn(l, o->val, e);
	PQconninfoFree(options);
	return r;
}

static int
hide_secret(struct rv_landlock *l, const char *path, struct rv_error *e)
{
	/* What all may read anyhow is no secret: certificates. */
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & S_IROTH) != 0)
		return RV_OK;
	return rv_landlock_hide(l, path, e);
}

static int
hide_keys(struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	int r = rv_landlock_hide(l, c->keytab, e);

	if (r == RV_OK)
		r = rv_landlock_hide(l, c->keeper_key, e);
	/* Logins to the store that can do more than the run-time role. */
	if (r == RV_OK)
		r = each_of_conninfo(l, c->store_rescue, hide_secret, e);
	if (r == RV_OK)
		r = each_of_conninfo(l, c->store_owner, hide_secret, e);
	return r;
}

/* The files that are named in the folders of authorities and issuers. */
static int
read_authorities(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	struct rv_authorities_config *all = NULL;
	int r = rv_authorities_load(c->authorities, &all, e);

	for (size_t i = 0; r == RV_OK && i < all->n; i++) {
		const struct rv_authority_config *a = &all->v[i];

		r = rv_landlock_read_replaced(l, a->certificate, e);
		if (r == RV_OK)
			r = rv_landlock_read_replaced(l, a->chain, e);
		for (size_t k = 0; r == RV_OK && k < a->crl.n; k++)
			r = rv_landlock_read_replaced(l, a->crl.v[k], e);
	}
	rv_authorities_config_free(&all);
	return r;
}

static int
read_issuers(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	struct rv_issuers_config *all = NULL;
	int r = rv_issuers_load(c->issuers, &all, e);

	for (size_t i = 0; r == RV_OK && i < all->n; i++)
		r = rv_landlock_read_replaced(l, all->v[i].ca, e);
	rv_issuers_config_free(&all);
	return r;
}

/* What a reload or a new connection to the directory reads. */
static int
read_configured(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	const char *const replaced[] = { c->file, c->tls_certificate,
		c->tls_key, c->directory_ca, c->directory_certificate,
		c->directory_key, c->directory_password_file,
		c->directory_keytab };
	int r = rv_landlock_read(l, c->authorities, e);

	if (r == RV_OK)
		r = rv_landlock_read(l, c->issuers, e);
	if (r == RV_OK)
		r = read_authorities(l, c, e);
	if (r == RV_OK)
		r = read_issuers(l, c, e);
	for (size_t i = 0;
	     r == RV_OK && i < sizeof(replaced) / sizeof(replaced[0]); i++)
		r = rv_landlock_read_replaced(l, replaced[i], e);
	for (size_t i = 0; r == RV_OK && i < c->binding_certificates.n; i++)
		r = rv_landlock_read_replaced(
		    l, c->binding_certificates.v[i], e);
	return r;
}

static int
allow_net(struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	int r = hide_keys(l, c, e);

	if (r == RV_OK)
		r = read_system(l, e);
	if (r == RV_OK)
		r = read_all(l, network_paths, e);
	if (r == RV_OK)
		r = read_configured(l, c, e);
	if (r == RV_OK)
		r = each_of_conninfo(l, c->store, rv_landlock_read_replaced, e);
	if (r == RV_OK)
		r = each_of_conninfo(
		    l, c->store_feed, rv_landlock_read_replaced, e);
	if (r == RV_OK)
		r = rv_landlock_write_folder(l, c->audit_directory, e);
	return r;
}

/* The keytab is replaced by another when its keys are. */
static int
allow_acceptor(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	int r = rv_landlock_hide(l, c->keeper_key, e);

	if (r == RV_OK)
		r = read_system(l, e);
	if (r == RV_OK)
		r = rv_landlock_read_replaced(l, c->keytab, e);
	if (r == RV_OK)
		r = rv_landlock_write_file(l, c->replay_cache, e);
	return r;
}

static int
allow_nothing(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	(void)l;
	(void)c;
	(void)e;
	return RV_OK;
}

static int
allow_supervisor(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	int r = hide_keys(l, c, e);

	return r == RV_OK ? rv_landlock_read_replaced(l, c->file, e) : r;
}

/* ---- Entering ------------------------------------------------------------------ */

struct role {
	const char *name;
	enum rv_seccomp_role calls;
	struct rv_landlock_wish wish;
	rlim_t data_max; /* bytes of memory; 0: as it is */
	int (*allow)(struct rv_landlock *l, const struct rv_config *c,
	    struct rv_error *e);
};

static int
enter_landlock(
    const struct role *role, const struct rv_config *c, struct rv_error *e)
{
	struct rv_landlock l;
	int abi, r;

	r = rv_landlock_begin(&l, &role->wish, e);
	if (r != RV_OK)
		return r;
	abi = l.abi;
	r = role->allow(&l, c, e);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	/*
	 * They look at their own memory and threads there, and for the names of
	 * functions in the program itself.
	 */
	if (r == RV_OK)
		r = rv_landlock_read(&l, "/proc", e);
	if (r == RV_OK)
		r = rv_landlock_read(&l, "/proc/self/exe", e);
#endif
	if (r == RV_OK)
		r = rv_landlock_enter(&l, e);
	rv_landlock_fini(&l);
	if (r == RV_OK && abi == 0)
		rv_log(RV_LOG_WARNING,
		    "the kernel has no Landlock: the process %s is kept from "
		    "files by their modes alone",
		    role->name);
	else if (r == RV_OK)
		rv_log(RV_LOG_DEBUG,
		    "the process %s is confined by Landlock, ABI %d",
		    role->name, abi);
	return r;
}

/* Many times what it needs; lower limits of whoever started us stay. */
static int
limit_memory(const struct role *role, struct rv_error *e)
{
	struct rlimit limit;

	if (role->data_max == 0)
		return RV_OK;
	if (getrlimit(RLIMIT_DATA, &limit) == 0) {
		if (limit.rlim_max > role->data_max)
			limit.rlim_max = role->data_max;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_DATA, &limit) == 0)
			return RV_OK;
	}
	rv_error_set(e, "the memory cannot be limited: %s", strerror(errno));
	return RV_ERR_IO;
}

static int
enter(const struct role *role, const struct rv_config *c, struct rv_error *e)
{
	const char *hindrance = rv_seccomp_hindrance();
	int r;

#ifdef RV_COVERAGE
	/* What was run is written at the end, beside the objects. */
	rv_log(RV_LOG_WARNING,
	    "this build measures coverage: the process %s is not confined",
	    role->name);
	return RV_OK;
#endif
	if (c->sandbox != 0) {
		rv_log(RV_LOG_WARNING,
		    "sandbox = off: the process %s is not confined",
		    role->name);
		return RV_OK;
	}
	r = enter_landlock(role, c, e);
	if (r != RV_OK)
		return r;
	if (hindrance == NULL) {
		r = limit_memory(role, e);
		return r == RV_OK ? rv_seccomp_enter(role->calls, e) : r;
	}
	rv_log(RV_LOG_WARNING,
	    "the process %s has no filter of system calls: %s", role->name,
	    hindrance);
	return RV_OK;
}

int
rv_sandbox_net(const struct rv_config *config, struct rv_error *e)
{
	static const struct role net = { "net", RV_SECCOMP_NET,
		{ .scoped = true }, 0, allow_net };

	return enter(&net, config, e);
}

int
rv_sandbox_acceptor(const struct rv_config *config, struct rv_error *e)
{
	static const struct role acceptor = { "acceptor", RV_SECCOMP_ACCEPTOR,
		{ .no_tcp = true, .scoped = true }, GIB, allow_acceptor };

	return enter(&acceptor, config, e);
}

/* Its own login to the store, its journal, and a socket that listens. */
static int
allow_rescue(
    struct rv_landlock *l, const struct rv_config *c, struct rv_error *e)
{
	int r = rv_landlock_hide(l, c->keytab, e);

	if (r == RV_OK)
		r = rv_landlock_hide(l, c->keeper_key, e);
	if (r == RV_OK)
		r = read_system(l, e);
	if (r == RV_OK)
		r = read_all(l, network_paths, e);
	if (r == RV_OK)
		r = each_of_conninfo(
		    l, c->store_rescue, rv_landlock_read_replaced, e);
	if (r == RV_OK)
		r = rv_landlock_write_folder(l, c->audit_directory, e);
	return r;
}

int
rv_sandbox_rescue(const struct rv_config *config, struct rv_error *e)
{
	static const struct role rescue = { "rescue", RV_SECCOMP_NET,
		{ .scoped = true }, 0, allow_rescue };

	return enter(&rescue, config, e);
}

int
rv_sandbox_keeper(const struct rv_config *config, struct rv_error *e)
{
	static const struct role keeper = { "keeper", RV_SECCOMP_KEEPER,
		{ .no_tcp = true, .scoped = true }, GIB / 4, allow_nothing };

	return enter(&keeper, config, e);
}

/* It sends signals, and speaks to the service manager. */
int
rv_sandbox_supervisor(const struct rv_config *config, struct rv_error *e)
{
	static const struct role supervisor = { "supervisor",
		RV_SECCOMP_SUPERVISOR, { .no_tcp = true }, GIB / 4,
		allow_supervisor };

	return enter(&supervisor, config, e);
}
