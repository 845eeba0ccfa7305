/*
 * role verify, and whose signature an import is told: what the command finds
 * out itself, with the keys that the provider gives.
 */
#include <openssl/evp.h>
#include <strings.h>

#include "cli/role.h"
#include "pipeline/hex.h"
#include "process/keeper_key.h"

#define KEYS "/reeve/v1/roles/file-keys"

/* ---- The signature ---------------------------------------------------------------- */

static struct rv_slice
digits_of(const json_t *object, const char *member)
{
	return rv_slice_of(rv_cli_text(object, member));
}

static bool
is_signature_of(const json_t *signature, struct rv_slice file)
{
	struct rv_keeper_public public = { { 0 }, { 0 } };
	unsigned char bytes[RV_KEEPER_SIGNATURE];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return rv_unhex(public.sign, sizeof(public.sign),
		   digits_of(signature, "key")) &&
	       rv_unhex(
		   bytes, sizeof(bytes), digits_of(signature, "signature")) &&
	       EVP_Digest(file.p, file.n, digest, &n, EVP_sha256(), NULL) ==
		   1 &&
	       n == RV_KEEPER_DIGEST &&
	       rv_keeper_verify(&public, RV_KEEPER_ROLES, digest, bytes) ==
		   RV_OK;
}

/* ---- The signer ----------------------------------------------------------------------- */

/* Digits of either case. */
static bool
is_key(const json_t *one, const char *key)
{
	return json_is_string(one) && *key != '\0' &&
	       strcasecmp(json_string_value(one), key) == 0;
}

/* "own" or "trusted"; NULL: a key that this site does not trust. */
static const char *
signer_of(const json_t *keys, const char *key)
{
	const json_t *one;
	size_t i;

	if (is_key(json_object_get(keys, "own"), key))
		return "own";
	json_array_foreach(json_object_get(keys, "trusted"), i, one)
	{
		if (is_key(one, key))
			return "trusted";
	}
	return NULL;
}

static void
tell(const char *signer, const char *key)
{
	(void)printf("signed_by\t%s%s", signer, *key != '\0' ? "\t" : "");
	rv_cli_print(stdout, key);
	(void)fputc('\n', stdout);
}

enum rv_cli_exit
rv_cli_role_tell_signer(struct rv_cli *cli, const json_t *signature)
{
	const char *key = rv_cli_text(signature, "key");
	struct rv_cli_answer answer;
	enum rv_cli_exit code;
	const char *signer;

	if (signature == NULL) {
		tell("nobody", "");
		return RV_CLI_OK;
	}
	code = rv_cli_ask(cli, KEYS, NULL, &answer);
	if (code != RV_CLI_OK)
		return code;
	signer = signer_of(answer.body, key);
	tell(signer != NULL ? signer : "unknown", key);
	rv_cli_answer_fini(&answer);
	return RV_CLI_OK;
}

/* ---- role verify ------------------------------------------------------------------------ */

static enum rv_cli_exit
verdict(const struct rv_cli *cli, const char *signer, const json_t *signature,
    struct rv_slice file)
{
	const bool good = is_signature_of(signature, file);
	const char *key = rv_cli_text(signature, "key");
	const bool ok = good && signer != NULL;

	if (cli->options.json) {
		json_t *said = json_pack("{s:b, s:b, s:s, s:s?}", "verified",
		    ok, "signature", good, "key", key, "signer", signer);
		const bool told =
		    said != NULL && json_dumpf(said, stdout, 0) == 0;

		json_decref(said);
		(void)fputc('\n', stdout);
		return ok && told ? RV_CLI_OK : RV_CLI_ERROR;
	}
	if (ok)
		tell(signer, key);
	else
		(void)fputs(good ? "reeve: it was signed with a key that this "
				   "site does not trust\n"
				 : "reeve: the signature is not one of this "
				   "file\n",
		    stderr);
	return ok ? RV_CLI_OK : RV_CLI_ERROR;
}

enum rv_cli_exit
rv_cli_role_verify(struct rv_cli *cli, const char *file)
{
	const char *from = cli->options.role.signature;
	enum rv_cli_exit code = RV_CLI_ERROR;
	struct rv_error e = { "" };
	struct rv_cli_answer answer;
	json_t *signature = NULL;
	struct rv_buf bytes;

	if (from == NULL) {
		(void)fputs("usage: reeve role verify FILE|- --signature "
			    "FILE\n",
		    stderr);
		return RV_CLI_USAGE;
	}
	if (rv_cli_role_file(file, &bytes, &e) == RV_OK)
		signature = rv_cli_role_signature(from, &e);
	if (signature == NULL)
		(void)fprintf(stderr, "reeve: %s\n", e.text);
	else
		code = rv_cli_ask(cli, KEYS, NULL, &answer);
	if (signature != NULL && code == RV_CLI_OK) {
		code = verdict(cli,
		    signer_of(answer.body, rv_cli_text(signature, "key")),
		    signature, rv_buf_slice(&bytes));
		rv_cli_answer_fini(&answer);
	}
	json_decref(signature);
	rv_buf_fini(&bytes);
	return code;
}
