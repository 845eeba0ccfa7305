/*
 * Role files of strangers: what is read is what the store takes, and is the
 * same when it has been written and read again.
 */
#include <string.h>

#include "rest/role_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	RV_ASSERT(json_is_string(value));
	RV_ASSERT(json_string_length(value) <= RV_ROLE_FILE_ATTRIBUTE_MAX);
	RV_ASSERT(
	    strlen(json_string_value(value)) == json_string_length(value));
}

static void
check_role(const json_t *role)
{
	const json_t *masks = json_object_get(role, "operations");
	const json_t *names = json_object_get(role, "names");
	const json_t *one;
	size_t i;

	check_text(role, "name");
	check_text(role, "description");
	check_text(role, "copied_from_id");
	RV_ASSERT(json_array_size(masks) + json_array_size(names) <=
		  RV_ROLE_FILE_OPERATIONS);
	json_array_foreach(masks, i, one)
	{
		const json_int_t mask =
		    json_integer_value(json_object_get(one, "mask"));

		RV_ASSERT(json_integer_value(json_object_get(one, "type")) > 0);
		RV_ASSERT(mask >= 0 && mask <= UINT32_MAX);
	}
	json_array_foreach(names, i, one)
	{
		RV_ASSERT(json_integer_value(json_object_get(one, "type")) > 0);
		check_text(one, "name");
	}
}

static void
check_again(json_t *roles)
{
	struct rv_error e = { "" };
	struct rv_buf xml;
	json_t *again, *role;
	size_t i;

	rv_buf_init(&xml, 0);
	rv_role_file_write(roles, &xml);
	RV_ASSERT(!xml.failed);
	json_array_foreach(roles, i, role)
	{
		RV_ASSERT(json_object_set(role, "complete", json_true()) == 0);
	}
	/* Escapes may make it longer than a file may be. */
	if (xml.n <= RV_ROLE_FILE_MAX) {
		RV_ASSERT(
		    rv_role_file_read(rv_buf_slice(&xml), &again, &e) == RV_OK);
		RV_ASSERT(json_equal(roles, again));
		json_decref(again);
	}
	rv_buf_fini(&xml);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_error e = { "" };
	json_t *roles, *role;
	size_t i;
	const int r = rv_role_file_read(
	    (struct rv_slice){ (const char *)data, size }, &roles, &e);

	if (r != RV_OK) {
		RV_ASSERT(roles == NULL);
		RV_ASSERT(r == RV_ERR_NOMEM || e.text[0] != '\0');
		return 0;
	}
	RV_ASSERT(json_array_size(roles) >= 1 &&
		  json_array_size(roles) <= RV_ROLE_FILE_ROLES);
	json_array_foreach(roles, i, role)
	{
		check_role(role);
	}
	check_again(roles);
	json_decref(roles);
	return 0;
}
