/*
 * Accounts by the names that administrators use: DOMAIN\name, name@domain, a
 * SID, a DN, a bare name.  People and groups, and all that match, so that
 * nobody is taken for another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "directory_ad.h"
#include "directory_made.h"
#include "group_walk.h"
#include "ldap_entry.h"

#define TEXT_MAX_BYTES 1024u /* of a value that is shown */

/* "groupOfNames" and its kin: RFC 4519, RFC 2307, Active Directory. */
#define GROUP_CLASSES                                     \
	"(|(objectClass=group)(objectClass=groupOfNames)" \
	"(objectClass=groupOfMembers)"                    \
	"(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
static const char *const group_classes[] = { "group", "groupOfNames",
	"groupOfMembers", "groupOfUniqueNames", "posixGroup" };

/* How a text names an account. */
enum form {
	FORM_NAME, /* alice, or LAB\alice: the name of the account */
	FORM_UPN,  /* alice@lab.test */
	FORM_SID,  /* S-1-5-21-... */
	FORM_DN,   /* CN=Alice,... */
	FORM_ID,   /* its immutable id, as rv_account has it */
};

struct find {
	struct rv_directory *directory;
	enum form form;
	struct rv_slice text; /* whole */
	struct rv_slice name; /* without its domain */
	bool here;	      /* the domain is the directory's, or not said */
	bool is_ad;
	int64_t deadline_ms;
	struct rv_directory_found *found;
	struct rv_error error;
};

/* ---- What a text is ------------------------------------------------------------- */

/* The realm itself, or its NetBIOS name, in any case. */
static bool
is_domain(const struct rv_directory *d, const char *domain, size_t n)
{
	return (n == strlen(d->realm) &&
		   strncasecmp(domain, d->realm, n) == 0) ||
	       (n == strlen(d->domain) && n > 0 &&
		   strncasecmp(domain, d->domain, n) == 0);
}

/* Cuts "LAB\alice" and "alice@lab.test"; leaves "alice". */
static void
split_domain(struct find *f)
{
	const char *const text = f->text.p, *const end = text + f->text.n;
	const char *slash = memchr(text, '\\', f->text.n);
	const char *at = memrchr(text, '@', f->text.n);

	if (slash != NULL) {
		f->here = is_domain(f->directory, text, (size_t)(slash - text));
		f->name.p = slash + 1;
		f->name.n = (size_t)(end - f->name.p);
	} else if (at != NULL) {
		f->form = FORM_UPN;
		f->here =
		    is_domain(f->directory, at + 1, (size_t)(end - at - 1));
		f->name.n = (size_t)(at - text);
	}
}

static void
read_text(struct find *f)
{
	f->here = true;
	f->name = f->text;
	f->form = FORM_NAME;
	if (f->text.n > 4 && strncasecmp(f->text.p, "S-1-", 4) == 0)
		f->form = FORM_SID;
	else if (memchr(f->text.p, '=', f->text.n) != NULL)
		f->form = FORM_DN;
	else
		split_domain(f);
}

/* ---- Filters ---------------------------------------------------------------------- */

static void
put_item(struct rv_buf *out, const char *attribute, struct rv_slice value)
{
	rv_buf_puts(out, "(");
	rv_buf_puts(out, attribute);
	rv_buf_puts(out, "=");
	rv_filter_put_value(out, value);
	rv_buf_puts(out, ")");
}

/* People by the name of the account, and as Active Directory knows it. */
static void
people_named(const struct find *f, struct rv_buf *out)
{
	rv_buf_puts(out, "(|");
	if (f->here)
		rv_user_filter_print(&f->directory->filter, f->name, out);
	if (f->form == FORM_UPN)
		put_item(out, "userPrincipalName", f->text);
	rv_buf_puts(out, ")");
}

static void
groups_named(const struct find *f, struct rv_buf *out)
{
	rv_buf_puts(out, "(&" GROUP_CLASSES);
	put_item(out, f->is_ad ? "sAMAccountName" : "cn", f->name);
	rv_buf_puts(out, ")");
}

/* A SID as the directory reads it: its S is a capital one. */
static void
put_sid(struct rv_buf *out, struct rv_slice sid)
{
	rv_buf_puts(out, "(" RV_AD_ID "=S");
	rv_filter_put_value(out, (struct rv_slice){ sid.p + 1, sid.n - 1 });
	rv_buf_puts(out, ")");
}

static void
one_entry(const struct find *f, struct rv_buf *out)
{
	if (f->is_ad && f->form != FORM_DN && f->text.n > 0)
		put_sid(out, f->text);
	else if (f->form == FORM_ID)
		put_item(out, f->directory->id_attribute, f->text);
	else
		put_item(
		    out, f->is_ad ? "distinguishedName" : "entryDN", f->text);
}

