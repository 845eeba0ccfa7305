/*
 * The PAC: a real one, hand-made ones, every truncation and every flipped
 * byte, and what the policy makes of it.
 */
#include <stdio.h>

#include "unit/unit.h"

#include "pac.h"
#include "pac_sample.h"
#include "reeve/auth_kerberos.h"

#define DOMAIN "S-1-5-21-1-2-3"

/* ---- Writing PACs ------------------------------------------------------------ */

static void
put(struct rv_buf *b, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		rv_buf_putc(b, (char)(value >> (8 * i) & 0xff));
}

static void
align(struct rv_buf *b, size_t from, size_t to)
{
	while ((b->n - from) % to != 0)
		rv_buf_putc(b, 0);
}

/* A container of up to three buffers. */
static struct rv_buf
container(const uint32_t *types, const struct rv_slice *buffers, size_t n)
{
	struct rv_buf b = { 0 };
	size_t at = 8 + 16 * n;

	put(&b, n, 4);
	put(&b, 0, 4);
	for (size_t i = 0; i < n; i++) {
		at = (at + 7) / 8 * 8;
		put(&b, types[i], 4);
		put(&b, buffers[i].n, 4);
		put(&b, at, 8);
		at += buffers[i].n;
	}
	for (size_t i = 0; i < n; i++) {
		align(&b, 0, 8);
		rv_buf_put_slice(&b, buffers[i]);
	}
	assert_false(b.failed);
	return b;
}

static void
put_sid(struct rv_buf *b, unsigned authority, const uint32_t *sub, unsigned n)
{
	put(b, 1, 1);
	put(b, n, 1);
	for (int i = 0; i < 5; i++)
		put(b, 0, 1);
	put(b, authority, 1);
	for (unsigned i = 0; i < n; i++)
		put(b, sub[i], 4);
}

static void
put_serialized(struct rv_buf *b)
{
	const unsigned char head[] = { 1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc };

	rv_buf_put(b, head, sizeof(head));
	put(b, 0, 4); /* length, set later */
	put(b, 0, 4);
	put(b, 0x20000, 4);
}

static void
close_serialized(struct rv_buf *b)
{
	uint32_t n = (uint32_t)b->n - 16;

	memcpy(b->p + 8, &n, 4); /* the tests run on little-endian machines */
}

/* Of the extra SIDs; 7: mandatory, enabled, and so by default. */
static uint32_t extra_attributes = 7;

/* KERB_VALIDATION_INFO of domain S-1-5-21-1-2-3, account 1104. */
static struct rv_buf
logon_info(uint32_t flags, const struct rv_slice *extra, size_t n_extra)
{
	const uint32_t domain[] = { 21, 1, 2, 3 };
	struct rv_buf b = { 0 };

	put_serialized(&b);
	for (int i = 0; i < 6; i++)
		put(&b, 0, 8);
	for (int i = 0; i < 6; i++)
		put(&b, 0, 8); /* no names */
	put(&b, 0, 4);
	put(&b, 1104, 4);
	put(&b, 513, 4);
	put(&b, 2, 4); /* groups */
	put(&b, 0x20004, 4);
	put(&b, flags, 4);
	for (int i = 0; i < 4; i++)
		put(&b, 0, 4);
	put(&b, 0, 8);
	put(&b, 0, 8);
	put(&b, 0x20008, 4);
	for (int i = 0; i < 10; i++)
		put(&b, 0, 4);
	put(&b, n_extra, 4);
	put(&b, n_extra > 0 ? 0x2000c : 0, 4);
	put(&b, 0, 4);
	put(&b, 0, 4);
	put(&b, 0, 4);
	/* groups: 700 enabled, 701 not */
	put(&b, 2, 4);
	put(&b, 700, 4);
	put(&b, 7, 4);
	put(&b, 701, 4);
	put(&b, 3, 4);
	put(&b, 4, 4);
	put_sid(&b, 5, domain, 4);
	if (n_extra > 0) {
		put(&b, n_extra, 4);
		for (size_t i = 0; i < n_extra; i++) {
			put(&b, 0x20010 + i, 4);
			put(&b, extra_attributes, 4);
		}
		for (size_t i = 0; i < n_extra; i++) {
			align(&b, 0, 4);
			put(&b, (unsigned char)extra[i].p[1], 4);
			rv_buf_put_slice(&b, extra[i]);
		}
	}
	close_serialized(&b);
	return b;
}

