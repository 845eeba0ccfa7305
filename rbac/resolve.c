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

/* As deep as there are halves of halves. NOLINTBEGIN(misc-no-recursion) */
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
/* NOLINTEND(misc-no-recursion) */

/* Sorts, and drops what comes twice. */
static void
tidy(struct rv_found *f)
{
	size_t to = 0;

	sort_with(f->p, f->n, f->spare);
	for (size_t i = 0; i < f->n; i++)
		if (to == 0 || f->p[to - 1] != f->p[i])
			f->p[to++] = f->p[i];
	f->n = to;
}

int
rv_subject_find(const struct rv_snapshot *s, const struct rv_subject *u,
    size_t extra, struct rv_arena *arena, struct rv_found *ret_found)
{
	struct rv_found f = { .room = extra };
	struct rv_walk w = { .s = s, .u = u };
	const struct rv_grants *grants, **users;
	size_t n = 0;

	if (u->n_ids > SIZE_MAX / 16)
		return RV_ERR_NOMEM;
	users = rv_arena_alloc(arena, u->n_ids * sizeof(*users));
	if (users == NULL)
		return RV_ERR_NOMEM;
	while ((grants = rv_walk_user(&w)) != NULL) {
		users[n++] = grants;
		f.room += grants->n;
	}
	f.p = rv_arena_alloc(arena, f.room * sizeof(*f.p) * 2);
	if (f.p == NULL)
		return RV_ERR_NOMEM;
	f.spare = f.p + f.room;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < users[i]->n; k++)
			f.p[f.n++] = &users[i]->p[k];
	*ret_found = f;
	return RV_OK;
}

#define LINE ((size_t)64)

/* Room that begins with a line of memory: claims are a line each. */
static void *
alloc_lines(struct rv_arena *arena, size_t n)
{
	char *p = rv_arena_alloc(arena, n + LINE - 1);

	return p == NULL ? NULL : p + (-(uintptr_t)p & (LINE - 1));
}

/* False when the places for a collection are taken. */
static bool
put_place(struct rv_places *places, uint32_t n_places, uint32_t collection,
    uint32_t claim)
{
	struct rv_places *p = &places[rv_places_of(collection, n_places)];

	for (size_t i = 0; i < RV_PLACES; i++)
		if (p->claims[i] == 0 || p->collections[i] == collection) {
			p->collections[i] = collection;
			p->claims[i] |= claim;
			return true;
		}
	return false;
}

static bool
put_places(const struct rv_subject_resolved *k, struct rv_places *places,
    uint32_t n_places)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct rv_ids ids = k->claims[i].a->collections;

		for (size_t at = 0; at < ids.n; at++)
			if (!put_place(places, n_places, ids.p[at],
				1u << (k->n - 1 - i)))
				return false;
	}
	return true;
}

#define COLLECTIONS_MOST 1024 /* for more, it costs more than it saves */

/* Notes which claims name a collection, when these are few. */
static int
find_places(struct rv_subject_resolved *k, struct rv_arena *arena)
{
	uint32_t n_places = 1;
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += k->claims[i].a->collections.n;
	if (k->n > RV_VERDICT_ASSIGNMENTS || n > COLLECTIONS_MOST)
		return RV_OK;
	while (n_places * (RV_PLACES / 2) < n)
		n_places *= 2;
	for (int tries = 0; tries < 4; tries++, n_places *= 2) {
		struct rv_places *places =
		    rv_arena_alloc(arena, n_places * sizeof(*places));

		if (places == NULL)
			return RV_ERR_NOMEM;
		if (put_places(k, places, n_places)) {
			k->places = places;
			k->n_places = n_places;
			break;
		}
	}
	return RV_OK;
}

int
rv_subject_finish(const struct rv_snapshot *s, const struct rv_subject *u,
    struct rv_found *f, struct rv_arena *arena,
    const struct rv_subject_resolved **ret_subject)
{
	struct rv_subject_resolved *k;
	struct rv_claim *claims;

	_Static_assert(sizeof(*claims) == LINE, "a claim is a line");
	_Static_assert(sizeof(*k) <= LINE, "what holds them as well");
	tidy(f);
	k = alloc_lines(arena, LINE + f->n * sizeof(*claims));
	if (k == NULL)
		return RV_ERR_NOMEM;
	claims = (struct rv_claim *)(void *)((char *)k + LINE);
	*k = rv_subject_asking(s, u);
	k->n = f->n;
	for (size_t i = 0; i < f->n; i++)
		claims[i] = rv_claim_of(k, f->p[i]);
	rv_subject_settle(k, claims);
	if (find_places(k, arena) != RV_OK)
		return RV_ERR_NOMEM;
	*ret_subject = k;
	return RV_OK;
}

int
rv_rbac_resolve(const struct rv_snapshot *s, const struct rv_subject *u,
    struct rv_arena *arena, const struct rv_subject_resolved **ret_subject)
{
	struct rv_found f;
	int r = rv_subject_find(s, u, 0, arena, &f);

	if (r != RV_OK)
		return r;
	return rv_subject_finish(s, u, &f, arena, ret_subject);
}
