#include "user_filter.h"

#include <stdlib.h>
#include <string.h>

#define MARK "%s"

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* attribute description, RFC 4512 section 2.5, without options */
static bool
is_attribute(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_plain(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	}
	return s.n > 0;
}

/* Text of a value in which nothing stands for anything else. */
static bool
is_literal(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (memchr("*()\\%", s.p[i], 5) != NULL)
			return false;
	}
	return true;
}

/* Parts of the filter, borrowed from it. */
struct parts {
	struct rv_slice before, after, attribute, prefix, suffix;
};

static struct rv_slice
between(const char *from, const char *to)
{
	return (struct rv_slice){ from, (size_t)(to - from) };
}

static bool
split(const char *text, struct parts *parts)
{
	const char *mark = strstr(text, MARK), *end = text + strlen(text);
	const char *open, *equals, *close;

	if (mark == NULL || strchr(text, '%') != mark ||
	    strchr(mark + 1, '%') != NULL)
		return false;
	open = memrchr(text, '(', (size_t)(mark - text));
	close = strchr(mark, ')');
	if (open == NULL || close == NULL)
		return false;
	equals = memchr(open, '=', (size_t)(mark - open));
	if (equals == NULL)
		return false;
	parts->before = between(text, mark);
	parts->after = between(mark + strlen(MARK), end);
	parts->attribute = between(open + 1, equals);
	parts->prefix = between(equals + 1, mark);
	parts->suffix = between(mark + strlen(MARK), close);
	return is_attribute(parts->attribute) && is_literal(parts->prefix) &&
	       is_literal(parts->suffix);
}

int
rv_user_filter_init(
    const char *text, struct rv_user_filter *ret_filter, struct rv_error *e)
{
	struct parts parts;

	if (!split(text, &parts)) {
		rv_error_set(e,
		    "the filter for people, %s, must have one %%s in an item "
		    "of the form (attribute=%%s)",
		    text);
		return RV_ERR_INVALID;
	}
	ret_filter->before = rv_slice_dup(parts.before);
	ret_filter->after = rv_slice_dup(parts.after);
	ret_filter->attribute = rv_slice_dup(parts.attribute);
	ret_filter->prefix = rv_slice_dup(parts.prefix);
	ret_filter->suffix = rv_slice_dup(parts.suffix);
	if (ret_filter->before == NULL || ret_filter->after == NULL ||
	    ret_filter->attribute == NULL || ret_filter->prefix == NULL ||
	    ret_filter->suffix == NULL) {
		rv_user_filter_fini(ret_filter);
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	return RV_OK;
}

void
rv_user_filter_fini(struct rv_user_filter *filter)
{
	free(filter->before);
	free(filter->after);
	free(filter->attribute);
	free(filter->prefix);
	free(filter->suffix);
	*filter = (struct rv_user_filter){ .before = NULL };
}

void
rv_filter_put_value(struct rv_buf *out, struct rv_slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		/* More than must be: a filter then is plain ASCII. */
		if (is_plain(value.p[i]) || memchr(" ,-.=@_", c, 7) != NULL)
			rv_buf_putc(out, value.p[i]);
		else
			rv_buf_printf(out, "\\%02x", c);
	}
}

void
rv_user_filter_print(const struct rv_user_filter *filter, struct rv_slice name,
    struct rv_buf *out)
{
	rv_buf_puts(out, filter->before);
	rv_filter_put_value(out, name);
	rv_buf_puts(out, filter->after);
}

void
rv_user_filter_value(const struct rv_user_filter *filter, struct rv_slice name,
    struct rv_buf *out)
{
	rv_buf_puts(out, filter->prefix);
	rv_buf_put_slice(out, name);
	rv_buf_puts(out, filter->suffix);
}
