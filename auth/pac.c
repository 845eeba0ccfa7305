#include "pac.h"

#include <stdio.h>
#include <string.h>

#include "ndr.h"
#include "reeve/auth_kerberos.h"

#define TYPE_LOGON_INFO	     1u
#define TYPE_DELEGATION_INFO 11u
#define TYPE_REQUESTOR	     18u
#define BUFFERS_MAX	     32u
#define SERVICES_MAX	     64u
#define NAME_BYTES_MAX	     4096u
#define GROUP_ENABLED	     0x04u /* SE_GROUP_ENABLED */
#define GROUP_DENY_ONLY	     0x10u /* SE_GROUP_USE_FOR_DENY_ONLY */

/* LOGON_EXTRA_SIDS and LOGON_RESOURCE_GROUPS of UserFlags. */
#define FLAG_EXTRA_SIDS	     0x20u
#define FLAG_RESOURCE_GROUPS 0x200u

/* ---- Headers -------------------------------------------------------------- */

/* MS-RPCE 2.2.6: a version, the length of what follows, one top pointer. */
static struct rv_ndr
serialized(struct rv_slice buffer)
{
	static const unsigned char version[8] = { 0x01, 0x10, 0x08, 0x00, 0xcc,
		0xcc, 0xcc, 0xcc };
	struct rv_ndr r = rv_ndr_of(buffer);
	const unsigned char *head = rv_ndr_take(&r, sizeof(version));
	uint32_t length = rv_ndr_u32(&r);

	rv_ndr_skip(&r, 4); /* filler */
	if (head == NULL || memcmp(head, version, sizeof(version)) != 0 ||
	    length > r.n - r.at)
		r.failed = true;
	if (rv_ndr_u32(&r) == 0)
		r.failed = true; /* a top pointer to nothing */
	return r;
}

/* A UNICODE_STRING in its struct: what is needed to pass its bytes later. */
struct text {
	uint16_t bytes;
	uint32_t pointer;
};

static struct text
text_head(struct rv_ndr *r)
{
	struct text t = { .bytes = rv_ndr_u16(r) };

	rv_ndr_skip(r, 2); /* its maximum */
	t.pointer = rv_ndr_u32(r);
	return t;
}

/* The deferred part: maximum, offset and number of units, and the units. */
static size_t
text_units(struct rv_ndr *r, const struct text *t)
{
	uint32_t most, offset, units;

	rv_ndr_align(r);
	most = rv_ndr_u32(r);
	offset = rv_ndr_u32(r);
	units = rv_ndr_u32(r);
	if (offset != 0 || units > most || units > NAME_BYTES_MAX / 2 ||
	    (size_t)units * 2 < t->bytes)
		r->failed = true;
	return r->failed ? 0 : (size_t)units * 2;
}

static void
text_pass(struct rv_ndr *r, const struct text *t)
{
	if (t->pointer != 0)
		rv_ndr_skip(r, text_units(r, t));
}

/* A SID behind a pointer has its count of sub-authorities before it. */
static void
sid_deferred(struct rv_ndr *r, char sid[RV_SID_SIZE])
{
	uint32_t count;
	const unsigned char *peek;

	rv_ndr_align(r);
	count = rv_ndr_u32(r);
	peek = r->failed || r->n - r->at < 2 ? NULL : r->p + r->at;
	if (peek == NULL || peek[1] != count)
		r->failed = true;
	rv_ndr_sid(r, sid, RV_SID_SIZE);
}

static int
add(struct rv_ndr *r, struct rv_texts *texts, const char *text)
{
	int e;

	if (texts->n == RV_PAC_GROUPS_MAX) {
		r->failed = true;
		return RV_OK;
	}
	e = rv_texts_add(texts, rv_slice_of(text));
	if (e == RV_ERR_INVALID || e == RV_ERR_LIMIT)
		r->failed = true;
	return e == RV_ERR_NOMEM ? e : RV_OK;
}

/* ---- KERB_VALIDATION_INFO (MS-PAC 2.5) ------------------------------------- */

struct logon_info {
	struct text names[6], server, domain;
	uint32_t user_rid, primary_rid, n_groups, groups, flags;
	uint32_t domain_id, n_extra, extra;
	uint32_t resource_domain, n_resource, resource;
};

static void
read_fixed(struct rv_ndr *r, struct logon_info *i)
{
	rv_ndr_skip(r, 6 * 8); /* times */
	for (size_t k = 0; k < 6; k++)
		i->names[k] = text_head(r);
	rv_ndr_skip(r, 2 * 2); /* counts of logons */
	i->user_rid = rv_ndr_u32(r);
	i->primary_rid = rv_ndr_u32(r);
	i->n_groups = rv_ndr_u32(r);
	i->groups = rv_ndr_u32(r);
	i->flags = rv_ndr_u32(r);
	rv_ndr_skip(r, 16); /* session key */
	i->server = text_head(r);
	i->domain = text_head(r);
	i->domain_id = rv_ndr_u32(r);
	rv_ndr_skip(r, 8);     /* reserved */
	rv_ndr_skip(r, 4 + 4); /* account control, sub-authentication */
	rv_ndr_skip(r, 8 + 8); /* failed logons: times */
	rv_ndr_skip(r, 4 + 4);
	i->n_extra = rv_ndr_u32(r);
	i->extra = rv_ndr_u32(r);
	i->resource_domain = rv_ndr_u32(r);
	i->n_resource = rv_ndr_u32(r);
	i->resource = rv_ndr_u32(r);
}

