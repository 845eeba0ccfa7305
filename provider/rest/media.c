#include "rest/media.h"

#include <string.h>

static struct rv_slice
trim(struct rv_slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = (struct rv_slice){ s.p + 1, s.n - 1 };
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* What stands before the separator, trimmed, and *s moved behind it. */
static struct rv_slice
cut(struct rv_slice *s, char separator)
{
	const char *at = memchr(s->p, separator, s->n);
	const size_t n = at != NULL ? (size_t)(at - s->p) : s->n;
	const struct rv_slice before = { s->p, n };
	const size_t gone = n + (at != NULL);

	*s = (struct rv_slice){ s->p + gone, s->n - gone };
	return trim(before);
}

/* "1", "0.5", "0.125"; what is none of these is no quality. */
static unsigned
quality_of(struct rv_slice s)
{
	unsigned q = 0, unit = 100;

	if (s.n < 1 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.n > 1 && s.p[1] != '.'))
		return 0;
	for (size_t i = 2; i < s.n; i++, unit /= 10) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		q += (unsigned)(s.p[i] - '0') * unit;
	}
	return s.p[0] == '1' ? 1000 : q;
}

/* 3: that type; 2: any of its kind; 1: any at all; 0: another. */
static unsigned
match(struct rv_slice range, struct rv_slice type)
{
	const char *slash = memchr(type.p, '/', type.n);
	const size_t kind = (size_t)(slash - type.p) + 1;

	if (rv_slice_ieq(range, type))
		return 3;
	if (rv_slice_eq(range, RV_SLICE_LIT("*/*")))
		return 1;
	if (range.n == kind + 1 && range.p[kind] == '*' &&
	    rv_slice_ieq((struct rv_slice){ range.p, kind },
		(struct rv_slice){ type.p, kind }))
		return 2;
	return 0;
}

unsigned
rv_media_quality(struct rv_slice accept, const char *type)
{
	unsigned best = 0, quality = 0;

	while (accept.n > 0) {
		struct rv_slice entry = cut(&accept, ',');
		const unsigned fit = match(cut(&entry, ';'), rv_slice_of(type));
		unsigned q = 1000;

		while (entry.n > 0) {
			struct rv_slice value = cut(&entry, ';');
			const struct rv_slice name = cut(&value, '=');

			if (rv_slice_ieq(name, RV_SLICE_LIT("q")))
				q = quality_of(value);
		}
		if (fit > best) {
			best = fit;
			quality = q;
		}
	}
	return quality;
}
