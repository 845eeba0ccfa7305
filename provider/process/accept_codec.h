/*
 * What crosses between net and the acceptor: one message a question, one an
 * answer, on a SOCK_SEQPACKET socket.  Pure; both sides distrust the other:
 * a message is refused unless every length in it is right.
 *
 * All numbers are little endian.
 *   question  u64 id, u64 deadline (CLOCK_BOOTTIME, ms), u32 bytes of the
 *             token, u32 number of bindings, u32 bytes of each of the
 *             RV_BINDINGS_MAX bindings, token, bindings
 *   answer    u64 id, rv_accepted_encode()
 */
#ifndef PROVIDER_PROCESS_ACCEPT_CODEC_H
#define PROVIDER_PROCESS_ACCEPT_CODEC_H

#include "reeve/auth_kerberos.h"

/* "tls-server-end-point:" and a hash of at most 64 bytes are 85. */
#define RV_BINDING_MAX 256u
#define RV_ACCEPT_HEAD (8u + 8u + 4u + 4u + 4u * RV_BINDINGS_MAX)
#define RV_QUESTION_MAX                            \
	(RV_ACCEPT_HEAD + RV_NEGOTIATE_TOKEN_MAX + \
	    RV_BINDINGS_MAX * RV_BINDING_MAX)
/* Reply token and PAC at their greatest, and the values. */
#define RV_ANSWER_MAX (8u + RV_NEGOTIATE_TOKEN_MAX + RV_PAC_MAX + 8192u)
/* For SO_SNDBUF: the greatest message, and what the kernel adds to it. */
#define RV_ACCEPT_SNDBUF 212992

struct rv_question {
	uint64_t id;
	int64_t deadline_boot_ms;
	struct rv_slice token;
	struct rv_slice bindings[RV_BINDINGS_MAX];
	size_t n_bindings;
};

/* RV_ERR_LIMIT for what is too long; RV_ERR_NOMEM. */
RV_MUSTUSE int rv_question_encode(
    const struct rv_question *question, struct rv_buf *out);
/* The slices of *ret_question point into bytes.  RV_ERR_INVALID. */
RV_MUSTUSE int rv_question_decode(
    struct rv_slice bytes, struct rv_question *ret_question);

/* RV_ERR_LIMIT, RV_ERR_NOMEM; out is what goes over the socket. */
RV_MUSTUSE int rv_answer_encode(
    uint64_t id, const struct rv_accepted *accepted, struct rv_buf *out);
/*
 * The id alone, so that a damaged answer still ends its question.
 * RV_ERR_INVALID.
 */
RV_MUSTUSE int rv_answer_id(struct rv_slice bytes, uint64_t *ret_id);
/* RV_ERR_INVALID, RV_ERR_LIMIT, RV_ERR_NOMEM: *ret_accepted is untouched. */
RV_MUSTUSE int rv_answer_decode(
    struct rv_slice bytes, struct rv_accepted *ret_accepted);

#endif
