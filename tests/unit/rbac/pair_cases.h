/*
 * Cases about operations on more than one thing: lines that begin with
 * "can" and "cannot" in tests/decisions; see README.md there.
 */
#ifndef TESTS_UNIT_RBAC_PAIR_CASES_H
#define TESTS_UNIT_RBAC_PAIR_CASES_H

#include "naive_pair.h"
#include "policy.h"

struct pair_case {
	struct rv_pair_question q;
	struct rv_slice named[4];
	struct rv_thing direct[4];
};

/* The rest of a list in one word, with commas. */
static inline size_t
pair_names(
    struct world *w, const struct policy_line *l, size_t i, struct rv_slice *to)
{
	char copy[256], *save = NULL;
	size_t n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", word_at(l, i));
	for (char *p = strtok_r(copy, ",", &save); p != NULL;
	     p = strtok_r(NULL, ",", &save)) {
		if (n == 4)
			policy_die(l, "too many names");
		to[n++] = world_name(w, "%s", p);
	}
	return n;
}

static inline struct rv_thing
pair_thing(struct world *w, const struct policy_line *l, size_t *i)
{
	struct rv_thing t = { name_at(w, l, *i), name_at(w, l, *i + 1) };

	*i += 2;
	return t;
}

static inline void
pair_expect(const struct policy_line *l, size_t *i, const char *word)
{
	if (!word_is(l, *i, word))
		policy_die(l, "another word is expected");
	++*i;
}

/* A folder after a word that may not be there: the root. */
static inline struct rv_slice
pair_folder(
    struct world *w, const struct policy_line *l, size_t *i, const char *word)
{
	if (!word_is(l, *i, word))
		return RV_SLICE_NONE;
	*i += 2;
	return name_at(w, l, *i - 1);
}

/* deploy TYPE KEY on COLLECTION, and its like */
static inline void
pair_deployment(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	if (c->q.operation == RV_PAIR_DELETE_DEPLOYMENT)
		c->q.object.type = name_at(w, l, (*i)++);
	else
		c->q.object = pair_thing(w, l, i);
	pair_expect(l, i, "on");
	c->q.collection = name_at(w, l, (*i)++);
}

/* TYPE KEY to TYPE KEY */
static inline void
pair_two(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	c->q.object = pair_thing(w, l, i);
	pair_expect(l, i, "to");
	c->q.other = pair_thing(w, l, i);
}

static inline void
pair_limiting(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	if (c->q.operation == RV_PAIR_CHANGE_LIMITING)
		c->q.collection = name_at(w, l, (*i)++);
	pair_expect(l, i, "to");
	c->q.limiting = name_at(w, l, (*i)++);
}

/* COLLECTION|new [naming ID,...] [inventory LIMITING] [direct CLASS ID] */
static inline void
pair_rule(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	if (!word_is(l, *i, "new"))
		c->q.collection = name_at(w, l, *i);
	++*i;
	for (;;) {
		if (word_is(l, *i, "naming")) {
			c->q.n_named = pair_names(w, l, *i + 1, c->named);
			*i += 2;
		} else if (word_is(l, *i, "inventory")) {
			c->q.inventory = true;
			c->q.limiting = name_at(w, l, *i + 1);
			*i += 2;
		} else if (word_is(l, *i, "direct") && c->q.n_direct < 4) {
			++*i;
			c->direct[c->q.n_direct++] = pair_thing(w, l, i);
		} else {
			break;
		}
	}
	c->q.named = c->named;
	c->q.direct = c->direct;
}

/* SITE into COLLECTION [matching CLASS ID] */
static inline void
pair_import(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	c->q.object.type = RV_SLICE_LIT("Site");
	c->q.object.key = name_at(w, l, (*i)++);
	pair_expect(l, i, "into");
	c->q.collection = name_at(w, l, (*i)++);
	if (!word_is(l, *i, "matching"))
		return;
	++*i;
	c->q.other = pair_thing(w, l, i);
}

/* TYPE KEY [from FOLDER] [to FOLDER] */
static inline void
pair_move(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	c->q.object = pair_thing(w, l, i);
	c->q.from = pair_folder(w, l, i, "from");
	c->q.to = pair_folder(w, l, i, "to");
}

/* TYPE [in FOLDER], or TYPE FOLDER */
static inline void
pair_folders(struct world *w, const struct policy_line *l, size_t *i,
    struct pair_case *c)
{
	c->q.object.type = name_at(w, l, (*i)++);
	if (c->q.operation == RV_PAIR_CREATE_FOLDER)
		c->q.to = pair_folder(w, l, i, "in");
	else
		c->q.from = name_at(w, l, (*i)++);
}

/* can WHO OPERATION ...: reads on from OPERATION, returns where it stops. */
static inline size_t
pair_read(struct world *w, const struct policy_line *l, struct pair_case *c)
{
	static const struct {
		const char *word;
		enum rv_pair_operation operation;
		void (*read)(struct world *, const struct policy_line *,
		    size_t *, struct pair_case *);
	} readers[] = {
		{ "deploy", RV_PAIR_DEPLOY, pair_deployment },
		{ "delete-deployment", RV_PAIR_DELETE_DEPLOYMENT,
		    pair_deployment },
		{ "read-deployment", RV_PAIR_READ_DEPLOYMENT, pair_deployment },
		{ "distribute", RV_PAIR_DISTRIBUTE, pair_two },
		{ "refer", RV_PAIR_REFER, pair_two },
		{ "create-collection", RV_PAIR_CREATE_COLLECTION,
		    pair_limiting },
		{ "change-limiting", RV_PAIR_CHANGE_LIMITING, pair_limiting },
		{ "write-rule", RV_PAIR_WRITE_RULE, pair_rule },
		{ "import-computer", RV_PAIR_IMPORT_COMPUTER, pair_import },
		{ "move", RV_PAIR_MOVE, pair_move },
		{ "create-folder", RV_PAIR_CREATE_FOLDER, pair_folders },
		{ "change-folder", RV_PAIR_CHANGE_FOLDER, pair_folders },
		{ "delete-folder", RV_PAIR_DELETE_FOLDER, pair_folders },
	};
	size_t i = 3;

	*c = (struct pair_case){ 0 };
	for (size_t k = 0; k < sizeof(readers) / sizeof(*readers); k++)
		if (word_is(l, 2, readers[k].word)) {
			c->q.operation = readers[k].operation;
			readers[k].read(w, l, &i, c);
			return i;
		}
	policy_die(l, "no such operation on more than one thing");
}

#endif
