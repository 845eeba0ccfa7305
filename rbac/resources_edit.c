#include <string.h>

#include "resource_page.h"

static unsigned
index_of(uint32_t id)
{
	return id & (RV_TRIE_FAN - 1);
}

static void
slot_set(
    struct rv_resource_page *page, unsigned i, struct rv_resource_slot slot)
{
	const uint32_t type =
	    slot.type != 0 ? slot.type - RV_RESOURCE_GROUP + 1 : 0;

	if (page->wide_slots)
		((uint32_t *)rv_page_slots(page))[i] =
		    type * RV_WIDE_PLACES + slot.first;
	else
		((uint16_t *)rv_page_slots(page))[i] =
		    (uint16_t)(type * RV_SHORT_PLACES + slot.first);
}

static void
number_set(struct rv_resource_page *page, uint32_t i, uint32_t number)
{
	if (page->wide_numbers)
		((uint32_t *)rv_page_numbers(page))[i] = number;
	else
		((uint16_t *)rv_page_numbers(page))[i] = (uint16_t)number;
}

/* Moves the numbers from one place on, to another. */
static void
numbers_move(struct rv_resource_page *page, uint32_t to, uint32_t from)
{
	const size_t size =
	    page->wide_numbers ? sizeof(uint32_t) : sizeof(uint16_t);
	char *p = rv_page_numbers(page);

	memmove(p + to * size, p + from * size, (page->n - from) * size);
}

/*
 * The slots from i on begin by so much later, or earlier when it is negative:
 * the types, in higher bits, are not touched by that.
 */
static void
slots_shift(struct rv_resource_page *page, unsigned i, int64_t by)
{
	uint32_t *wides = rv_page_slots(page);
	uint16_t *shorts = rv_page_slots(page);

	if (page->wide_slots)
		for (; i < RV_PAGE_SLOTS; i++)
			wides[i] += (uint32_t)by;
	else
		for (; i < RV_PAGE_SLOTS; i++)
			shorts[i] = (uint16_t)(shorts[i] + (uint16_t)by);
}

static bool
is_empty(const struct rv_resource_page *page)
{
	for (unsigned i = 0; i < RV_TRIE_FAN; i++)
		if (rv_page_slot(page, i).type != 0)
			return false;
	return true;
}

/* A copy in another form, with room for one more number. */
static struct rv_resource_page *
page_reform(struct rv_edit *e, const struct rv_resource_page *old,
    bool wide_slots, bool wide_numbers)
{
	struct rv_resource_page *page = rv_block_new(
	    e, rv_page_bytes(wide_slots, wide_numbers, (size_t)old->n + 1));

	if (page == NULL)
		return NULL;
	*page = (struct rv_resource_page){ old->n, wide_slots, wide_numbers };
	for (unsigned i = 0; i < RV_PAGE_SLOTS; i++)
		slot_set(page, i, rv_page_slot(old, i));
	for (uint32_t i = 0; i < old->n; i++)
		number_set(page, i, rv_page_number(old, i));
	return page;
}

/* The page to write to, with room for one number more, which is given. */
static struct rv_resource_page *
page_room(struct rv_edit *e, void **place, uint32_t number)
{
	struct rv_resource_page *old = *place, *page;
	const bool wide_slots =
	    old->wide_slots || old->n + 1 >= RV_SHORT_PLACES;
	const bool wide_numbers =
	    old->wide_numbers || number >= RV_SHORT_NUMBERS;

	if (old->n + 1 >= RV_WIDE_PLACES)
		return NULL;
	if (wide_slots == old->wide_slots &&
	    wide_numbers == old->wide_numbers) {
		page = rv_block_room(e, old,
		    rv_page_bytes(
			wide_slots, wide_numbers, (size_t)old->n + 1));
	} else {
		page = page_reform(e, old, wide_slots, wide_numbers);
		if (page != NULL)
			rv_block_drop(e, old);
	}
	if (page != NULL)
		*place = page;
	return page;
}

static struct rv_resource_page *
page_write(struct rv_edit *e, void **place)
{
	void *page = *place != NULL
			 ? rv_block_write(e, *place)
			 : rv_block_new(e, rv_page_bytes(false, false, 0));

	if (page != NULL)
		*place = page;
	return page;
}

/* After numbers have gone. */
static void
page_trim(struct rv_edit *e, void **place)
{
	const struct rv_resource_page *page = *place;

	*place = rv_block_trim(e, *place,
	    rv_page_bytes(page->wide_slots, page->wide_numbers, page->n));
}

int
rv_resource_add(struct rv_edit *e, struct rv_trie *resources, uint32_t id,
    enum rv_resource_type type)
{
	struct rv_resource_page *page;
	void **place;

	RV_ASSERT(type >= RV_RESOURCE_GROUP && type <= RV_RESOURCE_DEVICE);
	if (rv_resource_type(resources, id) != 0)
		return RV_ERR_EXISTS;
	place = rv_trie_place(e, resources, id);
	if (place == NULL)
		return RV_ERR_NOMEM;
	page = page_write(e, place);
	if (page == NULL)
		return RV_ERR_NOMEM;
	slot_set(page, index_of(id),
	    (struct rv_resource_slot){
		type, rv_page_slot(page, index_of(id)).first });
	return RV_OK;
}

