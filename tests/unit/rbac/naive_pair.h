/*
 * docs/rule.md section 4 once more: the table as a table, and loops over
 * rows.  For test programs only.
 */
#ifndef TESTS_UNIT_RBAC_NAIVE_PAIR_H
#define TESTS_UNIT_RBAC_NAIVE_PAIR_H

#include "naive.h"

#include "reeve/rbac_pair.h"

/* Which thing of the question a half is about. */
enum naive_of {
	OF_OBJECT,
	OF_OTHER,
	OF_COLLECTION,
	OF_LIMITING,
	OF_FROM,    /* a folder; the root needs nothing */
	OF_TO,	    /* the same */
	OF_TYPE,    /* Modify Folder for the type, in `from` or `to` */
	OF_NOTHING, /* Create */
	OF_FOLDER,  /* the folder that is changed */
	OF_EACH_NAMED,
	OF_EACH_DIRECT,
};

/* A row of the table, half by half; "" is Deploy(k). */
static const struct {
	enum rv_pair_operation operation;
	const char *half;
	enum naive_of of;
} naive_table[] = {
	{ RV_PAIR_DEPLOY, "", OF_COLLECTION },
	{ RV_PAIR_DEPLOY, "Read", OF_OBJECT },
	{ RV_PAIR_DELETE_DEPLOYMENT, "", OF_COLLECTION },
	{ RV_PAIR_READ_DEPLOYMENT, "Read", OF_COLLECTION },
	{ RV_PAIR_READ_DEPLOYMENT, "Read", OF_OBJECT },
	{ RV_PAIR_DISTRIBUTE, "Read", OF_OBJECT },
	{ RV_PAIR_DISTRIBUTE, "Copy to Distribution Point", OF_OTHER },
	{ RV_PAIR_REFER, "Modify", OF_OBJECT },
	{ RV_PAIR_REFER, "Read", OF_OTHER },
	{ RV_PAIR_CREATE_COLLECTION, "Create", OF_NOTHING },
	{ RV_PAIR_CREATE_COLLECTION, "Read", OF_LIMITING },
	{ RV_PAIR_CHANGE_LIMITING, "Modify", OF_COLLECTION },
	{ RV_PAIR_CHANGE_LIMITING, "Read", OF_LIMITING },
	{ RV_PAIR_WRITE_RULE, "Modify", OF_COLLECTION },
	{ RV_PAIR_WRITE_RULE, "Read", OF_EACH_NAMED },
	{ RV_PAIR_WRITE_RULE, "Read Resource", OF_LIMITING },
	{ RV_PAIR_WRITE_RULE, "Read", OF_EACH_DIRECT },
	{ RV_PAIR_IMPORT_COMPUTER, "Import Computer Entry", OF_OBJECT },
	{ RV_PAIR_IMPORT_COMPUTER, "Modify Resource", OF_COLLECTION },
	{ RV_PAIR_IMPORT_COMPUTER, "Modify", OF_OTHER },
	{ RV_PAIR_MOVE, "Move Object", OF_OBJECT },
	{ RV_PAIR_MOVE, "Read", OF_FROM },
	{ RV_PAIR_MOVE, "Read", OF_TO },
	{ RV_PAIR_CREATE_FOLDER, "Create", OF_NOTHING },
	{ RV_PAIR_CREATE_FOLDER, "Modify Folder", OF_TYPE },
	{ RV_PAIR_CHANGE_FOLDER, "Modify", OF_FOLDER },
	{ RV_PAIR_CHANGE_FOLDER, "Modify Folder", OF_TYPE },
	{ RV_PAIR_DELETE_FOLDER, "Delete", OF_FOLDER },
	{ RV_PAIR_DELETE_FOLDER, "Modify Folder", OF_TYPE },
};

#define NAIVE_HALVES 16

struct naive_pair {
	struct naive n;
	struct naive_question half[NAIVE_HALVES];
	enum rv_reason reason[NAIVE_HALVES];
	size_t n_halves;
};

static inline void
naive_half(struct naive_pair *p, struct rv_slice type, const char *operation,
    struct rv_slice key)
{
	const struct rv_question q = {
		.type = type, .operation = rv_slice_of(operation), .key = key
	};

	if (p->n_halves == NAIVE_HALVES)
		abort();
	p->reason[p->n_halves] = naive_ask(&p->n, &q, &p->half[p->n_halves]);
	p->n_halves++;
}