/* ---- Entries ---------------------------------------------------------------------- */

static bool
is_group(const struct rv_ldap_entry *entry)
{
	for (size_t i = 0; i < sizeof(group_classes) / sizeof(char *); i++)
		if (rv_ldap_entry_has(
			entry, "objectClass", rv_slice_of(group_classes[i])))
			return true;
	return false;
}

/* A text that may be missing: "" then, owned by the caller; NULL: no memory. */
static char *
text_of(const struct rv_ldap_entry *entry, const char *attribute)
{
	char *text = NULL;
	const int r =
	    rv_ldap_entry_value(entry, attribute, TEXT_MAX_BYTES, &text);

	return r == RV_OK ? text : r == RV_ERR_NOMEM ? NULL : strdup("");
}

static bool
is_known(const struct rv_directory_found *found, const char *id)
{
	for (size_t i = 0; i < found->n; i++)
		if (strcmp(found->accounts[i].account_id, id) == 0)
			return true;
	return false;
}

/* "alice" of "uid=alice" with the filter's prefix and suffix; NULL: none. */
static char *
account_name(const struct find *f, const char *value)
{
	const struct rv_user_filter *filter = &f->directory->filter;
	const size_t n = strlen(value), before = strlen(filter->prefix),
		     after = strlen(filter->suffix);

	if (n <= before + after ||
	    strncmp(value, filter->prefix, before) != 0 ||
	    strcmp(value + n - after, filter->suffix) != 0)
		return NULL;
	return strndup(value + before, n - before - after);
}

static int
print_principal(const struct find *f, struct rv_found_account *a,
    const struct rv_ldap_entry *entry)
{
	char *value = NULL, *name = NULL;
	int r = RV_ERR_NOMEM;

	if (a->is_group) {
		if (asprintf(&a->principal, "group:%s", a->account_id) < 0)
			a->principal = NULL;
		return a->principal != NULL ? RV_OK : RV_ERR_NOMEM;
	}
	r = rv_ldap_entry_value(
	    entry, f->directory->filter.attribute, TEXT_MAX_BYTES, &value);
	if (r == RV_OK) {
		name = account_name(f, value);
		r = name != NULL ? RV_OK : RV_ERR_INVALID;
	}
	if (r == RV_OK && asprintf(&a->principal, "krb5:%s@%s", name,
			      f->directory->realm) < 0) {
		a->principal = NULL;
		r = RV_ERR_NOMEM;
	}
	free(value);
	free(name);
	return r;
}

/* LAB\alice in Active Directory; alice@LAB.TEST elsewhere; a group's cn. */
static int
print_logon_name(const struct find *f, struct rv_found_account *a,
    const struct rv_ldap_entry *entry)
{
	char *name = NULL;
	int n = -1;

	if (f->is_ad) {
		name = text_of(entry, "sAMAccountName");
		if (name != NULL)
			n = asprintf(&a->logon_name, "%s\\%s",
			    f->directory->domain, name);
	} else if (a->is_group) {
		a->logon_name = text_of(entry, "cn");
		n = a->logon_name != NULL ? 0 : -1;
	} else {
		a->logon_name = strdup(a->principal + strlen("krb5:"));
		n = a->logon_name != NULL ? 0 : -1;
	}
	free(name);
	if (n < 0)
		a->logon_name = NULL;
	return n < 0 ? RV_ERR_NOMEM : RV_OK;
}

static int
read_account(struct find *f, const struct rv_ldap_entry *entry,
    struct rv_found_account *a)
{
	int r = f->is_ad ? rv_ad_sid(entry, &a->account_id, &f->error)
			 : rv_directory_id(entry, f->directory->id_attribute,
			       &a->account_id, &f->error);

	if (r != RV_OK)
		return r;
	a->is_group = is_group(entry);
	r = print_principal(f, a, entry);
	if (r == RV_ERR_INVALID || r == RV_ERR_NOTFOUND) {
		rv_error_set(&f->error, "the entry has not exactly one %s",
		    f->directory->filter.attribute);
		return RV_ERR_INVALID;
	}
	if (r == RV_OK)
		r = print_logon_name(f, a, entry);
	a->dn = rv_ldap_entry_dn(entry);
	a->display_name = text_of(entry, "displayName");
	if (a->display_name != NULL && *a->display_name == '\0') {
		free(a->display_name);
		a->display_name = text_of(entry, "cn");
	}
	if (r == RV_OK && (a->dn == NULL || a->display_name == NULL))
		r = RV_ERR_NOMEM;
	return r;
}

