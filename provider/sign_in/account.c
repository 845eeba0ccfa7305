/*
 * What the directory says of somebody: from memory where it has said so
 * lately, else by a worker.
 */
#include <string.h>

#include "config/config.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"

#define SID "sid:"

/*
 * Somebody of another realm is nobody in this directory: to ask for them
 * would find whoever happens to have the same short name.
 */
bool
rv_account_is_askable(const struct rv_provider *p, const char *who)
{
	const char *realm = strrchr(who, '@');

	if (p->directory == NULL || who[0] == '\0')
		return false;
	if (strncmp(who, SID, sizeof(SID) - 1) == 0)
		return rv_directory_has_sids(p->directory);
	return realm != NULL && p->config->directory_realm != NULL &&
	       strcmp(realm + 1, p->config->directory_realm) == 0;
}

static void
run(struct rv_job *job)
{
	struct rv_signing *s = (struct rv_signing *)job;

	rv_directory_lookup(s->provider->directory, s->who, &s->account);
}

static void
done(struct rv_job *job)
{
	struct rv_signing *s = (struct rv_signing *)job;

	s->then(s);
}

void
rv_sign_in_look_up(struct rv_signing *s)
{
	rv_account_fini(&s->account);
	if (!rv_account_is_askable(s->provider, s->who) ||
	    rv_directory_recall(s->provider->directory, s->who, &s->account)) {
		s->then(s);
		return;
	}
	s->job.run = run;
	s->job.done = done;
	if (rv_pool_submit(s->provider->pool, &s->job) != RV_OK)
		rv_sign_in_busy(s->x);
}
