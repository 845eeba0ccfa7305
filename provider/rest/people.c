#include "rest/people.h"

#include <string.h>

#include "config/config.h"
#include "loop/pool.h"
#include "pipeline/gate.h"
#include "pipeline/lane.h"
#include "pipeline/orphan.h"
#include "provider.h"
#include "sign_in/policy.h"
#include "sign_in/signing.h"

/* All look-ups of one request; what is left then stays unknown. */
#define LOOKUPS_MAX_MS 5000

struct member {
	struct rv_person person;
	const char *principal; /* NUL-terminated; NULL: no such can be */
	struct rv_account account;
};

struct rv_people {
	struct rv_job job;
	struct rv_exchange *x;
	struct rv_directory *directory;
	struct member *members; /* the caller, and as many others */
	size_t n, others;
	rv_people_found *found;
	void *arg;
};

struct rv_people *
rv_people_new(struct rv_exchange *x, size_t questions)
{
	struct rv_people *people = rv_arena_alloc(x->arena, sizeof(*people));
	const size_t room =
	    questions <= RV_PEOPLE_OTHERS ? questions : RV_PEOPLE_OTHERS + 1;

	if (people == NULL)
		return NULL;
	people->members =
	    rv_arena_alloc(x->arena, room * sizeof(*people->members));
	if (people->members == NULL)
		return NULL;
	people->x = x;
	people->directory = x->lane->provider->directory;
	return people;
}

/* ---- Adding -------------------------------------------------------------- */

static int
add(struct rv_people *people, const struct rv_person *person)
{
	struct member *m = &people->members[people->n];

	*m = (struct member){ .person = *person };
	if (!person->self && !person->is_group &&
	    person->id.n < RV_PRINCIPAL_MAX) {
		m->principal = rv_arena_dup(people->x->arena, person->id);
		if (m->principal == NULL)
			return RV_ERR_NOMEM;
	}
	people->n++;
	people->others += !person->self;
	return RV_OK;
}

/* Whether the caller may say at which level others have signed in. */
static bool
is_enforcer(const struct rv_exchange *x)
{
	return x->policy != NULL && !x->identity->delegated &&
	       rv_words_have(
		   &x->policy->enforcers, rv_slice_of(x->identity->principal));
}

/* The place of somebody who is among them already; n when nobody is. */
static size_t
find(const struct rv_people *people, const struct rv_person *wanted)
{
	for (size_t i = 0; i < people->n; i++) {
		const struct rv_person *p = &people->members[i].person;

		if (p->is_group == wanted->is_group &&
		    p->level == wanted->level && rv_slice_eq(p->id, wanted->id))
			return i;
	}
	return people->n;
}

int
rv_people_add(struct rv_people *people, struct rv_slice type,
    struct rv_slice id, enum rv_level asserted, size_t *ret_index)
{
	const bool is_group = rv_slice_eq_cstr(type, "group");
	struct rv_person person = { .type = type,
		.id = id,
		.is_group = is_group,
		.level = RV_LEVEL_WINDOWS };
	size_t at;
	int r;

	if (!is_group && !rv_slice_eq_cstr(type, "user"))
		return RV_ERR_INVALID;
	person.self =
	    !is_group && rv_slice_eq_cstr(id, people->x->identity->principal);
	if (!person.self && is_enforcer(people->x))
		person.level = asserted;
	at = find(people, &person);
	if (at < people->n) {
		*ret_index = at;
		return RV_OK;
	}
	if (!person.self && people->others == RV_PEOPLE_OTHERS)
		return RV_ERR_LIMIT;
	r = add(people, &person);
	if (r == RV_OK)
		*ret_index = people->n - 1;
	return r;
}

const struct rv_person *
rv_people_get(const struct rv_people *people, size_t index)
{
	RV_ASSERT(index < people->n);
	return &people->members[index].person;
}

const char *
rv_people_wrong(int err)
{
	if (err == RV_ERR_LIMIT)
		return "is one other person too many for one request";
	return "must be \"user\" or \"group\"";
}

