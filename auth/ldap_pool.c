#include "ldap_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client_credential.h"
#include "clock.h"

/* How long failures last, doubling from the first to the last. */
#define BACK_OFF_FIRST_MS 1000
#define BACK_OFF_MAX_MS	  8000
/* Older connections are replaced: rights of ours may have changed. */
#define AGE_MAX_MS (10 * 60 * 1000)

struct rv_ldap_pool {
	const struct rv_ldap_settings *settings;
	struct rv_client_credential *credential; /* NULL: not by Kerberos */
	size_t server; /* the last that answered; the connector's alone */

	pthread_mutex_t lock; /* of everything below */
	/* One for look-ups that wait, one for the thread that connects. */
	pthread_cond_t lent_or_failed, wanted;
	bool has_lock, has_conditions;

	pthread_t connector;
	bool running, stopping;
	int64_t connecting_since_ms; /* 0: it is not */

	struct rv_ldap *idle[RV_LDAP_POOL_MAX];
	size_t n_idle, n_lent, n_waiting;

	/* The last failure, and until when it answers for all. */
	uint64_t n_failures;
	int64_t back_off_ms, fail_until_ms;
	struct rv_error failure;
};

/* ---- With the lock held -------------------------------------------------------- */

static void
note_failure(struct rv_ldap_pool *p, const struct rv_error *e)
{
	int64_t now_ms = rv_monotonic_ms();

	p->n_failures++;
	p->failure = *e;
	pthread_cond_broadcast(&p->lent_or_failed);
	/* Several look-ups may fail of one cause: that counts once. */
	if (now_ms < p->fail_until_ms)
		return;
	p->back_off_ms =
	    p->back_off_ms == 0 ? BACK_OFF_FIRST_MS : p->back_off_ms * 2;
	if (p->back_off_ms > BACK_OFF_MAX_MS)
		p->back_off_ms = BACK_OFF_MAX_MS;
	p->fail_until_ms = now_ms + p->back_off_ms;
}

static void
note_success(struct rv_ldap_pool *p)
{
	p->back_off_ms = 0;
	p->fail_until_ms = 0;
}

/*
 * An idle one that is not too old.  Those that are go to the caller, to be
 * closed without the lock.
 */
static struct rv_ldap *
take_idle(struct rv_ldap_pool *p, struct rv_ldap *stale[RV_LDAP_POOL_MAX],
    size_t *n_stale)
{
	int64_t oldest_ms = rv_monotonic_ms() - AGE_MAX_MS;

	while (p->n_idle > 0) {
		struct rv_ldap *last = p->idle[--p->n_idle];

		if (rv_ldap_opened_ms(last) >= oldest_ms) {
			p->n_lent++;
			return last;
		}
		stale[(*n_stale)++] = last;
	}
	return NULL;
}

/* A silent KDC or server holds the connector longer than a look-up waits. */
static bool
is_stuck(const struct rv_ldap_pool *p)
{
	return p->connecting_since_ms != 0 &&
	       rv_monotonic_ms() - p->connecting_since_ms >
		   p->settings->timeout_ms;
}

static int
fail_for_now(const struct rv_ldap_pool *p, struct rv_error *e)
{
	if (is_stuck(p))
		rv_error_set(e, "connecting to the directory hangs: its "
				"server or the KDC is silent");
	else
		rv_error_set(e, "%s", p->failure.text);
	return RV_ERR_UNAVAILABLE;
}

static bool
is_room(const struct rv_ldap_pool *p)
{
	return p->n_idle + p->n_lent < RV_LDAP_POOL_MAX;
}

/* ---- The thread that connects ---------------------------------------------------- */

static int
get_ticket(struct rv_ldap_pool *p, struct rv_error *e)
{
	int r;

	if (p->credential == NULL)
		return RV_OK;
	r = rv_client_credential_use(p->credential, e);
	if (r == RV_OK)
		r = rv_client_credential_refresh(p->credential, e);
	return r;
}

/* A server with each of the pins in turn: libldap compares with one. */
static int
connect_to(struct rv_ldap_pool *p, const char *uri,
    struct rv_ldap **ret_connection, struct rv_error *e)
{
	const struct rv_ldap_settings *s = p->settings;
	int r = RV_ERR_UNAVAILABLE;

