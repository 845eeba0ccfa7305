#include "rest/role_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "config/config.h"
#include "loop/pool.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "process/keeper.h"
#include "provider.h"

#define MEMBER "signature"

struct signing {
	struct rv_job job; /* first: jobs are cast */
	struct rv_exchange *x;
	struct rv_keeper_link *keeper;
	json_t *body;
	const char *member;
	unsigned char digest[RV_KEEPER_DIGEST];
	unsigned char signature[RV_KEEPER_SIGNATURE];
	int r;
};

static bool
digest_of(struct rv_slice file, unsigned char ret[RV_KEEPER_DIGEST])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(file.p, file.n, digest, &n, EVP_sha256(), NULL) != 1 ||
	    n != RV_KEEPER_DIGEST)
		return false;
	memcpy(ret, digest, n);
	return true;
}

static json_t *
hex_json(const unsigned char *bytes, size_t n)
{
	char text[2 * RV_KEEPER_SIGNATURE + 1];

	RV_ASSERT(n <= RV_KEEPER_SIGNATURE);
	return json_string(rv_hex(text, bytes, n));
}

/* ---- Out -------------------------------------------------------------------------- */

bool
rv_role_signs(const struct rv_exchange *x)
{
	return x->lane->provider->keeper != NULL;
}

/* On a worker. */
static void
sign(struct rv_job *job)
{
	struct signing *s = (struct signing *)job;

	s->r = rv_keeper_link_sign(
	    s->keeper, RV_KEEPER_ROLES, s->digest, s->signature);
}

static void
answer_unsigned(struct signing *s)
{
	json_decref(s->body);
	rv_answer_unavailable(s->x, "keeper_unavailable",
	    "The keeper, which signs role files, does not answer; try again.");
}

static void
answer_signed(struct rv_job *job)
{
	struct signing *s = (struct signing *)job;
	const struct rv_keeper_public *public =
	    rv_keeper_link_public(s->keeper);
	struct rv_exchange *x = s->x;
	json_t *member;

	if (s->r != RV_OK) {
		answer_unsigned(s);
		rv_exchange_finish(x);
		return;
	}
	member = json_pack("{s:o, s:o}", "key",
	    hex_json(public->sign, sizeof(public->sign)), MEMBER,
	    hex_json(s->signature, sizeof(s->signature)));
	if (json_object_set_new(s->body, s->member, member) != 0) {
		json_decref(s->body);
		s->body = NULL;
	}
	rv_answer_json(x, 200, s->body);
	rv_exchange_finish(x);
}

