#include "pipeline/message.h"

const char *
rv_method_name(enum rv_method method)
{
	switch (method) {
	case RV_GET:
		return "GET";
	case RV_HEAD:
		return "HEAD";
	case RV_POST:
		return "POST";
	case RV_PUT:
		return "PUT";
	case RV_PATCH:
		return "PATCH";
	case RV_DELETE:
		return "DELETE";
	case RV_OPTIONS:
		return "OPTIONS";
	}
	return "UNKNOWN";
}

struct rv_slice
rv_request_field(const struct rv_request *r, const char *name, bool *ret_twice)
{
	struct rv_slice value = RV_SLICE_NONE;
	size_t seen = 0;

	for (size_t i = 0; i < r->n_fields; i++) {
		if (!rv_slice_eq_cstr(r->fields[i].name, name))
			continue;
		value = r->fields[i].value;
		seen++;
	}
	if (ret_twice != NULL)
		*ret_twice = seen > 1;
	return seen == 1 ? value : RV_SLICE_NONE;
}
