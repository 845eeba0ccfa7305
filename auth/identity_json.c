/*
 * Identities as JSON: what one provider writes into the session table, and
 * another makes the same identity of.  The reader takes only what the writer
 * would have written, since an identity says who somebody is.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "identity_made.h"

#define VERSION	 1
#define TEXT_MAX 1024u

/* ---- Writing ---------------------------------------------------------------- */

/* Without the first `skip` bytes of each. */
static json_t *
array_of(const struct rv_slice *v, size_t n, size_t skip)
{
	json_t *a = json_array();

	for (size_t i = 0; a != NULL && i < n; i++)
		if (json_array_append_new(
			a, json_stringn(v[i].p + skip, v[i].n - skip)) != 0) {
			json_decref(a);
			a = NULL;
		}
	return a;
}

static json_t *
json_of(const struct rv_identity *id)
{
	return json_pack("{s:i, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:b, s:b, "
			 "s:I, s:s?, s:I, s:I, s:s?, s:b}",
	    "version", VERSION, "method", rv_auth_method_name(id->method),
	    "level", (int)id->level, "principal", id->principal, "lookup",
	    id->lookup, "source", id->source, "own",
	    array_of(id->ids, id->n_own, 0), "groups",
	    array_of(id->ids + id->n_own, id->n_ids - id->n_own,
		strlen(RV_IDENTITY_GROUP)),
	    "groups_known", id->groups_known, "groups_from_evidence",
	    id->groups_from_evidence, "groups_at", (json_int_t)id->groups_at_ms,
	    "account_id", id->account_id, "authenticated_at",
	    (json_int_t)id->authenticated_at_ms, "expires_at",
	    (json_int_t)id->expires_at_ms, "delegated_by", id->delegated_by,
	    "mapped", id->mapped);
}

int
rv_identity_print(const struct rv_identity *identity, char **ret_text)
{
	json_t *object = json_of(identity);
	char *text = NULL;

	if (object != NULL)
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (text == NULL)
		return RV_ERR_NOMEM;
	*ret_text = text;
	return RV_OK;
}

/* ---- Reading ---------------------------------------------------------------- */

struct reading {
	struct rv_identity_made made;
	struct rv_slice *own, *groups;
};

static bool
method_of(const char *name, enum rv_auth_method *ret_method)
{
	static const enum rv_auth_method methods[] = { RV_AUTH_KERBEROS,
		RV_AUTH_CERTIFICATE, RV_AUTH_TOKEN };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(name, rv_auth_method_name(methods[i])) == 0) {
			*ret_method = methods[i];
			return true;
		}
	return false;
}

static int
slices_of(const json_t *array, struct rv_slice **ret_slices, size_t *ret_n)
{
	struct rv_slice *s;
	size_t n = json_array_size(array), i;
	json_t *value;

	if (n > RV_TEXTS_MAX)
		return RV_ERR_INVALID;
	s = calloc(n > 0 ? n : 1, sizeof(*s));
	if (s == NULL)
		return RV_ERR_NOMEM;
	*ret_slices = s;
	json_array_foreach(array, i, value)
	{
		s[i] = (struct rv_slice){ json_string_value(value),
			json_string_length(value) };
		if (!json_is_string(value) || s[i].n == 0 ||
		    s[i].n > TEXT_MAX || !rv_slice_is_text(s[i]))
			return RV_ERR_INVALID;
	}
	*ret_n = n;
	return RV_OK;
}

/* A string, or null. */
static bool
text_or_null(const json_t *value, const char **ret_text)
{
	*ret_text = json_string_value(value);
	return json_is_string(value) || json_is_null(value);
}

/* Members of the right kinds; what they say is checked afterwards. */
static int
unpack(json_t *object, struct reading *r)
{
	struct rv_identity *f = &r->made.facts;
	const json_t *own, *groups, *account_id, *delegated_by;
	json_int_t groups_at, authenticated_at, expires_at;
	int known, from_evidence, mapped, version, level;
	const char *method;
	int e;

	if (json_unpack(object,
		"{s:i, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:I, "
		"s:o, s:I, s:I, s:o, s:b !}",
		"version", &version, "method", &method, "level", &level,
		"principal", &f->principal, "lookup", &f->lookup, "source",
		&f->source, "own", &own, "groups", &groups, "groups_known",
		&known, "groups_from_evidence", &from_evidence, "groups_at",
		&groups_at, "account_id", &account_id, "authenticated_at",
		&authenticated_at, "expires_at", &expires_at, "delegated_by",
		&delegated_by, "mapped", &mapped) != 0 ||
	    version != VERSION || !method_of(method, &f->method) ||
	    level < RV_LEVEL_NONE || level > RV_LEVEL_HELLO ||
	    !text_or_null(account_id, &f->account_id) ||
	    !text_or_null(delegated_by, &f->delegated_by))
		return RV_ERR_INVALID;
	f->level = (enum rv_level)level;
	f->groups_known = known != 0;
	f->groups_from_evidence = from_evidence != 0;
	f->groups_at_ms = groups_at;
	f->authenticated_at_ms = authenticated_at;
	f->expires_at_ms = expires_at;
	f->mapped = mapped != 0;
	e = slices_of(own, &r->own, &r->made.n_own);
	if (e == RV_OK)
		e = slices_of(groups, &r->groups, &r->made.n_groups);
	r->made.own = r->own;
	r->made.groups = r->groups;
	return e;
}

/* What no sign-in gives. */
static bool
is_possible(const struct rv_identity_made *m)
{
	const struct rv_identity *f = &m->facts;

	return f->principal[0] != '\0' &&
	       strlen(f->principal) < RV_PRINCIPAL_MAX &&
	       strlen(f->lookup) < RV_PRINCIPAL_MAX && m->n_own > 0 &&
	       (f->groups_known || (m->n_groups == 0 && f->groups_at_ms == 0 &&
				       !f->groups_from_evidence)) &&
	       (f->delegated_by == NULL || f->level <= RV_LEVEL_WINDOWS);
}

int
rv_identity_read(struct rv_slice text, const struct rv_identity **ret_identity)
{
	json_t *object = json_loadb(
	    text.p != NULL ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
	struct reading r = { .own = NULL };
	const struct rv_identity *id = NULL;
	json_t *again = NULL;
	int e = RV_ERR_INVALID;

	if (object == NULL)
		return RV_ERR_INVALID;
	e = unpack(object, &r);
	if (e == RV_OK && !is_possible(&r.made))
		e = RV_ERR_INVALID;
	if (e != RV_OK)
		goto out;
	e = RV_ERR_NOMEM;
	id = rv_identity_make(&r.made);
	again = id != NULL ? json_of(id) : NULL;
	if (again == NULL)
		goto out;
	e = json_equal(object, again) ? RV_OK : RV_ERR_INVALID;
out:
	free(r.own);
	free(r.groups);
	json_decref(again);
	json_decref(object);
	if (e == RV_OK)
		*ret_identity = id;
	else
		rv_identity_unref(&id);
	return e;
}
