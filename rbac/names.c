/* The names of a dictionary in the order of their bytes, space by space. */
#include "builder.h"

#include <stdlib.h>

/* What is compared when names are sorted: some bytes of them first. */
struct name_order {
	uint64_t head; /* 8 bytes behind what all names of the space share */
	uint32_t id;
	uint32_t space;
};

/* How a space's names begin. */
struct shared {
	uint32_t first; /* one of them, or RV_NONE */
	size_t n;	/* bytes that all have in common */
};

static uint64_t
head_of(struct rv_slice name, size_t shared)
{
	uint64_t head = 0;

	for (size_t i = shared; i < shared + 8; i++)
		head = head << 8 | (i < name.n ? (unsigned char)name.p[i] : 0);
	return head;
}

static int
compare_names(const void *a, const void *b, void *names)
{
	const struct name_order *x = a, *y = b;

	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	return rv_slice_cmp(
	    rv_dict_name(names, x->id), rv_dict_name(names, y->id));
}

static size_t
shared_length(struct rv_slice a, struct rv_slice b, size_t most)
{
	size_t n = 0;

	while (n < most && n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

/* How many bytes all names of each space begin with in common. */
static struct shared *
find_shared(const struct rv_dict *names)
{
	struct shared *shared;
	uint32_t spaces = 0;

	for (uint32_t i = 0; i < names->n; i++)
		if (rv_dict_space(names, i) >= spaces)
			spaces = rv_dict_space(names, i) + 1;
	shared = rv_array_new(spaces, sizeof(*shared));
	for (uint32_t i = 0; shared != NULL && i < spaces; i++)
		shared[i].first = RV_NONE;
	for (uint32_t i = 0; shared != NULL && i < names->n; i++) {
		struct shared *of = &shared[rv_dict_space(names, i)];
		const struct rv_slice name = rv_dict_name(names, i);

		if (of->first == RV_NONE)
			*of = (struct shared){ i, name.n };
		of->n =
		    shared_length(rv_dict_name(names, of->first), name, of->n);
	}
	return shared;
}

int
rv_names_in_order(const struct rv_dict *names, uint32_t **ret_ids)
{
	struct rv_dict view = *names; /* qsort_r() wants it writable */
	struct name_order *order = rv_array_new(names->n, sizeof(*order));
	uint32_t *ids = rv_array_new(names->n, sizeof(*ids));
	struct shared *shared = find_shared(names);
	bool ordered = true;
	int r = RV_ERR_NOMEM;

	*ret_ids = ids;
	if (order == NULL || ids == NULL || shared == NULL)
		goto out;
	for (uint32_t i = 0; i < names->n; i++) {
		const uint32_t space = rv_dict_space(names, i);

		order[i] = (struct name_order){ head_of(rv_dict_name(names, i),
						    shared[space].n),
			i, space };
		ordered = ordered && (i == 0 || compare_names(&order[i - 1],
						    &order[i], &view) < 0);
	}
	if (!ordered)
		qsort_r(order, names->n, sizeof(*order), compare_names, &view);
	for (size_t i = 0; i < names->n; i++)
		ids[i] = order[i].id;
	r = RV_OK;
out:
	free(order);
	free(shared);
	return r;
}