/* Whether somebody may gain by being in it. */
static bool
is_enabled(uint32_t attributes)
{
	return (attributes & (GROUP_ENABLED | GROUP_DENY_ONLY)) ==
	       GROUP_ENABLED;
}

/* An array of RIDs with attributes: each as domain-RID, if it is enabled. */
struct rids {
	const unsigned char *p; /* of 8 bytes each */
	uint32_t n;
};

static struct rids
rids_deferred(struct rv_ndr *r, uint32_t pointer, uint32_t n)
{
	struct rids rids = { NULL, 0 };

	if (pointer == 0) {
		if (n != 0)
			r->failed = true;
		return rids;
	}
	rv_ndr_align(r);
	rids.n = rv_ndr_u32(r);
	if (rids.n != n || n > RV_PAC_GROUPS_MAX)
		r->failed = true;
	rids.p = r->failed ? NULL : rv_ndr_take(r, (size_t)n * 8);
	if (rids.p == NULL)
		rids.n = 0;
	return rids;
}

static uint32_t
u32_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static int
add_rid(
    struct rv_ndr *r, struct rv_texts *texts, const char *domain, uint32_t rid)
{
	char sid[RV_SID_SIZE + 16];

	(void)snprintf(sid, sizeof(sid), "%s-%u", domain, rid);
	return add(r, texts, sid);
}

static int
add_rids(struct rv_ndr *r, struct rv_texts *texts, const char *domain,
    const struct rids *rids)
{
	int e = RV_OK;

	for (uint32_t k = 0; e == RV_OK && rids->p != NULL && k < rids->n;
	     k++) {
		const unsigned char *p = rids->p + (size_t)k * 8;

		if (is_enabled(u32_at(p + 4)))
			e = add_rid(r, texts, domain, u32_at(p));
	}
	return e;
}

/* Pointers and attributes first, then the SIDs in the same order. */
static int
read_extra(struct rv_ndr *r, const struct logon_info *i, struct rv_texts *extra)
{
	struct rids heads = rids_deferred(r, i->extra, i->n_extra);
	int e = RV_OK;

	for (uint32_t k = 0;
	     e == RV_OK && !r->failed && heads.p != NULL && k < heads.n; k++) {
		const unsigned char *p = heads.p + (size_t)k * 8;
		char sid[RV_SID_SIZE];

		if (u32_at(p) == 0) {
			r->failed = true;
			break;
		}
		sid_deferred(r, sid);
		/* A mark that takes rights away counts in any state. */
		if (!r->failed &&
		    (is_enabled(u32_at(p + 4)) || strcmp(sid, RV_SID_S4U) == 0))
			e = add(r, extra, sid);
	}
	return e;
}

static int
read_resources(
    struct rv_ndr *r, const struct logon_info *i, struct rv_texts *groups)
{
	char domain[RV_SID_SIZE] = "";
	struct rids rids;

	if (i->resource_domain != 0)
		sid_deferred(r, domain);
	rids = rids_deferred(r, i->resource, i->n_resource);
	if (rids.n > 0 && domain[0] == '\0')
		r->failed = true;
	return r->failed ? RV_OK : add_rids(r, groups, domain, &rids);
}

/* What is behind the pointers, in the order of the fields. */
static int
read_deferred(struct rv_ndr *r, const struct logon_info *i, struct rv_pac *ret)
{
	struct rids groups;
	int e;

	for (size_t k = 0; k < 6; k++)
		text_pass(r, &i->names[k]);
	groups = rids_deferred(r, i->groups, i->n_groups);
	text_pass(r, &i->server);
	text_pass(r, &i->domain);
	if (i->domain_id == 0)
		r->failed = true;
	else
		sid_deferred(r, ret->domain_sid);
	if (r->failed)
		return RV_OK;
	(void)snprintf(ret->account_sid, sizeof(ret->account_sid), "%.170s-%u",
	    ret->domain_sid, i->user_rid);
	e = add_rids(r, &ret->groups, ret->domain_sid, &groups);
	if (e == RV_OK && !r->failed && i->primary_rid != 0)
		e = add_rid(r, &ret->groups, ret->domain_sid, i->primary_rid);
	if (e == RV_OK && !r->failed)
		e = read_extra(r, i, &ret->extra);
	if (e == RV_OK && !r->failed)
		e = read_resources(r, i, &ret->groups);
	return e;
}

