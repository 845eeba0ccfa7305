/*
 * What responders have said, and the asking of them.
 *
 * A responder that does not answer is left alone for a while, then one
 * caller at a time tries it again: whoever is not asking gets the answer
 * that its authority's mode has for silence.  So a slow responder keeps one
 * thread of the pool, not all of them.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <openssl/evp.h>

#include "clock.h"
#include "ocsp_http.h"
#include "ocsp_response.h"

/* Answers remembered; of those with the same place the oldest one goes. */
#define SETS 1024u
#define WAYS 4u
/* Questions at once; others wait this long for their turn. */
#define MAX_ASKING 4u
#define TURN_MS	   250
/* After a failure: the first pause, doubled up to the last. */
#define FIRST_PAUSE_MS 5000
#define LAST_PAUSE_MS  60000
/* After an answer that does not count, about that certificate. */
#define RETRY_MS 10000

enum said {
	SAID_NOTHING, /* no such entry, or no answer that counts */
	SAID_GOOD,
	SAID_REVOKED,
};

struct entry {
	unsigned char key[32];
	enum said said;
	int64_t until_ms; /* UTC: to be asked again then */
	int64_t retry_ms; /* monotonic: not to be asked before */
};

struct responder {
	SLIST_ENTRY(responder) link;
	char *url;
	int64_t pause_ms; /* 0: it answered last time */
	int64_t again_ms; /* monotonic: end of the pause */
	unsigned asking;
};

struct rv_ocsp {
	pthread_mutex_t lock;
	pthread_cond_t turn; /* on the monotonic clock */
	unsigned asking;
	SLIST_HEAD(responders, responder) responders;
	struct entry entries[SETS][WAYS];
};

/* ---- Beginning and end ---------------------------------------------- */

static bool
init_turn(struct rv_ocsp *ocsp)
{
	pthread_condattr_t attr;
	bool ok;

	if (pthread_condattr_init(&attr) != 0)
		return false;
	ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	     pthread_cond_init(&ocsp->turn, &attr) == 0;
	(void)pthread_condattr_destroy(&attr);
	return ok;
}

int
rv_ocsp_new(struct rv_ocsp **ret_ocsp)
{
	struct rv_ocsp *ocsp = calloc(1, sizeof(*ocsp));

	if (ocsp == NULL || !init_turn(ocsp)) {
		free(ocsp);
		return RV_ERR_NOMEM;
	}
	SLIST_INIT(&ocsp->responders);
	/* Cannot fail without attributes. */
	(void)pthread_mutex_init(&ocsp->lock, NULL);
	*ret_ocsp = ocsp;
	return RV_OK;
}

void
rv_ocsp_free(struct rv_ocsp **ocsp)
{
	struct rv_ocsp *o = *ocsp;
	struct responder *r;

	*ocsp = NULL;
	if (o == NULL)
		return;
	while ((r = SLIST_FIRST(&o->responders)) != NULL) {
		SLIST_REMOVE_HEAD(&o->responders, link);
		free(r->url);
		free(r);
	}
	(void)pthread_cond_destroy(&o->turn);
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
}

/* ---- Answers that are remembered; the lock is held ------------------ */

/* The leaf, by which issuer, as this responder knows it. */
static bool
key_of(const struct rv_path *path, unsigned char ret_key[32])
{
	unsigned char leaf[EVP_MAX_MD_SIZE], issuer[EVP_MAX_MD_SIZE];
	const char *url = path->authority->as.ocsp_url;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0, n_leaf = 0, n_issuer = 0;
	bool ok = ctx != NULL &&
		  X509_digest(sk_X509_value(path->chain, 0), EVP_sha256(), leaf,
		      &n_leaf) == 1 &&
		  X509_digest(sk_X509_value(path->chain, 1), EVP_sha256(),
		      issuer, &n_issuer) == 1 &&
		  EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, leaf, n_leaf) == 1 &&
		  EVP_DigestUpdate(ctx, issuer, n_issuer) == 1 &&
		  EVP_DigestUpdate(ctx, url, strlen(url)) == 1 &&
		  EVP_DigestFinal_ex(ctx, ret_key, &n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok && n == 32;
}

static struct entry *
set_of(struct rv_ocsp *ocsp, const unsigned char key[32])
{
	return ocsp->entries[(key[0] | (unsigned)key[1] << 8) % SETS];
}

/* Never NULL: one that knows nothing when there is none. */
static const struct entry *
find(struct rv_ocsp *ocsp, const unsigned char key[32])
{
	static const struct entry none = { .said = SAID_NOTHING };
	const struct entry *set = set_of(ocsp, key);

	for (unsigned i = 0; i < WAYS; i++)
		if (memcmp(set[i].key, key, 32) == 0)
			return &set[i];
	return &none;
}

