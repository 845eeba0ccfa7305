#include "rest/search.h"

#include <openssl/evp.h>
#include <string.h>

#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/body.h"
#include "rest/page_token.h"
#include "rest/timestamp.h"

const struct rv_person *
rv_search_person(const struct rv_search *search)
{
	return rv_people_get(search->people, search->item.person);
}

int
rv_search_append(json_t *array, json_t *row)
{
	return json_array_append_new(array, row) == 0 ? RV_OK : RV_ERR_NOMEM;
}

/* ---- What a token is bound to ------------------------------------------------------ */

static bool
digest(EVP_MD_CTX *c, struct rv_slice s)
{
	const unsigned char n[4] = { (unsigned char)(s.n >> 24),
		(unsigned char)(s.n >> 16), (unsigned char)(s.n >> 8),
		(unsigned char)s.n };

	return EVP_DigestUpdate(c, n, sizeof(n)) == 1 &&
	       EVP_DigestUpdate(c, s.p, s.n) == 1;
}

/* Kind, caller and question, as a digest; absent when out of memory. */
static struct rv_slice
bound_to(const struct rv_search *search)
{
	const struct rv_question *q = &search->item.question;
	const bool has_id =
	    (search->kind->entities & RV_ENTITY_SUBJECT_ID) != 0;
	const struct rv_slice parts[] = {
		rv_slice_of(search->kind->name),
		rv_slice_of(search->x->identity->principal),
		has_id ? rv_search_person(search)->type : search->subject_type,
		has_id ? rv_search_person(search)->id : RV_SLICE_NONE,
		q->type,
		q->operation,
		q->key,
	};
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char hash[EVP_MAX_MD_SIZE];
	char *hex = rv_arena_alloc(search->x->arena, 2 * sizeof(hash) + 1);
	struct rv_slice bound = RV_SLICE_NONE;
	unsigned n = 0;
	bool ok = c != NULL && hex != NULL &&
		  EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < sizeof(parts) / sizeof(parts[0]); i++)
		ok = digest(c, parts[i]);
	if (ok && EVP_DigestFinal_ex(c, hash, &n) == 1)
		bound = rv_slice_of(rv_hex(hex, hash, n));
	EVP_MD_CTX_free(c);
	return bound;
}

/* ---- The page that is asked for ------------------------------------------------------ */

static bool
bad(struct rv_search *search, const char *path, const char *what)
{
	rv_body_bad(search->x, path, what);
	return false;
}

/* What is sealed: the limit, a blank, where the last page ended. */
static bool
open_token(struct rv_search *search, struct rv_slice token, bool has_limit)
{
	struct rv_exchange *x = search->x;
	struct rv_slice sealed, number;
	const char *blank = NULL;
	uint64_t limit = 0;

	if (rv_page_token_open(&x->lane->provider->page_key, x->arena,
		bound_to(search), token, &sealed) == RV_OK)
		blank = memchr(sealed.p, ' ', sealed.n);
	if (blank != NULL) {
		number =
		    (struct rv_slice){ sealed.p, (size_t)(blank - sealed.p) };
		if (rv_slice_to_u64(number, RV_SEARCH_PAGE, &limit) != RV_OK)
			blank = NULL;
	}
	if (blank == NULL)
		return bad(search, "page.token",
		    "is not one that this provider gave you for this search; "
		    "begin it anew");
	if (has_limit && limit != search->limit)
		return bad(search, "page.limit",
		    "must stay the same from page to page");
	search->limit = (size_t)limit;
	search->after = (struct rv_slice){ blank + 1,
		sealed.n - (size_t)(blank + 1 - sealed.p) };
	return true;
}

static bool
read_limit(struct rv_search *search, const json_t *limit, bool *ret_has)
{
	*ret_has = limit != NULL && !json_is_null(limit);
	search->limit = RV_SEARCH_PAGE;
	if (!*ret_has)
		return true;
	if (!json_is_integer(limit) || json_integer_value(limit) < 0)
		return bad(
		    search, "page.limit", "must be a whole number, 0 or more");
	/* 0 says nothing: the page is as long as it would be anyway. */
	if (json_integer_value(limit) > 0 &&
	    json_integer_value(limit) < (json_int_t)RV_SEARCH_PAGE)
		search->limit = (size_t)json_integer_value(limit);
	return true;
}

/* False: the exchange has been answered. */
static bool
read_page(struct rv_search *search, const json_t *root)
{
	const json_t *page = json_object_get(root, "page");
	const json_t *token = json_object_get(page, "token");
	const json_t *properties = json_object_get(page, "properties");
	const json_t *count = json_object_get(properties, "count_only");
	struct rv_slice text;
	bool has_limit;

	if (page != NULL && !json_is_null(page) && !json_is_object(page))
		return bad(search, "page", "must be an object");
	if (count != NULL && !json_is_boolean(count))
		return bad(search, "page.properties.count_only",
		    "must be true or false");
	search->count_only = json_is_true(count);
	if (!read_limit(search, json_object_get(page, "limit"), &has_limit))
		return false;
	if (token == NULL || json_is_null(token))
		return true;
	if (!json_is_string(token))
		return bad(search, "page.token", "must be a string");
	text = (struct rv_slice){ json_string_value(token),
		json_string_length(token) };
	return text.n == 0 || open_token(search, text, has_limit);
}