static int
read_logon_info(struct rv_slice buffer, struct rv_pac *ret)
{
	struct rv_ndr r = serialized(buffer);
	struct logon_info i;
	int e;

	read_fixed(&r, &i);
	/* What the flags do not announce is not to be there. */
	if ((i.n_extra != 0 && (i.flags & FLAG_EXTRA_SIDS) == 0) ||
	    (i.n_resource != 0 && (i.flags & FLAG_RESOURCE_GROUPS) == 0))
		r.failed = true;
	if (r.failed)
		return RV_ERR_INVALID;
	e = read_deferred(&r, &i, ret);
	if (e == RV_OK && r.failed)
		e = RV_ERR_INVALID;
	ret->has_logon_info = e == RV_OK;
	return e;
}

/* ---- S4U_DELEGATION_INFO (MS-PAC 2.9) ---------------------------------------- */

static int
read_services(struct rv_ndr *r, uint32_t n, struct rv_texts *services)
{
	struct text heads[SERVICES_MAX];
	struct rv_buf name = { .max = 3 * (size_t)NAME_BYTES_MAX };
	int e = RV_OK;

	for (uint32_t k = 0; k < n; k++)
		heads[k] = text_head(r);
	for (uint32_t k = 0; e == RV_OK && !r->failed && k < n; k++) {
		size_t bytes =
		    heads[k].pointer != 0 ? text_units(r, &heads[k]) : 0;

		rv_buf_reset(&name);
		rv_ndr_utf16(r, bytes, &name);
		if (name.failed)
			e = RV_ERR_NOMEM;
		else if (!r->failed)
			e = rv_texts_add(services, rv_buf_slice(&name));
	}
	rv_buf_fini(&name);
	return e;
}

static int
read_delegation(struct rv_slice buffer, struct rv_pac *ret)
{
	struct rv_ndr r = serialized(buffer);
	struct text target = text_head(&r);
	uint32_t n = rv_ndr_u32(&r), list = rv_ndr_u32(&r);
	int e = RV_OK;

	ret->has_delegation = true;
	text_pass(&r, &target);
	if (list != 0) {
		rv_ndr_align(&r);
		if (rv_ndr_u32(&r) != n || n > SERVICES_MAX)
			r.failed = true;
		if (!r.failed)
			e = read_services(&r, n, &ret->services);
	} else if (n != 0) {
		r.failed = true;
	}
	return e == RV_OK && r.failed ? RV_ERR_INVALID : e;
}

/* ---- The whole --------------------------------------------------------------- */

static int
read_requestor(struct rv_slice buffer, struct rv_pac *ret)
{
	struct rv_ndr r = rv_ndr_of(buffer);

	rv_ndr_sid(&r, ret->requestor_sid, sizeof(ret->requestor_sid));
	return r.failed ? RV_ERR_INVALID : RV_OK;
}

static int
read_buffer(uint32_t type, struct rv_slice buffer, struct rv_pac *ret)
{
	switch (type) {
	case TYPE_LOGON_INFO:
		return ret->has_logon_info ? RV_ERR_INVALID
					   : read_logon_info(buffer, ret);
	case TYPE_DELEGATION_INFO:
		return ret->has_delegation ? RV_ERR_INVALID
					   : read_delegation(buffer, ret);
	case TYPE_REQUESTOR:
		return ret->requestor_sid[0] != '\0'
			   ? RV_ERR_INVALID
			   : read_requestor(buffer, ret);
	default:
		return RV_OK; /* says nothing that is used here */
	}
}

static int
read_buffers(struct rv_ndr *r, struct rv_pac *ret)
{
	uint32_t n = rv_ndr_u32(r);
	int e = RV_OK;

	if (rv_ndr_u32(r) != 0 || n == 0 || n > BUFFERS_MAX || r->failed)
		return RV_ERR_INVALID;
	for (uint32_t k = 0; e == RV_OK && k < n; k++) {
		uint32_t type = rv_ndr_u32(r), size = rv_ndr_u32(r);
		uint64_t offset = rv_ndr_u64(r);

		if (r->failed || offset > r->n || size > r->n - offset)
			return RV_ERR_INVALID;
		e = read_buffer(type,
		    (struct rv_slice){ (const char *)r->p + offset, size },
		    ret);
	}
	return e;
}

int
rv_pac_read(struct rv_slice bytes, struct rv_pac *ret)
{
	struct rv_ndr r = rv_ndr_of(bytes);
	int e = RV_ERR_INVALID;

	*ret = (struct rv_pac){ .has_logon_info = false };
	if (bytes.n > 0 && bytes.n <= RV_PAC_MAX)
		e = read_buffers(&r, ret);
	/* CVE-2021-42287: a ticket that was asked for as somebody else. */
	if (e == RV_OK && ret->has_logon_info &&
	    ret->requestor_sid[0] != '\0' &&
	    strcmp(ret->requestor_sid, ret->account_sid) != 0)
		e = RV_ERR_INVALID;
	if (e != RV_OK)
		rv_pac_fini(ret);
	return e == RV_ERR_LIMIT ? RV_ERR_INVALID : e;
}

void
rv_pac_fini(struct rv_pac *pac)
{
	rv_texts_fini(&pac->groups);
	rv_texts_fini(&pac->extra);
	rv_texts_fini(&pac->services);
	*pac = (struct rv_pac){ .has_logon_info = false };
}
