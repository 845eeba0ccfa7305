#include "rescue/request.h"

#include <string.h>

static const struct {
	const char *word;
	enum rv_rescue_action action;
	size_t members; /* that it may have, "do" included */
} actions[] = {
	{ "status", RV_RESCUE_STATUS, 1 },
	{ "level_windows", RV_RESCUE_LEVEL_WINDOWS, 1 },
	{ "add_admin", RV_RESCUE_ADD_ADMIN, 3 },
};
#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* A name, '@', a realm, and no byte that a log or a terminal would take. */
static bool
is_principal(const char *principal)
{
	const char *at = strrchr(principal, '@');

	if (at == NULL || at == principal || at[1] == '\0' ||
	    strlen(principal) > 500)
		return false;
	for (const char *p = principal; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return true;
}

static bool
is_account_id(const char *id)
{
	size_t n = strlen(id);

	if (n == 0 || n > 128)
		return false;
	for (const char *p = id; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f ||
		    (*p >= 'A' && *p <= 'Z'))
			return false;
	return true;
}

static int
read_admin(struct rv_rescue_request *r, struct rv_error *e)
{
	const json_t *account = json_object_get(r->body, "account_id");
	size_t expected = account != NULL ? 3 : 2;

	r->principal = json_string_value(json_object_get(r->body, "principal"));
	r->account_id = json_string_value(account);
	if (r->principal == NULL || !is_principal(r->principal)) {
		rv_error_set(e, "principal must be NAME@REALM");
		return RV_ERR_INVALID;
	}
	if (account != NULL &&
	    (r->account_id == NULL || !is_account_id(r->account_id))) {
		rv_error_set(e,
		    "account_id must be the directory's id of the account, "
		    "in lower case");
		return RV_ERR_INVALID;
	}
	if (json_object_size(r->body) != expected) {
		rv_error_set(e, "there is a member that is not known");
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
read_action(struct rv_rescue_request *r, struct rv_error *e)
{
	const char *word = json_string_value(json_object_get(r->body, "do"));

	for (size_t i = 0; word != NULL && i < N_ACTIONS; i++) {
		if (strcmp(word, actions[i].word) != 0)
			continue;
		r->action = actions[i].action;
		r->word = actions[i].word;
		if (r->action == RV_RESCUE_ADD_ADMIN)
			return read_admin(r, e);
		if (json_object_size(r->body) == actions[i].members)
			return RV_OK;
		rv_error_set(e, "there is a member that is not known");
		return RV_ERR_INVALID;
	}
	rv_error_set(e, "do must be status, level_windows or add_admin");
	return RV_ERR_INVALID;
}

int
rv_rescue_request_read(
    struct rv_slice bytes, struct rv_rescue_request *ret, struct rv_error *e)
{
	json_error_t why;
	int r;

	*ret = (struct rv_rescue_request){ .word = "unknown" };
	/* Without JSON_ALLOW_NUL a NUL in a text is an error of the parser. */
	ret->body = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, &why);
	if (ret->body == NULL || !json_is_object(ret->body)) {
		rv_error_set(e, "the request must be one JSON object");
		r = RV_ERR_INVALID;
	} else {
		r = read_action(ret, e);
	}
	if (r != RV_OK)
		rv_rescue_request_fini(ret);
	return r;
}

void
rv_rescue_request_fini(struct rv_rescue_request *request)
{
	json_decref(request->body);
	*request = (struct rv_rescue_request){ .word = "unknown" };
}
