#include "process/keeper_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX   4096u
#define KEY_SIZE   32u
#define TAG_SIZE   16u
#define NONCE_SIZE 12u

struct rv_keeper_key {
	EVP_PKEY *sign; /* Ed25519 */
	EVP_PKEY *seal; /* X25519 */
	struct rv_keeper_public public;
};

/* ---- The file --------------------------------------------------------------- */

static int
check_file(int fd, const char *path, uid_t owner, struct rv_error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		rv_error_set(e, "%s: %s", path, strerror(errno));
		return RV_ERR_IO;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
	    (st.st_uid != owner && st.st_uid != 0)) {
		rv_error_set(e,
		    "%s: the keeper's key must be a file of the provider's "
		    "user or root's that nobody else may read (mode 0600), "
		    "with one name",
		    path);
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
read_file(const char *path, uid_t owner, char text[FILE_MAX], size_t *ret_n,
    struct rv_error *e)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = RV_ERR_IO;
	ssize_t n;

	if (fd < 0) {
		rv_error_set(e, "%s: %s", path, strerror(errno));
		return RV_ERR_IO;
	}
	r = check_file(fd, path, owner, e);
	if (r == RV_OK) {
		n = read(fd, text, FILE_MAX);
		if (n <= 0 || (size_t)n == FILE_MAX) {
			rv_error_set(e, "%s: this is no key", path);
			r = RV_ERR_INVALID;
		} else {
			*ret_n = (size_t)n;
		}
	}
	(void)close(fd);
	return r;
}

/* No pass phrase: nobody is there to ask. */
static int
no_pass_phrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *
parse(const char *text, size_t n)
{
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	BIO_free(bio);
	if (key != NULL && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* ---- Derivation ------------------------------------------------------------- */

/* HKDF-SHA256 to 32 bytes; salt may be empty. */
static bool
derive(const unsigned char *secret, size_t secret_n, const unsigned char *salt,
    size_t salt_n, const char *info, unsigned char ret_key[KEY_SIZE])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	size_t n = KEY_SIZE;
	bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) == 1 &&
		  EVP_PKEY_CTX_set1_hkdf_key(ctx, secret, (int)secret_n) == 1 &&
		  (salt_n == 0 || EVP_PKEY_CTX_set1_hkdf_salt(
				      ctx, salt, (int)salt_n) == 1) &&
		  EVP_PKEY_CTX_add1_hkdf_info(ctx, (const unsigned char *)info,
		      (int)strlen(info)) == 1 &&
		  EVP_PKEY_derive(ctx, ret_key, &n) == 1 && n == KEY_SIZE;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool
derive_seal_key(struct rv_keeper_key *key)
{
	unsigned char seed[KEY_SIZE], other[KEY_SIZE];
	size_t n = sizeof(seed);
	bool ok = EVP_PKEY_get_raw_private_key(key->sign, seed, &n) == 1 &&
		  n == sizeof(seed) &&
		  derive(seed, n, NULL, 0, "reeve keeper seal 1", other);

	if (ok)
		key->seal = EVP_PKEY_new_raw_private_key(
		    EVP_PKEY_X25519, NULL, other, sizeof(other));
	OPENSSL_cleanse(seed, sizeof(seed));
	OPENSSL_cleanse(other, sizeof(other));
	return key->seal != NULL;
}

static bool
complete(struct rv_keeper_key *key)
{
	size_t n = RV_KEEPER_PUBLIC, m = RV_KEEPER_PUBLIC;

	return derive_seal_key(key) &&
	       EVP_PKEY_get_raw_public_key(key->sign, key->public.sign, &n) ==
		   1 &&
	       EVP_PKEY_get_raw_public_key(key->seal, key->public.seal, &m) ==
		   1;
}

/* ---- Life ------------------------------------------------------------------- */

int
rv_keeper_key_load(const char *path, uid_t owner,
    struct rv_keeper_key **ret_key, struct rv_error *e)
{
	struct rv_keeper_key *key = NULL;
	char text[FILE_MAX];
	size_t n = 0;
	int r = read_file(path, owner, text, &n, e);

	if (r != RV_OK)
		goto out;
	key = calloc(1, sizeof(*key));
	if (key == NULL) {
		rv_error_set(e, "out of memory");
		r = RV_ERR_NOMEM;
		goto out;
	}
	key->sign = parse(text, n);
	if (key->sign == NULL || !complete(key)) {
		rv_error_set(e,
		    "%s: this is no Ed25519 key in PEM, or one under a pass "
		    "phrase",
		    path);
		r = RV_ERR_INVALID;
		goto out;
	}
	*ret_key = key;
	key = NULL;
out:
	OPENSSL_cleanse(text, sizeof(text));
	rv_keeper_key_free(&key);
	return r;
}

void
rv_keeper_key_free(struct rv_keeper_key **key)
{
	struct rv_keeper_key *k = *key;

	*key = NULL;
	if (k == NULL)
		return;
	EVP_PKEY_free(k->sign); /* OpenSSL wipes them */
	EVP_PKEY_free(k->seal);
	free(k);
}

const struct rv_keeper_public *
rv_keeper_key_public(const struct rv_keeper_key *key)
{
	return &key->public;
}

/* ---- Signing ---------------------------------------------------------------- */

#define PREFIX "reeve keeper signature 1"

struct message {
	char prefix[sizeof(PREFIX)];
	unsigned char purpose;
	unsigned char digest[RV_KEEPER_DIGEST];
};

static struct message
message_of(unsigned purpose, const unsigned char digest[RV_KEEPER_DIGEST])
{
	struct message m = { .prefix = PREFIX,
		.purpose = (unsigned char)purpose };

	memcpy(m.digest, digest, sizeof(m.digest));
	return m;
}

static bool
is_purpose(unsigned purpose)
{
	return purpose > 0 && purpose < RV_KEEPER_N_PURPOSES;
}

int
rv_keeper_key_sign(const struct rv_keeper_key *key, unsigned purpose,
    const unsigned char digest[RV_KEEPER_DIGEST],
    unsigned char ret_signature[RV_KEEPER_SIGNATURE])
{
	const struct message m = message_of(purpose, digest);
	size_t n = RV_KEEPER_SIGNATURE;
	EVP_MD_CTX *ctx;
	bool ok;

	if (!is_purpose(purpose))
		return RV_ERR_INVALID;
	ctx = EVP_MD_CTX_new();
	ok = ctx != NULL &&
	     EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->sign) == 1 &&
	     EVP_DigestSign(ctx, ret_signature, &n, (const unsigned char *)&m,
		 sizeof(m)) == 1 &&
	     n == RV_KEEPER_SIGNATURE;
	EVP_MD_CTX_free(ctx);
	return ok ? RV_OK : RV_ERR_INTERNAL;
}