/* Modify Folder for T: the operation of one type, the scopes of another. */
static inline void
naive_folder_half(
    struct naive_pair *p, struct rv_slice type, struct rv_slice folder)
{
	const struct rv_question on = { .type = type,
		.operation = RV_SLICE_LIT("Modify Folder") };
	const struct rv_question in = { .type = RV_SLICE_LIT("Folder"),
		.operation = RV_SLICE_LIT("Read"),
		.key = folder };
	struct naive_question *q = &p->half[p->n_halves];
	enum rv_reason *reason = &p->reason[p->n_halves++];
	struct naive_question where;

	*reason = naive_ask(&p->n, &on, q);
	if (*reason == RV_REASON_NO_SUCH_OBJECT && naive_find_type(&p->n, type))
		*reason = RV_REASON_ALLOWED; /* no instance of T is meant */
	q->on = ON_ROLE;
	q->reads = true;
	if (*reason != RV_REASON_ALLOWED || folder.p == NULL ||
	    p->n.flaw == FLAW_FOLDER_ANYWHERE)
		return;
	*reason = naive_ask(&p->n, &in, &where);
	q->on = ON_SCOPES;
	q->carrier = where.carrier;
	q->key = folder;
}

static inline struct rv_slice
naive_deploy(const struct naive *n, struct rv_slice content)
{
	const struct rv_row_type *t = naive_find_type(n, content);

	for (size_t i = 0; t != NULL && i < n->w->n_deploy; i++)
		if (n->w->deploy[i].object_type_id == t->object_type_id)
			return naive_operation(n, 1, n->w->deploy[i].bit)->name;
	return RV_SLICE_NONE;
}

static inline void
naive_deploy_half(
    struct naive_pair *p, struct rv_slice content, struct rv_slice collection)
{
	const struct rv_question q = { .type = RV_SLICE_LIT("1"),
		.operation = naive_deploy(&p->n, content),
		.key = collection };
	struct naive_question *half = &p->half[p->n_halves];
	enum rv_reason *reason = &p->reason[p->n_halves++];

	*half = (struct naive_question){ .bit = 255 };
	if (naive_find_type(&p->n, content) == NULL)
		*reason = RV_REASON_UNKNOWN_TYPE;
	else if (q.operation.p == NULL)
		*reason = RV_REASON_OP_NOT_APPLICABLE;
	else
		*reason = naive_ask(&p->n, &q, half);
}

static inline void
naive_add_row(struct naive_pair *p, const struct rv_pair_question *q,
    const char *half, enum naive_of of)
{
	const struct rv_slice collection = RV_SLICE_LIT("Collection");
	const struct rv_slice folder = RV_SLICE_LIT("Folder");
	const bool rule = q->operation == RV_PAIR_WRITE_RULE;
	const bool new_folder = q->operation == RV_PAIR_CREATE_FOLDER;

	switch (of) {
	case OF_OBJECT:
		naive_half(p, q->object.type, half, q->object.key);
		break;
	case OF_OTHER:
		if (q->operation != RV_PAIR_IMPORT_COMPUTER ||
		    (q->other.type.p != NULL &&
			p->n.flaw != FLAW_RECORD_FORGOTTEN))
			naive_half(p, q->other.type, half, q->other.key);
		break;
	case OF_COLLECTION:
		if (*half == '\0')
			naive_deploy_half(p, q->object.type, q->collection);
		else if (rule && q->collection.p == NULL)
			naive_half(p, collection, "Create", RV_SLICE_NONE);
		else
			naive_half(p, collection, half, q->collection);
		break;
	case OF_LIMITING:
		if ((!rule || q->inventory) &&
		    p->n.flaw != FLAW_LIMITING_FORGOTTEN)
			naive_half(p, collection, half, q->limiting);
		break;
	case OF_FROM:
	case OF_TO:
		if (of == OF_TO && p->n.flaw == FLAW_TARGET_FOLDER_FORGOTTEN)
			break;
		if ((of == OF_FROM ? q->from : q->to).p != NULL ||
		    p->n.flaw == FLAW_ROOT_IS_A_FOLDER)
			naive_half(
			    p, folder, half, of == OF_FROM ? q->from : q->to);
		break;
	case OF_TYPE:
		naive_folder_half(
		    p, q->object.type, new_folder ? q->to : q->from);
		break;
	case OF_NOTHING:
		naive_half(
		    p, new_folder ? folder : collection, half, RV_SLICE_NONE);
		break;
	case OF_FOLDER:
		naive_half(p, folder, half, q->from);
		break;
	case OF_EACH_NAMED:
		for (size_t i = 0;
		     i < q->n_named && p->n.flaw != FLAW_NAMED_FORGOTTEN; i++)
			naive_half(p, collection, half, q->named[i]);
		break;
	case OF_EACH_DIRECT:
		for (size_t i = 0; i < q->n_direct; i++)
			naive_half(
			    p, q->direct[i].type, half, q->direct[i].key);
		break;
	}
}