int
rv_resource_remove(struct rv_edit *e, struct rv_trie *resources, uint32_t id)
{
	struct rv_resource_page *page;
	struct rv_resource_run run;
	void **place;

	if (rv_resource_type(resources, id) == 0)
		return RV_ERR_NOTFOUND;
	place = rv_trie_place(e, resources, id);
	if (place == NULL)
		return RV_ERR_NOMEM;
	page = page_write(e, place);
	if (page == NULL)
		return RV_ERR_NOMEM;
	run = rv_page_run(page, index_of(id));
	slot_set(page, index_of(id), (struct rv_resource_slot){ 0, run.first });
	slots_shift(page, index_of(id) + 1, -(int64_t)run.n);
	numbers_move(page, run.first, run.first + run.n);
	page->n -= run.n;
	if (is_empty(page)) {
		rv_block_drop(e, page);
		*place = NULL;
	} else {
		page_trim(e, place);
	}
	return RV_OK;
}

/*
 * Where a number is, or belongs, among those of the page; whether the
 * resource is there, and the number.
 */
static bool
find(const struct rv_trie *resources, uint32_t id, uint32_t number,
    uint32_t *ret_at, bool *ret_has)
{
	const struct rv_resource_page *page = rv_trie_page(resources, id);
	struct rv_resource_run run;
	uint32_t place;

	if (page == NULL || rv_page_slot(page, index_of(id)).type == 0)
		return false;
	run = rv_page_run(page, index_of(id));
	place = rv_page_place(page, run, number);
	*ret_at = run.first + place;
	*ret_has = place < run.n && rv_page_number(page, *ret_at) == number;
	return true;
}

int
rv_resource_join(struct rv_edit *e, struct rv_trie *resources, uint32_t id,
    uint32_t collection)
{
	struct rv_resource_page *page;
	void **place;
	uint32_t at;
	bool has;

	if (!find(resources, id, collection, &at, &has))
		return RV_ERR_NOTFOUND;
	if (has)
		return RV_ERR_EXISTS;
	place = rv_trie_place(e, resources, id);
	if (place == NULL)
		return RV_ERR_NOMEM;
	page = page_room(e, place, collection);
	if (page == NULL)
		return RV_ERR_NOMEM;
	numbers_move(page, at + 1, at);
	number_set(page, at, collection);
	slots_shift(page, index_of(id) + 1, 1);
	page->n++;
	return RV_OK;
}

int
rv_resource_leave(struct rv_edit *e, struct rv_trie *resources, uint32_t id,
    uint32_t collection)
{
	struct rv_resource_page *page;
	void **place;
	uint32_t at;
	bool has;

	if (!find(resources, id, collection, &at, &has) || !has)
		return RV_ERR_NOTFOUND;
	place = rv_trie_place(e, resources, id);
	if (place == NULL)
		return RV_ERR_NOMEM;
	page = page_write(e, place);
	if (page == NULL)
		return RV_ERR_NOMEM;
	numbers_move(page, at, at + 1);
	slots_shift(page, index_of(id) + 1, -1);
	page->n--;
	page_trim(e, place);
	return RV_OK;
}

/* ---- Filling ----------------------------------------------------------- */

/* Resources of one page, and where their lists are. */
struct batch {
	const uint32_t *ids;
	const uint32_t *first; /* one more than ids */
	const uint32_t *items;
	size_t n;
};

/* A page with the types of another and the lists of a batch. */
static struct rv_resource_page *
page_fill(struct rv_edit *e, const struct rv_resource_page *old,
    const struct batch *b)
{
	const uint32_t begin = b->first[0], n = b->first[b->n] - begin;
	struct rv_resource_page *page;
	bool wide_numbers = false;
	size_t k = 0;

	if (n >= RV_WIDE_PLACES)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		wide_numbers |= b->items[begin + i] >= RV_SHORT_NUMBERS;
	page = rv_block_new(
	    e, rv_page_bytes(n >= RV_SHORT_PLACES, wide_numbers, n));
	if (page == NULL)
		return NULL;
	*page =
	    (struct rv_resource_page){ n, n >= RV_SHORT_PLACES, wide_numbers };
	for (unsigned i = 0; i < RV_PAGE_SLOTS; i++) {
		/* Up to the next resource of the batch none has any. */
		slot_set(page, i,
		    (struct rv_resource_slot){
			rv_page_slot(old, i).type, b->first[k] - begin });
		if (k < b->n && index_of(b->ids[k]) == i)
			k++;
	}
	RV_ASSERT(k == b->n);
	for (uint32_t i = 0; i < n; i++)
		number_set(page, i, b->items[begin + i]);
	return page;
}

int
rv_resource_fill(struct rv_edit *e, struct rv_trie *resources,
    const uint32_t *ids, size_t n_ids, const uint32_t *first,
    const uint32_t *items)
{
	for (size_t i = 0, n; i < n_ids; i += n) {
		void **place = rv_trie_place(e, resources, ids[i]);
		struct rv_resource_page *page;

		if (place == NULL)
			return RV_ERR_NOMEM;
		RV_ASSERT(*place != NULL);
		for (n = 1; i + n < n_ids && ids[i + n] >> 8 == ids[i] >> 8;)
			n++;
		page = page_fill(
		    e, *place, &(struct batch){ ids + i, first + i, items, n });
		if (page == NULL)
			return RV_ERR_NOMEM;
		rv_block_drop(e, *place);
		*place = page;
	}
	return RV_OK;
}
