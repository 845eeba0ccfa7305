#include "store/changes_image.h"

#include <string.h>

static int
text_of(const json_t *value, bool null, struct rv_slice *ret)
{
	if (json_is_null(value) && null) {
		*ret = RV_SLICE_NONE;
		return RV_OK;
	}
	if (!json_is_string(value))
		return RV_ERR_INVALID;
	*ret = (struct rv_slice){ json_string_value(value),
		json_string_length(value) };
	return RV_OK;
}

static int
take_value(const struct rv_change_column *column, const json_t *value,
    struct rv_slice *ret_text, int64_t *ret_n)
{
	switch (column->kind) {
	case RV_CHANGE_TEXT:
	case RV_CHANGE_TEXT_ONCE:
		return text_of(value, false, ret_text);
	case RV_CHANGE_TEXT_OR_NULL:
		return text_of(value, true, ret_text);
	case RV_CHANGE_INTEGER_OR_NULL:
		if (json_is_null(value)) {
			*ret_n = 0;
			return RV_OK;
		}
		/* fallthrough */
	case RV_CHANGE_INTEGER:
		if (!json_is_integer(value))
			return RV_ERR_INVALID;
		*ret_n = json_integer_value(value);
		return *ret_n >= column->min && *ret_n <= column->max
			   ? RV_OK
			   : RV_ERR_INVALID;
	case RV_CHANGE_BOOLEAN:
		*ret_n = json_is_true(value);
		return json_is_boolean(value) ? RV_OK : RV_ERR_INVALID;
	case RV_CHANGE_IGNORED:
	case RV_CHANGE_END:
		break;
	}
	return RV_ERR_INTERNAL;
}

/* The columns that count come first in each table. */
static const struct rv_change_column *
column_named(
    const struct rv_change_entity *entity, const char *name, size_t *ret_i)
{
	const struct rv_change_column *c = entity->columns;

	while (c->kind != RV_CHANGE_END && strcmp(c->name, name) != 0)
		c++;
	*ret_i = (size_t)(c - entity->columns);
	return c->kind == RV_CHANGE_END ? NULL : c;
}

static bool
counts(const struct rv_change_column *column)
{
	return column->kind != RV_CHANGE_END &&
	       column->kind != RV_CHANGE_IGNORED;
}

/* Names are unique in an object: as many as there are is all of them. */
static int
take_columns(const struct rv_change_entity *entity,
    struct rv_change_image *image, struct rv_error *e)
{
	size_t found = 0, wanted = 0, i;
	const char *name;
	json_t *value;

	while (counts(&entity->columns[wanted]))
		wanted++;
	RV_ASSERT(wanted <= RV_CHANGE_VALUES);
	json_object_foreach(image->json, name, value)
	{
		const struct rv_change_column *c =
		    column_named(entity, name, &i);

		if (c == NULL) {
			rv_error_set(e, "the column \"%s\" is not known", name);
			return RV_ERR_INVALID;
		}
		if (!counts(c))
			continue;
		if (take_value(c, value, &image->row.v[i].text,
			&image->row.v[i].n) != RV_OK) {
			rv_error_set(e,
			    "the column \"%s\" has a value that is not allowed "
			    "there",
			    name);
			return RV_ERR_INVALID;
		}
		found++;
	}
	if (found == wanted)
		return RV_OK;
	rv_error_set(e, "a column is missing");
	return RV_ERR_INVALID;
}

int
rv_change_image_open(const struct rv_change_entity *entity,
    struct rv_slice json, struct rv_change_image *ret_image, struct rv_error *e)
{
	struct rv_change_image image = { .json = NULL };
	json_error_t why;
	int r = RV_ERR_INVALID;

	image.json = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &why);
	if (image.json == NULL) {
		if (json_error_code(&why) == json_error_out_of_memory)
			r = RV_ERR_NOMEM;
		rv_error_set(e, "the image is no JSON: %s", why.text);
		return r;
	}
	if (json_is_object(image.json))
		r = take_columns(entity, &image, e);
	else
		rv_error_set(e, "the image is no object");
	if (r == RV_OK)
		*ret_image = image;
	else
		rv_change_image_close(&image);
	return r;
}

void
rv_change_image_close(struct rv_change_image *image)
{
	json_decref(image->json);
	image->json = NULL;
}

bool
rv_change_row_same(const struct rv_change_entity *entity,
    const struct rv_change_row *a, const struct rv_change_row *b)
{
	for (size_t i = 0; counts(&entity->columns[i]); i++) {
		if (entity->columns[i].kind == RV_CHANGE_TEXT_ONCE)
			continue;
		if (a->v[i].n != b->v[i].n ||
		    (a->v[i].text.p == NULL) != (b->v[i].text.p == NULL) ||
		    !rv_slice_eq(a->v[i].text, b->v[i].text))
			return false;
	}
	return a->from_ms == b->from_ms && a->until_ms == b->until_ms;
}
