#include "config/folder.h"

#include "config/file.h"
#include "config/record.h"

static int
load_file(const char *folder, const char *name, struct rv_record *record,
    struct rv_error *e)
{
	struct rv_folder_file *head = record->fields;

	record->file =
	    rv_arena_printf(record->arena, "%s/%s.conf", folder, name);
	if (record->file == NULL) {
		rv_error_set(e, "%s: out of memory", folder);
		return RV_ERR_NOMEM;
	}
	head->name = name;
	head->file = record->file;
	return rv_record_load(record, e);
}

int
rv_folder_load(const char *folder, const struct rv_param_set *set,
    struct rv_arena *arena, void **ret_v, size_t *ret_n, struct rv_error *e)
{
	struct rv_strings names = { 0 };
	char *v;
	int r = RV_OK;

	if (folder != NULL)
		r = rv_file_names(folder, arena, &names, e);
	if (r != RV_OK)
		return r;
	/* One more, as an allocation of nothing may be NULL. */
	v = rv_arena_alloc(arena, (names.n + 1) * set->size);
	if (v == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct rv_record record = {
			.set = set,
			.fields = v + i * set->size,
			.arena = arena,
		};

		r = load_file(folder, names.v[i], &record, e);
		if (r != RV_OK)
			return r;
	}
	*ret_v = v;
	*ret_n = names.n;
	return RV_OK;
}
