#include "pipeline/refusals.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS	    1024u /* a power of two */
#define PROBES	    16u
#define IP_SIZE	    46u
#define REASON_SIZE 32u

struct slot {
	char ip[IP_SIZE]; /* empty: free */
	char reason[REASON_SIZE];
	uint64_t count;
};

struct rv_refusals {
	struct slot slots[SLOTS];
};

struct rv_refusals *
rv_refusals_new(void)
{
	return calloc(1, sizeof(struct rv_refusals));
}

void
rv_refusals_free(struct rv_refusals **refusals)
{
	free(*refusals);
	*refusals = NULL;
}

/* FNV-1a: a bad spread costs only early records, never a lost one. */
static uint32_t
hash(const char *ip, const char *reason)
{
	uint32_t h = 2166136261u;

	for (; *ip != '\0'; ip++)
		h = (h ^ (unsigned char)*ip) * 16777619u;
	for (; *reason != '\0'; reason++)
		h = (h ^ (unsigned char)*reason) * 16777619u;
	return h;
}

static void
copy_cut(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

bool
rv_refusals_first(
    struct rv_refusals *refusals, const char *ip, const char *reason)
{
	uint32_t h = hash(ip, reason);

	for (uint32_t i = 0; i < PROBES; i++) {
		struct slot *s = &refusals->slots[(h + i) & (SLOTS - 1)];

		if (s->ip[0] == '\0') {
			copy_cut(s->ip, sizeof(s->ip), ip);
			copy_cut(s->reason, sizeof(s->reason), reason);
			s->count = 0;
			return true;
		}
		if (strncmp(s->ip, ip, IP_SIZE - 1) == 0 &&
		    strncmp(s->reason, reason, REASON_SIZE - 1) == 0) {
			s->count++;
			return false;
		}
	}
	return true;
}

void
rv_refusals_flush(struct rv_refusals *refusals,
    void (*fn)(void *arg, const struct rv_refusal_count *count), void *arg)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &refusals->slots[i];

		if (s->ip[0] != '\0' && s->count > 0) {
			struct rv_refusal_count c = { s->ip, s->reason,
				s->count };

			fn(arg, &c);
		}
		s->ip[0] = '\0';
	}
}
