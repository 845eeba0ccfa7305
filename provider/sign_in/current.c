#include "sign_in/current.h"

#include <pthread.h>
#include <stdlib.h>

struct rv_sign_in {
	pthread_mutex_t lock; /* for the moment of taking a reference */
	const struct rv_sign_in_policy *policy;
	_Atomic(const char *) failed;
};

struct rv_sign_in *
rv_sign_in_new(struct rv_sign_in_policy *policy)
{
	struct rv_sign_in *s = calloc(1, sizeof(*s));
	const struct rv_sign_in_policy *taken = policy;

	if (s == NULL || pthread_mutex_init(&s->lock, NULL) != 0) {
		rv_sign_in_policy_unref(&taken);
		free(s);
		return NULL;
	}
	s->policy = taken;
	return s;
}

void
rv_sign_in_free(struct rv_sign_in **sign_in)
{
	struct rv_sign_in *s = *sign_in;

	*sign_in = NULL;
	if (s == NULL)
		return;
	rv_sign_in_policy_unref(&s->policy);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const struct rv_sign_in_policy *
rv_sign_in_policy_now(struct rv_sign_in *sign_in)
{
	const struct rv_sign_in_policy *policy;

	pthread_mutex_lock(&sign_in->lock);
	policy = rv_sign_in_policy_ref(sign_in->policy);
	pthread_mutex_unlock(&sign_in->lock);
	return policy;
}

void
rv_sign_in_replace(struct rv_sign_in *sign_in, struct rv_sign_in_policy *policy)
{
	const struct rv_sign_in_policy *old;

	pthread_mutex_lock(&sign_in->lock);
	old = sign_in->policy;
	sign_in->policy = policy;
	pthread_mutex_unlock(&sign_in->lock);
	rv_sign_in_policy_unref(&old);
}

void
rv_sign_in_set_failed(struct rv_sign_in *sign_in, const char *part)
{
	atomic_store(&sign_in->failed, part);
}

const char *
rv_sign_in_failed(struct rv_sign_in *sign_in)
{
	return atomic_load(&sign_in->failed);
}
