#include "session_person.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_BUCKETS 4096u /* chains are short up to tens of thousands */

TAILQ_HEAD(places, rv_session_place_of);

struct rv_session_person {
	struct rv_session_person *next; /* in its bucket */
	struct places places;		/* oldest first */
	size_t n;
	char name[];
};

struct rv_session_persons {
	pthread_mutex_t lock;
	size_t max;
	struct rv_session_person *buckets[N_BUCKETS];
};

/* ---- With the lock held ----------------------------------------------------- */

static struct rv_session_person **
find(struct rv_session_persons *persons, const char *name)
{
	uint32_t h = 2166136261u;
	struct rv_session_person **at;

	/* Names are those of people who have signed in: not for attackers. */
	for (const char *p = name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	at = &persons->buckets[h % N_BUCKETS];
	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static struct rv_session_person *
find_or_make(struct rv_session_persons *persons, const char *name)
{
	struct rv_session_person **at = find(persons, name), *p = *at;
	size_t n = strlen(name) + 1;

	if (p != NULL)
		return p;
	p = calloc(1, sizeof(*p) + n);
	if (p == NULL)
		return NULL;
	memcpy(p->name, name, n);
	TAILQ_INIT(&p->places);
	*at = p;
	return p;
}

static void
take_out(struct rv_session_persons *persons, struct rv_session_place_of *place)
{
	struct rv_session_person *p = place->person, **at;

	TAILQ_REMOVE(&p->places, place, link);
	place->person = NULL;
	if (--p->n > 0)
		return;
	at = find(persons, p->name);
	*at = p->next;
	free(p);
}

/* ---- Without ------------------------------------------------------------------ */

int
rv_session_persons_new(
    size_t max_per_person, struct rv_session_persons **ret_persons)
{
	struct rv_session_persons *persons = calloc(1, sizeof(*persons));

	if (persons == NULL)
		return RV_ERR_NOMEM;
	if (pthread_mutex_init(&persons->lock, NULL) != 0) {
		free(persons);
		return RV_ERR_NOMEM;
	}
	persons->max = max_per_person;
	*ret_persons = persons;
	return RV_OK;
}

void
rv_session_persons_free(struct rv_session_persons **persons)
{
	struct rv_session_persons *p = *persons;

	*persons = NULL;
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int
rv_session_persons_add(struct rv_session_persons *persons,
    const char *principal, struct rv_session_place_of *place, bool *ret_is_over,
    unsigned char ret_oldest[RV_SESSION_HASH_SIZE])
{
	struct rv_session_person *p;
	int r = RV_ERR_NOMEM;

	*ret_is_over = false;
	pthread_mutex_lock(&persons->lock);
	p = find_or_make(persons, principal);
	if (p == NULL)
		goto out;
	TAILQ_INSERT_TAIL(&p->places, place, link);
	place->person = p;
	p->n++;
	if (p->n > persons->max) {
		*ret_is_over = true;
		memcpy(ret_oldest, TAILQ_FIRST(&p->places)->hash,
		    RV_SESSION_HASH_SIZE);
	}
	r = RV_OK;
out:
	pthread_mutex_unlock(&persons->lock);
	return r;
}

void
rv_session_persons_remove(
    struct rv_session_persons *persons, struct rv_session_place_of *place)
{
	pthread_mutex_lock(&persons->lock);
	if (place->person != NULL)
		take_out(persons, place);
	pthread_mutex_unlock(&persons->lock);
}
