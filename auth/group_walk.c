#include "group_walk.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "ldap_entry.h"
#include "user_filter.h"

/* Names in one filter: a few KiB each way, and few round trips. */
#define NAMES_PER_QUERY 32

/* A group, or (the first of all) the person. */
struct node {
	struct node *next; /* in the order of discovery */
	char *id;	   /* NULL: the person */
	char *dn;
};

struct state {
	const struct rv_group_walk *walk;
	struct rv_ldap *connection;
	struct rv_error *error;

	struct node *first, *last;
	size_t n;
	void *visited; /* tree of the groups among them, by id */
	bool at_limit; /* new groups are deeper than allowed */
};

/* ---- Ids ------------------------------------------------------------------------- */

static void
lower(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	}
}

int
rv_directory_id(const struct rv_ldap_entry *entry, const char *id_attribute,
    char **ret_id, struct rv_error *e)
{
	char *id = NULL, *dn;
	int r;

	r = rv_ldap_entry_value(entry, id_attribute, RV_DIRECTORY_ID_MAX, &id);
	if (r == RV_OK) {
		lower(id);
		*ret_id = id;
		return RV_OK;
	}
	dn = rv_ldap_entry_dn(entry);
	rv_error_set(e, "%s has not exactly one %s that is short text",
	    dn != NULL ? dn : "an entry", id_attribute);
	free(dn);
	return r == RV_ERR_NOMEM ? r : RV_ERR_INVALID;
}

void
rv_group_ids_free(char **ids, size_t n)
{
	for (size_t i = 0; ids != NULL && i < n; i++)
		free(ids[i]);
	free(ids);
}

/* ---- Nodes ----------------------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void
node_free(struct node *node)
{
	if (node == NULL)
		return;
	free(node->id);
	free(node->dn);
	free(node);
}

/* The list owns the node. */
static void
append(struct state *s, struct node *node)
{
	if (s->last == NULL)
		s->first = node;
	else
		s->last->next = node;
	s->last = node;
	s->n++;
}

/* Whether one more group is allowed. */
static int
check_limits(const struct state *s)
{
	if (s->at_limit) {
		rv_error_set(s->error, "groups are nested deeper than %u",
		    s->walk->max_depth);
		return RV_ERR_LIMIT;
	}
	/* The first node is the person. */
	if (s->n > s->walk->max_groups) {
		rv_error_set(
		    s->error, "more groups than %zu", s->walk->max_groups);
		return RV_ERR_LIMIT;
	}
	return RV_OK;
}

static int
on_group(void *arg, const struct rv_ldap_entry *entry, struct rv_error *e)
{
	struct state *s = arg;
	struct node *node = calloc(1, sizeof(*node));
	int r = RV_ERR_NOMEM;

	if (node == NULL)
		return r;
	r = rv_directory_id(entry, s->walk->id_attribute, &node->id, e);
	if (r != RV_OK)
		goto out;
	/* Nested twice, or in a ring. */
	if (tfind(node, &s->visited, by_id) != NULL)
		goto out;
	r = check_limits(s);
	if (r != RV_OK)
		goto out;
	r = RV_ERR_NOMEM;
	node->dn = rv_ldap_entry_dn(entry);
	if (node->dn == NULL || tsearch(node, &s->visited, by_id) == NULL)
		goto out;
	append(s, node);
	node = NULL;
	r = RV_OK;
out:
	node_free(node);
	return r;
}

static int
append_person(struct state *s)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node == NULL)
		return RV_ERR_NOMEM;
	node->dn = strdup(s->walk->dn);
	if (node->dn == NULL) {
		node_free(node);
		return RV_ERR_NOMEM;
	}
	append(s, node);
	return RV_OK;
}

/* ---- The walk --------------------------------------------------------------------- */

/*
 * Writes (|(member=a)(member=b)...) for nodes from `from` to last, but no
 * more than fit.  Returns the first that did not, NULL when all did.
 */
static const struct node *
print_filter(
    const struct node *from, const struct node *last, struct rv_buf *out)
{
	const struct node *rest = from;

	rv_buf_reset(out);
	rv_buf_puts(out, "(|");
	for (int i = 0; rest != NULL && i < NAMES_PER_QUERY; i++) {
		rv_buf_puts(out, "(member=");
		rv_filter_put_value(out, rv_slice_of(rest->dn));
		rv_buf_putc(out, ')');
		rest = rest == last ? NULL : rest->next;
	}
	rv_buf_putc(out, ')');
	return rest;
}

/* Appends the groups that have a node of a floor, first to last, in them. */
static int
search_parents(
    struct state *s, const struct node *first, const struct node *last)
{
	const char *const attributes[] = { s->walk->id_attribute, NULL };
	struct rv_buf filter = { .max = 0 };
	const struct node *rest = first;
	int r = RV_OK;

	while (r == RV_OK && rest != NULL) {
		struct rv_ldap_query query = {
			.base = s->walk->base,
			.attributes = attributes,
		};

		rest = print_filter(rest, last, &filter);
		query.filter = rv_buf_cstr(&filter);
		r = RV_ERR_NOMEM;
		if (query.filter != NULL)
			r = rv_ldap_search(s->connection, &query,
			    s->walk->deadline_ms, on_group, s, s->error);
	}
	rv_buf_fini(&filter);
	return r;
}

static int
walk_up(struct state *s)
{
	const struct node *floor = s->first;

	for (unsigned depth = 0; floor != NULL; depth++) {
		const struct node *last = s->last;
		int r;

		/* One floor more is asked, to know that there is none. */
		s->at_limit = depth >= s->walk->max_depth;
		r = search_parents(s, floor, last);
		if (r != RV_OK)
			return r;
		floor = last->next;
	}
	return RV_OK;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Moves the ids out of the nodes. */
static int
take_ids(struct state *s, char ***ret_ids, size_t *ret_n)
{
	size_t n = 0;
	char **ids = calloc(s->n, sizeof(*ids));

	if (ids == NULL)
		return RV_ERR_NOMEM;
	for (struct node *g = s->first->next; g != NULL; g = g->next) {
		ids[n++] = g->id;
		g->id = NULL;
	}
	qsort(ids, n, sizeof(*ids), by_text);
	*ret_ids = ids;
	*ret_n = n;
	return RV_OK;
}

/* For tdestroy(): the list frees the nodes. */
static void
keep(void *node)
{
	(void)node;
}

static void
state_fini(struct state *s)
{
	tdestroy(s->visited, keep);
	while (s->first != NULL) {
		struct node *next = s->first->next;

		node_free(s->first);
		s->first = next;
	}
}

int
rv_group_walk(struct rv_ldap *connection, const struct rv_group_walk *walk,
    char ***ret_ids, size_t *ret_n, struct rv_error *e)
{
	struct state s = {
		.walk = walk,
		.connection = connection,
		.error = e,
	};
	int r = append_person(&s);

	if (r == RV_OK)
		r = walk_up(&s);
	if (r == RV_OK)
		r = take_ids(&s, ret_ids, ret_n);
	if (r == RV_ERR_NOMEM)
		rv_error_set(e, "out of memory");
	state_fini(&s);
	return r;
}
