/* The XML of a role file, written; see role_file.h. */
#include <string.h>

#include "rest/role_file.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* U+FFFE and U+FFFF are no characters of XML (XML 1.0 section 2.2). */
static bool
is_no_character(struct rv_slice s, size_t i)
{
	return i + 2 < s.n && memcmp(s.p + i, "\xef\xbf", 2) == 0 &&
	       ((unsigned char)s.p[i + 2] == 0xbe ||
		   (unsigned char)s.p[i + 2] == 0xbf);
}

static void
put_byte(struct rv_buf *out, char c)
{
	switch (c) {
	case '&':
		rv_buf_puts(out, "&amp;");
		break;
	case '<':
		rv_buf_puts(out, "&lt;");
		break;
	case '>':
		rv_buf_puts(out, "&gt;");
		break;
	case '"':
		rv_buf_puts(out, "&quot;");
		break;
	case '\t':
	case '\n':
	case '\r':
		/* A reader would make blanks of them. */
		rv_buf_printf(out, "&#%d;", c);
		break;
	default:
		if ((unsigned char)c < 0x20)
			rv_buf_puts(out, REPLACEMENT);
		else
			rv_buf_putc(out, c);
		break;
	}
}

static void
put_attribute(
    struct rv_buf *out, const char *name, const json_t *object, const char *of)
{
	const json_t *value = json_object_get(object, of);
	const struct rv_slice s = { json_string_value(value),
		json_string_length(value) };

	if (!json_is_string(value)) {
		out->failed = true;
		return;
	}
	rv_buf_printf(out, " %s=\"", name);
	for (size_t i = 0; i < s.n; i++) {
		if (is_no_character(s, i)) {
			rv_buf_puts(out, REPLACEMENT);
			i += 2;
		} else {
			put_byte(out, s.p[i]);
		}
	}
	rv_buf_putc(out, '"');
}

static void
put_number(
    struct rv_buf *out, const char *name, const json_t *object, const char *of)
{
	const json_t *value = json_object_get(object, of);

	if (!json_is_integer(value))
		out->failed = true;
	else
		rv_buf_printf(out, " %s=\"%lld\"", name,
		    (long long)json_integer_value(value));
}

static void
put_role(struct rv_buf *out, const json_t *role)
{
	const json_t *one;
	size_t i;

	rv_buf_puts(out, "  <SMS_Role");
	put_attribute(out, "CopiedFromID", role, "copied_from_id");
	put_attribute(out, "RoleName", role, "name");
	put_attribute(out, "RoleDescription", role, "description");
	rv_buf_puts(out, " ReeveFormat=\"1\">\n    <Operations>\n");
	json_array_foreach(json_object_get(role, "operations"), i, one)
	{
		rv_buf_puts(out, "      <Operation");
		put_number(out, "GrantedOperations", one, "mask");
		put_number(out, "ObjectTypeID", one, "type");
		rv_buf_puts(out, "/>\n");
	}
	json_array_foreach(json_object_get(role, "names"), i, one)
	{
		rv_buf_puts(out, "      <ReeveOperation");
		put_number(out, "ObjectTypeID", one, "type");
		put_attribute(out, "OperationName", one, "name");
		rv_buf_puts(out, "/>\n");
	}
	rv_buf_puts(out, "    </Operations>\n  </SMS_Role>\n");
}

void
rv_role_file_write(const json_t *roles, struct rv_buf *out)
{
	const json_t *role;
	size_t i;

	if (!json_is_array(roles))
		out->failed = true;
	rv_buf_puts(out, "<SMS_Roles>\n");
	json_array_foreach(roles, i, role)
	{
		put_role(out, role);
	}
	rv_buf_puts(out, "</SMS_Roles>\n");
}
