#include "process/accept_codec.h"

/* ---- Numbers --------------------------------------------------------------- */

static void
put(struct rv_buf *out, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		rv_buf_putc(out, (char)(unsigned char)(value >> (8 * i)));
}

/* The caller has seen that there are so many. */
static uint64_t
get(struct rv_slice *s, size_t bytes)
{
	uint64_t value = 0;

	RV_ASSERT(s->n >= bytes);
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)(unsigned char)s->p[i] << (8 * i);
	*s = (struct rv_slice){ s->p + bytes, s->n - bytes };
	return value;
}

/* ---- Questions ------------------------------------------------------------- */

static bool
fits(const struct rv_question *q)
{
	if (q->token.n > RV_NEGOTIATE_TOKEN_MAX ||
	    q->n_bindings > RV_BINDINGS_MAX)
		return false;
	for (size_t i = 0; i < q->n_bindings; i++)
		if (q->bindings[i].n == 0 || q->bindings[i].n > RV_BINDING_MAX)
			return false;
	return true;
}

int
rv_question_encode(const struct rv_question *question, struct rv_buf *out)
{
	const struct rv_question *q = question;

	if (!fits(q))
		return RV_ERR_LIMIT;
	put(out, q->id, 8);
	put(out, (uint64_t)q->deadline_boot_ms, 8);
	put(out, q->token.n, 4);
	put(out, q->n_bindings, 4);
	for (size_t i = 0; i < RV_BINDINGS_MAX; i++)
		put(out, i < q->n_bindings ? q->bindings[i].n : 0, 4);
	rv_buf_put_slice(out, q->token);
	for (size_t i = 0; i < q->n_bindings; i++)
		rv_buf_put_slice(out, q->bindings[i]);
	return out->failed ? RV_ERR_NOMEM : RV_OK;
}

/* The lengths of the head; false when they do not add up to what follows. */
static bool
read_lengths(struct rv_slice *s, struct rv_question *q)
{
	size_t total;

	q->token.n = get(s, 4);
	q->n_bindings = get(s, 4);
	total = q->token.n;
	for (size_t i = 0; i < RV_BINDINGS_MAX; i++) {
		size_t n = get(s, 4);

		total += n; /* nine numbers of 32 bits in one of 64 */
		if ((n == 0) != (i >= q->n_bindings))
			return false;
		q->bindings[i].n = n;
	}
	return fits(q) && total == s->n;
}

int
rv_question_decode(struct rv_slice bytes, struct rv_question *ret_question)
{
	struct rv_question q = { .id = 0 };
	uint64_t deadline;

	if (bytes.n < RV_ACCEPT_HEAD || bytes.n > RV_QUESTION_MAX)
		return RV_ERR_INVALID;
	q.id = get(&bytes, 8);
	deadline = get(&bytes, 8);
	if (deadline > INT64_MAX || !read_lengths(&bytes, &q))
		return RV_ERR_INVALID;
	q.deadline_boot_ms = (int64_t)deadline;
	q.token.p = bytes.p;
	bytes.p += q.token.n;
	for (size_t i = 0; i < q.n_bindings; i++) {
		q.bindings[i].p = bytes.p;
		bytes.p += q.bindings[i].n;
	}
	*ret_question = q;
	return RV_OK;
}

/* ---- Answers --------------------------------------------------------------- */

int
rv_answer_encode(
    uint64_t id, const struct rv_accepted *accepted, struct rv_buf *out)
{
	put(out, id, 8);
	rv_accepted_encode(accepted, out);
	if (out->failed)
		return RV_ERR_NOMEM;
	return out->n <= RV_ANSWER_MAX ? RV_OK : RV_ERR_LIMIT;
}

int
rv_answer_id(struct rv_slice bytes, uint64_t *ret_id)
{
	if (bytes.n < 8)
		return RV_ERR_INVALID;
	*ret_id = get(&bytes, 8);
	return RV_OK;
}

int
rv_answer_decode(struct rv_slice bytes, struct rv_accepted *ret_accepted)
{
	if (bytes.n < 8 || bytes.n > RV_ANSWER_MAX)
		return RV_ERR_INVALID;
	return rv_accepted_decode(
	    (struct rv_slice){ bytes.p + 8, bytes.n - 8 }, ret_accepted);
}
