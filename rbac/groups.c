#include "groups.h"

#include <stdlib.h>

int
rv_pairs_add(struct rv_pairs *pairs, uint32_t owner, uint32_t item)
{
	struct rv_pair *p =
	    rv_array_room(pairs->p, pairs->n, &pairs->cap, sizeof(*p));

	if (p == NULL)
		return RV_ERR_NOMEM;
	pairs->p = p;
	p[pairs->n++] = (struct rv_pair){ owner, item };
	return RV_OK;
}

void
rv_pairs_fini(struct rv_pairs *pairs)
{
	free(pairs->p);
	*pairs = (struct rv_pairs){ 0 };
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
sort(uint32_t *p, size_t n)
{
	if (n > 16) {
		qsort(p, n, sizeof(*p), compare);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t item = p[i];
		size_t k = i;

		for (; k > 0 && p[k - 1] > item; k--)
			p[k] = p[k - 1];
		p[k] = item;
	}
}

/* Sorts each list, drops duplicates, and closes the gaps. */
static void
tidy(struct rv_groups *g)
{
	uint32_t from = 0, to = 0;

	for (size_t owner = 0; owner < g->n_owners; owner++) {
		uint32_t end = g->first[owner + 1], begin = to;

		sort(g->items + from, end - from);
		for (; from < end; from++)
			if (to == begin || g->items[to - 1] != g->items[from])
				g->items[to++] = g->items[from];
		g->first[owner + 1] = to;
	}
}

int
rv_groups_make(
    const struct rv_pairs *pairs, size_t n_owners, struct rv_groups *ret_groups)
{
	struct rv_groups g = { .n_owners = n_owners };
	int r = RV_ERR_NOMEM;

	g.first = rv_array_new(n_owners + 2, sizeof(*g.first));
	g.items = rv_array_new(pairs->n, sizeof(*g.items));
	if (g.first == NULL || g.items == NULL)
		goto out;
	/*
	 * Counts two places up; the running sums then are where each list
	 * begins, one place up; filling moves them to where it ends, which
	 * is where the next begins.
	 */
	for (size_t i = 0; i < pairs->n; i++) {
		RV_ASSERT(pairs->p[i].owner < n_owners);
		g.first[pairs->p[i].owner + 2]++;
	}
	for (size_t i = 2; i < n_owners + 2; i++)
		g.first[i] += g.first[i - 1];
	for (size_t i = 0; i < pairs->n; i++)
		g.items[g.first[pairs->p[i].owner + 1]++] = pairs->p[i].item;
	tidy(&g);
	*ret_groups = g;
	r = RV_OK;
out:
	if (r != RV_OK)
		rv_groups_fini(&g);
	return r;
}

/* One pass of a radix sort, by 11 bits of the owner. */
static void
sort_pass(
    const struct rv_pair *from, struct rv_pair *to, size_t n, unsigned shift)
{
	size_t at[2048] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i].owner >> shift & 2047]++;
	for (size_t i = 0; i < 2048; i++) {
		const size_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i].owner >> shift & 2047]++] = from[i];
}

/* By owner; nothing to do when they came so. */
static int
sort_pairs(struct rv_pairs *pairs)
{
	struct rv_pair *spare;
	size_t i = 1;

	while (i < pairs->n && pairs->p[i - 1].owner <= pairs->p[i].owner)
		i++;
	if (i >= pairs->n)
		return RV_OK;
	spare = rv_array_new(pairs->n, sizeof(*spare));
	if (spare == NULL)
		return RV_ERR_NOMEM;
	sort_pass(pairs->p, spare, pairs->n, 0);
	sort_pass(spare, pairs->p, pairs->n, 11);
	sort_pass(pairs->p, spare, pairs->n, 22);
	free(pairs->p);
	pairs->p = spare;
	pairs->cap = pairs->n;
	return RV_OK;
}

int
rv_groups_of(
    struct rv_pairs *pairs, struct rv_ids owners, struct rv_groups *ret_groups)
{
	struct rv_groups g = { .n_owners = owners.n };
	size_t at = 0;

	if (sort_pairs(pairs) != RV_OK)
		return RV_ERR_NOMEM;
	g.first = rv_array_new(owners.n + 1, sizeof(*g.first));
	g.items = rv_array_new(pairs->n, sizeof(*g.items));
	if (g.first == NULL || g.items == NULL) {
		rv_groups_fini(&g);
		return RV_ERR_NOMEM;
	}
	for (size_t i = 0; i < owners.n; i++) {
		for (; at < pairs->n && pairs->p[at].owner == owners.p[i]; at++)
			g.items[at] = pairs->p[at].item;
		g.first[i + 1] = (uint32_t)at;
	}
	RV_ASSERT(at == pairs->n);
	tidy(&g);
	*ret_groups = g;
	return RV_OK;
}

int
rv_groups_turn(const struct rv_groups *groups, struct rv_ids owners,
    size_t n_items, struct rv_groups *ret_groups)
{
	const size_t n = groups->first[groups->n_owners];
	struct rv_groups g = { .n_owners = n_items };

	g.first = rv_array_new(n_items + 2, sizeof(*g.first));
	g.items = rv_array_new(n, sizeof(*g.items));
	if (g.first == NULL || g.items == NULL) {
		rv_groups_fini(&g);
		return RV_ERR_NOMEM;
	}
	/* As in rv_groups_make(). */
	for (size_t i = 0; i < n; i++)
		g.first[groups->items[i] + 2]++;
	for (size_t i = 2; i < n_items + 2; i++)
		g.first[i] += g.first[i - 1];
	for (size_t k = 0; k < owners.n; k++)
		for (uint32_t i = groups->first[k]; i < groups->first[k + 1];
		     i++)
			g.items[g.first[groups->items[i] + 1]++] = owners.p[k];
	*ret_groups = g;
	return RV_OK;
}

void
rv_groups_fini(struct rv_groups *groups)
{
	free(groups->first);
	free(groups->items);
	*groups = (struct rv_groups){ 0 };
}

struct rv_ids
rv_groups_get(const struct rv_groups *groups, uint32_t owner)
{
	RV_ASSERT(owner < groups->n_owners);
	return (struct rv_ids){ groups->items + groups->first[owner],
		groups->first[owner + 1] - groups->first[owner] };
}
