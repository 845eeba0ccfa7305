#include "rest/level_ids.h"

#define NAME_MAX_BYTES 512u

static void
put(struct rv_buf *out, const char *prefix, struct rv_slice text, bool lower)
{
	/* Behind the brace the first one has no comma before it. */
	if (out->n > 1)
		rv_buf_putc(out, ',');
	rv_buf_putc(out, '"');
	rv_buf_puts(out, prefix);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (lower && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '"' || c == '\\')
			rv_buf_putc(out, '\\');
		rv_buf_putc(out, c);
	}
	rv_buf_putc(out, '"');
}

static bool
is_sid(struct rv_slice s)
{
	const struct rv_slice prefix = RV_SLICE_LIT("s-1-");

	if (s.n <= prefix.n ||
	    !rv_slice_ieq((struct rv_slice){ s.p, prefix.n }, prefix) ||
	    s.p[s.n - 1] == '-')
		return false;
	for (size_t i = prefix.n; i < s.n; i++)
		if (s.p[i] != '-' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return true;
}

static bool
is_id(struct rv_slice s)
{
	static const char *const prefixes[] = {
		"krb5:", "sid:", "cert:", "oidc:", "oidc-app:", "group:"
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const struct rv_slice prefix = rv_slice_of(prefixes[i]);

		if (rv_slice_has_prefix(s, prefix))
			return s.n > prefix.n;
	}
	return false;
}

static bool
is_principal(struct rv_slice s)
{
	size_t at = 0;

	while (at < s.n && s.p[at] != '@')
		at++;
	if (at == 0 || at + 1 >= s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == ':')
			return false;
	return true;
}

bool
rv_level_id_put(struct rv_slice name, struct rv_buf *out)
{
	if (name.p == NULL || name.n > NAME_MAX_BYTES ||
	    !rv_slice_is_text(name))
		return false;
	if (is_sid(name)) {
		put(out, "sid:", name, true);
		put(out, "group:", name, true);
	} else if (is_id(name)) {
		put(out, "", name, false);
	} else if (is_principal(name)) {
		put(out, "krb5:", name, false);
	} else {
		return false;
	}
	return !out->failed;
}
