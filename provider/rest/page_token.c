#include "rest/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base64.h"

#define NONCE_SIZE 12u
#define TAG_SIZE   16u
#define SEALED_MAX 4096u /* of what is sealed, and of what it is bound to */

int
rv_page_key_make(struct rv_page_key *ret_key)
{
	if (RAND_priv_bytes(ret_key->bytes, RV_PAGE_KEY_SIZE) != 1)
		return RV_ERR_INTERNAL;
	return RV_OK;
}

int
rv_page_key_read(struct rv_slice hex, struct rv_page_key *ret)
{
	size_t n = 0;

	if (hex.n != 2 * sizeof(ret->bytes) ||
	    OPENSSL_hexstr2buf_ex(
		ret->bytes, sizeof(ret->bytes), &n, hex.p, '\0') != 1 ||
	    n != sizeof(ret->bytes))
		return RV_ERR_INVALID;
	return RV_OK;
}

static EVP_CIPHER_CTX *
context(const struct rv_page_key *key, bool seal, const unsigned char *nonce,
    struct rv_slice bound)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	if (c == NULL || bound.n > SEALED_MAX ||
	    EVP_CipherInit_ex2(c, EVP_aes_256_gcm(), key->bytes, nonce,
		seal ? 1 : 0, NULL) != 1 ||
	    EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)bound.p,
		(int)bound.n) != 1) {
		EVP_CIPHER_CTX_free(c);
		return NULL;
	}
	return c;
}

const char *
rv_page_token_seal(const struct rv_page_key *key, struct rv_arena *arena,
    struct rv_slice bound, struct rv_slice last)
{
	size_t n = NONCE_SIZE + last.n + TAG_SIZE;
	unsigned char *out = rv_arena_alloc(arena, n);
	EVP_CIPHER_CTX *c = NULL;
	const char *token = NULL;
	int len;

	if (out == NULL || last.n > SEALED_MAX ||
	    RAND_bytes(out, (int)NONCE_SIZE) != 1)
		goto out;
	c = context(key, true, out, bound);
	if (c == NULL ||
	    EVP_EncryptUpdate(c, out + NONCE_SIZE, &len,
		(const unsigned char *)last.p, (int)last.n) != 1 ||
	    EVP_EncryptFinal_ex(c, out + NONCE_SIZE + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, (int)TAG_SIZE,
		out + NONCE_SIZE + last.n) != 1)
		goto out;
	token = rv_base64_encode(
	    arena, RV_BASE64URL, (struct rv_slice){ (const char *)out, n });
out:
	EVP_CIPHER_CTX_free(c);
	return token;
}

int
rv_page_token_open(const struct rv_page_key *key, struct rv_arena *arena,
    struct rv_slice bound, struct rv_slice token, struct rv_slice *ret_last)
{
	EVP_CIPHER_CTX *c = NULL;
	struct rv_buf sealed = { 0 };
	unsigned char *in, *text;
	int len, r = RV_ERR_INVALID;
	size_t n;

	if (rv_base64_decode(RV_BASE64URL, token,
		NONCE_SIZE + SEALED_MAX + TAG_SIZE, &sealed) != RV_OK ||
	    sealed.n < NONCE_SIZE + TAG_SIZE)
		goto out;
	in = (unsigned char *)sealed.p;
	n = sealed.n - NONCE_SIZE - TAG_SIZE;
	text = rv_arena_alloc(arena, n + 1);
	c = context(key, false, in, bound);
	if (text == NULL || c == NULL ||
	    EVP_DecryptUpdate(c, text, &len, in + NONCE_SIZE, (int)n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, (int)TAG_SIZE,
		in + NONCE_SIZE + n) != 1 ||
	    EVP_DecryptFinal_ex(c, text + len, &len) != 1)
		goto out;
	*ret_last = (struct rv_slice){ (const char *)text, n };
	r = RV_OK;
out:
	EVP_CIPHER_CTX_free(c);
	rv_buf_fini(&sealed);
	return r;
}
