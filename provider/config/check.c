#include "config/check.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/value.h"

/* The line that sets a parameter, 0 if none does. */
static size_t
line_of(const size_t *lines, const char *name)
{
	size_t n;
	const struct rv_param *table = rv_param_table(&n);
	const struct rv_param *param = rv_param_find(rv_slice_of(name));

	RV_ASSERT(param != NULL);
	return lines[param - table];
}

static int
fail(const struct rv_config *config, size_t line, struct rv_error *e,
    const char *text)
{
	if (line != 0)
		rv_error_set(e, "%s:%zu:1: %s", config->file, line, text);
	else
		rv_error_set(e, "%s: %s", config->file, text);
	return RV_ERR_INVALID;
}

/* ---- Required ---------------------------------------------------------- */

struct required {
	const char *name;
	bool is_set;
};

/* Names all that are missing at once, so that one edit repairs the file. */
static int
check_required(const struct rv_config *config, const struct required *all,
    size_t n, const char *because, struct rv_error *e)
{
	struct rv_buf text = { .max = 400 };
	size_t n_missing = 0;
	const char *s;

	for (size_t i = 0; i < n; i++) {
		if (all[i].is_set)
			continue;
		rv_buf_puts(&text, n_missing++ == 0 ? "" : ", ");
		rv_buf_puts(&text, all[i].name);
	}
	rv_buf_puts(&text, n_missing == 1 ? " is required" : " are required");
	rv_buf_puts(&text, because);
	s = rv_buf_cstr(&text);
	if (n_missing > 0)
		rv_ignore(fail(config, 0, e, s != NULL ? s : "not complete"));
	rv_buf_fini(&text);
	return n_missing == 0 ? RV_OK : RV_ERR_INVALID;
}

static int
check_always_required(const struct rv_config *c, struct rv_error *e)
{
	const struct required all[] = {
		{ "tls_certificate", c->tls_certificate != NULL },
		{ "tls_key", c->tls_key != NULL },
		{ "keytab", c->keytab != NULL },
		{ "replay_cache", c->replay_cache != NULL },
		{ "realms", c->realms.n > 0 },
		{ "store", c->store != NULL },
		{ "audit_directory", c->audit_directory != NULL },
		{ "listen", c->listen.n > 0 },
		{ "service", c->service != NULL },
	};

	return check_required(c, all, sizeof(all) / sizeof(all[0]), "", e);
}

static int
check_directory_required(const struct rv_config *c, struct rv_error *e)
{
	const struct required all[] = {
		{ "directory_base", c->directory_base != NULL },
		{ "directory_user_filter", c->directory_user_filter != NULL },
		{ "directory_id_attribute", c->directory_id_attribute != NULL },
		{ "directory_realm", c->directory_realm != NULL },
		{ "directory_keytab", c->directory_keytab != NULL },
	};

	if (c->directory_uri == NULL)
		return RV_OK;
	return check_required(c, all, sizeof(all) / sizeof(all[0]),
	    " because directory_uri is set", e);
}

/* ---- Forms and pairs --------------------------------------------------- */

static bool
is_port(const char *s)
{
	uint64_t port;

	return rv_slice_to_u64(rv_slice_of(s), 65535, &port) == RV_OK;
}

/* ADDRESS:PORT or [ADDRESS]:PORT, numeric. */
static bool
is_endpoint(const char *s)
{
	char address[INET6_ADDRSTRLEN] = "";
	const char *colon = strrchr(s, ':');
	unsigned char binary[sizeof(struct in6_addr)];
	bool six = s[0] == '[';
	size_t n;

	if (colon == NULL || !is_port(colon + 1))
		return false;
	n = (size_t)(colon - s);
	if (six && (n < 2 || s[n - 1] != ']'))
		return false;
	if (six) {
		s++;
		n -= 2;
	}
	if (n >= sizeof(address))
		return false;
	memcpy(address, s, n);
	return inet_pton(six ? AF_INET6 : AF_INET, address, binary) == 1;
}

static int
check_listen(
    const struct rv_config *config, const size_t *lines, struct rv_error *e)
{
	struct rv_error text;

	for (size_t i = 0; i < config->listen.n; i++) {
		struct rv_slice s = rv_slice_of(config->listen.v[i]);

		if (is_endpoint(config->listen.v[i]))
			continue;
		rv_error_set(&text,
		    "listen takes ADDRESS:PORT or "
		    "[ADDRESS]:PORT with numeric addresses, not '%s'",
		    rv_value_quote(s).text);
		return fail(config, line_of(lines, "listen"), e, text.text);
	}
	return RV_OK;
}

/* Exactly one %s and no other '%': it becomes part of an LDAP filter. */
static bool
is_user_filter(const char *s)
{
	const char *percent = strchr(s, '%');

	return s[0] == '(' && s[strlen(s) - 1] == ')' && percent != NULL &&
	       percent[1] == 's' && strchr(percent + 1, '%') == NULL;
}

static int
check_directory(
    const struct rv_config *c, const size_t *lines, struct rv_error *e)
{
	int r = check_directory_required(c, e);

	if (r != RV_OK)
		return r;
	if (c->directory_user_filter != NULL &&
	    !is_user_filter(c->directory_user_filter))
		return fail(c, line_of(lines, "directory_user_filter"), e,
		    "directory_user_filter must be one filter in "
		    "parentheses with exactly one %s");
	if (c->directory_keytab != NULL &&
	    rv_slice_eq_cstr(rv_slice_of(c->keytab), c->directory_keytab))
		return fail(c, line_of(lines, "directory_keytab"), e,
		    "directory_keytab must not be the keytab of the service: "
		    "give the directory bind a principal of its own");
	if (c->groups_refresh > c->groups_max_age)
		return fail(c, line_of(lines, "groups_refresh"), e,
		    "groups_refresh must not be longer than groups_max_age");
	return RV_OK;
}

int
rv_config_check(
    const struct rv_config *config, const size_t *lines, struct rv_error *e)
{
	int r = check_always_required(config, e);

	if (r == RV_OK)
		r = check_listen(config, lines, e);
	if (r == RV_OK)
		r = check_directory(config, lines, e);
	return r;
}
