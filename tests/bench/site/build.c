#include "bench/site/site.h"

static int
take(void *arg, enum bench_table table, const void *row, struct rv_error *e)
{
	struct rv_builder *b = arg;

	switch (table) {
	case BENCH_TYPE:
		return rv_builder_type(b, row, e);
	case BENCH_OPERATION:
		return rv_builder_operation(b, row, e);
	case BENCH_CLASS_OPERATION:
		return rv_builder_class_operation(b, row, e);
	case BENCH_ROLE:
		return rv_builder_role(b, row, e);
	case BENCH_ROLE_OPERATION:
		return rv_builder_role_operation(b, row, e);
	case BENCH_SCOPE:
		return rv_builder_scope(b, row, e);
	case BENCH_COLLECTION:
		return rv_builder_collection(b, row, e);
	case BENCH_ADMIN:
		return rv_builder_admin(b, row, e);
	case BENCH_ASSIGNMENT:
		return rv_builder_assignment(b, row, e);
	case BENCH_ASSIGNMENT_SCOPE:
		return rv_builder_assignment_scope(b, row, e);
	case BENCH_ASSIGNMENT_COLLECTION:
		return rv_builder_assignment_collection(b, row, e);
	case BENCH_OBJECT:
		return rv_builder_object(b, row, e);
	case BENCH_OBJECT_SCOPE:
		return rv_builder_object_scope(b, row, e);
	case BENCH_RESOURCE:
		return rv_builder_resource(b, row, e);
	case BENCH_MEMBER:
		return rv_builder_member(b, row, e);
	case BENCH_TABLES:
		break;
	}
	return RV_ERR_INTERNAL;
}

int
bench_site_build(const struct bench_shape *shape,
    struct rv_snapshot **ret_snapshot, struct rv_error *e)
{
	const struct rv_row_site site = { .revision = 1,
		.epoch = RV_SLICE_LIT("00000000-0000-4000-8000-000000000000"),
		.minimum = RV_LEVEL_WINDOWS };
	struct rv_builder *b = rv_builder_new(1);
	int r;

	if (b == NULL)
		return RV_ERR_NOMEM;
	r = rv_builder_site(b, &site, e);
	if (r == RV_OK)
		r = bench_site_rows(shape, true, take, b, e);
	if (r == RV_OK)
		r = rv_builder_finish(&b, ret_snapshot, e);
	rv_builder_free(&b);
	return r;
}
