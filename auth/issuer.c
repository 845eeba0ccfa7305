/* The set of issuers: made, shared, handed on at a reload, searched. */
#include "issuer.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "issuer_fetch.h"
#include "issuer_https.h"

#define LEEWAY_MAX_MS 60000

static const char any_tenant[] = "{tenantid}";

/* Goes on while the machine sleeps, and never steps. */
static int64_t
boot_ms(void)
{
	struct timespec now;

	RV_ASSERT(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Settings --------------------------------------------------------------------- */

static int
wrong(const struct rv_issuer *issuer, const char *what, struct rv_error *e)
{
	rv_error_set(e, "issuer %s: %s", issuer->source, what);
	return RV_ERR_INVALID;
}

static bool
is_https(const char *url)
{
	return rv_slice_has_prefix(rv_slice_of(url), RV_SLICE_LIT("https://"));
}

/* iss itself may be anything where it does not say where the keys are. */
static bool
is_fetched_safely(const struct rv_issuer *issuer)
{
	if (issuer->jwks_uri != NULL)
		return is_https(issuer->jwks_uri);
	return is_https(issuer->discovery_uri != NULL ? issuer->discovery_uri
						      : issuer->issuer);
}

/* Once at most, and only where it means something. */
static bool
is_template_sound(const struct rv_issuer *issuer)
{
	const char *at = strstr(issuer->issuer, any_tenant);

	if (at == NULL)
		return true;
	return strstr(at + 1, any_tenant) == NULL && issuer->entra &&
	       issuer->tenants.n > 0;
}

static const char *
wrong_list(const struct rv_issuer *issuer)
{
	unsigned char pin[32];

	if (issuer->audiences.n == 0)
		return "it needs an audience";
	if (issuer->types.n == 0)
		return "it needs a type of token";
	if (issuer->algorithms.n == 0)
		return "it needs an algorithm";
	for (size_t i = 0; i < issuer->algorithms.n; i++)
		if (rv_jws_alg_of(rv_slice_of(issuer->algorithms.v[i])) ==
		    RV_JWS_NO_ALG)
			return "algorithms are RS256, PS256 and ES256";
	for (size_t i = 0; i < issuer->ca_pins.n; i++)
		if (!rv_https_pin(issuer->ca_pins.v[i], pin))
			return "a pin is sha256: with 32 octets";
	return NULL;
}

static int
check(const struct rv_issuer *issuer, struct rv_error *e)
{
	const char *what = wrong_list(issuer);

	if (what != NULL)
		return wrong(issuer, what, e);
	if (strlen(issuer->source) >=
	    sizeof(((struct rv_evidence *)NULL)->source))
		return wrong(issuer, "its name is too long", e);
	if (!is_fetched_safely(issuer))
		return wrong(issuer, "its addresses begin with https://", e);
	if (strchr(issuer->issuer, '|') != NULL)
		return wrong(issuer, "its issuer has a '|'", e);
	if (!is_template_sound(issuer))
		return wrong(issuer,
		    "{tenantid} is for Entra alone, once, with a list of "
		    "tenants",
		    e);
	if (issuer->leeway_ms < 0 || issuer->leeway_ms > LEEWAY_MAX_MS)
		return wrong(issuer, "the leeway is 60 s at most", e);
	if (issuer->max_lifetime_ms <= 0 || issuer->keys_refresh_ms <= 0 ||
	    issuer->keys_max_age_ms <= 0 || issuer->max_age_ms < 0)
		return wrong(issuer, "its times are more than 0", e);
	return RV_OK;
}

/* ---- Copies ------------------------------------------------------------------------ */

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
	const char **copy =
	    rv_arena_alloc(arena, (words->n + 1) * sizeof(*copy));

	if (copy == NULL)
		return false;
	for (size_t i = 0; i < words->n; i++) {
		copy[i] = words->v[i];
		if (!copy_text(arena, &copy[i]))
			return false;
	}
	words->v = copy;
	return true;
}

static bool
copy_settings(struct rv_arena *arena, struct rv_issuer *s)
{
	return copy_text(arena, &s->source) && copy_text(arena, &s->issuer) &&
	       copy_words(arena, &s->audiences) &&
	       copy_words(arena, &s->tenants) &&
	       copy_text(arena, &s->jwks_uri) &&
	       copy_text(arena, &s->discovery_uri) &&
	       copy_text(arena, &s->ca) && copy_words(arena, &s->ca_pins) &&
	       copy_words(arena, &s->algorithms) &&
	       copy_words(arena, &s->types) &&
	       copy_text(arena, &s->subject_claim) &&
	       copy_text(arena, &s->principal_claim) &&
	       copy_text(arena, &s->lookup_claim) &&
	       copy_text(arena, &s->directory_realm) &&
	       copy_text(arena, &s->groups_claim);
}

static int
take_ca(
    struct rv_arena *arena, struct rv_issuer_entry *entry, struct rv_error *e)
{
	struct rv_buf pem = { 0 };
	int r = rv_issuer_read_ca(&entry->settings, &pem, e);
	char *copy;

	if (r == RV_OK) {
		copy = rv_arena_dup(arena, rv_buf_slice(&pem));
		entry->ca = (struct rv_slice){ copy, pem.n };
		r = copy != NULL ? RV_OK : RV_ERR_NOMEM;
	}
	rv_buf_fini(&pem);
	return r;
}

/* ---- Making and giving up ------------------------------------------------------------ */

static int
init_entry(struct rv_issuers *issuers, const struct rv_issuer *issuer,
    struct rv_error *e)
{
	struct rv_issuer_entry *entry = &issuers->entries[issuers->n];
	pthread_condattr_t clock;
	int r;

	entry->settings = *issuer;
	entry->tried_at_ms = RV_ISSUER_NEVER;
	if (!copy_settings(issuers->arena, &entry->settings))
		return RV_ERR_NOMEM;
	r = take_ca(issuers->arena, entry, e);
	if (r != RV_OK)
		return r;
	if (pthread_mutex_init(&entry->lock, NULL) != 0)
		return RV_ERR_NOMEM;
	RV_ASSERT(pthread_condattr_init(&clock) == 0 &&
		  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0);
	r = pthread_cond_init(&entry->fetched, &clock);
	(void)pthread_condattr_destroy(&clock);
	if (r != 0) {
		(void)pthread_mutex_destroy(&entry->lock);
		return RV_ERR_NOMEM;
	}
	issuers->n++;
	return RV_OK;
}

static int
add(struct rv_issuers *issuers, const struct rv_issuer *issuer,
    struct rv_error *e)
{
	int r = check(issuer, e);

	if (r != RV_OK)
		return r;
	for (size_t i = 0; i < issuers->n; i++)
		if (strcmp(issuers->entries[i].settings.issuer,
			issuer->issuer) == 0)
			return wrong(
			    issuer, "another file is about the same issuer", e);
	return init_entry(issuers, issuer, e);
}

static void
free_issuers(struct rv_issuers *issuers)
{
	for (size_t i = 0; i < issuers->n; i++) {
		struct rv_issuer_entry *entry = &issuers->entries[i];

		rv_jwk_set_unref(&entry->keys);
		(void)pthread_cond_destroy(&entry->fetched);
		(void)pthread_mutex_destroy(&entry->lock);
	}
	rv_dpop_memory_unref(&issuers->proofs);
	rv_arena_free(&issuers->arena);
	free(issuers);
	curl_global_cleanup();
}

int
rv_issuers_new(const struct rv_issuer *issuers, size_t n,
    struct rv_issuers **ret_issuers, struct rv_error *e)
{
	struct rv_issuers *made = NULL;
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		rv_error_set(e, "libcurl cannot be set up");
		return RV_ERR_INTERNAL;
	}
	made = calloc(1, sizeof(*made) + n * sizeof(made->entries[0]));
	if (made == NULL) {
		curl_global_cleanup();
		return RV_ERR_NOMEM;
	}
	atomic_init(&made->refs, 1);
	made->clock = boot_ms;
	made->arena = rv_arena_new(0);
	r = made->arena != NULL
		? rv_dpop_memory_new(RV_DPOP_PROOFS_MAX, &made->proofs)
		: RV_ERR_NOMEM;
	for (size_t i = 0; i < n && r == RV_OK; i++)
		r = add(made, &issuers[i], e);
	if (r != RV_OK) {
		free_issuers(made);
		return r;
	}
	*ret_issuers = made;
	return RV_OK;
}

