/*
 * The keeper's key: signs digests (Ed25519) and opens secrets that were
 * sealed for it (X25519, HKDF-SHA256, AES-256-GCM), with a second key that
 * is derived from the first.  No I/O but reading the file; one thread.
 *
 * RFC 8032, RFC 7748, RFC 5869.
 */
#ifndef PROVIDER_PROCESS_KEEPER_KEY_H
#define PROVIDER_PROCESS_KEEPER_KEY_H

#include <sys/types.h>

#include "reeve/base.h"

#define RV_KEEPER_DIGEST    32u
#define RV_KEEPER_SIGNATURE 64u
#define RV_KEEPER_PUBLIC    32u
#define RV_KEEPER_SECRET    32u
/* Public key of the sealer's, secret, tag. */
#define RV_KEEPER_SEALED (32u + RV_KEEPER_SECRET + 16u)

/* What a signature is for: it is good for nothing else. */
enum rv_keeper_purpose {
	RV_KEEPER_AUDIT = 1, /* a checkpoint of the audit log */
	RV_KEEPER_ROLES = 2, /* a file of security roles */
	RV_KEEPER_N_PURPOSES,
};

struct rv_keeper_public {
	unsigned char sign[RV_KEEPER_PUBLIC];
	unsigned char seal[RV_KEEPER_PUBLIC];
};

struct rv_keeper_key;

/*
 * Reads a PKCS #8 PEM file with an Ed25519 key.  RV_ERR_INVALID when it is
 * no such key, or a file that others may read, is a link, has another name
 * too, or belongs to somebody else than owner or root.
 */
RV_MUSTUSE int rv_keeper_key_load(const char *path, uid_t owner,
    struct rv_keeper_key **ret_key, struct rv_error *e);
/* Wipes it.  *key may be NULL and becomes NULL. */
void rv_keeper_key_free(struct rv_keeper_key **key);

const struct rv_keeper_public *rv_keeper_key_public(
    const struct rv_keeper_key *key);
/* RV_ERR_INVALID for a purpose that is none; RV_ERR_INTERNAL. */
RV_MUSTUSE int rv_keeper_key_sign(const struct rv_keeper_key *key,
    unsigned purpose, const unsigned char digest[RV_KEEPER_DIGEST],
    unsigned char ret_signature[RV_KEEPER_SIGNATURE]);
/* RV_ERR_DENIED when it was sealed for another, or is damaged. */
RV_MUSTUSE int rv_keeper_key_open(const struct rv_keeper_key *key,
    const unsigned char sealed[RV_KEEPER_SEALED],
    unsigned char ret_secret[RV_KEEPER_SECRET]);

/* ---- Without the key; any thread ------------------------------------------ */

/* RV_ERR_DENIED when it is not the signature. */
RV_MUSTUSE int rv_keeper_verify(const struct rv_keeper_public *key,
    unsigned purpose, const unsigned char digest[RV_KEEPER_DIGEST],
    const unsigned char signature[RV_KEEPER_SIGNATURE]);
/* RV_ERR_INTERNAL. */
RV_MUSTUSE int rv_keeper_seal(const struct rv_keeper_public *key,
    const unsigned char secret[RV_KEEPER_SECRET],
    unsigned char ret_sealed[RV_KEEPER_SEALED]);

#endif
