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
	RV_GATE_TOO_OLD,	  /* the sign-in is older than allowed */
	RV_GATE_MAPPING_GONE,	  /* stood for somebody, and does no more */
	RV_GATE_ACCOUNT_REPLACED, /* another account has the name now */
	RV_GATE_ACCOUNT_GONE,	  /* no account has the name any more */
};

/* "passed", "level_too_low", ...; never NULL. */
const char *rv_gate_name(enum rv_gate gate);

/* The level that this site asks of everybody: windows at least. */
enum rv_level rv_gate_level(const struct rv_snapshot *s, int64_t at_ms);

struct rv_gate_judgement {
	enum rv_gate gate;
	/* The name whose account was replaced or is gone, else absent. */
	struct rv_slice principal_id;
	/* The entry of the exclusion list that was needed, else absent. */
	struct rv_slice excluded_by;
	/* Until when it holds, unless something changes: UTC. */
	int64_t until_ms;
};

/*
 * Judges somebody at an instant, purely.  Slices are borrowed from the
 * identity and the snapshot.  Where the directory could not be asked, what
 * it last said counts.  The age of the sign-in and the mapping are those of
 * callers: who is only asked about (method none) has neither.
 */
void rv_gate_judge(const struct rv_identity *identity,
    const struct rv_snapshot *s, int64_t at_ms, struct rv_gate_judgement *ret);

#endif
