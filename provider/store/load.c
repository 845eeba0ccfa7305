#include "store/load.h"

#include <string.h>
#include <sys/random.h>

#include "store/copy.h"

struct loader {
	struct rv_builder *builder;
	const struct rv_load_view *view;
	struct rv_copy copy;
};

static int
take_piece(void *arg, struct rv_slice piece, struct rv_error *e)
{
	struct loader *l = arg;
	struct rv_copy_field fields[RV_COPY_FIELDS];
	bool row = true;
	int r = rv_copy_piece(&l->copy, piece, e);

	while (r == RV_OK && row) {
		r = rv_copy_row(&l->copy, fields, &row, e);
		if (r == RV_OK && row)
			r = l->view->row(l->builder, fields, e);
	}
	return r;
}

static int
load_view(struct loader *l, struct rv_db *db, struct rv_error *e)
{
	struct rv_error why = { "" };
	int r;

	rv_copy_init(&l->copy, l->view->n_columns);
	r = rv_db_copy(
	    db, l->view->sql, (int)l->view->n_columns, take_piece, l, &why);
	if (r == RV_OK)
		r = rv_copy_end(&l->copy, &why);
	if (r != RV_OK)
		rv_error_set(e, "reeve.%s, row %llu: %.400s", l->view->name,
		    (unsigned long long)l->copy.rows, why.text);
	/* Revision and epoch: one row, neither none nor several. */
	if (r == RV_OK && l->view == &rv_load_views[0] && l->copy.rows != 1) {
		rv_error_set(e, "reeve.%s has %llu rows instead of one",
		    l->view->name, (unsigned long long)l->copy.rows);
		r = RV_ERR_INVALID;
	}
	return r;
}

static int
load_views(struct loader *l, struct rv_db *db, struct rv_error *e)
{
	int r = rv_db_execute(
	    db, "begin isolation level repeatable read read only", e);

	/* Estimates are high where there are no statistics: no compiling. */
	if (r == RV_OK)
		r = rv_db_execute(db, "set local jit = off", e);
	for (size_t i = 0; i < rv_load_n_views && r == RV_OK; i++) {
		l->view = &rv_load_views[i];
		r = load_view(l, db, e);
	}
	return r != RV_OK ? r : rv_db_execute(db, "commit", e);
}

/* A new one for each load: nobody outside of the process learns of it. */
static int
new_seed(uint64_t *ret_seed, struct rv_error *e)
{
	/* So few bytes come whole, or not at all. */
	if (getrandom(ret_seed, sizeof(*ret_seed), 0) == sizeof(*ret_seed))
		return RV_OK;
	rv_error_set(e, "the system gives no random bytes");
	return RV_ERR_IO;
}

int
rv_load(struct rv_db *db, struct rv_snapshot **ret_snapshot, struct rv_error *e)
{
	struct loader l = { .builder = NULL };
	struct rv_snapshot *s = NULL;
	uint64_t seed;
	int r = new_seed(&seed, e);

	if (r != RV_OK)
		goto out;
	l.builder = rv_builder_new(seed);
	if (l.builder == NULL) {
		r = RV_ERR_NOMEM;
		rv_error_set(e, "out of memory");
		goto out;
	}
	r = load_views(&l, db, e);
	if (r == RV_OK)
		r = rv_builder_finish(&l.builder, &s, e);
	if (r != RV_OK)
		goto out;
	*ret_snapshot = s;
	s = NULL;
out:
	rv_snapshot_free(&s);
	rv_builder_free(&l.builder);
	return r;
}
