#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reeve/auth.h"

#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "notify.h"
#include "provider.h"
#include "store/init.h"
#include "version.h"

/* What the main thread works with while the loops serve. */
struct daemon_state {
	struct rv_provider *provider;
	struct rv_notify *notify;
	const char *config_file;
	const struct rv_config *config; /* as started */
	int64_t drain_ms;		/* as of the last reload */
	sigset_t signals;
};

static int
block_signals(struct daemon_state *d, struct rv_error *e)
{
	static const int handled[] = { SIGTERM, SIGINT, SIGHUP };
	int err;

	(void)sigemptyset(&d->signals);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		(void)sigaddset(&d->signals, handled[i]);
	/* Before threads start, so that all inherit it. */
	err = pthread_sigmask(SIG_BLOCK, &d->signals, NULL);
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

	rv_notify_reloading(d->notify);
	if (rv_config_load(d->config_file, &fresh, &e) != RV_OK) {
		rv_log(RV_LOG_ERROR,
		    "the configuration was not reloaded, the "
		    "old one stays: %s",
		    e.text);
		rv_notify_ready(d->notify);
		return;
	}
	rv_log_set_level((enum rv_log_level)fresh->log_level);
	d->drain_ms = fresh->drain_timeout;
	rv_buf_init(&names, 4096);
	rv_config_restart_needed(d->config, fresh, &names);
	if (names.n > 0)
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

/* Waits for one signal; 0 after a while without any. */
static int
next_signal(const struct daemon_state *d)
{
	const struct timespec a_while = { .tv_sec = 1 };
	int s = sigtimedwait(&d->signals, NULL, &a_while);

	return s > 0 ? s : 0;
}

static void
serve(struct daemon_state *d)
{
	int64_t watchdog = rv_notify_watchdog_ms(d->notify);

	for (;;) {
		int s = next_signal(d);

		if (s == SIGHUP)
			reload(d);
		else if (s != 0)
			return;
		if (watchdog > 0 && rv_provider_is_alive(d->provider))
			rv_notify_watchdog(d->notify);
	}
}

static int
write_port(
    const struct rv_provider *provider, const char *path, struct rv_error *e)
{
	FILE *f;
	bool ok;

	if (path == NULL)
		return RV_OK;
	f = fopen(path, "we");
	ok = f != NULL &&
	     fprintf(f, "%u\n", (unsigned)rv_provider_port(provider)) > 0;
	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (ok)
		return RV_OK;
	rv_error_set(e, "cannot write port_file %s: %s", path, strerror(errno));
	return RV_ERR_IO;
}

int
rv_daemon_run(const struct rv_config *config, struct rv_error *e)
{
	struct daemon_state d = {
		.config_file = config->file,
		.config = config,
		.drain_ms = config->drain_timeout,
	};
	int r;

	rv_log_set_level((enum rv_log_level)config->log_level);
	r = block_signals(&d, e);
	if (r == RV_OK)
		r = rv_notify_open(&d.notify, e);
	if (r == RV_OK)
		r = rv_provider_start(config, &d.provider, e);
	if (r == RV_OK)
		r = write_port(d.provider, config->port_file, e);
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
	rv_notify_close(&d.notify);
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
