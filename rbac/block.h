/*
 * Memory that the versions of a snapshot share.  A block belongs to the
 * edition (the number of the version in its line) that made it and never
 * changes afterwards: an edit writes to blocks of its own, and to copies of
 * others, which it notes as replaced.  Those are freed when no version that
 * can see them is left.
 *
 * Blocks carry no counters: only the one thread that edits reads their head.
 */
#ifndef RBAC_BLOCK_H
#define RBAC_BLOCK_H

#include "reeve/base.h"

struct rv_block_head {
	struct rv_block_head *prev, *next; /* in a list of an edit */
	uint32_t edition;
	uint32_t words; /* of 8 bytes, without the head */
};

/* A list of blocks to free. */
struct rv_blocks {
	struct rv_block_head *first, *last;
	size_t bytes; /* heads included */
};

/* One edit while it is made. */
struct rv_edit {
	uint32_t edition; /* higher than that of every block there is */
	struct rv_blocks made, replaced;
	bool full; /* a dictionary of the line has no room for a name */
};

void rv_edit_begin(struct rv_edit *e, uint32_t edition);
/* Frees what it made; what it replaced is as it was. */
void rv_edit_abort(struct rv_edit *e);
/* Hands over what it replaced; what it made stays. */
struct rv_blocks rv_edit_commit(struct rv_edit *e);

/*
 * Where an edit is NULL below the block belongs to its owner alone: it is
 * written in place and freed at once.
 */

/* Zeroed; NULL when out of memory or beyond 32 GiB. */
void *rv_block_new(struct rv_edit *e, size_t bytes);
/*
 * The block to write to: itself when it is of this edition, else a copy,
 * and the block is noted as replaced.  NULL when out of memory, and then
 * nothing has changed.
 */
void *rv_block_write(struct rv_edit *e, void *block);
/* The same with room for another number of bytes; new ones are zero. */
void *rv_block_resize(struct rv_edit *e, void *block, size_t bytes);
/*
 * The block to write to, with room for at least so many bytes: never smaller
 * than it was.  One of this edition grows by more than is asked for, so that
 * many edits on end take time in proportion; a copy has just the room.
 */
void *rv_block_room(struct rv_edit *e, void *block, size_t bytes);
/*
 * Gives back room of a block that may be written to, when less than half of
 * it is in use.  Returns where the block is now; it never fails.
 */
void *rv_block_trim(struct rv_edit *e, void *block, size_t bytes);
/* The block is no part of the new version; NULL is none. */
void rv_block_drop(struct rv_edit *e, const void *block);
/* Bytes of a block without its head, rounded up to 8. */
size_t rv_block_size(const void *block);
/* Frees one that no version sees any more; NULL is none. */
void rv_block_free(const void *block);
/* Frees all of a list, and empties it. */
void rv_blocks_free(struct rv_blocks *blocks);
/* Puts the blocks of one list behind those of another. */
void rv_blocks_join(struct rv_blocks *to, struct rv_blocks *from);

#endif
