/*
 * What the site makes of credentials, as one immutable whole: which evidence
 * proves which level, which authorities and issuers are trusted.  A request
 * is judged by the policy that was in force when it came.
 */
#ifndef PROVIDER_SIGN_IN_POLICY_H
#define PROVIDER_SIGN_IN_POLICY_H

#include <stdatomic.h>

#include "reeve/auth.h"
#include "reeve/auth_certificate.h"
#include "reeve/auth_token.h"

#include "config/authority.h"
#include "config/config.h"
#include "config/issuer.h"
#include "tokens/issuers.h"

/* Bindings besides that of the connection's own certificate. */
#define RV_SIGN_IN_BINDINGS (RV_BINDINGS_MAX - 1)

/* Counted; every member is read-only once it is made.  Any thread. */
struct rv_sign_in_policy {
	atomic_size_t refs;
	struct rv_arena *arena;	 /* owns what has no owner of its own */
	struct rv_config *owned; /* the texts below are its; may be NULL */

	struct rv_level_policy levels;
	struct rv_kerberos_policy kerberos;
	struct rv_slice bindings[RV_SIGN_IN_BINDINGS];
	size_t n_bindings;
	/* Who may say at which level somebody else has signed in. */
	struct rv_words enforcers;

	/* Both or none: NULL, and no certificate is accepted. */
	struct rv_authorities_config *authority_files;
	const struct rv_trust *trust;

	/* All or none: NULL, and no token is accepted. */
	struct rv_issuers_config *issuer_files;
	struct rv_token_settings *tokens;
	struct rv_issuers *issuers;
};

/* What a policy is made of; borrowed. */
struct rv_sign_in_args {
	const struct rv_config *config;
	/* Given up to the policy when it is made: config is then *owned.  NULL:
	 * config outlives the policy. */
	struct rv_config **owned;
	/* The one that it will replace, whose keys of issuers are still good;
	 * NULL: none. */
	const struct rv_sign_in_policy *before;
};

/*
 * Makes the policy of a configuration; reads the files that it names.
 * RV_ERR_INVALID names the file and what is wrong in it; *ret_part is then a
 * word for readiness, "authorities" or such, a literal.  Blocks on the disk.
 */
RV_MUSTUSE int rv_sign_in_policy_new(const struct rv_sign_in_args *args,
    struct rv_sign_in_policy **ret_policy, const char **ret_part,
    struct rv_error *e);
const struct rv_sign_in_policy *rv_sign_in_policy_ref(
    const struct rv_sign_in_policy *policy);
/* *policy may be NULL and becomes NULL. */
void rv_sign_in_policy_unref(const struct rv_sign_in_policy **policy);

#endif