static void
remember(struct rv_ocsp *ocsp, const struct entry *entry)
{
	struct entry *set = set_of(ocsp, entry->key);
	struct entry *place = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (memcmp(set[i].key, entry->key, 32) == 0) {
			place = &set[i];
			break;
		}
		if (set[i].until_ms < place->until_ms)
			place = &set[i];
	}
	*place = *entry;
}

/* ---- Responders; the lock is held ----------------------------------- */

static struct responder *
responder_of(struct rv_ocsp *ocsp, const char *url)
{
	struct responder *r;

	SLIST_FOREACH(r, &ocsp->responders, link)
	if (strcmp(r->url, url) == 0)
		return r;
	r = calloc(1, sizeof(*r));
	if (r != NULL)
		r->url = strdup(url);
	if (r == NULL || r->url == NULL) {
		free(r);
		return NULL;
	}
	SLIST_INSERT_HEAD(&ocsp->responders, r, link);
	return r;
}

/* It was silent: in its pause nobody asks, behind it one at a time. */
static bool
is_resting(const struct responder *r)
{
	return r->pause_ms > 0 &&
	       (r->asking > 0 || rv_monotonic_ms() < r->again_ms);
}

static void
note_outcome(struct responder *r, bool answered)
{
	if (answered) {
		r->pause_ms = 0;
		return;
	}
	r->pause_ms = r->pause_ms == 0 ? FIRST_PAUSE_MS : 2 * r->pause_ms;
	if (r->pause_ms > LAST_PAUSE_MS)
		r->pause_ms = LAST_PAUSE_MS;
	r->again_ms = rv_monotonic_ms() + r->pause_ms;
}

/* Waits until few enough ask; false: it is not to be asked now. */
static bool
take_turn(struct rv_ocsp *ocsp, struct responder *r)
{
	int64_t until_ms = rv_monotonic_ms() + TURN_MS;
	const struct timespec until = { .tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000 };

	while (!is_resting(r) && ocsp->asking >= MAX_ASKING)
		if (pthread_cond_timedwait(&ocsp->turn, &ocsp->lock, &until) !=
		    0)
			return false;
	if (is_resting(r))
		return false;
	ocsp->asking++;
	r->asking++;
	return true;
}

/* ---- What it means -------------------------------------------------- */

/* An old "revoked" is not taken back by silence. */
static enum rv_ocsp_answer
without_answer(const struct rv_path *path, enum said before)
{
	if (before == SAID_REVOKED)
		return RV_OCSP_REVOKED;
	return path->authority->as.ocsp == RV_OCSP_SOFT ? RV_OCSP_GOOD
							: RV_OCSP_UNKNOWN;
}

static enum rv_ocsp_answer
answer_of(struct rv_ocsp *ocsp, const struct rv_path *path,
    const unsigned char key[32], int64_t now_ms)
{
	const struct entry *entry = find(ocsp, key);
	const struct responder *r;

	if (entry->said != SAID_NOTHING && now_ms < entry->until_ms)
		return entry->said == SAID_GOOD ? RV_OCSP_GOOD
						: RV_OCSP_REVOKED;
	if (rv_monotonic_ms() < entry->retry_ms)
		return without_answer(path, entry->said);
	r = responder_of(ocsp, path->authority->as.ocsp_url);
	if (r == NULL || is_resting(r))
		return without_answer(path, entry->said);
	return RV_OCSP_ASK;
}

/* ---- Asking --------------------------------------------------------- */

struct question {
	const struct rv_path *path;
	int64_t now_ms;
	struct rv_ocsp_status status;
	bool answered; /* by bytes that were OCSP, whatever they said */
	bool counts;
};

/* Without the lock. */
static void
ask(struct question *q, char detail[256])
{
	const struct rv_authority *a = &q->path->authority->as;
	OCSP_REQUEST *request = rv_ocsp_request_new(q->path);
	unsigned char *der = NULL;
	struct rv_buf body = { 0 };
	struct rv_error e = { "out of memory" };
	int n = request != NULL ? i2d_OCSP_REQUEST(request, &der) : -1;

	if (n <= 0)
		goto out;
	q->answered = rv_ocsp_post(a->ocsp_url,
			  (struct rv_slice){ (const char *)der, (size_t)n },
			  a->ocsp_timeout_ms, &body, &e) == RV_OK;
	if (q->answered)
		q->counts = rv_ocsp_response_read(q->path, request,
		    rv_buf_slice(&body), q->now_ms, &q->status, detail);
out:
	if (!q->answered)
		(void)snprintf(detail, 256, "%.255s", e.text);
	rv_buf_fini(&body);
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
}