struct rv_issuers *
rv_issuers_ref(struct rv_issuers *issuers)
{
	atomic_fetch_add_explicit(&issuers->refs, 1, memory_order_relaxed);
	return issuers;
}

void
rv_issuers_unref(struct rv_issuers **issuers)
{
	struct rv_issuers *given = *issuers;

	*issuers = NULL;
	if (given != NULL && atomic_fetch_sub_explicit(
				 &given->refs, 1, memory_order_acq_rel) == 1)
		free_issuers(given);
}

/* ---- A reload ------------------------------------------------------------------------- */

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_words(const struct rv_words *a, const struct rv_words *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; i < a->n && same; i++)
		same = same_text(a->v[i], b->v[i]);
	return same;
}

/* Would the same keys have been fetched? */
static bool
same_keys(const struct rv_issuer_entry *a, const struct rv_issuer_entry *b)
{
	return same_text(a->settings.issuer, b->settings.issuer) &&
	       same_text(a->settings.jwks_uri, b->settings.jwks_uri) &&
	       same_text(
		   a->settings.discovery_uri, b->settings.discovery_uri) &&
	       same_words(&a->settings.ca_pins, &b->settings.ca_pins) &&
	       rv_slice_eq(a->ca, b->ca);
}

static void
inherit_keys(struct rv_issuer_entry *entry, struct rv_issuer_entry *from)
{
	RV_ASSERT(pthread_mutex_lock(&from->lock) == 0);
	entry->keys = from->keys != NULL ? rv_jwk_set_ref(from->keys) : NULL;
	entry->keys_at_ms = from->keys_at_ms;
	entry->tried_at_ms = from->tried_at_ms;
	entry->n_failed = from->n_failed;
	memcpy(entry->unknown, from->unknown, sizeof(entry->unknown));
	entry->next_unknown = from->next_unknown;
	memcpy(entry->last_error, from->last_error, sizeof(entry->last_error));
	RV_ASSERT(pthread_mutex_unlock(&from->lock) == 0);
}

