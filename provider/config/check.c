#include "config/check.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/config.h"
#include "config/value.h"

/* The index of the choice in params.h. */
#define DIRECTORY_BIND_GSSAPI 0

static int
check_required(const struct rv_record *record, struct rv_error *e)
{
	static const char *const names[] = {
		"tls_certificate",
		"tls_key",
		"keytab",
		"replay_cache",
		"realms",
		"store",
		"audit_directory",
		"listen",
		"service",
	};

	return rv_record_require(
	    record, names, sizeof(names) / sizeof(names[0]), "", e);
}

static int
check_directory_required(const struct rv_record *record, struct rv_error *e)
{
	static const char *const names[] = {
		"directory_base", "directory_user_filter",
		"directory_id_attribute", "directory_realm",
		"directory_keytab", /* the last: GSSAPI's alone */
	};
	const struct rv_config *c = record->fields;
	const bool by_keytab = c->directory_bind == DIRECTORY_BIND_GSSAPI;

	if (c->directory_uri.n == 0)
		return RV_OK;
	return rv_record_require(record, names,
	    sizeof(names) / sizeof(names[0]) - !by_keytab,
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
check_listen(const struct rv_record *record, struct rv_error *e)
{
	const struct rv_config *config = record->fields;
	struct rv_error text;

	for (size_t i = 0; i < config->listen.n; i++) {
		struct rv_slice s = rv_slice_of(config->listen.v[i]);

		if (is_endpoint(config->listen.v[i]))
			continue;
		rv_error_set(&text,
		    "listen takes ADDRESS:PORT or "
		    "[ADDRESS]:PORT with numeric addresses, not '%s'",
		    rv_value_quote(s).text);
		return rv_record_fail(record, "listen", e, text.text);
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
check_directory(const struct rv_record *record, struct rv_error *e)
{
	const struct rv_config *c = record->fields;
	int r = check_directory_required(record, e);

	if (r != RV_OK)
		return r;
	if (c->directory_user_filter != NULL &&
	    !is_user_filter(c->directory_user_filter))
		return rv_record_fail(record, "directory_user_filter", e,
		    "directory_user_filter must be one filter in "
		    "parentheses with exactly one %s");
	if (c->directory_keytab != NULL &&
	    rv_slice_eq_cstr(rv_slice_of(c->keytab), c->directory_keytab))
		return rv_record_fail(record, "directory_keytab", e,
		    "directory_keytab must not be the keytab of the service: "
		    "give the directory bind a principal of its own");
	if (c->groups_refresh > c->groups_max_age)
		return rv_record_fail(record, "groups_refresh", e,
		    "groups_refresh must not be longer than groups_max_age");
	return RV_OK;
}

static int
check_role_file_keys(const struct rv_record *record, struct rv_error *e)
{
	const struct rv_config *c = record->fields;

	for (size_t i = 0; i < c->role_file_keys.n; i++) {
		const char *key = c->role_file_keys.v[i];

		if (strlen(key) != 64 ||
		    strspn(key, "0123456789abcdefABCDEF") != 64)
			return rv_record_fail(record, "role_file_keys", e,
			    "role_file_keys takes public keys of 64 "
			    "hexadecimal digits each, as the export of a role "
			    "file shows them");
	}
	return RV_OK;
}

int
rv_config_check(const struct rv_record *record, struct rv_error *e)
{
	int r = check_required(record, e);

	if (r == RV_OK)
		r = check_listen(record, e);
	if (r == RV_OK)
		r = check_directory(record, e);
	if (r == RV_OK)
		r = check_role_file_keys(record, e);
	return r;
}
