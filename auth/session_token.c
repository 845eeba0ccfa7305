#include "session_token.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define TOKEN_PREFIX "rvs1_"
#define TOKEN_BYTES  32

bool
rv_session_hash(
    struct rv_slice token, unsigned char ret_hash[RV_SESSION_HASH_SIZE])
{
	return token.n == RV_SESSION_TOKEN_SIZE - 1 &&
	       rv_slice_has_prefix(token, RV_SLICE_LIT(TOKEN_PREFIX)) &&
	       EVP_Digest(
		   token.p, token.n, ret_hash, NULL, EVP_sha256(), NULL) == 1;
}

/* 32 random bytes as 43 letters of base64url (RFC 4648 section 5). */
int
rv_session_make_token(char ret_token[RV_SESSION_TOKEN_SIZE])
{
	unsigned char raw[TOKEN_BYTES], text[4 * ((TOKEN_BYTES + 2) / 3) + 1];
	const size_t n_prefix = sizeof(TOKEN_PREFIX) - 1;
	const size_t n_text = RV_SESSION_TOKEN_SIZE - 1 - n_prefix;
	int r = RV_ERR_INTERNAL;

	if (RAND_priv_bytes(raw, sizeof(raw)) != 1)
		goto out;
	rv_ignore(EVP_EncodeBlock(text, raw, sizeof(raw))); /* cannot fail */
	for (size_t i = 0; i < n_text; i++) {
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	memcpy(ret_token, TOKEN_PREFIX, n_prefix);
	memcpy(ret_token + n_prefix, text, n_text);
	ret_token[n_prefix + n_text] = '\0';
	r = RV_OK;
out:
	OPENSSL_cleanse(raw, sizeof(raw));
	OPENSSL_cleanse(text, sizeof(text));
	return r;
}

int
rv_session_make_id(char ret_id[RV_SESSION_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[(RV_SESSION_ID_SIZE - 1) / 2];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return RV_ERR_INTERNAL;
	for (size_t i = 0; i < sizeof(raw); i++) {
		ret_id[2 * i] = digits[raw[i] >> 4];
		ret_id[2 * i + 1] = digits[raw[i] & 15];
	}
	ret_id[RV_SESSION_ID_SIZE - 1] = '\0';
	return RV_OK;
}
