/*
 * The first look at a Negotiate token: what may go on to GSSAPI, and why
 * the rest may not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spnego.h"
#include "unit/auth/der.h"

#define AP_REQ RV_SLICE_LIT("\x01\x00pretend this is an AP-REQ")
#define NTLM   RV_SLICE_LIT("NTLMSSP\0\1\0\0\0\7\2\0\0")

/* Room for two tokens; a fixture, since they are large. */
struct room {
	struct der token, inner;
};

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct room));
	return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
assert_refused(struct rv_slice token, enum rv_auth_refusal refusal)
{
	struct rv_spnego_look look = rv_spnego_look(token);

	assert_string_equal(
	    rv_auth_refusal_name(look.refusal), rv_auth_refusal_name(refusal));
	assert_non_null(look.detail);
	assert_null(look.krb5_token.p);
}

/* A well-formed krb5 token, framed with this mechanism. */
static struct rv_slice
krb5_token(struct room *room, struct rv_slice oid)
{
	room->inner.n = 0;
	der_append(&room->inner, AP_REQ);
	der_frame(&room->inner, oid);
	return der_slice(&room->inner);
}

static struct rv_slice
good_token(struct room *room)
{
	der_spnego(&room->token, OID_KRB5_DER, krb5_token(room, OID_KRB5_DER));
	return der_slice(&room->token);
}

static void
test_accepts_krb5_first(void **state)
{
	const struct rv_slice lists[] = {
		OID_KRB5_DER,
		OID_MS_KRB5_DER,
		/* What Windows sends. */
		RV_SLICE_LIT("\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"
			     "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
			     "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e"
			     "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02"
			     "\x0a"),
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct rv_slice inner = krb5_token(room, OID_KRB5_DER);
		struct rv_spnego_look look;

		der_spnego(&room->token, lists[i], inner);
		look = rv_spnego_look(der_slice(&room->token));
		assert_int_equal(look.refusal, RV_REFUSED_NOT);
		assert_int_equal(look.krb5_token.n, inner.n);
		assert_memory_equal(look.krb5_token.p, inner.p, inner.n);
	}
}

static void
test_tells_ntlm(void **state)
{
	struct room *room = *state;

	assert_refused(NTLM, RV_REFUSED_NTLM);
	der_spnego(&room->token, OID_NTLM_DER, NTLM);
	assert_refused(der_slice(&room->token), RV_REFUSED_NTLM);
	/* Under a false flag. */
	der_spnego(&room->token, OID_KRB5_DER, NTLM);
	assert_refused(der_slice(&room->token), RV_REFUSED_NTLM);
}

static void
test_tells_other_mechanisms(void **state)
{
	struct room *room = *state;

	assert_refused(krb5_token(room, OID_KRB5_DER), RV_REFUSED_MECHANISM);
	assert_refused(krb5_token(room, OID_IAKERB_DER), RV_REFUSED_MECHANISM);
	der_spnego(&room->token, OID_NEGOEX_DER,
	    RV_SLICE_LIT("NEGOEXTS whatever follows"));
	assert_refused(der_slice(&room->token), RV_REFUSED_MECHANISM);
	der_spnego(
	    &room->token, OID_IAKERB_DER, krb5_token(room, OID_IAKERB_DER));
	assert_refused(der_slice(&room->token), RV_REFUSED_MECHANISM);
	/* IAKERB under the name of krb5. */
	der_spnego(
	    &room->token, OID_KRB5_DER, krb5_token(room, OID_IAKERB_DER));
	assert_refused(der_slice(&room->token), RV_REFUSED_MECHANISM);
}

static void
test_wants_one_leg(void **state)
{
	struct room *room = *state;

	/* krb5 is offered, but the token is another mechanism's. */
	der_spnego(&room->token,
	    RV_SLICE_LIT("\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"
			 "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"),
	    NTLM);
	assert_refused(der_slice(&room->token), RV_REFUSED_UNFINISHED);
	/* No token at all. */
	der_spnego(&room->token, OID_KRB5_DER, RV_SLICE_NONE);
	assert_refused(der_slice(&room->token), RV_REFUSED_UNFINISHED);
	/* A NegTokenResp: the second leg of nothing. */
	assert_refused(RV_SLICE_LIT("\xa1\x07\x30\x05\xa0\x03\x0a\x01\x00"),
	    RV_REFUSED_UNFINISHED);
}

