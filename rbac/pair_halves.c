/*
 * The table of docs/rule.md section 4: which halves an operation on more
 * than one thing has.
 */
#include "pair.h"

#define COLLECTION RV_SLICE_LIT("1")
#define FOLDER	   RV_SLICE_LIT("226")
#define READ	   RV_SLICE_LIT("Read")
#define MODIFY	   RV_SLICE_LIT("Modify")
#define CREATE	   RV_SLICE_LIT("Create")

/* More than any row has, apart from the lists of a rule. */
#define USUAL 4

static void
add_target(
    struct rv_halves *h, struct rv_thing thing, const struct rv_target *target)
{
	RV_ASSERT(h->n < h->room);
	h->targets[h->n] = *target;
	h->halves[h->n++] = (struct rv_pair_half){
		.object_type_id =
		    target->t != NULL ? target->t->object_type_id : 0,
		.bit = target->bit,
		.thing = thing,
	};
}

static void
add(const struct rv_snapshot *s, struct rv_halves *h, struct rv_slice type,
    struct rv_slice operation, struct rv_slice key)
{
	const struct rv_question q = {
		.type = type, .operation = operation, .key = key
	};
	struct rv_target target;

	rv_target_resolve(s, &q, &target);
	add_target(h, (struct rv_thing){ type, key }, &target);
}

/* Deploy(k) on the collection; the table of rows says which operation. */
static void
add_deploy(const struct rv_snapshot *s, struct rv_halves *h,
    struct rv_slice content, struct rv_slice collection)
{
	const struct rv_thing thing = { COLLECTION, collection };
	const struct rv_catalogue *c = s->catalogue;
	const uint32_t type = rv_type_find(c, content);
	struct rv_target target = { .bit = RV_NO_BIT };
	struct rv_prepared p;
	struct rv_aim a;

	if (type == RV_NONE) {
		target.reason = RV_REASON_UNKNOWN_TYPE;
	} else if (c->types[type].deploy_bit == RV_NO_BIT) {
		target.reason = RV_REASON_OP_NOT_APPLICABLE;
	} else {
		rv_target_prepare_bit(s,
		    rv_intmap_find(&c->type_ids, RV_TYPE_COLLECTION),
		    c->types[type].deploy_bit, &p);
		rv_target_aim(&p, collection, &a);
		rv_target_find(&p, collection, &a, &target);
	}
	add_target(h, thing, &target);
}

/* A folder that is the root is no object and needs nothing. */
static void
add_folder_read(
    const struct rv_snapshot *s, struct rv_halves *h, struct rv_slice folder)
{
	if (folder.p != NULL)
		add(s, h, FOLDER, READ, folder);
}

/*
 * Modify Folder for a type, in a category that is a scope of the folder, or
 * SMS00ALL; any category at the root.  Nothing of the type itself is read.
 */
static void
add_folder_of(const struct rv_snapshot *s, struct rv_halves *h,
    struct rv_slice type, struct rv_slice folder)
{
	const struct rv_question read = {
		.type = FOLDER, .operation = READ, .key = folder
	};
	struct rv_target where, target;
	struct rv_prepared p;

	rv_target_prepare(s, type, RV_SLICE_LIT("Modify Folder"), &p);
	target = p.base;
	target.needs = 0;
	target.barred = false;
	target.below = false;
	target.cover = target.need_cover = RV_COVER_NOTHING;
	if (target.reason == RV_REASON_ALLOWED && p.table == RV_IN_RESOURCES)
		target.reason = RV_REASON_OP_NOT_APPLICABLE;
	if (folder.p != NULL && target.reason == RV_REASON_ALLOWED) {
		rv_target_resolve(s, &read, &where);
		target.reason = where.reason;
		target.cover = target.need_cover = where.cover;
		target.object = where.object;
		target.scoping = where.scoping;
	}
	add_target(h, (struct rv_thing){ type, folder }, &target);
}

static void
write_rule(const struct rv_snapshot *s, struct rv_halves *h,
    const struct rv_pair_question *q)
{
	add(s, h, COLLECTION, q->collection.p != NULL ? MODIFY : CREATE,
	    q->collection);
	for (size_t i = 0; i < q->n_named; i++)
		add(s, h, COLLECTION, READ, q->named[i]);
	if (q->inventory)
		add(s, h, COLLECTION, RV_SLICE_LIT("Read Resource"),
		    q->limiting);
	for (size_t i = 0; i < q->n_direct; i++)
		add(s, h, q->direct[i].type, READ, q->direct[i].key);
}

