#include "rest/prefer.h"

#include <string.h>

static struct rv_slice
trimmed(struct rv_slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Takes what is before a separator away from *rest. */
static struct rv_slice
part(struct rv_slice *rest, char separator)
{
	const char *end = memchr(rest->p, separator, rest->n);
	const size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
	const struct rv_slice found = { rest->p, n };

	rest->p += end != NULL ? n + 1 : n;
	rest->n -= end != NULL ? n + 1 : n;
	return trimmed(found);
}

static struct rv_slice
without_prefix(struct rv_slice name)
{
	const struct rv_slice odata = RV_SLICE_LIT("odata.");

	if (name.n > odata.n &&
	    rv_slice_ieq((struct rv_slice){ name.p, odata.n }, odata))
		return (struct rv_slice){ name.p + odata.n, name.n - odata.n };
	return name;
}

struct rv_slice
rv_prefer(const struct rv_exchange *x, const char *name)
{
	struct rv_slice all = rv_request_field(&x->request, "prefer", NULL);

	while (all.n > 0) {
		struct rv_slice one = part(&all, ',');
		struct rv_slice value = part(&one, ';');
		const struct rv_slice its_name = part(&value, '=');

		if (!rv_slice_ieq(without_prefix(its_name), rv_slice_of(name)))
			continue;
		if (value.n >= 2 && value.p[0] == '"' &&
		    value.p[value.n - 1] == '"')
			return (struct rv_slice){ value.p + 1, value.n - 2 };
		return value;
	}
	return RV_SLICE_NONE;
}

bool
rv_prefer_page(struct rv_exchange *x, size_t *page)
{
	const struct rv_slice value = rv_prefer(x, "maxpagesize");
	uint64_t n;

	if (value.p == NULL ||
	    rv_slice_to_u64(value, UINT32_MAX, &n) != RV_OK || n == 0)
		return true;
	if (n < *page)
		*page = (size_t)n;
	rv_answer_field(x, "Preference-Applied",
	    rv_arena_printf(x->arena, "odata.maxpagesize=%zu", *page));
	return true;
}