static bool
read_subject_type(struct rv_search *search, const json_t *root)
{
	return (search->kind->entities & RV_ENTITY_SUBJECT_ID) != 0 ||
	       rv_body_string(search->x, json_object_get(root, "subject"),
		   "type", "subject.type", &search->subject_type) == RV_OK;
}

/* False: the exchange has been answered. */
static bool
read_search(struct rv_search *search, const json_t *root)
{
	struct rv_exchange *x = search->x;

	if (rv_item_read(x, root, NULL, search->kind->entities, search->people,
		&search->item) != RV_OK) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	if (search->item.wrong != NULL) {
		rv_item_answer_wrong(x, &search->item);
		return false;
	}
	return read_subject_type(search, root) && read_page(search, root);
}

/* ---- The answer ------------------------------------------------------------------------- */

static const char *
next_token(struct rv_search *search)
{
	struct rv_exchange *x = search->x;
	const struct rv_slice bound = bound_to(search);
	const char *sealed;

	if (!search->more)
		return "";
	if (search->last.failed || bound.p == NULL)
		return NULL;
	sealed = rv_arena_printf(x->arena, "%zu %.*s", search->limit,
	    RV_SLICE_FMT(rv_buf_slice(&search->last)));
	if (sealed == NULL)
		return NULL;
	return rv_page_token_seal(
	    &x->lane->provider->page_key, x->arena, bound, rv_slice_of(sealed));
}

static json_t *
page_json(struct rv_search *search)
{
	const char *token = next_token(search);
	json_t *total = NULL;

	if (token == NULL)
		return NULL;
	if (search->has_total)
		total = json_integer((json_int_t)search->total);
	return json_pack("{s:s, s:I, s:o*}", "next_token", token, "count",
	    (json_int_t)search->count, "total", total);
}

static json_t *
context_json(struct rv_search *search)
{
	struct rv_exchange *x = search->x;
	json_t *context = json_pack("{s:s, s:I, s:s*, s:s*}", "reason",
	    search->reason, "revision", (json_int_t)x->revision, "evaluated_at",
	    rv_timestamp(x->arena, rv_exchange_instant(x)), "valid_until",
	    rv_timestamp(x->arena, search->valid_until_ms));

	if (context != NULL && search->context != NULL &&
	    json_object_update(context, search->context) != 0) {
		json_decref(context);
		context = NULL;
	}
	return context;
}

static void
answer(struct rv_search *search)
{
	struct rv_exchange *x = search->x;

	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = rv_slice_of(search->reason);
	x->record.count =
	    (int64_t)(search->count_only ? search->total : search->count);
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	rv_answer_json(x, 200,
	    json_pack("{s:o, s:o, s:O}", "page", page_json(search), "context",
		context_json(search), "results", search->results));
}

static void
found(struct rv_exchange *x, const struct rv_snapshot *s, void *arg)
{
	struct rv_search *search = arg;
	int r;

	search->results = json_array();
	search->valid_until_ms = INT64_MAX;
	r = search->results == NULL ? RV_ERR_NOMEM
				    : search->kind->find(search, s);
	if (r == RV_OK && strcmp(search->reason, "groups_unknown") == 0)
		rv_answer_unavailable(x, "groups_unknown",
		    "The groups could not be read from the directory, so that "
		    "the list would not be whole. Try again.");
	else if (r == RV_OK)
		answer(search);
	else
		rv_answer_json(x, 200, NULL);
	json_decref(search->results);
	json_decref(search->context);
	rv_buf_fini(&search->last);
	rv_exchange_finish(x);
}

static void
record(struct rv_search *search)
{
	struct rv_exchange *x = search->x;
	const struct rv_question *q = &search->item.question;

	x->record.action = q->operation;
	x->record.object_type = q->type;
	x->record.object_id = q->key;
	if ((search->kind->entities & RV_ENTITY_SUBJECT_ID) != 0 &&
	    !rv_search_person(search)->self)
		x->record.about = rv_search_person(search)->id;
}

void
rv_search_run(struct rv_exchange *x, const struct rv_search_kind *kind)
{
	struct rv_search *search = rv_arena_alloc(x->arena, sizeof(*search));
	json_t *root = NULL;
	bool ok = false;

	if (search != NULL) {
		search->kind = kind;
		search->x = x;
		search->people = rv_people_new(x, 1);
	}
	if (search == NULL || search->people == NULL)
		rv_answer_json(x, 200, NULL);
	else
		root = rv_body_object(x);
	if (root != NULL)
		ok = read_search(search, root);
	json_decref(root);
	if (!ok) {
		rv_exchange_finish(x);
		return;
	}
	record(search);
	rv_people_find(search->people, kind->simulate, found, search);
}
