#include "resources.h"

#include "resource_page.h"

static unsigned
index_of(uint32_t id)
{
	return id & (RV_TRIE_FAN - 1);
}

unsigned
rv_resource_type(const struct rv_trie *resources, uint32_t id)
{
	const struct rv_resource_page *page = rv_trie_page(resources, id);

	return page != NULL ? rv_page_slot(page, index_of(id)).type : 0;
}

/*
 * The functions below are inline, so that numbers of two and of four bytes
 * have their own code each.  Which of two numbers is smaller cannot be
 * guessed: where they are compared there is no jump.
 */
static inline uint32_t
number_at(const void *numbers, bool wide, uint32_t i)
{
	return wide ? ((const uint32_t *)numbers)[i]
		    : ((const uint16_t *)numbers)[i];
}

/* How many of ascending numbers are smaller. */
static inline uint32_t
numbers_before(const void *numbers, bool wide, uint32_t n, uint32_t number)
{
	uint32_t at = 0;

	while (n > 1) {
		const uint32_t half = n / 2;

		at += half & -(uint32_t)(number_at(numbers, wide,
					     at + half - 1) < number);
		n -= half;
	}
	return at + (n == 1 && number_at(numbers, wide, at) < number);
}

/* Searches each of a list among the numbers. */
static inline bool
numbers_have(const void *numbers, bool wide, uint32_t n, struct rv_ids list)
{
	for (size_t k = 0; k < list.n; k++) {
		const uint32_t at = numbers_before(numbers, wide, n, list.p[k]);

		if (at < n && number_at(numbers, wide, at) == list.p[k])
			return true;
	}
	return false;
}

/* Whether ascending numbers have one in common with a list. */
static inline bool
numbers_meet(const void *numbers, bool wide, uint32_t n, struct rv_ids list)
{
	const size_t few = n < list.n ? n : list.n;
	const size_t many = n < list.n ? list.n : n;
	size_t k = 0;

	if (few > 16 && few > many / 8) {
		for (uint32_t i = 0; i < n && k < list.n;) {
			const uint32_t a = number_at(numbers, wide, i);
			const uint32_t b = list.p[k];

			if (a == b)
				return true;
			i += a < b;
			k += b < a;
		}
		return false;
	}
	if (n > list.n)
		return numbers_have(numbers, wide, n, list);
	for (uint32_t i = 0; i < n; i++)
		if (rv_ids_contain(list, number_at(numbers, wide, i)))
			return true;
	return false;
}

bool
rv_resource_is_in(
    const struct rv_trie *resources, uint32_t id, struct rv_ids collections)
{
	const struct rv_resource_page *page = rv_trie_page(resources, id);
	struct rv_resource_run run;

	if (page == NULL)
		return false;
	run = rv_page_run(page, index_of(id));
	if (page->wide_numbers)
		return numbers_meet(
		    (const uint32_t *)rv_page_numbers(page) + run.first, true,
		    run.n, collections);
	return numbers_meet((const uint16_t *)rv_page_numbers(page) + run.first,
	    false, run.n, collections);
}

uint32_t
rv_page_place(const struct rv_resource_page *page, struct rv_resource_run run,
    uint32_t number)
{
	if (page->wide_numbers)
		return numbers_before(
		    (const uint32_t *)rv_page_numbers(page) + run.first, true,
		    run.n, number);
	return numbers_before(
	    (const uint16_t *)rv_page_numbers(page) + run.first, false, run.n,
	    number);
}

size_t
rv_resource_collections(const struct rv_trie *resources, uint32_t id,
    uint32_t *collections, size_t room)
{
	const struct rv_resource_page *page = rv_trie_page(resources, id);
	struct rv_resource_run run;

	if (page == NULL)
		return 0;
	run = rv_page_run(page, index_of(id));
	for (uint32_t i = 0; i < run.n && i < room; i++)
		collections[i] = rv_page_number(page, run.first + i);
	return run.n;
}

void
rv_resource_fetch(const struct rv_trie *resources, uint32_t id)
{
	const struct rv_resource_page *page = rv_trie_page(resources, id);
	uint32_t first;

	if (page == NULL)
		return;
	/* Waits for the slot, which the machine does for many at once. */
	first = rv_page_slot(page, index_of(id)).first;
	__builtin_prefetch((const char *)rv_page_numbers(page) +
			   (page->wide_numbers ? first * sizeof(uint32_t)
					       : first * sizeof(uint16_t)));
}

bool
rv_resource_next(
    const struct rv_trie *resources, uint64_t *from, uint32_t *ret_id)
{
	uint64_t at = *from;

	while (at <= UINT32_MAX) {
		uint32_t id = (uint32_t)at;
		const struct rv_resource_page *page =
		    rv_trie_next_page(resources, &id);

		if (page == NULL)
			return false;
		for (at = id; at <= (id | (RV_TRIE_FAN - 1)); at++)
			if (rv_page_slot(page, index_of((uint32_t)at)).type !=
			    0) {
				*ret_id = (uint32_t)at;
				*from = at + 1;
				return true;
			}
	}
	return false;
}

/* The collections of a resource ascend, and of none there are none. */
static bool
slot_is_sound(const struct rv_resource_page *page, unsigned i)
{
	const struct rv_resource_slot slot = rv_page_slot(page, i);
	const uint32_t end = rv_page_slot(page, i + 1).first;

	if (slot.first > end || end > page->n ||
	    (slot.type == 0 && slot.first != end))
		return false;
	for (uint32_t k = slot.first; k + 1 < end; k++)
		if (rv_page_number(page, k) >= rv_page_number(page, k + 1))
			return false;
	return true;
}

static bool
page_is_sound(const struct rv_resource_page *page)
{
	bool any = false;

	if (rv_block_size(page) <
	    rv_page_bytes(page->wide_slots, page->wide_numbers, page->n))
		return false;
	for (unsigned i = 0; i < RV_TRIE_FAN; i++) {
		if (!slot_is_sound(page, i))
			return false;
		any |= rv_page_slot(page, i).type != 0;
	}
	return any && rv_page_slot(page, 0).first == 0 &&
	       rv_page_slot(page, RV_TRIE_FAN).first == page->n &&
	       rv_page_slot(page, RV_TRIE_FAN).type == 0;
}

bool
rv_resources_are_sound(const struct rv_trie *resources)
{
	uint64_t at = 0;

	while (at <= UINT32_MAX) {
		uint32_t id = (uint32_t)at;
		const struct rv_resource_page *page =
		    rv_trie_next_page(resources, &id);

		if (page == NULL)
			return true;
		if (!page_is_sound(page))
			return false;
		at = ((uint64_t)id | (RV_TRIE_FAN - 1)) + 1;
	}
	return true;
}

void
rv_resources_free(struct rv_trie *resources)
{
	rv_trie_free(resources);
}
