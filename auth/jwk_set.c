/* A set of keys as an issuer publishes it. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "jwk.h"

struct rv_jwk_set {
	atomic_size_t refs;
	size_t n;
	struct rv_jwk keys[];
};

static void
free_set(struct rv_jwk_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n; i++)
		rv_jwk_fini(&set->keys[i]);
	free(set);
}

static bool
can_same(const struct rv_jwk *a, const struct rv_jwk *b)
{
	for (unsigned i = 0; i < RV_JWS_N_ALGS; i++)
		if (a->ready[i] != NULL && b->ready[i] != NULL)
			return true;
	return false;
}

/* Two keys of one name: which one is meant would be up to the token. */
static bool
is_ambiguous(const struct rv_jwk_set *set, const struct rv_jwk *jwk)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->keys[i].kid != NULL && jwk->kid != NULL &&
		    strcmp(set->keys[i].kid, jwk->kid) == 0 &&
		    can_same(&set->keys[i], jwk))
			return true;
	return false;
}

static int
take_keys(const json_t *keys, struct rv_jwk_set *set, struct rv_error *e)
{
	const json_t *object;
	size_t i;

	json_array_foreach(keys, i, object)
	{
		struct rv_error why = { "" };
		struct rv_jwk jwk;
		enum rv_jwk_kind kind = rv_jwk_parse(object, &jwk, &why);

		if (kind == RV_JWK_OTHER)
			continue;
		if (kind == RV_JWK_BAD) {
			rv_error_set(e, "the key set has %s", why.text);
			return RV_ERR_INVALID;
		}
		if (is_ambiguous(set, &jwk)) {
			rv_jwk_fini(&jwk);
			rv_error_set(e, "the key set has two keys of one kid");
			return RV_ERR_INVALID;
		}
		set->keys[set->n++] = jwk;
	}
	if (set->n > 0)
		return RV_OK;
	rv_error_set(e, "the key set has no key that can be used");
	return RV_ERR_INVALID;
}

static int
parse(const json_t *root, struct rv_jwk_set **ret_set, struct rv_error *e)
{
	const json_t *keys = json_object_get(root, "keys");
	const size_t n = json_array_size(keys);
	struct rv_jwk_set *set;
	int r;

	if (!json_is_array(keys)) {
		rv_error_set(e, "this is no key set");
		return RV_ERR_INVALID;
	}
	if (n > RV_JWK_SET_KEYS_MAX) {
		rv_error_set(e, "the key set has %zu keys, more than %u", n,
		    RV_JWK_SET_KEYS_MAX);
		return RV_ERR_LIMIT;
	}
	set = calloc(1, sizeof(*set) + n * sizeof(set->keys[0]));
	if (set == NULL)
		return RV_ERR_NOMEM;
	atomic_init(&set->refs, 1);
	r = take_keys(keys, set, e);
	if (r != RV_OK) {
		free_set(set);
		return r;
	}
	*ret_set = set;
	return RV_OK;
}

int
rv_jwk_set_parse(
    struct rv_slice text, struct rv_jwk_set **ret_set, struct rv_error *e)
{
	json_t *root;
	int r;

	if (text.n > RV_JWK_SET_BYTES_MAX) {
		rv_error_set(e, "the key set has more than 256 KiB");
		return RV_ERR_LIMIT;
	}
	root = rv_jws_json(text);
	r = parse(root, ret_set, e);
	json_decref(root);
	return r;
}

struct rv_jwk_set *
rv_jwk_set_ref(struct rv_jwk_set *set)
{
	atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
	return set;
}

void
rv_jwk_set_unref(struct rv_jwk_set **set)
{
	if (*set != NULL && atomic_fetch_sub_explicit(
				&(*set)->refs, 1, memory_order_acq_rel) == 1)
		free_set(*set);
	*set = NULL;
}

size_t
rv_jwk_set_size(const struct rv_jwk_set *set)
{
	return set->n;
}

const struct rv_jwk *
rv_jwk_set_at(const struct rv_jwk_set *set, size_t i)
{
	return &set->keys[i];
}

const struct rv_jwk *
rv_jwk_set_find(
    const struct rv_jwk_set *set, struct rv_slice kid, enum rv_jws_alg alg)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->keys[i].kid != NULL &&
		    rv_slice_eq_cstr(kid, set->keys[i].kid) &&
		    set->keys[i].ready[alg] != NULL)
			return &set->keys[i];
	return NULL;
}
