#include "rest/account.h"

#include <string.h>

#include "config/config.h"
#include "loop/pool.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"

struct resolving {
	struct rv_job job;
	struct rv_exchange *x;
	const char *name; /* as the directory is asked */
	rv_account_resolved *then;
	void *arg;
	struct rv_directory *directory;
	struct rv_directory_found found;
};

/* ---- Without the directory ------------------------------------------------------ */

/* What is a principal by its prefix, whatever any directory says. */
static bool
is_principal(const char *name)
{
	static const char *const prefixes[] = {
		"krb5:", "cert:", "oidc:", "oidc-app:", "sid:", "group:"
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* "alice@LAB.TEST" of "krb5:alice@LAB.TEST"; the rest as it is. */
static const char *
logon_name_of(const char *principal)
{
	return strncmp(principal, "krb5:", 5) == 0 ? principal + 5 : principal;
}

static void
go_on_with_principal(struct resolving *r)
{
	const bool is_group = strncmp(r->name, "group:", 6) == 0;
	const struct rv_account_named account = {
		.principal = r->name,
		.account_id = is_group ? r->name + 6 : NULL,
		.logon_name = logon_name_of(r->name),
		.display_name = "",
		.dn = "",
		.is_group = is_group,
	};

	r->then(r->x, &account, r->arg);
}

/* ---- What the directory has found -------------------------------------------------- */

static const char *
keep(struct resolving *r, const char *text)
{
	return rv_arena_dup(r->x->arena, rv_slice_of(text));
}

static void
go_on_with_found(struct resolving *r)
{
	const struct rv_found_account *found = &r->found.accounts[0];
	const struct rv_account_named account = {
		.principal = keep(r, found->principal),
		.account_id = keep(r, found->account_id),
		.logon_name = keep(r, found->logon_name),
		.display_name = keep(r, found->display_name),
		.dn = keep(r, found->dn),
		.is_group = found->is_group,
	};
	const bool ok = account.principal != NULL &&
			account.account_id != NULL &&
			account.logon_name != NULL &&
			account.display_name != NULL && account.dn != NULL;

	rv_directory_found_fini(&r->found);
	if (ok) {
		r->then(r->x, &account, r->arg);
		return;
	}
	rv_answer_json(r->x, 200, NULL);
	rv_exchange_finish(r->x);
}

static void
answer_ambiguous(struct resolving *r)
{
	struct rv_problem problem = {
		.status = 409,
		.code = "ambiguous_account",
		.detail = "Several accounts have this name: send the "
			  "DistinguishedName or the principal of the one that "
			  "is meant.",
		.objects = json_array(),
	};

	for (size_t i = 0; i < r->found.n; i++) {
		const struct rv_found_account *a = &r->found.accounts[i];

		/* An answer without one of them says the same. */
		(void)json_array_append_new(problem.objects,
		    json_pack("{s:s, s:s, s:s, s:b}", "DistinguishedName",
			a->dn, "Principal", a->principal, "LogonName",
			a->logon_name, "IsGroup", a->is_group));
	}
	rv_answer_problem(r->x, &problem);
}

static void
answer_unknown(struct resolving *r)
{
	const char *detail = rv_arena_printf(r->x->arena,
	    "The directory of %s has no account %.256s. Somebody of another "
	    "realm is named krb5:NAME@REALM.",
	    r->x->lane->provider->config->directory_realm, r->name);

	rv_answer_error(r->x, 400, "unknown_account",
	    detail != NULL ? detail : "The directory has no such account.");
}

static void
answer_unusable(struct resolving *r)
{
	const char *detail = rv_arena_printf(r->x->arena,
	    "The directory cannot tell who %.256s is: %s.", r->name,
	    r->found.detail);

	if (r->found.refused)
		rv_answer_error(r->x, 400, "unusable_account",
		    detail != NULL ? detail
				   : "The directory cannot tell who this is.");
	else
		rv_answer_unavailable(r->x, "directory_unavailable",
		    "The directory does not answer, so that nobody can be "
		    "looked up in it (31243): try again later.");
}

static void
decide(struct rv_job *job)
{
	struct resolving *r = (struct resolving *)job;

	if (r->found.known && r->found.n == 1) {
		go_on_with_found(r);
		return;
	}
	if (!r->found.known)
		answer_unusable(r);
	else if (r->found.n == 0)
		answer_unknown(r);
	else
		answer_ambiguous(r);
	rv_directory_found_fini(&r->found);
	rv_exchange_finish(r->x);
}

static void
find(struct rv_job *job)
{
	struct resolving *r = (struct resolving *)job;

	rv_directory_find(r->directory, rv_slice_of(r->name), &r->found);
}

static void
ask_directory(struct resolving *r)
{
	r->job.run = find;
	r->job.done = decide;
	r->job.loop = r->x->lane->loop;
	if (rv_pool_submit(r->x->lane->provider->pool, &r->job) == RV_OK)
		return;
	rv_answer_unavailable(
	    r->x, "overload", "Too many look-ups are waiting; try again.");
	rv_exchange_finish(r->x);
}

/* ---- All --------------------------------------------------------------------------------- */

static void
resolve(struct resolving *r)
{
	const struct rv_provider *p = r->x->lane->provider;
	const char *plain = logon_name_of(r->name);

	r->directory = p->directory;
	if (!is_principal(r->name) && r->directory != NULL) {
		ask_directory(r);
	} else if (is_principal(r->name) && plain != r->name &&
		   rv_account_is_askable(p, plain)) {
		r->name = plain;
		ask_directory(r);
	} else if (is_principal(r->name)) {
		go_on_with_principal(r);
	} else {
		rv_answer_error(r->x, 400, "no_directory",
		    "This site has no directory in which an account could be "
		    "looked up: name a principal, such as "
		    "krb5:alice@EXAMPLE.COM.");
		rv_exchange_finish(r->x);
	}
}

void
rv_account_resolve(struct rv_exchange *x, const char *name,
    rv_account_resolved *then, void *arg)
{
	struct resolving *r = rv_arena_alloc(x->arena, sizeof(*r));

	if (r == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	*r = (struct resolving){
		.x = x, .name = name, .then = then, .arg = arg
	};
	resolve(r);
}
