/* Lists of text, borrowed and owned. */
#include <stdlib.h>
#include <string.h>

#include "reeve/auth_evidence.h"

bool
rv_words_have(const struct rv_words *names, struct rv_slice name)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->v[i] != NULL && rv_slice_eq_cstr(name, names->v[i]))
			return true;
	return false;
}

static bool
is_power_of_two(size_t n)
{
	return (n & (n - 1)) == 0;
}

/* gcc 12 loses an element of an array in the heap by a variable index. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
int
rv_texts_add(struct rv_texts *texts, struct rv_slice text)
{
	char **wider, *copy;

	if (texts->n == RV_TEXTS_MAX)
		return RV_ERR_LIMIT;
	if (memchr(text.p, '\0', text.n) != NULL || !rv_slice_is_text(text))
		return RV_ERR_INVALID;
	/* There is room up to the next power of two. */
	if (is_power_of_two(texts->n)) {
		wider = realloc(texts->v,
		    (texts->n == 0 ? 1 : 2 * texts->n) * sizeof(char *));
		if (wider == NULL)
			return RV_ERR_NOMEM;
		texts->v = wider;
	}
	copy = strndup(text.p, text.n);
	if (copy == NULL)
		return RV_ERR_NOMEM;
	texts->v[texts->n++] = copy;
	return RV_OK;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

bool
rv_texts_have(const struct rv_texts *texts, struct rv_slice text)
{
	for (size_t i = 0; i < texts->n; i++)
		if (rv_slice_eq_cstr(text, texts->v[i]))
			return true;
	return false;
}

void
rv_texts_fini(struct rv_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
	*texts = (struct rv_texts){ NULL, 0 };
}