/* ---- In the snapshot ------------------------------------------------------ */

/* Who has a name that no principal can have. */
static const struct rv_subject nobody = {
	.groups_known = true,
	.level = RV_LEVEL_WINDOWS,
};

static int
subject_of_group(struct rv_people *people, struct rv_person *p)
{
	struct rv_arena *arena = people->x->arena;
	struct rv_slice *id = rv_arena_alloc(arena, sizeof(*id));

	if (id == NULL)
		return RV_ERR_NOMEM;
	*id = rv_slice_of(
	    rv_arena_printf(arena, "group:%.*s", RV_SLICE_FMT(p->id)));
	if (id->p == NULL)
		return RV_ERR_NOMEM;
	p->subject = nobody;
	p->subject.level = p->level;
	p->subject.ids = id;
	p->subject.n_ids = 1;
	p->subject.n_own = 1;
	return RV_OK;
}

/* The directory's word on whether the account may be used; NULL: it may. */
static const char *
stopped_by_account(const struct rv_account *account)
{
	if (!account->known)
		return NULL;
	return account->disabled  ? "account_disabled"
	       : account->locked  ? "account_locked"
	       : account->expired ? "account_expired"
				  : NULL;
}

/* The other one as if it had signed in at the level that counts for it. */
static int
subject_of_other(
    struct rv_people *people, struct member *m, const struct rv_snapshot *s)
{
	struct rv_exchange *x = people->x;
	struct rv_evidence evidence = { .method = RV_AUTH_NONE };
	struct rv_person *p = &m->person;
	struct rv_gate_judgement j;

	p->subject = nobody;
	if (m->principal == NULL)
		return RV_OK;
	memcpy(evidence.principal, m->principal, p->id.n);
	if (rv_texts_add(&evidence.ids, rv_slice_of(rv_arena_printf(x->arena,
					    "krb5:%s", m->principal))) != RV_OK)
		return RV_ERR_NOMEM;
	p->identity =
	    rv_identity_new(&evidence, p->level, &m->account, rv_now_ms());
	rv_evidence_fini(&evidence);
	if (p->identity == NULL)
		return RV_ERR_NOMEM;
	x->abouts[x->n_abouts++] = p->identity;
	p->subject = rv_subject_of(p->identity);
	p->stopped = stopped_by_account(&m->account);
	if (p->stopped != NULL)
		return RV_OK;
	rv_gate_judge(p->identity, s, rv_exchange_instant(x), &j);
	if (j.gate == RV_GATE_ACCOUNT_REPLACED)
		rv_orphan_mark(x, j.principal_id, p->identity->account_id);
	if (j.gate != RV_GATE_PASSED)
		p->stopped = rv_gate_name(j.gate);
	return RV_OK;
}

static int
resolve(struct rv_people *people, const struct rv_snapshot *s)
{
	struct rv_exchange *x = people->x;
	struct rv_slice excluded_by;
	int r = RV_OK;

	if (people->others > 0) {
		x->abouts = rv_arena_alloc(
		    x->arena, people->others * sizeof(*x->abouts));
		if (x->abouts == NULL)
			return RV_ERR_NOMEM;
	}
	for (size_t i = 0; r == RV_OK && i < people->n; i++) {
		struct member *m = &people->members[i];
		struct rv_person *p = &m->person;

		if (p->self) {
			p->identity = x->identity;
			p->subject = rv_subject_of(x->identity);
		} else if (p->is_group) {
			r = subject_of_group(people, p);
			/* The gate's level binds those who are in it. */
			if (r == RV_OK &&
			    !rv_snapshot_admits(s, &p->subject,
				rv_exchange_instant(x), &excluded_by))
				p->stopped =
				    rv_gate_name(RV_GATE_LEVEL_TOO_LOW);
		} else {
			r = subject_of_other(people, m, s);
		}
		if (r == RV_OK && p->stopped == NULL)
			r = rv_rbac_resolve(
			    s, &p->subject, x->arena, &p->resolved);
	}
	return r;
}

