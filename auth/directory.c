/*
 * What the directory says of a principal.  Either everything (the entry,
 * its state, all groups), or `known` stays false: half an answer would look
 * like "no groups", and the absence of a group can be what lets somebody
 * through.
 */
#include "reeve/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "directory_ad.h"
#include "directory_made.h"
#include "directory_state.h"
#include "group_walk.h"
#include "ldap_entry.h"
#include "pac.h"
#include "principal.h"

#define ARENA_MAX 65536u

/* ---- Settings -------------------------------------------------------------------- */

static bool
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

static int
check_config(const struct rv_directory_config *config, struct rv_error *e)
{
	const char *missing = NULL;

	if (!is_set(config->base))
		missing = "search base";
	else if (!is_set(config->user_filter))
		missing = "filter for people";
	else if (!is_set(config->id_attribute))
		missing = "id attribute";
	else if (!is_set(config->realm))
		missing = "realm";
	if (missing != NULL) {
		rv_error_set(e,
		    "the configuration of the directory lacks the %s", missing);
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

/* "sha256:BASE64", as libldap takes it; another form is refused there. */
static const char *const *
copy_list(struct rv_arena *arena, const char *const *v, size_t n)
{
	const char **copy = rv_arena_alloc(arena, (n + 1) * sizeof(*copy));

	for (size_t i = 0; copy != NULL && i < n; i++) {
		copy[i] = rv_arena_dup(arena, rv_slice_of(v[i]));
		if (copy[i] == NULL)
			return NULL;
	}
	return copy;
}

static const char *
copy_text(struct rv_arena *arena, const char *text, bool *ok)
{
	const char *copy = NULL;

	if (text != NULL) {
		copy = rv_arena_dup(arena, rv_slice_of(text));
		*ok &= copy != NULL;
	}
	return copy;
}

static bool
copy_settings(const struct rv_directory_config *c, struct rv_directory *d)
{
	struct rv_arena *a = d->arena;
	bool ok = true;

	d->settings = (struct rv_ldap_settings){
		.uris = copy_list(a, c->uris, c->n_uris),
		.n_uris = c->n_uris,
		.bind = c->bind,
		.tls = c->tls,
		.ca = copy_text(a, c->ca, &ok),
		.pins = copy_list(a, c->pins, c->n_pins),
		.n_pins = c->n_pins,
		.certificate = copy_text(a, c->certificate, &ok),
		.key = copy_text(a, c->key, &ok),
		.bind_dn = copy_text(a, c->bind_dn, &ok),
		.password_file = copy_text(a, c->password_file, &ok),
		.client_keytab = copy_text(a, c->client_keytab, &ok),
		.timeout_ms = c->deadline_ms,
	};
	d->base = copy_text(a, c->base, &ok);
	d->group_base =
	    copy_text(a, is_set(c->group_base) ? c->group_base : c->base, &ok);
	d->id_attribute = copy_text(a, c->id_attribute, &ok);
	d->realm = copy_text(a, c->realm, &ok);
	d->domain = c->domain != NULL
			? copy_text(a, c->domain, &ok)
			: rv_arena_dup(a, (struct rv_slice){ c->realm,
					      strcspn(c->realm, ".") });
	ok = ok && d->domain != NULL;
	return ok && d->settings.uris != NULL && d->settings.pins != NULL;
}

static int
copy_config(const struct rv_directory_config *config, struct rv_directory *d,
    struct rv_error *e)
{
	static const int kinds[] = { [RV_DIRECTORY_AUTO] = RV_KIND_NOT_ASKED,
		[RV_DIRECTORY_OPENLDAP] = RV_IS_OPENLDAP,
		[RV_DIRECTORY_AD] = RV_IS_AD };

	d->arena = rv_arena_new(ARENA_MAX);
	if (d->arena == NULL || !copy_settings(config, d)) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	atomic_init(&d->kind, kinds[config->kind]);
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
	if (r == RV_OK)
		r = rv_ldap_settings_check(&d->settings, e);
	if (r == RV_OK)
		r = rv_ldap_pool_new(&d->settings, &d->pool, e);
	if (r == RV_OK && config->cache > 0)
		r = rv_directory_cache_new(
		    config->cache, config->cache_ms, &d->cache);
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
	rv_directory_cache_free(&d->cache);
	rv_user_filter_fini(&d->filter);
	rv_arena_free(&d->arena);
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
	/* That the attribute of the filter must have; NULL: found by id. */
	const char *value;
	bool is_ad;
	size_t n_found;
	char *id, *dn;
	struct rv_account_state state;
};

static void
person_fini(struct person *person)
{
	free(person->id);
	free(person->dn);
}

/* Searching folds case, and more: only what is spelt alike is the person. */
static int
check_spelling(const struct person *person, const struct rv_ldap_entry *entry,
    struct rv_error *e)
{
	const char *attribute = person->directory->filter.attribute;

	if (person->value == NULL ||
	    rv_ldap_entry_has(entry, attribute, rv_slice_of(person->value)))
		return RV_OK;
	rv_error_set(e,
	    "the entry that matches is spelt otherwise: no %s is exactly %s",
	    attribute, person->value);
	return RV_ERR_INVALID;
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
	r = check_spelling(person, entry, e);
	if (r == RV_OK)
		r = person->is_ad ? rv_ad_sid(entry, &person->id, e)
				  : rv_directory_id(
					entry, d->id_attribute, &person->id, e);
	if (r != RV_OK)
		return r;
	person->dn = rv_ldap_entry_dn(entry);
	if (person->dn == NULL)
		return RV_ERR_NOMEM;
	return rv_account_state_read(
	    entry, (int64_t)time(NULL), &person->state, e);
}

/* ---- One look-up ------------------------------------------------------------------- */

struct lookup {
	struct rv_directory *directory;
	const char *base;	    /* where to search */
	bool by_id;		    /* base is the entry itself */
	const char *filter, *value; /* NULL when found by id */
	int64_t deadline_ms;
	struct rv_account *account;
	struct rv_error error;
};

int
rv_directory_kind_of(struct rv_directory *directory, struct rv_ldap *connection,
    int64_t deadline_ms, bool *ret_is_ad, struct rv_error *e)
{
	int kind = atomic_load(&directory->kind);
	bool is_ad = kind == RV_IS_AD;
	int r = RV_OK;

	if (kind == RV_KIND_NOT_ASKED) {
		r = rv_ad_detect(connection, deadline_ms, &is_ad, e);
		if (r == RV_OK)
			atomic_store(&directory->kind,
			    is_ad ? RV_IS_AD : RV_IS_OPENLDAP);
	}
	*ret_is_ad = is_ad;
	return r;
}

static int
find_groups(struct lookup *l, struct rv_ldap *connection,
    const struct person *person, struct rv_account *account)
{
	const struct rv_directory *d = l->directory;
	const struct rv_group_walk walk = {
		.dn = person->dn,
		.base = d->group_base,
		.id_attribute = d->id_attribute,
		.max_groups = d->max_groups,
		.max_depth = d->max_depth,
		.deadline_ms = l->deadline_ms,
	};

	if (person->is_ad)
		return rv_ad_groups(connection, person->dn, d->max_groups,
		    l->deadline_ms, &account->groups, &account->n_groups,
		    &l->error);
	return rv_group_walk(
	    connection, &walk, &account->groups, &account->n_groups, &l->error);
}

static int
find_person(struct lookup *l, struct rv_ldap *connection, struct person *person)
{
	const struct rv_directory *d = l->directory;
	const char *const attributes[] = { person->is_ad ? RV_AD_ID
							 : d->id_attribute,
		d->filter.attribute, RV_STATE_ATTRIBUTES, NULL };
	const struct rv_ldap_query query = {
		.base = l->base,
		.entry_only = l->by_id,
		.domain_scope = person->is_ad && !l->by_id,
		.filter = l->filter,
		.attributes = attributes,
	};

	if (l->by_id && !person->is_ad) {
		rv_error_set(
		    &l->error, "this directory does not know people by SID");
		return RV_ERR_INVALID;
	}
	return rv_ldap_search(
	    connection, &query, l->deadline_ms, on_person, person, &l->error);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Writes to the account only when everything is there. */
static int
ask(void *arg, struct rv_ldap *connection)
{
	struct lookup *l = arg;
	struct person person = {
		.directory = l->directory,
		.value = l->value,
	};
	struct rv_account account = { .known = true, .at_ms = now_ms() };
	int r = rv_directory_kind_of(
	    l->directory, connection, l->deadline_ms, &person.is_ad, &l->error);

	if (r == RV_OK)
		r = find_person(l, connection, &person);
	if (r == RV_OK && person.n_found == 1)
		r = find_groups(l, connection, &person, &account);
	if (r == RV_OK) {
		account.found = person.n_found == 1;
		account.disabled = person.state.disabled;
		account.locked = person.state.locked;
		account.expired = person.state.expired;
		account.account_id = person.id;
		person.id = NULL;
		*l->account = account;
	}
	person_fini(&person);
	return r;
}

int
rv_directory_ask(struct rv_directory *directory, int64_t deadline_ms,
    rv_directory_question *question, void *arg, struct rv_error *e)
{
	int r = RV_ERR_UNAVAILABLE;

	for (int i = 0; i < 2 && r == RV_ERR_UNAVAILABLE; i++) {
		struct rv_ldap *connection = NULL;

		r = rv_ldap_pool_acquire(
		    directory->pool, deadline_ms, &connection, e);
		if (r != RV_OK)
			return r;
		r = question(arg, connection);
		rv_ldap_pool_release(directory->pool, &connection, r, e);
	}
	return r;
}

static int
ask_with_retry(struct lookup *l)
{
	return rv_directory_ask(
	    l->directory, l->deadline_ms, ask, l, &l->error);
}

static void
tell(struct rv_account *account, int r, const struct rv_error *e)
{
	if (r != RV_OK)
		(void)snprintf(account->detail, sizeof(account->detail),
		    "%.250s", e->text[0] != '\0' ? e->text : rv_strerr(r));
}

static void
look_up_name(
    struct rv_directory *d, struct rv_slice name, struct rv_account *account)
{
	struct rv_buf filter = { .max = 0 }, value = { .max = 0 };
	struct lookup l = {
		.directory = d,
		.base = d->base,
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
	tell(account, r, &l.error);
	rv_buf_fini(&filter);
	rv_buf_fini(&value);
}

static void
look_up_id(struct rv_directory *d, const char *base, struct rv_account *account)
{
	struct lookup l = {
		.directory = d,
		.base = base,
		.by_id = true,
		.filter = "(objectClass=*)",
		.deadline_ms = rv_monotonic_ms() + d->deadline_ms,
		.account = account,
	};

	tell(account, ask_with_retry(&l), &l.error);
}

static void
look_up(struct rv_directory *d, const char *who, struct rv_account *account)
{
	struct rv_slice name, realm;
	char base[RV_SID_SIZE + 16];

	/*
	 * The whole name counts: alice/admin is not alice, and a principal
	 * of another realm is nobody in this directory.
	 */
	if (rv_ad_base_of(who, base, sizeof(base)))
		look_up_id(d, base, account);
	else if (!rv_principal_split(rv_slice_of(who), &name, &realm))
		(void)snprintf(account->detail, sizeof(account->detail),
		    "not a principal with one realm");
	else if (!rv_slice_eq_cstr(realm, d->realm))
		(void)snprintf(account->detail, sizeof(account->detail),
		    "the realm is not the directory's, %.128s", d->realm);
	else
		look_up_name(d, name, account);
}

void
rv_directory_lookup(struct rv_directory *directory, const char *who,
    struct rv_account *ret_account)
{
	*ret_account = (struct rv_account){ .known = false };
	look_up(directory, who, ret_account);
	if (directory->cache != NULL)
		rv_directory_cache_put(directory->cache, who, ret_account);
}

bool
rv_directory_recall(struct rv_directory *directory, const char *who,
    struct rv_account *ret_account)
{
	*ret_account = (struct rv_account){ .known = false };
	return directory->cache != NULL &&
	       rv_directory_cache_get(directory->cache, who, ret_account);
}

bool
rv_directory_has_sids(const struct rv_directory *directory)
{
	return atomic_load(&directory->kind) != RV_IS_OPENLDAP;
}
