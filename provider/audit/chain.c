#include "audit/chain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define HASH_BYTES 32
#define HASH_HEX   (2 * HASH_BYTES)

static const char head[] = "{\"v\":1,\"seq\":";
static const char middle[] = ",\"prev\":\"";
static const char tail[] = "\"}";

/* Fetched once: looking an algorithm up costs more than hashing a record. */
struct rv_audit_hasher {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

struct rv_audit_hasher *
rv_audit_hasher_new(void)
{
	struct rv_audit_hasher *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->ctx = EVP_MD_CTX_new();
	if (h->md == NULL || h->ctx == NULL)
		rv_audit_hasher_free(&h);
	return h;
}

void
rv_audit_hasher_free(struct rv_audit_hasher **hasher)
{
	struct rv_audit_hasher *h = *hasher;

	*hasher = NULL;
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
}

struct rv_audit_link
rv_audit_link_first(void)
{
	struct rv_audit_link link = { .seq = 0 };

	memset(link.prev, '0', HASH_HEX);
	return link;
}

static int
hash_line(struct rv_audit_hasher *h, struct rv_slice line, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[HASH_BYTES];

	if (EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1 ||
	    EVP_DigestUpdate(h->ctx, line.p, line.n) != 1 ||
	    EVP_DigestFinal_ex(h->ctx, hash, NULL) != 1)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < HASH_BYTES; i++) {
		ret_hex[2 * i] = digits[hash[i] >> 4];
		ret_hex[2 * i + 1] = digits[hash[i] & 15];
	}
	ret_hex[HASH_HEX] = '\0';
	return RV_OK;
}

int
rv_audit_link_add(struct rv_audit_link *link, struct rv_audit_hasher *hasher,
    struct rv_slice record, struct rv_buf *out)
{
	size_t start = out->n;
	struct rv_slice line;
	char hex[HASH_HEX + 1];

	rv_buf_printf(out, "%s%" PRIu64 ",", head, link->seq + 1);
	rv_buf_put_slice(out, record);
	rv_buf_puts(out, middle);
	rv_buf_puts(out, link->prev);
	rv_buf_puts(out, tail);
	rv_buf_putc(out, '\n');
	if (out->failed)
		return RV_ERR_NOMEM;
	line = (struct rv_slice){ out->p + start, out->n - start - 1 };
	if (hash_line(hasher, line, hex) != RV_OK)
		return RV_ERR_NOMEM;
	link->seq++;
	memcpy(link->prev, hex, sizeof(hex));
	return RV_OK;
}

static bool
is_hex(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(p[i] >= '0' && p[i] <= '9') &&
		    !(p[i] >= 'a' && p[i] <= 'f'))
			return false;
	return true;
}

/* Cuts a known text off the front of s. */
static bool
skip(struct rv_slice *s, const char *text)
{
	if (!rv_slice_has_prefix(*s, rv_slice_of(text)))
		return false;
	s->p += strlen(text);
	s->n -= strlen(text);
	return true;
}

int
rv_audit_link_read(struct rv_audit_hasher *hasher, struct rv_slice line,
    struct rv_audit_link *ret_before, struct rv_audit_link *ret_link)
{
	const size_t n_end = strlen(middle) + HASH_HEX + strlen(tail);
	struct rv_slice rest = line, digits, end;
	struct rv_audit_link before = { 0 };
	uint64_t seq;

	if (!skip(&rest, head) || rest.n < n_end)
		return RV_ERR_INVALID;
	digits = (struct rv_slice){ rest.p, 0 };
	while (digits.n < rest.n && digits.p[digits.n] != ',')
		digits.n++;
	if (rv_slice_to_u64(digits, UINT64_MAX, &seq) != RV_OK || seq == 0)
		return RV_ERR_INVALID;
	end = (struct rv_slice){ rest.p + rest.n - n_end, n_end };
	if (!skip(&end, middle) || !is_hex(end.p, HASH_HEX) ||
	    memcmp(end.p + HASH_HEX, tail, strlen(tail)) != 0)
		return RV_ERR_INVALID;
	before.seq = seq - 1;
	memcpy(before.prev, end.p, HASH_HEX);
	*ret_before = before;
	ret_link->seq = seq;
	return hash_line(hasher, line, ret_link->prev);
}

bool
rv_audit_link_eq(const struct rv_audit_link *a, const struct rv_audit_link *b)
{
	return a->seq == b->seq && strcmp(a->prev, b->prev) == 0;
}