void
rv_role_sign(struct rv_exchange *x, struct rv_slice file, json_t *body,
    const char *member)
{
	struct signing *s = rv_arena_alloc(x->arena, sizeof(*s));

	if (s == NULL) {
		json_decref(body);
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	*s = (struct signing){ .job = { .run = sign,
				   .done = answer_signed,
				   .loop = x->lane->loop },
		.x = x,
		.keeper = x->lane->provider->keeper,
		.body = body,
		.member = member };
	if (digest_of(file, s->digest) &&
	    rv_pool_submit(x->lane->provider->pool, &s->job) == RV_OK)
		return;
	answer_unsigned(s);
	rv_exchange_finish(x);
}

/* ---- In ----------------------------------------------------------------------------- */

struct given {
	unsigned char key[RV_KEEPER_PUBLIC];
	unsigned char signature[RV_KEEPER_SIGNATURE];
};

static struct rv_slice
text_of(const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	return (struct rv_slice){ json_string_value(text),
		json_string_length(text) };
}

static bool
read_given(const json_t *from, struct given *ret)
{
	return json_object_size(from) == 2 &&
	       rv_unhex(ret->key, sizeof(ret->key), text_of(from, "key")) &&
	       rv_unhex(ret->signature, sizeof(ret->signature),
		   text_of(from, MEMBER));
}

static bool
is_own(const struct rv_exchange *x, const struct given *given)
{
	const struct rv_keeper_link *keeper = x->lane->provider->keeper;

	return keeper != NULL &&
	       CRYPTO_memcmp(rv_keeper_link_public(keeper)->sign, given->key,
		   sizeof(given->key)) == 0;
}

static bool
is_trusted(const struct rv_exchange *x, const struct given *given)
{
	const struct rv_strings *keys =
	    &x->lane->provider->config->role_file_keys;
	unsigned char key[RV_KEEPER_PUBLIC];

	for (size_t i = 0; i < keys->n; i++)
		if (rv_unhex(key, sizeof(key), rv_slice_of(keys->v[i])) &&
		    CRYPTO_memcmp(key, given->key, sizeof(key)) == 0)
			return true;
	return false;
}

static bool
is_signature_of(const struct given *given, struct rv_slice file)
{
	struct rv_keeper_public public = { { 0 }, { 0 } };
	unsigned char digest[RV_KEEPER_DIGEST];

	memcpy(public.sign, given->key, sizeof(public.sign));
	return digest_of(file, digest) &&
	       rv_keeper_verify(
		   &public, RV_KEEPER_ROLES, digest, given->signature) == RV_OK;
}

static bool
check_given(struct rv_exchange *x, const json_t *from, struct rv_slice file)
{
	struct given given;

	if (!read_given(from, &given))
		rv_answer_error(x, 400, "malformed_signature",
		    "The signature must be an object with key (64 hexadecimal "
		    "digits) and signature (128), as the export gave it.");
	else if (!is_own(x, &given) && !is_trusted(x, &given))
		rv_answer_error(x, 422, "unknown_signer",
		    "The file was signed with a key that this site does not "
		    "trust: its operator can add it to role_file_keys.");
	else if (!is_signature_of(&given, file))
		rv_answer_error(x, 422, "bad_signature",
		    "The signature is not one of this file: the file has been "
		    "changed since, or it is another one's.");
	return !x->answered;
}

static json_t *
by_json(const struct rv_exchange *x, const json_t *from)
{
	struct given given;

	if (from == NULL)
		return json_null();
	if (!read_given(from, &given))
		return NULL;
	return json_pack("{s:o, s:b}", "key",
	    hex_json(given.key, sizeof(given.key)), "own", is_own(x, &given));
}

bool
rv_role_signature_check(
    struct rv_exchange *x, json_t *args, struct rv_slice file, json_t **ret_by)
{
	json_t *from = json_incref(json_object_get(args, MEMBER));
	bool good = true;

	*ret_by = NULL;
	if (from != NULL)
		good = json_object_del(args, MEMBER) == 0 &&
		       check_given(x, from, file);
	else if (x->lane->provider->config->require_role_signature != 0)
		rv_answer_error(x, 422, "signature_required",
		    "This site imports role files only with the signature "
		    "that their export gave.");
	if (good && !x->answered)
		*ret_by = by_json(x, from);
	json_decref(from);
	if (*ret_by == NULL && !x->answered)
		rv_answer_json(x, 200, NULL);
	return *ret_by != NULL;
}

/* ---- The keys ---------------------------------------------------------------------- */

void
rv_rest_role_file_keys(struct rv_exchange *x)
{
	const struct rv_provider *p = x->lane->provider;
	const struct rv_strings *keys = &p->config->role_file_keys;
	json_t *trusted = json_array(), *own = json_null();

	if (p->keeper != NULL)
		own = hex_json(
		    rv_keeper_link_public(p->keeper)->sign, RV_KEEPER_PUBLIC);
	for (size_t i = 0; i < keys->n; i++)
		if (json_array_append_new(trusted, json_string(keys->v[i])) !=
		    0) {
			json_decref(trusted);
			trusted = NULL;
			break;
		}
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	rv_answer_json(x, 200,
	    json_pack("{s:o, s:o, s:b}", "own", own, "trusted", trusted,
		"required", p->config->require_role_signature != 0));
	rv_exchange_finish(x);
}
