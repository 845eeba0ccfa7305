#include "penalty_network.h"

#include <arpa/inet.h>
#include <string.h>

static const unsigned char v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static bool
is_v4(const unsigned char address[16])
{
	return memcmp(address, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool
rv_address_read(const char *text, unsigned char ret_address[16])
{
	if (inet_pton(AF_INET6, text, ret_address) == 1)
		return true;
	memcpy(ret_address, v4_prefix, sizeof(v4_prefix));
	return inet_pton(AF_INET, text, ret_address + 12) == 1;
}

bool
rv_network_read(const char *text, struct rv_network *ret_network)
{
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned most;
	uint64_t bits;
	char host[INET6_ADDRSTRLEN];

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (!rv_address_read(host, ret_network->address))
		return false;
	ret_network->bits = 128;
	if (slash == NULL)
		return true;
	most = strchr(host, ':') != NULL ? 128 : 32;
	if (rv_slice_to_u64(rv_slice_of(slash + 1), most, &bits) != RV_OK)
		return false;
	ret_network->bits = (unsigned)bits + (128 - most);
	return true;
}

bool
rv_network_has(
    const struct rv_network *network, const unsigned char address[16])
{
	const unsigned whole = network->bits / 8, rest = network->bits % 8;
	const unsigned mask = 0xff00u >> rest & 0xffu;

	if (memcmp(network->address, address, whole) != 0)
		return false;
	return rest == 0 ||
	       ((network->address[whole] ^ address[whole]) & mask) == 0;
}

void
rv_address_source(const unsigned char address[16], unsigned char ret_source[16])
{
	memcpy(ret_source, address, 16);
	if (!is_v4(address))
		memset(ret_source + 8, 0, 8);
}