static void
test_refuses_every_prefix(void **state)
{
	struct rv_slice token = good_token(*state);

	for (size_t n = 0; n < token.n; n++)
		assert_refused(
		    (struct rv_slice){ token.p, n }, RV_REFUSED_MALFORMED);
}

static void
test_refuses_trailing_bytes(void **state)
{
	struct room *room = *state;

	(void)good_token(room);
	der_append(&room->token, RV_SLICE_LIT("\0"));
	assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
}

static void
test_refuses_loose_lengths(void **state)
{
	const struct rv_slice tokens[] = {
		/* indefinite */
		RV_SLICE_LIT("\x60\x80\x06\x06\x2b\x06\x01\x05\x05\x02\0\0"),
		/* 8 as 81 08, and as 82 00 08 */
		RV_SLICE_LIT("\x60\x81\x08\x06\x06\x2b\x06\x01\x05\x05\x02"),
		RV_SLICE_LIT("\x60\x82\x00\x08\x06\x06\x2b\x06\x01\x05\x05"
			     "\x02"),
		/* longer than the input, up to 2^24 - 1 and beyond */
		RV_SLICE_LIT("\x60\x83\xff\xff\xff\x06\x06\x2b\x06\x01\x05"),
		RV_SLICE_LIT("\x60\x84\xff\xff\xff\xff\x06\x06\x2b\x06\x01"),
		RV_SLICE_LIT("\x60\x88\xff\xff\xff\xff\xff\xff\xff\xff\x06"),
		RV_SLICE_LIT("\x60"),
		RV_SLICE_LIT("\x60\x82\x01"),
		/* an identifier that ends in the middle */
		RV_SLICE_LIT("\x60\x03\x06\x06\x2b"),
		/* SPNEGO and nothing in it */
		RV_SLICE_LIT("\x60\x08\x06\x06\x2b\x06\x01\x05\x05\x02"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_refused(tokens[i], RV_REFUSED_MALFORMED);
}

/* The same token with a head that is longer than it must be. */
static void
assert_head_refused(struct rv_slice token, size_t skip, struct rv_slice head)
{
	struct der *other = calloc(1, sizeof(*other));

	assert_non_null(other);
	assert_int_equal(rv_spnego_look(token).refusal, RV_REFUSED_NOT);
	der_append(other, head);
	der_append(other, (struct rv_slice){ token.p + skip, token.n - skip });
	assert_refused(der_slice(other), RV_REFUSED_MALFORMED);
	free(other);
}

static void
test_refuses_long_forms(void **state)
{
	static const char padding[100];
	struct room *room = *state;
	struct rv_slice token = good_token(room);

	/* 60 nn, and nn below 128 */
	assert_true(token.n < 0x80);
	assert_head_refused(token, 1, RV_SLICE_LIT("\x60\x81"));
	assert_head_refused(token, 1, RV_SLICE_LIT("\x60\x82\x00"));
	/* 60 81 nn, and nn from 128 to 255 */
	room->inner.n = 0;
	der_append(&room->inner, AP_REQ);
	der_append(&room->inner, (struct rv_slice){ padding, sizeof(padding) });
	der_frame(&room->inner, OID_KRB5_DER);
	der_spnego(&room->token, OID_KRB5_DER, der_slice(&room->inner));
	token = der_slice(&room->token);
	assert_int_equal((unsigned char)token.p[1], 0x81);
	assert_head_refused(token, 2, RV_SLICE_LIT("\x60\x82\x00"));
	assert_head_refused(token, 2, RV_SLICE_LIT("\x60\x83\x00\x00"));
}

static void
test_refuses_wrong_shapes(void **state)
{
	const struct rv_slice lists[] = {
		RV_SLICE_LIT(""),
		RV_SLICE_LIT("\x06\x00"),
		RV_SLICE_LIT("\x04\x02\x2b\x06"),
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		der_spnego(
		    &room->token, lists[i], krb5_token(room, OID_KRB5_DER));
		assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
	}
	/* The token inside has no frame, or is no AP-REQ. */
	der_spnego(&room->token, OID_KRB5_DER, RV_SLICE_LIT("hello"));
	assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
	room->inner.n = 0;
	der_append(&room->inner, RV_SLICE_LIT("\x02\x00pretend AP-REP"));
	der_frame(&room->inner, OID_KRB5_DER);
	der_spnego(&room->token, OID_KRB5_DER, der_slice(&room->inner));
	assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
}

/* [2] before [1], and [2] twice. */
static void
test_refuses_fields_out_of_order(void **state)
{
	static const char *const fields[] = {
		"\xa2\x03\x04\x01x\xa1\x04\x03\x02\x06\x40",
		"\xa2\x03\x04\x01x\xa2\x03\x04\x01x",
		"\xa4\x03\x04\x01x",
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		room->token.n = 0;
		der_append(&room->token, OID_KRB5_DER);
		der_wrap(&room->token, 0x30);
		der_wrap(&room->token, 0xa0);
		der_append(&room->token, rv_slice_of(fields[i]));
		der_wrap(&room->token, 0x30);
		der_wrap(&room->token, 0xa0);
		der_frame(&room->token, OID_SPNEGO_DER);
		assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
	}
}

static void
test_limits(void **state)
{
	struct room *room = *state;
	struct der *list = calloc(1, sizeof(*list));

	assert_non_null(list);
	der_append(list, OID_KRB5_DER);
	for (int i = 1; i < RV_SPNEGO_MECHANISMS_MAX; i++)
		der_append(list, OID_NEGOEX_DER);
	der_spnego(
	    &room->token, der_slice(list), krb5_token(room, OID_KRB5_DER));
	assert_int_equal(
	    rv_spnego_look(der_slice(&room->token)).refusal, RV_REFUSED_NOT);
	der_append(list, OID_NEGOEX_DER);
	der_spnego(
	    &room->token, der_slice(list), krb5_token(room, OID_KRB5_DER));
	assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
	free(list);

	/* The longest token, and one byte more. */
	room->inner.n = 0;
	der_append(&room->inner, RV_SLICE_LIT("\x01\x00"));
	room->inner.n = RV_NEGOTIATE_TOKEN_MAX - 58;
	der_frame(&room->inner, OID_KRB5_DER);
	der_spnego(&room->token, OID_KRB5_DER, der_slice(&room->inner));
	assert_int_equal(room->token.n, RV_NEGOTIATE_TOKEN_MAX);
	assert_int_equal(
	    rv_spnego_look(der_slice(&room->token)).refusal, RV_REFUSED_NOT);
	room->inner.n = 0;
	der_append(&room->inner, RV_SLICE_LIT("\x01\x00"));
	room->inner.n = RV_NEGOTIATE_TOKEN_MAX - 57;
	der_frame(&room->inner, OID_KRB5_DER);
	der_spnego(&room->token, OID_KRB5_DER, der_slice(&room->inner));
	assert_refused(der_slice(&room->token), RV_REFUSED_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_krb5_first),
		cmocka_unit_test(test_tells_ntlm),
		cmocka_unit_test(test_tells_other_mechanisms),
		cmocka_unit_test(test_wants_one_leg),
		cmocka_unit_test(test_refuses_every_prefix),
		cmocka_unit_test(test_refuses_trailing_bytes),
		cmocka_unit_test(test_refuses_loose_lengths),
		cmocka_unit_test(test_refuses_long_forms),
		cmocka_unit_test(test_refuses_wrong_shapes),
		cmocka_unit_test(test_refuses_fields_out_of_order),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
