/*
 * The gate before the rule: the site's level, and whether the directory
 * account behind a name still is the one that was made an administrative
 * user.  It applies to callers, and to those whom questions are about.
 */
#ifndef PROVIDER_PIPELINE_GATE_H
#define PROVIDER_PIPELINE_GATE_H

#include "reeve/auth.h"
#include "reeve/rbac.h"

enum rv_gate {
	RV_GATE_PASSED,
	RV_GATE_LEVEL_TOO_LOW,
	RV_GATE_ACCOUNT_REPLACED, /* another account has the name now */
	RV_GATE_ACCOUNT_GONE,	  /* no account has the name any more */
};

/* "passed", "level_too_low", ...; never NULL. */
const char *rv_gate_name(enum rv_gate gate);

/* The level that this site asks of everybody: windows at least. */
enum rv_level rv_gate_level(const struct rv_snapshot *s);

/*
 * Judges somebody, purely.  *ret_principal_id is the name whose account was
 * replaced or is gone, else absent; it is borrowed from the identity.
 * Where the directory could not be asked, what it last said counts.
 */
enum rv_gate rv_gate_judge(const struct rv_identity *identity,
    const struct rv_snapshot *s, struct rv_slice *ret_principal_id);

#endif