/* What the naive evaluator says; halves by their number. */
struct naive_pair_verdict {
	enum rv_decision decision;
	enum rv_reason reason;
	unsigned missing[NAIVE_HALVES];
	int level[NAIVE_HALVES]; /* 99: none is named */
	uint64_t first[NAIVE_HALVES];
	uint64_t ids[512];
	size_t n_ids, n_halves;
};

/* What one assignment fails in one half, `read` apart. */
static inline unsigned
naive_fails_half(
    const struct naive_pair *p, size_t half, const struct rv_row_assignment *a)
{
	struct naive_question q = p->half[half];

	if (q.type_wide)
		q.on = ON_ROLE;
	return naive_failed(&p->n, &q, a);
}

static inline void
naive_note_id(struct naive_pair_verdict *v, uint64_t id)
{
	for (size_t i = 0; i < v->n_ids; i++)
		if (v->ids[i] == id)
			return;
	if (v->n_ids == 512)
		abort();
	v->ids[v->n_ids++] = id;
	qsort(v->ids, v->n_ids, sizeof(*v->ids), naive_compare_ids);
}

static inline void
naive_pair_nearest(const struct naive_pair *p, struct naive_pair_verdict *v)
{
	const struct world *w = p->n.w;
	size_t smallest = SIZE_MAX;

	for (size_t i = 0; i < w->n_assignment; i++) {
		const struct rv_row_assignment *a = &w->assignment[i];
		size_t size = 0;

		if (!naive_names_subject(&p->n, a))
			continue;
		for (size_t h = 0; h < p->n_halves; h++)
			size += (size_t)__builtin_popcount(
			    naive_fails_half(p, h, a));
		if (size < smallest) {
			smallest = size;
			v->n_ids = 0;
			for (size_t h = 0; h < p->n_halves; h++) {
				v->missing[h] = 0;
				v->level[h] = 99;
			}
		}
		if (size > smallest)
			continue;
		naive_note_id(v, a->assignment_id);
		for (size_t h = 0; h < p->n_halves; h++) {
			const struct naive_question *q = &p->half[h];
			unsigned failed = naive_fails_half(p, h, a);

			v->missing[h] |= failed;
			if ((failed & RV_MISSING_LEVEL) != 0 &&
			    !(p->n.u->delegated &&
				naive_role_is_security(&p->n, a->role_id)) &&
			    naive_minimum(&p->n, a, q->type, q->bit) <
				v->level[h])
				v->level[h] =
				    naive_minimum(&p->n, a, q->type, q->bit);
		}
	}
	v->reason = smallest == SIZE_MAX ? RV_REASON_NO_ASSIGNMENT
					 : RV_REASON_NOT_PERMITTED;
	for (size_t h = 0; smallest != SIZE_MAX && h < p->n_halves; h++)
		if (naive_besides_fails(&p->n, &p->half[h]))
			v->missing[h] |= RV_MISSING_READ;
}

/* Halves from wherever: the first assignment for each. */
static inline bool
naive_pair_apart(const struct naive_pair *p, struct naive_pair_verdict *v)
{
	const struct world *w = p->n.w;

	for (size_t h = 0; h < p->n_halves; h++) {
		v->first[h] = UINT64_MAX;
		for (size_t i = 0; i < w->n_assignment; i++)
			if (naive_names_subject(&p->n, &w->assignment[i]) &&
			    naive_fails_half(p, h, &w->assignment[i]) == 0 &&
			    w->assignment[i].assignment_id < v->first[h])
				v->first[h] = w->assignment[i].assignment_id;
		if (v->first[h] == UINT64_MAX)
			return false;
	}
	for (size_t h = 0; h < p->n_halves; h++)
		naive_note_id(v, v->first[h]);
	return true;
}

