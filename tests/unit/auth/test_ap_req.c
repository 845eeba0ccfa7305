/*
 * The look into an AP-REQ: kinds of keys that are too weak are refused,
 * whatever the keytab has and krb5.conf permits, and so is every shape that
 * is not RFC 4120's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ap_req.h"
#include "unit/auth/der.h"

/* [0], [1] and [2] are of no interest: INTEGER 5 each. */
static void
put_fields(struct der *d)
{
	d->n = 0;
	der_append(d, RV_SLICE_LIT("\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x05"
				   "\xa2\x03\x02\x01\x05"));
}

static void
put_encrypted(struct der *d, struct rv_slice enctype)
{
	struct der *cipher = calloc(1, sizeof(*cipher));

	assert_non_null(cipher);
	d->n = 0;
	der_append(d, enctype);
	der_wrap(d, 0x02);
	der_wrap(d, 0xa0);
	der_append(cipher, RV_SLICE_LIT("sealed"));
	der_wrap(cipher, 0x04);
	der_wrap(cipher, 0xa2);
	der_append(d, der_slice(cipher));
	der_wrap(d, 0x30);
	free(cipher);
}

/* The whole token, in the frame of RFC 2743. */
static void
put_request(struct der *d, struct rv_slice ticket, struct rv_slice session)
{
	struct der *part = calloc(1, sizeof(*part));

	assert_non_null(part);
	put_encrypted(part, ticket);
	der_wrap(part, 0xa3);
	put_fields(d);
	der_append(d, der_slice(part));
	der_wrap(d, 0x30);
	der_wrap(d, 0x61);
	der_wrap(d, 0xa3);
	part->n = 0;
	der_append(part, der_slice(d));
	put_fields(d);
	der_append(d, der_slice(part));
	put_encrypted(part, session);
	der_wrap(part, 0xa4);
	der_append(d, der_slice(part));
	der_wrap(d, 0x30);
	der_wrap(d, 0x6e);
	der_prepend(d, "\x01\x00", 2);
	der_frame(d, OID_KRB5_DER);
	free(part);
}

static enum rv_auth_refusal
look(struct rv_slice token)
{
	struct rv_ap_req_look l = rv_ap_req_look(token);

	assert_int_equal(l.refusal == RV_REFUSED_NOT, l.detail == NULL);
	return l.refusal;
}

static enum rv_auth_refusal
look_at(struct rv_slice ticket, struct rv_slice session)
{
	struct der *d = calloc(1, sizeof(*d));
	enum rv_auth_refusal refusal;

	assert_non_null(d);
	put_request(d, ticket, session);
	refusal = look(der_slice(d));
	free(d);
	return refusal;
}

#define AES RV_SLICE_LIT("\x12")

static void
test_kinds_of_keys(void **state)
{
	static const struct {
		const char *what;
		struct rv_slice enctype;
		enum rv_auth_refusal refusal;
	} rows[] = {
		{ "aes128-cts-hmac-sha1-96", { "\x11", 1 }, RV_REFUSED_NOT },
		{ "aes256-cts-hmac-sha1-96", { "\x12", 1 }, RV_REFUSED_NOT },
		{ "aes128-cts-hmac-sha256-128", { "\x13", 1 }, RV_REFUSED_NOT },
		{ "aes256-cts-hmac-sha384-192", { "\x14", 1 }, RV_REFUSED_NOT },
		{ "camellia128-cts-cmac", { "\x19", 1 }, RV_REFUSED_NOT },
		{ "camellia256-cts-cmac", { "\x1a", 1 }, RV_REFUSED_NOT },
		{ "arcfour-hmac", { "\x17", 1 }, RV_REFUSED_WEAK },
		{ "arcfour-hmac-exp", { "\x18", 1 }, RV_REFUSED_WEAK },
		{ "des3-cbc-sha1", { "\x10", 1 }, RV_REFUSED_WEAK },
		{ "des-cbc-crc", { "\x01", 1 }, RV_REFUSED_WEAK },
		{ "des-cbc-md5", { "\x03", 1 }, RV_REFUSED_WEAK },
		{ "null", { "\x00", 1 }, RV_REFUSED_WEAK },
		{ "RC4 of Windows, -128", { "\x80", 1 }, RV_REFUSED_WEAK },
		{ "one of two octets", { "\x01\x12", 2 }, RV_REFUSED_WEAK },
		{ "18 in a longer form", { "\x00\x12", 2 }, RV_REFUSED_WEAK },
		{ "no number", { "", 0 }, RV_REFUSED_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].what);
		assert_string_equal(
		    rv_auth_refusal_name(look_at(rows[i].enctype, AES)),
		    rv_auth_refusal_name(rows[i].refusal));
		assert_string_equal(
		    rv_auth_refusal_name(look_at(AES, rows[i].enctype)),
		    rv_auth_refusal_name(rows[i].refusal));
	}
}

/* Nothing that is cut, or has more behind it, is an AP-REQ. */
static void
test_every_prefix(void **state)
{
	struct der *d = calloc(1, sizeof(*d));

	(void)state;
	assert_non_null(d);
	put_request(d, AES, AES);
	assert_int_equal(look(der_slice(d)), RV_REFUSED_NOT);
	for (size_t n = 0; n < d->n; n++) {
		char *cut = malloc(n + 1); /* its own end, for sanitizers */

		assert_non_null(cut);
		memcpy(cut, d->p, n);
		assert_int_equal(
		    look((struct rv_slice){ cut, n }), RV_REFUSED_MALFORMED);
		free(cut);
	}
	der_append(d, RV_SLICE_LIT("x"));
	assert_int_equal(look(der_slice(d)), RV_REFUSED_MALFORMED);
	free(d);
}

/* Whatever octet is changed: never out of bounds, and weak stays weak. */
static void
test_every_octet(void **state)
{
	struct der *d = calloc(1, sizeof(*d));

	(void)state;
	assert_non_null(d);
	put_request(d, RV_SLICE_LIT("\x17"), RV_SLICE_LIT("\x17"));
	for (size_t i = 0; i < d->n; i++) {
		for (unsigned change = 1; change < 256; change++) {
			d->p[i] ^= (char)change;
			assert_int_not_equal(
			    look(der_slice(d)), RV_REFUSED_NOT);
			d->p[i] ^= (char)change;
		}
	}
	free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_keys),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_every_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
