/*
 * What the directory says of a principal.  Either everything (the entry,
 * its state, all groups), or `known` stays false: half an answer would look
 * like "no groups", and the absence of a group can be what lets somebody
 * through.
 */
#include "reeve/auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "group_walk.h"
#include "ldap_entry.h"
#include "ldap_pool.h"
#include "principal.h"
#include "user_filter.h"

/* OpenLDAP's password policy: present when the account is locked. */
#define ATTRIBUTE_LOCKED "pwdAccountLockedTime"
/* Active Directory: a number of flags. */
#define ATTRIBUTE_CONTROL "userAccountControl"
#define CONTROL_DISABLED  0x2u

struct rv_directory {
	char *base, *group_base, *id_attribute, *realm;
	struct rv_user_filter filter;
	int deadline_ms;
	size_t max_groups;
	unsigned max_depth;
	struct rv_ldap_pool *pool;
};

/* ---- Settings -------------------------------------------------------------------- */

static bool
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

static int
check_strings(const struct rv_directory_config *config, struct rv_error *e)
{
	const char *missing = NULL;

	if (config->n_uris == 0 || !is_set(config->uris[0]))
		missing = "address";
	else if (!is_set(config->base))
		missing = "search base";
	else if (!is_set(config->user_filter))
		missing = "filter for people";
	else if (!is_set(config->id_attribute))
		missing = "id attribute";
	else if (!is_set(config->realm))
		missing = "realm";
	else if (!is_set(config->client_keytab))
		missing = "keytab";
	if (missing == NULL)
		return RV_OK;
	rv_error_set(
	    e, "the configuration of the directory lacks the %s", missing);
	return RV_ERR_INVALID;
}