static void
hand_over(struct rv_people *people)
{
	struct rv_exchange *x = people->x;
	const struct rv_snapshot *s;
	bool ok = false;

	if (rv_exchange_snapshot(x, &s) == RV_OK) {
		ok = resolve(people, s) == RV_OK;
		if (!ok)
			rv_answer_json(x, 200, NULL);
	}
	for (size_t i = 0; i < people->n; i++)
		rv_account_fini(&people->members[i].account);
	if (ok)
		people->found(x, s, people->arg);
	else
		rv_exchange_finish(x);
}

/* ---- Looking up ------------------------------------------------------------ */

static void
run_lookups(struct rv_job *job)
{
	struct rv_people *people = (struct rv_people *)job;
	const int64_t end = rv_boot_ms() + LOOKUPS_MAX_MS;

	/* Without a directory the groups stay unknown. */
	for (size_t i = 0; people->directory != NULL && i < people->n; i++) {
		struct member *m = &people->members[i];

		if (m->principal != NULL && rv_boot_ms() < end)
			rv_directory_lookup(
			    people->directory, m->principal, &m->account);
	}
}

static void
lookups_done(struct rv_job *job)
{
	hand_over((struct rv_people *)job);
}

/* Simulate on Users; else the exchange has been answered. */
static bool
may_simulate(struct rv_exchange *x)
{
	struct rv_subject caller = rv_subject_of(x->identity);
	struct rv_question q = {
		.type = RV_SLICE_LIT("SMS_Admin"),
		.operation = RV_SLICE_LIT("Simulate"),
	};
	const struct rv_snapshot *s;
	struct rv_verdict verdict;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	rv_rbac_check(s, &caller, rv_exchange_instant(x), &q, &verdict);
	if (verdict.decision == RV_ALLOW)
		return true;
	rv_answer_denied(x, s, &q, &verdict);
	return false;
}

static bool
needs_lookup(const struct rv_people *people)
{
	for (size_t i = 0; i < people->n; i++)
		if (people->members[i].principal != NULL)
			return true;
	return false;
}

void
rv_people_find(
    struct rv_people *people, bool simulate, rv_people_found *found, void *arg)
{
	struct rv_exchange *x = people->x;

	people->found = found;
	people->arg = arg;
	if ((simulate || people->others > 0) && !may_simulate(x)) {
		rv_exchange_finish(x);
		return;
	}
	if (!needs_lookup(people)) {
		hand_over(people);
		return;
	}
	people->job.run = run_lookups;
	people->job.done = lookups_done;
	people->job.loop = x->lane->loop;
	if (rv_pool_submit(x->lane->provider->pool, &people->job) == RV_OK)
		return;
	rv_answer_unavailable(
	    x, "overload", "Too many look-ups are waiting; try again.");
	rv_exchange_finish(x);
}

/* ---- How long it holds ------------------------------------------------------ */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
rv_person_valid_until(const struct rv_exchange *x,
    const struct rv_person *person, int64_t until_ms)
{
	const struct rv_config *config = x->lane->provider->config;
	int64_t until =
	    earlier(until_ms, x->at_ms + x->fresh_until_boot_ms - rv_boot_ms());

	until = earlier(until, x->gate_until_ms);
	if (!person->self)
		return earlier(until, x->at_ms + config->groups_max_age);
	if (x->session_ends_at_ms > 0)
		until = earlier(until, x->session_ends_at_ms);
	if (x->identity->expires_at_ms > 0)
		until = earlier(until, x->identity->expires_at_ms);
	/* Groups that no directory will ever be asked for do not grow old. */
	if (x->identity->groups_known &&
	    (!x->identity->groups_from_evidence ||
		rv_account_is_askable(x->lane->provider, x->identity->lookup)))
		until = earlier(
		    until, x->identity->groups_at_ms + config->groups_max_age);
	return until;
}
