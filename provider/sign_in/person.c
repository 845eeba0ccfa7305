/*
 * Which person evidence stands for: the administrative user that an own id
 * is mapped to, and whom to look up for it in the directory.
 */
#include <stdio.h>
#include <string.h>

#include "sign_in/person.h"

#define KRB5 "krb5:"
#define SID  "sid:"

const struct rv_slice *
rv_person_ids(const struct rv_evidence *evidence, struct rv_arena *arena)
{
	struct rv_slice *ids =
	    rv_arena_alloc(arena, (evidence->ids.n + 1) * sizeof(*ids));

	for (size_t i = 0; ids != NULL && i < evidence->ids.n; i++)
		ids[i] = rv_slice_of(evidence->ids.v[i]);
	return ids;
}

bool
rv_person_is_mapped(const struct rv_snapshot *s, const struct rv_slice *ids,
    size_t n, struct rv_slice *ret_canonical)
{
	*ret_canonical = RV_SLICE_NONE;
	for (size_t i = 0; i < n; i++)
		if (rv_snapshot_admin_principal(s, ids[i], ret_canonical))
			return true;
	return false;
}

bool
rv_person_is_same(const struct rv_snapshot *s, const struct rv_slice *a,
    size_t n_a, const struct rv_slice *b, size_t n_b)
{
	struct rv_slice of_a, of_b;

	for (size_t i = 0; i < n_a; i++)
		for (size_t k = 0; k < n_b; k++)
			if (rv_slice_eq(a[i], b[k]))
				return true;
	return rv_person_is_mapped(s, a, n_a, &of_a) &&
	       rv_person_is_mapped(s, b, n_b, &of_b) && rv_slice_eq(of_a, of_b);
}

void
rv_person_lookup(struct rv_slice canonical, char who[RV_PRINCIPAL_MAX])
{
	const struct rv_slice krb5 = RV_SLICE_LIT(KRB5);

	if (rv_slice_has_prefix(canonical, krb5)) {
		canonical.p += krb5.n;
		canonical.n -= krb5.n;
	} else if (!rv_slice_has_prefix(canonical, RV_SLICE_LIT(SID))) {
		return;
	}
	/* A name that is cut would be another one. */
	if (canonical.n >= RV_PRINCIPAL_MAX)
		return;
	memcpy(who, canonical.p, canonical.n);
	who[canonical.n] = '\0';
}