	if (s->n_pins == 0)
		return rv_ldap_open(s, uri, NULL, ret_connection, e);
	for (size_t i = 0; r != RV_OK && i < s->n_pins; i++)
		r = rv_ldap_open(s, uri, s->pins[i], ret_connection, e);
	return r;
}

/* The one that answered last comes first. */
static int
connect_once(
    struct rv_ldap_pool *p, struct rv_ldap **ret_connection, struct rv_error *e)
{
	const struct rv_ldap_settings *s = p->settings;
	int r = get_ticket(p, e);

	if (r != RV_OK)
		return r;
	for (size_t i = 0; i < s->n_uris; i++) {
		const size_t k = (p->server + i) % s->n_uris;

		r = connect_to(p, s->uris[k], ret_connection, e);
		if (r == RV_OK) {
			p->server = k;
			return r;
		}
	}
	/* A ticket for a key that the server has no more would stay. */
	if (p->credential != NULL)
		rv_client_credential_forget(p->credential);
	return r;
}

/* Called with the lock held, and gives it up in between. */
static void
connect_for_waiters(struct rv_ldap_pool *p)
{
	struct rv_error e = { .text = "" };
	struct rv_ldap *connection = NULL;
	int r;

	p->connecting_since_ms = rv_monotonic_ms();
	pthread_mutex_unlock(&p->lock);
	r = connect_once(p, &connection, &e);
	pthread_mutex_lock(&p->lock);
	p->connecting_since_ms = 0;
	if (r != RV_OK) {
		note_failure(p, &e);
		return;
	}
	RV_ASSERT(is_room(p));
	note_success(p);
	p->idle[p->n_idle++] = connection;
	pthread_cond_broadcast(&p->lent_or_failed);
}

static bool
should_connect(const struct rv_ldap_pool *p)
{
	return p->n_waiting > p->n_idle && is_room(p) &&
	       rv_monotonic_ms() >= p->fail_until_ms;
}

static void *
run_connector(void *arg)
{
	struct rv_ldap_pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		if (should_connect(p))
			connect_for_waiters(p);
		else
			pthread_cond_wait(&p->wanted, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Signals are for the threads of the program, not for this one. */
static int
start_connector(struct rv_ldap_pool *p)
{
	sigset_t all, old;
	int failed;

	if (p->running)
		return RV_OK;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&p->connector, NULL, run_connector, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed != 0)
		return RV_ERR_NOMEM;
	p->running = true;
	return RV_OK;
}

/* ---- Life ------------------------------------------------------------------------ */

static int
init_conditions(struct rv_ldap_pool *p)
{
	pthread_condattr_t attributes;

	if (pthread_mutex_init(&p->lock, NULL) != 0)
		return RV_ERR_NOMEM;
	p->has_lock = true;
	if (pthread_condattr_init(&attributes) != 0)
		return RV_ERR_NOMEM;
	/* Neither can fail in the C library of Linux. */
	rv_ignore(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
	rv_ignore(pthread_cond_init(&p->lent_or_failed, &attributes));
	rv_ignore(pthread_cond_init(&p->wanted, &attributes));
	pthread_condattr_destroy(&attributes);
	p->has_conditions = true;
	return RV_OK;
}

int
rv_ldap_pool_new(const struct rv_ldap_settings *settings,
    struct rv_ldap_pool **ret_pool, struct rv_error *e)
{
	struct rv_ldap_pool *p = calloc(1, sizeof(*p));
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "out of memory");
	if (p == NULL)
		return r;
	p->settings = settings;
	r = init_conditions(p);
	if (r == RV_OK && settings->bind == RV_BIND_GSSAPI)
		r = rv_client_credential_new(
		    settings->client_keytab, &p->credential, e);
	if (r == RV_OK)
		*ret_pool = p;
	else
		rv_ldap_pool_free(&p);
	return r;
}

static void
stop_connector(struct rv_ldap_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->wanted);
	pthread_mutex_unlock(&p->lock);
	rv_ignore(pthread_join(p->connector, NULL)); /* it is joinable */
}

