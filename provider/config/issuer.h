/*
 * Issuers of tokens: one file NAME.conf each, in the folder that the
 * parameter `issuers` names.  The syntax is that of reeved.conf, the table
 * params_issuer.h.
 */
#ifndef PROVIDER_CONFIG_ISSUER_H
#define PROVIDER_CONFIG_ISSUER_H

#include "config/fields.h"

/* The values of the choices. */
enum {
	RV_ISSUER_OIDC,
	RV_ISSUER_ENTRA
};
enum {
	RV_ISSUER_DOMAIN_SIGN_IN_NO,
	RV_ISSUER_DOMAIN_SIGN_IN_YES
};
enum {
	RV_ISSUER_SENDER_WHEN_OFFERED,
	RV_ISSUER_SENDER_REQUIRE
};

/* In the field issuer of kind entra: stands for each of the tenants. */
#define RV_ISSUER_TENANT "{tenantid}"

struct rv_issuer_config {
	const char *name; /* of the file, without .conf */
	const char *file; /* its path */
#define SECTION(title)
#define PARAM(name, type, dflt, min, max, reload, prose) RV_FIELD_##type name;
#define CHOICE(name, values, dflt, reload, prose)	 int name;
#include "config/params_issuer.h"
#undef SECTION
#undef PARAM
#undef CHOICE
};

/* All files of a folder in the order of their names.  Immutable. */
struct rv_issuers_config {
	struct rv_arena *arena; /* owns everything, this struct included */
	const struct rv_issuer_config *v;
	size_t n;
};

/*
 * As rv_authorities_load().  Two files with the same issuer are a mistake
 * too: which of them should judge its tokens?
 */
RV_MUSTUSE int rv_issuers_load(const char *folder,
    struct rv_issuers_config **ret_issuers, struct rv_error *e);
/* One issuer from memory; file stands for its path in messages. */
RV_MUSTUSE int rv_issuers_parse(struct rv_slice text, const char *name,
    const char *file, struct rv_issuers_config **ret_issuers,
    struct rv_error *e);
/* *issuers may be NULL and becomes NULL. */
void rv_issuers_config_free(struct rv_issuers_config **issuers);

#endif
