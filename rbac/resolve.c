/* A subject, its assignments found once. */
#include "resolve.h"

#include <string.h>

/* Insertion: a subject has few assignments, and mostly in order. */
static void
sort_found(const struct rv_assignment **found, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct rv_assignment *a = found[i];
		size_t k = i;

		for (; k > 0 && found[k - 1]->assignment_id > a->assignment_id;
		     k--)
			found[k] = found[k - 1];
		found[k] = a;
	}
}

/* Merges two halves that are in order. */
static void
merge_found(const struct rv_assignment **found, size_t half, size_t n,
    const struct rv_assignment **spare)
{
	size_t i = 0, k = half, to = 0;

	memcpy(spare, found, half * sizeof(*found));
	while (i < half)
		if (k < n && found[k]->assignment_id < spare[i]->assignment_id)
			found[to++] = found[k++];
		else
			found[to++] = spare[i++];
}

static void
sort_with(const struct rv_assignment **found, size_t n,
    const struct rv_assignment **spare)
{
	const size_t half = n / 2;

	if (n <= 16) {
		sort_found(found, n);
		return;
	}
	sort_with(found, half, spare);
	sort_with(found + half, n - half, spare);
	merge_found(found, half, n, spare);
}

size_t
rv_found_tidy(const struct rv_assignment **found, size_t n,
    const struct rv_assignment **spare)
{
	size_t to = 0;

	sort_with(found, n, spare);
	for (size_t i = 0; i < n; i++)
		if (to == 0 || found[to - 1] != found[i])
			found[to++] = found[i];
	return to;
}

bool
rv_is_bounded(const struct rv_assignment *a)
{
	return a->from_ms != INT64_MIN || a->until_ms != INT64_MAX;
}

int
rv_subject_resolve(const struct rv_snapshot *s, const struct rv_subject *u,
    size_t extra, struct rv_arena *arena, struct rv_found *ret_found)
{
	const struct rv_subject_resolved k = rv_subject_walking(s, u);
	struct rv_found f = { .room = extra };
	struct span {
		uint32_t at, end;
	} *spans = rv_arena_alloc(arena, u->n_ids * sizeof(*spans));
	struct rv_walk w;
	size_t n = 0;

	if (spans == NULL)
		return RV_ERR_NOMEM;
	rv_walk_init(&w, &k);
	while (rv_walk_user(&w)) {
		spans[n++] = (struct span){ w.at, w.end };
		f.room += w.end - w.at;
	}
	f.p = rv_arena_alloc(arena, f.room * sizeof(*f.p) * 2);
	if (f.p == NULL)
		return RV_ERR_NOMEM;
	f.spare = f.p + f.room;
	for (size_t i = 0; i < n; i++)
		for (uint32_t at = spans[i].at; at < spans[i].end; at++)
			f.p[f.n++] = &s->assignments[at];
	*ret_found = f;
	return RV_OK;
}

int
rv_subject_finish(const struct rv_snapshot *s, const struct rv_subject *u,
    struct rv_found *f, struct rv_arena *arena,
    const struct rv_subject_resolved **ret_subject)
{
	struct rv_subject_resolved *k = rv_arena_alloc(arena, sizeof(*k));

	if (k == NULL)
		return RV_ERR_NOMEM;
	*k = rv_subject_walking(s, u);
	k->u = NULL;
	k->n = rv_found_tidy(f->p, f->n, f->spare);
	k->found = f->p;
	k->bounded = false;
	for (size_t i = 0; i < k->n; i++)
		k->bounded |= rv_is_bounded(f->p[i]);
	*ret_subject = k;
	return RV_OK;
}

int
rv_rbac_resolve(const struct rv_snapshot *s, const struct rv_subject *u,
    struct rv_arena *arena, const struct rv_subject_resolved **ret_subject)
{
	struct rv_found f;
	int r = rv_subject_resolve(s, u, 0, arena, &f);

	if (r != RV_OK)
		return r;
	return rv_subject_finish(s, u, &f, arena, ret_subject);
}
