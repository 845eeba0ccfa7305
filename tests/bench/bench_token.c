/*
 * What judging a token costs beyond the signature in it: rv_token_judge() on
 * a whole access token signed with ES256, against the loop of `openssl speed
 * ecdsap256`, which verifies one signature over ready bytes with one context,
 * in the same process and in turns.
 *
 *   bench_token RUNS
 */
#include "kit.h"
#include "unit/auth/token_desk.h"

#define EACH 4000u /* of a run */

/* What `openssl speed` verifies again and again. */
struct bare {
	EVP_PKEY_CTX *ctx;
	unsigned char digest[20], signature[80];
	size_t n_signature;
};

static void
prepare(struct bare *bare, EVP_PKEY *key)
{
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL);

	memset(bare->digest, 1, sizeof(bare->digest));
	bare->n_signature = sizeof(bare->signature);
	bare->ctx = EVP_PKEY_CTX_new(key, NULL);
	kit_need(EVP_PKEY_sign_init(sign) == 1 &&
		     EVP_PKEY_sign(sign, bare->signature, &bare->n_signature,
			 bare->digest, sizeof(bare->digest)) == 1 &&
		     EVP_PKEY_verify_init(bare->ctx) == 1,
	    "a bare signature");
	EVP_PKEY_CTX_free(sign);
}

static double
bare_us(const struct bare *bare)
{
	const double began = bench_now_s();

	for (unsigned i = 0; i < EACH; i++)
		kit_need(EVP_PKEY_verify(bare->ctx, bare->signature,
			     bare->n_signature, bare->digest,
			     sizeof(bare->digest)) == 1,
		    "verifying");
	return (bench_now_s() - began) / EACH * 1e6;
}

static double
judged_us(struct desk *desk, const char *token)
{
	const struct rv_slice slice = rv_slice_of(token);
	const double began = bench_now_s();

	for (unsigned i = 0; i < EACH; i++)
		kit_need(desk_judge(desk, slice) == RV_REFUSED_NOT, "judging");
	return (bench_now_s() - began) / EACH * 1e6;
}

int
main(int argc, char **argv)
{
	const unsigned runs = bench_runs(argc, argv);
	struct desk desk;
	struct bare bare;
	char *token;

	desk_open(&desk, NULL);
	prepare(&bare, desk.es.key);
	token = desk_good(&desk, NULL, NULL);
	(void)bare_us(&bare);
	(void)judged_us(&desk, token);
	for (unsigned run = 0; run < runs; run++) {
		struct bench_result row = {
			.name = "token ES256",
			.unit = "us",
			.against = "openssl speed's verify",
			.goal = 1.3,
		};

		/* In turns, so that neither has the warmer machine. */
		if (run % 2 == 0) {
			row.against_value = bare_us(&bare);
			row.value = judged_us(&desk, token);
		} else {
			row.value = judged_us(&desk, token);
			row.against_value = bare_us(&bare);
		}
		bench_print(&row);
	}
	free(token);
	EVP_PKEY_CTX_free(bare.ctx);
	desk_close(&desk);
	return 0;
}
