/* The file NAME.conf: composed, read back, and put in its place. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/site.h"

#define MODE 0640

/* ---- What is in it ------------------------------------------------------------ */

static void
put(struct rv_buf *out, const char *name, const char *value)
{
	if (value != NULL)
		rv_buf_printf(out, "%s = %s\n", name, value);
}

static void
put_list(
    struct rv_buf *out, const char *name, const char *const *values, size_t n)
{
	if (n == 0)
		return;
	rv_buf_printf(out, "%s =", name);
	for (size_t i = 0; i < n; i++)
		rv_buf_printf(out, " %s", values[i]);
	rv_buf_putc(out, '\n');
}

static void
compose(struct rv_site *site)
{
	const struct rv_cli_site_options *o = site->options;
	struct rv_buf *out = &site->text;

	rv_buf_puts(out, "# Written by reeve site onboard-tenant; see "
			 "reeved.conf(5).\n");
	put(out, "issuer", site->issuer);
	put(out, "kind", site->entra ? "entra" : "oidc");
	put_list(out, "audience", o->audiences, o->n_audiences);
	put_list(out, "tenants", o->tenants, o->n_tenants);
	put(out, "ca", site->ca);
	/* The authority at the end of the chain that was seen. */
	put(out, "ca_pins", site->look.pins.v[site->look.pins.n - 1]);
	/* Entra marks no token as an access token. */
	put(out, "types", site->entra ? "JWT" : "at+jwt");
}

int
rv_site_compose(struct rv_site *site, struct rv_error *e)
{
	int r;

	if (site->look.pins.n == 0) {
		rv_error_set(e, "no certificate was seen");
		return RV_ERR_INTERNAL;
	}
	compose(site);
	if (site->text.failed)
		return RV_ERR_NOMEM;
	r = rv_issuers_parse(rv_buf_slice(&site->text), site->name,
	    site->path.p, &site->config, e);
	if (r == RV_OK)
		r = rv_token_settings_new(site->config, &site->settings);
	return r;
}

/* ---- Where it is ---------------------------------------------------------------- */

static int
exists(const struct rv_site *site, struct rv_error *e)
{
	rv_error_set(
	    e, "%s is there already: give --force to replace it", site->path.p);
	return RV_ERR_EXISTS;
}

static int
failed(const char *path, struct rv_error *e)
{
	rv_error_set(e, "%s: %s", path, strerror(errno));
	return RV_ERR_IO;
}

int
rv_site_may_write(const struct rv_site *site, struct rv_error *e)
{
	char *copy = strdup(site->path.p);
	const char *folder = copy != NULL ? dirname(copy) : NULL;
	int r = RV_OK;

	if (folder == NULL)
		r = RV_ERR_NOMEM;
	else if (access(folder, W_OK | X_OK) != 0)
		r = failed(folder, e);
	else if (!site->options->force && access(site->path.p, F_OK) == 0)
		r = exists(site, e);
	free(copy);
	return r;
}

static bool
fill(int fd, struct rv_slice text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text.p += n;
		text.n -= (size_t)n;
	}
	return fchmod(fd, MODE) == 0 && fsync(fd) == 0;
}

/* A link fails where a rename would replace. */
static bool
put_in_place(const struct rv_site *site, const char *temporary)
{
	if (site->options->force)
		return rename(temporary, site->path.p) == 0;
	return link(temporary, site->path.p) == 0;
}

static bool
sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy != NULL
		     ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		     : -1;
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return ok;
}

static int
write_beside(struct rv_site *site, char *temporary, struct rv_error *e)
{
	int fd = mkostemp(temporary, O_CLOEXEC);
	int r = RV_OK;

	if (fd < 0)
		return failed(temporary, e);
	if (!fill(fd, rv_buf_slice(&site->text)))
		r = failed(temporary, e);
	if (close(fd) != 0 && r == RV_OK)
		r = failed(temporary, e);
	if (r == RV_OK && !put_in_place(site, temporary))
		r = errno == EEXIST ? exists(site, e) : failed(site->path.p, e);
	if (r != RV_OK || !site->options->force)
		(void)unlink(temporary);
	if (r == RV_OK && !sync_folder(site->path.p))
		r = failed(site->path.p, e);
	return r;
}

int
rv_site_file_write(struct rv_site *site, struct rv_error *e)
{
	struct rv_buf temporary = { 0 };
	int r = RV_ERR_NOMEM;

	rv_buf_printf(&temporary, "%s.XXXXXX", site->path.p);
	if (rv_buf_cstr(&temporary) != NULL)
		r = write_beside(site, temporary.p, e);
	rv_buf_fini(&temporary);
	return r;
}
