#include "array.h"

#include <stdlib.h>

void *
rv_array_room(void *p, size_t n, size_t *cap, size_t size)
{
	size_t more;

	if (n < *cap)
		return p;
	if (n >= RV_NONE - 1)
		return NULL;
	more = *cap < 8 ? 8 : *cap + *cap / 2;
	if (more > RV_NONE - 1)
		more = RV_NONE - 1;
	p = reallocarray(p, more, size);
	if (p != NULL)
		*cap = more;
	return p;
}

void *
rv_array_new(size_t n, size_t size)
{
	return calloc(n == 0 ? 1 : n, size);
}
