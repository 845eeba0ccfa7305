/* The keeper's key, its questions, and the side that asks. */
#include "unit/unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/keeper.h"

struct fixture {
	char folder[64], path[96], other[96];
	struct rv_keeper_key *key;
};

/* type: "ED25519" and the like; pass NULL: in the clear. */
static void
write_key(const char *path, const char *type, const char *pass)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	FILE *f = fopen(path, "w");

	assert_non_null(key);
	assert_non_null(f);
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, key,
			     pass != NULL ? EVP_aes_256_cbc() : NULL, pass,
			     pass != NULL ? (int)strlen(pass) : 0, NULL, NULL),
	    1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	EVP_PKEY_free(key);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct rv_error e;

	assert_non_null(f);
	(void)snprintf(
	    f->folder, sizeof(f->folder), "/tmp/reeve-keeper.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof(f->path), "%s/key", f->folder);
	(void)snprintf(f->other, sizeof(f->other), "%s/other", f->folder);
	write_key(f->path, "ED25519", NULL);
	assert_int_equal(
	    rv_keeper_key_load(f->path, geteuid(), &f->key, &e), RV_OK);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	rv_keeper_key_free(&f->key);
	(void)unlink(f->path);
	(void)unlink(f->other);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

/* ---- The file -------------------------------------------------------------------- */

static void
refuses(const char *path, int error)
{
	struct rv_keeper_key *key = NULL;
	struct rv_error e = { "" };

	assert_int_equal(rv_keeper_key_load(path, geteuid(), &key, &e), error);
	assert_null(key);
	assert_non_null(strstr(e.text, path));
}

static void
test_file(void **state)
{
	struct fixture *f = *state;

	refuses(f->other, RV_ERR_IO); /* not there */
	assert_int_equal(chmod(f->path, 0640), 0);
	refuses(f->path, RV_ERR_INVALID); /* the group may read it */
	assert_int_equal(chmod(f->path, 0600), 0);
	assert_int_equal(symlink(f->path, f->other), 0);
	refuses(f->other, RV_ERR_IO); /* a symbolic link */
	assert_int_equal(unlink(f->other), 0);
	assert_int_equal(link(f->path, f->other), 0);
	refuses(f->path, RV_ERR_INVALID); /* a second name */
	assert_int_equal(unlink(f->other), 0);
	refuses(f->folder, RV_ERR_INVALID);
	if (geteuid() == 0) { /* who else could give a file away */
		assert_int_equal(chown(f->path, 65534, (gid_t)-1), 0);
		refuses(f->path, RV_ERR_INVALID);
		assert_int_equal(chown(f->path, 0, (gid_t)-1), 0);
	}
	write_key(f->other, "X25519", NULL);
	refuses(f->other, RV_ERR_INVALID); /* signs nothing */
	write_key(f->other, "ED25519", "secret");
	refuses(f->other, RV_ERR_INVALID); /* under a pass phrase */
	assert_int_equal(truncate(f->other, 0), 0);
	refuses(f->other, RV_ERR_INVALID);
}

/* ---- Signatures and secrets -------------------------------------------------------- */

static void
test_sign(void **state)
{
	struct fixture *f = *state;
	const struct rv_keeper_public *public = rv_keeper_key_public(f->key);
	unsigned char digest[RV_KEEPER_DIGEST] = { 1, 2, 3 };
	unsigned char signature[RV_KEEPER_SIGNATURE];

	assert_int_equal(
	    rv_keeper_key_sign(f->key, RV_KEEPER_AUDIT, digest, signature),
	    RV_OK);
	assert_int_equal(
	    rv_keeper_verify(public, RV_KEEPER_AUDIT, digest, signature),
	    RV_OK);
	/* For another purpose it is good for nothing. */
	assert_int_equal(
	    rv_keeper_verify(public, RV_KEEPER_AUDIT + 1, digest, signature),
	    RV_ERR_DENIED);
	digest[31] ^= 1;
	assert_int_equal(
	    rv_keeper_verify(public, RV_KEEPER_AUDIT, digest, signature),
	    RV_ERR_DENIED);
	assert_int_equal(
	    rv_keeper_key_sign(f->key, 0, digest, signature), RV_ERR_INVALID);
	assert_int_equal(
	    rv_keeper_key_sign(f->key, RV_KEEPER_N_PURPOSES, digest, signature),
	    RV_ERR_INVALID);
}

/* A file's signature is none of the log's, and the reverse. */
static void
test_purposes(void **state)
{
	struct fixture *f = *state;
	const struct rv_keeper_public *public = rv_keeper_key_public(f->key);
	const unsigned char digest[RV_KEEPER_DIGEST] = { 4, 5, 6 };
	unsigned char signature[RV_KEEPER_SIGNATURE];

	for (unsigned made = 1; made < RV_KEEPER_N_PURPOSES; made++) {
		assert_int_equal(
		    rv_keeper_key_sign(f->key, made, digest, signature), RV_OK);
		for (unsigned asked = 0; asked < 256; asked++)
			assert_int_equal(
			    rv_keeper_verify(public, asked, digest, signature),
			    asked == made ? RV_OK : RV_ERR_DENIED);
	}
}

/* Any altered byte of the key, the digest or the signature is noticed. */
static void
test_altered(void **state)
{
	struct fixture *f = *state;
	struct {
		struct rv_keeper_public public;
		unsigned char digest[RV_KEEPER_DIGEST];
		unsigned char signature[RV_KEEPER_SIGNATURE];
	} all = { .public = *rv_keeper_key_public(f->key), .digest = { 7 } };
	unsigned char *const parts[] = { all.public.sign, all.digest,
		all.signature };
	const size_t sizes[] = { RV_KEEPER_PUBLIC, RV_KEEPER_DIGEST,
		RV_KEEPER_SIGNATURE };

	assert_int_equal(rv_keeper_key_sign(f->key, RV_KEEPER_ROLES, all.digest,
			     all.signature),
	    RV_OK);
	for (size_t part = 0; part < 3; part++)
		for (size_t bit = 0; bit < 8 * sizes[part]; bit++) {
			parts[part][bit / 8] ^= (unsigned char)(1u << bit % 8);
			assert_int_equal(
			    rv_keeper_verify(&all.public, RV_KEEPER_ROLES,
				all.digest, all.signature),
			    RV_ERR_DENIED);
			parts[part][bit / 8] ^= (unsigned char)(1u << bit % 8);
		}
	assert_int_equal(rv_keeper_verify(&all.public, RV_KEEPER_ROLES,
			     all.digest, all.signature),
	    RV_OK);
}

static void
test_seal(void **state)
{
	struct fixture *f = *state;
	const unsigned char secret[RV_KEEPER_SECRET] =
	    "thirty-two bytes of secret here";
	unsigned char sealed[RV_KEEPER_SEALED], out[RV_KEEPER_SECRET];

	assert_int_equal(
	    rv_keeper_seal(rv_keeper_key_public(f->key), secret, sealed),
	    RV_OK);
	assert_int_equal(rv_keeper_key_open(f->key, sealed, out), RV_OK);
	assert_memory_equal(out, secret, sizeof(out));
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 4;
		assert_int_equal(
		    rv_keeper_key_open(f->key, sealed, out), RV_ERR_DENIED);
		sealed[i] ^= 4;
	}
	/* An agreed key of zero, which everybody knows. */
	memset(sealed, 0, RV_KEEPER_PUBLIC);
	assert_int_equal(
	    rv_keeper_key_open(f->key, sealed, out), RV_ERR_DENIED);
}

