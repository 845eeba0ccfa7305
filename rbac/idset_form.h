/*
 * The form of a set, for the files that make it up.  A set is one block: the
 * head, then either its ids or the directory of its chunks, ascending.  A
 * chunk is a block of its own.
 *
 * The numbers of ids at which a form gives way to another lie apart for
 * growing and shrinking, so that a set on the brink does not pay at every
 * change.  The limit of lists is measured: chunks of 16 ranges (10^6 ids)
 * are smaller from about 400 ids on, those of 153 ranges (10^7) from about
 * 3,600, and in between both are near 4 bytes an id.
 */
#ifndef RBAC_IDSET_FORM_H
#define RBAC_IDSET_FORM_H

#include "idset.h"

#define RV_LIST_MAX  2048u /* ids of a list */
#define RV_LIST_MIN  1024u /* chunks become a list */
#define RV_ARRAY_MAX 4096u /* ids of an array; bits are smaller beyond */
#define RV_ARRAY_MIN 3072u /* bits become an array */

#define RV_CHUNK_IDS   65536u
#define RV_CHUNK_WORDS (RV_CHUNK_IDS / 64)

struct rv_chunk {
	uint16_t key;  /* the upper half of its ids */
	uint16_t bits; /* not 0: a bit for each, else an array */
	uint32_t n;    /* ids: 1 or more */
	union {
		uint16_t *array; /* lower halves, ascending */
		uint64_t *row;
		void *block;
	} at;
};

struct rv_idset {
	uint32_t more;	   /* ids but for one: there may be 2^32 */
	uint32_t n_chunks; /* 0: a list */
};

static inline uint32_t *
rv_idset_ids(const struct rv_idset *set)
{
	return (uint32_t *)(uintptr_t)(set + 1);
}

static inline struct rv_chunk *
rv_idset_chunks(const struct rv_idset *set)
{
	return (struct rv_chunk *)(uintptr_t)(set + 1);
}

/* The ids of a set that is a list. */
static inline struct rv_ids
rv_idset_list(const struct rv_idset *set)
{
	return (struct rv_ids){ rv_idset_ids(set), (size_t)set->more + 1 };
}

static inline size_t
rv_idset_list_bytes(size_t ids)
{
	return sizeof(struct rv_idset) + ids * sizeof(uint32_t);
}

static inline size_t
rv_idset_chunks_bytes(size_t chunks)
{
	return sizeof(struct rv_idset) + chunks * sizeof(struct rv_chunk);
}

/* The place of the first chunk of that key or a greater one. */
uint32_t rv_idset_place(const struct rv_idset *set, uint32_t key);
/* The number of ids of an ascending array that are smaller. */
uint32_t rv_array_before(const uint16_t *array, uint32_t n, uint32_t low);
/* As many ids of a row of bits as fit, of this low half or greater. */
size_t rv_row_read(const uint64_t *row, uint32_t key, uint32_t low,
    uint32_t *ids, size_t room);
uint32_t rv_row_count(const uint64_t *row);

static inline bool
rv_row_test(const uint64_t *row, uint32_t low)
{
	return (row[low / 64] >> low % 64 & 1) != 0;
}

#endif