void
rv_ldap_pool_free(struct rv_ldap_pool **pool)
{
	struct rv_ldap_pool *p = *pool;

	*pool = NULL;
	if (p == NULL)
		return;
	RV_ASSERT(p->n_lent == 0);
	if (p->running)
		stop_connector(p);
	while (p->n_idle > 0)
		rv_ldap_close(&p->idle[--p->n_idle]);
	if (p->has_conditions) {
		pthread_cond_destroy(&p->lent_or_failed);
		pthread_cond_destroy(&p->wanted);
	}
	if (p->has_lock)
		pthread_mutex_destroy(&p->lock);
	rv_client_credential_free(&p->credential);
	free(p);
}

/* ---- Lending ---------------------------------------------------------------------- */

/* Until the deadline; RV_ERR_TIMEOUT after it. */
static int
wait_until(struct rv_ldap_pool *p, int64_t deadline_ms)
{
	const struct timespec end = {
		.tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000 * 1000000),
	};
	int failed;

	p->n_waiting++;
	pthread_cond_signal(&p->wanted);
	failed = pthread_cond_timedwait(&p->lent_or_failed, &p->lock, &end);
	p->n_waiting--;
	return failed == 0 ? RV_OK : RV_ERR_TIMEOUT;
}

/*
 * The deadline passed.  If that is because connecting takes so long, those
 * who come next need not wait for the same to find out.
 */
static int
give_up(struct rv_ldap_pool *p, struct rv_error *e)
{
	if (!is_room(p)) {
		rv_error_set(e, "too many look-ups at the same time");
		return RV_ERR_TIMEOUT;
	}
	rv_error_set(e, "the directory could not be reached in time");
	if (p->connecting_since_ms != 0)
		note_failure(p, e);
	return RV_ERR_TIMEOUT;
}

static int
acquire_locked(struct rv_ldap_pool *p, int64_t deadline_ms,
    struct rv_ldap **ret_connection, struct rv_ldap **stale, size_t *n_stale,
    struct rv_error *e)
{
	uint64_t failures_before = p->n_failures;
	int r = RV_OK;

	if (start_connector(p) != RV_OK) {
		rv_error_set(e, "no thread could be started to connect to the "
				"directory");
		return RV_ERR_UNAVAILABLE;
	}
	while (r == RV_OK) {
		if (p->n_failures != failures_before ||
		    rv_monotonic_ms() < p->fail_until_ms)
			return fail_for_now(p, e);
		*ret_connection = take_idle(p, stale, n_stale);
		if (*ret_connection != NULL)
			return RV_OK;
		if (is_stuck(p))
			return fail_for_now(p, e);
		r = wait_until(p, deadline_ms);
	}
	return give_up(p, e);
}

int
rv_ldap_pool_acquire(struct rv_ldap_pool *pool, int64_t deadline_ms,
    struct rv_ldap **ret_connection, struct rv_error *e)
{
	struct rv_ldap *stale[RV_LDAP_POOL_MAX];
	size_t n_stale = 0;
	int r;

	pthread_mutex_lock(&pool->lock);
	r = acquire_locked(
	    pool, deadline_ms, ret_connection, stale, &n_stale, e);
	pthread_mutex_unlock(&pool->lock);
	while (n_stale > 0)
		rv_ldap_close(&stale[--n_stale]);
	return r;
}

void
rv_ldap_pool_release(struct rv_ldap_pool *pool, struct rv_ldap **connection,
    int result, const struct rv_error *e)
{
	struct rv_ldap *doomed[RV_LDAP_POOL_MAX + 1];
	size_t n_doomed = 0;

	pthread_mutex_lock(&pool->lock);
	pool->n_lent--;
	if (result == RV_OK) {
		note_success(pool);
		pool->idle[pool->n_idle++] = *connection;
	} else {
		doomed[n_doomed++] = *connection;
	}
	if (result == RV_ERR_UNAVAILABLE || result == RV_ERR_TIMEOUT) {
		while (pool->n_idle > 0)
			doomed[n_doomed++] = pool->idle[--pool->n_idle];
	}
	if (result == RV_ERR_TIMEOUT)
		note_failure(pool, e);
	/* There is a connection, or room for one, that was not before. */
	pthread_cond_broadcast(&pool->lent_or_failed);
	pthread_cond_signal(&pool->wanted);
	pthread_mutex_unlock(&pool->lock);
	*connection = NULL;
	while (n_doomed > 0)
		rv_ldap_close(&doomed[--n_doomed]);
}
