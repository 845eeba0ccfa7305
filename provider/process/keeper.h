/*
 * The keeper process: it alone has the site's signing key, and does two
 * things with it, for fixed-size questions.  Whoever asks gets answers and
 * never the key.
 *
 * On the SOCK_SEQPACKET link, numbers little endian:
 *   question, 96 bytes  u64 id, u8 what, u8 purpose, 6 zeros, 80 bytes
 *			 (a digest or a sealed secret, then zeros)
 *   answer, 80 bytes    u64 id, u8 0 when done, 7 zeros, 64 bytes
 *			 (a signature, a secret or both public keys)
 */
#ifndef PROVIDER_PROCESS_KEEPER_H
#define PROVIDER_PROCESS_KEEPER_H

#include "process/keeper_key.h"

struct rv_child;
struct rv_config;

#define RV_KEEPER_QUESTION_SIZE 96u
#define RV_KEEPER_ANSWER_SIZE	80u

enum rv_keeper_what {
	RV_KEEPER_SIGN = 1,
	RV_KEEPER_OPEN = 2,
	RV_KEEPER_TELL_PUBLIC = 3,
};

/* Runs until the supervisor wants the end. */
RV_MUSTUSE int rv_keeper_process(const struct rv_config *config,
    const struct rv_child *child, struct rv_error *e);

/*
 * What the process does with one question.  RV_ERR_INVALID when it is none:
 * there is no answer then.
 */
RV_MUSTUSE int rv_keeper_answer(const struct rv_keeper_key *key,
    struct rv_slice question, unsigned char ret_answer[RV_KEEPER_ANSWER_SIZE]);

/* ---- The side that asks ----------------------------------------------------- */

struct rv_keeper_link;

/*
 * Over fd, which the link closes at its end also when it could not be made,
 * and asks for the public keys.  RV_ERR_NOMEM; RV_ERR_UNAVAILABLE.
 */
RV_MUSTUSE int rv_keeper_link_new(
    int fd, struct rv_keeper_link **ret_link, struct rv_error *e);
void rv_keeper_link_free(struct rv_keeper_link **link);

const struct rv_keeper_public *rv_keeper_link_public(
    const struct rv_keeper_link *link);
/*
 * Both block, for 2 s at most; any thread, one after the other.
 * RV_ERR_DENIED when the keeper refuses, RV_ERR_TIMEOUT, RV_ERR_UNAVAILABLE
 * when it has gone.
 */
RV_MUSTUSE int rv_keeper_link_sign(struct rv_keeper_link *link,
    enum rv_keeper_purpose purpose,
    const unsigned char digest[RV_KEEPER_DIGEST],
    unsigned char ret_signature[RV_KEEPER_SIGNATURE]);
RV_MUSTUSE int rv_keeper_link_open(struct rv_keeper_link *link,
    const unsigned char sealed[RV_KEEPER_SEALED],
    unsigned char ret_secret[RV_KEEPER_SECRET]);

#endif