void
rv_issuers_inherit(struct rv_issuers *issuers, struct rv_issuers *from)
{
	rv_dpop_memory_unref(&issuers->proofs);
	issuers->proofs = rv_dpop_memory_ref(from->proofs);
	for (size_t i = 0; i < issuers->n; i++)
		for (size_t j = 0; j < from->n; j++)
			if (same_keys(&issuers->entries[i], &from->entries[j]))
				inherit_keys(
				    &issuers->entries[i], &from->entries[j]);
}

/* ---- Finding ---------------------------------------------------------------------------- */

/* iss with the tenant at the place of "{tenantid}". */
static bool
is_expanded(const char *template, const char *at, struct rv_slice tenant,
    struct rv_slice iss)
{
	const size_t before = (size_t)(at - template);
	const char *rest = at + sizeof(any_tenant) - 1;
	const size_t behind = strlen(rest);

	return iss.n == before + tenant.n + behind &&
	       memcmp(iss.p, template, before) == 0 &&
	       memcmp(iss.p + before, tenant.p, tenant.n) == 0 &&
	       memcmp(iss.p + before + tenant.n, rest, behind) == 0;
}

struct rv_issuer_named
rv_issuers_find(struct rv_issuers *issuers, struct rv_slice iss)
{
	for (size_t i = 0; iss.p != NULL && i < issuers->n; i++) {
		struct rv_issuer_entry *entry = &issuers->entries[i];
		const struct rv_issuer *s = &entry->settings;
		const char *at = strstr(s->issuer, any_tenant);

		if (at == NULL && rv_slice_eq_cstr(iss, s->issuer))
			return (struct rv_issuer_named){ entry, RV_SLICE_NONE };
		for (size_t t = 0; at != NULL && t < s->tenants.n; t++) {
			struct rv_slice tenant = rv_slice_of(s->tenants.v[t]);

			if (is_expanded(s->issuer, at, tenant, iss))
				return (
				    struct rv_issuer_named){ entry, tenant };
		}
	}
	return (struct rv_issuer_named){ NULL, RV_SLICE_NONE };
}

void
rv_issuers_state(struct rv_issuers *issuers,
    void (*fn)(void *arg, const char *source, bool has_keys, int64_t age_ms,
	const char *last_error),
    void *arg)
{
	const int64_t now_ms = issuers->clock();

	for (size_t i = 0; i < issuers->n; i++) {
		struct rv_issuer_entry *entry = &issuers->entries[i];
		struct rv_jwk_set *keys = rv_issuer_keys(entry, now_ms);
		char last_error[sizeof(entry->last_error)];
		int64_t age_ms;

		RV_ASSERT(pthread_mutex_lock(&entry->lock) == 0);
		memcpy(last_error, entry->last_error, sizeof(last_error));
		age_ms = entry->keys != NULL ? now_ms - entry->keys_at_ms : -1;
		RV_ASSERT(pthread_mutex_unlock(&entry->lock) == 0);
		fn(arg, entry->settings.source, keys != NULL, age_ms,
		    last_error);
		rv_jwk_set_unref(&keys);
	}
}
