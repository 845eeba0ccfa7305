#include "config/form.h"

#include <string.h>

#include "base64.h"
#include "config/value.h"

#define PIN_SIZE 32

/* ---- Forms ------------------------------------------------------------- */

bool
rv_form_is_path(const char *s)
{
	return s[0] == '/';
}

/* Printable and without blanks, with some host. */
static bool
is_url(const char *s, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncmp(s, scheme, n) != 0 || s[n] == '\0' || s[n] == '/')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

bool
rv_form_is_http(const char *s)
{
	return is_url(s, "http://") || rv_form_is_https(s);
}

bool
rv_form_is_https(const char *s)
{
	return is_url(s, "https://");
}

bool
rv_form_is_suffix(const char *s)
{
	return s[0] != '\0' && strpbrk(s, "@ \t") == NULL;
}

/* Counts decimal numbers up to max with separators between them; 0: none. */
static size_t
count_numbers(const char *s, char separator, uint64_t max)
{
	for (size_t n_numbers = 1;; n_numbers++) {
		size_t n = strspn(s, "0123456789");
		uint64_t number;

		if (rv_slice_to_u64((struct rv_slice){ s, n }, max, &number) !=
		    RV_OK)
			return 0;
		if (s[n] == '\0')
			return n_numbers;
		if (s[n] != separator)
			return 0;
		s += n + 1;
	}
}

bool
rv_form_is_sid_domain(const char *s)
{
	static const char prefix[] = "S-1-5-21-";
	size_t n = sizeof(prefix) - 1;

	return strncmp(s, prefix, n) == 0 &&
	       count_numbers(s + n, '-', UINT32_MAX) == 3;
}

bool
rv_form_is_oid(const char *s)
{
	return s[0] >= '0' && s[0] <= '2' && s[1] == '.' &&
	       count_numbers(s, '.', UINT64_MAX) >= 2;
}

bool
rv_form_is_pin(const char *s)
{
	static const char prefix[] = "sha256:";
	struct rv_buf bytes = { 0 };
	bool good;

	if (strncmp(s, prefix, sizeof(prefix) - 1) != 0)
		return false;
	s += sizeof(prefix) - 1;
	if (strlen(s) == 2 * PIN_SIZE &&
	    strspn(s, "0123456789abcdefABCDEF") == 2 * PIN_SIZE)
		return true;
	good = rv_base64_decode(RV_BASE64, rv_slice_of(s), PIN_SIZE, &bytes) ==
		   RV_OK &&
	       bytes.n == PIN_SIZE;
	rv_buf_fini(&bytes);
	return good;
}

bool
rv_form_is_algorithm(const char *s)
{
	return strcmp(s, "RS256") == 0 || strcmp(s, "PS256") == 0 ||
	       strcmp(s, "ES256") == 0;
}

bool
rv_form_is_token_type(const char *s)
{
	return strcmp(s, "at+jwt") == 0 || strcmp(s, "JWT") == 0;
}

bool
rv_form_is_methods(const char *s)
{
	for (;;) {
		size_t n = strcspn(s, "+");

		if (n == 0)
			return false;
		if (s[n] == '\0')
			return true;
		s += n + 1;
	}
}

/* ---- Parameters -------------------------------------------------------- */

static int
check_text(const struct rv_record *record, const struct rv_form *form,
    const char *s, struct rv_error *e)
{
	struct rv_error text;

	if (form->is_good(s))
		return RV_OK;
	rv_error_set(&text, "%s takes %s, not '%s'", form->name, form->takes,
	    rv_value_quote(rv_slice_of(s)).text);
	return rv_record_fail(record, form->name, e, text.text);
}

static int
check_param(const struct rv_record *record, const struct rv_form *form,
    struct rv_error *e)
{
	const struct rv_param *param =
	    rv_param_find(record->set, rv_slice_of(form->name));
	const struct rv_strings *list;
	const char *const *string;
	int r = RV_OK;

	RV_ASSERT(param != NULL);
	if (param->type != RV_PARAM_LIST) {
		string = rv_param_get(record->fields, param);
		return *string == NULL ? RV_OK
				       : check_text(record, form, *string, e);
	}
	list = rv_param_get(record->fields, param);
	for (size_t i = 0; r == RV_OK && i < list->n; i++)
		r = check_text(record, form, list->v[i], e);
	return r;
}

int
rv_form_check(const struct rv_record *record, const struct rv_form *forms,
    size_t n, struct rv_error *e)
{
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < n; i++)
		r = check_param(record, &forms[i], e);
	return r;
}