static void
put_utf16(struct rv_buf *b, const char *text)
{
	size_t n = strlen(text);

	align(b, 0, 4);
	put(b, n, 4);
	put(b, 0, 4);
	put(b, n, 4);
	for (size_t i = 0; i < n; i++)
		put(b, (unsigned char)text[i], 2);
}

static struct rv_buf
delegation(const char *service)
{
	struct rv_buf b = { 0 };

	put_serialized(&b);
	put(&b, 2 * strlen("HTTP/target"), 2);
	put(&b, 2 * strlen("HTTP/target"), 2);
	put(&b, 0x20004, 4);
	put(&b, service != NULL, 4);
	put(&b, service != NULL ? 0x20008 : 0, 4);
	put_utf16(&b, "HTTP/target");
	if (service != NULL) {
		align(&b, 0, 4);
		put(&b, 1, 4);
		put(&b, 2 * strlen(service), 2);
		put(&b, 2 * strlen(service), 2);
		put(&b, 0x2000c, 4);
		put_utf16(&b, service);
	}
	close_serialized(&b);
	return b;
}

/* ---- The decoder -------------------------------------------------------------- */

static struct rv_buf
sample(void)
{
	const uint32_t types[] = { 1, 12 };
	const struct rv_slice buffers[] = {
		{ (const char *)pac_sample_logon_info,
		    sizeof(pac_sample_logon_info) },
		{ (const char *)pac_sample_upn_dns_info,
		    sizeof(pac_sample_upn_dns_info) },
	};

	return container(types, buffers, 2);
}

static void
test_real(void **state)
{
	struct rv_buf b = sample();
	struct rv_pac pac;
	char group[RV_SID_SIZE + 16];

	(void)state;
	assert_int_equal(rv_pac_read(rv_buf_slice(&b), &pac), RV_OK);
	assert_true(pac.has_logon_info);
	assert_false(pac.has_delegation);
	assert_int_equal(
	    strncmp(pac.account_sid, pac.domain_sid, strlen(pac.domain_sid)),
	    0);
	/* Inner, Outer through it, and the primary group. */
	(void)snprintf(group, sizeof(group), "%s-513", pac.domain_sid);
	assert_true(rv_texts_have(&pac.groups, rv_slice_of(group)));
	assert_true(pac.groups.n >= 3);
	assert_true(rv_texts_have(&pac.extra, RV_SLICE_LIT("S-1-18-1")));
	rv_pac_fini(&pac);
	rv_buf_fini(&b);
}

static void
test_truncated(void **state)
{
	struct rv_buf b = sample();

	(void)state;
	for (size_t n = 0; n < b.n; n++) {
		/* Of its own size, so that a sanitizer sees each step beyond. */
		char *copy = malloc(n + 1);
		struct rv_pac pac;

		assert_non_null(copy);
		memcpy(copy, b.p, n);
		assert_int_equal(
		    rv_pac_read((struct rv_slice){ copy, n }, &pac),
		    RV_ERR_INVALID);
		assert_int_equal(pac.groups.n, 0);
		free(copy);
	}
	rv_buf_fini(&b);
}

static void
test_flipped(void **state)
{
	struct rv_buf b = sample();

	(void)state;
	for (size_t i = 0; i < b.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct rv_pac pac;
			int r;

			b.p[i] = (char)(b.p[i] ^ (1 << bit));
			r = rv_pac_read(rv_buf_slice(&b), &pac);
			assert_true(r == RV_OK || r == RV_ERR_INVALID);
			rv_pac_fini(&pac);
			b.p[i] = (char)(b.p[i] ^ (1 << bit));
		}
	rv_buf_fini(&b);
}

static void
test_counts(void **state)
{
	struct rv_buf b = { 0 };
	struct rv_pac pac;

	(void)state;
	/* 2^31 buffers, and an array that begins behind the end. */
	put(&b, 0x80000000u, 4);
	put(&b, 0, 4);
	assert_int_equal(rv_pac_read(rv_buf_slice(&b), &pac), RV_ERR_INVALID);
	rv_buf_reset(&b);
	put(&b, 1, 4);
	put(&b, 0, 4);
	put(&b, 1, 4);
	put(&b, 16, 4);
	put(&b, UINT64_MAX - 4, 8);
	assert_int_equal(rv_pac_read(rv_buf_slice(&b), &pac), RV_ERR_INVALID);
	assert_int_equal(rv_pac_read(RV_SLICE_NONE, &pac), RV_ERR_INVALID);
	rv_buf_fini(&b);
}

