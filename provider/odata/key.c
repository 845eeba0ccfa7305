#include "odata/key.h"

#include <string.h>

#include "odata/reader.h"
#include "odata/value.h"

static size_t
n_keys(const struct rv_odata_class *class)
{
	size_t n = 0;

	for (size_t i = 0; i < class->n_properties; i++)
		n += class->properties[i].is_key;
	return n;
}

/* The place of a key property among the keys of the class. */
static size_t
place_of(const struct rv_odata_class *class,
    const struct rv_odata_property *property)
{
	size_t n = 0;

	for (const struct rv_odata_property *p = class->properties;
	     p != property; p++)
		n += p->is_key;
	return n;
}

static const struct rv_odata_property *
key_at(const struct rv_odata_class *class, size_t place)
{
	for (size_t i = 0; i < class->n_properties; i++)
		if (class->properties[i].is_key &&
		    place_of(class, &class->properties[i]) == place)
			return &class->properties[i];
	return NULL;
}

static bool
is_in_range(const struct rv_odata_property *p, int64_t i)
{
	return p->type != RV_EDM_INT32 || (i >= INT32_MIN && i <= INT32_MAX);
}

/* The value of this property at the current token. */
static int
read_value(struct rv_odata_reader *r, const struct rv_odata_property *p,
    struct rv_slice *ret)
{
	struct rv_odata_node *node = NULL;
	size_t at = r->token.at;
	const char *text;
	int result;

	RV_ASSERT(p != NULL);
	result = rv_odata_read_literal(r, &node);
	if (result == RV_ERR_NOTFOUND)
		return rv_odata_unexpected(r, "a value of the key");
	if (result != RV_OK)
		return result;
	if (node->type != rv_odata_type_of(p))
		return rv_odata_fail(r, at, "%s is %s, not %s", p->name,
		    rv_odata_type_name(rv_odata_type_of(p)),
		    rv_odata_type_name(node->type));
	if (node->type == RV_ODATA_INT && !is_in_range(p, node->value.i))
		return rv_odata_fail(r, at, "%s has 32 bits", p->name);
	text = rv_odata_value_text(r->arena, &node->value);
	if (text == NULL)
		return RV_ERR_NOMEM;
	*ret = (struct rv_slice){ text, node->type == RV_ODATA_STRING
					    ? node->value.text.n
					    : strlen(text) };
	return RV_OK;
}

/* "Name=value". */
static int
read_named(struct rv_odata_reader *r, struct rv_odata_key *key)
{
	const struct rv_odata_property *p = NULL;
	size_t at = r->token.at, place;
	int result = rv_odata_read_property(r, r->class, &p);

	if (result != RV_OK)
		return result;
	RV_ASSERT(p != NULL);
	if (!p->is_key)
		return rv_odata_fail(
		    r, at, "%s is no key of %s", p->name, r->class->name);
	result = rv_odata_expect(r, '=');
	if (result != RV_OK)
		return result;
	place = place_of(r->class, p);
	if (place >= RV_ODATA_KEYS_MAX)
		return RV_ERR_INTERNAL;
	if (key->values[place].p != NULL)
		return rv_odata_fail(r, at, "%s is there twice", p->name);
	result = read_value(r, p, &key->values[place]);
	key->n++;
	return result;
}

static int
read_all_named(struct rv_odata_reader *r, struct rv_odata_key *key)
{
	int result = RV_OK;

	while (result == RV_OK) {
		result = read_named(r, key);
		if (result != RV_OK || !rv_odata_at_punct(r, ','))
			break;
		result = rv_odata_next(r);
	}
	return result;
}

/* Whether "Name=" stands here, not a value such as true. */
static bool
is_named(const struct rv_odata_reader *r)
{
	struct rv_odata_reader ahead = *r;

	return r->token.kind == RV_ODATA_T_WORD &&
	       rv_odata_next(&ahead) == RV_OK && rv_odata_at_punct(&ahead, '=');
}

static int
read_key(
    struct rv_odata_reader *r, struct rv_slice text, struct rv_odata_key *key)
{
	size_t wanted = n_keys(r->class);
	int result;

	if (text.n > RV_ODATA_TEXT_MAX)
		return rv_odata_fail(r, RV_ODATA_TEXT_MAX,
		    "the key is longer than %u bytes", RV_ODATA_TEXT_MAX);
	result = rv_odata_start(r, text, 0);
	if (result == RV_OK && is_named(r)) {
		result = read_all_named(r, key);
	} else if (result == RV_OK && wanted == 1) {
		result = read_value(r, key_at(r->class, 0), &key->values[0]);
		key->n = 1;
	}
	if (result == RV_OK && key->n == wanted && key->n > 0)
		result = rv_odata_expect_end(r);
	else if (result == RV_OK)
		result = rv_odata_fail(r, r->token.at,
		    "%s has a key of %zu properties; name each as Name=value",
		    r->class->name, wanted);
	return result;
}

int
rv_odata_key_read(struct rv_arena *arena, const struct rv_odata_class *class,
    struct rv_slice text, struct rv_odata_key *ret,
    struct rv_odata_fault *ret_fault)
{
	struct rv_odata_reader r = { .arena = arena,
		.fault = ret_fault,
		.class = class };
	struct rv_odata_key key = { .n = 0 };
	int result;

	if (!rv_slice_is_text(text) && text.n > 0)
		return rv_odata_fail(&r, 0, "the key is no UTF-8");
	result = read_key(&r, text, &key);
	if (result == RV_OK)
		*ret = key;
	return result;
}

static void
put_quoted(struct rv_buf *out, struct rv_slice value)
{
	rv_buf_putc(out, '\'');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\'')
			rv_buf_putc(out, '\'');
		rv_buf_putc(out, value.p[i]);
	}
	rv_buf_putc(out, '\'');
}

int
rv_odata_key_text(struct rv_arena *arena, const struct rv_odata_class *class,
    const struct rv_odata_key *key, struct rv_slice *ret_text)
{
	struct rv_buf text = { 0 };
	const char *copy;

	for (size_t i = 0; i < key->n && key->n > 1; i++) {
		const struct rv_odata_property *p = key_at(class, i);

		RV_ASSERT(p != NULL);
		rv_buf_printf(&text, "%s%s=", i > 0 ? "," : "", p->name);
		if (p->type == RV_EDM_STRING)
			put_quoted(&text, key->values[i]);
		else
			rv_buf_put_slice(&text, key->values[i]);
	}
	if (key->n == 1)
		rv_buf_put_slice(&text, key->values[0]);
	copy = text.failed ? NULL : rv_arena_dup(arena, rv_buf_slice(&text));
	if (copy != NULL)
		*ret_text = (struct rv_slice){ copy, text.n };
	rv_buf_fini(&text);
	return copy != NULL ? RV_OK : RV_ERR_NOMEM;
}