static enum rv_ocsp_answer
take_outcome(
    struct rv_ocsp *ocsp, const struct question *q, const unsigned char key[32])
{
	struct entry entry = *find(ocsp, key);
	enum said before = entry.said;

	memcpy(entry.key, key, 32);
	if (!q->counts) {
		entry.retry_ms = rv_monotonic_ms() + RETRY_MS;
		remember(ocsp, &entry);
		return without_answer(q->path, before);
	}
	entry.said = q->status.revoked ? SAID_REVOKED : SAID_GOOD;
	entry.until_ms = q->status.until_ms;
	entry.retry_ms = 0;
	remember(ocsp, &entry);
	return q->status.revoked ? RV_OCSP_REVOKED : RV_OCSP_GOOD;
}

/* The lock is held, but not while the responder is asked. */
static enum rv_ocsp_answer
ask_in_turn(struct rv_ocsp *ocsp, struct question *q,
    const unsigned char key[32], char detail[256])
{
	struct responder *r =
	    responder_of(ocsp, q->path->authority->as.ocsp_url);
	enum rv_ocsp_answer answer;

	(void)snprintf(detail, 256,
	    "the responder is not asked now: it did "
	    "not answer, or too many ask it");
	if (r == NULL || !take_turn(ocsp, r))
		return without_answer(q->path, find(ocsp, key)->said);
	/* Somebody else may have asked the same meanwhile. */
	answer = find(ocsp, key)->said != SAID_NOTHING &&
			 q->now_ms < find(ocsp, key)->until_ms
		     ? answer_of(ocsp, q->path, key, q->now_ms)
		     : RV_OCSP_ASK;
	if (answer == RV_OCSP_ASK) {
		pthread_mutex_unlock(&ocsp->lock);
		ask(q, detail);
		pthread_mutex_lock(&ocsp->lock);
		note_outcome(r, q->answered);
		answer = take_outcome(ocsp, q, key);
	}
	r->asking--;
	ocsp->asking--;
	(void)pthread_cond_broadcast(&ocsp->turn);
	return answer;
}

/* ---- The two calls -------------------------------------------------- */

/*
 * The path of a certificate that there is something to ask about; else
 * false and the answer.
 */
static bool
begin(const struct rv_trust *trust, X509 *leaf, STACK_OF(X509) * untrusted,
    int64_t now_ms, struct rv_path *path, unsigned char key[32],
    enum rv_ocsp_answer *ret_answer, char detail[256])
{
	*ret_answer = RV_OCSP_UNKNOWN;
	if (rv_path_find(trust, leaf, untrusted, now_ms, path, detail) !=
	    RV_REFUSED_NOT)
		return false;
	detail[0] = '\0';
	if (path->authority->as.ocsp == RV_OCSP_OFF) {
		*ret_answer = RV_OCSP_GOOD;
		return false;
	}
	/* An authority may not sign in itself. */
	return sk_X509_num(path->chain) >= 2 &&
	       path->authority->as.ocsp_url != NULL && key_of(path, key);
}

enum rv_ocsp_answer
rv_ocsp_known(struct rv_ocsp *ocsp, const struct rv_trust *trust, X509 *leaf,
    STACK_OF(X509) * untrusted, int64_t now_ms)
{
	struct rv_path path = { .authority = NULL };
	enum rv_ocsp_answer answer;
	unsigned char key[32];
	char detail[256];

	if (begin(
		trust, leaf, untrusted, now_ms, &path, key, &answer, detail)) {
		pthread_mutex_lock(&ocsp->lock);
		answer = answer_of(ocsp, &path, key, now_ms);
		pthread_mutex_unlock(&ocsp->lock);
	}
	rv_path_fini(&path);
	return answer;
}

enum rv_ocsp_answer
rv_ocsp_ask(struct rv_ocsp *ocsp, const struct rv_trust *trust, X509 *leaf,
    STACK_OF(X509) * untrusted, int64_t now_ms, char detail[256])
{
	struct rv_path path = { .authority = NULL };
	enum rv_ocsp_answer answer;
	unsigned char key[32];

	if (begin(
		trust, leaf, untrusted, now_ms, &path, key, &answer, detail)) {
		struct question q = { .path = &path, .now_ms = now_ms };

		pthread_mutex_lock(&ocsp->lock);
		answer = ask_in_turn(ocsp, &q, key, detail);
		pthread_mutex_unlock(&ocsp->lock);
	}
	rv_path_fini(&path);
	return answer;
}