/* ---- Questions ---------------------------------------------------------------------- */

static void
test_wrong_questions(void **state)
{
	struct fixture *f = *state;
	char q[RV_KEEPER_QUESTION_SIZE + 1] = { 0 };
	unsigned char answer[RV_KEEPER_ANSWER_SIZE];
	struct rv_slice whole = { q, RV_KEEPER_QUESTION_SIZE };

	for (size_t n = 0; n <= sizeof(q); n++)
		if (n != RV_KEEPER_QUESTION_SIZE)
			assert_int_equal(rv_keeper_answer(f->key,
					     (struct rv_slice){ q, n }, answer),
			    RV_ERR_INVALID);
	/* Refused: no such thing, purpose, or bytes after the digest. */
	for (unsigned what = 0; what < 256; what++) {
		q[8] = (char)(unsigned char)what;
		q[9] = 77;
		if (what == RV_KEEPER_TELL_PUBLIC)
			continue;
		assert_int_equal(
		    rv_keeper_answer(f->key, whole, answer), RV_OK);
		assert_int_equal(answer[8], 1);
	}
	q[8] = RV_KEEPER_SIGN;
	q[9] = RV_KEEPER_AUDIT;
	assert_int_equal(rv_keeper_answer(f->key, whole, answer), RV_OK);
	assert_int_equal(answer[8], 0);
	q[RV_KEEPER_QUESTION_SIZE - 1] = 1;
	assert_int_equal(rv_keeper_answer(f->key, whole, answer), RV_OK);
	assert_int_equal(answer[8], 1);
	q[10] = 1;
	assert_int_equal(
	    rv_keeper_answer(f->key, whole, answer), RV_ERR_INVALID);
}

