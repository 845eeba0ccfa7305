#include "sign_in/policy.h"

#include <stdlib.h>

#include "loop/loop.h"
#include "sign_in/binding.h"
#include "transport/authorities.h"

static struct rv_words
words_of(struct rv_strings list)
{
	return (struct rv_words){ list.v, list.n };
}

static void
take_lists(struct rv_sign_in_policy *p, const struct rv_config *c)
{
	p->levels = (struct rv_level_policy){
		.certificate_indicators = words_of(c->certificate_indicators),
		.hello_indicators = words_of(c->hello_indicators),
		.certificate_sids = words_of(c->certificate_sids),
		.hello_sids = words_of(c->hello_sids),
	};
	p->kerberos = (struct rv_kerberos_policy){
		.gateways = words_of(c->gateways),
		.pac_domains = words_of(c->pac_domains),
	};
	p->enforcers = words_of(c->enforcement_levels);
}

static int
take_bindings(
    struct rv_sign_in_policy *p, const struct rv_config *c, struct rv_error *e)
{
	int r = RV_OK;

	if (c->binding_certificates.n > RV_SIGN_IN_BINDINGS) {
		rv_error_set(e, "binding_certificates: more than %d files",
		    RV_SIGN_IN_BINDINGS);
		return RV_ERR_INVALID;
	}
	for (size_t i = 0; r == RV_OK && i < c->binding_certificates.n; i++) {
		r = rv_binding_of_file(
		    c->binding_certificates.v[i], p->arena, &p->bindings[i], e);
		p->n_bindings += r == RV_OK;
	}
	return r;
}

/* An empty folder is none: then no certificate is accepted. */
static int
take_authorities(
    struct rv_sign_in_policy *p, const struct rv_config *c, struct rv_error *e)
{
	const struct rv_authority *authorities;
	int r = rv_authorities_load(c->authorities, &p->authority_files, e);
	const size_t n = r == RV_OK ? p->authority_files->n : 0;

	if (n == 0)
		return r;
	r = rv_authorities_of(
	    p->authority_files, p->arena, &authorities, &p->levels.authorities);
	if (r != RV_OK) {
		rv_error_set(e, "out of memory");
		return r;
	}
	p->levels.n_authorities = n;
	return rv_trust_load(authorities, n, rv_now_ms(), &p->trust, e);
}

/* An empty folder is none: then no token is accepted. */
static int
take_issuers(struct rv_sign_in_policy *p, const struct rv_sign_in_args *args,
    struct rv_error *e)
{
	int r = rv_issuers_load(args->config->issuers, &p->issuer_files, e);

	if (r != RV_OK || p->issuer_files->n == 0)
		return r;
	r = rv_token_settings_new(p->issuer_files, &p->tokens);
	if (r != RV_OK) {
		rv_error_set(e, "out of memory");
		return r;
	}
	p->levels.issuers = p->tokens->levels;
	p->levels.n_issuers = p->tokens->n;
	r = rv_issuers_new(p->tokens->issuers, p->tokens->n, &p->issuers, e);
	if (r == RV_OK && args->before != NULL && args->before->issuers != NULL)
		rv_issuers_inherit(p->issuers, args->before->issuers);
	return r;
}

static void
policy_free(struct rv_sign_in_policy *p)
{
	rv_trust_unref(&p->trust);
	rv_authorities_config_free(&p->authority_files);
	rv_issuers_unref(&p->issuers);
	rv_token_settings_free(&p->tokens);
	rv_issuers_config_free(&p->issuer_files);
	rv_config_free(&p->owned);
	rv_arena_free(&p->arena);
	free(p);
}

static int
fill(struct rv_sign_in_policy *p, const struct rv_sign_in_args *args,
    const char **ret_part, struct rv_error *e)
{
	int r;

	*ret_part = "memory";
	rv_error_set(e, "out of memory");
	p->arena = rv_arena_new(0);
	if (p->arena == NULL)
		return RV_ERR_NOMEM;
	take_lists(p, args->config);
	*ret_part = "binding_certificates";
	r = take_bindings(p, args->config, e);
	if (r != RV_OK)
		return r;
	*ret_part = "authorities";
	r = take_authorities(p, args->config, e);
	if (r != RV_OK)
		return r;
	*ret_part = "issuers";
	return take_issuers(p, args, e);
}

int
rv_sign_in_policy_new(const struct rv_sign_in_args *args,
    struct rv_sign_in_policy **ret_policy, const char **ret_part,
    struct rv_error *e)
{
	struct rv_sign_in_policy *p = calloc(1, sizeof(*p));
	int r;

	*ret_part = "memory";
	rv_error_set(e, "out of memory");
	if (p == NULL)
		return RV_ERR_NOMEM;
	atomic_init(&p->refs, 1);
	r = fill(p, args, ret_part, e);
	if (r != RV_OK) {
		policy_free(p);
		return r;
	}
	if (args->owned != NULL) {
		p->owned = *args->owned;
		*args->owned = NULL;
	}
	*ret_policy = p;
	return RV_OK;
}

/* The count is not part of what a holder may not change. */
static struct rv_sign_in_policy *
counted_of(const struct rv_sign_in_policy *policy)
{
	return (struct rv_sign_in_policy *)(uintptr_t)policy;
}

const struct rv_sign_in_policy *
rv_sign_in_policy_ref(const struct rv_sign_in_policy *policy)
{
	atomic_fetch_add_explicit(
	    &counted_of(policy)->refs, 1, memory_order_relaxed);
	return policy;
}

void
rv_sign_in_policy_unref(const struct rv_sign_in_policy **policy)
{
	struct rv_sign_in_policy *p;

	if (*policy == NULL)
		return;
	p = counted_of(*policy);
	*policy = NULL;
	/* What other holders did comes before the free. */
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		policy_free(p);
}
