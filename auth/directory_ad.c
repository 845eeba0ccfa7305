#include "directory_ad.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group_walk.h"
#include "ldap_entry.h"
#include "ndr.h"
#include "pac.h"

#define CAPABILITY "1.2.840.113556.1.4.800" /* LDAP_CAP_ACTIVE_DIRECTORY_OID */

/* ---- Detection ------------------------------------------------------------------ */

static int
on_root(void *arg, const struct rv_ldap_entry *entry, struct rv_error *e)
{
	bool *is_ad = arg;

	(void)e;
	*is_ad = rv_ldap_entry_has(
	    entry, "supportedCapabilities", RV_SLICE_LIT(CAPABILITY));
	return RV_OK;
}

int
rv_ad_detect(struct rv_ldap *connection, int64_t deadline_ms, bool *ret_is_ad,
    struct rv_error *e)
{
	const char *const attributes[] = { "supportedCapabilities", NULL };
	const struct rv_ldap_query query = {
		.base = "",
		.entry_only = true,
		.filter = "(objectClass=*)",
		.attributes = attributes,
	};

	*ret_is_ad = false;
	return rv_ldap_search(
	    connection, &query, deadline_ms, on_root, ret_is_ad, e);
}

/* ---- SIDs -------------------------------------------------------------------------- */

/* As text in lower case; false when the bytes are not one SID, whole. */
static bool
sid_text(struct rv_slice bytes, char sid[RV_SID_SIZE])
{
	struct rv_ndr r = rv_ndr_of(bytes);

	rv_ndr_sid(&r, sid, RV_SID_SIZE);
	for (char *p = sid; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return !r.failed && r.at == r.n;
}

int
rv_ad_sid(const struct rv_ldap_entry *entry, char **ret_sid, struct rv_error *e)
{
	char sid[RV_SID_SIZE];
	char *bytes = NULL;
	size_t n = 0;
	int r = rv_ldap_entry_bytes(entry, RV_AD_ID, &bytes, &n);

	if (r == RV_OK && !sid_text((struct rv_slice){ bytes, n }, sid))
		r = RV_ERR_INVALID;
	if (r == RV_OK && (*ret_sid = strdup(sid)) == NULL)
		r = RV_ERR_NOMEM;
	if (r != RV_OK)
		rv_error_set(e, "an entry has not exactly one SID");
	free(bytes);
	return r == RV_ERR_NOTFOUND ? RV_ERR_INVALID : r;
}

bool
rv_ad_base_of(const char *who, char *base, size_t size)
{
	const size_t n_prefix = strlen(RV_AD_SID_PREFIX);
	const char *sid = who + n_prefix;

	if (strncmp(who, RV_AD_SID_PREFIX "s-1-", n_prefix + 4) != 0)
		return false;
	for (const char *p = sid + 4; *p != '\0'; p++)
		if (*p != '-' && (*p < '0' || *p > '9'))
			return false;
	return (size_t)snprintf(base, size, "<SID=S%s>", sid + 1) < size;
}

/* ---- Groups -------------------------------------------------------------------------- */

struct groups {
	char **ids;
	size_t n, max;
	bool seen; /* the entry */
};

/* gcc 12 loses an element of an array in the heap by a variable index. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int
on_value(void *arg, struct rv_slice value, struct rv_error *e)
{
	struct groups *g = arg;
	char sid[RV_SID_SIZE];
	char **wider;

	if (g->n == g->max) {
		rv_error_set(e, "more groups than %zu", g->max);
		return RV_ERR_LIMIT;
	}
	if (!sid_text(value, sid)) {
		rv_error_set(e, "a group has no SID that is one");
		return RV_ERR_INVALID;
	}
	wider = realloc(g->ids, (g->n + 1) * sizeof(char *));
	if (wider == NULL)
		return RV_ERR_NOMEM;
	g->ids = wider;
	g->ids[g->n] = strdup(sid);
	return g->ids[g->n++] != NULL ? RV_OK : RV_ERR_NOMEM;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

static int
on_entry(void *arg, const struct rv_ldap_entry *entry, struct rv_error *e)
{
	struct groups *g = arg;

	g->seen = true;
	return rv_ldap_entry_each(entry, "tokenGroups", on_value, g, e);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
rv_ad_groups(struct rv_ldap *connection, const char *dn, size_t max,
    int64_t deadline_ms, char ***ret_ids, size_t *ret_n, struct rv_error *e)
{
	const char *const attributes[] = { "tokenGroups", NULL };
	const struct rv_ldap_query query = {
		.base = dn,
		.entry_only = true,
		.filter = "(objectClass=*)",
		.attributes = attributes,
	};
	struct groups g = { .max = max };
	int r =
	    rv_ldap_search(connection, &query, deadline_ms, on_entry, &g, e);

	/* Everybody has a primary group: none at all is no answer. */
	if (r == RV_OK && (!g.seen || g.n == 0)) {
		rv_error_set(e,
		    "the directory does not show tokenGroups of "
		    "%.128s",
		    dn);
		r = RV_ERR_INVALID;
	}
	if (r != RV_OK) {
		rv_group_ids_free(g.ids, g.n);
		return r;
	}
	qsort(g.ids, g.n, sizeof(*g.ids), by_text);
	*ret_ids = g.ids;
	*ret_n = g.n;
	return RV_OK;
}
