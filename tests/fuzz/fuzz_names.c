/*
 * The names in a client's certificate.  The first byte says what the rest
 * is: the SID extension, subject alternative names, or a whole certificate.
 * No byte outside the input is read, and whatever comes out is one name of
 * each kind, in the form that ids have.
 */
#include <string.h>

#include <openssl/err.h>

#include "certificate_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Printable, bounded, and of as many parts as such a name has. */
static void
check_name(const char *name, size_t size, unsigned separators)
{
	struct rv_slice text = rv_slice_of(name);
	unsigned found = 0;

	RV_ASSERT(strnlen(name, size) < size);
	if (text.n == 0)
		return;
	RV_ASSERT(rv_slice_is_text(text));
	for (size_t i = 0; i < text.n; i++) {
		RV_ASSERT((unsigned char)text.p[i] >= ' ');
		found += text.p[i] == '@';
	}
	RV_ASSERT(found == separators);
}

static void
check(const struct rv_certificate_names *names)
{
	check_name(names->sid, sizeof(names->sid), 0);
	RV_ASSERT(names->sid[0] == '\0' || strncmp(names->sid, "s-1-", 4) == 0);
	check_name(names->upn, sizeof(names->upn), 1);
	check_name(names->principal, sizeof(names->principal), 0);
	check_name(names->realm, sizeof(names->realm), 0);
	RV_ASSERT((names->principal[0] == '\0') == (names->realm[0] == '\0'));
}

static bool
read_san(struct rv_certificate_names *names, const uint8_t *der, long n,
    const char **ret_detail)
{
	GENERAL_NAMES *san = d2i_GENERAL_NAMES(NULL, &der, n);
	bool ok =
	    san != NULL && rv_certificate_names_add(names, san, ret_detail);

	GENERAL_NAMES_free(san);
	return ok;
}

static bool
read_certificate(struct rv_certificate_names *names, const uint8_t *der, long n,
    const char **ret_detail)
{
	X509 *leaf = d2i_X509(NULL, &der, n);
	bool ok =
	    leaf != NULL && rv_certificate_names_read(leaf, names, ret_detail);

	X509_free(leaf);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_certificate_names names = { .sid = "" };
	const char *detail = "";
	bool ok = false;

	if (size == 0)
		return 0;
	if (data[0] == 's')
		ok = rv_certificate_names_add_sid(
		    &names, data + 1, (long)size - 1, &detail);
	else if (data[0] == 'n')
		ok = read_san(&names, data + 1, (long)size - 1, &detail);
	else
		ok =
		    read_certificate(&names, data + 1, (long)size - 1, &detail);
	ERR_clear_error();
	RV_ASSERT(detail != NULL);
	if (ok)
		check(&names);
	return 0;
}
