/*
 * Identities: who a request is from.  One block of memory each (the struct,
 * its array of ids, then all text), immutable after it was made, with an
 * atomic count of references.
 */
#include "reeve/auth.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_PREFIX "group:"

struct counted {
	/* First, so that a pointer to it is a pointer to the whole. */
	struct rv_identity identity;
	atomic_size_t refs;
	struct rv_slice ids[];
};

/* Everything that is known before the memory is. */
struct source {
	enum rv_auth_method method;
	enum rv_level level;
	const char *principal;
	const char *lookup;
	const char *from;
	const char *delegated_by; /* NULL: nobody */
	/* The own ids, from one or the other. */
	const struct rv_texts *own_texts;
	const struct rv_slice *own_ids;
	size_t n_own;
	int64_t authenticated_at_ms;
	int64_t expires_at_ms;
	const struct rv_account *account;
	int64_t now_ms;
	const char *last_id; /* what the directory said before, or NULL */
};

/* The groups count only when the directory gave all of them. */
static bool
knows_groups(const struct source *src)
{
	return src->account != NULL && src->account->known;
}

static size_t
count_groups(const struct source *src)
{
	return knows_groups(src) ? src->account->n_groups : 0;
}

static const char *
account_id(const struct source *src)
{
	/* Who cannot be asked takes nothing back that was said before. */
	return knows_groups(src) ? src->account->account_id : src->last_id;
}

/* Adds to a size; false when it does not fit. */
static bool
grow(size_t *total, size_t n)
{
	return !__builtin_add_overflow(*total, n, total);
}

static struct rv_slice
own_id(const struct source *src, size_t i)
{
	if (src->own_texts != NULL)
		return rv_slice_of(src->own_texts->v[i]);
	return src->own_ids[i];
}

/* Adds the text and its NUL; NULL takes no room. */
static bool
grow_text(size_t *total, const char *text)
{
	return text == NULL || grow(total, strlen(text) + 1);
}

static bool
size_of(const struct source *src, size_t *ret_size)
{
	size_t size = sizeof(struct counted), n = count_groups(src), ids;

	if (__builtin_mul_overflow(
		n + src->n_own, sizeof(struct rv_slice), &ids) ||
	    !grow(&size, ids) || !grow_text(&size, src->principal) ||
	    !grow_text(&size, src->lookup) || !grow_text(&size, src->from) ||
	    !grow_text(&size, src->delegated_by) ||
	    !grow_text(&size, account_id(src)))
		return false;
	for (size_t i = 0; i < src->n_own; i++)
		if (!grow(&size, own_id(src, i).n + 1))
			return false;
	for (size_t i = 0; i < n; i++) {
		if (!grow(&size,
			sizeof(GROUP_PREFIX) + strlen(src->account->groups[i])))
			return false;
	}
	*ret_size = size;
	return true;
}

/* Writes prefix, text and a NUL at *at, and moves it behind them. */
static struct rv_slice
place(char **at, const char *prefix, struct rv_slice text)
{
	size_t n_prefix = strlen(prefix);
	struct rv_slice s = { *at, n_prefix + text.n };

	memcpy(*at, prefix, n_prefix);
	memcpy(*at + n_prefix, text.p, text.n);
	(*at)[s.n] = '\0';
	*at += s.n + 1;
	return s;
}

static const char *
place_text(char **at, const char *text)
{
	return text == NULL ? NULL : place(at, "", rv_slice_of(text)).p;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct rv_slice *x = a, *y = b;

	return rv_slice_cmp(*x, *y);
}

/*
 * SHA-256 over the ids, each with its length before it: without lengths
 * {"ab","c"} and {"a","bc"} would be the same set.
 */
