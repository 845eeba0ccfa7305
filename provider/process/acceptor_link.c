#include "process/acceptor_link.h"

#include <stdlib.h>

#include "loop/pool.h"

struct rv_acceptor_link {
	struct rv_loop *loop;
	struct rv_pool *pool;
	const struct rv_acceptor *acceptor;
};

/* What a worker needs; it never sees the call, which may be anywhere. */
struct judging {
	struct rv_job job;
	const struct rv_acceptor *acceptor;
	struct rv_accept_call *call;
	struct rv_buf bytes; /* the token, then the bindings */
	size_t token_n;
	size_t binding_n[RV_BINDINGS_MAX];
	size_t n_bindings;
	struct rv_accepted accepted;
};

int
rv_acceptor_link_new(struct rv_loop *loop, struct rv_pool *pool,
    const struct rv_acceptor *acceptor, struct rv_acceptor_link **ret_link)
{
	struct rv_acceptor_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return RV_ERR_NOMEM;
	link->loop = loop;
	link->pool = pool;
	link->acceptor = acceptor;
	*ret_link = link;
	return RV_OK;
}

void
rv_acceptor_link_free(struct rv_acceptor_link **link)
{
	free(*link);
	*link = NULL;
}

static void
judging_free(struct judging *j)
{
	rv_accepted_fini(&j->accepted);
	rv_buf_fini(&j->bytes);
	free(j);
}

static void
run(struct rv_job *job)
{
	struct judging *j = (struct judging *)job;
	struct rv_slice bindings[RV_BINDINGS_MAX];
	const char *p = j->bytes.p + j->token_n;

	for (size_t i = 0; i < j->n_bindings; i++) {
		bindings[i] = (struct rv_slice){ p, j->binding_n[i] };
		p += j->binding_n[i];
	}
	rv_acceptor_accept(j->acceptor,
	    (struct rv_slice){ j->bytes.p, j->token_n }, bindings,
	    j->n_bindings, &j->accepted);
}

static void
done(struct rv_job *job)
{
	struct judging *j = (struct judging *)job;

	j->call->done(j->call, &j->accepted);
	judging_free(j);
}

int
rv_acceptor_ask(struct rv_acceptor_link *link, struct rv_accept_call *call)
{
	struct judging *j;
	int r = RV_ERR_NOMEM;

	if (call->token.n > RV_NEGOTIATE_TOKEN_MAX ||
	    call->n_bindings > RV_BINDINGS_MAX)
		return RV_ERR_LIMIT;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return RV_ERR_NOMEM;
	j->acceptor = link->acceptor;
	j->call = call;
	j->job =
	    (struct rv_job){ .run = run, .done = done, .loop = link->loop };
	rv_buf_put_slice(&j->bytes, call->token);
	j->token_n = call->token.n;
	for (size_t i = 0; i < call->n_bindings; i++) {
		rv_buf_put_slice(&j->bytes, call->bindings[i]);
		j->binding_n[i] = call->bindings[i].n;
	}
	j->n_bindings = call->n_bindings;
	if (!j->bytes.failed)
		r = rv_pool_submit(link->pool, &j->job);
	if (r != RV_OK)
		judging_free(j);
	return r;
}