int
rv_keeper_verify(const struct rv_keeper_public *key, unsigned purpose,
    const unsigned char digest[RV_KEEPER_DIGEST],
    const unsigned char signature[RV_KEEPER_SIGNATURE])
{
	const struct message m = message_of(purpose, digest);
	EVP_PKEY *public = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, key->sign, sizeof(key->sign));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = is_purpose(purpose) && public != NULL && ctx != NULL &&
		  EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1 &&
		  EVP_DigestVerify(ctx, signature, RV_KEEPER_SIGNATURE,
		      (const unsigned char *)&m, sizeof(m)) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return ok ? RV_OK : RV_ERR_DENIED;
}

/* ---- Sealing ---------------------------------------------------------------- */

/* The key of one message: from both sides, bound to both public keys. */
static bool
agree(EVP_PKEY *own, const unsigned char peer[RV_KEEPER_PUBLIC],
    const unsigned char both[2 * RV_KEEPER_PUBLIC],
    unsigned char ret_key[KEY_SIZE])
{
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_X25519, NULL, peer, RV_KEEPER_PUBLIC);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	unsigned char shared[KEY_SIZE];
	size_t n = sizeof(shared);
	bool ok = other != NULL && ctx != NULL &&
		  EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
		  /* Refuses the result zero (RFC 7748 section 6.1). */
		  EVP_PKEY_derive(ctx, shared, &n) == 1 &&
		  derive(shared, n, both, 2 * RV_KEEPER_PUBLIC,
		      "reeve keeper message 1", ret_key);

	OPENSSL_cleanse(shared, sizeof(shared));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(other);
	return ok;
}

/* The key is used once, so that the nonce may be zero. */
static bool
seal_or_open(bool seal, const unsigned char key[KEY_SIZE],
    const unsigned char *in, unsigned char *out, unsigned char tag[TAG_SIZE])
{
	static const unsigned char nonce[NONCE_SIZE];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char rest[TAG_SIZE];
	int n = 0, end = 0;
	bool ok = ctx != NULL &&
		  EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce,
		      seal ? 1 : 0) == 1 &&
		  EVP_CipherUpdate(ctx, out, &n, in, RV_KEEPER_SECRET) == 1 &&
		  (seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
			       TAG_SIZE, tag) == 1) &&
		  EVP_CipherFinal_ex(ctx, rest, &end) == 1 &&
		  (!seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
				TAG_SIZE, tag) == 1) &&
		  n == (int)RV_KEEPER_SECRET && end == 0;

	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		OPENSSL_cleanse(out, RV_KEEPER_SECRET);
	return ok;
}

int
rv_keeper_key_open(const struct rv_keeper_key *key,
    const unsigned char sealed[RV_KEEPER_SEALED],
    unsigned char ret_secret[RV_KEEPER_SECRET])
{
	unsigned char both[2 * RV_KEEPER_PUBLIC], once[KEY_SIZE];
	unsigned char tag[TAG_SIZE];
	bool ok;

	memcpy(both, sealed, RV_KEEPER_PUBLIC);
	memcpy(both + RV_KEEPER_PUBLIC, key->public.seal, RV_KEEPER_PUBLIC);
	memcpy(tag, sealed + RV_KEEPER_PUBLIC + RV_KEEPER_SECRET, sizeof(tag));
	ok = agree(key->seal, sealed, both, once) &&
	     seal_or_open(
		 false, once, sealed + RV_KEEPER_PUBLIC, ret_secret, tag);
	OPENSSL_cleanse(once, sizeof(once));
	return ok ? RV_OK : RV_ERR_DENIED;
}

int
rv_keeper_seal(const struct rv_keeper_public *key,
    const unsigned char secret[RV_KEEPER_SECRET],
    unsigned char ret_sealed[RV_KEEPER_SEALED])
{
	EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	unsigned char both[2 * RV_KEEPER_PUBLIC], once[KEY_SIZE] = { 0 };
	size_t n = RV_KEEPER_PUBLIC;
	bool ok = own != NULL &&
		  EVP_PKEY_get_raw_public_key(own, ret_sealed, &n) == 1;

	if (ok) {
		memcpy(both, ret_sealed, RV_KEEPER_PUBLIC);
		memcpy(both + RV_KEEPER_PUBLIC, key->seal, RV_KEEPER_PUBLIC);
		ok = agree(own, key->seal, both, once) &&
		     seal_or_open(true, once, secret,
			 ret_sealed + RV_KEEPER_PUBLIC,
			 ret_sealed + RV_KEEPER_PUBLIC + RV_KEEPER_SECRET);
	}
	OPENSSL_cleanse(once, sizeof(once));
	EVP_PKEY_free(own);
	return ok ? RV_OK : RV_ERR_INTERNAL;
}
