/* Trying a token out, with the code that judges it in the daemon. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli/site.h"

int
rv_site_read_token(
    const char *path, struct rv_buf *ret_token, struct rv_error *e)
{
	const bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "rbe");
	char piece[4096];
	size_t n;

	if (f == NULL) {
		rv_error_set(e, "%s: %s", path, strerror(errno));
		return RV_ERR_IO;
	}
	while (
	    !ret_token->failed && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		rv_buf_put(ret_token, piece, n);
	if (ferror(f) != 0 || ret_token->failed)
		rv_error_set(
		    e, "%s: not read, or no token by its length", path);
	n = ferror(f) != 0 || ret_token->failed;
	if (!standard)
		(void)fclose(f);
	while (ret_token->n > 0 &&
	       strchr("\r\n", ret_token->p[ret_token->n - 1]) != NULL)
		ret_token->n--;
	return n == 0 ? RV_OK : RV_ERR_IO;
}

struct seen {
	bool has_keys;
	struct rv_error error;
};

static void
see(void *arg, const char *source, bool has_keys, int64_t age_ms,
    const char *last_error)
{
	struct seen *seen = arg;

	(void)source;
	(void)age_ms;
	seen->has_keys = has_keys;
	rv_error_set(&seen->error, "%s", last_error);
}

static int64_t
now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
rv_site_try(const struct rv_site *site, struct rv_slice token,
    struct rv_site_test *ret_test, struct rv_error *e)
{
	const struct rv_token_request request = { .token = token,
		.now_ms = now_ms() };
	const struct rv_level_policy policy = {
		.issuers = site->settings->levels,
		.n_issuers = site->settings->n,
	};
	struct rv_issuers *issuers = NULL;
	struct seen seen = { false, { "" } };
	bool fetch;
	int r = rv_issuers_new(
	    site->settings->issuers, site->settings->n, &issuers, e);

	if (r != RV_OK)
		return r;
	(void)rv_issuers_refresh(issuers);
	rv_issuers_state(issuers, see, &seen);
	if (seen.has_keys) {
		ret_test->refusal = rv_token_judge(issuers, &request,
		    &ret_test->evidence, &fetch, ret_test->detail);
		ret_test->level = rv_level_of(&ret_test->evidence, &policy);
	} else {
		*e = seen.error;
		r = RV_ERR_UNAVAILABLE;
	}
	rv_issuers_unref(&issuers);
	return r;
}
