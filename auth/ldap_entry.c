#include "ldap_entry.h"

#include <stdlib.h>
#include <string.h>

char *
rv_ldap_entry_dn(const struct rv_ldap_entry *entry)
{
	char *dn = ldap_get_dn(entry->ld, entry->message), *copy = NULL;

	if (dn != NULL)
		copy = strdup(dn);
	ldap_memfree(dn);
	return copy;
}

static struct rv_slice
slice_of(const struct berval *value)
{
	return (struct rv_slice){ value->bv_val, value->bv_len };
}

int
rv_ldap_entry_value(const struct rv_ldap_entry *entry, const char *attribute,
    size_t max, char **ret_value)
{
	struct berval **values;
	int r = RV_ERR_INVALID;
	char *copy;

	values = ldap_get_values_len(entry->ld, entry->message, attribute);
	if (values == NULL || values[0] == NULL) {
		r = RV_ERR_NOTFOUND;
		goto out;
	}
	if (values[1] != NULL || values[0]->bv_len == 0 ||
	    values[0]->bv_len > max || !rv_slice_is_text(slice_of(values[0])))
		goto out;
	r = RV_ERR_NOMEM;
	copy = rv_slice_dup(slice_of(values[0]));
	if (copy == NULL)
		goto out;
	*ret_value = copy;
	r = RV_OK;
out:
	ldap_value_free_len(values);
	return r;
}

bool
rv_ldap_entry_has(const struct rv_ldap_entry *entry, const char *attribute,
    struct rv_slice value)
{
	struct berval **values;
	bool found = false;

	values = ldap_get_values_len(entry->ld, entry->message, attribute);
	for (size_t i = 0; values != NULL && values[i] != NULL && !found; i++)
		found = rv_slice_eq(slice_of(values[i]), value);
	ldap_value_free_len(values);
	return found;
}
