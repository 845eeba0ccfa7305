/* What $select and $expand leave of a body. */
#include <string.h>

#include "odata/eval.h"
#include "odata/eval_call.h"

/* How much of a property is selected. */
enum share {
	SHARE_NONE,
	SHARE_PART, /* properties of it */
	SHARE_ALL,
};

/* Where in the body: the steps to it. */
struct place {
	const struct rv_odata_property *steps[RV_ODATA_DEPTH_MAX];
	size_t n;
};

static bool
leads_there(const struct rv_odata_path *path, const struct place *place)
{
	if (path->n < place->n)
		return false;
	for (size_t i = 0; i < place->n; i++)
		if (path->steps[i] != place->steps[i])
			return false;
	return true;
}

static enum share
named_share(const struct rv_odata_query *query, const struct place *place)
{
	enum share share = SHARE_NONE;

	for (size_t i = 0; i < query->n_select; i++) {
		if (!leads_there(&query->select[i], place))
			continue;
		if (query->select[i].n == place->n)
			return SHARE_ALL;
		share = SHARE_PART;
	}
	return share;
}

static const struct rv_odata_expand *
expand_of(const struct rv_odata_query *query, const struct rv_odata_property *p)
{
	for (size_t i = 0; i < query->n_expand; i++)
		if (query->expand[i].to == p)
			return &query->expand[i];
	return NULL;
}

static enum share
top_share(const struct rv_odata_query *query, const struct rv_odata_property *p)
{
	const struct place place = { { p }, 1 };

	if (expand_of(query, p) != NULL)
		return SHARE_ALL;
	if (p->is_navigation)
		return SHARE_NONE;
	if (p->is_key || (query->select_all && !p->lazy))
		return SHARE_ALL;
	return named_share(query, &place);
}

/* What is in a place, or each element of a list there. */
typedef json_t *picker(const json_t *json, const void *arg);

static json_t *
pick_each(const json_t *json, picker *pick, const void *arg)
{
	json_t *list;

	if (!json_is_array(json))
		return pick(json, arg);
	list = json_array();
	for (size_t i = 0; list != NULL && i < json_array_size(json); i++) {
		if (json_array_append_new(
			list, pick(json_array_get(json, i), arg)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

struct part {
	const struct rv_odata_query *query;
	struct place place;
};

/* The named properties of a complex value. */
static json_t *
pick_part(const json_t *json, const void *arg)
{
	const struct part *part = arg;
	const struct rv_odata_class *class =
	    part->place.steps[part->place.n - 1]->of;
	json_t *out;

	if (!json_is_object(json) || class == NULL)
		return json_deep_copy(json);
	out = json_object();
	for (size_t i = 0; out != NULL && i < class->n_properties; i++) {
		const struct rv_odata_property *p = &class->properties[i];
		json_t *value = json_object_get(json, p->name);
		struct part inner = *part;
		enum share share;

		/* Reading allows no longer paths. */
		RV_ASSERT(inner.place.n < RV_ODATA_DEPTH_MAX);
		inner.place.steps[inner.place.n++] = p;
		share = named_share(part->query, &inner.place);
		if (value == NULL || share == SHARE_NONE)
			continue;
		value = share == SHARE_ALL
			    ? json_incref(value)
			    : pick_each(value, pick_part, &inner);
		if (json_object_set_new(out, p->name, value) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *
pick_expanded(const json_t *json, const void *arg)
{
	const struct rv_odata_expand *expand = arg;

	if (!json_is_object(json))
		return json_deep_copy(json);
	return rv_odata_select(expand->query, expand->to->of, json);
}

/* The value of one property at the top, NULL: not selected, no memory. */
static json_t *
pick_top(const struct rv_odata_query *query, const struct rv_odata_property *p,
    json_t *value)
{
	const struct rv_odata_expand *expand = expand_of(query, p);
	const struct part part = { query, { { p }, 1 } };

	if (expand != NULL)
		return pick_each(value, pick_expanded, expand);
	if (top_share(query, p) == SHARE_ALL)
		return json_incref(value);
	return pick_each(value, pick_part, &part);
}

/* "@odata.etag", "Name@odata.type". */
static bool
is_annotation(const char *name)
{
	return strchr(name, '@') != NULL;
}

json_t *
rv_odata_select(const struct rv_odata_query *query,
    const struct rv_odata_class *class, const json_t *body)
{
	/* Taking its members one by one changes nothing of it. */
	json_t *from = (json_t *)(uintptr_t)body, *value, *out = json_object();
	const char *name;

	if (out == NULL)
		return NULL;
	json_object_foreach(from, name, value)
	{
		const struct rv_odata_property *p =
		    rv_odata_property_find(class, rv_slice_of(name));
		json_t *picked = NULL;

		if (is_annotation(name))
			picked = json_incref(value);
		else if (p != NULL && top_share(query, p) != SHARE_NONE)
			picked = pick_top(query, p, value);
		else
			continue;
		if (json_object_set_new(out, name, picked) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}