struct keeper {
	const struct rv_keeper_key *key;
	int fd;
	unsigned stray; /* answers to nobody before each real one */
};

static void *
keep(void *arg)
{
	const struct keeper *k = arg;
	unsigned char answer[RV_KEEPER_ANSWER_SIZE];
	char q[RV_KEEPER_QUESTION_SIZE];
	ssize_t n;

	while ((n = recv(k->fd, q, sizeof(q), 0)) > 0) {
		struct rv_slice question = { q, (size_t)n };

		if (rv_keeper_answer(k->key, question, answer) != RV_OK)
			break;
		for (unsigned i = 0; i < k->stray; i++) {
			answer[0] ^= 0x80;
			(void)send(k->fd, answer, sizeof(answer), 0);
			answer[0] ^= 0x80;
		}
		(void)send(k->fd, answer, sizeof(answer), 0);
	}
	return NULL;
}

static void
test_link(void **state)
{
	struct fixture *f = *state;
	struct keeper k = { .key = f->key, .stray = 1 };
	const unsigned char digest[RV_KEEPER_DIGEST] = { 9 };
	unsigned char signature[RV_KEEPER_SIGNATURE];
	unsigned char sealed[RV_KEEPER_SEALED], secret[RV_KEEPER_SECRET];
	struct rv_keeper_link *link;
	pthread_t thread;
	struct rv_error e;
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	k.fd = pair[1];
	assert_int_equal(pthread_create(&thread, NULL, keep, &k), 0);
	assert_int_equal(rv_keeper_link_new(pair[0], &link, &e), RV_OK);
	assert_memory_equal(rv_keeper_link_public(link),
	    rv_keeper_key_public(f->key), sizeof(struct rv_keeper_public));
	assert_int_equal(
	    rv_keeper_link_sign(link, RV_KEEPER_AUDIT, digest, signature),
	    RV_OK);
	assert_int_equal(rv_keeper_verify(rv_keeper_link_public(link),
			     RV_KEEPER_AUDIT, digest, signature),
	    RV_OK);
	assert_int_equal(
	    rv_keeper_seal(rv_keeper_link_public(link), digest, sealed), RV_OK);
	assert_int_equal(rv_keeper_link_open(link, sealed, secret), RV_OK);
	assert_memory_equal(secret, digest, sizeof(secret));
	sealed[40] ^= 1;
	assert_int_equal(
	    rv_keeper_link_open(link, sealed, secret), RV_ERR_DENIED);
	(void)shutdown(pair[1], SHUT_RDWR);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(pair[1]);
	assert_int_equal(
	    rv_keeper_link_sign(link, RV_KEEPER_AUDIT, digest, signature),
	    RV_ERR_UNAVAILABLE);
	rv_keeper_link_free(&link);
}

int
main(void)
{
#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_KEY(test_file),
		WITH_KEY(test_sign),
		WITH_KEY(test_purposes),
		WITH_KEY(test_altered),
		WITH_KEY(test_seal),
		WITH_KEY(test_wrong_questions),
		WITH_KEY(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