static void
import_computer(const struct rv_snapshot *s, struct rv_halves *h,
    const struct rv_pair_question *q)
{
	add(s, h, q->object.type, RV_SLICE_LIT("Import Computer Entry"),
	    q->object.key);
	add(s, h, COLLECTION, RV_SLICE_LIT("Modify Resource"), q->collection);
	if (q->other.type.p != NULL)
		add(s, h, q->other.type, MODIFY, q->other.key);
}

static void
write_folder(const struct rv_snapshot *s, struct rv_halves *h,
    const struct rv_pair_question *q)
{
	const bool new = q->operation == RV_PAIR_CREATE_FOLDER;

	add(s, h, FOLDER,
	    new					    ? CREATE
	    : q->operation == RV_PAIR_CHANGE_FOLDER ? MODIFY
						    : RV_SLICE_LIT("Delete"),
	    new ? RV_SLICE_NONE : q->from);
	add_folder_of(s, h, q->object.type, new ? q->to : q->from);
}

/* What is deployed, distributed or moved, and what goes with it. */
static void
spell_object(const struct rv_snapshot *s, const struct rv_pair_question *q,
    struct rv_halves *h)
{
	const struct rv_thing x = q->object, y = q->other;

	switch (q->operation) {
	case RV_PAIR_DEPLOY:
		add_deploy(s, h, x.type, q->collection);
		add(s, h, x.type, READ, x.key);
		break;
	case RV_PAIR_DELETE_DEPLOYMENT:
		add_deploy(s, h, x.type, q->collection);
		break;
	case RV_PAIR_READ_DEPLOYMENT:
		h->any = true;
		add(s, h, COLLECTION, READ, q->collection);
		add(s, h, x.type, READ, x.key);
		break;
	case RV_PAIR_DISTRIBUTE:
		add(s, h, x.type, READ, x.key);
		add(s, h, y.type, RV_SLICE_LIT("Copy to Distribution Point"),
		    y.key);
		break;
	case RV_PAIR_REFER:
		add(s, h, x.type, MODIFY, x.key);
		add(s, h, y.type, READ, y.key);
		break;
	case RV_PAIR_MOVE:
		add(s, h, x.type, RV_SLICE_LIT("Move Object"), x.key);
		add_folder_read(s, h, q->from);
		add_folder_read(s, h, q->to);
		break;
	case RV_PAIR_CREATE_COLLECTION:
	case RV_PAIR_CHANGE_LIMITING:
	case RV_PAIR_WRITE_RULE:
	case RV_PAIR_IMPORT_COMPUTER:
	case RV_PAIR_CREATE_FOLDER:
	case RV_PAIR_CHANGE_FOLDER:
	case RV_PAIR_DELETE_FOLDER:
		break;
	}
}

static void
spell_place(const struct rv_snapshot *s, const struct rv_pair_question *q,
    struct rv_halves *h)
{
	switch (q->operation) {
	case RV_PAIR_CREATE_COLLECTION:
		add(s, h, COLLECTION, CREATE, RV_SLICE_NONE);
		add(s, h, COLLECTION, READ, q->limiting);
		break;
	case RV_PAIR_CHANGE_LIMITING:
		add(s, h, COLLECTION, MODIFY, q->collection);
		add(s, h, COLLECTION, READ, q->limiting);
		break;
	case RV_PAIR_WRITE_RULE:
		write_rule(s, h, q);
		break;
	case RV_PAIR_IMPORT_COMPUTER:
		import_computer(s, h, q);
		break;
	case RV_PAIR_CREATE_FOLDER:
	case RV_PAIR_CHANGE_FOLDER:
	case RV_PAIR_DELETE_FOLDER:
		write_folder(s, h, q);
		break;
	case RV_PAIR_DEPLOY:
	case RV_PAIR_DELETE_DEPLOYMENT:
	case RV_PAIR_READ_DEPLOYMENT:
	case RV_PAIR_DISTRIBUTE:
	case RV_PAIR_REFER:
	case RV_PAIR_MOVE:
		break;
	}
}

int
rv_halves_make(const struct rv_snapshot *s, const struct rv_pair_question *q,
    struct rv_arena *arena, struct rv_halves *ret_halves)
{
	const bool rule = q->operation == RV_PAIR_WRITE_RULE;
	struct rv_halves h = { .room = USUAL };

	if (rule && (q->n_named > RV_NONE || q->n_direct > RV_NONE))
		return RV_ERR_NOMEM;
	if (rule)
		h.room += q->n_named + q->n_direct;
	h.targets = rv_arena_alloc(arena, h.room * sizeof(*h.targets));
	h.halves = rv_arena_alloc(arena, h.room * sizeof(*h.halves));
	if (h.targets == NULL || h.halves == NULL)
		return RV_ERR_NOMEM;
	spell_object(s, q, &h);
	spell_place(s, q, &h);
	*ret_halves = h;
	return RV_OK;
}