static void
account_fini(struct rv_found_account *a)
{
	free(a->dn);
	free(a->account_id);
	free(a->principal);
	free(a->logon_name);
	free(a->display_name);
	*a = (struct rv_found_account){ .dn = NULL };
}

static int
on_entry(void *arg, const struct rv_ldap_entry *entry, struct rv_error *e)
{
	struct find *f = arg;
	struct rv_found_account a = { .dn = NULL };
	int r;

	(void)e;
	if (f->found->n == RV_FOUND_MAX) {
		rv_error_set(&f->error, "more than %u accounts have this name",
		    RV_FOUND_MAX);
		return RV_ERR_INVALID;
	}
	r = read_account(f, entry, &a);
	if (r == RV_OK && !is_known(f->found, a.account_id)) {
		f->found->accounts[f->found->n++] = a;
		a = (struct rv_found_account){ .dn = NULL };
	}
	account_fini(&a);
	return r;
}

/* ---- Searching ---------------------------------------------------------------------- */

typedef void filter_fn(const struct find *f, struct rv_buf *out);

static int
search(struct find *f, struct rv_ldap *connection, const char *base,
    filter_fn *print)
{
	const struct rv_directory *d = f->directory;
	const char *const attributes[] = { "objectClass", "cn", "displayName",
		f->is_ad ? RV_AD_ID : d->id_attribute, d->filter.attribute,
		"sAMAccountName", NULL };
	struct rv_buf filter = { .max = 0 };
	struct rv_ldap_query query = {
		.base = base, .domain_scope = f->is_ad, .attributes = attributes
	};
	int r = RV_ERR_NOMEM;

	print(f, &filter);
	query.filter = rv_buf_cstr(&filter);
	if (query.filter != NULL)
		r = rv_ldap_search(
		    connection, &query, f->deadline_ms, on_entry, f, &f->error);
	rv_buf_fini(&filter);
	return r;
}

static int
search_all(struct find *f, struct rv_ldap *connection)
{
	const struct rv_directory *d = f->directory;
	const bool by_name = f->form == FORM_NAME || f->form == FORM_UPN;
	int r;

	if (f->form == FORM_SID && !f->is_ad) {
		rv_error_set(&f->error, "this directory has no SIDs");
		return RV_ERR_INVALID;
	}
	r = search(f, connection, d->base, by_name ? people_named : one_entry);
	if (r == RV_OK && !(by_name && !f->here))
		r = search(f, connection, d->group_base,
		    by_name ? groups_named : one_entry);
	return r;
}

static void
found_clear(struct rv_directory_found *found)
{
	for (size_t i = 0; i < found->n; i++)
		account_fini(&found->accounts[i]);
	found->n = 0;
}

static int
ask(void *arg, struct rv_ldap *connection)
{
	struct find *f = arg;
	int r;

	/* Put once more, it starts anew. */
	found_clear(f->found);
	r = rv_directory_kind_of(
	    f->directory, connection, f->deadline_ms, &f->is_ad, &f->error);
	if (r == RV_OK && (f->here || f->form == FORM_UPN))
		r = search_all(f, connection);
	return r;
}

static void
find(struct find *f)
{
	struct rv_directory_found *found = f->found;
	int r;

	f->deadline_ms = rv_monotonic_ms() + f->directory->deadline_ms;
	*found = (struct rv_directory_found){ .known = false };
	r = rv_directory_ask(f->directory, f->deadline_ms, ask, f, &f->error);
	found->known = r == RV_OK;
	if (r == RV_OK)
		return;
	found_clear(found);
	(void)snprintf(found->detail, sizeof(found->detail), "%.250s",
	    f->error.text[0] != '\0' ? f->error.text : rv_strerr(r));
	found->refused = r == RV_ERR_INVALID;
}

void
rv_directory_find(struct rv_directory *directory, struct rv_slice name,
    struct rv_directory_found *ret_found)
{
	struct find f = {
		.directory = directory,
		.text = name,
		.found = ret_found,
	};

	read_text(&f);
	find(&f);
}

void
rv_directory_find_id(struct rv_directory *directory, struct rv_slice id,
    struct rv_directory_found *ret_found)
{
	struct find f = {
		.directory = directory,
		.form = FORM_ID,
		.text = id,
		.here = true,
		.found = ret_found,
	};

	find(&f);
}

void
rv_directory_found_fini(struct rv_directory_found *found)
{
	found_clear(found);
	*found = (struct rv_directory_found){ .known = false };
}