/* ---- What the policy makes of it ------------------------------------------------- */

static const char *const domains[] = { "LAB.TEST=" DOMAIN };
static const char *const gateways[] = { "HTTP/gate@LAB.TEST" };
static const struct rv_kerberos_policy policy = {
	.pac_domains = { domains, 1 },
	.gateways = { gateways, 1 },
};

static enum rv_auth_refusal
judge(const char *principal, struct rv_slice pac,
    const struct rv_kerberos_policy *p, struct rv_evidence *ret)
{
	struct rv_accepted a = { .refusal = RV_REFUSED_NOT };
	enum rv_auth_refusal refusal;
	char detail[256];

	(void)snprintf(a.principal, sizeof(a.principal), "%s", principal);
	rv_buf_put_slice(&a.pac, pac);
	refusal = rv_kerberos_evidence(&a, p, ret, detail);
	assert_int_equal(refusal == RV_REFUSED_NOT, detail[0] == '\0');
	rv_accepted_fini(&a);
	return refusal;
}

static struct rv_buf
pac_with(const char *service, const struct rv_slice *extra, size_t n_extra,
    bool delegated)
{
	struct rv_buf info = logon_info(n_extra > 0 ? 0x20 : 0, extra, n_extra);
	struct rv_buf s4u = delegation(service);
	const uint32_t types[] = { 1, 11 };
	const struct rv_slice buffers[] = { rv_buf_slice(&info),
		rv_buf_slice(&s4u) };
	struct rv_buf b = container(types, buffers, delegated ? 2 : 1);

	rv_buf_fini(&info);
	rv_buf_fini(&s4u);
	return b;
}

static void
test_allowed_domain(void **state)
{
	struct rv_buf b = pac_with(NULL, NULL, 0, false);
	struct rv_evidence e;

	(void)state;
	assert_int_equal(judge("alice@LAB.TEST", rv_buf_slice(&b), &policy, &e),
	    RV_REFUSED_NOT);
	assert_int_equal(e.ids.n, 2);
	assert_string_equal(e.ids.v[0], "krb5:alice@LAB.TEST");
	assert_string_equal(e.ids.v[1], "sid:s-1-5-21-1-2-3-1104");
	assert_string_equal(e.lookup, "sid:s-1-5-21-1-2-3-1104");
	assert_true(e.has_groups);
	assert_true(
	    rv_texts_have(&e.groups, RV_SLICE_LIT("s-1-5-21-1-2-3-700")));
	assert_true(
	    rv_texts_have(&e.groups, RV_SLICE_LIT("s-1-5-21-1-2-3-513")));
	/* One that is not enabled is none. */
	assert_false(
	    rv_texts_have(&e.groups, RV_SLICE_LIT("s-1-5-21-1-2-3-701")));
	assert_true(rv_texts_have(&e.sids, RV_SLICE_LIT("S-1-5-21-1-2-3-700")));
	rv_evidence_fini(&e);
	rv_buf_fini(&b);
}

/* Another realm's KDC may say what it likes: its SIDs are not ours. */
static void
test_other_domains(void **state)
{
	const char *const longer[] = { "LAB.TEST=S-1-5-21-1-2" };
	const struct rv_kerberos_policy near = { .pac_domains = { longer, 1 } };
	struct rv_buf b = pac_with(NULL, NULL, 0, false);
	struct rv_evidence e;

	(void)state;
	assert_int_equal(
	    judge("alice@EVIL.TEST", rv_buf_slice(&b), &policy, &e),
	    RV_REFUSED_NOT);
	assert_int_equal(e.ids.n, 1);
	assert_false(e.has_groups);
	assert_int_equal(e.sids.n, 0);
	assert_string_equal(e.lookup, "alice@EVIL.TEST");
	rv_evidence_fini(&e);
	/* A prefix of a domain is another domain. */
	assert_int_equal(judge("alice@LAB.TEST", rv_buf_slice(&b), &near, &e),
	    RV_REFUSED_NOT);
	assert_int_equal(e.ids.n, 1);
	rv_evidence_fini(&e);
	rv_buf_fini(&b);
}

