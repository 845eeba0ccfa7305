/*
 * Resources by their ids: of which type each is, and in which collections
 * (roots apart).  Pages of 256 ids in a column; a page holds the lists of its
 * resources one after the other, in two bytes an entry while the numbers of
 * all its collections fit.
 */
#ifndef RBAC_RESOURCES_H
#define RBAC_RESOURCES_H

#include "reeve/rbac_build.h"

#include "idset.h"
#include "trie.h"

struct rv_resource_page;

/* The type of a resource, or 0 when there is none. */
unsigned rv_resource_type(const struct rv_trie *resources, uint32_t id);
/* Whether it is a member of one of them; ascending numbers. */
bool rv_resource_is_in(
    const struct rv_trie *resources, uint32_t id, struct rv_ids collections);
/* How many collections it is a member of, and as many as fit, ascending. */
size_t rv_resource_collections(const struct rv_trie *resources, uint32_t id,
    uint32_t *collections, size_t room);
/* Fetches what the functions above will read. */
void rv_resource_fetch(const struct rv_trie *resources, uint32_t id);
/* The first resource that is *from or greater; as rv_idset_next(). */
bool rv_resource_next(
    const struct rv_trie *resources, uint64_t *from, uint32_t *ret_id);

/* RV_ERR_EXISTS, RV_ERR_NOTFOUND, RV_ERR_NOMEM: nothing has changed. */
RV_MUSTUSE int rv_resource_add(struct rv_edit *e, struct rv_trie *resources,
    uint32_t id, enum rv_resource_type type);
/* Its memberships go with it. */
RV_MUSTUSE int rv_resource_remove(
    struct rv_edit *e, struct rv_trie *resources, uint32_t id);
RV_MUSTUSE int rv_resource_join(struct rv_edit *e, struct rv_trie *resources,
    uint32_t id, uint32_t collection);
RV_MUSTUSE int rv_resource_leave(struct rv_edit *e, struct rv_trie *resources,
    uint32_t id, uint32_t collection);
/*
 * All memberships of the resources that there are at once, which had none:
 * `first` and `items` as in struct rv_groups, by the position of the resource
 * in the order of the ids.  For the first edition.
 */
RV_MUSTUSE int rv_resource_fill(struct rv_edit *e, struct rv_trie *resources,
    const uint32_t *ids, size_t n_ids, const uint32_t *first,
    const uint32_t *items);
void rv_resources_free(struct rv_trie *resources);
bool rv_resources_are_sound(const struct rv_trie *resources);

#endif
