/*
 * Addresses and networks as numbers of 128 bits, IPv4 as IPv6 (RFC 4291
 * section 2.5.5.2), so that both are compared alike.
 */
#ifndef AUTH_PENALTY_NETWORK_H
#define AUTH_PENALTY_NETWORK_H

#include "reeve/base.h"

struct rv_network {
	unsigned char address[16];
	unsigned bits; /* of 128 */
};

/* "192.0.2.1"; false when it is no address. */
bool rv_address_read(const char *text, unsigned char ret_address[16]);
/* "192.0.2.0/24", "2001:db8::1"; false when it is no network. */
bool rv_network_read(const char *text, struct rv_network *ret_network);
bool rv_network_has(
    const struct rv_network *network, const unsigned char address[16]);
/*
 * Whom an address stands for: itself with IPv4, its /64 with IPv6, of which
 * one subscriber has all.
 */
void rv_address_source(
    const unsigned char address[16], unsigned char ret_source[16]);

#endif
