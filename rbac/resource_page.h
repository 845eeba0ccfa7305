/*
 * The form of a page of resources, for the files that make it up: the head,
 * 257 slots, then the numbers of collections, one resource's after the
 * other's, each ascending.
 *
 * A slot has the type of its resource in its two highest bits and below them
 * where its collections begin; the next says where they end.  Slots are of
 * two bytes while all places fit, else of four; so are the numbers.
 */
#ifndef RBAC_RESOURCE_PAGE_H
#define RBAC_RESOURCE_PAGE_H

#include "resources.h"

#define RV_PAGE_SLOTS	 (RV_TRIE_FAN + 1)
#define RV_SHORT_PLACES	 (UINT32_C(1) << 14) /* places are below */
#define RV_WIDE_PLACES	 (UINT32_C(1) << 30)
#define RV_SHORT_NUMBERS 65536u

struct rv_resource_page {
	uint32_t n; /* numbers of collections */
	bool wide_slots;
	bool wide_numbers;
};

struct rv_resource_slot {
	unsigned type; /* enum rv_resource_type, or 0: no resource */
	uint32_t first;
};

/* Where the collections of a resource are among those of its page. */
struct rv_resource_run {
	uint32_t first, n;
};

static inline void *
rv_page_slots(const struct rv_resource_page *page)
{
	return (void *)(uintptr_t)(page + 1);
}

/* An offset in bytes, for pages of that kind of slots. */
static inline size_t
rv_page_numbers_at(bool wide_slots)
{
	return sizeof(struct rv_resource_page) +
	       RV_PAGE_SLOTS *
		   (wide_slots ? sizeof(uint32_t) : sizeof(uint16_t)) +
	       /* aligned for numbers of four bytes */
	       (wide_slots ? 0 : sizeof(uint16_t));
}

static inline void *
rv_page_numbers(const struct rv_resource_page *page)
{
	return (char *)(uintptr_t)page + rv_page_numbers_at(page->wide_slots);
}

static inline size_t
rv_page_bytes(bool wide_slots, bool wide_numbers, size_t n)
{
	return rv_page_numbers_at(wide_slots) +
	       n * (wide_numbers ? sizeof(uint32_t) : sizeof(uint16_t));
}

static inline struct rv_resource_slot
rv_page_slot(const struct rv_resource_page *page, unsigned i)
{
	uint32_t type, first;

	if (page->wide_slots) {
		const uint32_t slot =
		    ((const uint32_t *)rv_page_slots(page))[i];

		type = slot / RV_WIDE_PLACES;
		first = slot % RV_WIDE_PLACES;
	} else {
		const uint32_t slot =
		    ((const uint16_t *)rv_page_slots(page))[i];

		type = slot / RV_SHORT_PLACES;
		first = slot % RV_SHORT_PLACES;
	}
	return (struct rv_resource_slot){
		type != 0 ? type + RV_RESOURCE_GROUP - 1 : 0, first
	};
}

static inline struct rv_resource_run
rv_page_run(const struct rv_resource_page *page, unsigned i)
{
	const uint32_t first = rv_page_slot(page, i).first;

	return (struct rv_resource_run){ first,
		rv_page_slot(page, i + 1).first - first };
}

static inline uint32_t
rv_page_number(const struct rv_resource_page *page, uint32_t i)
{
	return page->wide_numbers
		   ? ((const uint32_t *)rv_page_numbers(page))[i]
		   : ((const uint16_t *)rv_page_numbers(page))[i];
}

/* The place in a run of the first number that is not smaller. */
uint32_t rv_page_place(const struct rv_resource_page *page,
    struct rv_resource_run run, uint32_t number);

#endif