static bool
hash_groups(const struct rv_slice *ids, size_t n, unsigned char hash[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	for (size_t i = 0; ok && i < n; i++) {
		const char *id = ids[i].p + strlen(GROUP_PREFIX);
		uint64_t len = ids[i].n - strlen(GROUP_PREFIX);
		unsigned char prefix[8];

		for (int k = 0; k < 8; k++)
			prefix[k] = (unsigned char)(len >> (56 - 8 * k));
		ok = EVP_DigestUpdate(ctx, prefix, sizeof(prefix)) &&
		     EVP_DigestUpdate(ctx, id, len);
	}
	ok = ok && EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void
fill(struct counted *c, const struct source *src)
{
	struct rv_identity *id = &c->identity;
	size_t n = count_groups(src);
	struct rv_slice *groups = c->ids + src->n_own;
	char *at = (char *)(groups + n);

	for (size_t i = 0; i < src->n_own; i++)
		c->ids[i] = place(&at, "", own_id(src, i));
	for (size_t i = 0; i < n; i++)
		groups[i] = place(
		    &at, GROUP_PREFIX, rv_slice_of(src->account->groups[i]));
	qsort(groups, n, sizeof(groups[0]), by_bytes);

	id->method = src->method;
	id->level = src->level;
	id->principal = place_text(&at, src->principal);
	id->lookup = place_text(&at, src->lookup);
	id->source = place_text(&at, src->from);
	id->delegated_by = place_text(&at, src->delegated_by);
	id->delegated = src->delegated_by != NULL;
	id->ids = c->ids;
	id->n_ids = n + src->n_own;
	id->n_own = src->n_own;
	id->groups_known = knows_groups(src);
	/* 0: there is no answer to have an age. */
	id->groups_at_ms = id->groups_known ? src->now_ms : 0;
	id->account_id = place_text(&at, account_id(src));
	id->authenticated_at_ms = src->authenticated_at_ms;
	id->expires_at_ms = src->expires_at_ms;
}

static const struct rv_identity *
make(const struct source *src)
{
	struct counted *c;
	size_t size;

	if (!size_of(src, &size))
		return NULL;
	c = calloc(1, size);
	if (c == NULL)
		return NULL;
	atomic_init(&c->refs, 1);
	fill(c, src);
	if (!hash_groups(c->ids + src->n_own, c->identity.n_ids - src->n_own,
		c->identity.groups_hash)) {
		free(c);
		return NULL;
	}
	return &c->identity;
}

const struct rv_identity *
rv_identity_new(const struct rv_evidence *evidence, enum rv_level level,
    const struct rv_account *account, int64_t now_ms)
{
	const struct source src = {
		.method = evidence->method,
		.level = level,
		.principal = evidence->principal,
		.lookup = evidence->lookup,
		.from = evidence->source,
		.delegated_by =
		    evidence->delegated ? evidence->delegated_by : NULL,
		.own_texts = &evidence->ids,
		.n_own = evidence->ids.n,
		.authenticated_at_ms = evidence->authenticated_at_ms,
		.expires_at_ms = evidence->expires_at_ms,
		.account = account,
		.now_ms = now_ms,
	};

	return make(&src);
}

const struct rv_identity *
rv_identity_with_account(const struct rv_identity *identity,
    const struct rv_account *account, int64_t now_ms)
{
	const struct source src = {
		.method = identity->method,
		.level = identity->level,
		.principal = identity->principal,
		.lookup = identity->lookup,
		.from = identity->source,
		.delegated_by = identity->delegated_by,
		.own_ids = identity->ids,
		.n_own = identity->n_own,
		.authenticated_at_ms = identity->authenticated_at_ms,
		.expires_at_ms = identity->expires_at_ms,
		.last_id = identity->account_id,
		.account = account,
		.now_ms = now_ms,
	};

	return make(&src);
}

/* The count is not part of what a holder may not change. */
static struct counted *
counted_of(const struct rv_identity *identity)
{
	return (struct counted *)(uintptr_t)identity;
}

const struct rv_identity *
rv_identity_ref(const struct rv_identity *identity)
{
	/* The caller has a reference already: no order is needed. */
	atomic_fetch_add_explicit(
	    &counted_of(identity)->refs, 1, memory_order_relaxed);
	return identity;
}

void
rv_identity_unref(const struct rv_identity **identity)
{
	struct counted *c;

	if (*identity == NULL)
		return;
	c = counted_of(*identity);
	*identity = NULL;
	/* What other holders did comes before the free. */
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		free(c);
}