static int
check_config(const struct rv_directory_config *config, struct rv_error *e)
{
	int r = check_strings(config, e);

	if (r != RV_OK)
		return r;
	/* One server, and no second way to give a base or a filter. */
	if (strncmp(config->uris[0], "ldap://", 7) != 0 ||
	    config->uris[0][7] == '\0' ||
	    strpbrk(config->uris[0] + 7, " ,/?") != NULL) {
		rv_error_set(e,
		    "the address of the directory, %s, must be "
		    "ldap://HOST:PORT",
		    config->uris[0]);
		return RV_ERR_INVALID;
	}
	if (config->deadline_ms <= 0 || config->max_groups == 0 ||
	    config->max_depth == 0) {
		rv_error_set(e,
		    "the limits of the directory (deadline, groups, "
		    "depth) must be above 0");
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
copy_config(const struct rv_directory_config *config, struct rv_directory *d,
    struct rv_error *e)
{
	const char *group_base =
	    is_set(config->group_base) ? config->group_base : config->base;

	d->base = strdup(config->base);
	d->group_base = strdup(group_base);
	d->id_attribute = strdup(config->id_attribute);
	d->realm = strdup(config->realm);
	if (d->base == NULL || d->group_base == NULL ||
	    d->id_attribute == NULL || d->realm == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	d->deadline_ms = config->deadline_ms;
	d->max_groups = config->max_groups;
	d->max_depth = config->max_depth;
	return rv_user_filter_init(config->user_filter, &d->filter, e);
}

int
rv_directory_new(const struct rv_directory_config *config,
    struct rv_directory **ret_directory, struct rv_error *e)
{
	struct rv_directory *d = NULL;
	int r = check_config(config, e);

	if (r != RV_OK)
		return r;
	d = calloc(1, sizeof(*d));
	/*
	 * Without it, ldap.conf, ~/.ldaprc and variables such as
	 * LDAPTLS_REQCERT steer us.
	 */
	if (d == NULL || setenv("LDAPNOINIT", "1", 1) != 0) {
		rv_error_set(e, "out of memory");
		r = RV_ERR_NOMEM;
		goto out;
	}
	r = copy_config(config, d, e);
	if (r != RV_OK)
		goto out;
	r = rv_ldap_pool_new(config->uris[0], config->client_keytab,
	    config->deadline_ms, &d->pool, e);
	if (r != RV_OK)
		goto out;
	*ret_directory = d;
	d = NULL;
out:
	rv_directory_free(&d);
	return r;
}

void
rv_directory_free(struct rv_directory **directory)
{
	struct rv_directory *d = *directory;

	*directory = NULL;
	if (d == NULL)
		return;
	rv_ldap_pool_free(&d->pool);
	rv_user_filter_fini(&d->filter);
	free(d->base);
	free(d->group_base);
	free(d->id_attribute);
	free(d->realm);
	free(d);
}

void
rv_account_fini(struct rv_account *account)
{
	free(account->account_id);
	rv_group_ids_free(account->groups, account->n_groups);
	*account = (struct rv_account){ .known = false };
}

/* ---- The person --------------------------------------------------------------------- */

struct person {
	const struct rv_directory *directory;
	const char *value; /* that the attribute of the filter must have */
	size_t n_found;
	char *id, *dn;
	bool disabled;
};

static void
person_reset(struct person *person)
{
	free(person->id);
	free(person->dn);
	person->id = NULL;
	person->dn = NULL;
	person->n_found = 0;
	person->disabled = false;
}

/* A state that cannot be read is a failure, not "enabled". */
static int
read_state(
    const struct rv_ldap_entry *entry, bool *ret_disabled, struct rv_error *e)
{
	bool disabled = false;
	char *text = NULL, *end;
	int r;

	r = rv_ldap_entry_value(entry, ATTRIBUTE_LOCKED, 64, &text);
	if (r == RV_OK)
		disabled = true;
	else if (r != RV_ERR_NOTFOUND)
		goto out;
	free(text);
	text = NULL;

	r = rv_ldap_entry_value(entry, ATTRIBUTE_CONTROL, 16, &text);
	if (r == RV_OK) {
		/* A signed number of 32 bits, by its schema. */
		intmax_t control = strtoimax(text, &end, 10);

		r = *end == '\0' ? RV_OK : RV_ERR_INVALID;
		if (((uintmax_t)control & CONTROL_DISABLED) != 0)
			disabled = true;
	} else if (r == RV_ERR_NOTFOUND) {
		r = RV_OK;
	}
	if (r == RV_OK)
		*ret_disabled = disabled;
out:
	if (r != RV_OK)
		rv_error_set(e, "the state of the account is not readable");
	free(text);
	return r;
}

static int
on_person(void *arg, const struct rv_ldap_entry *entry, struct rv_error *e)
{
	struct person *person = arg;
	const struct rv_directory *d = person->directory;
	int r;

	if (++person->n_found > 1) {
		rv_error_set(e, "more than one entry matches the filter");
		return RV_ERR_INVALID;
	}
	if (!rv_ldap_entry_has(
		entry, d->filter.attribute, rv_slice_of(person->value))) {
		rv_error_set(e,
		    "the entry that matches is spelt otherwise: no %s is "
		    "exactly %s",
		    d->filter.attribute, person->value);
		return RV_ERR_INVALID;
	}
	r = rv_directory_id(entry, d->id_attribute, &person->id, e);
	if (r != RV_OK)
		return r;
	person->dn = rv_ldap_entry_dn(entry);
	if (person->dn == NULL)
		return RV_ERR_NOMEM;
	return read_state(entry, &person->disabled, e);
}

/* ---- One look-up ------------------------------------------------------------------- */

struct lookup {
	struct rv_directory *directory;
	const char *filter, *value;
	int64_t deadline_ms;
	struct rv_account *account;
	struct rv_error error;
};

static int
find_groups(struct lookup *l, struct rv_ldap *connection, const char *dn,
    struct rv_account *account)
{
	const struct rv_directory *d = l->directory;
	const struct rv_group_walk walk = {
		.dn = dn,
		.base = d->group_base,
		.id_attribute = d->id_attribute,
		.max_groups = d->max_groups,
		.max_depth = d->max_depth,
		.deadline_ms = l->deadline_ms,
	};

	return rv_group_walk(
	    connection, &walk, &account->groups, &account->n_groups, &l->error);
}

static int
find_person(struct lookup *l, struct rv_ldap *connection, struct person *person)
{
	const struct rv_directory *d = l->directory;
	const char *const attributes[] = { d->id_attribute, d->filter.attribute,
		ATTRIBUTE_LOCKED, ATTRIBUTE_CONTROL, NULL };
	const struct rv_ldap_query query = {
		.base = d->base,
		.filter = l->filter,
		.attributes = attributes,
	};

	return rv_ldap_search(
	    connection, &query, l->deadline_ms, on_person, person, &l->error);
}

/* Writes to the account only when everything is there. */
static int
ask(struct lookup *l, struct rv_ldap *connection)
{
	struct person person = {
		.directory = l->directory,
		.value = l->value,
	};
	struct rv_account account = { .known = true };
	int r;

	r = find_person(l, connection, &person);
	if (r == RV_OK && person.n_found == 1)
		r = find_groups(l, connection, person.dn, &account);
	if (r == RV_OK) {
		account.found = person.n_found == 1;
		account.disabled = person.disabled;
		account.account_id = person.id;
		person.id = NULL;
		*l->account = account;
	}
	person_reset(&person);
	return r;
}

/*
 * A connection may have died while it was idle, which shows only now: one
 * more try, on a new one, in what is left of the time.
 */
static int
ask_with_retry(struct lookup *l)
{
	struct rv_ldap_pool *pool = l->directory->pool;
	int r = RV_ERR_UNAVAILABLE;

	for (int i = 0; i < 2 && r == RV_ERR_UNAVAILABLE; i++) {
		struct rv_ldap *connection = NULL;

		r = rv_ldap_pool_acquire(
		    pool, l->deadline_ms, &connection, &l->error);
		if (r != RV_OK)
			return r;
		r = ask(l, connection);
		rv_ldap_pool_release(pool, &connection, r, &l->error);
	}
	return r;
}

static void
look_up(
    struct rv_directory *d, struct rv_slice name, struct rv_account *account)
{
	struct rv_buf filter = { .max = 0 }, value = { .max = 0 };
	struct lookup l = {
		.directory = d,
		.deadline_ms = rv_monotonic_ms() + d->deadline_ms,
		.account = account,
	};
	int r = RV_ERR_NOMEM;

	rv_user_filter_print(&d->filter, name, &filter);
	rv_user_filter_value(&d->filter, name, &value);
	l.filter = rv_buf_cstr(&filter);
	l.value = rv_buf_cstr(&value);
	if (l.filter != NULL && l.value != NULL)
		r = ask_with_retry(&l);
	if (r != RV_OK)
		(void)snprintf(account->detail, sizeof(account->detail),
		    "%.250s",
		    l.error.text[0] != '\0' ? l.error.text : rv_strerr(r));
	rv_buf_fini(&filter);
	rv_buf_fini(&value);
}

void
rv_directory_lookup(struct rv_directory *directory, const char *principal,
    struct rv_account *ret_account)
{
	struct rv_slice name, realm;

	*ret_account = (struct rv_account){ .known = false };
	/*
	 * The whole name counts: alice/admin is not alice, and a principal
	 * of another realm is nobody in this directory.
	 */
	if (!rv_principal_split(rv_slice_of(principal), &name, &realm))
		(void)snprintf(ret_account->detail, sizeof(ret_account->detail),
		    "not a principal with one realm");
	else if (!rv_slice_eq_cstr(realm, directory->realm))
		(void)snprintf(ret_account->detail, sizeof(ret_account->detail),
		    "the realm is not the directory's, %.128s",
		    directory->realm);
	else
		look_up(directory, name, ret_account);
}

bool
rv_directory_recall(struct rv_directory *directory, const char *who,
    struct rv_account *ret_account)
{
	(void)directory;
	(void)who;
	(void)ret_account;
	return false;
}
