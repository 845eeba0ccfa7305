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

int
rv_ldap_entry_bytes(const struct rv_ldap_entry *entry, const char *attribute,
    char **ret_bytes, size_t *ret_n)
{
	struct berval **values =
	    ldap_get_values_len(entry->ld, entry->message, attribute);
	int r = RV_ERR_NOTFOUND;

	if (values != NULL && values[0] != NULL) {
		r = values[1] != NULL ? RV_ERR_INVALID : RV_ERR_NOMEM;
		*ret_bytes = r == RV_ERR_NOMEM
				 ? rv_slice_dup(slice_of(values[0]))
				 : NULL;
		if (*ret_bytes != NULL) {
			*ret_n = values[0]->bv_len;
			r = RV_OK;
		}
	}
	ldap_value_free_len(values);
	return r;
}

/* A server that gives a part only says so in the attribute's name. */
static bool
is_in_parts(const struct rv_ldap_entry *entry, const char *attribute)
{
	const size_t n = strlen(attribute);
	BerElement *position = NULL;
	bool found = false;
	char *name;

	for (name = ldap_first_attribute(entry->ld, entry->message, &position);
	     name != NULL;
	     name = ldap_next_attribute(entry->ld, entry->message, position)) {
		found |= strncasecmp(name, attribute, n) == 0 && name[n] == ';';
		ldap_memfree(name);
	}
	ber_free(position, 0);
	return found;
}

int
rv_ldap_entry_each(const struct rv_ldap_entry *entry, const char *attribute,
    rv_ldap_value_fn *fn, void *arg, struct rv_error *e)
{
	struct berval **values;
	int r = RV_OK;

	if (is_in_parts(entry, attribute)) {
		rv_error_set(e, "the directory gives %s in parts", attribute);
		return RV_ERR_INVALID;
	}
	values = ldap_get_values_len(entry->ld, entry->message, attribute);
	for (size_t i = 0; r == RV_OK && values != NULL && values[i] != NULL;
	     i++)
		r = fn(arg, slice_of(values[i]), e);
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
