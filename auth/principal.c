#include "principal.h"

static bool
has_control(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

bool
rv_principal_split(struct rv_slice principal, struct rv_slice *ret_name,
    struct rv_slice *ret_realm)
{
	size_t at = 0, found = 0;

	if (!rv_slice_is_text(principal) || has_control(principal))
		return false;
	for (size_t i = 0; i < principal.n; i++) {
		if (principal.p[i] == '\\') {
			i++; /* whatever it is, it is not the separator */
		} else if (principal.p[i] == '@') {
			at = i;
			found++;
		}
	}
	if (found != 1 || at == 0 || at + 1 == principal.n)
		return false;
	*ret_name = (struct rv_slice){ principal.p, at };
	*ret_realm =
	    (struct rv_slice){ principal.p + at + 1, principal.n - at - 1 };
	return true;
}
