/* The authorities: one immutable, counted whole. */
#include "trust.h"

#include <stdlib.h>
#include <time.h>

bool
rv_trust_ms(const ASN1_TIME *time, int64_t *ret_ms)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* ---- Beginning and end ---------------------------------------------- */

static void
trusted_fini(struct rv_trusted *t)
{
	X509_STORE_free(t->store);
	X509_free(t->certificate);
	sk_X509_pop_free(t->chain, X509_free);
	for (size_t i = 0; i < t->n_crls; i++)
		X509_CRL_free(t->crls[i].crl);
}

static void
trust_free(struct rv_trust *trust)
{
	for (size_t i = 0; i < trust->n; i++)
		trusted_fini(&trust->v[i]);
	sk_X509_NAME_pop_free(trust->names, X509_NAME_free);
	rv_arena_free(&trust->arena);
	free(trust);
}

static bool
copy_text(struct rv_arena *arena, const char **text)
{
	if (*text == NULL)
		return true;
	*text = rv_arena_dup(arena, rv_slice_of(*text));
	return *text != NULL;
}

static bool
copy_words(struct rv_arena *arena, struct rv_words *words)
{
	const char **v;

	if (words->n == 0)
		return true;
	v = rv_arena_alloc(arena, words->n * sizeof(v[0]));
	if (v == NULL)
		return false;
	for (size_t i = 0; i < words->n; i++) {
		v[i] = words->v[i];
		if (!copy_text(arena, &v[i]))
			return false;
	}
	words->v = v;
	return true;
}

static bool
copy_authority(struct rv_arena *arena, struct rv_authority *a)
{
	return copy_text(arena, &a->source) &&
	       copy_text(arena, &a->certificate) &&
	       copy_text(arena, &a->chain) && copy_text(arena, &a->ocsp_url) &&
	       copy_words(arena, &a->crls) &&
	       copy_words(arena, &a->upn_suffixes) &&
	       copy_words(arena, &a->realms) &&
	       copy_words(arena, &a->sid_domains);
}

static struct rv_trust *
trust_new(const struct rv_authority *authorities, size_t n)
{
	struct rv_trust *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		return NULL;
	atomic_init(&trust->refs, 1);
	trust->arena = rv_arena_new(0);
	trust->names = sk_X509_NAME_new_null();
	if (trust->arena == NULL || trust->names == NULL)
		goto fail;
	trust->v = rv_arena_alloc(trust->arena, (n + 1) * sizeof(trust->v[0]));
	if (trust->v == NULL)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		struct rv_trusted *t = &trust->v[i];

		*t = (struct rv_trusted){ .as = authorities[i] };
		trust->n++;
		if (!copy_authority(trust->arena, &t->as))
			goto fail;
		t->crls = rv_arena_alloc(
		    trust->arena, (t->as.crls.n + 1) * sizeof(t->crls[0]));
		if (t->crls == NULL)
			goto fail;
	}
	return trust;
fail:
	trust_free(trust);
	return NULL;
}

static int
add_name(struct rv_trust *trust, const X509 *cert)
{
	X509_NAME *name = X509_NAME_dup(X509_get_subject_name(cert));

	if (name == NULL || sk_X509_NAME_push(trust->names, name) == 0) {
		X509_NAME_free(name);
		return RV_ERR_NOMEM;
	}
	return RV_OK;
}

int
rv_trust_load(const struct rv_authority *authorities, size_t n, int64_t now_ms,
    const struct rv_trust **ret_trust, struct rv_error *e)
{
	struct rv_trust *trust = trust_new(authorities, n);
	int r = RV_OK;

	rv_error_set(e, "out of memory");
	if (trust == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n && r == RV_OK; i++) {
		r = rv_trusted_read(&trust->v[i], now_ms, e);
		if (r == RV_OK)
			r = add_name(trust, trust->v[i].certificate);
	}
	if (r != RV_OK) {
		trust_free(trust);
		return r;
	}
	rv_error_set(e, "%s", "");
	*ret_trust = trust;
	return RV_OK;
}

/* The count is not part of what a holder may not change. */
static struct rv_trust *
counted_of(const struct rv_trust *trust)
{
	return (struct rv_trust *)(uintptr_t)trust;
}

const struct rv_trust *
rv_trust_ref(const struct rv_trust *trust)
{
	atomic_fetch_add_explicit(
	    &counted_of(trust)->refs, 1, memory_order_relaxed);
	return trust;
}

void
rv_trust_unref(const struct rv_trust **trust)
{
	struct rv_trust *t;

	if (*trust == NULL)
		return;
	t = counted_of(*trust);
	*trust = NULL;
	/* What other holders did comes before the free. */
	if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
		trust_free(t);
}

/* ---- What is asked of it -------------------------------------------- */

STACK_OF(X509_NAME) * rv_trust_names(const struct rv_trust *trust)
{
	return trust->names;
}

void
rv_trust_alarms(const struct rv_trust *trust, int64_t now_ms,
    void (*fn)(
	void *arg, const char *source, const char *file, int64_t ends_at_ms),
    void *arg)
{
	int64_t ends_ms;

	for (size_t i = 0; i < trust->n; i++) {
		const struct rv_trusted *t = &trust->v[i];
		const int64_t soon = now_ms + t->as.alarm_before_ms;

		if (rv_trust_ms(X509_get0_notAfter(t->certificate), &ends_ms) &&
		    ends_ms <= soon)
			fn(arg, t->as.source, t->as.certificate, ends_ms);
		for (size_t k = 0; k < t->n_crls; k++)
			if (rv_trust_ms(
				X509_CRL_get0_nextUpdate(t->crls[k].crl),
				&ends_ms) &&
			    ends_ms <= soon)
				fn(arg, t->as.source, t->crls[k].path, ends_ms);
	}
}
