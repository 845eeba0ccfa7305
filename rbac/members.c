#include "members.h"

#include <stdlib.h>

#define BITS 64u

static size_t
words(const struct rv_members *m)
{
	return (m->n_resources + BITS - 1) / BITS;
}

/* A row costs a bit a resource, a list 32 bits a member. */
static bool
wants_row(const struct rv_members *m, uint32_t n)
{
	return n > 0 && n >= m->n_resources / 32;
}

static int
room(struct rv_members *m)
{
	size_t n_list = 0, n_rows = 0;

	for (size_t i = 0; i < m->n_sets; i++) {
		if (wants_row(m, m->sets[i].n))
			n_rows++;
		else
			n_list += m->sets[i].n;
	}
	m->lists = rv_array_new(n_list, sizeof(*m->lists));
	m->rows = rv_array_new(n_rows * words(m), sizeof(*m->rows));
	return m->lists == NULL || m->rows == NULL ? RV_ERR_NOMEM : RV_OK;
}

/* Gives each set its place; returns where each list grows. */
static uint32_t **
place(struct rv_members *m)
{
	uint32_t **end = rv_array_new(m->n_sets, sizeof(*end));
	uint32_t *list = m->lists;
	uint64_t *row = m->rows;

	for (size_t i = 0; end != NULL && i < m->n_sets; i++) {
		if (wants_row(m, m->sets[i].n)) {
			m->sets[i].row = row;
			row += words(m);
			continue;
		}
		m->sets[i].list = end[i] = list;
		list += m->sets[i].n;
	}
	return end;
}

static void
add(struct rv_members *m, uint32_t **end, uint32_t collection,
    uint32_t resource)
{
	const uint64_t *row = m->sets[collection].row;

	if (row != NULL)
		m->rows[(size_t)(row - m->rows) + resource / BITS] |=
		    UINT64_C(1) << (resource % BITS);
	else
		*end[collection]++ = resource;
}

int
rv_members_make(
    struct rv_members *m, const struct rv_groups *groups, size_t n_collections)
{
	const size_t n_items = groups->first[groups->n_owners];
	uint32_t **end = NULL;
	int r = RV_ERR_NOMEM;

	*m = (struct rv_members){ .n_sets = n_collections,
		.n_resources = groups->n_owners,
		.sets = rv_array_new(n_collections, sizeof(*m->sets)) };
	if (m->sets == NULL)
		goto out;
	for (size_t i = 0; i < n_items; i++)
		m->sets[groups->items[i]].n++;
	if (room(m) != RV_OK || (end = place(m)) == NULL)
		goto out;
	for (uint32_t i = 0; i < groups->n_owners; i++) {
		struct rv_ids in = rv_groups_get(groups, i);

		for (size_t k = 0; k < in.n; k++)
			add(m, end, in.p[k], i);
	}
	r = RV_OK;
out:
	free(end);
	if (r != RV_OK)
		rv_members_fini(m);
	return r;
}

void
rv_members_fini(struct rv_members *m)
{
	free(m->sets);
	free(m->lists);
	free(m->rows);
	*m = (struct rv_members){ 0 };
}

void
rv_members_join(const struct rv_members *m, uint32_t collection, uint64_t *row)
{
	const struct rv_member_set *set = &m->sets[collection];
	const size_t n_words = words(m);

	RV_ASSERT(collection < m->n_sets);
	if (set->row != NULL) {
		for (size_t i = 0; i < n_words; i++)
			row[i] |= set->row[i];
		return;
	}
	for (size_t i = 0; i < set->n; i++)
		row[set->list[i] / BITS] |= UINT64_C(1)
					    << (set->list[i] % BITS);
}

bool
rv_members_has(
    const struct rv_members *m, uint32_t collection, uint32_t resource)
{
	const struct rv_member_set *set = &m->sets[collection];

	RV_ASSERT(collection < m->n_sets && resource < m->n_resources);
	if (set->row != NULL)
		return (set->row[resource / BITS] &
			   UINT64_C(1) << (resource % BITS)) != 0;
	return rv_ids_contain((struct rv_ids){ set->list, set->n }, resource);
}