static inline bool
naive_pair_together(const struct naive_pair *p, struct naive_pair_verdict *v)
{
	const struct world *w = p->n.w;

	for (size_t i = 0; i < w->n_assignment; i++) {
		bool all = naive_names_subject(&p->n, &w->assignment[i]);

		for (size_t h = 0; h < p->n_halves; h++)
			all &= naive_fails_half(p, h, &w->assignment[i]) == 0;
		if (all)
			naive_note_id(v, w->assignment[i].assignment_id);
	}
	return v->n_ids > 0;
}

static inline enum rv_reason
naive_pair_reason(const struct naive_pair *p)
{
	static const enum rv_reason order[] = { RV_REASON_UNKNOWN_TYPE,
		RV_REASON_OP_NOT_APPLICABLE, RV_REASON_UNKNOWN_OPERATION,
		RV_REASON_NO_SUCH_OBJECT };

	/* The second and the third are of one rank: the earlier half's. */
	for (size_t i = 0; i < 4; i++)
		for (size_t h = 0; h < p->n_halves; h++)
			if (p->reason[h] == order[i] ||
			    (i == 1 && p->reason[h] == order[2]))
				return p->reason[h];
	return RV_REASON_ALLOWED;
}

static inline void
naive_pair(const struct world *w, const struct rv_subject *u, int64_t at,
    const struct rv_pair_question *q, enum rv_pairing pairing, enum flaw flaw,
    struct naive_pair_verdict *v)
{
	struct naive_pair p = { .n = { w, u, at, flaw } };
	bool apart = pairing == RV_PAIRING_USER || flaw == FLAW_HALVES_APART ||
		     (q->operation == RV_PAIR_READ_DEPLOYMENT &&
			 flaw != FLAW_READS_TOGETHER);
	bool allowed = true;

	for (size_t i = 0; i < sizeof(naive_table) / sizeof(*naive_table); i++)
		if (naive_table[i].operation == q->operation)
			naive_add_row(
			    &p, q, naive_table[i].half, naive_table[i].of);
	if (flaw == FLAW_STOP_NEEDS_CONTENT &&
	    q->operation == RV_PAIR_DELETE_DEPLOYMENT)
		naive_half(&p, q->object.type, "Read", q->object.key);
	*v = (struct naive_pair_verdict){ .decision = RV_DENY,
		.n_halves = p.n_halves };
	v->reason = naive_pair_reason(&p);
	if (v->reason == RV_REASON_ALLOWED) {
		for (size_t h = 0; h < p.n_halves; h++)
			allowed &= !naive_besides_fails(&p.n, &p.half[h]);
		allowed = allowed && (apart ? naive_pair_apart(&p, v)
					    : naive_pair_together(&p, v));
		v->n_ids = allowed ? v->n_ids : 0;
		v->decision = allowed ? RV_ALLOW : RV_DENY;
		if (!allowed)
			naive_pair_nearest(&p, v);
	}
	if (v->decision == RV_DENY && !u->groups_known &&
	    v->reason != RV_REASON_UNKNOWN_TYPE &&
	    v->reason != RV_REASON_UNKNOWN_OPERATION &&
	    v->reason != RV_REASON_OP_NOT_APPLICABLE) {
		*v = (struct naive_pair_verdict){ .decision = RV_DENY,
			.reason = RV_REASON_GROUPS_UNKNOWN,
			.n_halves = p.n_halves };
	}
}

/* Whether the two say the same; apart: one is named for each half. */
static inline bool
same_pair(const struct rv_pair_verdict *a, const struct naive_pair_verdict *b,
    bool apart)
{
	const size_t shown = b->n_ids < RV_VERDICT_ASSIGNMENTS
				 ? b->n_ids
				 : RV_VERDICT_ASSIGNMENTS;

	if (a->decision != b->decision || a->reason != b->reason ||
	    a->n_halves != b->n_halves || a->n_assignments != shown ||
	    a->assignments_cut != (b->n_ids > shown))
		return false;
	for (size_t i = 0; i < shown; i++)
		if (a->assignments[i] != b->ids[i])
			return false;
	for (size_t h = 0; h < a->n_halves; h++) {
		const bool named = b->decision == RV_ALLOW && apart;
		const int level = b->level[h] == 99 ? 0 : b->level[h];

		if (a->halves[h].missing != b->missing[h] ||
		    (a->decision == RV_DENY &&
			(int)a->halves[h].level_needed != level) ||
		    (named && a->halves[h].assignment != b->first[h]))
			return false;
	}
	return true;
}

#endif
