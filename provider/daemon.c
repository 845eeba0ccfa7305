#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reeve/auth.h"

#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "notify.h"
#include "process/child.h"
#include "process/port_file.h"
#include "provider.h"
#include "sign_in/current.h"
#include "sign_in/reload.h"
#include "store/init.h"
#include "version.h"

/* What the main thread works with while the loops serve. */
struct daemon_state {
	struct rv_provider *provider;
	const struct rv_child *child;
	struct rv_notify *notify; /* the child's */
	const char *config_file;
	const struct rv_config *config; /* as started */
	int64_t drain_ms;		/* as of the last reload */
};

/*
 * Signals are for the supervisor, which says over its line what is to be
 * done: whoever signals all processes gets one orderly end.
 */
static int
block_signals(struct rv_error *e)
{
	static const int others[] = { SIGTERM, SIGINT, SIGHUP };
	sigset_t set;
	int err;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		(void)sigaddset(&set, others[i]);
	/* Before threads start, so that all inherit it. */
	err = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (err != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		rv_error_set(e, "cannot set up signals: %s", strerror(err));
		return RV_ERR_IO;
	}
	return RV_OK;
}

static void
reload(struct daemon_state *d)
{
	struct rv_config *fresh = NULL;
	struct rv_buf names;
	struct rv_error e;
	int r;

	rv_notify_reloading(d->notify);
	if (rv_config_load(d->config_file, &fresh, &e) != RV_OK) {
		rv_log(RV_LOG_ERROR,
		    "the configuration was not reloaded, the "
		    "old one stays: %s",
		    e.text);
		rv_sign_in_set_failed(d->provider->sign_in, "configuration");
		rv_notify_ready(d->notify);
		return;
	}
	rv_log_set_level((enum rv_log_level)fresh->log_level);
	d->drain_ms = fresh->drain_timeout;
	rv_buf_init(&names, 4096);
	rv_config_restart_needed(d->config, fresh, &names);
	r = rv_sign_in_reload(d->provider, &fresh, &e);
	if (r != RV_OK)
		rv_log(RV_LOG_ERROR,
		    "signing in goes on by the old configuration: %s", e.text);
	else if (names.n > 0)
		rv_log(RV_LOG_WARNING,
		    "the configuration was reloaded; these "
		    "parameters need a restart: %.*s",
		    RV_SLICE_FMT(rv_buf_slice(&names)));
	else
		rv_log(RV_LOG_INFO, "the configuration was reloaded");
	rv_buf_fini(&names);
	rv_config_free(&fresh);
	rv_notify_ready(d->notify);
}

static void
serve(struct daemon_state *d)
{
	int64_t watchdog = rv_notify_watchdog_ms(d->notify);

	for (;;) {
		enum rv_child_word word = rv_child_listen(d->child);

		if (word == RV_CHILD_RELOAD)
			reload(d);
		else if (word == RV_CHILD_STOP)
			return;
		if (watchdog > 0 && rv_provider_is_alive(d->provider))
			rv_notify_watchdog(d->notify);
	}
}

int
rv_daemon_run(const struct rv_config *config, const struct rv_child *child,
    struct rv_error *e)
{
	struct daemon_state d = {
		.child = child,
		.notify = child->notify,
		.config_file = config->file,
		.config = config,
		.drain_ms = config->drain_timeout,
	};
	int r;

	rv_log_set_level((enum rv_log_level)config->log_level);
	r = block_signals(e);
	if (r == RV_OK)
		r = rv_provider_start(config, child, &d.provider, e);
	if (r == RV_OK)
		r = rv_port_file_write(
		    &d.provider->port_file, rv_provider_port(d.provider), e);
	if (r != RV_OK)
		goto out;
	rv_log(RV_LOG_INFO, "reeved %s listens on port %u", rv_version(),
	    (unsigned)rv_provider_port(d.provider));
	rv_notify_ready(d.notify);
	serve(&d);
	rv_notify_stopping(d.notify);
	rv_log(RV_LOG_INFO, "stopping: requests in work may end");
out:
	if (d.provider != NULL && !rv_provider_stop(&d.provider, d.drain_ms))
		rv_log(RV_LOG_WARNING, "some requests were cut off when the "
				       "provider stopped");
	return r;
}

/* The id that the directory gives now; NULL when there is none to ask. */
static int
account_id(const struct rv_config *config, const char *principal, char **ret_id,
    struct rv_error *e)
{
	struct rv_directory *directory = NULL;
	struct rv_account account = { .known = false };
	int r;

	*ret_id = NULL;
	r = rv_provider_open_directory(config, &directory, e);
	if (r != RV_OK || directory == NULL)
		return r;
	rv_directory_lookup(directory, principal, &account);
	if (!account.known) {
		rv_error_set(e, "the directory could not be asked for %s: %s",
		    principal, account.detail);
		r = RV_ERR_UNAVAILABLE;
	} else if (!account.found || account.account_id == NULL) {
		rv_error_set(
		    e, "the directory has no account for %s", principal);
		r = RV_ERR_NOTFOUND;
	} else {
		*ret_id = account.account_id;
		account.account_id = NULL;
	}
	rv_account_fini(&account);
	rv_directory_free(&directory);
	return r;
}

int
rv_daemon_init(
    const struct rv_config *config, const char *principal, struct rv_error *e)
{
	char *id;
	int r = account_id(config, principal, &id, e);

	if (r != RV_OK)
		return r;
	r = rv_init_first_admin(config->store_owner, principal, id, stdout, e);
	free(id);
	return r;
}
