/*
 * The hash of names, here so that it is part of a lookup.  Use rv_hash().
 */
#ifndef RBAC_HASH_H
#define RBAC_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 rv_u128;

/* The multipliers are odd 64-bit primes with about as many ones as zeros. */
#define RV_PRIME_A UINT64_C(0xa0761d6478bd642f)
#define RV_PRIME_B UINT64_C(0xe7037ed1a0b428db)
#define RV_PRIME_C UINT64_C(0x8ebc6af09c88c6e3)

static inline uint64_t
rv_hash_mix(uint64_t a, uint64_t b)
{
	rv_u128 product = (rv_u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
rv_hash_word8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint64_t
rv_hash_word4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Up to 16 bytes as two numbers, which overlap where there are fewer. */
static inline void
rv_hash_ends(const char *p, size_t n, uint64_t *ret_a, uint64_t *ret_b)
{
	if (n >= 8) {
		*ret_a = rv_hash_word8(p);
		*ret_b = rv_hash_word8(p + n - 8);
	} else if (n >= 4) {
		*ret_a = rv_hash_word4(p);
		*ret_b = rv_hash_word4(p + n - 4);
	} else if (n > 0) {
		*ret_a = (uint64_t)(unsigned char)p[0] << 16 |
			 (uint64_t)(unsigned char)p[n / 2] << 8 |
			 (unsigned char)p[n - 1];
		*ret_b = 0;
	} else {
		*ret_a = *ret_b = 0;
	}
}

/*
 * Multiply and fold, 16 bytes a step, in two lanes that do not wait for each
 * other.  Both factors depend on the seed, so that no bytes make one zero.
 */
static inline uint64_t
rv_hash_of(uint64_t seed, const char *p, size_t n)
{
	const uint64_t left = seed ^ RV_PRIME_A, right = seed ^ RV_PRIME_B;
	const size_t length = n;
	uint64_t h = left, g = right, a, b;

	for (; n > 32; p += 32, n -= 32) {
		h = rv_hash_mix(
		    rv_hash_word8(p) ^ left, rv_hash_word8(p + 8) ^ h);
		g = rv_hash_mix(
		    rv_hash_word8(p + 16) ^ right, rv_hash_word8(p + 24) ^ g);
	}
	if (n > 16) {
		h = rv_hash_mix(
		    rv_hash_word8(p) ^ left, rv_hash_word8(p + 8) ^ h);
		/* The last 16 bytes, some of them for the second time. */
		a = rv_hash_word8(p + n - 16);
		b = rv_hash_word8(p + n - 8);
	} else {
		rv_hash_ends(p, n, &a, &b);
	}
	return rv_hash_mix(
	    rv_hash_mix(a ^ right, b ^ h) ^ g, RV_PRIME_C ^ length);
}

#endif
