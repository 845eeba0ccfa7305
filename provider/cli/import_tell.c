/* import: the plan, and what is decided otherwise, for people. */
#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *kind, *text;
} reasons[] = {
	{ "deploy_pairing",
	    "two roles allow it together there; here one has to, see "
	    "deploy_pairing" },
	{ "read_needed", "here it needs Read of the same object, too" },
	{ "own_collection", "here a permission above it reaches it, too" },
	{ "delegation", "here nobody gives what they do not have, or Grant" },
	{ "unknown_operations", "these bits mean nothing here; they are kept" },
	{ "read_of_deployments",
	    "here deployments are read by their content and collection" },
	{ "built_in_role", "the built-in role has other operations here" },
};

static void
put(const char *text)
{
	(void)fputc('\t', stdout);
	rv_cli_print(stdout, text);
}

static void
tell_line(const json_t *line)
{
	const json_t *lost;
	size_t i;

	rv_cli_print(stdout, rv_cli_text(line, "action"));
	put(rv_cli_text(line, "entity"));
	put(rv_cli_text(line, "source_id"));
	put(rv_cli_text(line, "id"));
	put(rv_cli_text(line, "name"));
	put(rv_cli_text(line, "why"));
	if (json_object_get(line, "query") != NULL)
		put(rv_cli_text(line, "query"));
	(void)fputc('\n', stdout);
	json_array_foreach(
	    json_object_get(line, "permissions_left_out"), i, lost)
	{
		(void)fputs("left_out\tpermission", stdout);
		put(rv_cli_text(line, "source_id"));
		put(json_string_value(lost));
		(void)fputc('\n', stdout);
	}
}

static void
tell_difference(const json_t *difference)
{
	const char *kind = rv_cli_text(difference, "kind");
	char *all = json_dumps(difference, JSON_COMPACT | JSON_SORT_KEYS);

	(void)fputs("differs", stdout);
	put(kind);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].kind, kind) == 0)
			put(reasons[i].text);
	put(all != NULL ? all : "memory is short");
	(void)fputc('\n', stdout);
	free(all);
}

void
rv_cli_import_tell(const json_t *result)
{
	const json_t *one, *members = json_object_get(result, "memberships");
	const char *const counts[] = { "made", "kept", "left_out" };
	size_t i;

	json_array_foreach(json_object_get(result, "plan"), i, one)
	{
		tell_line(one);
	}
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		(void)printf("%s\tmemberships\t%lld\n", counts[i],
		    (long long)json_integer_value(
			json_object_get(members, counts[i])));
	(void)printf("made\trules\t%lld\n",
	    (long long)json_integer_value(
		json_object_get(json_object_get(result, "rules"), "made")));
	json_array_foreach(json_object_get(result, "differences"), i, one)
	{
		tell_difference(one);
	}
}
