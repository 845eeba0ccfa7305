#include "odata/model.h"

const struct rv_odata_property *
rv_odata_property_find(const struct rv_odata_class *class, struct rv_slice name)
{
	for (size_t i = 0; i < class->n_properties; i++) {
		const struct rv_odata_property *p = &class->properties[i];

		if (rv_slice_ieq(rv_slice_of(p->name), name))
			return p;
	}
	return NULL;
}