/* SIDs that the KDC adds: of the domain, well-known, of nobody we trust. */
static void
test_extra_sids(void **state)
{
	const uint32_t mine[] = { 21, 1, 2, 3, 800 }, key[] = { 5 };
	const uint32_t foreign[] = { 21, 9, 9, 9, 512 }, admins[] = { 32, 544 };
	struct rv_buf sids[4] = { { 0 } };
	struct rv_slice extra[4];
	struct rv_evidence e;
	struct rv_buf b;

	(void)state;
	put_sid(&sids[0], 5, mine, 5);
	put_sid(&sids[1], 18, key, 1);
	put_sid(&sids[2], 5, foreign, 5);
	put_sid(&sids[3], 5, admins, 2);
	for (size_t i = 0; i < 4; i++)
		extra[i] = rv_buf_slice(&sids[i]);
	b = pac_with(NULL, extra, 4, false);
	assert_int_equal(judge("alice@LAB.TEST", rv_buf_slice(&b), &policy, &e),
	    RV_REFUSED_NOT);
	assert_true(
	    rv_texts_have(&e.groups, RV_SLICE_LIT("s-1-5-21-1-2-3-800")));
	assert_true(rv_texts_have(&e.sids, RV_SLICE_LIT("S-1-18-5")));
	assert_false(rv_texts_have(&e.groups, RV_SLICE_LIT("s-1-18-5")));
	assert_false(
	    rv_texts_have(&e.sids, RV_SLICE_LIT("S-1-5-21-9-9-9-512")));
	assert_false(rv_texts_have(&e.groups, RV_SLICE_LIT("s-1-5-32-544")));
	rv_evidence_fini(&e);
	for (size_t i = 0; i < 4; i++)
		rv_buf_fini(&sids[i]);
	rv_buf_fini(&b);
}

static void
test_delegation(void **state)
{
	static const struct {
		const char *service;
		enum rv_auth_refusal refusal;
	} rows[] = {
		{ "HTTP/gate@LAB.TEST", RV_REFUSED_NOT },
		{ "HTTP/other@LAB.TEST", RV_REFUSED_DELEGATED },
		{ "http/gate@LAB.TEST", RV_REFUSED_DELEGATED },
		{ NULL, RV_REFUSED_DELEGATED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rv_buf b = pac_with(rows[i].service, NULL, 0, true);
		struct rv_evidence e;

		assert_string_equal(rv_auth_refusal_name(judge("alice@LAB.TEST",
					rv_buf_slice(&b), &policy, &e)),
		    rv_auth_refusal_name(rows[i].refusal));
		if (rows[i].refusal == RV_REFUSED_NOT) {
			assert_true(e.delegated);
			assert_string_equal(
			    e.delegated_by, "HTTP/gate@LAB.TEST");
		} else {
			assert_int_equal(e.ids.n, 0);
		}
		rv_evidence_fini(&e);
		rv_buf_fini(&b);
	}
}

/* S4U2self leaves only the mark S-1-18-2: of no gateway, of any realm. */
static void
test_service_asserted(void **state)
{
	const uint32_t asserted[] = { 2 };
	struct rv_buf sid = { 0 }, b;
	struct rv_evidence e;
	struct rv_slice extra;

	(void)state;
	put_sid(&sid, 18, asserted, 1);
	extra = rv_buf_slice(&sid);
	b = pac_with(NULL, &extra, 1, false);
	assert_int_equal(judge("alice@LAB.TEST", rv_buf_slice(&b), &policy, &e),
	    RV_REFUSED_DELEGATED);
	assert_int_equal(
	    judge("alice@EVIL.TEST", rv_buf_slice(&b), &policy, &e),
	    RV_REFUSED_DELEGATED);
	rv_buf_fini(&b);
	rv_buf_fini(&sid);
}

/* Who may not gain by a group is not in it, but a mark stays a mark. */
static void
test_attributes(void **state)
{
	static const uint32_t without[] = { 0, 3, 0x10, 0x14, 0x17 };
	const uint32_t mine[] = { 21, 1, 2, 3, 800 }, asserted[] = { 2 };
	struct rv_buf group = { 0 }, mark = { 0 };
	struct rv_evidence e;
	struct rv_slice extra;

	(void)state;
	put_sid(&group, 5, mine, 5);
	put_sid(&mark, 18, asserted, 1);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct rv_buf b;

		extra_attributes = without[i];
		extra = rv_buf_slice(&group);
		b = pac_with(NULL, &extra, 1, false);
		assert_int_equal(
		    judge("alice@LAB.TEST", rv_buf_slice(&b), &policy, &e),
		    RV_REFUSED_NOT);
		assert_false(rv_texts_have(
		    &e.groups, RV_SLICE_LIT("s-1-5-21-1-2-3-800")));
		rv_evidence_fini(&e);
		rv_buf_fini(&b);
		extra = rv_buf_slice(&mark);
		b = pac_with(NULL, &extra, 1, false);
		assert_int_equal(
		    judge("alice@LAB.TEST", rv_buf_slice(&b), &policy, &e),
		    RV_REFUSED_DELEGATED);
		rv_buf_fini(&b);
	}
	extra_attributes = 7;
	rv_buf_fini(&group);
	rv_buf_fini(&mark);
}

