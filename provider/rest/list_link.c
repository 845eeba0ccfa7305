#include "rest/list_link.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "rest/page_token.h"
#include "store/pg.h"

#include <openssl/evp.h>

#define PAD 256u

/* ---- The key ----------------------------------------------------------------------- */

/* In the arena of its exchange. */
struct asking {
	struct rv_exchange *x;
	void (*then)(void *arg, bool known);
	void *arg;
};

static void
on_key(void *arg, const struct rv_pg_answer *reply)
{
	struct asking *a = arg;
	struct rv_lane *lane = a->x->lane;

	if (reply->outcome == RV_PG_DONE &&
	    rv_page_key_read(rv_slice_of(PQgetvalue(reply->results[0], 0, 0)),
		&lane->page_key) == RV_OK)
		lane->has_page_key = true;
	else
		rv_answer_unavailable(a->x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
	a->then(a->arg, lane->has_page_key);
}

void
rv_list_key(
    struct rv_exchange *x, void (*then)(void *arg, bool known), void *arg)
{
	static const struct rv_pg_step step = { .sql =
						    "SELECT reeve.page_key()" };
	struct asking *a;

	if (x->lane->has_page_key) {
		then(arg, true);
		return;
	}
	a = rv_arena_alloc(x->arena, sizeof(*a));
	if (a == NULL) {
		rv_answer_json(x, 200, NULL);
		then(arg, false);
		return;
	}
	*a = (struct asking){ x, then, arg };
	rv_pg_run(x->lane->pg, &step, 1, false, on_key, a);
}

/* ---- The rest of the query --------------------------------------------------------- */

/* Whether an option says where the list begins: the token says it then. */
static bool
is_position(struct rv_slice name)
{
	static const char *const names[] = { "skiptoken", "top", "skip" };

	if (rv_slice_has_prefix(name, RV_SLICE_LIT("%24"))) {
		name.p += 3;
		name.n -= 3;
	} else if (name.n > 0 && name.p[0] == '$') {
		name.p++;
		name.n--;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (rv_slice_ieq(name, rv_slice_of(names[i])))
			return true;
	return false;
}

/* The options of the query as they were written, but where it begins. */
static void
put_options(struct rv_slice query, struct rv_buf *out)
{
	while (query.n > 0) {
		const char *amp = memchr(query.p, '&', query.n);
		const size_t n =
		    amp != NULL ? (size_t)(amp - query.p) : query.n;
		const char *eq = memchr(query.p, '=', n);
		const struct rv_slice name = { query.p,
			eq != NULL ? (size_t)(eq - query.p) : n };

		if (n > 0 && !is_position(name)) {
			rv_buf_put_slice(out, (struct rv_slice){ query.p, n });
			rv_buf_putc(out, '&');
		}
		query.p += amp != NULL ? n + 1 : n;
		query.n -= amp != NULL ? n + 1 : n;
	}
}

/* What a token is bound to, in the arena: absent when out of memory. */
static struct rv_slice
bound_to(struct rv_exchange *x, const char *class)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct rv_buf options = { 0 };
	const char *bound = NULL;
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;

	put_options(x->request.query, &options);
	if (!options.failed &&
	    EVP_Digest(options.p, options.n, hash, &n, EVP_sha256(), NULL) == 1)
		bound = rv_arena_printf(x->arena, "%s\n%s\n%s", class,
		    x->identity->principal, rv_hex(hex, hash, n));
	rv_buf_fini(&options);
	return rv_slice_of(bound);
}

/* ---- Reading ------------------------------------------------------------------------ */

static bool
read_size(const json_t *value, size_t *ret)
{
	if (json_is_null(value)) {
		*ret = SIZE_MAX;
		return true;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ret = (size_t)json_integer_value(value);
	return true;
}

static int
read_values(
    struct rv_arena *arena, const json_t *values, struct rv_list_place *ret)
{
	const json_t *value;
	size_t i;

	if (!json_is_array(values) ||
	    json_array_size(values) > RV_LIST_VALUES_MAX)
		return RV_ERR_INVALID;
	json_array_foreach(values, i, value)
	{
		if (json_is_string(value)) {
			const struct rv_slice s = { json_string_value(value),
				json_string_length(value) };

			ret->after[i].p = rv_arena_dup(arena, s);
			ret->after[i].n = s.n;
			if (ret->after[i].p == NULL)
				return RV_ERR_NOMEM;
		} else if (!json_is_null(value)) {
			return RV_ERR_INVALID;
		}
	}
	ret->n_after = json_array_size(values);
	return RV_OK;
}

/* What rv_list_link() has sealed. */
static int
read_sealed(
    struct rv_arena *arena, struct rv_slice sealed, struct rv_list_place *ret)
{
	json_t *root = json_loadb(sealed.p, sealed.n, 0, NULL);
	int r = RV_ERR_INVALID;

	if (read_size(json_object_get(root, "skip"), &ret->skip) &&
	    read_size(json_object_get(root, "top"), &ret->top))
		r = read_values(arena, json_object_get(root, "after"), ret);
	json_decref(root);
	return r;
}

int
rv_list_place_read(struct rv_exchange *x, const char *class,
    const struct rv_odata_query *query, struct rv_list_place *ret)
{
	const struct rv_page_key *key = &x->lane->page_key;
	struct rv_slice bound, sealed;
	int r;

	*ret = (struct rv_list_place){ .skip = query->skip, .top = query->top };
	if (query->skiptoken.p == NULL)
		return RV_OK;
	bound = bound_to(x, class);
	if (bound.p == NULL)
		return RV_ERR_NOMEM;
	r = rv_page_token_open(key, x->arena, bound, query->skiptoken, &sealed);
	return r == RV_OK ? read_sealed(x->arena, sealed, ret) : r;
}

/* ---- Writing --------------------------------------------------------------------------- */

static json_t *
size_json(size_t n)
{
	return n == SIZE_MAX ? json_null() : json_integer((json_int_t)n);
}

/*
 * Blanks behind it, so that the length of a token says little about values of
 * a row that the caller may not see.
 */
static const char *
padded(struct rv_arena *arena, const char *text)
{
	const size_t n = strlen(text);
	const int whole = (int)((n + PAD - 1) / PAD * PAD);

	return rv_arena_printf(arena, "%-*s", whole, text);
}

static const char *
seal(struct rv_exchange *x, const char *class, struct rv_slice values,
    const struct rv_list_place *place)
{
	const struct rv_slice bound = bound_to(x, class);
	json_t *root = json_pack("{s:o, s:o, s:o}", "after",
	    json_loadb(values.p, values.n, 0, NULL), "skip",
	    size_json(place->skip), "top", size_json(place->top));
	char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	const struct rv_slice sealed =
	    rv_slice_of(text != NULL ? padded(x->arena, text) : NULL);
	const char *token = NULL;

	if (sealed.p != NULL && bound.p != NULL)
		token = rv_page_token_seal(
		    &x->lane->page_key, x->arena, bound, sealed);
	free(text);
	json_decref(root);
	return token;
}

const char *
rv_list_link(struct rv_exchange *x, const char *class, struct rv_slice values,
    const struct rv_list_place *place)
{
	const char *token = seal(x, class, values, place);
	const char *link = NULL;
	struct rv_buf out = { 0 };

	if (token == NULL)
		return NULL;
	rv_buf_put_slice(&out, x->request.path);
	rv_buf_putc(&out, '?');
	put_options(x->request.query, &out);
	rv_buf_printf(&out, "$skiptoken=%s", token);
	if (!out.failed)
		link = rv_arena_dup(x->arena, rv_buf_slice(&out));
	rv_buf_fini(&out);
	return link;
}
