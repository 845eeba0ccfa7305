/* What was found, and what became of the token, for people and programs. */
#include "cli/site.h"

static void
line(const char *head, const char *text)
{
	(void)printf("%-11s", head);
	rv_cli_print(stdout, text);
	(void)putchar('\n');
}

static void
lines(const char *head, const struct rv_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		line(i == 0 ? head : "", texts->v[i]);
}

void
rv_site_show(const struct rv_site *site)
{
	const struct rv_issuer_look *look = &site->look;

	line("issuer", site->issuer);
	line("keys at", look->jwks_uri);
	lines("keys", &look->keys);
	for (size_t i = 0; i < look->subjects.n; i++) {
		line(i == 0 ? "chain" : "", look->subjects.v[i]);
		line("", look->pins.v[i]);
	}
	line("pinned", look->pins.v[look->pins.n - 1]);
	line("device", look->device_endpoint != NULL
			   ? "the device code flow is offered"
			   : "no device code flow");
}

void
rv_site_show_test(const struct rv_site_test *test)
{
	const struct rv_evidence *ev = &test->evidence;

	if (test->refusal != RV_REFUSED_NOT) {
		line("sign-in", "refused");
		line("reason", rv_auth_refusal_name(test->refusal));
		line("", test->detail);
		return;
	}
	line("sign-in", "accepted");
	line("level", rv_level_name(test->level));
	line("principal", ev->principal);
	lines("ids", &ev->ids);
	if (ev->has_groups)
		lines("groups", &ev->groups);
	else
		line("groups", "unknown: the token does not have all of them");
	if (ev->lookup[0] != '\0')
		line("directory", ev->lookup);
}

/* ---- For programs ------------------------------------------------------------- */

static json_t *
list_of(const struct rv_texts *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < texts->n; i++)
		if (json_array_append_new(list, json_string(texts->v[i])) != 0)
			return json_decref(list), NULL;
	return list;
}

static json_t *
chain_of(const struct rv_issuer_look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < look->subjects.n; i++)
		if (json_array_append_new(list,
			json_pack("{s:s, s:s}", "subject", look->subjects.v[i],
			    "pin", look->pins.v[i])) != 0)
			return json_decref(list), NULL;
	return list;
}

static json_t *
test_of(const struct rv_site_test *test)
{
	const struct rv_evidence *ev = &test->evidence;

	if (test->refusal != RV_REFUSED_NOT)
		return json_pack("{s:b, s:s, s:s}", "accepted", 0, "reason",
		    rv_auth_refusal_name(test->refusal), "detail",
		    test->detail);
	return json_pack("{s:b, s:s, s:s, s:o, s:o, s:s, s:I}", "accepted", 1,
	    "level", rv_level_name(test->level), "principal", ev->principal,
	    "ids", list_of(&ev->ids), "groups",
	    ev->has_groups ? list_of(&ev->groups) : json_null(), "lookup",
	    ev->lookup, "expires_at_ms", (json_int_t)ev->expires_at_ms);
}

int
rv_site_show_json(const struct rv_site *site, const struct rv_site_test *test)
{
	const struct rv_issuer_look *look = &site->look;
	json_t *shown = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:o}",
	    "file", site->path.p, "issuer", site->issuer, "jwks_uri",
	    look->jwks_uri, "keys", list_of(&look->keys), "chain",
	    chain_of(look), "pin", look->pins.v[look->pins.n - 1],
	    "device_code_flow", look->device_endpoint != NULL, "test",
	    test != NULL ? test_of(test) : json_null());
	int r = RV_ERR_NOMEM;

	if (shown != NULL &&
	    json_dumpf(shown, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) ==
		0 &&
	    fputc('\n', stdout) != EOF)
		r = RV_OK;
	json_decref(shown);
	if (r != RV_OK)
		(void)fputs("reeve: the answer cannot be printed\n", stderr);
	return r;
}
