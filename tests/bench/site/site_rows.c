/*
 * site_rows FOLDER RESOURCES MEMBERSHIPS COLLECTIONS ADMINS SCOPES OBJECTS
 *
 * Writes a site as one file a table for COPY, named after the table, with
 * the columns in its first line.
 */
#include "bench/site/site.h"

#include <string.h>

#include "bench/kit.h"

struct table {
	const char *name;
	const char *columns;
};

/* What a store has already is without a name. */
static const struct table tables[BENCH_TABLES] = {
	[BENCH_ROLE] = { "security_role", "role_id,name" },
	[BENCH_ROLE_OPERATION] = { "role_operation",
	    "role_id,object_type_id,bit" },
	[BENCH_SCOPE] = { "security_scope", "scope_id,name" },
	[BENCH_COLLECTION] = { "collection",
	    "collection_id,kind,limiting_id,name" },
	[BENCH_ADMIN] = { "administrative_user",
	    "admin_id,principal_id,logon_name,is_group" },
	[BENCH_ASSIGNMENT] = { "assignment", "assignment_id,admin_id,role_id" },
	[BENCH_ASSIGNMENT_SCOPE] = { "assignment_scope",
	    "assignment_id,scope_id" },
	[BENCH_ASSIGNMENT_COLLECTION] = { "assignment_collection",
	    "assignment_id,collection_id" },
	[BENCH_OBJECT] = { "secured_object", "object_type_id,object_key,name" },
	[BENCH_OBJECT_SCOPE] = { "object_scope",
	    "object_type_id,object_key,scope_id" },
	[BENCH_RESOURCE] = { "resource", "resource_id,resource_type,name" },
	[BENCH_MEMBER] = { "collection_member",
	    "collection_id,resource_id,kind" },
};

struct files {
	FILE *f[BENCH_TABLES];
};

static void
put(FILE *f, struct rv_slice a, const char *middle, struct rv_slice b)
{
	(void)fprintf(
	    f, "%.*s%s%.*s\n", RV_SLICE_FMT(a), middle, RV_SLICE_FMT(b));
}

static void
put_assigned(FILE *f, uint64_t id, struct rv_slice what)
{
	(void)fprintf(
	    f, "%llu\t%.*s\n", (unsigned long long)id, RV_SLICE_FMT(what));
}

static void
write_policy(FILE *f, enum bench_table table, const void *row)
{
	const struct rv_row_role *role = row;
	const struct rv_row_role_operation *operation = row;
	const struct rv_row_scope *scope = row;
	const struct rv_row_collection *collection = row;
	const struct rv_row_admin *admin = row;
	const struct rv_row_assignment *assignment = row;
	const struct rv_row_assignment_scope *in_scope = row;
	const struct rv_row_assignment_collection *in_collection = row;

	if (table == BENCH_ROLE)
		put(f, role->role_id, "\t", role->name);
	else if (table == BENCH_ROLE_OPERATION)
		(void)fprintf(f, "%.*s\t%u\t%u\n",
		    RV_SLICE_FMT(operation->role_id), operation->object_type_id,
		    operation->bit);
	else if (table == BENCH_SCOPE)
		put(f, scope->scope_id, "\t", scope->scope_id);
	else if (table == BENCH_COLLECTION)
		put(f, collection->collection_id, "\tdevice\tSMS00001\t",
		    collection->collection_id);
	else if (table == BENCH_ADMIN)
		(void)fprintf(f, "%u\t%.*s\t%u\tf\n", admin->admin_id,
		    RV_SLICE_FMT(admin->principal_id), admin->admin_id);
	else if (table == BENCH_ASSIGNMENT)
		(void)fprintf(f, "%llu\t%u\t%.*s\n",
		    (unsigned long long)assignment->assignment_id,
		    assignment->admin_id, RV_SLICE_FMT(assignment->role_id));
	else if (table == BENCH_ASSIGNMENT_SCOPE)
		put_assigned(f, in_scope->assignment_id, in_scope->scope_id);
	else if (table == BENCH_ASSIGNMENT_COLLECTION)
		put_assigned(f, in_collection->assignment_id,
		    in_collection->collection_id);
}

static void
write_things(FILE *f, enum bench_table table, const void *row)
{
	const struct rv_row_object *object = row;
	const struct rv_row_object_scope *in_scope = row;
	const struct rv_row_resource *resource = row;
	const struct rv_row_member *member = row;

	if (table == BENCH_OBJECT)
		(void)fprintf(f, "%u\t%.*s\t%.*s\n", object->object_type_id,
		    RV_SLICE_FMT(object->key), RV_SLICE_FMT(object->key));
	else if (table == BENCH_OBJECT_SCOPE)
		(void)fprintf(f, "%u\t%.*s\t%.*s\n", in_scope->object_type_id,
		    RV_SLICE_FMT(in_scope->key),
		    RV_SLICE_FMT(in_scope->scope_id));
	else if (table == BENCH_RESOURCE)
		(void)fprintf(f, "%u\t%d\tDEVICE%u\n", resource->resource_id,
		    (int)resource->type, resource->resource_id);
	else
		(void)fprintf(f, "%.*s\t%u\tdevice\n",
		    RV_SLICE_FMT(member->collection_id), member->resource_id);
}

static int
take(void *arg, enum bench_table table, const void *row, struct rv_error *e)
{
	struct files *files = arg;

	(void)e;
	if (table < BENCH_OBJECT)
		write_policy(files->f[table], table, row);
	else
		write_things(files->f[table], table, row);
	return RV_OK;
}

static void
open_files(struct files *files, const char *folder)
{
	char path[4096];

	for (size_t i = 0; i < BENCH_TABLES; i++) {
		if (tables[i].name == NULL)
			continue;
		(void)snprintf(
		    path, sizeof(path), "%s/%s", folder, tables[i].name);
		files->f[i] = fopen(path, "we");
		if (files->f[i] == NULL) {
			perror(path);
			exit(1);
		}
		(void)fprintf(files->f[i], "%s\n", tables[i].columns);
	}
}

int
main(int argc, char **argv)
{
	struct files files = { { NULL } };
	struct bench_shape shape;
	struct rv_error e = { "" };
	bool failed = false;

	if (argc != 8 || bench_shape_read(argv + 2, &shape) != RV_OK) {
		(void)fprintf(stderr,
		    "usage: site_rows FOLDER RESOURCES MEMBERSHIPS "
		    "COLLECTIONS ADMINS SCOPES OBJECTS\n");
		return 2;
	}
	open_files(&files, argv[1]);
	bench_need(
	    bench_site_rows(&shape, false, take, &files, &e), &e, "site_rows");
	for (size_t i = 0; i < BENCH_TABLES; i++)
		if (files.f[i] != NULL)
			failed |=
			    ferror(files.f[i]) != 0 || fclose(files.f[i]) != 0;
	if (failed)
		perror("site_rows: writing");
	return failed ? 1 : 0;
}
