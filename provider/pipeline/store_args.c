/*
 * The arguments that every write function of the store takes: who does it
 * (the identity as the pipeline has authenticated it) and for which request.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/exchange.h"

#define EMPTY_SHA256                       \
	"e3b0c44298fc1c149afbf4c8996fb924" \
	"27ae41e4649b934ca495991b7852b855"

const char *
rv_exchange_actor_json(struct rv_exchange *x)
{
	const struct rv_identity *id = x->identity;
	json_t *ids = json_array();
	json_t *actor = NULL;
	char *text = NULL;
	const char *kept = NULL;

	for (size_t i = 0; ids != NULL && i < id->n_ids; i++)
		if (json_array_append_new(
			ids, json_stringn(id->ids[i].p, id->ids[i].n)) != 0) {
			json_decref(ids);
			ids = NULL;
		}
	if (ids != NULL)
		actor = json_pack("{s:s, s:o, s:I, s:b, s:i, s:b, s:s}",
		    "principal", id->principal, "ids", ids, "own",
		    (json_int_t)id->n_own, "groups_known", id->groups_known,
		    "level", (int)id->level, "delegated", id->delegated,
		    "session", x->session_id);
	if (actor != NULL)
		text = json_dumps(actor, JSON_COMPACT);
	if (text != NULL)
		kept = rv_arena_dup(x->arena, rv_slice_of(text));
	free(text);
	json_decref(actor);
	return kept;
}

const char *
rv_exchange_request_json(struct rv_exchange *x)
{
	char source[80];
	const char *kept = NULL;
	json_t *request;
	char *text = NULL;

	(void)snprintf(source, sizeof(source), "%s:%u", x->peer.ip,
	    (unsigned)x->peer.port);
	/* A request without a body has the hash of none. */
	request = json_pack("{s:s%, s:s, s:s}", "request_id", x->request_id.p,
	    x->request_id.n, "source", source, "body_sha256",
	    x->body_sha256[0] != '\0' ? x->body_sha256 : EMPTY_SHA256);
	if (request != NULL)
		text = json_dumps(request, JSON_COMPACT);
	if (text != NULL)
		kept = rv_arena_dup(x->arena, rv_slice_of(text));
	free(text);
	json_decref(request);
	return kept;
}
