#include "store/feed_version.h"

#include <stdlib.h>

#include "log.h"
#include "loop/loop.h"

struct rv_version *
rv_version_new(void)
{
	return calloc(1, sizeof(struct rv_version));
}

void
rv_version_free(struct rv_version **v)
{
	if (*v != NULL)
		rv_snapshot_free(&(*v)->snapshot);
	free(*v);
	*v = NULL;
}

struct rv_version *
rv_versions_current(const struct rv_versions *versions)
{
	return atomic_load_explicit(&versions->current, memory_order_relaxed);
}

/* On a thread of liburcu, after a grace period. */
static void
on_unread(struct rcu_head *head)
{
	struct rv_version *v = caa_container_of(head, struct rv_version, rcu);

	/* With it goes what its readers did, among that their holds. */
	atomic_store_explicit(&v->unread, true, memory_order_release);
}

void
rv_versions_replace(struct rv_versions *versions, struct rv_version *version)
{
	struct rv_version *old = atomic_exchange_explicit(
	    &versions->current, version, memory_order_acq_rel);

	if (old == NULL)
		return;
	old->next = versions->replaced;
	versions->replaced = old;
	urcu_qsbr_thread_online();
	urcu_qsbr_call_rcu(&old->rcu, on_unread);
	urcu_qsbr_thread_offline();
}

/* Said once of a version: somebody forgot to release it. */
static void
watch(struct rv_version *v)
{
	int64_t until =
	    atomic_load_explicit(&v->held_until_ms, memory_order_relaxed);

	if (v->overdue || atomic_load(&v->holders) == 0 ||
	    rv_boot_ms() <= until)
		return;
	v->overdue = true;
	rv_log(RV_LOG_WARNING,
	    "change feed: revision %llu is held beyond the limit of a reader",
	    (unsigned long long)rv_snapshot_revision(v->snapshot));
}

size_t
rv_versions_reap(struct rv_versions *versions)
{
	struct rv_version **at = &versions->replaced, *v;
	size_t waiting = 0;

	v = rv_versions_current(versions);
	if (v != NULL)
		watch(v);
	while ((v = *at) != NULL) {
		if (atomic_load_explicit(&v->unread, memory_order_acquire) &&
		    atomic_load_explicit(&v->holders, memory_order_acquire) ==
			0) {
			*at = v->next;
			rv_version_free(&v);
		} else {
			watch(v);
			at = &v->next;
			waiting++;
		}
	}
	return waiting;
}

void
rv_versions_fini(struct rv_versions *versions)
{
	struct rv_version *v = rv_versions_current(versions);

	/* Until then liburcu knows of versions. */
	urcu_qsbr_barrier();
	RV_ASSERT(rv_versions_reap(versions) == 0);
	if (v == NULL)
		return;
	RV_ASSERT(atomic_load(&v->holders) == 0);
	atomic_store(&versions->current, NULL);
	rv_version_free(&v);
}
