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

#define OWN_PREFIX   "krb5:"
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

static bool
size_of(const struct source *src, size_t *ret_size)
{
	size_t size = sizeof(struct counted), n = count_groups(src), ids;
	const char *id = account_id(src);

	if (__builtin_mul_overflow(n + 1, sizeof(struct rv_slice), &ids) ||
	    !grow(&size, ids) ||
	    !grow(&size, sizeof(OWN_PREFIX) + strlen(src->principal)))
		return false;
	if (id != NULL && !grow(&size, strlen(id) + 1))
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
place(char **at, const char *prefix, const char *text)
{
	size_t n_prefix = strlen(prefix), n_text = strlen(text);
	struct rv_slice s = { *at, n_prefix + n_text };

	memcpy(*at, prefix, n_prefix);
	memcpy(*at + n_prefix, text, n_text + 1);
	*at += n_prefix + n_text + 1;
	return s;
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
	char *at = (char *)&c->ids[n + 1];

	c->ids[0] = place(&at, OWN_PREFIX, src->principal);
	for (size_t i = 0; i < n; i++)
		c->ids[i + 1] =
		    place(&at, GROUP_PREFIX, src->account->groups[i]);
	qsort(c->ids + 1, n, sizeof(c->ids[0]), by_bytes);

	id->method = src->method;
	id->level = src->level;
	id->principal = c->ids[0].p + strlen(OWN_PREFIX);
	id->ids = c->ids;
	id->n_ids = n + 1;
	id->n_own = 1;
	id->groups_known = knows_groups(src);
	/* 0: there is no answer to have an age. */
	id->groups_at_ms = id->groups_known ? src->now_ms : 0;
	if (account_id(src) != NULL)
		id->account_id = place(&at, "", account_id(src)).p;
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
	if (!hash_groups(
		c->ids + 1, c->identity.n_ids - 1, c->identity.groups_hash)) {
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