static void
test_damaged(void **state)
{
	struct rv_evidence e;

	(void)state;
	assert_int_equal(
	    judge("alice@LAB.TEST", RV_SLICE_LIT("x"), &policy, &e),
	    RV_REFUSED_PAC);
	assert_int_equal(e.method, RV_AUTH_NONE);
	assert_int_equal(
	    judge("nobody", RV_SLICE_NONE, &policy, &e), RV_REFUSED_BAD_TOKEN);
	assert_int_equal(
	    judge("root@LAB.TEST", RV_SLICE_NONE, &policy, &e), RV_REFUSED_NOT);
	assert_string_equal(e.ids.v[0], "krb5:root@LAB.TEST");
	rv_evidence_fini(&e);
}

/* ---- The way from the acceptor's process ------------------------------------------- */

static void
test_codec(void **state)
{
	struct rv_accepted a = {
		.refusal = RV_REFUSED_NOT,
		.principal = "alice@LAB.TEST",
		.authenticated_at_ms = 1700000000000,
		.expires_at_ms = 1700000001000,
		.mutual = true,
		.indicators = { "pkinit", "spake" },
		.n_indicators = 2,
	};
	struct rv_accepted back;
	struct rv_buf bytes = { 0 };

	(void)state;
	rv_buf_puts(&a.reply, "reply");
	rv_buf_put(&a.pac, pac_sample_logon_info, 64);
	rv_accepted_encode(&a, &bytes);
	assert_int_equal(
	    rv_accepted_decode(rv_buf_slice(&bytes), &back), RV_OK);
	assert_string_equal(back.principal, a.principal);
	assert_true(back.mutual && !back.channel_bound);
	assert_int_equal(back.expires_at_ms, a.expires_at_ms);
	assert_int_equal(back.n_indicators, 2);
	assert_string_equal(back.indicators[1], "spake");
	assert_int_equal(back.reply.n, 5);
	assert_int_equal(back.pac.n, 64);
	rv_accepted_fini(&back);
	for (size_t n = 0; n < bytes.n; n++)
		assert_int_equal(
		    rv_accepted_decode((struct rv_slice){ bytes.p, n }, &back),
		    RV_ERR_INVALID);
	rv_buf_putc(&bytes, 0);
	assert_int_equal(
	    rv_accepted_decode(rv_buf_slice(&bytes), &back), RV_ERR_INVALID);
	rv_buf_fini(&bytes);
	/* Accepted, but nobody: never. */
	a.principal[0] = '\0';
	rv_accepted_encode(&a, &bytes);
	assert_int_equal(
	    rv_accepted_decode(rv_buf_slice(&bytes), &back), RV_ERR_INVALID);
	rv_buf_fini(&bytes);
	rv_accepted_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_allowed_domain),
		cmocka_unit_test(test_other_domains),
		cmocka_unit_test(test_extra_sids),
		cmocka_unit_test(test_delegation),
		cmocka_unit_test(test_service_asserted),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_codec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
