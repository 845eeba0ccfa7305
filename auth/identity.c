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

#include "identity_made.h"

#define GROUP_PREFIX RV_IDENTITY_GROUP

struct counted {
	/* First, so that a pointer to it is a pointer to the whole. */
	struct rv_identity identity;
	atomic_size_t refs;
	struct rv_slice ids[];
};

/* ---- One block of memory --------------------------------------------------- */

/* Adds to a size; false when it does not fit. */
static bool
grow(size_t *total, size_t n)
{
	return !__builtin_add_overflow(*total, n, total);
}

/* Adds the text and its NUL; NULL takes no room. */
static bool
grow_text(size_t *total, const char *text)
{
	return text == NULL || grow(total, strlen(text) + 1);
}

static bool
grow_slices(size_t *total, const struct rv_slice *v, size_t n, size_t more)
{
	for (size_t i = 0; i < n; i++)
		if (!grow(total, v[i].n) || !grow(total, more))
			return false;
	return true;
}

static bool
size_of(const struct rv_identity_made *m, size_t *ret_size)
{
	const struct rv_identity *f = &m->facts;
	size_t size = sizeof(struct counted), n, ids;

	if (__builtin_add_overflow(m->n_own, m->n_groups, &n) ||
	    __builtin_mul_overflow(n, sizeof(struct rv_slice), &ids) ||
	    !grow(&size, ids) || !grow_text(&size, f->principal) ||
	    !grow_text(&size, f->lookup) || !grow_text(&size, f->source) ||
	    !grow_text(&size, f->delegated_by) ||
	    !grow_text(&size, f->account_id) ||
	    !grow_slices(&size, m->own, m->n_own, 1) ||
	    !grow_slices(&size, m->groups, m->n_groups, sizeof(GROUP_PREFIX)))
		return false;
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
	if (text.n > 0)
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
fill(struct counted *c, const struct rv_identity_made *m)
{
	struct rv_identity *id = &c->identity;
	struct rv_slice *groups = c->ids + m->n_own;
	char *at = (char *)(groups + m->n_groups);

	*id = m->facts;
	for (size_t i = 0; i < m->n_own; i++)
		c->ids[i] = place(&at, "", m->own[i]);
	for (size_t i = 0; i < m->n_groups; i++)
		groups[i] = place(&at, GROUP_PREFIX, m->groups[i]);
	qsort(groups, m->n_groups, sizeof(groups[0]), by_bytes);
	id->principal = place_text(&at, m->facts.principal);
	id->lookup = place_text(&at, m->facts.lookup);
	id->source = place_text(&at, m->facts.source);
	id->delegated_by = place_text(&at, m->facts.delegated_by);
	id->account_id = place_text(&at, m->facts.account_id);
	id->delegated = id->delegated_by != NULL;
	id->ids = c->ids;
	id->n_ids = m->n_own + m->n_groups;
	id->n_own = m->n_own;
}

const struct rv_identity *
rv_identity_make(const struct rv_identity_made *m)
{
	struct counted *c;
	size_t size;

	if (!size_of(m, &size))
		return NULL;
	c = calloc(1, size);
	if (c == NULL)
		return NULL;
	atomic_init(&c->refs, 1);
	fill(c, m);
	if (!hash_groups(
		c->ids + m->n_own, m->n_groups, c->identity.groups_hash)) {
		free(c);
		return NULL;
	}
	return &c->identity;
}

/* ---- From evidence and from the directory ---------------------------------- */

/* An array with room for all; NULL when out of memory. */
static struct rv_slice *
slices_of(char *const *v, size_t n)
{
	struct rv_slice *s = calloc(n > 0 ? n : 1, sizeof(*s));

	for (size_t i = 0; s != NULL && i < n; i++)
		s[i] = rv_slice_of(v[i]);
	return s;
}

/*
 * Who cannot be asked takes nothing back that was said before; and groups
 * count only when all of them are known.
 */
static struct rv_slice *
take_account(struct rv_identity_made *m, const struct rv_account *account,
    int64_t now_ms)
{
	if (account == NULL || !account->known) {
		m->facts.groups_known = false;
		m->facts.groups_at_ms = 0;
		return slices_of(NULL, 0);
	}
	m->facts.account_id = account->account_id;
	m->facts.groups_known = true;
	m->facts.groups_from_evidence = false;
	m->facts.groups_at_ms = account->at_ms != 0 ? account->at_ms : now_ms;
	m->n_groups = account->n_groups;
	return slices_of(account->groups, account->n_groups);
}

static struct rv_slice *
take_groups(struct rv_identity_made *m, const struct rv_evidence *evidence,
    const struct rv_account *account, int64_t now_ms)
{
	if ((account != NULL && account->known) || !evidence->has_groups)
		return take_account(m, account, now_ms);
	m->facts.groups_known = true;
	m->facts.groups_from_evidence = true;
	m->facts.groups_at_ms = evidence->authenticated_at_ms;
	m->n_groups = evidence->groups.n;
	return slices_of(evidence->groups.v, evidence->groups.n);
}

const struct rv_identity *
rv_identity_new(const struct rv_evidence *evidence, enum rv_level level,
    const struct rv_account *account, int64_t now_ms)
{
	const struct rv_identity *id = NULL;
	struct rv_slice *own, *groups;
	struct rv_identity_made m = {
		.facts = {
		    .method = evidence->method,
		    .level = level,
		    .principal = evidence->principal,
		    .lookup = evidence->lookup,
		    .source = evidence->source,
		    .delegated_by =
			evidence->delegated ? evidence->delegated_by : NULL,
		    .authenticated_at_ms = evidence->authenticated_at_ms,
		    .expires_at_ms = evidence->expires_at_ms,
		},
		.n_own = evidence->ids.n,
	};

	m.own = own = slices_of(evidence->ids.v, evidence->ids.n);
	m.groups = groups = take_groups(&m, evidence, account, now_ms);
	if (own != NULL && groups != NULL)
		id = rv_identity_make(&m);
	free(own);
	free(groups);
	return id;
}

const struct rv_identity *
rv_identity_with_account(const struct rv_identity *identity,
    const struct rv_account *account, int64_t now_ms)
{
	const struct rv_identity *id = NULL;
	struct rv_slice *groups;
	struct rv_identity_made m = {
		.facts = *identity,
		.own = identity->ids,
		.n_own = identity->n_own,
	};

	m.facts.groups_from_evidence = false;
	m.groups = groups = take_account(&m, account, now_ms);
	if (groups != NULL)
		id = rv_identity_make(&m);
	free(groups);
	return id;
}

/* ---- References ------------------------------------------------------------- */

/* The count is not part of what a holder may not change. */
static struct counted *
counted_of(const struct rv_identity *identity)
{
	return (struct counted *)(uintptr_t)identity;
}

void
rv_identity_set_mapped(const struct rv_identity *identity, bool mapped)
{
	counted_of(identity)->identity.mapped = mapped;
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
